"""Does the learner's own step move a network as SGD does? Exercise A."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gan_course.exercises.answers import Checks, Wrong, case, judge_call


def _check_step(step: Any) -> str:
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
    vector_to_parameters(torch.linspace(1, -0.7, 13), network.parameters())
    points, truth = torch.linspace(0, 1, 16).reshape(8, 2), (torch.arange(8.0) > 2)[:, None].float()
    old = torch.zeros(13)
    for when, rate in (("first", 0.3), ("second", 0.2)):
        answers = network(points)
        loss = bce(answers, truth)
        slopes = parameters_to_vector(torch.autograd.grad(loss, list(network.parameters())))
        before = parameters_to_vector(network.parameters()).detach()
        vector_to_parameters(before - rate * slopes, network.parameters())
        afterwards = bce(network(points), truth)
        vector_to_parameters(before.clone(), network.parameters())
        what = f"the {when} of two steps"
        mistakes = {
            "BCELoss gets the answers first": bce(truth, answers.detach()),
            "your loss puts a second sigmoid on the answers": bce_l(answers, truth),
            "return the mean, not the sum": 8 * loss,
            "that is the loss if all were real: compare with truth": bce(answers, 0 * truth + 1),
            "that is the squared error, expected the cross-entropy": (
                (answers - truth) ** 2
            ).mean(),
            "divide by len(points): other batches have other sizes": loss / 16,
            "that is the loss after the step, expected the one before": afterwards,
        }
        answer = judge_call(step, "step", (network, points, truth, rate), what, loss, mistakes)
        with case(what):
            moved = parameters_to_vector(network.parameters()).detach() - before
            pull = -slopes * rate
            moves = {
                "": pull,
                "no parameter moved: p -= … changes p, p = p - … does not. Or were the slopes "
                "cleared between backward and the move, does it move another network than the one "
                "it is given, or is part 3 still missing?": 0 * pull,
                "the parameters moved uphill: subtract the slopes": -pull,
                "the learning rate was left out": -slopes,
                "only some parameters moved: the check's network has more layers than the page's. "
                "Loop over network.parameters(), and return after the loop": pull * (moved != 0),
                "the slopes of the first step still pushed: clear them": -(slopes + old) * rate,
            }
            fits = (what for what, move in moves.items() if torch.allclose(moved, move, atol=1e-5))
            other = (
                "the parameters moved, but not by learning_rate times their slopes. (The check's "
            )
            named = next(fits, f"{other}network has more layers than the page's)")
            if named:
                raise Wrong(named)
        old = slopes
    number = "; .item() makes a number of your loss" if isinstance(answer, Tensor) else ""
    return f"in two calls, every weight and bias moved against its slope{number}"


CHECKS: Checks = {"A": _check_step}
