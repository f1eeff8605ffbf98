"""What does it look like? Points over points, panels of epochs, losses with their ln 2 line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gan_course.checks import (
    require_count,
    require_matrix,
    require_number,
    require_sequence,
    require_type,
    require_widths,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REAL: dict[str, Any] = {"color": "#0072B2", "marker": ".", "s": 14, "alpha": 0.35, "linewidths": 0}
GENERATED: dict[str, Any] = {"color": "#D55E00", "marker": "*", "s": 34, "linewidths": 0}


def plot_points(
    real: Tensor,
    generated: Tensor | None = None,
    *,
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw real points as dots and generated ones as stars over them.

    Args:
        real: shape (n, 2).
        generated: shape (m, 2), or nothing.
        title: of the picture.
        axes: where to draw; new ones where it is left out.

    Raises:
        TypeError: the points are no float tensors.
        ValueError: the points are not of shape (n, 2).
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    require_matrix("real", real, columns=2)
    require_type("title", title, str, "a text")
    if axes is not None:
        require_type("axes", axes, Axes)
    else:
        _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.scatter(*_numpy(real.T), label="real", **REAL)
    if generated is not None:
        require_matrix("generated", generated, columns=2)
        axes.scatter(*_numpy(generated.T), label="generated", **GENERATED)
        axes.legend(loc="upper left")
    axes.set(xlabel="x", ylabel="y", title=title)
    return axes


def plot_epochs(real: Tensor, snapshots: Mapping[int, Tensor], epochs: Sequence[int]) -> Figure:
    """Draw generated points over real ones, one panel an epoch, three panels a row.

    Args:
        real: shape (n, 2).
        snapshots: samples by epoch, each (m, 2), as in `History.snapshots`.
        epochs: which of them to draw.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an epoch has no snapshot, or one has another shape than (m, 2).
    """
    import matplotlib.pyplot as plt

    require_matrix("real", real, columns=2)
    require_type("snapshots", snapshots, Mapping, "samples by epoch")
    require_sequence("epochs", epochs, "(1, 25, 50)")
    for position, epoch in enumerate(epochs):
        require_count(f"epochs[{position}]", epoch, minimum=0)
    missing = [epoch for epoch in epochs if epoch not in snapshots]
    if missing or not epochs:
        raise ValueError(f"epochs must be among {sorted(snapshots)}, got {list(epochs)}")
    rows = math.ceil(len(epochs) / 3)
    figure, grid = plt.subplots(
        rows,
        3,
        figsize=(9, 3 * rows),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for position, (axes, epoch) in enumerate(zip(grid.flat, epochs, strict=False)):
        plot_points(real, snapshots[epoch], title=f"epoch {epoch}", axes=axes)
        axes.get_legend().remove()
        axes.label_outer()
        if position + 3 >= len(epochs):  # nothing visible below it
            axes.set_xlabel("x")
            axes.tick_params(labelbottom=True)
        axes.set(xlim=_limits(real[:, 0]), ylim=_limits(real[:, 1]))
    for axes in grid.flat[len(epochs) :]:
        axes.set_visible(False)
    grid.flat[0].legend(loc="upper left")
    return figure


def plot_losses(losses: Sequence[Sequence[float]]) -> Axes:
    """Draw the three mean losses of each epoch, and the line ln 2 of an undecided discriminator.

    Args:
        losses: of each epoch, on real, on fake, of the generator, as in `History.losses`.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    numbers = range(1, len(losses) + 1)
    names, lines = ("D on real", "D on fake", "G"), ("-", "--", ":")
    for name, line, values in zip(names, lines, zip(*losses, strict=True), strict=True):
        axes.plot(numbers, values, label=name, lw=1, ls=line)
    axes.axhline(math.log(2), color="black", lw=1, label=f"ln 2 = {math.log(2):.3f}")
    axes.set(xlabel="epoch", ylabel="mean loss", title="Losses of both networks")
    axes.legend(ncols=4, loc="upper right")
    return axes


def plot_scores(scores: Sequence[float]) -> Axes:
    """Draw the score of each epoch on a logarithmic axis, with the best one marked.

    Args:
        scores: of each epoch, lower is better, as in `History.scores`.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    numbers = range(1, len(scores) + 1)
    best = min(numbers, key=lambda number: scores[number - 1])
    axes.semilogy(numbers, scores, lw=0.8)
    label = f"best: epoch {best}, the clock starts here"
    axes.plot(best, scores[best - 1], "k*", ms=13, label=label)
    axes.set(xlabel="epoch", ylabel="score (lower is better)", title="Score of each epoch")
    axes.legend(loc="upper right")
    return axes


def _numpy(values: Tensor) -> Any:
    """The same numbers for matplotlib: as doubles, for NumPy knows no bfloat16."""
    return values.detach().cpu().double().numpy()


def _limits(values: Tensor) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low)
    return low - margin, high + margin


# --- numbers on a line, and networks as pictures ------------------------------------------------


def plot_against_normal(
    values: Tensor, *, title: str = "", axes: Axes | None = None, limit: float = 4.0
) -> Axes:
    """Draw a histogram of values and, over it, the density of N(0, 1) as a dashed line.

    Args:
        values: shape (n,); those beyond the limits count for the area but are not drawn.
        title: of the picture.
        axes: where to draw; new ones where it is left out.
        limit: the picture goes from -limit to limit, whatever the values.

    Raises:
        TypeError: `values` holds no floating-point numbers.
        ValueError: it is no tensor of shape (n,), or `limit` is not above 0.
    """
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.axes import Axes

    require_number("limit", limit, above=0)
    if not isinstance(values, Tensor) or values.ndim != 1:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"values must be a tensor of shape (n,), got {got}")
    require_matrix("values", values[:, None], columns=1)
    require_type("title", title, str, "a text")
    if axes is not None:
        require_type("axes", axes, Axes)
    else:
        _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    numbers = _numpy(values)
    edges = np.linspace(-limit, limit, 61).tolist()
    weights = np.full(len(numbers), 1 / (len(numbers) * (edges[1] - edges[0])))
    axes.hist(numbers, edges, weights=weights, color="#E69F00", label="generated")
    v = np.linspace(-limit, limit, 401)
    density = np.exp(-(v**2) / 2) / math.sqrt(2 * math.pi)
    axes.plot(v, density, color="black", ls="--", lw=2, label="N(0, 1)")
    axes.set(xlabel="value", ylabel="density", title=title, xlim=(-limit, limit), ylim=(0, 0.8))
    axes.legend(loc="upper left")
    return axes


def plot_network(
    widths: Sequence[int],
    between: Sequence[str],
    *,
    title: str = "",
    axes: Axes | None = None,
    most: int = 8,
) -> Axes:
    """Draw a network: a column of circles for the numbers before, between and after its layers.

    Args:
        widths: how many numbers there are in each column, the input first.
        between: what happens between two columns, such as "LeakyReLU"; one word fewer.
        title: of the picture.
        axes: where to draw; new ones where it is left out.
        most: draw no more circles in a column; three dots stand for the rest.

    Raises:
        TypeError: a width is no whole number.
        ValueError: a width is below 1, or the numbers of widths and words don't fit.
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection

    require_widths("widths", widths)
    require_sequence("between", between, '("ReLU", "sigmoid")')
    require_count("most", most, minimum=2)
    if len(widths) < 2 or len(between) != len(widths) - 1:
        raise ValueError(
            "between must have one word fewer than the widths, which are 2 or more, "
            f"got {len(between)} and {len(widths)}"
        )
    require_type("title", title, str, "a text")
    if axes is not None:
        require_type("axes", axes, Axes)
    else:
        _, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
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
