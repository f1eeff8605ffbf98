"""What does the panel show? Answers, losses, samples and, where it is a number, the quality."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from gan_course.plots import GENERATED, REAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

    from gan_course.panel.panel import Panel

# The lines of real samples, of generated ones, and of G
STYLES = ((REAL["color"], "-"), (GENERATED["color"], "--"), ("#009E73", "-."))
# Under the picture, where it covers nothing
LEGEND: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.26), "ncols": 2}
LEGEND |= {"columnspacing": 1, "handlelength": 1.7, "markerscale": 1.5}
LEGEND |= {"fontsize": 8.5, "frameon": False}


def draw(panel: Panel, title: str) -> Figure:
    """Draw all snapshots whose numbers are finite, and the samples of the last of them."""
    import matplotlib.pyplot as plt

    snapshots = [snapshot for snapshot in panel.snapshots if snapshot.finite]
    steps = [snapshot.step for snapshot in snapshots]
    measured = [(s.step, s.quality) for s in snapshots if isinstance(s.quality, float)]
    figure = plt.figure(figsize=(5.6, 5.6), layout="constrained")
    figure.suptitle(title)
    last = "quality" if measured else "samples"
    grid: dict[str, Any] = figure.subplot_mosaic([["answers", "losses"], ["samples", last]])
    answers = [[float(one.mean()) for one in panel.probabilities(s)] for s in snapshots]
    _draw_lines(grid["answers"], steps, answers, ("real: D(x)", "generated: D(G(z))"))
    grid["answers"].axhline(0.5, color="black", lw=1, ls=":", label="one half")
    grid["answers"].set(ylim=(-0.03, 1.03), title="mean answer of D")
    losses = [list(panel.losses(snapshot)) for snapshot in snapshots]
    _draw_lines(grid["losses"], steps, losses, ("D on real", "D on generated", "G"))
    grid["losses"].axhline(math.log(2), color="black", lw=1, ls=":", label="ln 2")
    grid["losses"].set(title="losses")
    grid["samples"].set_title(f"samples at step {steps[-1]}" if snapshots else "no samples yet")
    if snapshots:
        _draw_samples(grid["samples"], panel, snapshots[-1].samples)
    if measured:
        grid["quality"].plot(*zip(*measured, strict=True), color="black")
        grid["quality"].set(xlabel="step", title="quality, lower is better")
    for axes in grid.values():
        if axes.get_legend_handles_labels()[0]:
            for handle in axes.legend(**LEGEND).legend_handles:
                handle.set_alpha(1)
    return figure


def _draw_lines(
    axes: Axes, steps: list[int], rows: list[list[float]], labels: tuple[str, ...]
) -> None:
    for k, (label, (colour, line)) in enumerate(zip(labels, STYLES, strict=False)):
        axes.plot(steps, [row[k] for row in rows], color=colour, ls=line, label=label)
    axes.set_xlabel("step")


def _draw_samples(axes: Axes, panel: Panel, samples: Tensor) -> None:
    """Bars for one-hot rows, histograms for one number, otherwise points."""
    pairs: tuple[tuple[Tensor, dict[str, Any]], ...] = (
        (panel.real, {"label": "real", "color": REAL["color"], "alpha": 0.4}),
        (samples, {"label": "generated", "color": GENERATED["color"]}),
    )
    if panel.one_hot:
        values = panel.real.argmax(dim=1).unique()
        gap = int(values.diff().min()) if len(values) > 1 else 1  # so that no bar is too thin
        for (rows, style), width in zip(pairs, (0.8, 0.4), strict=True):
            shares = torch.bincount(rows.argmax(dim=1), minlength=rows.shape[1]) / len(rows)
            axes.bar(range(len(shares)), shares.numpy(), width * gap, **style)
        axes.set(xlabel="value", ylabel="share")
    elif panel.real.shape[1] == 1:
        both = torch.cat([panel.real, samples])
        bins = torch.linspace(float(both.min()), float(both.max()), 31).tolist()
        for (rows, style), kind in zip(pairs, ("stepfilled", "step"), strict=True):
            style |= {"histtype": kind, "lw": 2, "density": True}
            axes.hist(rows[:, 0].numpy(), bins, **style)
        axes.set(xlabel="value", ylabel="density")
    else:
        axes.scatter(*panel.real[:, :2].T.numpy(), label="real", **REAL)
        axes.scatter(*samples[:, :2].T.numpy(), label="generated", **GENERATED)
