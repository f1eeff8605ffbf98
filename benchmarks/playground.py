"""How fast is the playground? `python -m benchmarks.playground`, after `make book`.

Opens the built page in a headless Chromium, trains for some seconds by each of a few set-ups, and
prints the steps a second and how long the page was deaf at worst: the largest gap between two of
its animation frames, of which an idle page has one every 17 ms.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

from playwright.sync_api import sync_playwright

from tools.pdf import start
from tools.site import HTML

PAGE = HTML / "book" / "playground.html"
SET_UPS = {
    "2-16-32-2 against 2-64-64-1, batch 128": "t=exponential&r=published&steps=100000",
    "the same, with the heat map off": "t=exponential&r=published&steps=100000",
    "exponential, course's recipe": "t=exponential&steps=100000",
    "sine, course's recipe": "t=sine&steps=100000",
    "multiples of five, course's recipe": "t=multiples&steps=100000",
    "normal distribution, course's recipe": "t=normal&steps=100000",
}
GAPS = """
() => {
  window.gaps = [];
  let last = performance.now();
  const look = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(look); };
  requestAnimationFrame(look);
}
"""


def measure(page: Any, link: str, seconds: int, heat: bool) -> tuple[float, float, float]:
    """Steps a second, and the median and the largest gap between two frames, in ms."""
    page.goto("about:blank")
    page.goto(f"{PAGE.as_uri()}#{link}")
    page.wait_for_function("document.querySelector('gan-playground').frame")
    if not heat:
        page.uncheck("[data-switch=heat]")
    page.click("[data-part=train]")
    page.wait_for_timeout(1_500)  # until the engine has compiled what is used often
    page.evaluate(GAPS)
    count = "[Number(document.querySelector('gan-playground').dataset.step), performance.now()]"
    first, start = page.evaluate(count)
    page.wait_for_timeout(1_000 * seconds)
    last, end = page.evaluate(count)
    gaps = page.evaluate("window.gaps")
    return (last - first) / (end - start) * 1_000, statistics.median(gaps), max(gaps)


def main() -> None:
    """Measure each set-up, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of training for each set-up")
    seconds = parser.parse_args().seconds
    print(f"{'set-up':42} {'steps a second':>14} {'frame, median':>14} {'largest':>9}")
    with sync_playwright() as playwright, start(playwright) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for name, link in SET_UPS.items():
            rate, usual, worst = measure(page, link, seconds, "heat map off" not in name)
            print(f"{name:42} {rate:14.0f} {usual:11.0f} ms {worst:6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
