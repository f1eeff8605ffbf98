"""Are p-values right when nothing is wrong?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor

from gan_course import metrics
from gan_course.data import (
    curve_points,
    exponential,
)
from gan_course.metrics import curve_quality


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def likely(found: int, tries: int) -> bool:
    """Could `found` of so many tries be false alarms at 5 %? All but 1 in 1,000 such counts are."""
    return stats.binomtest(found, tries, 0.05).pvalue > 0.001


# --- a p-value when nothing is wrong -----------------------------------------------------------


@pytest.mark.parametrize(
    ("curve", "low", "high"),
    [(exponential, 0, 50), (torch.sigmoid, -6, 6), (torch.sin, -5, 5)],
    ids=["exponential", "logistic", "sine"],
)
def test_perfect_points_have_a_small_p_value_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch, curve: Callable[[Tensor], Tensor], low: int, high: int
) -> None:
    # against the same real points each time they crowd, somewhere: here at 5 or at 24 of 300
    monkeypatch.setattr(metrics, "COMPARED", 150)
    random = seeded(0)
    p_values = [
        curve_quality(curve_points(curve, low, high, 150, random=random), curve, low, high).p_value
        for _ in range(300)
    ]
    assert likely(sum(p <= 0.05 for p in p_values), 300)
    # each twentieth of the values is as likely as any other
    counts = torch.tensor(p_values).mul(20).sub(1e-4).ceil().long().bincount(minlength=21)[1:]
    assert stats.chisquare(counts.numpy()).pvalue > 0.001
