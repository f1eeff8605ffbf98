"""Prints the built book: `python -m tools.pdf` makes `_build/gans-from-scratch.pdf` with Chromium.

The site's pages are put together into one document with a style sheet for paper, `print.css`. What
moves or unfolds on a screen gets a form for paper: hints and answers stand at the end.
"""

from __future__ import annotations

import html
import logging
import posixpath
import re
import sys
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import matplotlib
import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from gan_course import __version__
from tools.browser import find
from tools.notebooks import ROOT
from tools.site import HTML, PRINTED

PDF = ROOT / "_build" / PRINTED
STYLE = Path(__file__).with_name("print.css")
NO_BROWSER = (
    "To print the book, install Chromium or Chrome: with your system's packages, "
    "or with `.venv/bin/playwright install chromium`."
)
OLDEST = 131  # the first Chromium that prints headers and page numbers from a style sheet
# matplotlib brings these, so that the book looks the same on every machine
DEJAVU = ("", "-Bold", "-Oblique", "-BoldOblique")
FONTS = {
    "Book": [f"STIXGeneral{face}" for face in ("", "Bol", "Italic", "BolIta")],
    "Heading": [f"DejaVuSans{face}" for face in DEJAVU],
    "Code": [f"DejaVuSansMono{face}" for face in DEJAVU],
}
FACES = (("normal", "normal"), ("normal", "bold"), ("italic", "normal"), ("italic", "bold"))
SETUP = "Show the set-up"  # which nobody runs on paper
FOLDED = re.compile(r"Hint|Answer|Show one solution")  # what must not be read by accident
# each would be an element of the PDF, and these are black, or as good as
PLAIN_SPAN = re.compile(r'<span class="(?:n|nn|nx|o|p|pre|w)">([^<>]*)</span>')
SHORT = 14  # lines of code that stay on one page
FRAMES = 3  # pictures of a flip-book that are printed
PASSES = 4  # page numbers may move lines, which may move page numbers
WIDTH = 658  # of the text in CSS pixels: A4 less the margins in print.css

# Page numbers of the places that links lead to; three digits hold the place in the first pass.
FILL = """numbers => document.querySelectorAll('[data-page-of]').forEach(
    place => { place.textContent = numbers[place.dataset.pageOf] ?? '000' })"""
# What is printed before it is there is missing on paper
DECODE = """() => Promise.all(Array.from(document.images, picture => picture.decode().catch(
    () => { throw new Error('no picture at ' + picture.src.slice(0, 200)) })))"""
# Formulas are drawn glyph by glyph; for listeners each gets its source
SPEAK = """() => MathJax.startup.promise.then(() => {
    for (const formula of MathJax.startup.document.math) {
        formula.typesetRoot.setAttribute('role', 'img')
        formula.typesetRoot.setAttribute('aria-label', formula.math)
        formula.typesetRoot.querySelector('mjx-assistive-mml')?.remove()
        // without any text it would have no tag; at the edge of a line one of the two is dropped
        formula.typesetRoot.prepend('\\u2060')
        formula.typesetRoot.append('\\u2060')
    }
})"""
# Chromium makes the whole book smaller when a single line is too wide
TOO_WIDE = """width => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    while (walker.nextNode()) {
        if (!walker.currentNode.data.trim()) continue
        range.selectNodeContents(walker.currentNode)
        if (range.getBoundingClientRect().right > width + 1) found.push(walker.currentNode.data)
    }
    for (const box of document.querySelectorAll('img, table, mjx-math'))
        if (box.getBoundingClientRect().right > width + 1) found.push(box.outerHTML.slice(0, 200))
    return found
}"""


@dataclass(frozen=True)
class Chapter:
    """A page of the site, as the table of contents lists it."""

    name: str  # such as notebooks/01_exponential_curve
    part: str
    depth: int  # 1 for a page that belongs to the chapter before it

    @property
    def place(self) -> str:
        """The id of the page's first heading in the document."""
        return self.name.replace("/", "-")


def chapters() -> list[Chapter]:
    """The pages of the book, in reading order."""
    toc: dict[str, Any] = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))

    def below(entries: list[dict[str, Any]], part: str, depth: int) -> Iterator[Chapter]:
        for entry in entries:
            yield Chapter(entry["file"], part, depth)
            yield from below(entry.get("sections", []), part, depth + 1)

    found = [Chapter(toc["root"], "", 0)]
    for part in toc["parts"]:
        found += below(part["chapters"], part["caption"], 0)
    return found


