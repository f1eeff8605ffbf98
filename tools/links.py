"""Does every link inside the built site lead somewhere? `check(folder)` lists those that don't.

And does the site work without a network? `foreign(folder)` lists what it would fetch elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

ADDRESSES = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("source", "src"))
# pages that only work from the theme's search, or whose fragments are made by scripts
MADE_BY_SCRIPTS = {"search.html"}


def check(folder: Path) -> list[str]:
    """Look up the target of every address in every page, the part behind # too.

    Returns:
        One line for each broken link: page, address and what is missing.
    """
    pages = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.relative_to(folder).parts
    }
    anchors = {
        path: {tag["id"] for tag in soup.find_all(id=True)}
        | {str(tag["name"]) for tag in soup.find_all("a", attrs={"name": True})}
        for path, soup in pages.items()
    }
    broken = []
    for path, soup in pages.items():
        for name, attribute in ADDRESSES:
            for tag in soup.find_all(name, attrs={attribute: True}):
                address = str(tag[attribute])
                parts = urlsplit(address)
                if parts.scheme or parts.netloc:
                    continue  # another site, or a picture inside the page
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                where = path.relative_to(folder)
                if not target.is_file():
                    broken.append(f"{where}: {address}: no such file")
                elif target in anchors and target.name not in MADE_BY_SCRIPTS:
                    fragment = unquote(parts.fragment)
                    if fragment.startswith("t=") and pages[target].find("gan-playground"):
                        continue  # a set-up of the playground
                    if fragment and fragment not in anchors[target]:
                        broken.append(f"{where}: {address}: no such place in {target.name}")
    return broken


# what a browser fetches something for; <a href="…"> is a link for the reader, and no matter
FETCHED = ("src", "srcset", "poster", "data", "href", "xlink:href")
LINKS = {"a", "area", "base"}
# <link> that only says something about the page
SAID_ONLY = {"alternate", "author", "canonical", "index", "license", "next", "prev", "search"}
ELSEWHERE = re.compile(r"(?:^|,\s)\s*((?:https?:)?//[^\s,]+)", re.IGNORECASE)
IN_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s;]+)", re.IGNORECASE)
IN_SVG = re.compile(r"\b(?:href|src)\s*=\s*[\"']\s*((?:https?:)?//[^\"']+)", re.IGNORECASE)
IN_SCRIPT = re.compile(r"(?:https?:|[\"'`(])//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
# hosts that scripts name without asking them for anything: XML's vocabularies, and links for those
# who read the script or click on "about"
NEVER_ASKED = {
    "www.w3.org",
    "www.mathjax.org",
    "clipboardjs.com",
    "developer.mozilla.org",
    "pydata-sphinx-theme.readthedocs.io",
}
# On its own, MathJax's speech engine would take its tables from here. Inside MathJax it takes them
# from beside the page, except in browsers without XPath, which none of today's is.
SPEECH = {"cdn.jsdelivr.net"}


def foreign(folder: Path) -> list[str]:
    """What the site's pages, styles and scripts would fetch from another host.

    Returns:
        One line for each: file and address.
    """
    found = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        if path.suffix not in {".html", ".css", ".js", ".svg"}:
            continue
        text = path.read_text(encoding="utf-8")
        styles = [text] if path.suffix in {".css", ".svg"} else []
        scripts = [text] if path.suffix == ".js" else []
        addresses = IN_SVG.findall(text) if path.suffix == ".svg" else []
        if path.suffix == ".html":
            soup = BeautifulSoup(text, "html.parser")
            for tag in soup.find_all(lambda tag: tag.name not in LINKS):
                if tag.name == "link" and SAID_ONLY & set(tag.get("rel") or []):
                    continue
                for name in FETCHED:
                    addresses += ELSEWHERE.findall(str(tag.get(name, "")))
            styles += [str(tag["style"]) for tag in soup.find_all(style=True)]
            styles += [tag.get_text() for tag in soup.find_all("style")]
            scripts += [tag.get_text() for tag in soup.find_all("script", src=False)]
        allowed = NEVER_ASKED | (SPEECH if "mathjax" in path.parts else set())
        for style in styles:
            addresses += IN_CSS.findall(style)
        for script in scripts:
            addresses += [host for host in IN_SCRIPT.findall(script) if host not in allowed]
        found += [f"{path.relative_to(folder).as_posix()}: {address}" for address in addresses]
    return found
