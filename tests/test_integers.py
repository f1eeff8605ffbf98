"""Do integers become the right rows, and do rows become the right integers?"""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softmax

from gan_course.integers import (
    GumbelSoftmax,
    StraightThrough,
    decode,
    decode_batch,
    draw_integers,
    encode,
    encode_batch,
    pattern_values,
    real_batch,
    straight_through,
    whole_numbers,
)

FIVES = pattern_values(5)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_of_five_is_a_row_of_zeros_with_one_one() -> None:
    assert encode(1, 5).tolist() == [0, 1, 0, 0, 0]
    assert encode(0, 1).tolist() == [1]
    assert encode(1, 5).dtype == torch.float32


@pytest.mark.parametrize("position", [0, 1, 75, 99])
def test_an_integer_comes_back_from_its_row(position: int) -> None:
    row = encode(position, 100)
    assert row.shape == (100,)
    assert row.nonzero().tolist() == [[position]]
    assert decode(row) == position


def test_all_rows_are_equally_far_apart() -> None:
    rows = encode_batch(range(6), 6)
    apart = torch.cdist(rows, rows)[~torch.eye(6, dtype=torch.bool)]
    assert torch.allclose(apart, torch.tensor(math.sqrt(2)))


def test_a_batch_is_encoded_row_by_row() -> None:
    integers = [75, 0, 20, 99, 20]
    batch = encode_batch(integers, 100)
    assert batch.dtype == torch.float32
    assert torch.equal(batch, torch.stack([encode(number, 100) for number in integers]))
    assert torch.equal(batch, encode_batch(torch.tensor(integers, dtype=torch.int32), 100))


def test_a_batch_is_decoded_along_its_last_axis() -> None:
    # more columns than rows: argmax over the wrong axis would give other numbers of them
    batch = torch.tensor([[0.1, 0.7, 0.2], [0.9, 0.8, 0.0]])
    decoded = decode_batch(batch)
    assert decoded.tolist() == [1, 0]
    assert decoded.dtype == torch.int64
    assert decoded.tolist() == [decode(row) for row in batch]


def test_a_row_of_zeros_decodes_to_zero_by_accident() -> None:
    assert decode(torch.zeros(100)) == 0
    assert decode_batch(torch.zeros(3, 100)).tolist() == [0, 0, 0]
    assert decode(torch.tensor([0.0, 2.0, 2.0])) == 1


@pytest.mark.parametrize(
    ("pattern", "below", "expected"),
    [
        (5, 100, list(range(0, 100, 5))),
        (7, 30, [0, 7, 14, 21, 28]),
        (7, 29, [0, 7, 14, 21, 28]),
        (7, 28, [0, 7, 14, 21]),
        (1, 4, [0, 1, 2, 3]),
        ("odd", 8, [1, 3, 5, 7]),
        ("even", 8, [0, 2, 4, 6]),
        ("odd", 2, [1]),
    ],
)
def test_patterns(pattern: Any, below: int, expected: list[int]) -> None:
    values = pattern_values(pattern, below)
    assert values.tolist() == expected
    assert values.dtype == torch.int64


def test_odd_and_even_are_all_integers() -> None:
    both = torch.cat([pattern_values("odd"), pattern_values("even")])
    assert both.sort().values.tolist() == list(range(100))
    assert torch.equal(pattern_values("even"), pattern_values(2))


def test_draws_are_uniform_over_the_values() -> None:
    drawn = draw_integers(FIVES, 40_000, random=seeded())
    kinds, counts = drawn.unique(return_counts=True)
    assert torch.equal(kinds, FIVES)
    # five standard deviations of a binomial count
    assert (counts - 2_000).abs().max() < 5 * math.sqrt(40_000 * 0.05 * 0.95)


def test_a_real_batch_is_ten_one_hot_rows_of_the_pattern() -> None:
    batch = real_batch(FIVES, 10, 100, random=seeded())
    assert batch.shape == (10, 100)
    assert batch.dtype == torch.float32
    assert batch.sum(dim=1).tolist() == [1] * 10
    assert batch.max(dim=1).values.tolist() == [1] * 10
    assert (decode_batch(batch) % 5 == 0).all()
    assert torch.equal(decode_batch(batch), draw_integers(FIVES, 10, random=seeded()))


def test_the_global_seed_counts_where_no_source_is_given() -> None:
    torch.manual_seed(7)
    first = real_batch([1, 2, 3], 50, 4)
    second = real_batch([1, 2, 3], 50, 4)
    torch.manual_seed(7)
    assert torch.equal(real_batch([1, 2, 3], 50, 4), first)
    assert not torch.equal(first, second)


def test_straight_through_is_one_hot_with_the_gradient_of_softmax() -> None:
    logits = torch.randn(6, 5, generator=seeded(), requires_grad=True)
    direction = torch.randn(6, 5, generator=seeded(1))
    rows = straight_through(logits)
    expected = encode_batch(logits.argmax(dim=1), 5)
    assert torch.allclose(rows, expected, atol=1e-6)
    assert torch.equal(decode_batch(rows.detach()), logits.argmax(dim=1))
    (by_layer,) = torch.autograd.grad((rows * direction).sum(), logits)
    (by_softmax,) = torch.autograd.grad((softmax(logits, dim=-1) * direction).sum(), logits)
    assert torch.allclose(by_layer, by_softmax)
    assert by_layer.abs().max() > 0.01


