"""Is what a learner hands in read with care? The checks of all exercises rely on it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gan_course.answers import NotAttempted, Wrong, answer_of, numbers_of


@pytest.mark.parametrize(
    "answer",
    [[1, 2.5], (1, 2.5), np.array([1, 2.5]), torch.tensor([1, 2.5]), torch.tensor([1, 2.5]).half()],
    ids=["list", "tuple", "numpy", "tensor", "half"],
)
def test_numbers_of_any_kind_become_one_kind_of_tensor(answer):
    found = numbers_of(answer, "your answer")
    assert found.dtype == torch.float64
    assert found.tolist() == [1, 2.5]


def test_numbers_lose_their_gradient():
    assert not numbers_of(torch.ones(2, requires_grad=True), "x").requires_grad


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("five", "your answer is a str, expected a tensor of numbers"),
        ("0.5", "your answer is a str, expected a tensor of numbers"),
        (["0.5", "1"], "your answer is a list, expected a tensor of numbers"),
        (print, "your answer is a builtin_function_or_method, expected"),
        ([1j], "your answer holds complex numbers"),
        (torch.tensor([1j]), "your answer holds complex numbers"),
        (math.nan, "your answer holds NaN or infinity"),
        (torch.tensor([math.inf]), "your answer holds NaN or infinity"),
    ],
)
def test_what_is_no_number_is_named(answer, message):
    with pytest.raises(Wrong, match=message):
        numbers_of(answer, "your answer")


def test_a_function_is_called_and_its_answer_handed_on():
    assert answer_of(lambda a, b: a + b, "add", 2, 3) == 5


def test_a_function_that_fails_is_told_with_its_error():
    with pytest.raises(Wrong, match="your divide failed: ZeroDivisionError: "):
        answer_of(lambda: 1 / 0, "divide")
    with pytest.raises(Wrong, match="add is a int, expected a function"):
        answer_of(3, "add")


def test_a_function_that_is_not_written_is_not_attempted():
    with pytest.raises(NotAttempted):
        answer_of(lambda: ..., "add")


def test_a_function_that_returns_nothing_is_asked_for_its_return():
    with pytest.raises(Wrong, match=r"your add returns None\. Is there a `return`\?"):
        answer_of(lambda: None, "add")
