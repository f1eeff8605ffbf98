"""What does it look like? Points over points, panels of epochs, losses with their ln 2 line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gan_course.checks import require_matrix
from gan_course.training import History

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

    require_matrix("real", real, columns=2)
    if axes is None:
        _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.scatter(*real.T.cpu().numpy(), label="real", **REAL)
    if generated is not None:
        require_matrix("generated", generated, columns=2)
        axes.scatter(*generated.T.detach().cpu().numpy(), label="generated", **GENERATED)
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
        ValueError: an epoch has no snapshot.
    """
    import matplotlib.pyplot as plt

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
    for axes, epoch in zip(grid.flat, epochs, strict=False):
        plot_points(real, snapshots[epoch], title=f"epoch {epoch}", axes=axes)
        axes.get_legend().remove()
        axes.label_outer()
        axes.set(xlim=_limits(real[:, 0]), ylim=_limits(real[:, 1]))
    for axes in grid.flat[len(epochs) :]:
        axes.set_visible(False)
    grid.flat[0].legend(loc="upper left")
    return figure


def plot_losses(history: History) -> Axes:
    """Draw the three mean losses of each epoch, and the line ln 2 of an undecided discriminator."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    numbers = [epoch.number for epoch in history.epochs]
    axes.plot(numbers, [e.real_loss for e in history.epochs], label="D on real", lw=1)
    axes.plot(numbers, [e.fake_loss for e in history.epochs], label="D on fake", lw=1, ls="--")
    axes.plot(numbers, [e.generator_loss for e in history.epochs], label="G", lw=1, ls=":")
    axes.axhline(math.log(2), color="black", lw=1, label=f"ln 2 = {math.log(2):.3f}")
    axes.set(xlabel="epoch", ylabel="mean loss (nats)", title="Losses of both networks")
    axes.legend(ncols=4, loc="upper right")
    return axes


def plot_scores(history: History) -> Axes:
    """Draw the score of each epoch on a logarithmic axis, with the best one marked."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    axes.semilogy([e.number for e in history.epochs], [e.score for e in history.epochs], lw=0.8)
    axes.plot(
        history.best_epoch,
        history.best_score,
        "k*",
        ms=13,
        label=f"best: epoch {history.best_epoch}, the clock starts here",
    )
    axes.set(xlabel="epoch", ylabel="score (lower is better)", title="Score of each epoch")
    axes.legend(loc="upper right")
    return axes


def _limits(values: Tensor) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low)
    return low - margin, high + margin
