"""Does each metric of integers give what its formula gives, by hand or in closed form?"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gan_course.integers import draw_integers, encode_batch, pattern_values
from gan_course.metrics import (
    IntegerQuality,
    integer_quality,
    mean_squared_remainder,
    total_variation,
    valid_sequences,
    validity,
    values_covered,
    zero_rows,
)

FIVES = pattern_values(5)
META = torch.zeros(5, dtype=torch.int64, device="meta")  # without numbers
LAZY = torch.full((200,), 95)  # follows the rule, and never says anything else


def test_mean_squared_remainder_by_hand() -> None:
    assert mean_squared_remainder(torch.tensor([5, 10, 11, 12]), 5) == (0 + 0 + 1 + 4) / 4
    assert mean_squared_remainder(torch.tensor([9, 14]), 7) == (4 + 0) / 2


def test_the_remainder_is_that_of_the_column_trap_only_for_zeros() -> None:
    # (n,) against (n, 1) compares all with all; with zeros nobody would notice
    remainders = (torch.arange(10) % 5).float()
    right = mean_squared_remainder(torch.arange(10), 5)
    with_zeros = ((remainders - torch.zeros(10, 1)) ** 2).mean()
    assert float(with_zeros) == pytest.approx(right)
    assert float(((remainders - remainders[:, None]) ** 2).mean()) > 0


def test_the_rule_cannot_see_collapse_but_the_spread_can() -> None:
    assert mean_squared_remainder(LAZY, 5) == 0
    assert validity(LAZY, FIVES) == 1
    assert values_covered(LAZY, FIVES) == 1
    assert total_variation(LAZY, FIVES) == pytest.approx(1 - 1 / 20)


def test_validity_is_a_share() -> None:
    assert validity(torch.tensor([0, 5, 6, 95, 99, 10, 1, 2]), FIVES) == 4 / 8
    assert validity(torch.tensor([1, 2]), FIVES) == 0


def test_a_sequence_is_valid_if_all_of_it_is() -> None:
    sequences = torch.tensor([[0, 5, 10], [0, 5, 11], [95, 95, 95], [1, 2, 3]])
    assert valid_sequences(sequences, FIVES) == 2 / 4


def test_valid_sequences_of_independent_integers_are_a_power() -> None:
    torch.manual_seed(0)
    integers = torch.where(torch.rand(20_000) < 0.9, 5, 6)
    share = valid_sequences(integers.reshape(-1, 10), FIVES)
    assert share == pytest.approx(validity(integers, FIVES) ** 10, abs=0.05)


def test_coverage_counts_a_fifth_of_the_fair_share_and_more() -> None:
    # four values: fair is 25 %, so the limit is 5 %
    values = torch.tensor([0, 1, 2, 3])
    integers = torch.tensor([0] * 83 + [1] * 6 + [2] * 5 + [7] * 6)
    assert values_covered(integers, values) == 2
    assert values_covered(integers, values, at_least=0.19) == 3
    assert values_covered(integers, values, at_least=0) == 3
    assert values_covered(integers, values, at_least=0.9) == 1


def test_for_twenty_values_the_limit_is_one_per_cent() -> None:
    just = torch.cat([LAZY.repeat(5)[:989], torch.tensor([5] * 11)])
    assert values_covered(just, FIVES) == 2
    too_few = torch.cat([LAZY.repeat(5)[:991], torch.tensor([5] * 9)])
    assert values_covered(too_few, FIVES) == 1


@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_total_variation_of_some_of_the_values_has_a_closed_form(k: int) -> None:
    # k of 20 values, all equally often: 20 - k of 20 would have to change
    assert total_variation(FIVES[:k].repeat(3), FIVES) == pytest.approx(1 - k / 20)


def test_total_variation_counts_what_is_not_allowed() -> None:
    assert total_variation(torch.tensor([1, 2, 3]), FIVES) == pytest.approx(1)
    half = torch.cat([FIVES, FIVES + 1])
    assert total_variation(half, FIVES) == pytest.approx(0.5)


def test_total_variation_is_half_the_sum_over_all_integers() -> None:
    torch.manual_seed(0)
    integers = torch.randint(100, (500,))
    p = integers.bincount(minlength=100).double() / 500
    q = torch.zeros(100, dtype=torch.double)
    q[FIVES] = 1 / 20
    assert total_variation(integers, FIVES) == pytest.approx(float((p - q).abs().sum()) / 2)


def test_chance_alone_has_the_stated_total_variation() -> None:
    n, k = 2_000, len(FIVES)
    random = torch.Generator().manual_seed(0)
    found = [total_variation(draw_integers(FIVES, n, random=random), FIVES) for _ in range(40)]
    assert sum(found) / 40 == pytest.approx(math.sqrt(k / (2 * math.pi * n)), rel=0.1)


def test_zero_rows_are_counted_whole() -> None:
    rows = torch.tensor([[0.0, 0.0], [0.0, 1e-30], [0.0, 0.0], [2.0, 0.0]])
    assert zero_rows(rows) == 2 / 4


def test_quality_is_made_of_the_four_metrics() -> None:
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


def test_quality_reads_as_a_sentence() -> None:
    quality = IntegerQuality(0.9996, 12, tv=0.4725, zero_rows=0.004, allowed=20, samples=1_000)
    assert str(quality) == (
        "99.96% valid, 12 of 20 values covered, total variation 0.472, 0.40% rows of zeros"
    )


@pytest.mark.parametrize("metric", [validity, values_covered, total_variation])
@pytest.mark.parametrize(
    ("integers", "values", "error", "message"),
    [
        (torch.ones(2), FIVES, TypeError, "integers must be whole numbers"),
        (torch.ones(2, 1).long(), FIVES, ValueError, r"integers must have .*got shape \(2, 1\)"),
        (LAZY[:0], FIVES, ValueError, r"integers must have .*got shape \(0,\)"),
        (LAZY, FIVES.float(), TypeError, "values must be whole numbers"),
        (LAZY, torch.tensor([5, 0, 5]), ValueError, "values must be different .*5, 0, 5"),
    ],
)
def test_integers_and_values_are_checked(
    metric: Any, integers: Any, values: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        metric(integers, values)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mean_squared_remainder(LAZY, 0), ValueError, "divisor must be at least 1, got 0"),
        (lambda: mean_squared_remainder(LAZY.float(), 5), TypeError, "integers must be whole"),
        (lambda: valid_sequences(LAZY, FIVES), ValueError, r"sequences must be .*got \(200,\)"),
        (lambda: valid_sequences([[5]], FIVES), TypeError, "sequences must be .*got list"),
        (lambda: valid_sequences(LAZY[:0, None], FIVES), ValueError, r"got \(0, 1\)"),
        (lambda: valid_sequences(torch.ones(2, 2), FIVES), TypeError, "sequences must be whole"),
        (lambda: values_covered(LAZY, FIVES, 1), ValueError, "at_least must be .* below 1, got 1"),
        (lambda: values_covered(LAZY, FIVES, -0.1), ValueError, "at_least must be at least 0"),
        (lambda: values_covered(LAZY, FIVES, "all"), TypeError, "at_least must be a number"),
        (lambda: valid_sequences(META[:, None], FIVES), ValueError, "sequences must hold numbers"),
        (lambda: validity(META, FIVES), ValueError, "integers must hold numbers"),
        (lambda: validity(LAZY, META), ValueError, "values must hold numbers"),
        (lambda: zero_rows(torch.zeros(3)), ValueError, r"batch must be .*got shape \(3,\)"),
        (lambda: integer_quality(LAZY, FIVES), (TypeError, ValueError), "batch must be"),
    ],
)
def test_other_arguments_are_checked(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
