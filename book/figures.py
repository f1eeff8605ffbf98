"""Draw the figures of the pages that don't run as SVG files.

Run as ``python book/figures.py [output_folder]``; without a folder the files go to
``book/figures/``. Two runs with the same matplotlib give the same bytes.
"""

import math
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from film import read
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_course.data import batches, curve_points, exponential, normal_noise
from gan_course.many import ORIGINAL
from gan_course.networks import make_discriminator, make_generator
from gan_course.records import load_records
from gan_course.training import Losses, fake_loss, generator_loss, real_loss

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
    discriminator_loss: float
    slope: float  # the discriminator's weight


def one_number_game(steps: int = 520, rate: float = 0.05) -> list[GameStep]:
    """Play the smallest GAN there is, with one weight a network (Mescheder et al. 2018).

    The real data is always the number 0. The generator's only weight is the number it puts
    out; the discriminator answers sigmoid(slope * number). Both take plain gradient steps.

    Args:
        steps: How many steps to play.
        rate: Learning rate of both players.

    Returns:
        One state a step: the distance of the fake from the truth, both losses, and the slope.
    """
    fake, slope = 1.0, 0.0
    history = []
    for _ in range(steps):
        generator_loss = math.log1p(math.exp(-slope * fake))
        # D's loss on the fake is softplus(slope * fake); on the real 0 it is ln 2, whatever slope
        discriminator_loss = math.log(2) + math.log1p(math.exp(slope * fake))
        history.append(GameStep(abs(fake), generator_loss, discriminator_loss, slope))
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


def neuron() -> Figure:
    """Draw what one neuron does: two inputs, a weight each, a bias, a bend, one answer."""
    figure, axes = _canvas(48, 28)
    total, bend = Box(22, 15, 18.5, 7), Box(38, 15, 8, 8)
    for y, name, weight in ((23, "x", "w₁"), (7, "y", "w₂")):
        axes.scatter([3.5], [y], s=560, color=WHITE, edgecolor=GREY, lw=1.2, zorder=3)
        axes.text(3.5, y, name, ha="center", va="center", fontsize=15, style="italic", zorder=4)
        _arrow(axes, (6.2, y), (total.left[0], total.y + (y - total.y) / 6))
        _label(axes, 5.5, total.y + (y - total.y) * 0.25, f"× {weight}", 13)
    _box(axes, total, edge=INK)
    _label(axes, total.x, total.y, "w₁x + w₂y + b", 13)
    _label(axes, total.x + 1, 7, "weighted sum\nplus bias", 12)
    _arrow(axes, total.right, bend.left)
    _box(axes, bend, edge=INK)
    s = np.linspace(-1, 1, 50)
    axes.plot(bend.x + 3 * s, bend.y + 2.4 * np.tanh(3 * s), color=BLUE, lw=2.5)
    _label(axes, bend.x, 7, "sigmoid:\na bend", 12)
    _arrow(axes, bend.right, (45, 15))
    axes.text(46.5, 15, "p", ha="center", va="center", fontsize=15, style="italic")
    return figure


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
    _label(axes, *noise[:2], "noise z")
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


