"""Does the learner's own step move a network as SGD does? Exercise A."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gan_course.exercises.answers import Wrong, answer_of, number_of


def _check_step(step: Any) -> str:
    with torch.random.fork_rng():  # the learner's random numbers stay what they are
        network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
    vector_to_parameters(torch.linspace(1, -0.7, 13), network.parameters())
    is_bias = torch.cat([torch.full((p.numel(),), p.ndim == 1) for p in network.parameters()])
    points, truth = torch.linspace(0, 1, 16).reshape(8, 2), (torch.arange(8.0) > 2)[:, None].float()
    rate, old = 0.3, torch.zeros(13)
    for when in ("first", "second"):
        loss = bce(network(points), truth)
        slopes = parameters_to_vector(torch.autograd.grad(loss, list(network.parameters())))
        before = parameters_to_vector(network.parameters()).detach()
        given = network(points).detach()
        answer = answer_of(step, "step", network, points, truth, rate)
        found = number_of(answer, "step")
        moved = parameters_to_vector(network.parameters()).detach() - before
        if abs(found - loss.item()) > 1e-3:  # it may be rounded
            after = bce(network(points).nan_to_num(), truth)
            mistakes = (
                (bce(truth, given), ". BCELoss gets the answers first"),
                (nn.functional.mse_loss(given, truth), ": that is the mean squared error"),
                (bce_l(given, truth), ": your loss puts a second sigmoid on the answers"),
                (after, ": return the loss from before the move"),
                (8 * loss, ": return the mean, not the sum"),
            )
            why = "".join(what for value, what in mistakes if abs(found - value.item()) < 1e-3)
            raise Wrong(
                f"in the {when} of two steps the mean binary cross-entropy was {loss.item():.3f} "
                f"before the move, but step returns {found:.3f}{why}"
            )
        pull = -slopes * rate
        moves = {
            "": pull,
            "no parameter moved: p -= … changes p, p = p - … does not. Or were the slopes cleared "
            "between backward and the move, is part 3 still missing, or does an optimiser move "
            "another network than the one that step is given?": 0 * pull,
            "the parameters moved uphill: subtract the slopes": -pull,
            "the learning rate was left out": -slopes,
            "the biases did not move, only the weights": pull * ~is_bias,
            "only some parameters moved: the check's network has more layers than the page's. Loop "
            "over network.parameters(), and return after the loop": pull * (moved != 0),
            "the slopes of the first step still pushed: clear them": -(slopes + old) * rate,
        }
        fits = (what for what, move in moves.items() if torch.allclose(moved, move, atol=1e-5))
        named = next(fits, "the parameters moved, but not by learning_rate times their slopes")
        if named:
            raise Wrong(f"in the {when} of two steps {named}")
        old = slopes
    number = "; .item() makes a number of your loss" if isinstance(answer, Tensor) else ""
    return f"in two calls, every weight and bias moved against its slope{number}"


CHECKS: dict[str, Callable[..., str]] = {"A": _check_step}
