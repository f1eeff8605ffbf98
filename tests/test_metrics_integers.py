"""Does each metric of integers give what its formula gives, by hand or in closed form?"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_course.data import decode_batch, draw_integers, encode_batch, pattern_values
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
LAZY = torch.full((200,), 95)  # follows the rule, and never says anything else


def test_mean_squared_remainder_by_hand() -> None:
    assert mean_squared_remainder(torch.tensor([5, 10, 11, 12]), 5) == (0 + 0 + 1 + 4) / 4
    assert mean_squared_remainder(torch.tensor([9, 14]), 7) == (4 + 0) / 2


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


integers_and_values = st.tuples(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=1, unique=True),
)


@settings(max_examples=80, derandomize=True, database=None, deadline=None)
@given(integers_and_values)
def test_bounds_of_the_measures_and_what_they_do_not_depend_on(
    drawn: tuple[list[int], list[int]],
) -> None:
    integers, values = drawn
    valid, tv = validity(integers, values), total_variation(integers, values)
    covered = values_covered(integers, values)
    assert 1 - valid - 1e-9 <= tv <= 1 + 1e-9  # what is not allowed must change
    assert covered <= len(set(integers) & set(values))
    # neither on the order nor on how often all is said
    again = [*reversed(integers), *integers]
    assert validity(again, values[::-1]) == pytest.approx(valid)
    assert total_variation(again, values[::-1]) == pytest.approx(tv)
    assert values_covered(again, values[::-1]) == covered


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
def test_what_would_be_counted_wrongly_is_refused(
    metric: Any, integers: Any, values: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        metric(integers, values)


def test_a_number_of_integers_is_no_part_of_the_fair_share() -> None:
    with pytest.raises(ValueError, match=r"at_least must be a part of .* below 1, got 5"):
        values_covered(LAZY, FIVES, 5)


# what people have at hand who mean rows: each would be read as zeros, and called "collapsed"
FAIR = FIVES.repeat(60)
NO_ROWS = {
    "integers": FAIR,
    "integers as floats": FAIR.float(),
    "a column of them": FAIR[:, None].float(),
    "an array": FAIR.numpy(),
    "a list": FAIR.tolist(),
    "rows that are too short": encode_batch(FAIR % 50, 50),
}


@pytest.mark.parametrize("batch", NO_ROWS.values(), ids=NO_ROWS)
def test_what_is_no_row_is_no_collapse(batch: Any) -> None:
    with pytest.raises(ValueError, match=r"batch must have shape \(n, depth\), .*; encode_batch\("):
        integer_quality(batch, FIVES)


def test_rows_of_any_number_type_are_rows() -> None:
    rows = encode_batch(FAIR, 100)
    for same in (rows, rows.long(), rows.double().numpy(), rows.half()):
        assert torch.equal(decode_batch(same), FAIR)
        assert integer_quality(same, FIVES).verdict == "good"
