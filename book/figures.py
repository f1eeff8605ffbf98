"""Draw the figures of the chapter "How a GAN is trained" as SVG files.

Run as ``python book/figures.py [output_folder]``; without a folder the files go to
``book/figures/``. Two runs with the same matplotlib give the same bytes.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Okabe and Ito's colours stay apart for colour-blind readers. A shape always says the same.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
INK, GREY, PAPER, WHITE = "#1A1A1A", "#6B6B6B", "#FAFAF5", "#FFFFFF"

# Inches: narrow, so that 12 points stay legible when a phone shrinks the figure to 300 pixels.
WIDTH = 4.2

# A solid light ground reads in the light and in the dark theme; paths need no installed font.
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 13,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.facecolor": WHITE,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "gan-course",
}


class Box(NamedTuple):
    """A rectangle in canvas units: its middle, its width and its height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> tuple[float, float]:
        """Middle of the upper edge."""
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        """Middle of the lower edge."""
        return self.x, self.y - self.height / 2

    @property
    def left(self) -> tuple[float, float]:
        """Middle of the left edge."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        """Middle of the right edge."""
        return self.x + self.width / 2, self.y


class GameStep(NamedTuple):
    """State of the one-number game before a step."""

    error: float
    generator_loss: float


def one_number_game(steps: int = 520, rate: float = 0.05) -> list[GameStep]:
    """Play the smallest GAN there is, with one weight a network (Mescheder et al. 2018).

    The real data is always the number 0. The generator's only weight is the number it puts
    out; the discriminator answers sigmoid(slope * number). Both take plain gradient steps.

    Args:
        steps: How many iterations to play.
        rate: Learning rate of both players.

    Returns:
        One state an iteration: the distance of the fake from the truth, the generator's loss.
    """
    fake, slope = 1.0, 0.0
    history = []
    for _ in range(steps):
        history.append(GameStep(abs(fake), math.log1p(math.exp(-slope * fake))))
        # D's loss on the fake is softplus(slope * fake); on the real 0 it has no slope to learn
        slope -= rate * fake / (1 + math.exp(-slope * fake))
        # G's loss, with target one, is softplus(-slope * fake)
        fake += rate * slope / (1 + math.exp(slope * fake))
    return history


def right_and_wrong(history: list[GameStep]) -> tuple[int, int]:
    """Find two steps with nearly the same loss, one with a perfect and one with a bad generator.

    Args:
        history: What `one_number_game` returned.

    Returns:
        The step at which the fake first meets the truth, and the step of the largest error
        in the half turn that follows.
    """
    errors = [state.error for state in history]
    right = next(n for n in range(1, len(errors)) if errors[n + 1] > errors[n])
    wrong = next(n for n in range(right + 1, len(errors)) if errors[n + 1] < errors[n])
    return right, wrong


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Make an empty drawing area; a width of 48 units is as wide as all figures are."""
    figure = Figure(figsize=(WIDTH, WIDTH * height / width))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def _box(axes: Axes, box: Box, face: str = WHITE, edge: str = GREY, line: float = 1.2) -> None:
    """Draw a rounded rectangle."""
    corner = box.x - box.width / 2, box.y - box.height / 2
    shape = "round,pad=0,rounding_size=1.4"
    axes.add_patch(
        FancyBboxPatch(
            corner, box.width, box.height, boxstyle=shape, facecolor=face, edgecolor=edge, lw=line
        )
    )


def _label(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float = 13,
    color: str = INK,
    weight: str = "normal",
) -> None:
    """Write text whose middle lies at (x, y)."""
    look: dict[str, Any] = {"color": color, "fontweight": weight, "fontsize": size}
    axes.text(x, y, text, ha="center", va="center", linespacing=1.3, **look)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], dashed: bool = False
) -> None:
    """Draw an arrow that touches both points."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=7,head_width=4",
            linestyle=(0, (3, 1.5)) if dashed else "-",
            shrinkA=0,
            shrinkB=0,
            lw=2,
            color=INK,
            joinstyle="miter",
        )
    )


def _real(axes: Axes, points: Points, size: float = 34) -> None:
    """Draw real samples: filled blue dots."""
    axes.scatter(points[:, 0], points[:, 1], s=size, marker="o", color=BLUE, linewidths=0, zorder=3)


def _fake(axes: Axes, points: Points, size: float = 44) -> None:
    """Draw generated samples: vermilion crosses."""
    axes.scatter(points[:, 0], points[:, 1], s=size, marker="x", color=VERMILION, lw=2, zorder=4)


def _curve(x: Points) -> Points:
    """Points of the course's first curve, y = 1.08^x, as rows (x, y)."""
    return np.column_stack([x, 1.08**x])


