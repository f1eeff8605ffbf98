"""Are the measures of project 3, of numbers on a line, what their formulas say?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from gan_course.metrics import ks_normal, moments, wasserstein_normal

QUANTILES = torch.special.ndtri((torch.arange(2_000, dtype=torch.double) + 0.5) / 2_000)
MEASURES = [ks_normal, wasserstein_normal, moments]


def test_quantiles_are_as_near_as_can_be() -> None:
    assert ks_normal(QUANTILES) == pytest.approx(0.5 / 2_000)
    assert wasserstein_normal(QUANTILES) == pytest.approx(0, abs=1e-9)


def test_ks_is_the_largest_gap() -> None:
    values = torch.tensor([-1.0, 0.0, 0.5, 2.0], dtype=torch.double)
    share = torch.special.ndtr(values)
    steps = torch.arange(4) / 4
    gap = torch.maximum((share - steps).abs().max(), (share - steps - 0.25).abs().max())
    assert ks_normal(values) == pytest.approx(float(gap))
    assert ks_normal(torch.zeros(10)) == pytest.approx(0.5)
    assert ks_normal(values) == pytest.approx(stats.kstest(values.numpy(), "norm").statistic)


@pytest.mark.parametrize("shift", [-2.0, 0.3, 5.0])
def test_wasserstein_is_how_far_all_was_moved(shift: float) -> None:
    assert wasserstein_normal(QUANTILES + shift) == pytest.approx(abs(shift))


def test_wasserstein_of_a_stretch() -> None:
    # |2 x - x| on average is the mean of |x|, sqrt(2 / pi)
    assert wasserstein_normal(2 * QUANTILES) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-3)


def test_moments_by_hand() -> None:
    values = torch.tensor([1.0, 2.0, 6.0])
    found = moments(values)
    centred = np.array([-2.0, -1.0, 3.0])
    variance = np.mean(centred**2)
    assert found.mean == pytest.approx(3)
    assert found.std == pytest.approx(math.sqrt(variance))
    assert found.skewness == pytest.approx(np.mean(centred**3) / variance**1.5)
    assert found.excess_kurtosis == pytest.approx(np.mean(centred**4) / variance**2 - 3)


def test_true_draws_have_the_moments_of_the_normal_distribution() -> None:
    torch.manual_seed(0)
    found = moments(torch.randn(100_000))
    assert list(vars(found).values()) == pytest.approx([0, 1, 0, 0], abs=0.05)


numbers = st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=30)


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(numbers.map(lambda found: torch.tensor(found, dtype=torch.double)), st.floats(0.5, 9))
def test_bounds_and_symmetries(values: Tensor, unit: float) -> None:
    # N(0, 1) is its own mirror image
    assert 0 <= ks_normal(values) <= 1
    assert ks_normal(-values) == pytest.approx(ks_normal(values), abs=1e-9)
    assert wasserstein_normal(-values) == pytest.approx(wasserstein_normal(values), abs=1e-6)
    # nothing can be nearer than the means are
    assert wasserstein_normal(values) >= abs(float(values.mean())) - 1e-6
    if float(values.std()) > 1e-3:
        one, other = moments(values), moments(unit * values + 7)
        assert (other.mean, other.std) == pytest.approx((unit * one.mean + 7, unit * one.std))
        assert other.skewness == pytest.approx(one.skewness, abs=1e-5)
        assert other.excess_kurtosis == pytest.approx(one.excess_kurtosis, abs=1e-5)
        # Pearson 1916: kurtosis is at least 1 + skewness squared
        assert one.excess_kurtosis + 3 >= 1 + one.skewness**2 - 1e-6


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (torch.ones(3, 1), r"values must have shape \(n,\), n >= 1, got \(3, 1\)"),
        (torch.tensor([0.0, math.nan]), "NaN or infinity in 1 of 2"),
    ],
)
def test_measures_name_what_is_wrong(measure: Any, values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(values)


@pytest.mark.parametrize("count", [1, 5])
def test_equal_values_have_no_shape(count: int) -> None:
    with pytest.raises(ValueError, match=r"values must differ from each other, got 2.0 only"):
        moments(torch.full((count,), 2.0))
