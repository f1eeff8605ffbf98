"""What does it look like? Points over points, panels of epochs, losses with their ln 2 line.

`axes` is always where to draw: new ones where it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gan_course.checks import as_samples
from gan_course.metrics import as_line
from gan_course.networks import sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REAL: dict[str, Any] = {"color": "#0072B2", "marker": ".", "s": 14, "alpha": 0.35, "linewidths": 0}
GENERATED: dict[str, Any] = {"color": "#D55E00", "marker": "*", "s": 34, "linewidths": 0}


def _new_axes(width: float, height: float) -> Axes:
    import matplotlib.pyplot as plt  # loaded only when it is used: it takes a while

    _, axes = plt.subplots(figsize=(width, height), layout="constrained")
    return axes


def _numpy(values: Tensor) -> Any:
    """The same numbers for matplotlib: as doubles, for NumPy knows no bfloat16."""
    return values.detach().cpu().double().numpy()


def plot_points(
    real: Tensor, generated: Tensor | None = None, *, title: str = "", axes: Axes | None = None
) -> Axes:
    """Draw real points, shape (n, 2), as dots and generated ones, (m, 2), as stars over them."""
    real = as_samples(real, "real", columns=2)
    if generated is not None:
        generated = as_samples(generated, "generated", columns=2)
    axes = axes or _new_axes(6, 4)
    axes.scatter(*_numpy(real.T), label="real", **REAL)
    if generated is not None:
        axes.scatter(*_numpy(generated.T), label="generated", **GENERATED)
        _name_both(axes)
    axes.set(xlabel="x", ylabel="y", title=title)
    return axes


def _name_both(axes: Axes) -> None:
    """Put the legend of `plot_points`; one pale dot alone would not look like a curve of them."""
    real: Any = axes.legend(loc="upper left").legend_handles[0]
    real.set(alpha=1, sizes=[60])


def plot_epochs(real: Tensor, snapshots: Mapping[int, Tensor], epochs: Sequence[int]) -> Figure:
    """Draw generated points over real ones, shape (n, 2), one panel an epoch, two panels a row.

    `snapshots` are samples by epoch, each (m, 2), as in `History.snapshots`.
    """
    import matplotlib.pyplot as plt

    real = as_samples(real, "real", columns=2)
    if not set(epochs) <= set(snapshots):  # a KeyError would not say which there are
        raise ValueError(f"epochs must be among {sorted(snapshots)}, got {list(epochs)}")
    rows = math.ceil(len(epochs) / 2)
    shared: dict[str, Any] = {"sharex": True, "sharey": True, "squeeze": False}
    figure, grid = plt.subplots(rows, 2, figsize=(6, 2.7 * rows), layout="constrained", **shared)
    for position, (axes, epoch) in enumerate(zip(grid.flat, epochs, strict=False)):
        plot_points(real, snapshots[epoch], title=f"epoch {epoch}", axes=axes)
        axes.get_legend().remove()
        axes.label_outer()
        if position + 2 >= len(epochs):  # nothing visible below it
            axes.set_xlabel("x")
            axes.tick_params(labelbottom=True)
        axes.set(xlim=_limits(real[:, 0]), ylim=_limits(real[:, 1]))
    for axes in grid.flat[len(epochs) :]:
        axes.set_visible(False)
    _name_both(grid.flat[0])
    return figure


def _limits(values: Tensor) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low)
    return low - margin, high + margin


def plot_losses(losses: Sequence[Sequence[float]], *, axes: Axes | None = None) -> Axes:
    """Draw `History.losses`, three an epoch, and the line ln 2 of an undecided discriminator."""
    axes = axes or _new_axes(6, 3.6)
    numbers = range(1, len(losses) + 1)
    names, lines = ("D on real", "D on fake", "G"), ("-", "--", ":")
    for name, line, values in zip(names, lines, zip(*losses, strict=True), strict=True):
        axes.plot(numbers, values, label=name, lw=1, ls=line)
    axes.axhline(math.log(2), color="black", lw=1, label=f"ln 2 = {math.log(2):.3f}")
    axes.set(xlabel="epoch", ylabel="mean loss", title="Losses of both networks")
    axes.legend(ncols=2, loc="upper right")
    return axes


def plot_scores(scores: Sequence[float], *, axes: Axes | None = None) -> Axes:
    """Draw `History.scores`, lower is better, on a logarithmic axis, with the best one marked."""
    if not scores or None in scores:
        raise ValueError(
            "scores must be a number for each epoch; fit(..., watch=noise, score=...) keeps them"
        )
    axes = axes or _new_axes(6, 3.6)
    numbers = range(1, len(scores) + 1)
    best = min(numbers, key=lambda number: scores[number - 1])
    axes.semilogy(numbers, scores, lw=0.8)
    axes.plot(best, scores[best - 1], "k*", ms=13, label=f"best: epoch {best}")
    axes.set(xlabel="epoch", ylabel="score (lower is better)", title="Score of each epoch")
    axes.legend(loc="best")
    return axes


def plot_opinion(
    discriminator: nn.Module,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw D(x, y) over a rectangle as shades: the darker, the more probably real, D says.

    D maps (n, 2) to probabilities (n, 1). A black line leads through all places where it says one
    half, if there are any.
    """
    axes = axes or _new_axes(6, 4)
    # finely: a trained discriminator's ridge along a curve is narrow
    columns, rows = torch.linspace(*x_range, 201), torch.linspace(*y_range, 201)
    x, y = torch.meshgrid(columns, rows, indexing="xy")
    answers = sample(discriminator, torch.stack([x.flatten(), y.flatten()], dim=1))
    shades = _numpy(answers.reshape(x.shape))
    place = _numpy(columns), _numpy(rows)
    ground = axes.pcolormesh(*place, shades, cmap="YlGnBu", vmin=0, vmax=1)
    if shades.min() < 0.5 < shades.max():
        axes.contour(*place, shades, [0.5], colors="black")
    axes.figure.colorbar(ground, ax=axes, label="probability of 'real'")
    axes.set(xlabel="x", ylabel="y", title=title, xlim=x_range, ylim=y_range)
    return axes


