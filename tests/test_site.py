"""The built site, opened in a real browser."""

import re
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest
from conftest import HTML, PAGES, ROOT, show_formulas, soup_of

from tools.links import foreign
from tools.site import ZIP, pack
from tools.styles import JOINED

pytestmark = pytest.mark.browser
CHAPTER = "notebooks/01_exponential_curve.html"
EXERCISES = "notebooks/exercises/01_exercises.html"


def test_hints_and_solutions_are_folded_and_open_on_a_click(page, site):
    page.goto(f"{site}/{EXERCISES}")
    folded = page.locator("article details")
    assert folded.count() >= 10
    assert folded.evaluate_all("all => all.filter(d => d.open).length") == 0
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
        assert all(len((vendor / name).read_text(encoding="utf-8")) > 500 for name in texts)
    folders = {path.name for path in vendor.iterdir() if path.is_dir()} - {"licenses"}
    assert {f"vendor/{name}/*" for name in folders} <= set(listed)
    own = {p.relative_to(ROOT / "book" / "_static") for p in (ROOT / "book/_static").rglob("*")}
    own |= {Path(JOINED)}  # this and the next two are made when the book is
    own |= {Path("playground/trained.js"), Path("playground/digits_weights.js")}
    shipped = [p.relative_to(HTML / "_static") for p in (HTML / "_static").rglob("*.*")]
    theirs = [p.as_posix() for p in shipped if p not in own and (HTML / "_static" / p).is_file()]
    assert len(theirs) > 30
    assert [p for p in theirs if not any(fnmatch(p, pattern) for pattern in listed)] == []


@pytest.mark.parametrize("name", ["index.html", CHAPTER, "book/how_gans_train.html", EXERCISES])
def test_a_page_opens_from_the_file_system(page, name):
    page.goto((HTML / name).as_uri(), wait_until="load")
    page.locator("article h1").wait_for()  # the first page leads to another
    show_formulas(page)


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
    if not served:  # from a file it can't fetch the words around its finds, and says so
        page.problems.clear()


def test_code_is_copied_by_keyboard(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/{CHAPTER}", wait_until="networkidle")
    cells = page.locator("article div.cell_input div.highlight")
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
        assert any(cell.get("outputs") for cell in given.cells)


@pytest.mark.parametrize("name", [name for name in NOTEBOOK_PAGES if "exercises" not in name])
def test_the_code_on_a_page_is_that_of_its_notebook(name):
    source = nbformat.read((ROOT / name).with_suffix(".ipynb"), as_version=4)
    shown = [pre.get_text().rstrip() for pre in soup_of(HTML / name).select(".cell_input pre")]
    assert shown == [cell.source for cell in source.cells if cell.cell_type == "code"]


SPEAK = "MathJax.startup.document.menu.menu.pool.lookup('explorer').setValue(true)"


def test_formulas_are_read_aloud_without_another_host(page, site):
    page.goto(f"{site}/book/how_gans_train.html", wait_until="networkidle")
    show_formulas(page)
    page.wait_for_function("window.MathJax.startup.document.menu?.menu")
    page.evaluate(SPEAK)
    page.wait_for_selector("article mjx-container[aria-label='z']", state="attached")
    assert f"{site}/_static/vendor/mathjax/sre/mathmaps/en.json" in page.asked


def test_the_zip_of_the_site_opens_from_any_folder(page, tmp_path):
    with zipfile.ZipFile(pack()) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".map")]
        archive.extractall(tmp_path / "some folder")
    page.goto((tmp_path / "some folder" / Path(ZIP).stem / "index.html").as_uri())
    page.wait_for_url("**/book/index.html")
    page.get_by_role("link", name="1. Points on a curve").first.click()
    page.wait_for_url("**/01_exponential_curve.html")
    show_formulas(page)
    picture = page.locator("figure#exponential-cured img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("i => i.naturalWidth > 300", arg=picture.element_handle())


def test_a_page_takes_only_what_it_needs_and_a_flip_book_turns_by_keyboard(page, site):
    page.goto(f"{site}/{CHAPTER}", wait_until="load")
    names = [address.split("?")[0].removeprefix(site) for address in page.asked]
    assert [name for name in names if name.endswith(".css")] == ["/_static/styles/course-all.css"]
    assert not [name for name in names if "fontawesome.js" in name or "searchindex" in name]
    book = page.locator(".flip-book").first
    frames, slider = book.locator("img"), book.locator("input[type=range]")
    hidden = "all => all.filter(i => !i.complete || !i.naturalWidth).length"
    assert frames.evaluate_all(hidden) > 3
    visible = "all => all.filter(i => i.style.display != 'none').map(i => i.alt)"
    before = frames.evaluate_all(visible)
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = frames.evaluate_all(visible)
    assert len(before) == len(after) == 1 and before != after
    assert book.locator("output").inner_text() in after[0]
    assert slider.get_attribute("aria-valuetext") in after[0]
    page.wait_for_function(
        "all => [...all].every(i => i.naturalWidth)",
        arg=book.evaluate_handle("b => b.querySelectorAll('img')"),
    )
    drawn = page.locator("i.fa-magnifying-glass").last.evaluate(
        "i => getComputedStyle(i, '::before').content.codePointAt(1)"
    )
    assert drawn == 0xF002  # icons have their glyphs


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_words_and_links_to_the_glossary_their_meaning_beside_them(name):
    soup = soup_of(HTML / name)
    assert [str(i) for i in soup.article.select("img") if len(i.get("alt", "")) < 10] == []
    figures = soup.article.select("figure")
    assert [str(figure) for figure in figures if not figure.figcaption.get_text(strip=True)] == []
    links = soup.select("article a[href*='#term-']:not(.headerlink)")
    if "01_exponential" in name or "how_gans" in name:
        assert len(links) > 10
    for link in links:
        meanings = soup.find_all(id=link["aria-describedby"])
        assert len(meanings) == 1
        text = meanings[0].get_text()
        assert len(text) > 15 and "explained" in link["class"]
        assert not re.search(r"\[|\$|\\| [.,;:]|  ", text), text  # no citations, no formulas


def test_a_word_shows_its_meaning_to_mouse_and_keyboard_and_escape_hides_it(page, site):
    page.goto(f"{site}/{CHAPTER}", wait_until="networkidle")
    show_formulas(page)  # or else they would move the words from under the mouse
    bubble = page.locator(".meaning")
    link = page.locator("article a.explained").first
    link.hover()
    bubble.wait_for(state="visible")
    meaning = page.locator("#" + link.get_attribute("aria-describedby"))
    assert bubble.inner_text() == meaning.text_content()
    bubble.hover()  # it stays while the mouse is on it
    page.wait_for_timeout(500)
    assert bubble.is_visible()
    page.keyboard.press("Escape")
    assert not bubble.is_visible()
    page.mouse.move(0, 0)
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # the focus of a keyboard
    assert bubble.is_visible()
    page.emulate_media(media="print")
    assert not bubble.is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 320, "height": 700})
    for link in page.locator("article a.explained:visible").all()[:4]:
        page.keyboard.press("Escape")  # a bubble may lie on the next link
        link.hover()
        bubble.wait_for(state="visible")
        box = bubble.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
