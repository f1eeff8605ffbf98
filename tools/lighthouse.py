"""Scores of the built site by Lighthouse: `python -m tools.lighthouse`. Needs Node.js, Chromium."""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import io
import json
import os
import statistics
import subprocess
import sys
import threading
from pathlib import Path

from tools.browser import NAMES, find
from tools.notebooks import ROOT

HTML = ROOT / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"  # the newest that runs on Node.js 20
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TARGET = 95
# The lightest page, the heaviest chapter, a chapter like the rest, and the page that computes
PAGES = (
    "book/index.html",
    "notebooks/01_exponential_curve.html",
    "notebooks/03_uniform_to_normal.html",
    "book/playground.html",
)
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".txt"}


class LikeGitHubPages(http.server.SimpleHTTPRequestHandler):
    """Serves files compressed and with ten minutes in the cache, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing for each file."""

    def send_head(self) -> io.BytesIO | None:
        """Send the headers of a file, and return what follows them."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return None
        body = path.read_bytes()
        self.send_response(200)
        if path.suffix in COMPRESSED:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        return io.BytesIO(body)


def chromium() -> str:
    """The path of this machine's Chromium.

    Raises:
        FileNotFoundError: there is none.
    """
    program = find()
    if program is None:
        raise FileNotFoundError(f"no browser on this machine (looked for {', '.join(NAMES)})")
    return program


def scores(address: str, report: Path) -> dict[str, int]:
    """Open a page in Lighthouse's default phone; the score of each category, 0 to 100.

    Raises:
        RuntimeError: Lighthouse could not judge the page.
    """
    command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output", "json"]
    command += ["--output-path", str(report), f"--only-categories={','.join(CATEGORIES)}"]
    command += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium()})
    result = json.loads(report.read_text(encoding="utf-8"))
    if "runtimeError" in result:
        raise RuntimeError(f"{address}: {result['runtimeError']['message']}")
    return {name: round(100 * (result["categories"][name]["score"] or 0)) for name in CATEGORIES}


def main() -> int:
    """Print a table of pages and scores; 1 if one is below the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=[p for p in PAGES if (HTML / p).is_file()])
    parser.add_argument("--runs", type=int, default=3, help="the median of so many counts")
    arguments = parser.parse_args()
    if not (HTML / "index.html").is_file():
        print("the book is not built: run `make book` first", file=sys.stderr)
        return 1
    reports = ROOT / "_build" / "lighthouse"
    reports.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(LikeGitHubPages, directory=str(HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    width = max(map(len, arguments.pages))
    print(f"{'page':{width}}", *CATEGORIES, sep="  ")
    lowest = 100
    for page in arguments.pages:
        address = f"http://127.0.0.1:{server.server_address[1]}/{page}"
        report = reports / page.replace("/", "_").replace(".html", ".json")
        runs = [scores(address, report) for _ in range(arguments.runs)]
        medians = {name: round(statistics.median(run[name] for run in runs)) for name in CATEGORIES}
        print(f"{page:{width}}", *(f"{medians[c]:{len(c)}}" for c in CATEGORIES), sep="  ")
        lowest = min(lowest, *medians.values())
    server.shutdown()
    print(f"The reports of the last runs lie in {reports.relative_to(ROOT)}.")
    if lowest < TARGET:
        print(f"A score is below {TARGET}.", file=sys.stderr)
    return int(lowest < TARGET)


if __name__ == "__main__":
    raise SystemExit(main())
