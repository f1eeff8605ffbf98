"""Does every link inside the built site lead somewhere? `check(folder)` lists those that don't.

And does the site work without a network? `foreign(folder)` lists what it would fetch elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

ADDRESSES = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("source", "src"))
# what a browser fetches something for; <a href="…"> is a link for the reader, and no matter
FETCHED = ("src", "srcset", "poster", "data")
# <link> that makes it fetch something; others only say something about the page
LOADED = {"stylesheet", "icon", "preload", "modulepreload", "manifest"}
ELSEWHERE = re.compile(r"(?:^|,\s)\s*((?:https?:)?//[^\s,]+)", re.IGNORECASE)
IN_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s;]+)", re.IGNORECASE)
IN_SVG = re.compile(r"\b(?:href|src)\s*=\s*[\"']\s*((?:https?:)?//[^\"']+)", re.IGNORECASE)


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
        where = path.relative_to(folder)
        for name, attribute in ADDRESSES:
            for tag in soup.find_all(name, attrs={attribute: True}):
                address = str(tag[attribute])
                parts = urlsplit(address)
                if parts.scheme or parts.netloc:
                    continue  # another site, or a picture inside the page
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                place = unquote(parts.fragment)
                if not target.is_file():
                    broken.append(f"{where}: {address}: no such file")
                elif place and target in anchors and place not in anchors[target]:
                    if place.startswith("t=") and pages[target].find("gan-playground"):
                        continue  # a set-up of the playground
                    broken.append(f"{where}: {address}: no such place in {target.name}")
    return broken


def foreign(folder: Path) -> list[str]:
    """What the site's pages, styles and drawings would fetch from another host.

    What scripts ask for only a browser can tell: tests/test_site.py listens to it.

    Returns:
        One line for each: file and address.
    """
    found = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        if path.suffix not in {".html", ".css", ".svg"}:
            continue
        text = path.read_text(encoding="utf-8")
        addresses = IN_CSS.findall(text)
        if path.suffix == ".svg":
            addresses += IN_SVG.findall(text)
        if path.suffix == ".html":
            for tag in BeautifulSoup(text, "html.parser").find_all(True):
                names = [*FETCHED, "href"] if LOADED & set(tag.get("rel") or []) else FETCHED
                for name in names:
                    addresses += ELSEWHERE.findall(str(tag.get(name, "")))
        found += [f"{path.relative_to(folder).as_posix()}: {address}" for address in addresses]
    return found
