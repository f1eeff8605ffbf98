"""Does each metric give the value that its formula gives, by hand or by scipy?"""

import math

import pytest
import torch
from conftest import seeded
from scipy import stats

from gan_course.data import curve_points, draw_integers, encode_batch, exponential, pattern_values
from gan_course.metrics import (
    CurveQuality,
    IntegerQuality,
    bins_covered,
    curve_mse,
    curve_quality,
    fit_and_ks_of_many,
    fit_and_spread,
    fit_error,
    integer_quality,
    ks_normal,
    ks_uniform,
    mean_squared_remainder,
    share_outside,
    total_variation,
    valid_sequences,
    validity,
    values_covered,
    zero_rows,
)

LOW, HIGH = 0.0, 50.0
COLLAPSED = torch.tensor([[0.0, 1.0]]).repeat(100, 1)  # one place, on the curve
VALUES_METRICS = [ks_uniform, share_outside, bins_covered]
FIVES = pattern_values(5)
LAZY = torch.full((200,), 95)  # follows the rule, and never says anything else


def real_points(count, seed=0):
    return curve_points(exponential, LOW, HIGH, count, random=seeded(seed))


def line(x):
    return 2 * x


# (x, y) off the line y = 2x by 1, -3 and 0
OFF_THE_LINE = torch.tensor([[0.0, 1.0], [2.0, 1.0], [10.0, 20.0]])


def test_curve_mse_is_the_mean_of_the_squared_misses_and_fit_error_its_root_as_a_share():
    assert curve_mse(OFF_THE_LINE, line) == pytest.approx((1 + 9 + 0) / 3)
    # between 0 and 5 the line climbs by 10
    assert fit_error(OFF_THE_LINE, line, 0, 5) == pytest.approx(math.sqrt(10 / 3) / 10)
    # a bump: both ends lie at 0 and the middle at 1, so the ends alone would say it is flat
    points = torch.tensor([[0.25, 0.8]])  # the curve is at 0.75 there
    assert fit_error(points, lambda x: 4 * x * (1 - x), 0, 1) == pytest.approx(0.05, abs=1e-6)
    with pytest.raises(ValueError, match="curve must not be flat between 0 and 5, got y range 0"):
        fit_error(OFF_THE_LINE, torch.zeros_like, 0, 5)


def test_ks_is_that_of_scipy():
    values = 60 * torch.rand(300, generator=seeded(0)) - 5
    by_scipy = stats.kstest(values.double().numpy(), "uniform", args=(LOW, HIGH - LOW))
    assert ks_uniform(values, LOW, HIGH) == pytest.approx(by_scipy.statistic, abs=1e-12)
    values = values.double() / 30
    by_scipy = stats.kstest(values.numpy(), "norm")
    assert ks_normal(values) == pytest.approx(by_scipy.statistic, abs=1e-12)
    assert ks_normal(torch.zeros(10)) == pytest.approx(0.5)


def test_share_outside_counts_both_sides_and_not_the_ends():
    values = torch.tensor([-0.1, 0.0, 5.0, 10.0, 10.1, 99.0, 1.0, 2.0])
    assert share_outside(values, 0, 10) == 3 / 8


def test_bins_covered_counts_bins_that_hold_a_value():
    values = torch.tensor([-1.0, 0.0, 0.9, 1.0, 3.5, 10.0, 10.5])  # bins 0, 1, 3 and the last
    assert bins_covered(values, 0, 10, bins=10) == 4
    with pytest.raises(ValueError, match="low must be smaller than high, got low=2 and high=2"):
        bins_covered(values, 2, 2)


def test_curve_quality_is_made_of_the_metrics_of_the_curve_and_the_energy_test():
    points = real_points(300) + torch.tensor([4.0, 1.0])
    x = points[:, 0]
    quality = curve_quality(points, exponential, LOW, HIGH)
    assert curve_quality(points.numpy(), exponential, LOW, HIGH) == quality
    assert quality == CurveQuality(
        fit_error=fit_error(points, exponential, LOW, HIGH),
        ks=ks_uniform(x, LOW, HIGH),
        outside=share_outside(x, LOW, HIGH),
        bins=bins_covered(x, LOW, HIGH),
        energy=quality.energy,  # see test_metrics_energy.py
        p_value=quality.p_value,
        samples=300,
    )
    assert fit_and_spread(points, exponential, LOW, HIGH) == quality.fit_error + quality.ks


def test_many_sets_are_measured_as_each_alone():
    low, high = 2.0, 6.0
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
        both = fit_error(alone, torch.sin, low, high), ks_uniform(alone[:, 0], low, high)
        assert (float(fit[position]), float(ks[position])) == pytest.approx(both, abs=1e-6)


def test_mean_squared_remainder_by_hand():
    assert mean_squared_remainder(torch.tensor([5, 10, 11, 12]), 5) == (0 + 0 + 1 + 4) / 4
    assert mean_squared_remainder(torch.tensor([9, 14]), 7) == (4 + 0) / 2


def test_validity_is_a_share_of_integers_or_of_sequences_that_are_valid_as_a_whole():
    assert validity(torch.tensor([0, 5, 6, 95, 99, 10, 1, 2]), FIVES) == 4 / 8
    sequences = torch.tensor([[0, 5, 10], [0, 5, 11], [95, 95, 95], [1, 2, 3]])
    assert valid_sequences(sequences, FIVES) == 2 / 4


