"""Integers as one-hot rows, their spread, and a generator of multiples: right and wrong answers."""

import re

import numpy as np
import torch
from learners import Made, accepted, as_handed_in, judged, refused, table_tests
from torch.nn.functional import gumbel_softmax, one_hot

from gan_course.metrics import total_variation

RIGHT, FAULTS = {}, {}

# --- D: decode ---------------------------------------------------------------------------------

RIGHT["D"] = {
    "numpy": lambda b: np.argmax(b.numpy(), axis=1),
    "a tuple": lambda b: tuple(row.index(max(row)) for row in b.tolist()),
    "floats": lambda b: b.argmax(dim=1).float(),
}
FAULTS["D"] = {
    "squeezed": (lambda b: b.argmax(dim=1).squeeze(), "of a single row decode_rows makes shape ()"),
    "columns": (lambda b: b.argmax(dim=0), "(100,), expected (7,): it looked down the columns"),
    "all at once": (lambda b: b.argmax(), "through the whole batch at once: say which dim"),
    "largest": (lambda b: b.max(dim=1).values, "the largest numbers, expected their positions"),
    "from one": (lambda b: b.argmax(dim=1) + 1, "counts from 1, expected positions from 0"),
    "one-hot only": (lambda b: [row.index(1) for row in b.tolist()], "look for the largest"),
    "a set": (lambda b: {*b.argmax(1)}, "returns is of type set, expected a tensor of numbers"),
    "from 0 on": (lambda b: b.relu().argmax(1), "does it begin its search at 0?"),
    "hundredths": (lambda b: (b * 100).int().argmax(1), "you get 98 at [5], expected 99"),
    "depth 100 only": (lambda b: b.reshape(-1, 100).argmax(dim=1), "for 9 rows of 12 numbers: "),
    "max alone": (lambda b: b.max(dim=1), "`.values` *and* `.indices`: take what is asked for"),
}

# --- E: total variation ------------------------------------------------------------------------


def shares(integers, values):
    return (integers[:, None] == values).double().mean(dim=0)


def missing(integers, values):
    return (1 / len(values) - shares(integers, values)).clamp(min=0).sum()


def gap(integers, values):
    return (shares(integers, values) - 1 / len(values)).abs()


def known(integers, values):
    allowed = integers[torch.isin(integers, values)]
    return allowed if len(allowed) else values  # as if nothing were wrong


RIGHT["E"] = {
    "the helper": total_variation,
    "what is missing": missing,
    "a loop": lambda i, v: sum(max(0, 1 / len(v) - (i == k).double().mean()) for k in v),
}
FAULTS["E"] = {
    "no half": (lambda i, v: 2 * total_variation(i, v), "where is the 1/2? It belongs to both"),
    "half of the sum only": (
        lambda i, v: gap(i, v).sum() / 2 + 1 - shares(i, v).sum(),
        "expected 0.4444: brackets: w is added once, and the 1/2",
    ),
    "no w": (lambda i, v: gap(i, v).sum() / 2, "expected 0.4444: the w is missing (Try"),
    "values that came up only": (
        lambda i, v: total_variation(i, v) - (shares(i, v) == 0).sum() / len(v) / 2,
        "expected 0.4444: do values that never come up count, too?",
    ),
    "zero": (lambda i, v: -0.0, "[0, 3, 8, 141]: you get 0, expected 0.4444"),
    "infinite in one case": (
        lambda i, v: total_variation(i, v) / torch.isin(i, v).any(),
        "for only forbidden integers: you get inf, expected 1",
    ),
    "different ones": (
        lambda i, v: (gap(i, v).sum() + len({*i.tolist()} - {*v.tolist()}) / len(i)) / 2,
        "a forbidden integer counts as often as it comes up",
    ),
    "shares of the allowed": (
        lambda i, v: total_variation(known(i, v), v) + (1 - shares(i, v).sum()) / 2,
        "are these shares of the allowed integers only?",
    ),
    "rounded": (lambda i, v: round(total_variation(i, v), 2), "you get 0.44, expected 0.4444"),
    "all shares 0": (lambda i, v: (2 - torch.isin(i, v).double().mean()) / 2, "all shares 0? //"),
    "the other way": (lambda i, v: 1 - total_variation(i, v), "it is the other way round"),
    "one for each": (gap, "you get shape (4,), expected one number"),
}


def test_the_small_case_that_a_verdict_offers_is_reckoned_right():
    found = total_variation(torch.tensor([5, 5, 7]), torch.tensor([0, 5, 10]))
    refused(f"torch.tensor([0, 5, 10])): it is {found:.3f}", "E", lambda i, v: 0)


# --- 3.4: multiples of three ---------------------------------------------------------------------


def rows_of(integers):
    return one_hot(integers.long(), 100).float()


