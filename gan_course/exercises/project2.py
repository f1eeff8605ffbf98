"""Which integers are these, and how evenly do they come up? Exercises 3.4, D, E and F."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gan_course.data import decode_batch, pattern_values
from gan_course.exercises.answers import (
    DRAWN,
    Checks,
    Wrong,
    answer_of,
    case,
    judge_call,
    judge_shape,
    numbers_of,
    samples_of,
)
from gan_course.metrics import COVERED, total_variation, zero_rows

DEPTH = 100  # the integers of project 2 are 0 to 99


def _check_decode(decode_rows: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for rows, depth in ((7, DEPTH), (9, 12)):
        batch = torch.randn(rows, depth, generator=random)
        batch[3] -= 6  # nothing above -1
        batch[:, 5], batch[2, 3] = -9, 10  # furthest from 0, and the largest in row 2 only
        batch[4, 0], batch[5, -2:] = 8, torch.tensor([5.001, 5.004])
        mistakes = {
            "it looked down the columns, expected an integer for each row": batch.argmax(dim=0),
            "it looked through the whole batch at once: say which dim": batch.argmax(),
            "these are the largest numbers, expected their positions": batch.amax(dim=1),
            "it counts from 1, expected positions from 0": batch.argmax(dim=1) + 1,
            "does it begin its search at 0? All may be below": batch.relu().argmax(dim=1),
        }
        what, right = f"{rows} rows of {depth} numbers", decode_batch(batch)
        judge_call(decode_rows, "decode_rows", (batch,), what, right, mistakes)
    one = numbers_of(answer_of(decode_rows, "decode_rows", batch[:1]), "what decode_rows returns")
    judge_shape(one, (1,), "of a single row decode_rows makes")
    return "each row became the position of its largest number"


def _check_distance(distance: Any) -> str:
    values, evens = pattern_values(5, DEPTH), pattern_values("even", DEPTH)
    some, irregular = torch.tensor([7, 7, 7, 9, 141, 141, 3, 0, 0]), torch.tensor([0, 3, 8, 141])
    cases = {
        f"the integers {some.tolist()} and values {irregular.tolist()}": (some, irregular, 4 / 9),
        "an even spread": (values.repeat(10), values, 0.0),
        "one value for ever": (values[:1].repeat(200), values, 0.95),
        "only forbidden integers": (values + 1, values, 1.0),
        "the lower half of the values": (values[:10].repeat(20), values, 0.5),
        "half even, half forbidden": (torch.cat([values, values + 1]), values, 0.5),
        "multiples of ten where all even ones are allowed": (values[::2], evens, 0.8),
    }
    small = " (Try distance(torch.tensor([5, 5, 7]), torch.tensor([0, 5, 10])): it is 0.667)"
    for what, (integers, allowed, right) in cases.items():
        known = integers[torch.isin(integers, allowed)]
        wrong, kinds = (
            1 - len(known) / len(integers),
            len({*integers.tolist()} - {*allowed.tolist()}),
        )
        among = total_variation(known, allowed) if len(known) else 0.5
        unseen = 1 - float(torch.isin(allowed, integers).double().mean())
        shares = (allowed[:, None] == integers).double().mean(dim=1)
        mistakes = {
            "where is the 1/2? It belongs to both, the sum and w: brackets": 2 * right,
            "brackets: w is added once, and the 1/2 belongs to both": right + wrong / 2,
            "the w is missing": right - wrong / 2,
            "k is the number of values, not of integers": (
                (shares - 1 / len(integers)).abs().sum() + wrong
            )
            / 2,
            "add up over the values, and take no mean": (
                (shares - 1 / len(allowed)).abs().mean() + wrong
            )
            / 2,
            "do values that never come up count, too?": right - unseen / 2,
            "a forbidden integer counts as often as it comes up": right
            + (kinds / len(integers) - wrong) / 2,
            "are these shares of the allowed integers only?": among + wrong / 2,
            "are all shares 0? // leaves no rest, and tensors as keys never match": (1 + wrong) / 2,
            "0 is even, and 1 none allowed: it is the other way round": 1 - right,
        }
        with case(remark=small):
            judge_call(distance, "distance", (integers, allowed), what, right, mistakes)
    return "seven cases, from an even spread to nothing but forbidden integers"


def _judge_integers(
    generator: Any, latent_dim: int | None, call: str, wanted: Tensor, name: str
) -> str:
    """Do they all belong to those that are wanted, and do most of these come up?"""
    rows, remark = samples_of(generator, call, latent_dim)
    judge_shape(rows, (len(rows), DEPTH), "your generator makes", f"rows of {DEPTH} numbers")
    integers = decode_batch(rows)
    counts = torch.bincount(integers, minlength=DEPTH)
    commonest = int(counts.argmax())
    share = int(counts[commonest]) / DRAWN
    valid = int(counts[wanted].sum()) / DRAWN
    seldom = COVERED * DRAWN / len(wanted)
    missing = wanted[counts[wanted] <= seldom].tolist()
    values, zero = len(wanted) - len(missing), zero_rows(rows)
    if zero > 0.02:
        relu = "what could replace the ReLU at the end?"
        raise Wrong(f"{zero:.0%} of the rows are all zero and decode to 0 by accident: {relu}")
    if share > 0.99:
        raise Wrong(f"collapsed: it always makes {commonest}, expected many different integers")
    if valid < 0.99:
        why = "; train a little longer" if valid > 0.95 else ""
        why = "; was it trained long enough, and on these?" if valid < 0.5 else why
        fives = valid < 0.5 and counts[pattern_values(5)].sum() > 0.95 * DRAWN
        why = "; nearly all are multiples of 5, as in the chapter" if fives else why
        if torch.allclose(rows.sum(dim=0), torch.ones(DEPTH).double(), atol=1e-3):
            why = "; each column adds up to 1, not each row: nn.Softmax(dim=-1)"
        raise Wrong(
            f"{valid:.2%} of the integers are {name}, expected 99% or more{why}{remark}".replace(
                "?.", "?"
            )
        )
    if values < 0.8 * len(wanted):
        fair = f"more than {int(seldom)} of {DRAWN:,} rows, a fifth of their fair share"
        raise Wrong(f"only {values} of the {len(wanted)} come up in {fair}: expected 4 in 5")
    if total_variation(integers, wanted) > 0.5:
        fair = f"expected about {1 / len(wanted):.0%} of each"
        raise Wrong(f"spread unevenly: {share:.0%} of the integers are {commonest}, {fair}")
    few = f"; hardly ever made: {', '.join(map(str, missing))}" if missing else ""
    often = f"; {share:.0%} of all are {commonest}" if share > 3 / len(wanted) else ""
    return f"{valid:.2%} are {name}, {values} of {len(wanted)} come up{few}{often}"


def _check_multiples_of_three(generator: Any, *, latent_dim: int | None = None) -> str:
    call, threes = 'check("3.4", generator, latent_dim=100)', pattern_values(3, DEPTH)
    return _judge_integers(generator, latent_dim, call, threes, "multiples of three")


def _check_any_integers(generator: Any, integers: Any, *, latent_dim: int | None = None) -> str:
    if callable(integers):
        raise Wrong("integers is a function or a network. The generator comes first, then integers")
    listed = [*integers] if isinstance(integers, set) else integers
    given = numbers_of(listed, "integers", "twenty whole numbers").flatten()
    allowed = given.long().unique()
    if not torch.equal(given, given.round()) or ((given < 0) | (given >= DEPTH)).any():
        raise Wrong("integers holds other numbers than whole ones from 0 to 99")
    if not len(given) == len(allowed) == 20:
        holds = f"integers holds {len(given)} numbers, {len(allowed)} of them different"
        raise Wrong(f"{holds}, expected 20 different ones: torch.randperm(100)[:20]")
    if len(allowed.diff().unique()) == 1:
        rule = f"integers follows a rule: {allowed[:3].tolist()} and so on"
        raise Wrong(f"{rule}. Draw from 0 to 99: torch.randperm(100)[:20]")
    call = 'check("F", generator, integers, latent_dim=100)'
    found = _judge_integers(generator, latent_dim, call, allowed, "among your twenty")
    return f"{found}. One-hot rows show no divisibility, only which positions occur"


CHECKS: Checks = {
    "D": _check_decode,
    "E": _check_distance,
    "F": _check_any_integers,
    "3.4": _check_multiples_of_three,
}
