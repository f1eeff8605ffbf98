"""The built site as axe-core judges it, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PAGES

pytestmark = pytest.mark.browser
# Every rule that axe runs unless told otherwise, those for good practice too, and these, which it
# leaves off: the first two because they are new, the others because they may be wrong. Here they
# are right. Of the rest of its rules, all are for level AAA or find nothing but work for the hand.
MORE = (
    "target-size",
    "label-content-name-mismatch",
    "css-orientation-lock",
    "focus-order-semantics",
    "p-as-heading",
    "table-fake-caption",
    "td-has-header",
)
COLOURS = ("color-contrast", "link-in-text-block")  # all that can differ between light and dark
# Code has hundreds of words but a dozen colours: one word of each is as good as all, and makes the
# check of a chapter five times as fast.
MARK_REPETITIONS = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll("article .highlight pre span")) {
    const ground = getComputedStyle(word.closest("pre")).backgroundColor;
    const look = [word.className, getComputedStyle(word).color, ground].join();
    if (seen.has(look)) word.dataset.repeated = "";
    seen.add(look);
  }
}"""


@pytest.fixture(scope="module")
def page(browser):
    # colours fade from light to dark, and axe would judge one in between
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield page
    page.close()


def violations(page, rules=None, exclude=()):
    options = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    else:
        options["rules"] = {rule: {"enabled": True} for rule in MORE}
        options["rules"] |= {rule: {"enabled": False} for rule in COLOURS}  # they come by theme
    context = {"include": [["html"]], "exclude": [[selector] for selector in exclude]}
    found = Axe().run(page, context=context, options=options)
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("name", (*PAGES, "search.html", "genindex.html", "py-modindex.html"))
def test_axe_finds_no_violation(page, site, name):
    page.goto(f"{site}/{name}")
    page.keyboard.press("Shift")  # the first key lets formulas load
    page.wait_for_load_state("networkidle")
    assert violations(page) == ""
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.evaluate(MARK_REPETITIONS)
        assert violations(page, COLOURS, exclude=["[data-repeated]"]) == "", theme