class Book:
    """One document out of all pages."""

    def __init__(self) -> None:
        config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
        self.title: str = config["title"]
        self.author: str = config["author"]
        self.language: str = config["sphinx"]["config"]["language"]
        self.chapters = chapters()
        self.pages = {chapter.name: chapter for chapter in self.chapters}
        self.soup = BeautifulSoup("", "html.parser")
        self.address = ""  # where the site is published, if it is
        back = {"class": "chapter", "data-part": "At the back"}
        self.hints = self.new("section", **back, id="hints")
        self.answers = self.new("section", **back, id="answers")
        self.hints.append(self.new("h1", "Hints"))
        self.answers.append(self.new("h1", "Solutions and answers"))

    def new(self, tag: str, text: str = "", **attributes: str) -> Tag:
        """A new element."""
        made = self.soup.new_tag(tag, attrs=attributes)
        if text:
            made.string = text
        return made

    def page_number(self, place: str, before: str = "page ") -> Tag:
        """A link to a place whose text is the number of its page, once that is known."""
        link = self.new("a", before, href=f"#{place}", **{"class": "page-number"})
        link.append(self.new("span", "000", **{"data-page-of": place}))
        return link

    def document(self) -> str:
        """The whole book as HTML, to be opened from a folder beside the site's."""
        body = [self.article(chapter) for chapter in self.chapters]
        body += [part for part in (self.hints, self.answers) if part.find("h2")]
        heads = []
        for number, section in enumerate(body):
            section["style"] = f"page: chapter-{number}"
            title = heading(section).get_text()
            heads.append(f"@page chapter-{number} {{ @top-left {{ content: {quoted(title)} }} }}")
        contents = self.contents(body)  # before the body loses its ids' owners to the text below
        mathjax = "../html/_static/vendor/mathjax/tex-mml-chtml.js"
        return f"""<!DOCTYPE html>
<html lang="{self.language}" data-theme="light"><head><meta charset="utf-8">
<title>{html.escape(self.title)}</title>
<link rel="stylesheet" href="../html/_static/pygments.css">
<style>{fonts()}{STYLE.read_text(encoding="utf-8")}
@page {{ @top-right {{ content: {quoted(self.title)} }} }}
{" ".join(heads)}</style>
<script>window.MathJax = {{options: {{processHtmlClass: "math", ignoreHtmlClass: ".*",
enableMenu: false}}}}</script>
<script defer src="{mathjax}"></script></head>
<body>{self.cover()}{contents}{"".join(map(str, body))}</body></html>"""

    def cover(self) -> str:
        """The first page."""
        where = f'<p><a href="{self.address}">{self.address}</a></p>' if self.address else ""
        return f"""<section class="cover"><p class="title">{html.escape(self.title)}</p>
<p class="subtitle">A first course on generative adversarial networks, line by line in PyTorch</p>
<img alt="" src="../html/_static/readme.png"><div class="imprint">
<p>{html.escape(self.author)}. Version {__version__}.</p>{where}
<p>Text and figures are licensed CC BY 4.0, the code is licensed MIT.</p></div></section>"""

    def contents(self, body: list[Tag]) -> Tag:
        """The table of contents: parts, chapters and their sections, with page numbers."""
        nav = self.new("nav", **{"class": "contents"})
        nav.append(self.new("h1", "Contents"))
        columns = self.new("div")
        nav.append(columns)
        part = ""
        for section in body:
            if section["data-part"] != part:
                part = str(section["data-part"])
                columns.append(self.new("p", part, **{"class": "part"}))
            entries = [("chapter-entry", heading(section), str(section["id"]))]
            for inner in section.select("section[id]"):
                title = inner.find(re.compile("^h[23]$"), recursive=False)
                if isinstance(title, Tag) and "title" not in title.get_attribute_list("class"):
                    entries.append(("section-entry", title, str(inner["id"])))
            for kind, title, place in entries:
                line = self.new("p", **{"class": kind})
                link = self.new("a", href=f"#{place}")
                for child in title.contents:
                    link.append(copy(child))
                line.append(link)
                line.append(self.page_number(place, before=""))
                columns.append(line)
        return nav

    def article(self, chapter: Chapter) -> Tag:
        """A page's text, ready for paper."""
        text = (HTML / f"{chapter.name}.html").read_text(encoding="utf-8")
        page = BeautifulSoup(PLAIN_SPAN.sub(r"\1", text), "html.parser")
        published = page.find("link", rel="canonical")
        if chapter.depth == 0 and isinstance(published, Tag) and not chapter.part:
            self.address = str(published["href"]).removesuffix(f"{chapter.name}.html")
        article = page.article
        assert article is not None  # each page of the theme has one
        article.name = "section"
        article["class"] = f"chapter depth-{chapter.depth}"
        article["data-part"] = chapter.part
        for tag in article.select(
            "script, style, .headerlink, .toctree-wrapper, .d-print-none, summary svg, button.copy"
        ):
            tag.decompose()
        for tag in article.find_all(id=True):
            tag["id"] = f"{chapter.place}--{tag['id']}"
        article["id"] = chapter.place
        for tag in article.find_all("img"):
            tag["loading"] = "eager"  # a lazy one waits for a reader who scrolls to it
            if not str(tag["src"]).startswith("data:"):
                folder = posixpath.dirname(chapter.name)
                tag["src"] = "../html/" + posixpath.normpath(f"{folder}/{tag['src']}")
        self.link(article, chapter)
        self.still(article)
        self.unfold(article, chapter)
        for level in (5, 4, 3, 2, 1) if chapter.depth else ():
            for tag in article.find_all(f"h{level}"):
                tag.name = f"h{level + chapter.depth}"
        heading(article)["class"] = "title"
        for tag in article.find_all(re.compile("^h[1-6]$")):
            for line in tag.find_all(string=re.compile("\n")):
                line.replace_with(line.replace("\n", " "))  # the outline would join the words
        for tag in article.find_all("p"):
            if tag.get_text().rstrip().endswith(":"):
                tag["class"] = " ".join([*tag.get_attribute_list("class"), "leads-on"])
        for tag in article.find_all("pre"):
            if tag.get_text().count("\n") <= SHORT:
                tag["class"] = "short"
        return article

    def link(self, article: Tag, chapter: Chapter) -> None:
        """Let links lead to places in the document; say the page where they leave the chapter."""
        folder = posixpath.dirname(chapter.name)
        for link in article.select("a[href]"):
            parts = urlsplit(str(link["href"]))
            if parts.scheme:
                if link.get_text().strip() != link["href"]:
                    note = self.new("span", f" ({link['href']})", **{"class": "address"})
                    link.append(note)
                continue
            path = posixpath.normpath(f"{folder}/{unquote(parts.path)}") if parts.path else ""
            target = self.pages.get(path.removesuffix(".html")) if path else chapter
            if target is None or (path and not path.endswith(".html")):
                link.unwrap()  # a file of the site, such as a notebook to download
                continue
            place = target.place + (f"--{unquote(parts.fragment)}" if parts.fragment else "")
            link["href"] = f"#{place}"
            word = parts.fragment.startswith("term-")  # there are too many, and in their order
            if target is not chapter and not word and link.select_one(".std-doc, .std-ref"):
                link.insert_after(" (", self.page_number(place), ")")

    def still(self, article: Tag) -> None:
        """Replace what moves: flip-books by some of their pictures, the rest by a sentence."""
        for book in article.select(".flip-book"):
            slider = book.find("input")
            assert isinstance(slider, Tag)
            values = str(slider["data-values"]).split(",")
            name = (slider.parent or book).get_text().split("\n")[0].strip()
            name = name.removesuffix(values[0]).strip()
            pictures = book.find_all("img")
            last = len(pictures) - 1
            chosen = sorted({round(last * k / (FRAMES - 1)) for k in range(FRAMES)})
            strip = self.new("figure", **{"class": "frames"})
            for position in chosen:
                picture = pictures[position].extract()
                del picture["style"]
                frame = self.new("div", **{"class": "frame"})
                frame.append(picture)
                frame.append(self.new("span", f"{name} {values[position]}"))
                strip.append(frame)
            count = f"{len(chosen)} of {len(pictures)} pictures."
            strip.append(self.new("figcaption", f"{count} On a screen, a slider turns them."))
            (book.find_parent(class_="film") or book).replace_with(strip)
        moving = "canvas, video, iframe, form, input, button, select, textarea"
        for tag in article.find_all(lambda tag: "-" in tag.name) + article.select(moving):
            section = tag.find_parent("section")
            if section is None:  # it was inside one that is gone
                continue
            if section.find(class_="on-screen"):  # one sentence is enough
                tag.extract()
                continue
            where = f" at {self.address}" if self.address else ""
            text = f"Here the book has something to try out. Open it on a screen{where}."
            tag.replace_with(self.new("span", text, **{"class": "on-screen"}))

    def unfold(self, article: Tag, chapter: Chapter) -> None:
        """Move hints and answers to the end of the book; open what else is folded."""
        for number, folded in enumerate(article.find_all("details")):
            summary = folded.find("summary")
            assert isinstance(summary, Tag)
            title = next(iter(summary.stripped_strings))
            summary.decompose()
            folded.name = "div"
            folded["class"] = "unfolded"
            if title == SETUP:
                folded.decompose()
                continue
            if not FOLDED.match(title):
                folded.insert(0, self.new("p", title, **{"class": "admonition-title"}))
                continue
            title = "One solution" if title.startswith("Show") else title
            cell = folded.find_parent(class_="cell") or folded
            above = cell.find_previous(re.compile("^h[1-6]$"))
            place = f"{chapter.place}--folded-{number}"
            pointer = cell.find_previous_sibling()
            if not (isinstance(pointer, Tag) and "pointer" in pointer.get_attribute_list("class")):
                pointer = self.new("p", **{"class": "pointer"})
                cell.insert_before(pointer)
            else:
                pointer.append(" · ")
            pointer.append(f"{title}: ")
            pointer.append(self.page_number(place))
            assert isinstance(above, Tag)
            back = str((above.find_parent("section") or article)["id"])
            cell.extract()
            target = self.hints if title.startswith("Hint") else self.answers
            self.collect(target, chapter, heading(article), above, back)
            if title == "Answer":  # of the questions at a chapter's end, which are counted
                title = f"Answer {1 + len(target.select(f'[data-of={chapter.place}].entry'))}"
            entry = self.new("div", id=place, **{"class": "entry", "data-of": chapter.place})
            entry.append(self.new("p", title, **{"class": "entry-title"}))
            entry.append(folded)
            target.append(entry)

    def collect(self, target: Tag, chapter: Chapter, title: Tag, above: Tag, back: str) -> None:
        """Write the headings that the next hint or answer needs: its page's, and its exercise's."""
        for level, text, place in ((2, title, chapter.place), (3, above, back)):
            key = f"{target['id']}-{place}"
            if target.find(id=key) is None:
                head = self.new(f"h{level}", text.get_text(), id=key)
                head.append(" ")
                head.append(self.page_number(place))
                target.append(head)


