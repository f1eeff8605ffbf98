"""Which integers are these, and how evenly do they come up? Exercises 3.4, D and E."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from gan_course.data import decode_batch, pattern_values
from gan_course.exercises.answers import (
    DRAWN,
    Wrong,
    answer_of,
    judge_shape,
    number_of,
    numbers_of,
    samples_of,
)
from gan_course.metrics import total_variation, zero_rows

DEPTH = 100  # the integers of project 2 are 0 to 99


def _check_decode(decode_rows: Any) -> str:
    batch = torch.randn(7, DEPTH, generator=torch.Generator().manual_seed(0))
    batch[:, 50] = -9  # furthest from 0, and not the largest
    found = numbers_of(answer_of(decode_rows, "decode_rows", batch), "what decode_rows returns")
    shape, right = tuple(found.shape), decode_batch(batch)
    if shape == (DEPTH,) and torch.equal(found.long(), batch.argmax(dim=0)):
        raise Wrong("decode_rows looked down the columns: 100 integers for 7 rows, expected 7")
    if found.numel() == 1 and bool((found == batch.argmax()).all()):
        raise Wrong("decode_rows looked through the whole batch at once: say which dim")
    if shape == (7,) and torch.allclose(found, batch.max(dim=1).values.double()):
        raise Wrong("decode_rows returns the largest numbers, expected their positions")
    judge_shape(found, (7,), "for 7 rows decode_rows returns")
    if not torch.equal(found, right.double()):
        gives = ", ".join(f"{number:g}" for number in found.tolist())
        raise Wrong(f"decode_rows gives [{gives}], expected {right.tolist()}")
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
        found = number_of(answer_of(distance, "distance", integers, allowed), "distance")
        if right > 0 and math.isclose(found, 2 * right, abs_tol=1e-4):
            raise Wrong(f"for {what} you get {found:.3f}, twice too much: where is the 1/2?")
        if not math.isclose(found, right, abs_tol=1e-4):
            raise Wrong(f"for {what} you get {found:.3f}, expected {right:.3f}")
    return "six cases, from an even spread to nothing but forbidden integers"


def _check_multiples_of_three(generator: Any, *, latent_dim: int | None = None) -> str:
    rows = samples_of(generator, latent_dim)
    judge_shape(rows, (len(rows), DEPTH), "your generator makes", f"rows of {DEPTH} numbers")
    integers, wanted = decode_batch(rows), pattern_values(3, DEPTH)
    counts = torch.bincount(integers, minlength=DEPTH)
    commonest = int(counts.argmax())
    share = int(counts[commonest]) / DRAWN
    multiples = {k: float((integers % k == 0).double().mean()) for k in (3, 5, 2, 7)}
    values = int((counts[wanted] > 0.1 * DRAWN / len(wanted)).sum())
    zero, valid = zero_rows(rows), multiples[3]
    if zero > 0.02:
        raise Wrong(
            f"{zero:.0%} of the rows are all zero and decode to 0 by accident: "
            "what could replace the ReLU at the end?"
        )
    if share > 0.99:
        raise Wrong(f"collapsed: it always makes {commonest}, expected many different multiples")
    for k in (5, 2, 7):
        if valid < 0.99 and multiples[k] > 0.95:
            raise Wrong(f"these are multiples of {k}, expected multiples of 3")
    if valid < 0.99:
        raise Wrong(f"{valid:.1%} of the integers are multiples of three, expected 99 % or more")
    if values < 0.8 * len(wanted):
        raise Wrong(
            f"only {values} of the {len(wanted)} multiples of three come up, expected most of them"
        )
    if total_variation(integers, wanted) > 0.5:
        raise Wrong(
            f"spread unevenly: {share:.0%} of the integers are {commonest}, expected about "
            f"{1 / len(wanted):.0%} of each multiple"
        )
    return f"{valid:.2%} multiples of three, {values} of {len(wanted)} values come up"


CHECKS: dict[str, Callable[..., str]] = {
    "D": _check_decode,
    "E": _check_distance,
    "3.4": _check_multiples_of_three,
}
