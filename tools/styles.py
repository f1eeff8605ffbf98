"""One style sheet for the whole site, with the rules and icons that its pages use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import tinycss2  # type: ignore[import-untyped]
from fontTools import subset  # type: ignore[import-untyped]
from tinycss2.ast import Node  # type: ignore[import-untyped]

JOINED = "styles/course-all.css"  # what book/_ext/book_pages.py lets pages ask for
LINK = re.compile(r'(<link[^>]*?data-of="([^"]*)"[^>]*?href="[^"]*?course-all\.css)[^"]*"')
WORD = re.compile(r"[\w-]+")
NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")  # a class or an id in a selector
ARGUMENTS = re.compile(r"\([^()]*\)")
SCRIPT = re.compile(r'<script[^>]*? src="([^"?]*)')
ICON = re.compile("[\ue000-\uf8ff]")  # tinycss2 writes the escapes of the theme as characters


def sheet(static: Path, name: str) -> str:
    """The text of a style sheet: its imports put in, its addresses as seen from the joined one."""
    file = static / name
    text = file.read_text(encoding="utf-8")

    def address(match: re.Match[str]) -> str:
        target = match.group(1).strip("'\"")
        if target.startswith(("data:", "#", "http")):
            return match.group()
        path = (file.parent / target).resolve().relative_to(static.resolve())
        return f"url(../{path.as_posix()})"

    def imported(match: re.Match[str]) -> str:
        path = (file.parent / match.group(1)).resolve().relative_to(static.resolve())
        return sheet(static, path.as_posix())

    text = re.sub(r"/\*# sourceMappingURL=.*?\*/|@charset [^;]*;", "", text)
    text = re.sub(r"url\(([^)]*)\)", address, text)
    return re.sub(r'@import "([^"]*)";', imported, text)


def is_used(selector: str, words: set[str]) -> bool:
    """Whether all classes and ids that a selector asks for are words of some page or script."""
    while ARGUMENTS.search(selector):  # what stands in :not(…) need not be there
        selector = ARGUMENTS.sub("", selector)
    return all(name.replace("\\", "") in words for name in NAME.findall(selector))


def selectors(prelude: Iterable[Node]) -> list[str]:
    """The selectors of a rule, parted at their commas."""
    parts: list[list[Node]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def purge(text: str, words: set[str]) -> str:
    """Leave out of a style sheet what no page can use."""
    kept = []
    for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            used = [one for one in selectors(rule.prelude) if is_used(one, words)]
            if used:
                kept.append(f"{','.join(used)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer"):
            inner = purge(tinycss2.serialize(rule.content or []), words)
            if inner:
                head = tinycss2.serialize(rule.prelude).strip()
                kept.append(f"@{rule.at_keyword} {head}{{{inner}}}")
        elif rule.type == "at-rule":
            kept.append(rule.serialize())
        elif rule.type == "error":
            raise ValueError(f"a style sheet can't be read: {rule.message}")
    return "\n".join(kept)


def cut_fonts(static: Path, text: str) -> str:
    """Keep the icons that the style sheet draws, in copies of the theme's icon fonts."""
    icons = "".join(ICON.findall(text))
    for font in (static / "vendor" / "fontawesome" / "webfonts").glob("*.ttf"):
        options = subset.Options(flavor="woff", layout_features=[], name_IDs=[0, 13, 14])
        small = subset.load_font(str(font), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=icons)
        subsetter.subset(small)
        subset.save_font(small, str(font.with_suffix(".woff")), options)
    return re.sub(
        r'(url\([^)]*/fa-[\w-]+)\.woff2\) format\("woff2"\),\s*url\([^)]*\.ttf\) [^;}]*',
        r'\1.woff) format("woff")',
        text,
    )


def join(html: Path) -> None:
    """Write the joined style sheet of a built site, and its digest into each page that asks for it.

    Raises:
        ValueError: no page asks for it.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html")}
    used = {
        (path.parent / src).resolve()
        for path, page in pages.items()
        for src in SCRIPT.findall(page)
    }
    scripts = [path.read_text(encoding="utf-8") for path in used if path.is_file()]
    words = set(WORD.findall("\n".join([*pages.values(), *scripts])))
    lists = [match.group(2).split() for match in map(LINK.search, pages.values()) if match]
    if not lists:
        raise ValueError(f"no page of {html} asks for {JOINED}: is book_pages switched on?")
    names = max(lists, key=len)
    static = html / "_static"
    text = cut_fonts(static, purge("\n".join(sheet(static, name) for name in names), words))
    (static / JOINED).write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    for path, page in pages.items():
        stamped = LINK.sub(rf'\g<1>?v={digest}"', page)
        if stamped != page:
            path.write_text(stamped, encoding="utf-8")
