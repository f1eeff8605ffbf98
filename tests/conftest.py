"""What tests share: nothing leaves this machine; the built pages, and a real browser."""

import functools
import http.server
import os
import re
import socket
import sys
import threading
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from tools.browser import NAMES, find

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(BOOK))  # its scripts belong to no package
matplotlib.use("Agg")  # pictures are drawn unseen
TOC = (BOOK / "_toc.yml").read_text(encoding="utf-8")
PAGES = tuple(f"{name}.html" for name in re.findall(r"(?:root|file): (\S+)", TOC))


def _stay_here(event, arguments):
    """Fail a test that asks another machine: it would need a network, and what it gets may change.

    Python calls this before every operation of every library. What other programs do it does not
    see: what the browser asks for, the tests of the site look at.
    """
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None  # a path, of Unix
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    here = ("", "localhost", "::1", socket.gethostname())
    if name and name.partition("%")[0] not in here and not name.startswith("127."):
        pytest.fail(f"a test must not leave this machine, this one asked for {name!r}")


sys.addaudithook(_stay_here)


# Files of tests that take longest, after the notebooks: what a worker begins early holds nobody up.
LONG = ("test_site.py", "test_playground_page.py", "test_accessibility.py")


def pytest_collection_modifyitems(items):
    """Mark what `make check` leaves out; notebooks first, then long files: all end together."""
    for item in items:
        if {"browser", "site", "published"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    items.sort(key=lambda item: (item.path.suffix != ".ipynb", item.path.name not in LONG))


def seeded(seed=0):
    """Random numbers of a test's own."""
    import torch

    return torch.Generator().manual_seed(seed)


def weights(*networks):
    """All weights of some networks, as they are now."""
    return [weight.detach().clone() for network in networks for weight in network.parameters()]


def same(ones, others):
    """Whether two lists of tensors are the same to the last bit."""
    return all(one.equal(other) for one, other in zip(ones, others, strict=True))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        """Say nothing for each page."""


@pytest.fixture(scope="session")
def site():
    """The address of the built site, served on this machine."""
    if not (HTML / "index.html").is_file():
        pytest.fail("the book is not built: run `make book` first")
    handler = functools.partial(_Quiet, directory=str(HTML))
    # coverage watches each new thread; where two begin at once Python may refuse it, and a thread
    # that dies before it has begun leaves a page waiting for ever
    threading.settrace(None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # a browser may leave before a file was sent to its end; what is missing the page says itself
    server.handle_error = lambda request, client_address: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
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


def opened(browser, **settings):
    """A page that remembers what went wrong and which addresses it asked for."""
    settings = {"viewport": {"width": 1280, "height": 900}, **settings}
    page = browser.new_context(**settings).new_page()
    page.set_default_timeout(600_000)  # a busy machine is no fault of the page
    page.problems, page.asked = [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


@pytest.fixture
def page(browser):
    """A page, for which nothing must go wrong and which must not ask another host."""
    page = opened(browser)
    yield page
    page.context.close()
    assert page.problems == []
    here = ("http://127.0.0.1:", "file:", "data:", "blob:", "about:")
    assert [address for address in page.asked if not address.startswith(here)] == []


@functools.cache
def soup_of(path):
    """A built page, parsed once."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def show_formulas(page):
    """Draw the formulas: they wait for the reader's first move, key or touch."""
    if page.locator("article .math").count():
        page.keyboard.press("Shift")
        page.wait_for_selector("article mjx-container", state="attached")
