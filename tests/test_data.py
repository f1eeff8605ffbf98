"""Do points lie on the curve, do batches hold them all, do integers become the right rows?"""

import math

import pytest
import torch
from conftest import seeded

from gan_course.checks import as_integers, as_samples
from gan_course.data import (
    Scaler,
    batches,
    curve_points,
    decode,
    decode_batch,
    draw_integers,
    encode,
    encode_batch,
    even_noise,
    exponential,
    normal_noise,
    pattern_values,
    real_batch,
)


def test_curve_points_lie_evenly_on_the_curve_within_the_range():
    points = curve_points(torch.sin, -2, 3, 5_000, random=seeded())
    assert points.dtype == torch.float32
    x, y = points.T
    assert torch.equal(y, torch.sin(x))
    assert -2 <= x.min() < -1.99
    assert 2.99 < x.max() < 3
    counts = torch.histc(x, bins=10, min=-2, max=3)
    # 500 expected in each; 5 standard deviations of a binomial count are 106
    assert (counts - 500).abs().max() < 106
    by_hand = pytest.approx([1.08, 46.901613], rel=1e-5)
    assert exponential(torch.tensor([1.0, 50.0])).tolist() == by_hand


def test_curve_points_follow_the_generator_given_or_the_global_seed():
    state = torch.get_rng_state()
    first = curve_points(exponential, 0, 1, 9, random=seeded(3))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(3)
    assert torch.equal(curve_points(exponential, 0, 1, 9), first)


def numbered(count):
    """Samples that can be told apart: row i is (i, -i)."""
    column = torch.arange(count, dtype=torch.float32)
    return torch.stack([column, -column], dim=1)


def test_batches_go_through_all_samples_once_an_epoch():
    samples = numbered(12)
    seen = list(batches(samples, 4, random=seeded()))
    assert [batch.shape for batch in seen] == [(4, 2)] * 3
    assert len(batches(samples, 5)) == 2  # one that is too short is left out
    rows = torch.cat(seen)
    assert torch.equal(rows[rows[:, 0].argsort()], samples)


def test_each_epoch_is_shuffled_anew_and_may_be_one_batch():
    loader = batches(numbered(64), 64, random=seeded())
    (first,), (second,) = loader, loader
    assert not torch.equal(first, second)
    assert not torch.equal(first, numbered(64))
    assert torch.equal(next(iter(batches(numbered(64), 64, random=seeded()))), first)


COLUMNS = torch.tensor([[0.0, 10.0], [1.0, 30.0], [4.0, 20.0]])


def test_scaling_follows_its_formula_and_back():
    # 2 (v - low) / (high - low) - 1, with low = (0, 10) and high = (4, 30)
    expected = torch.tensor([[-1.0, -1.0], [-0.5, 1.0], [1.0, 0.0]])
    scaler = Scaler.fit(COLUMNS)
    assert (scaler.low.tolist(), scaler.high.tolist()) == ([0, 10], [4, 30])
    torch.testing.assert_close(scaler.scale(COLUMNS), expected)
    scaled = torch.tensor([[0.0, 2.0]])  # the middle, and half a range above the top
    assert scaler.unscale(scaled).tolist() == [[2, 40]]
    for of_another_width in (scaler.scale, scaler.unscale):
        with pytest.raises(ValueError, match=r"samples must have shape \(n, 2\), got \(1, 3\)"):
            of_another_width(torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"got \(4,\); with one number a sample, add \[:, None\]"):
        Scaler.fit(torch.zeros(4))


FIVES = pattern_values(5)


def test_an_integer_is_a_row_of_zeros_with_one_one():
    assert encode(1, 5).tolist() == [0, 1, 0, 0, 0]
    integers = [75, 0, 20, 99, 20]
    batch = encode_batch(integers, 100)
    assert batch.dtype == torch.float32
    assert batch.nonzero().tolist() == [[row, number] for row, number in enumerate(integers)]
    assert torch.equal(batch, torch.stack([encode(number, 100) for number in integers]))
    assert torch.equal(batch, encode_batch(torch.tensor(integers, dtype=torch.int32), 100))


def test_a_batch_is_decoded_along_its_last_axis():
    # more columns than rows: argmax over the wrong axis would give other numbers of them
    batch = torch.tensor([[0.1, 0.7, 0.2], [0.9, 0.8, 0.0]])
    decoded = decode_batch(batch)
    assert decoded.tolist() == [1, 0] == [decode(row) for row in batch]
    assert decoded.dtype == torch.int64


def test_patterns():
    assert pattern_values(7, 29).tolist() == [0, 7, 14, 21, 28]
    assert pattern_values("odd", 8).tolist() == [1, 3, 5, 7]
    assert pattern_values("even", 8).tolist() == [0, 2, 4, 6]


def test_draws_are_uniform_over_the_values():
    drawn = draw_integers(FIVES, 40_000, random=seeded())
    kinds, counts = drawn.unique(return_counts=True)
    assert torch.equal(kinds, FIVES)
    batch = real_batch(FIVES, 40_000, 100, random=seeded())
    assert torch.equal(batch, encode_batch(drawn, 100))
    # five standard deviations of a binomial count
    assert (counts - 2_000).abs().max() < 5 * math.sqrt(40_000 * 0.05 * 0.95)


def of(curve):
    return curve_points(curve, 0, 1, 4)


GAPS = [[1, 2], [math.nan, 3], [math.inf, 3]]


# what people hand over: more of it is in test_situations.py
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: as_samples(torch.ones(0, 2)), ValueError, r"\(n, dim\), got \(0, 2\)"),
        (lambda: as_samples(GAPS), ValueError, "got NaN or infinity in 2 of 3"),
        (lambda: of(lambda x: 3.0), ValueError, r"curve must return a .* \(4,\), got float"),
        (lambda: of(lambda x: x * math.nan), ValueError, r"curve\(x\) must .* infinity in 4"),
        # each of these integers would decode to 0
        (lambda: decode_batch([5, 10]), ValueError, r"depth\), got \(2,\); encode_batch makes"),
        (lambda: as_integers([1, 2.5]), TypeError, "whole numbers, .*decode_batch turns rows"),
        (lambda: as_integers(torch.ones(2, 2).long()), ValueError, r"\(n,\).* got shape \(2, 2\)"),
        (lambda: pattern_values("prime"), ValueError, r"pattern must be .* got 'prime'"),
        (lambda: batches(numbered(5), 6), ValueError, "at most the 5 training samples, got 6"),
        (lambda: curve_points(exponential, 5, 5, 9), ValueError, "low must be smaller than high"),
    ],
)
def test_what_would_be_something_else_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_noise_is_standard_normal_fresh_in_each_call_and_of_the_generator_given():
    noise, random = normal_noise(3, random=seeded()), seeded()
    for _ in range(2):
        assert torch.equal(noise(9), torch.randn(9, 3, generator=random))


def test_even_noise_has_one_number_in_each_part():
    torch.manual_seed(0)
    drawn = even_noise(10)
    assert drawn.shape == (10, 1)
    assert ((drawn[:, 0] + 1) * 5).floor().tolist() == list(range(10))
    assert not torch.equal(drawn, even_noise(10))