def two_networks() -> Figure:
    """Draw who hands what to whom: noise, generator, fake, real, discriminator, probability."""
    figure, axes = _canvas(48, 61)
    noise, generator = Box(12.5, 55.5, 20, 7), Box(12.5, 43, 20, 8)
    fake, real = Box(12.5, 29, 20, 10), Box(35.5, 29, 20, 10)
    truth = Box(35.5, 49, 20, 20)
    discriminator, answer = Box(24, 15.5, 43, 8), Box(24, 4.5, 43, 6)

    for box in (noise, fake, real, truth, answer):
        _box(axes, box)
    _box(axes, generator, face=BLUE, edge=INK, line=2)
    _box(axes, discriminator, face=ORANGE, edge=INK, line=2)
    _label(axes, *noise[:2], "noise Z")
    _label(axes, *generator[:2], "Generator", 15, color=WHITE, weight="bold")
    _label(axes, truth.x, 56.3, "training set")
    _label(axes, fake.x, 31.7, "fake sample")
    _label(axes, real.x, 31.7, "real sample")
    _label(axes, *discriminator[:2], "Discriminator", 15, weight="bold")
    _label(axes, *answer[:2], "probability of “real”")

    for start, end in [(noise, generator), (generator, fake), (truth, real)]:
        _arrow(axes, start.bottom, end.top)
    for box in (fake, real):
        _arrow(axes, box.bottom, (box.x, discriminator.top[1]))
    _arrow(axes, discriminator.bottom, answer.top)

    steps = np.linspace(0, 1, 11)
    _real(axes, np.column_stack([28 + 15 * steps, 42 + 10.5 * steps**2.2]), 42)
    _real(axes, np.array([[real.x, 27.2]]), 120)
    _fake(axes, np.array([[fake.x, 27.2]]), 120)
    return figure


def four_steps() -> Figure:
    """Draw one training iteration as a loop of four numbered steps."""
    figure, axes = _canvas(48, 46)
    boxes = [Box(12, 35, 20, 18), Box(36, 35, 20, 18), Box(36, 11, 20, 18), Box(12, 11, 20, 18)]
    words = [
        "noise in,\nfakes out",
        "discriminator\njudges all",
        "answers vs\ntruth: losses",
        "adjust both\nnetworks",
    ]
    for number, (box, text) in enumerate(zip(boxes, words, strict=True), start=1):
        _box(axes, box, edge=INK, line=1.8)
        axes.scatter(box.x, box.y + 4.6, s=520, color=INK, linewidths=0)
        _label(axes, box.x, box.y + 4.5, str(number), 16, color=WHITE, weight="bold")
        _label(axes, box.x, box.y - 3.6, text, 13.5)
    _arrow(axes, boxes[0].right, boxes[1].left)
    _arrow(axes, boxes[1].bottom, boxes[2].top)
    _arrow(axes, boxes[2].left, boxes[3].right)
    _arrow(axes, boxes[3].top, boxes[0].bottom, dashed=True)
    _label(axes, 24, 23, "one iteration", 14, weight="bold")
    return figure


def _sketched_fakes(progress: float) -> Points:
    """Invent fakes that lie `progress` (0 to 1) of the way from a heap to the curve."""
    random = np.random.default_rng(5)
    heap = random.normal((9.0, 14.0), (4.5, 6.0), (16, 2))
    goal = _curve(np.linspace(1, 49, 16))
    return (1 - progress) * heap + progress * goal


def _gauge(axes: Axes, real: float, fake: float) -> None:
    """Draw D's answers on a line from 0 to 1, with a tick at one half."""
    axes.set(xlim=(-0.18, 1.18), ylim=(-1.5, 1.5))
    axes.axis("off")
    _label(axes, 0.5, 1.1, "D says", 12)
    axes.plot([0, 1], [0, 0], color=GREY, lw=2, solid_capstyle="butt", zorder=1)
    for tick, text in [(0.0, "0"), (0.5, "½"), (1.0, "1")]:
        axes.plot([tick, tick], [-0.3, 0.3], color=GREY, lw=1.5, zorder=1)
        _label(axes, tick, -1.0, text, 12)
    _real(axes, np.array([[real, 0.0]]), 90)
    _fake(axes, np.array([[fake, 0.0]]), 80)


