"""Does every link inside the built site lead somewhere? `check(folder)` lists those that don't."""

from __future__ import annotations

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
