"""Are two sets of samples told apart when they differ, and only then? Is each fault named?"""

import math
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from conftest import seeded
from scipy import stats

from gan_course import metrics
from gan_course.data import Scaler, curve_points, draw_integers, encode_batch, exponential
from gan_course.metrics import curve_quality, energy_distance, energy_test, integer_quality

LOW, HIGH = 0.0, 50.0
FIVES = torch.arange(0, 100, 5)


def real_points(count, seed=0):
    return curve_points(exponential, LOW, HIGH, count, random=seeded(seed))


@pytest.mark.parametrize(("n", "m"), [(1, 7), (30, 200), (2_500, 1_200)])
def test_in_one_dimension_it_is_the_square_of_scipys(n, m):
    a, b = torch.randn(n, 1, generator=seeded(n)), 2 * torch.rand(m, 1, generator=seeded(m))
    by_scipy = stats.energy_distance(a[:, 0].double().numpy(), b[:, 0].double().numpy())
    assert energy_distance(a, b) == pytest.approx(by_scipy**2, rel=1e-9)


def test_it_sees_what_lies_far_from_zero():
    # single precision, or distances by matrix products, would lose it
    far = torch.full((40, 2), 1e6, dtype=torch.double)
    assert energy_distance(far, far + 1e-3) == pytest.approx(2e-3 * math.sqrt(2), rel=1e-6)


def test_it_is_that_of_its_formula_in_a_plane():
    a, b = torch.randn(2, 9, 2, dtype=torch.double, generator=seeded(0))
    b = b[:5] + 1

    def mean(one, other):
        return sum(math.dist(p, q) for p in one for q in other) / (len(one) * len(other))

    by_hand = 2 * mean(a, b) - mean(a, a) - mean(b, b)
    assert energy_distance(a, b) == pytest.approx(by_hand)
    assert 0 <= energy_distance(a, a.flip(0)) < 1e-9


def test_splits_that_are_equally_far_apart_count():
    # with one sample on either side every split is the same one
    one, other = torch.tensor([[0.1, 0.7]]), torch.tensor([[5.3, -2.9]])
    assert energy_test(one, other, 99, random=seeded(0)).p_value == 1
    heap = torch.full((30, 2), 0.3)
    assert energy_test(heap, heap[:7], 99, random=seeded(0)) == metrics.EnergyTest(0.0, 1.0)


@pytest.mark.parametrize("unit", [1e-8, 3e8])
def test_p_is_the_share_of_all_splits_where_they_can_be_counted(unit):
    # the samples are their own mirror image: splits are equally far apart, up to rounding
    x, y, z = unit * torch.randn(3, dtype=torch.double, generator=seeded(1))
    samples = torch.stack([x, -x, y, -y, z, -z])[:, None]
    splits = [list(chosen) for chosen in combinations(range(6), 3)]
    others = [[k for k in range(6) if k not in chosen] for chosen in splits]
    far = [energy_distance(samples[a], samples[b]) for a, b in zip(splits, others, strict=True)]
    share = sum(distance >= far[0] - 1e-9 * unit for distance in far) / len(far)
    found = energy_test(samples[:3], samples[3:], 999, random=seeded(0))
    assert found.p_value == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("compare", [energy_distance, energy_test])
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.ones(2), torch.ones(2, 1), r"a must have shape .*got \(2,\).* add \[:, None\]"),
        (torch.ones(2, 2), torch.ones(2, 1), r"b must have shape \(n, 2\), got \(2, 1\)"),
        (torch.ones(2, 1), torch.full((3, 1), math.inf), "b must be finite, .* in 3 of 3"),
    ],
)
def test_sets_that_cannot_be_compared_are_named(compare, a, b, message):
    with pytest.raises(ValueError, match=message):
        compare(a, b)


def test_more_rows_than_memory_has_room_for_are_refused():
    with pytest.raises(ValueError, match="at most 10000 rows together, got 9999 \\+ 2"):
        energy_test(torch.ones(9_999, 1), torch.ones(2, 1))