def test_coverage_counts_a_fifth_of_the_fair_share_and_more():
    # four values: fair is 25 %, so the limit is 5 %
    values = torch.tensor([0, 1, 2, 3])
    integers = torch.tensor([0] * 83 + [1] * 6 + [2] * 5 + [7] * 6)
    assert values_covered(integers, values) == 2
    assert values_covered(integers, values, at_least=0.19) == 3
    with pytest.raises(ValueError, match=r"at_least must be a part of .* below 1, got 5"):
        values_covered(integers, values, 5)


def test_total_variation_is_half_the_sum_over_all_integers():
    integers = torch.randint(100, (500,), generator=seeded(0))
    p = integers.bincount(minlength=100).double() / 500
    q = torch.zeros(100, dtype=torch.double)
    q[FIVES] = 1 / 20
    assert total_variation(integers, FIVES) == pytest.approx(float((p - q).abs().sum()) / 2)


def test_chance_alone_has_the_stated_total_variation():
    n, k = 2_000, len(FIVES)
    random = seeded(0)
    found = [total_variation(draw_integers(FIVES, n, random=random), FIVES) for _ in range(40)]
    assert sum(found) / 40 == pytest.approx(math.sqrt(k / (2 * math.pi * n)), rel=0.1)


def test_zero_rows_are_counted_whole():
    rows = torch.tensor([[0.0, 0.0], [0.0, 1e-30], [0.0, 0.0], [2.0, 0.0]])
    assert zero_rows(rows) == 2 / 4


def test_quality_is_made_of_the_four_metrics():
    batch = torch.cat([encode_batch([5, 5, 6, 10], 100), torch.zeros(1, 100)])
    integers = torch.tensor([5, 5, 6, 10, 0])
    quality = integer_quality(batch, FIVES)
    assert quality == IntegerQuality(
        validity=validity(integers, FIVES),
        covered=values_covered(integers, FIVES),
        tv=total_variation(integers, FIVES),
        zero_rows=1 / 5,
        allowed=20,
        samples=5,
    )
    assert (quality.validity, quality.covered) == (4 / 5, 3)


def test_quality_reads_as_a_sentence():
    quality = IntegerQuality(0.9996, 12, tv=0.4725, zero_rows=0.004, allowed=20, samples=1_000)
    assert str(quality) == (
        "99.96% valid, 12 of 20 values covered, total variation 0.472, 0.40% rows of zeros"
    )


@pytest.mark.parametrize(
    "metric",
    [*(lambda values, metric=m: metric(values, LOW, HIGH) for m in VALUES_METRICS), ks_normal],
)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (torch.ones(3, 1), r"values must have shape \(n,\).* got \(3, 1\); .*values\[:, 0\]"),
        (torch.ones(0), r"values must have shape \(n,\), n >= 1, got \(0,\)"),
        (torch.tensor([1.0, math.nan]), "values must be finite, got NaN or infinity in 1 of 2"),
    ],
)
def test_values_are_numbers_on_a_line(metric, values, message):
    with pytest.raises(ValueError, match=message):
        metric(values)


@pytest.mark.parametrize("metric", [fit_error, curve_quality, fit_and_spread])
@pytest.mark.parametrize(
    ("points", "high", "message"),
    [
        (COLLAPSED, LOW, "low must be smaller than high, got low=0"),
        (math.nan * COLLAPSED, HIGH, "points must be finite"),
        (torch.ones(100, 3), HIGH, r"points must have shape \(n, 2\), got \(100, 3\)"),
    ],
)
def test_metrics_of_points_need_numbers_two_columns_and_a_range(metric, points, high, message):
    with pytest.raises(ValueError, match=message):
        metric(points, exponential, LOW, high)


def test_a_curve_has_one_number_everywhere():
    # (n,) minus (n, 1) would quietly become all n x n differences
    with pytest.raises(ValueError, match=r"curve must return .*\(3,\), got \(3, 1\)"):
        curve_mse(OFF_THE_LINE, lambda x: x[:, None])
    with pytest.raises(ValueError, match=r"curve\(x\) must be a number, got NaN in 2 places"):
        curve_mse(torch.tensor([[-2.0, 0.0], [-1.0, 0.0], [4.0, 2.0]]), torch.sqrt)


@pytest.mark.parametrize("metric", [validity, values_covered, total_variation])
@pytest.mark.parametrize(
    ("integers", "values", "error", "message"),
    [
        (torch.ones(2), FIVES, TypeError, "integers must be whole numbers"),
        (LAZY[:0], FIVES, ValueError, r"integers must have .*got shape \(0,\)"),
        (LAZY, FIVES.float(), TypeError, "values must be whole numbers"),
        (LAZY, torch.tensor([5, 0, 5]), ValueError, "values must be different .*5, 0, 5"),
    ],
)
def test_what_would_be_counted_wrongly_is_refused(metric, integers, values, error, message):
    with pytest.raises(error, match=message):
        metric(integers, values)


# what people have at hand who mean rows: each would be read as zeros, and called "collapsed"
FAIR = FIVES.repeat(60)
NO_ROWS = {"integers": FAIR, "rows that are too short": encode_batch(FAIR % 50, 50)}


@pytest.mark.parametrize("batch", NO_ROWS.values(), ids=NO_ROWS)
def test_what_is_no_row_is_no_collapse(batch):
    with pytest.raises(ValueError, match=r"batch must have shape \(n, depth\), .*; encode_batch\("):
        integer_quality(batch, FIVES)
