"""Does the learner hand labels to a GAN as they should be, and know when a judge bluffs? V to X."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_course.exercises.answers import Checks, Wrong, judge_call


def _join(*parts: Tensor) -> Tensor:
    return torch.cat(parts, dim=1)


def _check_odd_or_even(odd_or_even: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for labels in (torch.arange(10), torch.tensor([7, 7, 2]), torch.tensor([4, 2, 4, 0])):
        pictures = 2 * torch.rand(len(labels), 64, generator=random) - 1
        pairs, digit = one_hot(labels % 2, 2), (labels % 2)[:, None]
        mistakes = {
            "ten numbers for the label, expected two": _join(pictures, one_hot(labels, 10)),
            "one number for the label, expected two": _join(pictures, digit),
            "these are the labels alone: join them to the pictures, with dim=1": pairs,
            "the labels come after the 64 pixels": _join(pairs, pictures),
            "even and odd are swapped": _join(pictures, 1 - pairs),
            "two places, even where no digit is odd: one_hot(…, 2)": _join(
                pictures, one_hot(labels % 2)
            ),
        }
        what = f"pictures of {labels.tolist()}"
        right = _join(pictures, pairs)
        wanted = "one tensor: join the two by torch.cat([...], dim=1)"
        given = pictures, labels
        answer = judge_call(odd_or_even, "odd_or_even", given, what, right, mistakes, wanted)
        if isinstance(answer, (list, tuple)):
            raise Wrong(
                "right numbers, but the chapter needs a tensor: torch.stack(rows) makes one"
            )
    return "an even digit has the label [1, 0], an odd one [0, 1]"


def _check_walk(walk: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for start, end, steps, latent in ((3, 8, 11, 32), (9, 0, 4, 20)):
        noise = torch.randn(latent, generator=random)
        rows, shares = noise.expand(steps, latent), torch.linspace(0, 1, steps)
        first, last = one_hot(torch.tensor([start, end]), 10)
        labels = first + shares[:, None] * (last - first)
        between = one_hot(torch.linspace(start, end, steps).round().long(), 10)
        mistakes = {
            "these are the labels alone: join each to the noise, noise first": labels,
            "the noise comes first, then the label": _join(labels, rows),
            "it walks the other way, from `end`": _join(rows, labels.flip(0)),
            "it stops before `end`: divide by steps - 1": _join(
                rows, first + torch.arange(steps)[:, None] / steps * (last - first)
            ),
            "it counts through digits: mix the two one-hot labels": _join(rows, between),
        }
        what = f"a walk from {start} to {end} in {steps} pictures, with {latent} numbers of noise"
        right = _join(rows, labels)
        answer = judge_call(walk, "walk", (noise, start, end, steps), what, right, mistakes)
        if not isinstance(answer, Tensor) or answer.dtype != torch.float32:
            kind = answer.dtype if isinstance(answer, Tensor) else type(answer).__name__
            raise Wrong(f"right numbers, but the generator takes a tensor of float32, got {kind}")
    return "one noise for all, and labels in equal steps"


def _check_confident(confident: Any) -> str:
    scores = 3 * torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    scores[:2], scores[:2, 2:] = torch.tensor([[-1.0], [0.2]]), -200  # two digits, 0.5 each
    everything = torch.eye(50, 64)
    judge = nn.Linear(64, 10, bias=False)
    judge.weight.data[:, :50] = scores.T  # of picture k, which is one-hot at k

    def share(numbers: Tensor) -> Tensor:
        return (numbers.amax(dim=1) >= at_least).double().mean()

    for count, at_least in ((50, 0.5), (37, 0.9), (50, 0.4)):
        pictures, said = everything[:count], scores[:count]
        chances = said.softmax(dim=1)
        right, reached = share(chances), (chances >= at_least).double()
        mistakes = {
            "that is the share of those that are not confident": 1 - right,
            "that is how many, expected their share": count * right,
            "the scores are no probabilities yet: softmax makes them some": share(said),
            "ten answers need softmax, not sigmoid": share(said.sigmoid()),
            "softmax goes along the ten scores, dim=1": share(said.softmax(dim=0)),
            "argmax says which digit, not how sure": (chances.argmax(dim=1) >= at_least)
            .double()
            .mean(),
            "take the largest of the ten first": reached.mean(),
            "a picture counts once: take the largest of the ten first": reached.sum(dim=1).mean(),
            "divide by the number of pictures": right / 10,
            "`at_least` or more: >=": (chances.amax(dim=1) > at_least).double().mean(),
        }
        what = f"{count} pictures and at_least={at_least}"
        given = judge, pictures, at_least
        answer = judge_call(confident, "confident", given, what, right, mistakes)
        if isinstance(answer, (list, tuple)) or getattr(answer, "ndim", False):
            raise Wrong("right, but expected one number, without brackets: take it out by .item()")
    return "the share of pictures that the judge is sure of"


CHECKS: Checks = {"V": _check_odd_or_even, "W": _check_walk, "X": _check_confident}
