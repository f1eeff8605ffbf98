"""Takes sphinx-thebe's scripts out of the pages: the theme loads them twice, which is an error."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def drop_thebe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Keep every script of the page but those of sphinx-thebe, which this book does not use."""
    if "script_files" in context:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if "thebe" not in str(getattr(script, "filename", script) or "")
            and "thebe" not in str(getattr(script, "attributes", {}).get("body", "")).lower()
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after the extensions that add those scripts."""
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