# --- numbers on a line, and networks as pictures -------------------------------------------------


def plot_against_normal(
    values: Tensor, *, title: str = "", axes: Axes | None = None, limit: float = 4.0
) -> Axes:
    """Draw a histogram of values, shape (n,), and the density of N(0, 1) as a dashed line over it.

    The picture goes from -limit to limit; values beyond count for the area but are not drawn.
    """
    import numpy as np

    numbers = _numpy(as_line(values))
    axes = axes or _new_axes(6, 4)
    edges = np.linspace(-limit, limit, 61).tolist()
    weights = np.full(len(numbers), 1 / (len(numbers) * (edges[1] - edges[0])))
    axes.hist(numbers, edges, weights=weights, color="#E69F00", label="generated")
    v = np.linspace(-limit, limit, 401)
    density = np.exp(-(v**2) / 2) / math.sqrt(2 * math.pi)
    axes.plot(v, density, color="black", ls="--", lw=2, label="N(0, 1)")
    axes.set(xlabel="value", ylabel="density", title=title, xlim=(-limit, limit), ylim=(0, 0.8))
    axes.legend(loc="upper left")
    return axes


def plot_ks(
    values: Tensor, low: float, high: float, *, title: str = "", axes: Axes | None = None
) -> Axes:
    """Draw what `metrics.ks_uniform` measures: two cumulative curves and their largest gap.

    `values` have shape (n,); the uniform distribution goes from `low` to `high`.
    """
    axes = axes or _new_axes(6, 3.2)
    ordered = as_line(values).cpu().sort().values
    share = torch.arange(len(ordered) + 1) / len(ordered)  # of the values, before and after each
    due = ((ordered - low) / (high - low)).clamp(0, 1)
    gaps = torch.stack([due - share[:-1], share[1:] - due])
    side, k = divmod(int(gaps.argmax()), len(ordered))
    ends = [low, high]
    axes.plot(ends, [0, 1], "k--", label="spread evenly")
    steps = [min(low, ordered[0]), *ordered.tolist(), max(high, ordered[-1])]
    axes.step(steps, [0, *share[1:].tolist(), 1], where="post", label="these values", lw=2)
    gap = float(gaps[side, k])
    at = [float(share[k + side]), float(due[k])]
    axes.plot([float(ordered[k])] * 2, at, "o-", color="#D55E00", lw=4, label=f"gap: {gap:.2f}")
    axes.set(xlabel="value", ylabel="share of points up to here", title=title)
    axes.legend(loc="lower right")
    return axes


def plot_network(
    widths: Sequence[int], between: Sequence[str], *, title: str = "", most: int = 8
) -> Axes:
    """Draw a network: a column of circles for the numbers before, between and after its layers.

    Args:
        widths: how many numbers there are in each column, the input first.
        between: what happens between two columns, such as "LeakyReLU"; one word fewer.
        most: draw no more circles in a column; three dots stand for the rest.
    """
    from matplotlib.collections import LineCollection

    if len(between) != len(widths) - 1:  # a word would be missing, or beside the picture
        raise ValueError(
            f"between must have one word fewer than there are widths, got {len(between)} words "
            f"and {len(widths)} widths"
        )
    axes = _new_axes(5.5, 3.6)
    columns = [_column(width, most) for width in widths]
    lines = [
        [(x, a), (x + 1, b)]
        for x, (left, right) in enumerate(pairwise(columns))
        for a in left
        for b in right
    ]
    axes.add_collection(LineCollection(lines, colors="#6B6B6B", linewidths=0.4, zorder=1))
    for x, (width, column) in enumerate(zip(widths, columns, strict=True)):
        axes.scatter([x] * len(column), column, s=90, c="white", ec="black", zorder=2)
        if width > most:
            axes.text(x, 0, "\u22ee", ha="center", va="center", size=18, zorder=3)
        axes.text(x, most / 2 + 0.7, str(width), ha="center", weight="bold", size=13)
    for x, word in enumerate(between):
        axes.text(x + 0.5, -most / 2 - 1, word, ha="center", size=11)
    axes.set(xlim=(-0.5, len(widths) - 0.5), ylim=(-most / 2 - 1.4, most / 2 + 1.4), title=title)
    axes.set_axis_off()
    return axes


def _column(width: int, most: int) -> list[float]:
    """Where the circles stand: around 0, with a gap in the middle where some are left out."""
    if width <= most:
        return [(width - 1) / 2 - k for k in range(width)]
    return [most / 2 - k for k in range(most + 1) if k != most // 2]