def four_stages() -> Figure:
    """Draw one update as a loop of four numbered stages; a step goes round three times."""
    figure, axes = _canvas(48, 46)
    boxes = [Box(12, 35, 20, 18), Box(36, 35, 20, 18), Box(36, 11, 20, 18), Box(12, 11, 20, 18)]
    words = [
        "real samples\nor fakes",
        "ask the\ndiscriminator",
        "answers vs\ntarget: loss",
        "update one\nnetwork",
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
    _label(axes, 24, 23, "three times a step", 12, weight="bold")
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


def many_steps() -> Figure:
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
    lower.set_title("error", fontsize=14, weight="bold", color=INK)
    lower.set(ylim=(-0.12, 1.4), yticks=[0, 1], xticks=[0, 200, 400])
    lower.set_xlabel("step", fontsize=13)
    for step, marker, colour in marks:
        upper.axvline(step, color=colour, lw=1.5, ls=":")
        lower.axvline(step, color=colour, lw=1.5, ls=":")
        upper.scatter(step, losses[step], s=110, marker=marker, color=colour, zorder=4)
        lower.scatter(step, errors[step], s=110, marker=marker, color=colour, zorder=4)
    figure.subplots_adjust(left=0.12, right=0.96, top=0.93, bottom=0.12, hspace=0.28)
    return figure


# --- project 1: its networks, and who hands what to whom ----------------------------------------

OBSERVATIONS = 2048  # points of project 1's training set


class Layer(NamedTuple):
    """A linear layer, and what follows it."""

    before: int  # how many numbers go in
    after: int  # and how many come out
    words: list[str]  # the layers up to the next linear one, such as "ReLU" and "Dropout 0.3"


def layers(network: nn.Sequential) -> list[Layer]:
    """Read a network's linear layers and what stands between them."""
    found: list[Layer] = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            found.append(Layer(layer.in_features, layer.out_features, []))
        else:
            share = f" {layer.p:g}" if isinstance(layer, nn.Dropout) else ""
            found[-1].words.append(type(layer).__name__ + share)
    return found


def _bars(axes: Axes, network: nn.Sequential, middle: float, colour: str) -> None:
    """Draw a network from left to right: a bar for each row of numbers, taller for more."""
    stack = layers(network)
    sizes = [stack[0].before, *(layer.after for layer in stack)]
    places = np.linspace(5, 43, len(sizes))
    halves = [0.55 * math.sqrt(size) for size in sizes]
    for (left, right), (low, high) in zip(pairwise(places), pairwise(halves), strict=True):
        edges = [middle - low, middle - high], [middle + low, middle + high]
        axes.fill_between([left, right], *edges, color=colour, alpha=0.25, lw=0)
    foot = middle - max(halves)
    for x, half, size in zip(places, halves, sizes, strict=True):
        axes.bar(x, 2 * half, 1.6, middle - half, color=colour, edgecolor=INK, lw=1.5)
        _label(axes, x, foot - 2.4, str(size), 15, weight="bold")
    for (left, right), layer in zip(pairwise(places), stack, strict=True):
        words = " ".join(["Linear", *layer.words]).split()
        for row, word in enumerate(words):
            _label(axes, (left + right) / 2, foot - 6.2 - 2.2 * row, word, 12)


def network_layers() -> Figure:
    """Draw both networks of project 1 layer by layer, with the sizes that the code gives them."""
    figure, axes = _canvas(48, 70)
    _label(axes, 24, 67, "Generator", 15, color=BLUE, weight="bold")
    _label(axes, 5, 62.5, "noise z", 13)
    _label(axes, 41, 62.5, "point (x, y)", 13)
    _bars(axes, make_generator(), 57, BLUE)
    _label(axes, 24, 40.5, "Discriminator", 15, weight="bold")
    _label(axes, 7, 35.5, "point (x, y)", 13)
    _label(axes, 40.5, 35.5, "probability\nof “real”", 13)
    _bars(axes, make_discriminator(), 26, ORANGE)
    return figure


def shapes() -> dict[str, tuple[int, ...]]:
    """Send one batch of project 1 through all its modules; returns the shapes on the way."""
    points = curve_points(exponential, 0, 50, OBSERVATIONS)
    real = next(iter(batches(points, ORIGINAL.batch_size)))
    noise = normal_noise(ORIGINAL.latent_dim)(len(real))
    fake: Tensor = make_generator()(noise)
    answers: Tensor = make_discriminator()(fake)
    losses = Losses(real_loss(answers), fake_loss(answers), generator_loss(answers))
    tensors = {"points": points, "real": real, "noise": noise, "fake": fake, "answers": answers}
    sizes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    return sizes | {"losses": (len([loss for loss in losses if loss.ndim == 0]),)}


def _module(axes: Axes, box: Box, module: str, does: str, colour: str = WHITE) -> None:
    """Draw a box with a module's name and, below it, what the module does here."""
    strong = colour != WHITE
    ink = WHITE if colour == BLUE else INK
    _box(axes, box, face=colour, edge=INK if strong else GREY, line=2 if strong else 1.2)
    rise = 0.9 * (does.count("\n") + 1)
    _label(axes, box.x, box.y + rise + 0.8, module, 14, color=ink, weight="bold")
    _label(axes, box.x, box.y - 1.7, does, 12, color=ink)


def data_flow() -> Figure:
    """Draw which module does what in project 1, and the shapes of what travels between them."""
    figure, axes = _canvas(48, 115)
    size = {name: str(shape) for name, shape in shapes().items()}
    data, batch = Box(35, 110, 22, 8), Box(35, 91, 22, 8)
    noise, generator = Box(14, 91, 16, 8), Box(14, 77, 16, 8)
    discriminator, losses, change = (Box(26, y, 40, 8) for y in (63, 49, 35))
    trained = Box(24, 22, 46, 5)
    results = [Box(x, 6.5, 14.4, 11) for x in (8.2, 24, 39.8)]

    _box(axes, Box(24, 64, 47, 67.5), face=PAPER)
    _module(axes, data, "data", "points on a curve")
    _module(axes, batch, "data", "shuffled batches")
    _module(axes, noise, "data", "noise")
    _module(axes, generator, "networks", "generator", BLUE)
    _module(axes, discriminator, "networks", "discriminator", ORANGE)
    _module(axes, losses, "training", "how wrong was each network?")
    _module(axes, change, "training", "change the weights a little")
    for box, module, does in zip(
        results,
        ["metrics", "plots", "saving"],
        ["how good\nis it?", "look at\nits points", "to a file\nand back"],
        strict=True,
    ):
        _module(axes, box, module, does)
        _arrow(axes, (box.x, trained.bottom[1]), box.top)
    _box(axes, trained, face=BLUE, edge=INK, line=2)
    _label(axes, *trained[:2], "the trained generator", 13, color=WHITE)

    _arrow(axes, data.bottom, batch.top)
    _arrow(axes, noise.bottom, generator.top)
    _arrow(axes, generator.bottom, (generator.x, discriminator.top[1]))
    _arrow(axes, batch.bottom, (batch.x, discriminator.top[1]))
    _arrow(axes, discriminator.bottom, losses.top)
    _arrow(axes, losses.bottom, change.top)
    _arrow(axes, (24, 30.25), trained.top)
    axes.plot([6, 3.4, 3.4], [35, 35, 77], color=INK, lw=2, ls=(0, (3, 1.5)))
    for box in (discriminator, generator):
        _arrow(axes, (3.4, box.y), box.left)

    _label(axes, 14, 102.5, "one step, again\nand again: training", 13, weight="bold")
    _label(axes, 41.5, 102.5, size["points"], 12)
    _label(axes, 19.5, 84, size["noise"], 12)
    _label(axes, 22, 70, f"fake {size['fake']}", 12)
    _label(axes, 41, 77, f"real\n{size['real']}", 12)
    _label(axes, 36.5, 56, f"answers {size['answers']}", 12)
    _label(axes, 33.5, 42, f"{size['losses'][1:-2]} numbers", 12)
    return figure


# --- the still of the film --------------------------------------------------------------------


def training() -> Figure:
    """Draw four pictures of the film that `book/film.py` made: what paper shows instead of it."""
    film = read()
    pictures = film["frames"]
    moments = [pictures[0], pictures[10], pictures[20], pictures[-1]]
    figure = Figure(figsize=(WIDTH, 4.3))
    width, height = film["size"]
    for n, picture in enumerate(moments):
        left, bottom = 0.03 + 0.49 * (n % 2), 0.59 - 0.49 * (n // 2)
        axes = figure.add_axes((left, bottom, 0.45, 0.33))
        axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        axes.set_title(f"step {picture['step']:,}", fontsize=13, pad=6, weight="bold", color=INK)
        axes.set_xlabel(f"{picture['off']} off", fontsize=13, labelpad=4)
        _real(axes, np.array(film["real"][::2]), 7)  # every second point: a smaller file
        points = np.array(picture["points"][::2])
        axes.scatter(points[:, 0], points[:, 1], s=14, marker="x", color=VERMILION, lw=1, zorder=4)
    return figure


# --- four ways to make samples ------------------------------------------------------------------


def _dashed_path(axes: Axes, *points: tuple[float, float]) -> None:
    """Draw a dashed line through points, with an arrow head at the last."""
    x, y = zip(*points[:-1], strict=True)
    axes.plot(x, y, color=INK, lw=2, ls=(0, (3, 1.5)))
    _arrow(axes, points[-2], points[-1], dashed=True)


def four_families() -> Figure:
    """Draw how four kinds of models make a sample, and dashed what only their training needs."""
    figure, axes = _canvas(48, 115)
    rows = [
        (112, "GAN", "Generator", "to fool the discriminator", "1 pass"),
        (80, "Autoencoder", "Decoder", "to pack and unpack samples", "1 pass"),
        (48, "Flow", "Network", "to make real samples likely", "1 pass"),
        (25, "Diffusion", "Network", "which noise was added", "many passes"),
    ]
    for top, name, network, learns, cost in rows:
        middle, low = Box(24, top - 6.5, 15, 7), top - 16.0
        noise, sample = Box(6, middle.y, 11, 7), Box(42, middle.y, 11, 7)
        _label(axes, 24, top, name, 15, weight="bold")
        for box in (noise, sample):
            _box(axes, box)
        _box(axes, middle, face=BLUE, edge=INK, line=2)
        _label(axes, *noise[:2], "noise")
        _label(axes, *middle[:2], network, color=WHITE, weight="bold")
        _label(axes, *sample[:2], "sample")
        shift = 1.6 if name == "Flow" else 0
        for start, end in ((noise, middle), (middle, sample)):
            right, left = start.right[0], end.left[0]
            _arrow(axes, (right, start.y + shift), (left, end.y + shift))
            if name == "Flow":
                _arrow(axes, (left, end.y - shift), (right, start.y - shift), dashed=True)
        if name == "GAN":
            judge = Box(24, low, 21, 6)
            _box(axes, judge, face=ORANGE, edge=INK, line=2)
            _label(axes, *judge[:2], "Discriminator", weight="bold")
            _dashed_path(axes, sample.bottom, (sample.x, low), judge.right)
            _arrow(axes, judge.top, middle.bottom, dashed=True)
        elif name == "Autoencoder":
            encoder = Box(24, low, 15, 6)
            _box(axes, encoder, face=ORANGE, edge=INK, line=2)
            _label(axes, *encoder[:2], "Encoder", weight="bold")
            _dashed_path(axes, sample.bottom, (sample.x, low), encoder.right)
            _dashed_path(axes, encoder.left, (noise.x, low), noise.bottom)
            _label(axes, 11, low - 2.2, "code", 12)
        elif name == "Flow":
            low += 8.5
        else:
            axes.plot([33, 33, 13, 13], [middle.y, low + 3, low + 3, low + 6], color=INK, lw=2)
            _arrow(axes, (13, low + 4), (13, middle.y))
            _label(axes, 23, low + 1, "again and again", 12)
            low += 3
        _label(axes, 24, low - 5.6, f"learns {learns}", 12)
        _label(axes, 24, low - 9, f"one sample: {cost}", 12, weight="bold")
    return figure


# --- seven losses ------------------------------------------------------------------------------


def generator_losses(logit: Points) -> dict[str, Points]:
    """What the generator pays for a fake by D's logit, as `benchmarks.losses` says."""
    return {
        "non-saturating": np.logaddexp(0, -logit),
        "saturating": -np.logaddexp(0, logit),
        "least squares": (logit - 1) ** 2 / 2,
        "hinge, Wasserstein": -logit,
    }


def generator_pulls(logit: Points) -> dict[str, Points]:
    """How hard each of these losses pulls the logit up: minus its slope."""
    return {
        "non-saturating": 1 / (1 + np.exp(logit)),
        "saturating": 1 / (1 + np.exp(-logit)),
        "least squares": 1 - logit,
        "hinge, Wasserstein": np.ones_like(logit),
    }


def pulls() -> Figure:
    """Plot the generator's losses, and how hard they pull, over D's logit of a fake."""
    figure = Figure(figsize=(WIDTH, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True)
    logit = np.linspace(-4, 4, 161)
    looks = (("-", BLUE), ("--", VERMILION), ("-.", GREEN), (":", INK))
    for axes, curves in ((upper, generator_losses(logit)), (lower, generator_pulls(logit))):
        for (name, values), (style, colour) in zip(curves.items(), looks, strict=True):
            axes.plot(logit, values, style, color=colour, lw=2.5, label=name)
        axes.axvline(0, color=GREY, lw=1, zorder=0)
    lower.axhline(0, color=GREY, lw=1, zorder=0)
    upper.set_title("generator's loss", fontsize=14, weight="bold", color=INK)
    upper.set(ylim=(-4.2, 6), yticks=[-4, 0, 4])
    lower.set_title("pull on the logit", fontsize=14, weight="bold", color=INK)
    lower.set(ylim=(-1.4, 2.6), yticks=[-1, 0, 1, 2], xticks=[-4, -2, 0, 2, 4])
    lower.set_xlabel("D's logit of the fake", fontsize=13)
    figure.legend(*upper.get_legend_handles_labels(), loc="lower center", ncols=1, fontsize=12)
    figure.subplots_adjust(left=0.12, right=0.96, top=0.95, bottom=0.32, hspace=0.22)
    return figure


def two_losses() -> Figure:
    """Draw samples of the first seed that was counted, by two losses, on three targets."""
    figure = Figure(figsize=(WIDTH, 6.6))
    records = {(r["loss"], r["target"]): r for r in load_records("losses") if r["seed"] == 100}
    names = "non-saturating", "non-saturating, R1 + R2"
    cells = figure.subplots(3, 2, sharex="row", sharey="row")
    for row, target in zip(cells, ("sine", "ring", "moons"), strict=True):
        for axes, name in zip(row, names, strict=True):
            points = np.array(records[name, target]["points"])
            axes.scatter(*points.T, s=14, marker="x", color=VERMILION, lw=1, zorder=4)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(target, fontsize=13)
    for axes, title in zip(cells[0], ("no penalty", "R1 + R2"), strict=True):
        axes.set_title(title, fontsize=13, weight="bold", color=INK)
    figure.subplots_adjust(left=0.08, right=0.98, top=0.95, bottom=0.02, hspace=0.08, wspace=0.06)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "neuron": neuron,
    "two_networks": two_networks,
    "four_stages": four_stages,
    "many_steps": many_steps,
    "latent_space": latent_space,
    "moving_target": moving_target,
    "network_layers": network_layers,
    "data_flow": data_flow,
    "training": training,
    "four_families": four_families,
    "pulls": pulls,
    "two_losses": two_losses,
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