def test_the_energy_is_that_of_scaled_points():
    # if not, the long axis of a steep curve would outshout the short one
    points = real_points(400, seed=4) + torch.tensor([0.0, 1.0])
    random = seeded(9)
    quality = curve_quality(points, exponential, LOW, HIGH, random=seeded(9))
    real = curve_points(exponential, LOW, HIGH, 1_000, random=random)
    points, scale = points[torch.randperm(400, generator=random)], Scaler.fit(real).scale
    found = energy_test(scale(points), scale(real), random=random)
    assert (quality.energy, quality.p_value) == (found.distance, found.p_value)


def test_of_many_points_some_are_compared_and_not_just_the_first():
    # sorted points: the first 1,000 would be a corner of the curve
    x = torch.linspace(LOW, HIGH, 5_000)
    points = torch.stack([x, exponential(x)], dim=1)
    quality = curve_quality(points, exponential, LOW, HIGH)
    assert quality.energy < 0.02
    assert quality.p_value > 0.01


FINE = metrics.CurveQuality(0.01, 0.05, 0.01, 48, energy=0.5, p_value=0.005, samples=1_000)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "good"),
        ({"samples": 999, "bins": 1}, "too few samples"),
        ({"bins": 10, "fit_error": 1.0}, "collapsed"),
        ({"bins": 1, "outside": 0.99}, "collapsed"),
        ({"bins": 0, "outside": 1.0, "ks": 1.0}, "spills over"),
        ({"bins": 11}, "misses part of the range"),
        ({"bins": 11, "fit_error": 0.011}, "off the curve"),
        ({"bins": 47, "outside": 0.2, "ks": 0.9}, "misses part of the range"),
        ({"outside": 0.011, "ks": 0.9}, "spills over"),
        ({"ks": 0.051}, "uneven"),
    ],
)
def test_the_gravest_fault_is_named(change, verdict):
    assert replace(FINE, **change).verdict == verdict


def test_quality_reads_as_one_sentence():
    quality = replace(FINE, fit_error=0.0123, ks=0.0456, outside=0.5, bins=49, energy=0.01234)
    assert str(quality) == (
        "1.23% off the curve, KS 0.046, 50.00% outside, 49 of 50 bins, "
        "energy distance 0.0123 (p = 0.005)"
    )


def test_real_points_and_integers_are_good():
    points, random = real_points(2_000, seed=1), seeded(0)
    assert curve_quality(points, exponential, LOW, HIGH).verdict == "good"
    batches = (rows(draw_integers(FIVES, 1_000, random=random)) for _ in range(50))
    assert [integer_quality(batch, FIVES).verdict for batch in batches].count("good") >= 49


def test_the_limit_of_unevenness_is_as_rarely_passed_by_chance_as_it_says():
    chance = stats.kstwobign.sf(metrics.UNEVEN * math.sqrt(metrics.ENOUGH))
    assert 1 / 80 < chance < 1 / 70


def rows(integers):
    return encode_batch(integers, 100)


def test_one_of_two_values_is_a_collapse_and_one_of_one_is_not():
    one = rows(torch.zeros(200).long())
    assert integer_quality(one, torch.tensor([0, 5])).verdict == "collapsed"
    assert integer_quality(one, torch.tensor([0])).verdict == "good"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "good"),
        ({"tv": 0.101}, "uneven"),
        ({"zero_rows": 0.0051, "tv": 0.2}, "rows of zeros"),
        ({"covered": 19, "zero_rows": 0.1}, "misses values"),
        ({"validity": 0.9949, "covered": 19}, "breaks the rule"),
        ({"validity": 0.6, "covered": 4}, "collapsed"),
        ({"validity": 0.5, "covered": 4}, "breaks the rule"),
        ({"covered": 2, "allowed": 5}, "misses values"),
        ({"samples": 999, "covered": 1}, "too few samples"),
    ],
)
def test_the_gravest_fault_of_integers_is_named(change, verdict):
    fine = metrics.IntegerQuality(0.995, 20, tv=0.1, zero_rows=0.005, allowed=20, samples=1_000)
    assert replace(fine, **change).verdict == verdict
