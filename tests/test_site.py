"""The built site, opened in a real browser."""

import functools
import re
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import HTML, PAGES, ROOT

from tools.links import foreign
from tools.site import ZIP, pack
from tools.styles import JOINED

pytestmark = pytest.mark.browser
CHAPTER = "notebooks/01_exponential_curve.html"


@functools.cache
def soup_of(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
    page.on(
        "console", lambda message: message.type == "error" and page.problems.append(message.text)
    )
    # what a page that is left no longer needs is aborted, and that is no fault
    page.on(
        "requestfailed",
        lambda request: request.failure != "net::ERR_ABORTED"
        and page.problems.append(f"failed: {request.url} {request.failure}"),
    )
    yield page
    context.close()


def test_every_page_is_in_the_table_of_contents():
    built = {
        path.relative_to(HTML).as_posix()
        for folder in ("book", "notebooks")
        for path in (HTML / folder).rglob("*.html")
    }
    assert built == set(PAGES)


@pytest.fixture
def asked(page):
    """The addresses that the page asks for."""
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))
    return addresses


def elsewhere(asked, here):
    """Those of them that are on another host."""
    return [address for address in asked if not address.startswith((here, "data:", "blob:"))]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_whole_from_one_host_and_fits_its_window(page, site, asked, name):
    response = page.goto(f"{site}/{name}", wait_until="networkidle")
    assert response.status == 200
    if page.locator("article .math").count():
        page.keyboard.press("Shift")  # the reader's first move lets formulas load
        page.wait_for_selector("article mjx-container", state="attached")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.problems == []
    assert elsewhere(asked, site) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_has_alt_text_and_every_figure_a_caption(name):
    article = soup_of(HTML / name).article
    assert [str(i) for i in article.select("img") if len(i.get("alt", "")) < 10] == []
    assert [str(f) for f in article.select("figure") if not f.figcaption.get_text(strip=True)] == []


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


def test_nothing_in_the_site_would_be_fetched_from_another_host():
    assert foreign(HTML) == []


