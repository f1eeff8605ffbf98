"""The built site, opened in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HTML, PAGES

pytestmark = pytest.mark.browser
CHAPTER = "notebooks/01_exponential_curve.html"


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: message.type == "error" and page.problems.append(message.text),
    )
    page.on("requestfailed", lambda request: page.problems.append(f"failed: {request.url}"))
    yield page
    context.close()


def test_the_list_of_pages_is_complete():
    built = {
        path.relative_to(HTML).as_posix()
        for folder in ("book", "notebooks")
        for path in (HTML / folder).rglob("*.html")
    }
    assert built == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_without_errors_or_requests_to_other_hosts(page, site, name):
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))
    response = page.goto(f"{site}/{name}", wait_until="networkidle")
    assert response.status == 200
    assert page.problems == []
    assert [a for a in addresses if not a.startswith((site, "data:", "blob:"))] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 360])
def test_a_page_fits_its_window(page, site, name, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/{name}")
    if page.locator("article .math").count():
        page.keyboard.press("Shift")  # the reader's first move lets formulas load
        page.wait_for_selector("article mjx-container", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_has_alt_text_and_every_figure_a_caption(page, site, name):
    page.goto(f"{site}/{name}")
    alts = page.locator("article img").evaluate_all("all => all.map(i => i.alt)")
    assert [alt for alt in alts if len(alt) < 10] == []
    captions = page.locator("article figure").evaluate_all(
        "all => all.map(f => f.querySelector('figcaption')?.textContent.trim() ?? '')"
    )
    assert "" not in captions


def test_the_chapter_shows_its_formula_and_its_figures(page, site):
    page.goto(f"{site}/{CHAPTER}")
    page.mouse.wheel(0, 300)  # the reader's first move lets formulas load
    page.wait_for_selector("article mjx-container")
    assert page.locator("article mjx-container").count() >= 5
    for name in ("exponential-data", "exponential-six-panels", "exponential-cured"):
        picture = page.locator(f"figure#{name} img")
        picture.scroll_into_view_if_needed()
        page.wait_for_function("i => i.naturalWidth > 300", arg=picture.element_handle())


def test_a_flip_book_turns_its_pages_by_keyboard(page, site):
    page.goto(f"{site}/{CHAPTER}")
    book = page.locator(".flip-book").first
    visible = "all => all.filter(i => i.style.display != 'none').map(i => i.alt)"
    before = book.locator("img").evaluate_all(visible)
    slider = book.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = book.locator("img").evaluate_all(visible)
    assert len(before) == len(after) == 1
    assert before != after
    assert book.locator("output").inner_text() in after[0]
    assert slider.get_attribute("aria-valuetext") in after[0]


def test_hints_and_solutions_are_folded_and_open_on_a_click(page, site):
    page.goto(f"{site}/notebooks/exercises/01_exercises.html")
    folded = page.locator("article details")
    assert folded.count() >= 10
    assert folded.evaluate_all("all => all.filter(d => d.open).length") == 0
    solved = page.locator("article", has_text="10 * (torch.rand(2048) - 0.5)")
    assert solved.count() == 1
    code = page.locator("details pre", has_text="torch.stack([x, y], dim=1)").first
    assert not code.is_visible()
    code.locator("xpath=ancestor::details").locator("summary").first.click()
    assert code.is_visible()


def test_a_link_to_a_word_leads_to_its_entry(page, site):
    page.goto(f"{site}/{CHAPTER}")
    page.locator("article a", has_text="batch").first.click()
    page.wait_for_url("**/glossary.html#term-batch")
    assert page.locator("dt#term-batch").is_visible()


def test_dark_mode_changes_the_background(page, site):
    page.goto(f"{site}/{CHAPTER}")
    colour = "getComputedStyle(document.body).backgroundColor"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(colour) != light


def test_an_unpublished_site_has_no_button_that_leads_nowhere(page, site):
    page.goto(f"{site}/{CHAPTER}")
    html = page.content()
    assert "colab.research.google.com/github" not in html
    assert "mybinder.org" not in html


def test_the_first_page_leads_to_the_welcome_page(page, site):
    page.goto(site, wait_until="networkidle")
    assert "GANs from scratch" in page.title()
    assert page.locator("article h1").inner_text().startswith("GANs from scratch")


def test_pages_open_from_the_file_system_too(page):
    page.goto((Path(HTML) / CHAPTER).as_uri(), wait_until="networkidle")
    page.mouse.wheel(0, 300)
    page.wait_for_selector("article mjx-container")
    assert page.problems == []
    assert page.locator("article mjx-container").count() >= 5


def test_a_page_takes_only_what_it_needs_at_once(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url.split("?")[0].removeprefix(site)))
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    assert [name for name in asked if name.endswith(".css")] == ["/_static/styles/course-all.css"]
    assert not [name for name in asked if "fontawesome.js" in name or "searchindex" in name]
    frames = page.locator(".flip-book").first.locator("img")
    hidden = "all => all.filter(i => !i.complete || !i.naturalWidth).length"
    assert frames.evaluate_all(hidden) > 3
    page.locator(".flip-book input[type=range]").first.focus()
    page.wait_for_function(
        "all => [...all].every(i => i.naturalWidth)",
        arg=page.locator(".flip-book").first.evaluate_handle("b => b.querySelectorAll('img')"),
    )


def test_icons_have_their_glyphs(page, site):
    page.goto(f"{site}/{CHAPTER}", wait_until="networkidle")
    fonts = page.evaluate("[...document.fonts].map(f => [f.family, f.status])")
    assert ["Font Awesome 6 Free", "loaded"] in [[name.strip('"'), state] for name, state in fonts]
    drawn = page.locator("i.fa-magnifying-glass").last.evaluate(
        "i => getComputedStyle(i, '::before').content.codePointAt(1)"
    )
    assert drawn == 0xF002
