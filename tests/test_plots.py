"""Is what the plots show what they were given: points, epochs, losses, numbers, networks?"""

import math

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from gan_course.dirac import plot_dirac
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


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def offsets(axes):
    """The points of each scatter."""
    return [np.asarray(scatter.get_offsets()).tolist() for scatter in axes.collections]


def words(axes):
    """The entries of the legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_points_are_drawn_where_they_are():
    axes = plot_points(DOTS, STARS, title="Both")
    assert offsets(axes) == [DOTS.tolist(), STARS.tolist()]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("x", "y", "Both")
    assert words(axes) == ["real", "generated"]
    assert plot_points(STARS.clone().requires_grad_(), axes=axes) is axes
    assert offsets(axes)[-1] == STARS.tolist()


def test_real_and_generated_differ_by_more_than_colour():
    axes = plot_points(DOTS, STARS)
    real, generated = axes.collections
    assert to_hex(real.get_facecolor()[0]) == REAL["color"].lower()
    assert to_hex(generated.get_facecolor()[0]) == GENERATED["color"].lower()
    assert REAL["marker"] != GENERATED["marker"]
    assert real.get_sizes() < generated.get_sizes()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_numbers_of_any_precision_can_be_drawn(dtype):
    axes = plot_points(DOTS.to(dtype), STARS.to(dtype))
    assert offsets(axes) == [DOTS.tolist(), STARS.tolist()]
    bars = plot_against_normal(DOTS[:, 1].to(dtype) / 2).patches
    assert sum(bar.get_height() > 0 for bar in bars) == len(DOTS)
    path = plot_dirac(STARS.to(dtype), reach=5).lines[1]
    assert np.asarray(path.get_data()).T.tolist() == STARS.tolist()


@pytest.mark.parametrize(
    ("generated", "message"),
    [
        (torch.ones(3, 1), r"generated must have shape \(n, 2\), got \(3, 1\)"),
        (math.nan * STARS, "generated must be finite, got NaN or infinity in 2 of 2"),
    ],
)
def test_points_that_would_not_be_seen_are_named(generated, message):
    with pytest.raises(ValueError, match=message):
        plot_points(DOTS, generated)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2)])
def test_there_is_one_panel_an_epoch_and_two_a_row(count, rows):
    epochs = list(SNAPSHOTS)[:count][::-1]  # in the order that was asked for
    figure = plot_epochs(DOTS, SNAPSHOTS, epochs)
    assert len(figure.axes) == 2 * rows
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


def test_epochs_without_a_snapshot_are_named():
    with pytest.raises(ValueError) as caught:
        plot_epochs(DOTS, SNAPSHOTS, [1, 26])
    assert str(caught.value) == "epochs must be among [1, 25, 50, 75, 80], got [1, 26]"


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
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "mean loss")


def test_scores_are_drawn_on_a_logarithmic_axis_with_the_best_marked():
    axes = plot_scores([4.0, 0.5, 2.0])
    scores, best = axes.lines
    assert axes.get_yscale() == "log"
    assert list(scores.get_xdata()) == [1, 2, 3]
    assert list(scores.get_ydata()) == [4.0, 0.5, 2.0]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([2], [0.5])
    assert best.get_marker() == "*"
    assert words(axes) == ["best: epoch 2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "score (lower is better)")
    assert axes.get_title() == "Score of each epoch"


def test_curves_can_be_drawn_into_panels_of_ones_own():
    _, (top, bottom) = plt.subplots(2)
    assert plot_losses(LOSSES, axes=top) is top
    assert plot_scores([4.0, 0.5, 2.0], axes=bottom) is bottom


def test_the_opinion_of_a_discriminator_is_drawn_as_shades():
    right = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.5), torch.nn.Sigmoid())
    with torch.no_grad():
        right[0].weight.copy_(torch.tensor([[1.0, 0.5]]))  # real: far to the right, and above
        right[0].bias.zero_()
    axes = plot_opinion(right, (-3, 3), (-1, 2), title="D")
    ground, half = axes.collections
    answers = np.asarray(ground.get_array())  # one row for each y, one column for each x
    x = np.linspace(-3, 3, answers.shape[1])
    y = np.linspace(-1, 2, answers.shape[0])[:, None]
    assert answers == pytest.approx(1 / (1 + np.exp(-x - 0.5 * y)), abs=1e-6)
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_title()) == ((-3, 3), (-1, 2), "D")
    assert ground.get_clim() == (0, 1)
    along, up = half.get_paths()[0].vertices.T
    assert along + 0.5 * up == pytest.approx(0, abs=1e-6)
    light = [0.3 * r + 0.6 * g + 0.1 * b for r, g, b, _ in ground.get_cmap()(np.linspace(0, 1))]
    assert light == sorted(light, reverse=True), "shades must be told apart without colour"
    assert right.training, "the network is left as it was"
    with torch.no_grad():
        right[0].bias.fill_(9)  # sure of everything: no line
    assert len(plot_opinion(right, (-3, 3), (-1, 2)).collections) == 1


@pytest.mark.parametrize("values", [[1.0], [1, 2, 3, 4], [0, 0, 9], [-5, 2, 30], [6, 7, 8, 8.5]])
def test_the_gap_that_is_drawn_is_the_ks_distance(values):
    axes = plot_ks(torch.tensor(values), 0, 10, title="KS")
    due, share, gap = axes.lines
    x, ends = float(gap.get_xdata()[0]), sorted(gap.get_ydata())
    assert ends[1] - ends[0] == pytest.approx(ks_uniform(torch.tensor(values), 0, 10))
    # one end is on the dashed line, the other on the steps, on one of the two sides of the jump
    on_line = min(max(x / 10, 0), 1)
    jump = [sum(v < x for v in values) / len(values), sum(v <= x for v in values) / len(values)]
    assert any(sorted([on_line, side]) == pytest.approx(ends) for side in jump)
    assert (list(due.get_xdata()), due.get_linestyle()) == ([0, 10], "--")
    assert share.get_drawstyle() == "steps-post"
    assert words(axes)[-1] == f"gap: {ends[1] - ends[0]:.2f}"


# --- numbers on a line, and networks -------------------------------------------------------------


@pytest.mark.parametrize("scores", [[], [None, None]])
def test_a_run_without_scores_is_told_how_to_get_them(scores):
    with pytest.raises(ValueError, match=r"each epoch; fit\(\.\.\., watch=noise, score"):
        plot_scores(scores)


def test_bars_and_density_are_on_one_scale():
    axes = plot_against_normal(QUANTILES, title="Bell")
    area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert area == pytest.approx(1, abs=1e-3)
    (line,) = axes.lines
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert y == pytest.approx(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
    assert line.get_linestyle() == "--"
    assert axes.get_title() == "Bell"
    assert axes.get_xlim() == (-4, 4)


def test_numbers_outside_the_picture_count_for_the_area():
    axes = plot_against_normal(torch.tensor([0.0, 100.0]), limit=2)
    area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert area == pytest.approx(0.5)


def test_a_histogram_is_of_one_column():
    with pytest.raises(ValueError, match=r"values must have shape \(n,\).*got \(2, 2\)"):
        plot_against_normal(torch.ones(2, 2))


def test_a_network_is_drawn_column_by_column():
    axes = plot_network([2, 64, 1], ["LeakyReLU", "sigmoid"], title="D", most=8)
    lines, *columns = axes.collections
    counts = [len(np.asarray(column.get_offsets())) for column in columns]
    assert counts == [2, 8, 1]
    assert len(lines.get_paths()) == 2 * 8 + 8 * 1
    words = [text.get_text() for text in axes.texts]
    assert words == ["2", "\u22ee", "64", "1", "LeakyReLU", "sigmoid"]
    for column in columns:
        assert np.asarray(column.get_offsets())[:, 1].mean() == pytest.approx(0)


def test_words_between_the_columns_of_a_network_are_counted():
    with pytest.raises(ValueError, match=r"one word fewer .* got 0 words and 2 widths"):
        plot_network([1, 2], [])
