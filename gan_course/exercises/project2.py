"""Which integers are these, and how evenly do they come up? Exercises 3.4, D, E and F."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_course.data import decode_batch, pattern_values
from gan_course.exercises.answers import (
    ADVICE,
    DRAWN,
    Wrong,
    answer_of,
    case,
    judge_shape,
    number_of,
    numbers_of,
    samples_of,
)
from gan_course.metrics import total_variation, zero_rows

DEPTH = 100  # the integers of project 2 are 0 to 99
SMALL = "Try distance(torch.tensor([5, 5, 7]), torch.tensor([0, 5, 10])): it is 0.667"


def _check_decode(decode_rows: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for depth in (DEPTH, 12):
        batch = torch.randn(7, depth, generator=random)
        batch[:, 5], batch[2, 3] = -9, 10  # furthest from 0, and the largest in row 2 only
        right = decode_batch(batch).double()
        with case(f"7 rows of {depth} numbers"):
            answer = answer_of(decode_rows, "decode_rows", batch.clone())
            returns = "what decode_rows returns"
            found = numbers_of(answer, returns, "a tensor or a list of whole numbers")
            if found.numel() == 0:
                raise Wrong(f"decode_rows finds nothing: {ADVICE['not in list']}")
            if found.shape == (depth,) and torch.equal(found.long(), batch.argmax(dim=0)):
                raise Wrong("decode_rows looked down the columns, expected an integer for each row")
            if found.numel() == 1 and bool((found == batch.argmax()).all()):
                raise Wrong("decode_rows looked through the whole batch at once: say which dim")
            if found.shape == (7,) and torch.allclose(found, batch.max(dim=1).values.double()):
                raise Wrong("decode_rows returns the largest numbers, expected their positions")
            judge_shape(found, (7,), "decode_rows returns")
            if torch.equal(found - 1, right):
                raise Wrong("decode_rows counts from 1, expected positions from 0")
            if torch.equal(found.long(), batch.argmin(dim=1)):
                raise Wrong("decode_rows finds the smallest number of each row, not the largest")
            if torch.equal(found.long(), batch.abs().argmax(dim=1)):
                raise Wrong(
                    "decode_rows finds the -9, furthest from 0, expected the largest number"
                )
            if not torch.equal(found, right):
                gives = ", ".join(f"{number:g}" for number in found.tolist())
                raise Wrong(f"decode_rows gives [{gives}], expected {right.long().tolist()}")
    return "each row became the position of its largest number"


def _check_distance(distance: Any) -> str:
    values, evens = pattern_values(5, DEPTH), pattern_values("even", DEPTH)
    cases = {
        "an even spread": (values.repeat(10), values, 0.0),
        "one value for ever": (values[:1].repeat(200), values, 0.95),
        "only forbidden integers": (values + 1, values, 1.0),
        "the lower half of the values": (values[:10].repeat(20), values, 0.5),
        "half even, half forbidden": (torch.cat([values, values + 1]), values, 0.5),
        "multiples of ten where all even ones are allowed": (values[::2], evens, 0.8),
    }
    for what, (integers, allowed, right) in cases.items():
        with case(what):
            answer = answer_of(distance, "distance", integers.clone(), allowed.clone())
            found = round(number_of(answer, "distance"), 5) + 0.0  # 0, never -0
            wrong = 1 - float(torch.isin(integers, allowed).double().mean())
            unseen = 1 - float(torch.isin(allowed, integers).double().mean())
            both = "the 1/2 belongs to both, the sum and w: brackets"
            mistakes = (
                (2 * right, f", twice too much: where is the 1/2? If you have one: {both}"),
                (right + wrong / 2, f": {both}"),
                (right - wrong / 2, ": the w is missing"),
                (right - unseen / 2, ": do values that never come up count, too?"),
            )
            if not math.isclose(found, right, abs_tol=1e-4):
                why = (why for wrong, why in mistakes if math.isclose(found, wrong, abs_tol=1e-4))
                raise Wrong(f"you get {found:.3f}, expected {right:.3f}{next(why, '')}. {SMALL}")
    return "six cases, from an even spread to nothing but forbidden integers"


def _judge_integers(
    generator: Any, latent_dim: int | None, call: str, wanted: Tensor, name: str
) -> str:
    """Do they all belong to those that are wanted, and do most of these come up?"""
    rows, _ = samples_of(generator, call, latent_dim)
    judge_shape(rows, (len(rows), DEPTH), "your generator makes", f"rows of {DEPTH} numbers")
    integers = decode_batch(rows)
    counts = torch.bincount(integers, minlength=DEPTH)
    commonest = int(counts.argmax())
    share = int(counts[commonest]) / DRAWN
    valid = int(counts[wanted].sum()) / DRAWN
    missing = wanted[counts[wanted] <= 0.1 * DRAWN / len(wanted)].tolist()
    values, zero = len(wanted) - len(missing), zero_rows(rows)
    if zero > 0.02:
        raise Wrong(
            f"{zero:.0%} of the rows are all zero and decode to 0 by accident: "
            "what could replace the ReLU at the end?"
        )
    if share > 0.99:
        raise Wrong(f"collapsed: it always makes {commonest}, expected many different integers")
    if valid < 0.99:
        most = (k for k in (3, 5, 2, 7) if int(counts[pattern_values(k)].sum()) > 0.95 * DRAWN)
        rule = "".join(f"; nearly all are multiples of {k}" for k in [*most][:1])
        raise Wrong(f"{valid:.1%} of the integers are {name}, expected 99% or more{rule}")
    if values < 0.8 * len(wanted):
        raise Wrong(f"only {values} of the {len(wanted)} come up, expected at least four in five")
    if total_variation(integers, wanted) > 0.5:
        raise Wrong(
            f"spread unevenly: {share:.0%} of the integers are {commonest}, expected about "
            f"{1 / len(wanted):.0%} of each"
        )
    seldom = f"; hardly ever made: {', '.join(map(str, missing))}" if missing else ""
    often = f"; {share:.0%} of all are {commonest}" if share > 3 / len(wanted) else ""
    return f"{valid:.2%} are {name}, {values} of {len(wanted)} come up{seldom}{often}"


def _check_multiples_of_three(generator: Any, *, latent_dim: int | None = None) -> str:
    call = 'check("3.4", generator, latent_dim=100)'
    return _judge_integers(
        generator, latent_dim, call, pattern_values(3, DEPTH), "multiples of three"
    )


def _check_any_integers(generator: Any, integers: Any, *, latent_dim: int | None = None) -> str:
    given = numbers_of(integers, "integers", "twenty whole numbers")
    if given.ndim == 2 and given.shape[1] == DEPTH:
        raise Wrong("these are one-hot rows: hand in the integers themselves")
    given = given.flatten()
    allowed = given.long().unique()
    if not torch.equal(given, given.round()) or ((given < 0) | (given >= DEPTH)).any():
        raise Wrong("integers holds other numbers than whole ones from 0 to 99")
    if not len(given) == len(allowed) == 20:
        raise Wrong(
            f"integers holds {len(given)} numbers, {len(allowed)} of them different, expected 20 "
            "different ones, as torch.randperm(100)[:20] draws them"
        )
    if len(allowed.diff().unique()) == 1:
        raise Wrong(f"integers follows a rule: {allowed[:3].tolist()} and so on. Draw it at random")
    call = 'check("F", generator, integers, latent_dim=100)'
    found = _judge_integers(generator, latent_dim, call, allowed, "among your twenty")
    return f"{found}: one-hot rows show no divisibility, only which positions occur"


CHECKS: dict[str, Callable[..., str]] = {
    "D": _check_decode,
    "E": _check_distance,
    "F": _check_any_integers,
    "3.4": _check_multiples_of_three,
}
