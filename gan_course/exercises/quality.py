"""Can the learner tell chance from a fault, and a copyist from an honest generator? R and S."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_course.exercises.answers import Wrong, answer_of, case, judge_number, number_of


def _check_p_value(p_value: Any) -> str:
    cases = {
        "the distance 5, and 9 shuffles that gave 2, 5, 1, 8, 3, 5, 1, 4 and 2": (
            5.0,
            [2.0, 5.0, 1.0, 8.0, 3.0, 5.0, 1.0, 4.0, 2.0],
        ),
        "a distance that none of 199 shuffles reaches": (300.0, [float(k) for k in range(199)]),
        "a distance that all of 3 shuffles reach": (0.5, [1.0, 2.0, 3.0]),
    }
    for what, (seen, shuffled) in cases.items():
        given, count = list(shuffled), len(shuffled)
        with case(what):
            found = number_of(answer_of(p_value, "p_value", seen, given), "p_value")
            if given != shuffled:
                raise Wrong("p_value has changed the list that it was given")
        far = sum(distance >= seen for distance in shuffled)
        further = sum(distance > seen for distance in shuffled)
        nearer = count - far
        got = f"for {what} you get {found:.4g}:"
        alone = f"{got} count the split that you have seen, too: 1 more above, 1 more below"
        judge_number(
            found,
            (1 + far) / (1 + count),
            what,
            ((1 + further) / (1 + count), f"{got} shuffles that are just as far apart count, too"),
            (far / count, alone),
            ((1 + far) / count, alone),
            (far / (1 + count), alone),
            (further / count, f"{alone}. And shuffles that are just as far apart count"),
            ((1 + nearer) / (1 + count), f"{got} that is the share of those that are nearer"),
            (nearer / count, f"{got} that is the share of those that are nearer"),
            (1 + far, f"{got} that is how many, expected their share"),
            (far, f"{got} that is how many, expected their share"),
        )
    return "one of 200 at least, and never 0"


def _check_closer_to_training(closer_to_training: Any) -> str:
    def drawn(count: int, seed: int, columns: int = 2) -> Tensor:
        return torch.randn(count, columns, generator=torch.Generator().manual_seed(seed))

    training, held_out = drawn(30, 11), drawn(30, 12)
    half = torch.cat([training[:6] + 0.001, held_out[:14] + 0.001])
    far = torch.tensor([[9.0, 9.0]])
    cases = {
        "20 samples of which 6 are copied": (half, training, held_out),
        "20 copied samples": (training[:20], training, held_out),
        "50 honest samples of 3 numbers": (drawn(50, 3, 3), drawn(40, 4, 3), drawn(40, 5, 3)),
        "training samples of which a third is far away": (
            drawn(25, 6),
            torch.cat([training[:20], far.expand(10, 2)]),
            held_out,
        ),
    }
    for what, (made, near, unseen) in cases.items():
        given = made.clone(), near.clone(), unseen.clone()
        with case(what):
            answer = answer_of(closer_to_training, "closer_to_training", *given)
            found = number_of(answer, "closer_to_training")
        to_near, to_unseen = torch.cdist(made, near), torch.cdist(made, unseen)
        closer = to_near.amin(dim=1) < to_unseen.amin(dim=1)
        right = float(closer.float().mean())
        got = f"for {what} you get {found:.3g}, expected {right:.3g}:"
        turned = to_near.amin(dim=0) < to_unseen.amin(dim=0)
        axis = f"{got} you ask for each real sample which made one is nearest. Take the other dim"
        mean = f"{got} that compares mean distances, expected those to the nearest sample"
        judge_number(
            found,
            right,
            what,
            (1 - right, f"{got} that is the share of those that are closer to the held-out ones"),
            (float(closer.sum()), f"{got} that is how many, expected their share"),
            (float(turned.float().mean()), axis),
            (float((to_near.mean(dim=1) < to_unseen.mean(dim=1)).float().mean()), mean),
            (
                float((to_near.amax(dim=1) < to_unseen.amax(dim=1)).float().mean()),
                f"{got} that compares the distances to the furthest sample",
            ),
            (
                float(to_near.amin(dim=1).median() < to_unseen.amin(dim=1).median()),
                f"{got} compare the two distances of each made sample, then take the share",
            ),
        )
    return "a copyist gets 1, and an honest generator about a half"


CHECKS: dict[str, Callable[..., str]] = {"R": _check_p_value, "S": _check_closer_to_training}
