"""Do points lie on the curve, do batches hold them all, does scaling go there and back?"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_course.data import Scaler, batches, curve_points, exponential


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_exponential_is_a_dollar_at_eight_per_cent() -> None:
    x = torch.tensor([0.0, 1.0, 2.0, 50.0])
    expected = torch.tensor([1.0, 1.08, 1.1664, 46.901613])
    torch.testing.assert_close(exponential(x), expected, rtol=1e-5, atol=0)


def test_curve_points_lie_on_the_curve_within_the_range() -> None:
    points = curve_points(torch.sin, -2, 3, 5_000, random=seeded())
    assert points.shape == (5_000, 2)
    assert points.dtype == torch.float32
    x, y = points.T
    assert torch.equal(y, torch.sin(x))
    assert -2 <= x.min() < -1.99
    assert 2.99 < x.max() < 3


def test_curve_points_are_uniform_in_x() -> None:
    x = curve_points(exponential, 10, 20, 20_000, random=seeded())[:, 0]
    counts = torch.histc(x, bins=10, min=10, max=20)
    # 2,000 expected in each; 5 standard deviations of a binomial count are 212
    assert (counts - 2_000).abs().max() < 212


def test_curve_points_draw_from_the_generator_given() -> None:
    state = torch.get_rng_state()
    first, second = (curve_points(exponential, 0, 1, 9, random=seeded(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, curve_points(exponential, 0, 1, 9, random=seeded(4)))
    assert torch.equal(torch.get_rng_state(), state)


def test_curve_points_follow_the_global_seed_without_a_generator() -> None:
    torch.manual_seed(5)
    first = curve_points(exponential, 0, 1, 9)
    torch.manual_seed(5)
    assert torch.equal(curve_points(exponential, 0, 1, 9), first)


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (lambda x: 3.0, r"curve must return a tensor of shape \(4,\), got float"),
        (lambda x: x[:, None], r"curve must return a tensor of shape \(4,\), got \(4, 1\)"),
        (lambda x: x.sum(), r"curve must return a tensor of shape \(4,\), got \(\)"),
        (lambda x: x * float("nan"), r"curve\(x\) must be finite, got NaN or infinity in 4"),
    ],
)
def test_a_curve_must_return_one_finite_y_for_each_x(curve: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        curve_points(curve, 0, 1, 4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_curve_points_are_float32_whatever_the_curve_returns(dtype: torch.dtype) -> None:
    points = curve_points(lambda x: x.to(dtype), 0, 9, 4)
    assert points.dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, 0, 1, 4), TypeError, "curve must be a function"),
        ((exponential, 1, 1, 4), ValueError, "low must be smaller than high"),
        ((exponential, 0, 1, 0), ValueError, "count must be at least 1, got 0"),
        ((exponential, 0, 1, 4.0), TypeError, "count must be a whole number"),
    ],
)
def test_curve_points_name_the_wrong_argument(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        curve_points(*arguments)


def numbered(count: int) -> Tensor:
    """Samples that can be told apart: row i is (i, -i)."""
    column = torch.arange(count, dtype=torch.float32)
    return torch.stack([column, -column], dim=1)


def test_batches_go_through_all_samples_once_an_epoch() -> None:
    samples = numbered(12)
    seen = list(batches(samples, 4, random=seeded()))
    assert [batch.shape for batch in seen] == [(4, 2)] * 3
    rows = torch.cat(seen)
    assert torch.equal(rows[rows[:, 0].argsort()], samples)


def test_each_epoch_is_shuffled_anew() -> None:
    loader = batches(numbered(64), 64, random=seeded())
    (first,), (second,) = loader, loader
    assert not torch.equal(first, second)
    assert not torch.equal(first, numbered(64))


def test_a_last_batch_that_is_too_short_is_left_out() -> None:
    loader = batches(numbered(11), 4)
    assert len(loader) == 2
    assert [len(batch) for batch in loader] == [4, 4]


def test_a_batch_may_hold_all_samples() -> None:
    (batch,) = batches(numbered(5), 5)
    assert batch.shape == (5, 2)


def test_batches_draw_from_the_generator_given() -> None:
    state = torch.get_rng_state()
    first, second = (torch.cat(list(batches(numbered(32), 8, random=seeded(1)))) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("samples", "size", "error", "message"),
    [
        (numbered(8), 9, ValueError, "batch_size must be at most the 8 training samples, got 9"),
        (numbered(8), 0, ValueError, "batch_size must be at least 1, got 0"),
        (numbered(8), 2.0, TypeError, "batch_size must be a whole number"),
        (torch.ones(8), 2, ValueError, r"samples must be a float tensor of shape \(n, dim\)"),
        ([1.0], 1, TypeError, "samples must be a float tensor"),
    ],
)
def test_batches_name_the_wrong_argument(
    samples: Any, size: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        batches(samples, size)


COLUMNS = torch.tensor([[0.0, 10.0], [1.0, 30.0], [4.0, 20.0]])


def test_scaling_follows_its_formula() -> None:
    # 2 (v - low) / (high - low) - 1, with low = (0, 10) and high = (4, 30)
    expected = torch.tensor([[-1.0, -1.0], [-0.5, 1.0], [1.0, 0.0]])
    torch.testing.assert_close(Scaler.fit(COLUMNS).scale(COLUMNS), expected)


def test_the_scaler_keeps_the_range_of_each_column() -> None:
    scaler = Scaler.fit(COLUMNS)
    assert scaler.low.tolist() == [0, 10]
    assert scaler.high.tolist() == [4, 30]


def test_unscaling_follows_its_formula() -> None:
    scaled = torch.tensor([[0.0, 2.0]])  # the middle, and half a range above the top
    assert Scaler.fit(COLUMNS).unscale(scaled).tolist() == [[2, 40]]


def test_scaling_goes_there_and_back_for_samples_never_seen() -> None:
    scaler = Scaler.fit(curve_points(exponential, 0, 50, 100, random=seeded()))
    fresh = curve_points(exponential, -10, 60, 100, random=seeded(1))
    torch.testing.assert_close(scaler.unscale(scaler.scale(fresh)), fresh, rtol=1e-5, atol=1e-4)


def test_scaling_changes_no_input() -> None:
    before = COLUMNS.clone()
    scaler = Scaler.fit(COLUMNS)
    scaler.unscale(scaler.scale(COLUMNS))
    assert torch.equal(COLUMNS, before)


def test_a_constant_column_cannot_be_scaled() -> None:
    samples = torch.tensor([[1.0, 7.0], [2.0, 7.0]])
    with pytest.raises(ValueError, match=r"samples must vary in each column, got .*7\.0"):
        Scaler.fit(samples)


@pytest.mark.parametrize("method", ["scale", "unscale"])
def test_samples_of_another_width_are_refused(method: str) -> None:
    with pytest.raises(ValueError, match=r"samples must be .* \(n, 2\), got shape \(1, 3\)"):
        getattr(Scaler.fit(COLUMNS), method)(torch.zeros(1, 3))


def test_comparing_scalers_is_no_error() -> None:
    scaler = Scaler.fit(COLUMNS)
    assert scaler == scaler
    assert (Scaler.fit(COLUMNS) == Scaler.fit(COLUMNS)) in (True, False)
