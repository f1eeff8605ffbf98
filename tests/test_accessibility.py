"""Every page of the site, opened once: is it whole, does it fit a phone, and what says axe-core?"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PAGES, show_formulas

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
# A page has thousands of words in a few dozen looks. One text of each look is as good as all, and
# makes the check ten times as fast. What decides on contrast: the text's colour, size, weight and
# opacity, the ground, and for a link how the text around it looks.
MARK_LOOKS = """() => {
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (const old of document.querySelectorAll("[data-look]")) delete old.dataset.look;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const look = [style.color, style.fontSize, style.fontWeight, style.textDecorationLine];
    if (element.closest("a")) look.push(getComputedStyle(element.closest("a").parentElement).color);
    for (let under = element; under; under = under.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(under);
      look.push(backgroundImage, opacity);
      if (!backgroundColor.endsWith(", 0)")) {
        look.push(backgroundColor);
        break;
      }
    }
    const key = [...new Set(look)].join();
    if (!seen.has(key)) element.dataset.look = seen.size;
    seen.add(key);
  }
  return seen.size;
}"""


def violations(page, rules=None, part="html"):
    options = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    else:
        options["rules"] = {rule: {"enabled": True} for rule in MORE}
        options["rules"] |= {rule: {"enabled": False} for rule in COLOURS}  # they come by theme
    found = Axe().run(page, context=[[part]], options=options)
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("name", (*PAGES, "search.html", "genindex.html", "py-modindex.html"))
def test_a_page_is_whole_fits_its_window_and_has_no_violation(page, site, name):
    # colours fade from light to dark, and axe would judge one in between
    page.emulate_media(reduced_motion="reduce")
    response = page.goto(f"{site}/{name}", wait_until="networkidle")
    assert response.status == 200
    show_formulas(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == ""
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        assert page.evaluate(MARK_LOOKS) > 5
        assert violations(page, COLOURS, part="[data-look]") == "", theme
