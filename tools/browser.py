"""Which browser of this machine opens the site? Chromium or Chrome, whatever it is called."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of the first that is installed; None without one."""
    return next(filter(None, map(shutil.which, NAMES)), None)