def multiples(k):
    return lambda u: rows_of(k * ((100 + k - 1) // k * u).long().clamp(max=(99 // k)))


threes = multiples(3)


def softly(u):
    return torch.softmax(5 * threes(u) + 0.1 * torch.rand(len(u), 100), dim=1)


def one_in_forty(u):
    return rows_of(torch.where(u < 0.025, 1, 3 * (34 * u).long()))


RIGHT["3.4"] = {
    "softmax": Made(softly),
    "whole numbers": Made(lambda u: threes(u).long()),
    "Gumbel": Made(lambda u: gumbel_softmax(100 * threes(u), hard=True)),
    "numpy": lambda num: threes(torch.rand(num)).numpy(),
    "not quite even": Made(lambda u: threes(0.5 * u + 0.5 * u**2)),
}
FAULTS["3.4"] = {
    "always 42": (Made(lambda u: rows_of(u * 0 + 42)), "collapsed: it always makes 42, expected"),
    "dead": (Made(lambda u: threes(u) * (u > 0.3)[:, None]), "% of the rows are all zero and deco"),
    "fives": (Made(multiples(5)), "expected 99% or more; nearly all are multiples of 5"),
    "any": (Made(multiples(1)), "99% or more; was it trained long enough, and"),
    "one in forty is 1": (Made(one_in_forty), "expected 99% or more; train a little longer"),
    "down the columns": (
        Made(lambda u: torch.softmax(torch.randn(len(u), 100), dim=0)),
        "; each column adds up to 1, not each row: nn.Softmax(dim=-1)",
    ),
    "sixes": (Made(multiples(6)), "only 17 of the 34 come up in more than 29 of 5,000 rows, a fif"),
    "integers": (Made(lambda u: 3 * (34 * u).long()), "shape (5000,), expected rows of 100 number"),
}


def test_the_limits_of_a_generator_of_integers():
    allowed = 3 * torch.arange(34)
    evenly = allowed.repeat(148)[:5000]
    order = torch.arange(5000)
    # "99% or more" is right, and so are two rows of zeros in a hundred
    accepted("3.4", lambda num: rows_of(torch.where(order < 50, 1, evenly)))
    refused("98.80% of the", "3.4", lambda num: rows_of(torch.where(order < 60, 1, evenly)))
    accepted("3.4", lambda num: rows_of(evenly) * (order >= 100)[:, None])
    # a value that comes up 29 times, less than a fifth of its share, does not count
    seldom = torch.cat([allowed[:20].repeat(230)[:4594], allowed[20:].repeat(29)])
    refused("only 20 of the 34 come up", "3.4", lambda num: rows_of(seldom))
    mostly_0 = torch.where(order < 3400, 0, evenly)
    message = "spread unevenly: 69% of the integers are 0, expected about 3% of each"
    refused(message, "3.4", lambda num: rows_of(mostly_0))


def test_a_verdict_on_a_generator_of_integers_tells_its_quality_and_what_is_missing():
    says = "100.00% are multiples of three, 34 of 34 come up"
    assert judged("3.4", Made(threes)).message == says
    without_0 = judged("3.4", Made(lambda u: rows_of(3 + 3 * (33 * u).long())))
    assert without_0 and without_0.message.endswith("33 of 34 come up; hardly ever made: 0")
    half_0 = judged("3.4", Made(lambda u: threes((1.9 * u - 0.9).clamp(min=0))))
    assert half_0 and re.search(r"34 of 34 come up; [45]\d% of all are 0$", half_0.message)


# --- F: any twenty integers ----------------------------------------------------------------------

TWENTY = torch.randperm(100, generator=torch.Generator().manual_seed(0))[:20]


def twenty(u):
    return rows_of(TWENTY[(20 * u).long()])


LEARNED, REPLACE = Made(twenty), "expected 20 different ones: torch.randperm(100)[:20]"
RIGHT["F"] = {"a set": [LEARNED, {*TWENTY.tolist()}], "floats": [LEARNED, TWENTY.float()]}
FAULTS["F"] = {
    "fives": ([LEARNED, 5 * torch.arange(20)], "integers follows a rule: [0, 5, 10] and so on"),
    "twice": ([LEARNED, [*TWENTY[:19], TWENTY[0]]], f"20 numbers, 19 of them different, {REPLACE}"),
    "ten": ([LEARNED, TWENTY[:10]], f"holds 10 numbers, 10 of them different, {REPLACE}"),
    "too large": ([LEARNED, TWENTY + 5], "other numbers than whole ones from 0 to 99"),
    "shares": ([LEARNED, TWENTY / 100], "other numbers than whole ones from 0 to 99"),
    "a text": ([LEARNED, "random"], "integers is of type str, expected twenty whole numbers"),
    "drawn again": ([LEARNED, 99 - TWENTY], "your twenty, expected 99% or more; was it trained"),
}


def all_handed_in(exercise, row):
    return row if exercise == "F" else as_handed_in(exercise, row)


test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS, all_handed_in)
