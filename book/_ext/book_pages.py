"""What becomes of each page once the theme has rendered it: usable by all, and quick to load."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from book_terms import explain, meanings
from bs4 import BeautifulSoup
from PIL import Image
from sphinx.application import Sphinx

STYLES = "_static/styles/course-all.css"  # tools/styles.py makes it of the sheets it stands for
# Scripts of the theme and its extensions that need not run before the page shows
THEME_SCRIPTS = (
    *("bootstrap", "pydata-sphinx-theme", "sphinx-book-theme", "documentation_options", "doctools"),
    *("sphinx_highlight", "clipboard", "copybutton", "togglebutton", "design-tabs", "course"),
    *("formulas", "searchtools", "language_data", "searchindex"),
)
# fontawesome draws 20 icons with 1.5 MB of script: the styles draw them with a font. The theme uses
# the search index only when it searches at each key, which is switched off; search.html has its own
UNUSED_SCRIPTS = ("fontawesome", "searchtools", "language_data", "searchindex")
# Names, brackets and blanks of code: the highlighting gives them the colour of all text. Operators,
# and in texts the f before and the braces within, have one of their own, but say no more by it, and
# were an eighth of a long page.
PLAIN = ("n", "nn", "o", "p", "sa", "si", "w")
DESCRIPTION = 160  # characters that search engines show


def name_parts(soup: BeautifulSoup) -> None:
    """Give names and roles to what the theme leaves without, for those who hear the page."""
    logo = soup.select_one(".sidebar-primary-item:has(> .navbar-brand)")
    if logo:
        logo.name = "header"  # everything visible lies in a landmark
    for empty in soup.select("header#pst-header"):
        empty.name = "div"  # one banner is enough
    for summary in soup.select("li.has-children > details > summary"):
        link = summary.find_parent("li").find("a")
        summary["aria-label"] = f"Pages below {link.get_text(strip=True)}"
    for button in soup.select("button.search-button-field, details.hide > summary"):
        # its text is its name: speech input looks for what can be read
        del button["aria-label"]
    for table in soup.select("table.indextable"):  # in columns for the eye, with nothing to head
        table["role"] = "presentation"
    for keys in soup.select(".search-button__kbd-shortcut"):
        keys["aria-hidden"] = "true"
    for icon in soup.select("i[class*=fa-], span[class*=fa-]"):
        icon["aria-hidden"] = "true"
    for entry in soup.select("[role=doc-biblioentry]"):  # deprecated in favour of a plain item
        entry["role"] = "listitem"


def describe(soup: BeautifulSoup) -> None:
    """Tell search engines what the page says first, and browsers its width once."""
    for surplus in soup.select("meta[name=viewport]")[1:]:
        surplus.decompose()
    if soup.select_one("meta[name=description]"):
        return
    first = soup.select_one("article section > p")
    text = " ".join((first or soup.title).get_text().split())
    if len(text) > DESCRIPTION:
        text = text[: DESCRIPTION - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    soup.head.append(soup.new_tag("meta", attrs={"name": "description", "content": text}))


def join_styles(soup: BeautifulSoup, root: str) -> None:
    """Replace the style sheets by one that tools/styles.py makes of them."""
    links = [link for link in soup.select("head link[rel=stylesheet]") if "_static" in link["href"]]
    if not links:
        return
    names = [link["href"].split("?")[0].split("_static/")[1] for link in links]
    links[0]["href"] = root + STYLES
    links[0]["data-of"] = " ".join(name for name in names if "thebe" not in name)
    for link in links[1:]:
        link.decompose()


def lighten_scripts(soup: BeautifulSoup, search: bool) -> None:
    """Leave out scripts that the page has no use for, and let the others wait for the page."""
    unused = [] if search else list(UNUSED_SCRIPTS[1:])
    unused += UNUSED_SCRIPTS[:1]
    if not soup.select_one("article .math"):
        unused.append("mathjax")
    if not soup.select_one("article :is(.toggle, .admonition.dropdown)"):
        unused.append("toggle")
    if not soup.select_one("article .sd-tab-set"):
        unused.append("design-tabs")
    for hint in soup.select("link[rel=preload][as=script]"):
        hint.decompose()  # they would be fetched before what the reader sees
    for script in soup.select("script"):
        address = str(script.get("src", ""))
        code = (address or script.get_text()).split("?")[0].lower()
        if any(name in code for name in unused):
            script.decompose()
        elif "mathjax" in address:
            script["type"] = "text/later"  # course.js loads it
            del script["defer"]
        elif Path(address.split("?")[0]).name.removesuffix(".js").removesuffix(".min") in (
            THEME_SCRIPTS
        ):
            script["defer"] = ""
        elif code.startswith("documentation_options."):
            # Names the page to a switch between versions, and switches off search at each key:
            # there is no such switch, and off is the default
            script.decompose()


def settle_theme(soup: BeautifulSoup) -> None:
    """Choose light or dark before the body is read, not after: code would be coloured late."""
    for script in soup.select("head script:not([src])"):
        code = script.get_text()
        if 'localStorage.getItem("theme") || ' in code:
            start, end = code.split('localStorage.getItem("theme") || ')
            system = 'matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"'
            choice = f'localStorage.getItem("theme") || ({system});'
            script.string = start + choice + end.split(";", 1)[1]


def lighten_code(soup: BeautifulSoup) -> None:
    """Free code of elements that show nothing: more than half of all elements of a chapter."""
    for name in PLAIN:
        for token in soup.select(f".highlight pre span.{name}:not([class*=' '])"):
            token.unwrap()
    for token in soup.select(".highlight pre > span"):
        if not token.contents:  # of spaces alone, some texts in code are made
            token.decompose()


def size(file: Path) -> tuple[int, int] | None:
    """Width and height of a picture in pixels of the page, or None where it has none."""
    if file.suffix != ".svg":
        with Image.open(file) as image:
            return image.size
    root = ElementTree.parse(file).getroot()
    box = root.get("viewBox", "").split()
    scale = 4 / 3 if root.get("width", "").endswith("pt") else 1
    return (round(float(box[2]) * scale), round(float(box[3]) * scale)) if box else None


def lighten_pictures(soup: BeautifulSoup, root: str, out: Path, sources: dict[str, Path]) -> None:
    """Say each picture's size, so that nothing jumps, and load it when it comes into view.

    Pictures that stand in the page as text, which must arrive before what follows, become files.
    """
    for number, image in enumerate(soup.select("article img")):
        address = image["src"]
        if address.startswith("data:image/png;base64,"):
            content = base64.b64decode(address.split(",", 1)[1])
            file = out / "_images" / f"{hashlib.sha256(content).hexdigest()}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            image["src"] = f"{root}_images/{file.name}"
        else:
            file = sources.get(address.rsplit("/", 1)[-1])
        if file and "width" not in image.attrs and (pixels := size(file)):
            image["width"], image["height"] = map(str, pixels)
        if number:  # the first is often in view
            image["loading"] = "lazy"
        image["decoding"] = "async"


def finish_pages(app: Sphinx) -> None:
    """Let every page pass through the functions above before it is written."""
    render: Callable[[str, dict[str, Any]], str] = app.builder.templates.render
    glossary = functools.cache(lambda: meanings(app))  # is there once all pages are read

    def render_and_finish(template: str, context: dict[str, Any]) -> str:
        text = render(template, context)
        if "<html" not in text or "pagename" not in context:
            return text
        soup = BeautifulSoup(text, "html.parser")
        root = context.get("content_root", "./")
        sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
        name_parts(soup)
        describe(soup)
        explain(soup, glossary())
        join_styles(soup, root)
        lighten_scripts(soup, search=context["pagename"] == "search")
        settle_theme(soup)
        lighten_code(soup)
        lighten_pictures(soup, root, Path(app.outdir), sources)
        return str(soup)

    app.builder.templates.render = render_and_finish


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_js_file("course.js")
    app.connect("builder-inited", finish_pages)
    # another version lets Sphinx make all pages anew, so that a change of these files shows
    here = Path(__file__).parent
    files = (Path(__file__), here / "book_terms.py", here.parent / "glossary.md")
    version = zlib.crc32(b"".join(file.read_bytes() for file in files if file.is_file()))
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": version}