def test_the_layer_is_the_function() -> None:
    logits = torch.randn(4, 3, generator=seeded())
    assert torch.equal(StraightThrough()(logits), straight_through(logits))


def test_gumbel_draws_with_the_probabilities_of_softmax() -> None:
    probabilities = torch.tensor([0.1, 0.3, 0.6])
    torch.manual_seed(0)
    layer = GumbelSoftmax().eval()  # the drawing goes on in evaluation mode
    rows = layer(probabilities.log().repeat(40_000, 1))
    assert torch.allclose(rows.sum(dim=1), torch.ones(40_000))
    assert torch.allclose(rows.max(dim=1).values, torch.ones(40_000))
    shares = decode_batch(rows).bincount(minlength=3) / 40_000
    assert torch.allclose(shares, probabilities, atol=5 * math.sqrt(0.25 / 40_000))


def test_gumbel_lets_a_gradient_through_and_keeps_its_temperature() -> None:
    gradients = []
    for temperature in (1.0, 0.2):
        torch.manual_seed(0)
        logits = torch.zeros(5, 4, requires_grad=True)
        layer = nn.Sequential(GumbelSoftmax(temperature))
        (layer(logits) * torch.arange(4.0)).sum().backward()
        assert logits.grad is not None
        gradients.append(logits.grad)
    assert gradients[0].abs().max() > 0.01
    assert not torch.allclose(gradients[0], gradients[1])


WRONG: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
    (encode, (5, 5), ValueError, "position must be below the depth of 5, got 5"),
    (encode, (-1, 5), ValueError, "position must be at least 0, got -1"),
    (encode, (1.0, 5), TypeError, r"position must be a whole number \(int\), got float 1.0"),
    (encode, (0, 0), ValueError, "depth must be at least 1, got 0"),
    (encode_batch, ([1, 5], 5), ValueError, "integers must lie from 0 to 4, got 5"),
    (encode_batch, ([1, -2], 5), ValueError, "integers must lie from 0 to 4, got -2"),
    (encode_batch, ([], 5), ValueError, r"integers must have shape \(n,\), .*got shape \(0,\)"),
    (encode_batch, (torch.ones(2, 2).long(), 5), ValueError, r"integers .*got shape \(2, 2\)"),
    (encode_batch, (torch.ones(2), 5), TypeError, "integers must be whole .*torch.float32"),
    (encode_batch, (torch.ones(2) > 0, 5), TypeError, "integers must be whole .*torch.bool"),
    (encode_batch, ([1, 2.5], 5), TypeError, r"integers\[1\] must be a whole number"),
    (encode_batch, ("12", 5), TypeError, r"integers must be whole numbers like .*got str"),
    (encode_batch, (7, 5), TypeError, r"integers must be whole numbers like .*got int"),
    (encode_batch, ([1], "5"), TypeError, "depth must be a whole number"),
    (decode, ([0, 1],), TypeError, "vector must be a tensor .*got list"),
    (decode, (torch.eye(2),), ValueError, r"vector must be .*\(depth,\).*got \(2, 2\)"),
    (decode, (torch.ones(0),), ValueError, r"vector must be .*got \(0,\)"),
    (decode, (torch.tensor([1, 0]),), TypeError, "vector must be a float tensor"),
    (decode, (torch.tensor([math.nan]),), ValueError, "vector must be finite"),
    (decode_batch, (torch.ones(3),), ValueError, r"batch must be .*got shape \(3,\)"),
    (decode_batch, ([[1.0]],), TypeError, "batch must be a float tensor"),
    (pattern_values, ("prime",), ValueError, 'pattern must be "odd", "even" .*got \'prime\''),
    (pattern_values, (0,), ValueError, "pattern must be at least 1, got 0"),
    (pattern_values, (2.0,), TypeError, "pattern must be a whole number"),
    (pattern_values, (100,), ValueError, "pattern must be smaller than below=100, got 100"),
    (pattern_values, (5, 1), ValueError, "below must be at least 2, got 1"),
    (draw_integers, ([], 3), ValueError, r"values must have shape \(n,\)"),
    (draw_integers, ([1], 0), ValueError, "count must be at least 1, got 0"),
    (real_batch, ([0, 5, 100], 2_000, 100), ValueError, "integers must lie from 0 to 99, got 100"),
    (straight_through, (torch.ones(3),), ValueError, r"logits must be .*got shape \(3,\)"),
    (straight_through, ([1.0],), TypeError, "logits must be a float tensor"),
    (GumbelSoftmax, (0,), ValueError, "temperature must be larger than 0, got 0"),
    (GumbelSoftmax, ("warm",), TypeError, "temperature must be a number"),
]


@pytest.mark.parametrize(("function", "arguments", "error", "message"), WRONG)
def test_errors_name_the_argument_and_what_came(
    function: Any, arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        function(*arguments)


def test_whole_numbers_says_the_name_it_was_given() -> None:
    assert whole_numbers("ages", (3, -4)).tolist() == [3, -4]
    with pytest.raises(TypeError, match="ages must be whole numbers"):
        whole_numbers("ages", torch.ones(2, dtype=torch.complex64))


def test_results_are_tensors_of_the_device_of_what_came() -> None:
    # the meta device stands for a second machine part: it holds shapes and no numbers
    values: Tensor = pattern_values(5).to("meta")
    assert draw_integers(values, 3).device.type == "meta"
    assert "random" in inspect.signature(real_batch).parameters
