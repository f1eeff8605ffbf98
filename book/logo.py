"""Draw the course's logo, and the small icon of a browser's tab from the same shapes.

Run as ``python book/logo.py [output_folder]``; without a folder the files go to ``book/_static/``.
The generator widens, the discriminator narrows, and they face each other: noise goes in on the
left, points of the course's first curve, y = 1.08^x, come out on the right.
"""

import sys
from pathlib import Path

from figures import BLUE, INK, ORANGE, WHITE

SIZE = 64  # both pictures are squares of this many units
NOISE = [(10, 27), (20, 20), (12, 41), (22, 33), (21, 47)]
FEW = [(20, 20), (11, 33), (22, 45)]  # where a tab leaves 16 pixels, three dots can be told apart


def network(side: int, colour: str) -> str:
    """One network: half a hexagon that is wide in the middle of the logo.

    Args:
        side: -1 for the left half, 1 for the right one.
        colour: of the whole shape.
    """
    corners = [(28, -14), (3, -28), (3, 28), (28, 14)]
    path = "L".join(f"{SIZE // 2 + side * x} {SIZE // 2 + y}" for x, y in corners)
    # the stroke rounds the corners off
    look = f'fill="{colour}" stroke="{colour}" stroke-width="4" stroke-linejoin="round"'
    return f'<path d="M{path}Z" {look}/>'


def curve(width: float) -> str:
    """The curve y = 1.08^x over the right network, for x from 31 to 49."""
    points = ((6 + x, 49 - 0.6 * 1.08**x) for x in range(31, 50, 2))
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    look = f'stroke="{INK}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="M{path}" fill="none" {look}/>'


def logo(noise: list[tuple[int, int]], dot: float, line: float) -> str:
    """The logo as SVG; it has no ground, and reads on a light and on a dark page.

    Args:
        noise: where the dots of noise lie.
        dot: their radius.
        line: how thick the curve is.
    """
    dots = "".join(f'\n  <circle cx="{x}" cy="{y}" r="{dot}" fill="{WHITE}"/>' for x, y in noise)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">\n'
        f"  {network(-1, BLUE)}\n  {network(1, ORANGE)}{dots}\n  {curve(line)}\n</svg>\n"
    )


def draw_all(folder: Path) -> list[Path]:
    """Write both files into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"logo.svg": logo(NOISE, 3.6, 4.5), "favicon.svg": logo(FEW, 5, 6.5)}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in files]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "_static"
    for path in draw_all(target):
        print(path)
