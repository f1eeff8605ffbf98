"""Can the learner tell chance from a fault, and a copyist from an honest generator? R and S."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gan_course.exercises.answers import Checks, judge_call


def _check_p_value(p_value: Any) -> str:
    cases = (
        (5.0, [2.0, 5.0, 9.0, 8.0, 3.0, 5.0, 7.0, 5.0, 6.0]),
        (5.0, [8.0, 1.0, 1.0]),
        (5.0, [1.0, 1.0, 8.0]),
        (1.0, [2.0, 3.0]),
        (300.0, [float(k) for k in range(199)]),
        (0.0019, [0.0011, 0.0018, 0.0024, 0.0009]),
    )
    for seen, shuffled in cases:
        count = len(shuffled)
        far = sum(distance >= seen for distance in shuffled)
        further = sum(distance > seen for distance in shuffled)
        alone = "count the split that you have seen, too, "
        mistakes = {
            "shuffles that are just as far apart count, too": (1 + further) / (1 + count),
            f"{alone}1 more above and 1 more below": far / count,
            f"{alone}below the fraction": (1 + far) / count,
            f"{alone}above the fraction": far / (1 + count),
            f"{alone}and shuffles that are just as far apart": further / count,
            "that is how many, expected their share": 1 + far,
        }
        what = f"the distance {seen:g} and {count} shuffles, the first {shuffled[:9]}"
        right = (1 + far) / (1 + count)
        judge_call(p_value, "p_value", (seen, shuffled), what, right, mistakes)
    return "one of 200 at least, and never 0"


def _check_closer_to_training(closer_to_training: Any) -> str:
    def drawn(count: int, seed: int, columns: int = 2) -> Tensor:
        return torch.randn(count, columns, generator=torch.Generator().manual_seed(seed))

    def nearer(to_training: Tensor, to_held_out: Tensor) -> Tensor:
        return (to_training < to_held_out).double().mean()

    training, held_out = drawn(30, 11), drawn(30, 12)
    half = torch.cat([training[:6] + 0.001, held_out[:14] + 0.001])
    far = torch.cat([training[:20], torch.tensor([[9.0, 9.0]]).expand(10, 2)])
    cases = {
        "20 samples of which 6 are copied": (half, training, held_out),
        "20 copied samples": (training[:20], training, held_out),
        "50 honest samples of 3 numbers": (drawn(50, 3, 3), drawn(40, 4, 3), drawn(40, 5, 3)),
        "training samples of which a third is far away": (drawn(25, 6), far, held_out),
    }
    for what, given in cases.items():
        near, unseen = (torch.cdist(given[0], real) for real in given[1:])
        right = nearer(near.amin(dim=1), unseen.amin(dim=1))
        mistakes = {
            "that is the share of those that are closer to the held-out ones": 1 - right,
            "that is how many, expected their share": len(given[0]) * right,
            "you took the nearest made sample of each training sample: turn that round": nearer(
                near.amin(dim=0), unseen.amin(dim=0)
            ),
            "take the nearest sample, not the mean": nearer(near.mean(dim=1), unseen.mean(dim=1)),
        }
        judge_call(closer_to_training, "closer_to_training", given, what, right, mistakes)
    return "a copyist gets 1, and an honest generator about a half"


CHECKS: Checks = {"R": _check_p_value, "S": _check_closer_to_training}
