"""Small repairs of Jupyter Book: failing scripts, links to the glossary, buttons, figures."""

from __future__ import annotations

import zlib
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def drop_thebe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out sphinx-thebe's scripts: the theme loads them twice, which is an error."""
    if "script_files" in context:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if "thebe" not in str(getattr(script, "filename", script) or "")
            and "thebe" not in str(getattr(script, "attributes", {}).get("body", "")).lower()
        ]


# in the order in which they need each other
PLAYGROUND = ("core", "measures", "targets", "session", "pictures", "trained", "playground")
DIGITS = ("core", "digits")  # which loads its weights itself, when a reader comes to it


def add_playground(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the scripts of a playground or digit machine on pages that hold one, on no others."""
    raw = "" if doctree is None else " ".join(node.astext() for node in doctree.findall(nodes.raw))
    names = list(PLAYGROUND) if "<gan-playground" in raw else []
    if "<gan-playground small" in raw:
        names.remove("trained")
    if "<gan-digits" in raw:
        names += [name for name in DIGITS if name not in names]
    if names:
        app.add_css_file("playground/playground.css")
    for name in names:
        app.add_js_file(f"playground/{name}.js", loading_method="defer")


def one_click(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Put the links that open a notebook in Colab or Binder, or download it, under its title.

    The theme has the first two behind a rocket, where one has to know them.
    """
    if not context.get("sourcename", "").endswith(".ipynb"):
        return
    groups = [group.get("buttons", []) for group in context.get("header_buttons", [])]
    places = {button.get("text"): button.get("url") for group in groups for button in group}
    links = [
        f'<a href="{escape(places[name])}">Open in {name}</a>'
        for name in ("Colab", "Binder")
        if name in places
    ]
    file = PurePosixPath(pagename).name + ".ipynb"
    links.append(f'<a href="{file}" download>Download the notebook</a>')
    row = f'<p class="one-click d-print-none">{" ".join(links)}</p>'
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{row}", 1)


def link_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Let [text](../book/glossary.md#term-NAME) find its entry.

    Notebooks use this form because it reads well on GitHub and Colab too, where roles do not work.
    """
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for term in doctree.findall(nodes.term):
        for name in term["ids"]:
            slugs[name] = (term.line or 0, name, term.astext())


def number_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Turn a picture with a line in italics below it into a figure with a number and a caption.

    Notebooks use this form because they show no figure of the book's kind.
    """
    for words in list(doctree.findall(nodes.emphasis)):
        line, place = words.parent, words.parent.parent.index(words.parent)
        above = line.parent[max(place - 1, 0)]
        parts = [type(part) for part in (*above, *line)]
        if isinstance(above, nodes.paragraph) and parts == [nodes.image, nodes.emphasis]:
            (picture,) = above
            name = "fig-" + PurePosixPath(picture["uri"]).stem.replace("_", "-")
            caption = nodes.caption("", "", *words.children)
            above.replace_self(nodes.figure("", picture, caption, ids=[name], align="center"))
            line.parent.remove(line)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, after the extensions that this one repairs."""
    app.connect("html-page-context", add_playground)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", one_click, priority=900)
    app.connect("doctree-read", link_terms, priority=900)
    app.connect("doctree-read", number_pictures)
    # another version lets Sphinx make all pages anew, so that a change of this file shows
    version = zlib.crc32(Path(__file__).read_bytes())
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": version}
