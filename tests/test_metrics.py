"""Does each metric give the value that its formula gives, by hand or by scipy?"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from gan_course.data import curve_points, exponential
from gan_course.metrics import (
    CurveQuality,
    bins_covered,
    curve_mse,
    curve_quality,
    fit_and_ks_of_many,
    fit_and_spread,
    fit_error,
    ks_uniform,
    share_outside,
)

LOW, HIGH = 0.0, 50.0
COLLAPSED = torch.tensor([[0.0, 1.0]]).repeat(100, 1)  # one place, on the curve
VALUES_METRICS = [ks_uniform, share_outside, bins_covered]


def real_points(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return curve_points(exponential, LOW, HIGH, count, random=generator)


def line(x: Tensor) -> Tensor:
    return 2 * x


# (x, y) off the line y = 2x by 1, -3 and 0
OFF_THE_LINE = torch.tensor([[0.0, 1.0], [2.0, 1.0], [10.0, 20.0]])


def test_curve_mse_is_the_mean_of_the_squared_misses() -> None:
    assert curve_mse(OFF_THE_LINE, line) == pytest.approx((1 + 9 + 0) / 3)


def test_fit_error_is_the_root_as_a_share_of_the_curves_height() -> None:
    # between 0 and 5 the line climbs by 10
    assert fit_error(OFF_THE_LINE, line, 0, 5) == pytest.approx(math.sqrt(10 / 3) / 10)


def test_fit_error_sees_the_height_of_a_curve_that_turns_round() -> None:
    # a bump: both ends lie at 0 and the middle at 1, so the ends alone would say it is flat
    points = torch.tensor([[0.25, 0.8]])  # the curve is at 0.75 there
    assert fit_error(points, lambda x: 4 * x * (1 - x), 0, 1) == pytest.approx(0.05, abs=1e-6)


def test_the_mse_cannot_see_collapse_but_the_score_can() -> None:
    assert curve_mse(COLLAPSED, exponential) == 0
    assert fit_and_spread(COLLAPSED, exponential, LOW, HIGH) >= 0.5


@pytest.mark.parametrize("x", [0.0, 10.0, 25.0, 40.0, 50.0])
def test_the_score_of_any_collapse_is_at_least_one_half(x: float) -> None:
    place = torch.tensor([x]).repeat(64)
    points = torch.stack([place, exponential(place)], dim=1)
    assert fit_and_spread(points, exponential, LOW, HIGH) >= 0.5 - 1e-9


def test_five_hundred_real_points_score_about_one_twentieth() -> None:
    scores = [fit_and_spread(real_points(500, seed), exponential, LOW, HIGH) for seed in range(20)]
    assert 0.02 < sum(scores) / 20 < 0.07


def test_a_flat_curve_has_no_height_to_share() -> None:
    with pytest.raises(ValueError, match="curve must not be flat between 0 and 5, got y range 0"):
        fit_error(OFF_THE_LINE, torch.zeros_like, 0, 5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ks_is_that_of_scipy(seed: int) -> None:
    values = 60 * torch.rand(300, generator=torch.Generator().manual_seed(seed)) - 5
    by_scipy = stats.kstest(values.double().numpy(), "uniform", args=(LOW, HIGH - LOW))
    assert ks_uniform(values, LOW, HIGH) == pytest.approx(by_scipy.statistic, abs=1e-12)


@pytest.mark.parametrize("value", [-1.0, 0.0, 10.0, 25.0, 45.0, 50.0, 70.0])
def test_ks_of_equal_values_has_a_closed_form(value: float) -> None:
    # below the value the share is 0 and above it 1; a uniform one has F in both places
    below = min(max((value - LOW) / (HIGH - LOW), 0), 1)
    expected = max(below, 1 - below)
    assert ks_uniform(torch.full((40,), value), LOW, HIGH) == pytest.approx(expected)


def test_share_outside_counts_both_sides_and_not_the_ends() -> None:
    values = torch.tensor([-0.1, 0.0, 5.0, 10.0, 10.1, 99.0, 1.0, 2.0])
    assert share_outside(values, 0, 10) == 3 / 8


def test_bins_covered_counts_bins_that_hold_a_value() -> None:
    values = torch.tensor([-1.0, 0.0, 0.9, 1.0, 3.5, 10.0, 10.5])  # bins 0, 1, 3 and the last
    assert bins_covered(values, 0, 10, bins=10) == 4


def test_all_bins_are_covered_by_a_value_in_each() -> None:
    middles = torch.arange(50) + 0.5
    assert bins_covered(middles, LOW, HIGH) == 50
    assert bins_covered(middles[1:], LOW, HIGH) == 49


numbers = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=40).map(torch.tensor)


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(numbers, st.floats(-20, 20), st.floats(0.5, 40), st.floats(0.1, 30), st.floats(-50, 50))
def test_ks_has_its_bounds_and_no_unit(
    values: Tensor, low: float, width: float, unit: float, shift: float
) -> None:
    values = values.double()
    found = ks_uniform(values, low, low + width)
    assert 1 / (2 * len(values)) <= found <= 1  # half a step is the least that n values can do
    moved = ks_uniform(unit * values + shift, unit * low + shift, unit * (low + width) + shift)
    assert moved == pytest.approx(found, abs=1e-9)
    mirrored = ks_uniform(-values, -low - width, -low)
    assert mirrored == pytest.approx(found, abs=1e-9)


def test_curve_quality_is_made_of_the_metrics_of_the_curve_and_the_energy_test() -> None:
    points = real_points(300) + torch.tensor([4.0, 1.0])
    x = points[:, 0]
    quality = curve_quality(points, exponential, LOW, HIGH)
    assert quality == CurveQuality(
        fit_error=fit_error(points, exponential, LOW, HIGH),
        ks=ks_uniform(x, LOW, HIGH),
        outside=share_outside(x, LOW, HIGH),
        bins=bins_covered(x, LOW, HIGH),
        energy=quality.energy,  # see test_metrics_energy.py
        p_value=quality.p_value,
        samples=300,
    )


@pytest.mark.parametrize("metric", VALUES_METRICS)
def test_metrics_of_x_take_arrays_and_lists(metric: Any) -> None:
    values = torch.linspace(1, 40, 30)
    for same in (values.double(), values.numpy(), values.tolist()):
        assert metric(same, LOW, HIGH) == pytest.approx(metric(values, LOW, HIGH), abs=1e-6)


@pytest.mark.parametrize("metric", [curve_quality, fit_and_spread])
def test_points_may_be_an_array(metric: Any) -> None:
    points = real_points(300)
    found = metric(points.numpy(), exponential, LOW, HIGH)
    assert found == metric(points, exponential, LOW, HIGH)


# --- what would otherwise pass silently ----------------------------------------------------------


@pytest.mark.parametrize("metric", VALUES_METRICS)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (torch.ones(3, 1), r"values must have shape \(n,\).* got \(3, 1\); .*values\[:, 0\]"),
        (torch.ones(0), r"values must have shape \(n,\), n >= 1, got \(0,\)"),
        (torch.tensor([1.0, math.nan]), "values must be finite, got NaN or infinity in 1 of 2"),
    ],
)
def test_values_are_numbers_on_a_line(metric: Any, values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metric(values, LOW, HIGH)


@pytest.mark.parametrize("metric", VALUES_METRICS)
def test_metrics_of_x_need_a_range(metric: Any) -> None:
    with pytest.raises(ValueError, match="low must be smaller than high, got low=2 and high=2"):
        metric(torch.ones(2), 2, 2)


@pytest.mark.parametrize("metric", [fit_error, curve_quality, fit_and_spread, fit_and_ks_of_many])
def test_metrics_of_points_need_numbers_and_a_range(metric: Any) -> None:
    points = COLLAPSED[None] if metric is fit_and_ks_of_many else COLLAPSED
    with pytest.raises(ValueError, match="low must be smaller than high"):
        metric(points, exponential, 5, 5)
    with pytest.raises(ValueError, match="points must be finite"):
        metric(math.nan * points, exponential, LOW, HIGH)


@pytest.mark.parametrize("metric", [fit_error, curve_quality, fit_and_spread])
def test_points_must_have_two_columns(metric: Any) -> None:
    with pytest.raises(ValueError, match=r"points must have shape \(n, 2\), got \(4, 3\)"):
        metric(torch.ones(4, 3), exponential, LOW, HIGH)


def test_a_curve_that_returns_another_shape_is_an_error_and_not_a_number() -> None:
    # (n,) minus (n, 1) would quietly become all n x n differences
    with pytest.raises(ValueError, match=r"curve must return .*\(3,\), got \(3, 1\)"):
        curve_mse(OFF_THE_LINE, lambda x: x[:, None])


def test_a_curve_has_a_number_everywhere() -> None:
    with pytest.raises(ValueError, match=r"curve\(x\) must be a number, got NaN in 2 places"):
        curve_mse(torch.tensor([[-2.0, 0.0], [-1.0, 0.0], [4.0, 2.0]]), torch.sqrt)


# --- many sets at once -------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(-5.0, 5.0), (2.0, 6.0)])
def test_many_sets_are_measured_as_each_alone(low: float, high: float) -> None:
    # on the curve, beyond one end only by more than the width, on a heap, beside the curve
    x = torch.linspace(low, high, 101)
    points = torch.stack([x, torch.sin(x)], dim=1)
    shift = torch.tensor([3 * (high - low), 0.0])
    beside = points + torch.randn(101, 2, generator=torch.Generator().manual_seed(5))
    heap = points[:1].expand(101, 2)
    sets = torch.stack([points, points - shift, points + shift, heap, beside])
    fit, ks = fit_and_ks_of_many(sets, torch.sin, low, high)
    assert fit.dtype == ks.dtype == sets.dtype
    for position, alone in enumerate(sets):
        assert float(fit[position]) == pytest.approx(
            fit_error(alone, torch.sin, low, high), abs=1e-6
        )
        assert float(ks[position]) == pytest.approx(ks_uniform(alone[:, 0], low, high), abs=1e-6)
