"""Is what the plots show what they were given: points, epochs, losses, numbers, networks?"""

import math

import numpy as np
import pytest
import torch

from gan_course.metrics import ks_uniform
from gan_course.plots import (
    GENERATED,
    REAL,
    plot_against_normal,
    plot_epochs,
    plot_ks,
    plot_losses,
    plot_network,
    plot_opinion,
    plot_points,
    plot_scores,
)
from gan_course.training import Losses

DOTS = torch.tensor([[0.0, 1.0], [10.0, 3.0], [20.0, 5.0]])
STARS = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
SNAPSHOTS = {1: STARS, 25: STARS + 1, 50: STARS + 2, 75: STARS + 3, 80: STARS + 4}
LOSSES = [Losses(0.7, 0.6, 0.5), Losses(0.8, 0.9, 1.0), Losses(0.4, 0.3, 1.2)]
QUANTILES = torch.special.ndtri((torch.arange(2_000, dtype=torch.double) + 0.5) / 2_000)


def offsets(axes):
    """The points of each scatter."""
    return [np.asarray(scatter.get_offsets()).tolist() for scatter in axes.collections]


def words(axes):
    """The entries of the legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_points_are_drawn_where_they_are():
    axes = plot_points(DOTS, STARS)
    assert offsets(axes) == [DOTS.tolist(), STARS.tolist()]
    assert words(axes) == ["real", "generated"]
    assert REAL["marker"] != GENERATED["marker"], "colour alone is not enough"
    assert plot_points(STARS.clone().requires_grad_(), axes=axes) is axes
    assert offsets(axes)[-1] == STARS.tolist()


def test_there_is_one_panel_an_epoch_and_two_a_row():
    epochs = [50, 1, 25]  # in the order that was asked for
    figure = plot_epochs(DOTS, SNAPSHOTS, epochs)
    assert len(figure.axes) == 2 * 2
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == [f"epoch {epoch}" for epoch in epochs]
    for axes, epoch in zip(shown, epochs, strict=True):
        assert offsets(axes) == [DOTS.tolist(), SNAPSHOTS[epoch].tolist()]


def test_panels_share_a_window_that_the_real_points_set():
    far_away = {1: STARS + 1_000, 2: STARS}
    for axes in plot_epochs(DOTS, far_away, [1, 2]).axes[:2]:
        # 15 % of the width beyond the real points on either side
        assert axes.get_xlim() == pytest.approx((-3, 23))
        assert axes.get_ylim() == pytest.approx((0.4, 5.6))


def test_each_loss_is_a_line_over_the_epochs():
    axes = plot_losses(LOSSES)
    drawn = {line.get_label(): line for line in axes.lines}
    expected = {"D on real": [0.7, 0.8, 0.4], "D on fake": [0.6, 0.9, 0.3], "G": [0.5, 1.0, 1.2]}
    for name, losses in expected.items():
        assert list(drawn[name].get_xdata()) == [1, 2, 3]
        assert list(drawn[name].get_ydata()) == losses
    assert len({line.get_linestyle() for line in drawn.values()}) == 3, "colour alone is not enough"
    assert list(drawn["ln 2 = 0.693"].get_ydata()) == [math.log(2)] * 2
    assert words(axes) == list(drawn)


def test_scores_are_drawn_on_a_logarithmic_axis_with_the_best_marked():
    axes = plot_scores([4.0, 0.5, 2.0])
    scores, best = axes.lines
    assert axes.get_yscale() == "log"
    assert list(scores.get_xdata()) == [1, 2, 3]
    assert list(scores.get_ydata()) == [4.0, 0.5, 2.0]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([2], [0.5])
    assert best.get_marker() == "*"
    assert words(axes) == ["best: epoch 2"]


def test_the_opinion_of_a_discriminator_is_drawn_as_shades():
    right = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.5), torch.nn.Sigmoid())
    right[0].weight.data = torch.tensor([[1.0, 0.5]])  # real: far to the right, and above
    right[0].bias.data = torch.zeros(1)
    axes = plot_opinion(right, (-3, 3), (-1, 2))
    ground, half = axes.collections
    answers = np.asarray(ground.get_array())  # one row for each y, one column for each x
    x = np.linspace(-3, 3, answers.shape[1])
    y = np.linspace(-1, 2, answers.shape[0])[:, None]
    assert answers == pytest.approx(1 / (1 + np.exp(-x - 0.5 * y)), abs=1e-6)
    assert ground.get_clim() == (0, 1)
    along, up = half.get_paths()[0].vertices.T
    assert along + 0.5 * up == pytest.approx(0, abs=1e-6)
    light = [0.3 * r + 0.6 * g + 0.1 * b for r, g, b, _ in ground.get_cmap()(np.linspace(0, 1))]
    assert light == sorted(light, reverse=True), "shades must be told apart without colour"
    assert right.training, "the network is left as it was"
    right[0].bias.data += 9  # sure of everything: no line
    assert len(plot_opinion(right, (-3, 3), (-1, 2)).collections) == 1


@pytest.mark.parametrize("values", [[1.0], [0, 0, 9], [-5, 2, 30]])
def test_the_gap_that_is_drawn_is_the_ks_distance(values):
    axes = plot_ks(torch.tensor(values), 0, 10)
    due, share, gap = axes.lines
    x, ends = float(gap.get_xdata()[0]), sorted(gap.get_ydata())
    assert ends[1] - ends[0] == pytest.approx(ks_uniform(torch.tensor(values), 0, 10))
    # one end is on the dashed line, the other on the steps, on one of the two sides of the jump
    on_line = min(max(x / 10, 0), 1)
    jump = [sum(v < x for v in values) / len(values), sum(v <= x for v in values) / len(values)]
    assert any(sorted([on_line, side]) == pytest.approx(ends) for side in jump)
    assert (list(due.get_xdata()), share.get_drawstyle()) == ([0, 10], "steps-post")
    assert words(axes)[-1] == f"gap: {ends[1] - ends[0]:.2f}"


def test_bars_and_density_are_on_one_scale():
    axes = plot_against_normal(QUANTILES)
    area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert area == pytest.approx(1, abs=1e-3)
    far = plot_against_normal(torch.tensor([0.0, 100.0]), limit=2)  # what is not seen counts, too
    assert sum(bar.get_height() * bar.get_width() for bar in far.patches) == pytest.approx(0.5)
    (line,) = axes.lines
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert y == pytest.approx(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))


def test_a_network_is_drawn_column_by_column():
    axes = plot_network([2, 64, 1], ["LeakyReLU", "sigmoid"], most=8)
    lines, *columns = axes.collections
    assert [len(column.get_offsets()) for column in columns] == [2, 8, 1]
    assert len(lines.get_paths()) == 2 * 8 + 8 * 1
    words = [text.get_text() for text in axes.texts]
    assert words == ["2", "\u22ee", "64", "1", "LeakyReLU", "sigmoid"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_points(DOTS, torch.ones(3, 1)), r"generated must have shape \(n, 2\), got"),
        (lambda: plot_points(DOTS, math.nan * STARS), "generated must be finite, got NaN or inf"),
        (lambda: plot_epochs(DOTS, SNAPSHOTS, [1, 26]), r"among \[1, 25, .*, got \[1, 26\]"),
        (lambda: plot_scores([None, None]), r"each epoch; fit\(\.\.\., watch=noise, score"),
        (lambda: plot_against_normal(torch.ones(2, 2)), r"shape \(n,\).*got \(2, 2\)"),
        (lambda: plot_network([1, 2], []), r"one word fewer .* got 0 words and 2 widths"),
    ],
)
def test_what_can_not_be_drawn_is_told(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
