"""Does each check let good arguments through, and word what is wrong with the others?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from gan_course import checks

COUNT = checks.require_count
NUMBER = checks.require_number
MATRIX = checks.require_matrix


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (COUNT, ("n", 1)),
        (COUNT, ("n", 0, 0)),
        (NUMBER, ("n", -2)),
        (NUMBER, ("n", 0.5)),
        (checks.require_range, (-1, 0.5)),
        (checks.require_callable, ("f", len)),
        (MATRIX, ("m", torch.zeros(1, 3))),
        (MATRIX, ("m", torch.zeros(1, 3, dtype=torch.float64), 3)),
        (MATRIX, ("m", torch.zeros(0, 3), 3, 0)),
        (checks.require_widths, ("w", ())),
        (checks.require_widths, ("w", [16, 32])),
        (checks.require_choice, ("c", "a", ["a", "b"])),
    ],
)
def test_good_arguments_pass(call: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    assert call(*arguments) is None


def test_a_number_may_be_just_above_its_bound_but_not_on_it() -> None:
    NUMBER("limit", 1e-9, above=0)
    with pytest.raises(ValueError, match=r"^limit must be larger than 0, got 0$"):
        NUMBER("limit", 0, above=0)


@pytest.mark.parametrize(
    ("call", "arguments", "error", "message"),
    [
        (COUNT, ("n", 1.0), TypeError, "n must be a whole number (int), got float 1.0"),
        (COUNT, ("n", True), TypeError, "n must be a whole number (int), got bool True"),
        (COUNT, ("n", "2"), TypeError, "n must be a whole number (int), got str '2'"),
        (COUNT, ("n", 0), ValueError, "n must be at least 1, got 0"),
        (COUNT, ("n", 1, 2), ValueError, "n must be at least 2, got 1"),
        (NUMBER, ("n", "2"), TypeError, "n must be a number, got str '2'"),
        (NUMBER, ("n", False), TypeError, "n must be a number, got bool False"),
        (NUMBER, ("n", float("nan")), ValueError, "n must be finite, got nan"),
        (NUMBER, ("n", float("-inf")), ValueError, "n must be finite, got -inf"),
        (checks.require_range, ("a", 1), TypeError, "low must be a number, got str 'a'"),
        (checks.require_range, (0, None), TypeError, "high must be a number, got NoneType None"),
        (checks.require_range, (2, 2), ValueError, "low must be smaller than high, got low=2 and"),
        (checks.require_range, (3, 2), ValueError, "got low=3 and high=2"),
        (checks.require_callable, ("f", 3), TypeError, "f must be a function, got int 3"),
        (
            checks.require_widths,
            ("w", 16),
            TypeError,
            "w must be a sequence like (16, 32), got int",
        ),
        (
            checks.require_widths,
            ("w", "16"),
            TypeError,
            "w must be a sequence like (16, 32), got str",
        ),
        (checks.require_widths, ("w", (4, 0)), ValueError, "w[1] must be at least 1, got 0"),
        (
            checks.require_choice,
            ("c", "x", ["a", "b"]),
            ValueError,
            "c must be one of a, b, got 'x'",
        ),
    ],
)
def test_errors_name_the_argument_what_came_and_what_was_expected(
    call: Callable[..., None], arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(*arguments)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([[1.0]], TypeError, "m must be a float tensor of shape (n, 2), got list [[1.0]]"),
        (torch.ones(3, 2, dtype=torch.int64), TypeError, "got dtype torch.int64; try m.float()"),
        (torch.ones(3), ValueError, "m must be a float tensor of shape (n, 2), got shape (3,)"),
        (torch.ones(3, 1), ValueError, "got shape (3, 1)"),
        (torch.ones(3, 2, 1), ValueError, "got shape (3, 2, 1)"),
        (torch.ones(3, 2), ValueError, "m must have at least 4 rows, got 3"),
        (
            torch.tensor([[0.0, 1.0], [float("nan"), float("inf")], [0, float("inf")], [0, 0]]),
            ValueError,
            "m must be finite, got NaN or infinity in 2 of its rows",
        ),
    ],
)
def test_a_matrix_must_be_a_finite_float_tensor_of_the_right_shape(
    value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        MATRIX("m", value, columns=2, rows=4)


def test_a_matrix_of_any_width_is_asked_for_by_dim() -> None:
    with pytest.raises(ValueError, match=r"of shape \(n, dim\), got shape \(2,\)"):
        MATRIX("m", torch.ones(2))


@pytest.mark.parametrize(("length", "shortened"), [(58, False), (59, True)])
def test_only_long_values_are_cut_in_messages(length: int, shortened: bool) -> None:
    with pytest.raises(TypeError) as caught:
        COUNT("n", "x" * length)
    shown = str(caught.value).partition("got str ")[2]
    assert len(shown) == 60
    assert shown.endswith("...") == shortened
