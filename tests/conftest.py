"""What tests of the site share: the built pages, and a real browser."""

from __future__ import annotations

import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.browser import NAMES, find

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PAGES = (
    "book/index.html",
    "book/setup.html",
    "book/how_gans_train.html",
    "book/playground.html",
    "notebooks/01_exponential_curve.html",
    "notebooks/02_multiples_of_five.html",
    "notebooks/03_uniform_to_normal.html",
    "notebooks/04_is_it_any_good.html",
    "notebooks/05_works_on_every_seed.html",
    "notebooks/06_museum_of_broken_gans.html",
    "notebooks/07_fifteen_questions.html",
    "notebooks/08_making_it_fast.html",
    "notebooks/exercises/01_exercises.html",
    "notebooks/exercises/02_exercises.html",
    "notebooks/exercises/03_exercises.html",
    "notebooks/exercises/06_exercises.html",
    "book/glossary.html",
    "book/bibliography.html",
    "book/api.html",
)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing for each page."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where a browser has left before a file was sent to its end."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built site, served on this machine."""
    if not (HTML / "index.html").is_file():
        pytest.fail("the book is not built: run `make book` first")
    handler = functools.partial(_Quiet, directory=str(HTML))
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium of this machine; without one tests are skipped, except in CI."""
    from playwright.sync_api import sync_playwright

    program = find()
    if program is None:
        reason = f"no browser on this machine (looked for {', '.join(NAMES)})"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*options, "--disable-background-networking"]
        )
        yield chromium
        chromium.close()