def heading(section: Tag) -> Tag:
    """The first heading inside."""
    found = section.find(re.compile("^h[1-6]$"))
    assert isinstance(found, Tag)
    return found


def quoted(text: str) -> str:
    """A string of a style sheet."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def fonts() -> str:
    """Style sheet rules that load the fonts."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return "".join(
        f"@font-face {{ font-family: {family}; font-style: {style}; font-weight: {weight}; "
        f'src: url("{(folder / file).as_uri()}.ttf") }}\n'
        for family, files in FONTS.items()
        for file, (style, weight) in zip(files, FACES, strict=True)
    )


def start(playwright: Playwright) -> Browser:
    """A browser of this machine, or the one that Playwright installed.

    Raises:
        SystemExit: there is none, or it is too old.
    """
    for options in ({"executable_path": find()}, {"channel": "chrome"}):
        try:
            browser = playwright.chromium.launch(**options)
        except Error:
            continue
        if int(browser.version.split(".")[0]) < OLDEST:
            raise SystemExit(f"To print the book, update Chromium to version {OLDEST} or newer.")
        return browser
    raise SystemExit(NO_BROWSER)


def print_pages(page: Page, path: Path) -> None:
    """Print until every page number in the text is right.

    Raises:
        SystemExit: a line is wider than the paper, or the numbers never settle.
    """
    page.set_viewport_size({"width": WIDTH, "height": 900})
    page.emulate_media(media="print")
    page.evaluate(SPEAK)
    page.evaluate(DECODE)
    if wide := page.evaluate(TOO_WIDE, WIDTH):
        raise SystemExit("These lines are wider than the paper:\n" + "\n".join(wide))
    numbers: dict[str, int] = {}
    for _ in range(PASSES):
        page.evaluate(FILL, numbers)
        # tags and outline take as long as the rest: not at first, when no number is right yet
        known = bool(numbers)
        page.pdf(
            path=path,
            prefer_css_page_size=True,
            print_background=known,
            outline=known,
            tagged=known,
        )
        reader = PdfReader(path)
        found = {
            name.removeprefix("/"): 1 + (reader.get_destination_page_number(place) or 0)
            for name, place in reader.named_destinations.items()
        }
        if found == numbers:
            return
        numbers = found
    raise SystemExit("The page numbers of the printed book do not settle.")


def make(browser: Browser) -> int:
    """Print the book to `PDF`; returns the number of pages."""
    book = Book()
    folder = ROOT / "_build" / "print"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "book.html"
    source.write_text(book.document(), encoding="utf-8")
    page = browser.new_page()
    page.set_default_timeout(0)  # it takes as long as it takes, on a busy machine too
    page.goto(source.as_uri())
    print_pages(page, folder / "book.pdf")
    page.close()
    writer = PdfWriter(folder / "book.pdf", incremental=True)
    writer.add_metadata({"/Title": book.title, "/Author": book.author})
    writer.root_object[NameObject("/Lang")] = TextStringObject(book.language)
    writer.write(PDF)
    return len(writer.pages)


def main() -> int:
    """Make the PDF and say where it is."""
    if not (HTML / "index.html").is_file():
        raise SystemExit("The book is not built: run `make book` first.")
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # Chromium counts its objects wrong
    with sync_playwright() as playwright:
        browser = start(playwright)
        pages = make(browser)
        browser.close()
    print(f"\nThe book is printed, {pages} pages:\n  {PDF}\n  {PDF.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
