"""Are the losses what their formulas say: -log p, by hand and by torch.nn.BCELoss?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_course.losses import fake_loss, generator_loss, real_loss

LOSSES = [real_loss, fake_loss, generator_loss]
ANSWERS = [0.1, 0.25, 0.5, 0.9]


def column(values: list[float]) -> Tensor:
    return torch.tensor(values)[:, None]


@pytest.mark.parametrize("loss", [real_loss, generator_loss])
def test_wanting_a_one_costs_minus_log_p(loss: Callable[[Tensor], Tensor]) -> None:
    by_hand = sum(-math.log(p) for p in ANSWERS) / len(ANSWERS)
    assert loss(column(ANSWERS)).item() == pytest.approx(by_hand, rel=1e-6)


def test_wanting_a_zero_costs_minus_log_one_minus_p() -> None:
    by_hand = sum(-math.log(1 - p) for p in ANSWERS) / len(ANSWERS)
    assert fake_loss(column(ANSWERS)).item() == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(("loss", "label"), [(real_loss, 1), (fake_loss, 0), (generator_loss, 1)])
def test_losses_are_those_of_bceloss_with_labels(
    loss: Callable[[Tensor], Tensor], label: int
) -> None:
    answers = torch.rand(64, 1)
    labels = torch.full((64, 1), float(label))
    assert torch.equal(loss(answers), nn.BCELoss()(answers, labels))


@pytest.mark.parametrize("loss", LOSSES)
def test_an_undecided_discriminator_costs_ln_2(loss: Callable[[Tensor], Tensor]) -> None:
    result = loss(torch.full((7, 1), 0.5))
    assert result.shape == ()
    assert result.item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(("loss", "right", "wrong"), [(real_loss, 1.0, 0.0), (fake_loss, 0.0, 1.0)])
def test_losses_go_from_nothing_to_one_hundred(
    loss: Callable[[Tensor], Tensor], right: float, wrong: float
) -> None:
    assert loss(column([right])).item() == 0
    assert loss(column([wrong])).item() == 100


def test_gradients_pull_the_answers_where_the_targets_are() -> None:
    answers = column([0.25]).requires_grad_()
    gradients = [torch.autograd.grad(loss(answers), answers)[0].item() for loss in LOSSES]
    # d(-log p)/dp = -1/p and d(-log(1 - p))/dp = 1/(1 - p)
    assert gradients == pytest.approx([-4, 4 / 3, -4])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("answers", "error", "message"),
    [
        (column([0.5, 1.5]), ValueError, "between 0 and 1, got 0.5 to 1.5; does the discriminator"),
        (column([-0.25, 0.5]), ValueError, "between 0 and 1, got -0.25 to 0.5"),
        (torch.tensor([0.5]), ValueError, r"probabilities must be .* \(n, 1\), got shape \(1,\)"),
        (torch.ones(3, 2), ValueError, r"probabilities must be .* \(n, 1\), got shape \(3, 2\)"),
        (0.5, TypeError, "probabilities must be a float tensor"),
    ],
)
def test_answers_must_be_a_column_of_probabilities(
    loss: Callable[[Tensor], Tensor], answers: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        loss(answers)


@pytest.mark.parametrize("loss", LOSSES)
def test_an_answer_that_is_no_number_is_called_that(loss: Callable[[Tensor], Tensor]) -> None:
    # a training that has diverged, and no mistake in an argument
    with pytest.raises(FloatingPointError, match="the discriminator's answer is not a number"):
        loss(column([0.5, math.nan]))