def many_iterations() -> Figure:
    """Sketch the fakes and D's answers at four moments of a training run."""
    figure = Figure(figsize=(WIDTH, 6.0))
    moments = [
        ("1  first", 0.0, 0.94, 0.06),
        ("2  later", 0.55, 0.8, 0.22),
        ("3  later still", 0.88, 0.64, 0.37),
        ("4  near the end", 1.0, 0.51, 0.49),
    ]
    for n, (title, progress, real, fake) in enumerate(moments):
        left, bottom = 0.03 + 0.49 * (n % 2), 0.67 - 0.49 * (n // 2)
        axes = figure.add_axes((left, bottom, 0.45, 0.265))
        axes.set(xlim=(-5, 55), ylim=(-7, 53), xticks=[], yticks=[])
        axes.set_title(title, fontsize=13, pad=6, weight="bold", color=INK)
        _real(axes, _curve(np.linspace(0, 50, 17)), 26)
        _fake(axes, _sketched_fakes(progress), 34)
        _gauge(figure.add_axes((left, bottom - 0.15, 0.45, 0.14)), real, fake)
    return figure


def latent_space() -> Figure:
    """Draw a walk between two latent points and where the generator takes it."""
    figure = Figure(figsize=(WIDTH, 5.6))
    share = np.linspace(0, 1, 6)
    walk = np.column_stack([-1.5 + 3.0 * share, 1.0 - 1.6 * share])
    samples = _curve(8 + 38 * share)

    upper = figure.add_axes((0.13, 0.6, 0.83, 0.31))
    upper.set(xlim=(-2.4, 2.4), ylim=(-1.6, 1.9), xticks=[], yticks=[])
    upper.set_title("latent space", fontsize=14, weight="bold", color=INK)
    upper.set_xlabel("$z_1$", fontsize=14, labelpad=2)
    upper.set_ylabel("$z_2$", fontsize=14, labelpad=2)
    lower = figure.add_axes((0.13, 0.06, 0.83, 0.35))
    lower.set(xlim=(-3, 55), ylim=(-5, 51), xticks=[], yticks=[])
    lower.set_title("samples", fontsize=14, weight="bold", color=INK)
    lower.set_xlabel("x", fontsize=14, labelpad=2)
    lower.set_ylabel("y", fontsize=14, labelpad=2)
    curve = _curve(np.linspace(0, 50, 101))
    lower.plot(curve[:, 0], curve[:, 1], color=GREY, lw=1.5, ls=":")
    bent = _curve(np.linspace(8, 46, 101))

    places = [(upper, walk, walk, (0.0, 0.52)), (lower, bent, samples, (-2.5, 6.8))]
    for axes, line, path, (right, up) in places:
        axes.plot(line[:, 0], line[:, 1], color=GREEN, lw=2.5, zorder=2)
        axes.scatter(path[1:-1, 0], path[1:-1, 1], s=60, color=GREEN, edgecolors=INK, zorder=3)
        for (x, y), marker, name in zip(path[[0, -1]], "sD", "AB", strict=True):
            axes.scatter(x, y, s=130, marker=marker, color=ORANGE, edgecolors=INK, lw=1.5, zorder=4)
            _label(axes, x + right, y + up, name, 15, weight="bold")

    between = figure.add_axes((0, 0, 1, 1), facecolor="none")
    between.set(xlim=(0, 48), ylim=(0, 64))
    between.axis("off")
    _arrow(between, (26.2, 35.0), (26.2, 29.8))
    _label(between, 35, 32.6, "Generator", 14, color=BLUE, weight="bold")
    return figure


def moving_target() -> Figure:
    """Plot loss and error of the one-number game: the same loss, right and wrong."""
    figure = Figure(figsize=(WIDTH, 4.9))
    upper, lower = figure.subplots(2, 1, sharex=True)
    history = one_number_game()
    marks = zip(right_and_wrong(history), "os", (BLUE, VERMILION), strict=True)
    losses = [state.generator_loss for state in history]
    errors = [state.error for state in history]

    upper.plot(losses, color=INK, lw=2)
    upper.axhline(math.log(2), color=GREY, lw=1.5, ls="--", zorder=1)
    upper.set_title("generator's loss", fontsize=14, weight="bold", color=INK)
    upper.set(ylim=(0, 1.2), yticks=[0, 0.5, 1])
    lower.plot(errors, color=INK, lw=2)
    lower.set_title("true error", fontsize=14, weight="bold", color=INK)
    lower.set(ylim=(-0.12, 1.4), yticks=[0, 1], xticks=[0, 200, 400])
    lower.set_xlabel("iteration", fontsize=13)
    for step, marker, colour in marks:
        upper.axvline(step, color=colour, lw=1.5, ls=":")
        lower.axvline(step, color=colour, lw=1.5, ls=":")
        upper.scatter(step, losses[step], s=110, marker=marker, color=colour, zorder=4)
        lower.scatter(step, errors[step], s=110, marker=marker, color=colour, zorder=4)
    figure.subplots_adjust(left=0.12, right=0.96, top=0.93, bottom=0.12, hspace=0.28)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "two_networks": two_networks,
    "four_steps": four_steps,
    "many_iterations": many_iterations,
    "latent_space": latent_space,
    "moving_target": moving_target,
}


def draw_all(folder: Path) -> list[Path]:
    """Draw every figure into a folder, which is made if need be.

    Args:
        folder: Where the SVG files go.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    # from matplotlib's own defaults, so that nobody's matplotlibrc changes a figure
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        # matplotlib types its setting names one by one, and a plain dict of them as wrong
        settings: Any = matplotlib.rcParams
        settings.update(STYLE)
        for name, draw in FIGURES.items():
            written.append(folder / f"{name}.svg")
            draw().savefig(written[-1], format="svg", metadata={"Date": None})
    return written


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures"
    for path in draw_all(target):
        print(path)