def test_what_others_wrote_is_listed_with_its_licence():
    vendor = ROOT / "book" / "_static" / "vendor"
    rows = re.findall(r"^\| `.*", (vendor / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = []
    for row in rows:
        files, *_, licences = row.strip("| ").split(" | ")
        listed += re.findall(r"`([^`]+)`", files)
        texts = re.findall(r"\]\(([^)]+)\)", licences)
        assert texts, row
        for name in texts:
            assert len((vendor / name).read_text(encoding="utf-8")) > 500
            assert (HTML / "_static" / "vendor" / name).is_file()
    folders = {path.name for path in vendor.iterdir() if path.is_dir()} - {"licenses"}
    assert {f"vendor/{name}/*" for name in folders} <= set(listed)
    own = {p.relative_to(ROOT / "book" / "_static") for p in (ROOT / "book/_static").rglob("*")}
    own |= {Path(JOINED)}  # this and the next two are made when the book is
    own |= {Path("playground/trained.js"), Path("playground/digits_weights.js")}
    shipped = [p.relative_to(HTML / "_static") for p in (HTML / "_static").rglob("*.*")]
    theirs = [p.as_posix() for p in shipped if p not in own and (HTML / "_static" / p).is_file()]
    assert len(theirs) > 30
    assert [p for p in theirs if not any(fnmatch(p, pattern) for pattern in listed)] == []


@pytest.mark.parametrize("name", ["index.html", *PAGES])
def test_a_page_opens_from_the_file_system(page, asked, name):
    page.goto((HTML / name).as_uri(), wait_until="load")
    page.wait_for_function("!window.MathJax?.startup || window.MathJax.startup.document")
    page.locator("article h1").wait_for()  # the first page leads to another
    assert page.problems == []
    assert elsewhere(asked, "file:") == []


@pytest.mark.parametrize("served", [True, False], ids=["served", "from files"])
def test_search_finds_a_term(page, site, served):
    page.goto(f"{site if served else HTML.as_uri()}/{CHAPTER}")
    page.keyboard.press("Control+k")
    page.keyboard.type("mode collapse")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=mode+collapse")
    page.get_by_text("Search finished").wait_for()
    found = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any(address.endswith("glossary.html#term-mode-collapse") for address in found)
    assert any("/notebooks/" in address for address in found)
    page.goto(found[0])
    assert "collapse" in page.locator("article").inner_text()


def test_code_is_copied_by_keyboard(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/{CHAPTER}", wait_until="networkidle")
    cells = page.locator("article div.cell_input div.highlight")
    assert cells.count() > 20
    assert cells.locator("button.copybtn").count() == cells.count()
    cells.nth(1).locator("button.copybtn").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # the focus of a keyboard, which has to be seen
    page.wait_for_function("getComputedStyle(document.activeElement).opacity == 1")
    page.keyboard.press("Enter")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cells.nth(1).locator("pre").inner_text().strip()


NOTEBOOK_PAGES = [name for name in PAGES if name.startswith("notebooks/")]


@pytest.mark.parametrize("name", NOTEBOOK_PAGES)
def test_both_download_buttons_give_the_notebook_that_is_run(name):
    path = HTML / name
    soup = soup_of(path)
    rows = soup.select("article .one-click a[download]")
    theme = soup.select("a.btn-download-source-button")
    assert len(rows) == len(theme) == 1
    source = nbformat.read((ROOT / name).with_suffix(".ipynb"), as_version=4)
    for link in (*rows, *theme):
        given = nbformat.read((path.parent / link["href"]).resolve(), as_version=4)
        # an exercise's page has hints and solution folded into it, its notebook must not
        assert [cell.source for cell in given.cells] == [cell.source for cell in source.cells]
        code = [cell for cell in given.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert any(cell.outputs for cell in code)


def formulas(page):
    """Formulas are drawn when the reader first moves, types or touches."""
    page.mouse.wheel(0, 300)
    page.wait_for_selector("article mjx-container", state="attached")
    page.wait_for_function("window.MathJax.startup.document.menu?.menu")


SPEAK = "MathJax.startup.document.menu.menu.pool.lookup('explorer').setValue(true)"


def test_formulas_are_read_aloud_without_another_host(page, site, asked):
    page.goto(f"{site}/book/how_gans_train.html", wait_until="networkidle")
    formulas(page)
    page.evaluate(SPEAK)
    page.wait_for_selector("article mjx-container[aria-label='z']", state="attached")
    assert page.problems == []
    assert f"{site}/_static/vendor/mathjax/sre/mathmaps/en.json" in asked
    assert elsewhere(asked, site) == []


def test_the_zip_of_the_site_opens_from_any_folder(page, tmp_path):
    with zipfile.ZipFile(pack()) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".map")]
        archive.extractall(tmp_path / "some folder")
    page.goto((tmp_path / "some folder" / Path(ZIP).stem / "index.html").as_uri())
    page.wait_for_url("**/book/index.html")
    page.get_by_role("link", name="1. Points on a curve").first.click()
    page.wait_for_url("**/01_exponential_curve.html")
    formulas(page)
    picture = page.locator("figure#exponential-cured img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("i => i.naturalWidth > 300", arg=picture.element_handle())
    assert page.problems == []


def test_a_page_takes_only_what_it_needs_at_once(page, site, asked):
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    names = [address.split("?")[0].removeprefix(site) for address in asked]
    assert [name for name in names if name.endswith(".css")] == ["/_static/styles/course-all.css"]
    assert not [name for name in names if "fontawesome.js" in name or "searchindex" in name]
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


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_the_glossary_has_its_meaning_beside_it(name):
    soup = soup_of(HTML / name)
    links = soup.select("article a[href*='#term-']:not(.headerlink)")
    if "01_exponential" in name or "how_gans" in name:
        assert len(links) > 10
    for link in links:
        meanings = soup.find_all(id=link["aria-describedby"])
        assert len(meanings) == 1
        text = meanings[0].get_text()
        assert len(text) > 15 and "explained" in link["class"]
        assert not re.search(r"\[|\$|\\| [.,;:]|  ", text), text  # no citations, no formulas


@pytest.mark.parametrize("name", [CHAPTER, "book/how_gans_train.html"])
def test_a_word_shows_its_meaning_to_mouse_and_keyboard_and_escape_hides_it(page, site, name):
    page.goto(f"{site}/{name}", wait_until="networkidle")
    formulas(page)  # or else they would move the words from under the mouse
    bubble = page.locator(".meaning")
    first, second = page.locator("article a.explained").all()[:2]
    for link in (first, second):
        meaning = page.locator("#" + link.get_attribute("aria-describedby")).text_content()
        link.hover()
        bubble.wait_for(state="visible")
        assert bubble.inner_text() == meaning
        bubble.hover()  # it stays while the mouse is on it
        page.wait_for_timeout(500)
        assert bubble.is_visible()
        page.keyboard.press("Escape")
        assert not bubble.is_visible()
        page.mouse.move(0, 0)
    first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # the focus of a keyboard
    assert bubble.is_visible()
    page.emulate_media(media="print")
    assert not bubble.is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 360, "height": 700})
    for link in page.locator("article a.explained:visible").all()[:8]:
        page.keyboard.press("Escape")  # a bubble may lie on the next link
        link.hover()
        bubble.wait_for(state="visible")
        box = bubble.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert page.problems == []
