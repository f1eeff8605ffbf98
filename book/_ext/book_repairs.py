"""Small repairs of Jupyter Book: scripts that fail, links to glossary entries."""

from __future__ import annotations

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


def add_playground(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the playground's scripts on pages that hold one, and on no others."""
    if doctree is None or not any(
        "<gan-playground" in raw.astext() for raw in doctree.findall(nodes.raw)
    ):
        return
    app.add_css_file("playground/playground.css")
    for name in PLAYGROUND:
        app.add_js_file(f"playground/{name}.js", loading_method="defer")


def link_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Let [text](../book/glossary.md#term-NAME) find its entry.

    Notebooks use this form because it reads well on GitHub and Colab too, where roles do not work.
    """
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for term in doctree.findall(nodes.term):
        for name in term["ids"]:
            slugs[name] = (term.line or 0, name, term.astext())


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after the extensions that this one repairs."""
    app.connect("html-page-context", add_playground)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("doctree-read", link_terms, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
