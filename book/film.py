"""Train a GAN and keep what its generator makes on the way: the film of the welcome page.

Run as ``python book/film.py [file]``; without a file it goes to ``book/_static/training.js``, which
``book/_static/film.js`` plays and ``book/figures.py`` draws the still from. It takes some seconds.
Another machine may round differently, and then the training goes another way.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_course.data import curve_points, exponential
from gan_course.many import QUICK, Ensemble, train
from gan_course.metrics import BINS, bins_covered, fit_error

FILE = Path(__file__).parent / "_static" / "training.js"
LOW, HIGH = 0, 50  # the range of x
SEED = 0
POINTS = 300  # as many real as generated ones: those that are measured are those that are shown
FRAMES = 64
# the window, a little larger than the data, and how many units of the picture it measures
X_WINDOW, Y_WINDOW = (-2.5, 52.5), (-3.5, 51.5)
WIDTH, HEIGHT = 1000, 720
START = "const TRAINING = "  # a script, as a page that was opened from a file can't read a JSON


def steps() -> list[int]:
    """After which steps a picture is taken: close together at first, where most happens."""
    last = QUICK.steps // 2
    return sorted({2 * round(1 + (last - 1) * (k / (FRAMES - 1)) ** 2.5) for k in range(FRAMES)})


def place(points: Tensor) -> list[list[int]]:
    """Where points, shape (n, 2), lie in the picture: x to the right, y downwards."""
    windows = torch.tensor([X_WINDOW, Y_WINDOW])
    share = (points - windows[:, 0]) / (windows[:, 1] - windows[:, 0])
    corner, size = torch.tensor([0, HEIGHT]), torch.tensor([WIDTH, -HEIGHT])
    return (corner + size * share).round().int().tolist()


def frame(step: int, points: Tensor) -> dict[str, Any]:
    """One picture: after which step, how good the points are, and where they lie."""
    return {
        "step": step,
        "off": f"{100 * fit_error(points, exponential, LOW, HIGH):.1f} %",
        "bins": bins_covered(points[:, 0], LOW, HIGH),
        "points": place(points),
    }


def real_points() -> Tensor:
    """The training set, shape (2048, 2)."""
    random = torch.Generator().manual_seed(SEED)
    return curve_points(exponential, LOW, HIGH, 2048, random=random)


class Enough(Exception):
    """Raised to end a training before its time."""


def frames(until: int = QUICK.steps) -> list[dict[str, Any]]:
    """Train, and take the pictures of all `steps` up to one of them."""
    taken: list[dict[str, Any]] = []
    wanted = set(steps())

    def report(step: int, so_far: Ensemble) -> None:
        if step in wanted:
            taken.append(frame(step, so_far.generate(POINTS)[0]))
        if step >= until:
            raise Enough

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two runs then agree to the last bit
    try:
        train(real_points(), QUICK, (SEED,), report=report, every=2)
    except Enough:
        pass
    finally:
        torch.set_num_threads(threads)
    return taken


def lines(film: dict[str, Any]) -> Iterator[str]:
    """The film as a script, a line for each picture."""
    compact = {"separators": (",", ":")}
    head = {name: value for name, value in film.items() if name != "frames"}
    yield START + json.dumps(head)[:-1] + ', "frames": ['
    yield ",\n".join(json.dumps(picture, **compact) for picture in film["frames"])
    yield "]};"


def read(file: Path = FILE) -> dict[str, Any]:
    """The film in a file that `main` wrote."""
    text = file.read_text(encoding="utf-8")
    return json.loads(text.removeprefix(START).rstrip().removesuffix(";"))


def main(file: Path) -> None:
    """Train and write the film."""
    film = {
        "steps": QUICK.steps,
        "strips": BINS,
        "size": [WIDTH, HEIGHT],
        "origin": place(torch.tensor([[0.0, 0.0]]))[0],
        "ends": place(torch.tensor([[50.0, 50.0]]))[0],
        "real": place(real_points()[:POINTS]),
        "frames": frames(),
    }
    file.write_text("\n".join(lines(film)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    main(target)
    print(target)
