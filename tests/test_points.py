"""Are the limits of fresh curves and clouds measured as they are written down?"""

from __future__ import annotations

from functools import partial

import pytest
import torch

from benchmarks import points
from benchmarks.curves import Task


def test_a_point_beside_the_curve_counts_by_its_way_to_it_as_a_share_of_the_range() -> None:
    # y = x / 2 on [0, 8] fills the square from corner to corner: the way to it is at 45 degrees
    task = Task(lambda x: x / 2, 0, 8)
    middle = torch.tensor([[4.0, 2.0], [4.0, 2.4]])  # on it, and a tenth of the height above it
    assert points.off_the_curve(middle[:1], task) == pytest.approx(0, abs=1e-4)
    assert points.off_the_curve(middle[1:], task) == pytest.approx(0.1 / 2**0.5, abs=1e-4)
    assert points.off_the_curve(middle, task) == pytest.approx(0.05 / 2**0.5, abs=1e-4)


@pytest.mark.parametrize("name", ["cosine", "five"])
def test_real_samples_are_good_and_shifted_ones_are_not(name: str) -> None:
    real, other = (points.data_set(name, seed) for seed in (0, 1))
    assert not torch.equal(real, other)  # each seed has its own data
    measure = partial(points.of_curve, points.CURVES[name]) if name == "cosine" else points.of_cloud
    # 2,048 points have a larger KS distance from each other than 20,000 may have
    assert measure(other, other if name == "cosine" else real)["good"]
    assert not measure(other + torch.tensor([0.0, 0.2]), real)["good"]
