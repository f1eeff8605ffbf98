"""Puts the meaning of a word beside its link to the glossary. course.js shows it in a bubble."""

from __future__ import annotations

import re
from urllib.parse import unquote

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"


def plain(entry: nodes.Node) -> str:
    """The text of a definition on one line, without its citations."""
    for xref in list(entry.findall(pending_xref)):
        if xref["refdomain"] == "cite":
            xref.parent.remove(xref)
    return re.sub(r" (?=[.,:;)])", "", " ".join(entry.astext().split()))


def meanings(app: Sphinx) -> dict[str, str]:
    """What the words of the glossary mean, by the part of their address behind the #."""
    if GLOSSARY not in app.env.found_docs:
        return {}
    return {
        name: plain(item.children[-1])
        for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for name in term["ids"]
    }


def explain(soup: BeautifulSoup, known: dict[str, str]) -> None:
    """Describe each link to the glossary by an element at the end of the article, which is hidden.

    Screen readers read the description of a link aloud, from a hidden element too.
    """
    used: dict[str, str] = {}
    for link in soup.select("article a[href*='#term-']:not(.headerlink)"):
        name = unquote(str(link["href"]).partition("#")[2])
        if name in known:
            link["class"] = [*link.get_attribute_list("class", []), "explained"]
            link["aria-describedby"] = f"meaning-{name}"
            used[name] = known[name]
    if not used or soup.article is None:
        return
    box = soup.new_tag("div", attrs={"class": "d-print-none", "hidden": ""})
    for name, meaning in used.items():
        span = soup.new_tag("span", attrs={"id": f"meaning-{name}"})
        span.string = meaning
        box.append(span)
    soup.article.append(box)
