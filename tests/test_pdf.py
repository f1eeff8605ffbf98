"""The printed book, read page by page."""

import functools
import re
import unicodedata
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from conftest import HTML, soup_of
from pypdf import PdfReader

from tools import pdf

pytestmark = pytest.mark.browser
EXERCISES = "notebooks-exercises-01_exercises"


def plain(text):
    """Letters and digits only: a PDF has ligatures, and breaks lines where it likes."""
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", text))


def one_line(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    """The book that `make pdf` made from this site, or else one made now."""
    sources = (*HTML.rglob("*.html"), pdf.STYLE, pdf.ROOT / "tools" / "pdf.py")
    newest = max(file.stat().st_mtime for file in sources)
    if not pdf.PDF.is_file() or pdf.PDF.stat().st_mtime < newest:
        pdf.make(browser)
    return PdfReader(pdf.PDF)


@pytest.fixture(scope="module")
def articles():
    names = [chapter.name for chapter in pdf.chapters()]
    return {name: soup_of(HTML / f"{name}.html").article for name in names}


@pytest.fixture(scope="module")
def text(printed):
    """The text of a page, by its index. To read all pages would take longer than to print them."""
    return functools.cache(lambda index: plain(printed.pages[index].extract_text()))


def index_of(printed, place):
    return printed.get_destination_page_number(printed.named_destinations[f"/{place}"])


def titles(outline):
    for entry in outline:
        yield from titles(entry) if isinstance(entry, list) else [entry]


def alternatives(printed):
    """What a listener hears in place of pictures and formulas."""
    # parsing every object takes seconds; Chromium writes them so that they can be searched
    for written in pdf.PDF.read_bytes().split(b"endobj"):
        if b"/S /Figure" in written:
            number = int(re.search(rb"(\d+) 0 obj", written)[1])
            yield one_line(str(printed.get_object(number).get("/Alt", "")))


def test_every_heading_is_in_the_outline_and_each_chapters_on_its_page(printed, articles, text):
    outline = {}
    for entry in titles(printed.outline):
        place = printed.get_destination_page_number(entry)
        outline.setdefault(plain(entry.title), []).append(place)
    for name, article in articles.items():
        for heading in article.find_all(re.compile("^h[1-3]$")):
            title = plain(heading.get_text().removesuffix("#"))
            assert title in outline, f"{name}: {heading.get_text()}"
            if heading.name == "h1":
                assert any(title in text(page) for page in outline[title])


def test_the_contents_name_the_pages(printed, articles, text):
    first = index_of(printed, pdf.chapters()[0].place)
    contents = "".join(text(index) for index in range(1, first))
    for chapter in pdf.chapters():
        title = plain(articles[chapter.name].h1.get_text().removesuffix("#"))
        assert f"{title}{index_of(printed, chapter.place) + 1}" in contents


def test_no_page_is_empty_and_the_file_says_what_it_is(printed):
    assert printed.metadata.title == "GANs from scratch"
    assert printed.root_object["/Lang"] == "en"
    assert printed.root_object["/MarkInfo"]["/Marked"]
    drawn = [len(page.get_contents().get_data()) for page in printed.pages]
    assert [number for number, size in enumerate(drawn, 1) if size < 3000] == []


def test_every_figure_is_there_with_its_alt_text_and_each_formula_its_source(printed, articles):
    alts = set(alternatives(printed))
    for name, article in articles.items():
        for figure in article.find_all("figure"):
            assert one_line(figure.img["alt"]) in alts, f"{name}: {figure.img['alt']}"
        for book in article.select(".flip-book"):
            pictures = book.find_all("img")
            assert {pictures[0]["alt"], pictures[-1]["alt"]} <= alts
        for formula in article.select(".math"):
            source = one_line("".join(formula.find_all(string=True, recursive=False)))
            assert one_line(source[2:-2]) in alts


def pictures(page):
    """How many pictures made of pixels are drawn on a page."""
    drawn = page["/Resources"].get("/XObject", {}).values()
    return sum(thing.get_object()["/Subtype"] == "/Image" for thing in drawn)


def test_every_picture_is_on_the_pages_of_its_chapter(printed):
    text = (pdf.ROOT / "_build" / "print" / "book.html").read_text(encoding="utf-8")
    sections = BeautifulSoup(text, "html.parser").select("section.chapter")
    wanted = {s["id"]: len(s.select("img:not([src$='.svg'])")) for s in sections}
    edges = pairwise([*(index_of(printed, name) for name in wanted), len(printed.pages)])
    found = [sum(map(pictures, printed.pages[start:end])) for start, end in edges]
    assert dict(zip(wanted, found, strict=True)) == wanted
    assert sum(found) > 50


def test_hints_and_solutions_stand_at_the_back(printed, articles, text):
    folded = articles["notebooks/exercises/01_exercises"].select("details.hide")
    shown = next(one for one in folded if "solution" in one.summary.get_text())
    solution = plain("".join(shown.pre.get_text().splitlines()[:3]))  # the rest may be overleaf
    answers, exercises = index_of(printed, "answers"), index_of(printed, EXERCISES)
    back = range(answers, len(printed.pages))
    assert solution in "".join(text(index) for index in back)
    assert solution not in "".join(text(index) for index in range(exercises, exercises + 5))


def test_links_lead_to_a_page_or_to_the_web(printed):
    pages = {page.indirect_reference.idnum for page in printed.pages}
    inside = outside = 0
    for page in printed.pages:
        for note in page.get("/Annots", []):
            link = note.get_object()
            if "/A" in link and "/URI" in link["/A"]:
                assert link["/A"]["/URI"].startswith("https://"), link["/A"]
                outside += 1
            else:
                name = link.get("/Dest") or link["/A"]["/D"]
                place = printed.named_destinations[str(name)]
                assert place.raw_get("/Page").idnum in pages
                inside += 1
    assert inside > 800
    assert outside > 10


def test_what_moves_on_a_screen_gets_one_sentence():
    page = "<section><p>Play.</p><gan-playground><button>Go</button></gan-playground><input>"
    section = BeautifulSoup(page, "html.parser").section
    pdf.Book().still(section)
    assert section.get_text().startswith("Play.Here the book has something to try out.")
    assert [tag.name for tag in section.find_all(True)] == ["p", "span"]
