"""Does the learner hand labels to a GAN as they should be, and know when a judge bluffs? V to X."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_course.exercises.answers import (
    Wrong,
    answer_of,
    case,
    judge_number,
    judge_shape,
    number_of,
    numbers_of,
)


def _check_odd_or_even(odd_or_even: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for labels in (torch.arange(10), torch.tensor([7, 7, 2])):
        count = len(labels)
        pictures = 2 * torch.rand(count, 64, generator=random) - 1
        given = pictures.clone(), labels.clone()
        rows = numbers_of(answer_of(odd_or_even, "odd_or_even", *given), "what odd_or_even returns")
        if rows.shape == (count, 74):
            raise Wrong("each row has ten numbers for the label, expected two: even and odd")
        if rows.shape == (count, 65):
            raise Wrong(
                "each row has one number for the label, expected two: one-hot, even and odd"
            )
        if rows.shape == (count, 2):
            raise Wrong("these are the labels alone: join them to the pictures, with dim=1")
        judge_shape(
            rows, (count, 66), "odd_or_even returns", f"64 + 2 numbers a row, {(count, 66)}"
        )
        wanted = one_hot(labels % 2, 2).double()
        if torch.equal(rows[:, :2], wanted) and not torch.equal(rows[:, 64:], wanted):
            raise Wrong("the labels come first, expected them after the 64 pixels")
        if not torch.allclose(rows[:, :64], pictures.double()):
            raise Wrong("the first 64 numbers of a row are not its picture any more")
        found = rows[:, 64:]
        if torch.equal(found, wanted.flip(1)):
            raise Wrong("even and odd are swapped: a 4 has the label [1, 0], and a 7 [0, 1]")
        if not torch.equal(found, wanted):
            row = int((found != wanted).any(dim=1).nonzero()[0])
            raise Wrong(
                f"a {labels[row]} has the label {found[row].tolist()}, expected "
                f"{wanted[row].tolist()}"
            )
    return "an even digit has the label [1, 0], an odd one [0, 1]"


def _check_walk(walk: Any) -> str:
    noise = torch.randn(32, generator=torch.Generator().manual_seed(0))
    for start, end, steps in ((3, 8, 11), (9, 0, 4)):
        ends = one_hot(torch.tensor([start, end]), 10).double()
        with case(f"a walk from {start} to {end} in {steps} pictures"):
            found = numbers_of(answer_of(walk, "walk", noise.clone(), start, end, steps), "walk")
            if found.shape == (steps, 10):
                raise Wrong("these are the labels alone: join each to the noise, noise first")
            judge_shape(found, (steps, 42), "walk returns", f"32 + 10 numbers a row, {(steps, 42)}")
            kept, labels = found[:, :32], found[:, 32:]
            if torch.allclose(found[:, 10:], noise.double().expand(steps, 32), atol=1e-5):
                raise Wrong("the labels come first, expected the noise first")
            if not torch.allclose(kept, kept[:1].expand_as(kept), atol=1e-5):
                raise Wrong("the noise changes on the way: then style and digit change together")
            if not torch.allclose(kept, noise.double().expand_as(kept), atol=1e-5):
                raise Wrong("the noise is not the one that walk was given")
            if torch.allclose(labels[[0, -1]], ends.flip(0), atol=1e-5):
                raise Wrong("it walks the other way: the first label is that of `end`")
            places = labels.argmax(dim=1)
            if bool((labels.max(dim=1).values == 1).all()) and len(places.unique()) > 2:
                raise Wrong("it counts through the digits between: mix the two one-hot labels")
            for where, row, right in (("first", 0, ends[0]), ("last", -1, ends[1])):
                if not torch.allclose(labels[row], right, atol=1e-5):
                    got = [round(number, 2) for number in labels[row].tolist()]
                    raise Wrong(f"the {where} label is {got}, expected {right.tolist()}")
            shares = torch.linspace(0, 1, steps, dtype=torch.double)[:, None]
            if not torch.allclose(labels, ends[0] + shares * (ends[1] - ends[0]), atol=1e-4):
                raise Wrong("the labels are not in equal steps from the first to the last")
    return "one noise for all, and labels in equal steps"


def _check_confident(confident: Any) -> str:
    def judge(scores: Tensor) -> nn.Module:
        layer = nn.Linear(len(scores), scores.shape[1], bias=False)
        layer.weight.data = scores.T.clone()
        return layer

    random = torch.Generator().manual_seed(0)
    scores = 3 * torch.randn(50, 10, generator=random)  # of picture k, which is one-hot at k
    pictures = torch.eye(50)
    for at_least in (0.9, 0.5):
        with case(f"50 pictures and at_least={at_least}"):
            answer = answer_of(confident, "confident", judge(scores), pictures.clone(), at_least)
            found = number_of(answer, "confident")
        largest = scores.softmax(dim=1).max(dim=1).values
        right = float((largest >= at_least).double().mean())
        got = f"for at_least={at_least} you get {found:.3g}, expected {right:.3g}:"
        raw = float((scores.max(dim=1).values >= at_least).double().mean())
        down = float((scores.softmax(dim=0).max(dim=1).values >= at_least).double().mean())
        squashed = float((scores.sigmoid().max(dim=1).values >= at_least).double().mean())
        answers = float((scores.softmax(dim=1) >= at_least).double().mean())
        judge_number(
            found,
            right,
            f"at_least={at_least}",
            (1 - right, f"{got} that is the share of those that are not confident"),
            (50 * right, f"{got} that is how many, expected their share"),
            (raw, f"{got} the scores are no probabilities yet: softmax makes them some"),
            (squashed, f"{got} ten answers need softmax, so that they add up to one, not sigmoid"),
            (down, f"{got} softmax goes along the ten scores of a picture, dim=1"),
            (float(largest.mean()), f"{got} that is the mean of the largest probability"),
            (answers, f"{got} take the largest of the ten probabilities of each picture first"),
        )
    return "the share of pictures that the judge is sure of"


CHECKS: dict[str, Callable[..., str]] = {
    "V": _check_odd_or_even,
    "W": _check_walk,
    "X": _check_confident,
}
