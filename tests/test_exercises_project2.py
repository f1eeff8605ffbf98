"""Integers as one-hot rows, their spread, and a generator of multiples: right and wrong answers."""

import re

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, accepted, each, judged, refused
from torch import nn
from torch.nn.functional import one_hot
from torch.special import ndtr

from gan_course.data import decode_batch
from gan_course.metrics import total_variation
from gan_course.networks import GumbelSoftmax

# --- D: decode ---------------------------------------------------------------------------------

DECODERS = {
    "argmax": lambda b: b.argmax(dim=1),
    "numpy": lambda b: np.argmax(b.numpy(), axis=1),
    "a list": lambda b: [int(row.argmax()) for row in b],
    "a tuple": lambda b: tuple(row.index(max(row)) for row in b.tolist()),
    "floats": lambda b: b.argmax(dim=1).float(),
    "the helper": decode_batch,
    "last axis": lambda b: b.argmax(-1),
    "max": lambda b: b.max(dim=1)[1],
    "sorted": lambda b: b.argsort(dim=1)[:, -1],
    "softmax first": lambda b: b.softmax(dim=1).argmax(dim=1),
}
DECODER_FAULTS = {
    "columns": (lambda b: b.argmax(dim=0), "of 100 numbers: decode_rows looked down the columns"),
    "all at once": (lambda b: b.argmax(), "through the whole batch at once: say which dim"),
    "largest": (lambda b: b.max(dim=1).values, "the largest numbers, expected their positions"),
    "from one": (lambda b: b.argmax(dim=1) + 1, "counts from 1, expected positions from 0"),
    "one-hot only": (lambda b: (b == 1).nonzero()[:, 1], "exactly one-hot: look for the largest"),
    "the 1 of a list": (lambda b: [row.index(1) for row in b.tolist()], "look for the largest"),
    "ten rows": (lambda b: [b[i].argmax() for i in range(10)], "number of rows, of any length"),
    "a set": (lambda b: {*b.argmax(1)}, "is a set, expected a tensor or a list of whole numbers"),
    "kept dimension": (lambda b: b.argmax(1, keepdim=True), "returns shape (7, 1), expected"),
    "furthest from 0": (lambda b: b.abs().argmax(dim=1), "the -9, furthest from 0, not the large"),
    "from 0 on": (lambda b: b.relu().argmax(1), "Does your search begin at 0 or -1?"),
    "from -1 on": (lambda b: b.clamp(min=-1).argmax(1), "gives 0, expected"),
    "without the first": (lambda b: b[:, 1:].argmax(1) + 1, "expected 0, where the largest number"),
    "hundredths": (lambda b: (b * 100).int().argmax(1), "largest number of that row is, 5.004"),
    "seven of nine": (lambda b: [row.argmax() for row in b[:7]], "shape (7,), expected (9,)"),
    "texts": (lambda b: ["3"] * len(b), "with text in it, expected a tensor or a list of whole"),
    "depth 100 only": (lambda b: (b.reshape(-1, 100)).argmax(dim=1), "for 9 rows of 12 numbers: "),
    "seven rows only": (lambda b: b.view(7, 100).argmax(1), "for 9 rows of 12 numbers: your deco"),
    "smallest": (lambda b: b.argmin(dim=1), "finds the smallest number of each row, not the l"),
    "first row": (lambda b: b[0].argmax(), "returns shape (), expected (7,)"),
    "sorted": (lambda b: b.argmax(1).sort().values, "decode_rows gives "),
    "max alone": (lambda b: b.max(dim=1), "`.values` *and* `.indices`: take what is asked for"),
    "rounded": (lambda b: b.round().argmax(dim=1), "decode_rows gives "),
    "one-hot": (lambda b: one_hot(b.argmax(1), b.shape[1]), "shape (7, 100), expected (7,)"),
    "values": (lambda b: [float(max(row)) for row in b], "returns the largest numbers, expected"),
    "called": (torch.arange(7), "is a Tensor, expected a function: its name alone, without ( )"),
}

# --- E: total variation ------------------------------------------------------------------------


def shares(integers, values):
    return (integers[:, None] == values).double().mean(dim=0)


def by_bincount(integers, values):
    p = torch.bincount(integers, minlength=100) / len(integers)
    q = torch.zeros(100)
    q[values] = 1 / len(values)
    return (p - q).abs().sum() / 2


def missing(integers, values, k=None):
    return (1 / (k or len(values)) - shares(integers, values)).clamp(min=0).sum()


def gap(integers, values):
    return (shares(integers, values) - 1 / len(values)).abs()


DISTANCES = {
    "the helper": total_variation,
    "bincount": by_bincount,
    "what is missing": missing,
    "numpy": lambda i, v: np.maximum(1 / len(v) - shares(i, v).numpy(), 0).sum(),
    "a row": lambda i, v: missing(i, v)[None],
    "what is too much": lambda i, v: (
        (shares(i, v) - 1 / len(v)).clamp(min=0).sum() + 1 - shares(i, v).sum()
    ),
    "a loop": lambda i, v: sum(max(0, 1 / len(v) - (i == k).double().mean()) for k in v),
}
DISTANCE_FAULTS = {
    "no half": (lambda i, v: 2 * total_variation(i, v), "twice too much: where is the 1/2?"),
    "half of w only": (
        lambda i, v: gap(i, v).sum() + (1 - shares(i, v).sum()) / 2,
        "If you have one: the 1/2 belongs to both, the sum and w: brackets",
    ),
    "half of the sum only": (
        lambda i, v: gap(i, v).sum() / 2 + 1 - shares(i, v).sum(),
        "you get 1.500, expected 1.000: the 1/2 belongs to both, the sum and w",
    ),
    "no w": (lambda i, v: gap(i, v).sum() / 2, "get 0.500, expected 1.000: the w is missing. Try"),
    "values that came up only": (
        lambda i, v: total_variation(i, v) - (shares(i, v) == 0).sum() / len(v) / 2,
        "you get 0.475, expected 0.950: do values that never come up count, too? Or",
    ),
    "squares": (lambda i, v: (gap(i, v) ** 2).sum() / 2, "? Or did you square instead of abs? Try"),
    "validity": (lambda i, v: shares(i, v).sum(), "an even spread: you get 1.000, expected 0.0"),
    "always twenty": (lambda i, v: missing(i, v, 20), "where all even ones are allowed: you get"),
    "zero": (lambda i, v: 0, "for one value for ever: you get 0.000, expected 0.950"),
    "NaN in one case": (
        lambda i, v: total_variation(i, v) / torch.isin(i, v).any(),
        "forbidden int",
    ),
    "counts": (lambda i, v: 200 * total_variation(i, v), "for one value for ever: you get 190"),
    "largest": (lambda i, v: gap(i, v).max(), "only forbidden integers: you get 0.050, expected"),
    "mean": (lambda i, v: gap(i, v).mean(), "one value for ever: you get 0.095, expected 0.950"),
    "signed": (lambda i, v: (shares(i, v) - 1 / len(v)).sum(), "one value for ever: you get 0.000"),
    "share of wrong": (lambda i, v: 1 - shares(i, v).sum(), "value for ever: you get 0.000, exp"),
    "covered": (lambda i, v: 1 - (shares(i, v) > 0).double().mean(), "forbidden: you get 0.000"),
    "compares shapes": (lambda i, v: (i == v).double().mean(), "an even spread: your distance fa"),
    "a text": (lambda i, v: "0", "what distance returns is a str, expected one number"),
    "one argument": (lambda i: 0, "for an even spread: your distance failed: TypeError: "),
    "called": (0.5, "distance is a float, expected a function: its name alone, without ( )"),
    "one for each": (gap, "distance returns shape (20,), expected one number"),
}


@pytest.mark.parametrize(("exercise", "function"), each({"D": DECODERS, "E": DISTANCES}))
def test_right_functions_pass(exercise, function):
    accepted(exercise, function)


@pytest.mark.parametrize(("exercise", "fault"), each({"D": DECODER_FAULTS, "E": DISTANCE_FAULTS}))
def test_each_fault_of_a_function_is_named(exercise, fault):
    function, message = fault
    refused(message, exercise, function)


def test_the_small_case_that_a_verdict_offers_is_reckoned_right():
    found = total_variation(torch.tensor([5, 5, 7]), torch.tensor([0, 5, 10]))
    refused(f"torch.tensor([0, 5, 10])): it is {found:.3f}", "E", lambda i, v: 0)


# --- 3.4: multiples of three ---------------------------------------------------------------------


def rows_of(integers):
    return one_hot(integers.long(), 100).float()


def multiples(k):
    return lambda u: rows_of(k * ((100 + k - 1) // k * u).long().clamp(max=(99 // k)))


threes = multiples(3)


def always(integer):
    return lambda u: rows_of(u * 0 + integer)


def softly(u):
    return torch.softmax(5 * threes(u) + 0.1 * torch.rand(len(u), 100), dim=1)


def dead(share):
    """Multiples of three, but this share of rows is all zero."""
    return lambda u: threes(u) * (u > share)[:, None]


THREES = {
    "one-hot": lambda: Made(threes),
    "softmax": lambda: Made(softly),
    "logits": lambda: Made(lambda u: 30 * threes(u) - 20),
    "huge float64 logits": lambda: Made(lambda u: 1e300 * threes(u).double()),
    "whole numbers": lambda: Made(lambda u: threes(u).long()),
    "Gumbel": lambda: nn.Sequential(Made(lambda u: 100 * threes(u)), GumbelSoftmax()),
    "numpy": lambda: lambda num: threes(torch.rand(num)).numpy(),
    "not quite even": lambda: Made(lambda u: threes(0.5 * u + 0.5 * u**2)),
}
THREES_FAULTS = {
    "always 42": (always(42), "collapsed: it always makes 42, expected many different integers"),
    "zeros only": (lambda u: torch.zeros(len(u), 100), "100% of the rows are all zero and decode"),
    "dead rows": (dead(0.3), "% of the rows are all zero and decode to 0 by accident"),
    "fives": (multiples(5), "expected 99% or more; nearly all are multiples of 5"),
    "any": (multiples(1), "99% or more; was it trained on these, or on others, drawn before?"),
    "one in forty is 1": (
        lambda u: rows_of(torch.where(u < 0.025, 1, 3 * (34 * u).long())),
        "expected 99% or more; train a little longer",
    ),
    "down the columns": (
        lambda u: torch.softmax(torch.randn(len(u), 100), dim=0),
        "; each column adds up to 1, not each row: nn.Softmax(dim=-1)",
    ),
    "one too many": (lambda u: threes(u).roll(1, dims=1), "expected 99% or more"),
    "sixes": (multiples(6), "only 17 of the 34 come up in more than 29 of 5,000 rows, a fifth"),
    "ten integers": (lambda u: u[:, None].repeat(1, 10), "(5000, 10), expected rows of 100"),
    "no zeros": (lambda u: threes(u)[:, 1:], "shape (5000, 99), expected rows of 100 numbers"),
    "up to 30": (lambda u: threes(u / 3), "only 12 of the 34 come up"),
    "integers": (lambda u: 3 * (34 * u).long(), "shape (5000,), expected rows of 100 numbers"),
    "two values": (lambda u: rows_of(3 * (u > 0.5)), "only 2 of the 34 come up"),
    "odd": (lambda u: rows_of(2 * (50 * u).long() + 1), "the integers are multiples of three, ex"),
    "NaN": (lambda u: threes(u) / 0, "what your generator makes holds NaN or infinity"),
    "sequences": (lambda u: threes(u)[:, None].repeat(1, 2, 1), "(5000, 2, 100), expected rows"),
}


@pytest.mark.parametrize(("exercise", "make"), each({"3.4": THREES}))
def test_right_generators_of_multiples_of_three_pass(exercise, make):
    accepted(exercise, make())


def test_the_size_of_the_noise_is_found_or_can_be_given():
    accepted("3.4", NoLinear(threes))
    accepted("3.4", lambda z: threes(ndtr(z[:, 0])), latent_dim=4)
    message = (
        'many sizes: say how many numbers a noise vector has, as in check("3.4", generator, lat'
    )
    refused(message, "3.4", lambda z: threes(ndtr(z[:, 0])))


@pytest.mark.parametrize(("exercise", "fault"), each({"3.4": THREES_FAULTS}))
def test_each_fault_of_a_generator_of_integers_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, Made(make))


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


@pytest.mark.parametrize(
    "integers", [TWENTY, TWENTY.tolist(), {*TWENTY.tolist()}, TWENTY.numpy(), TWENTY.float()]
)
def test_twenty_random_integers_are_learned_like_multiples_of_five(integers):
    accepted("F", Made(twenty), integers)
    assert "20 of 20 come up. One-hot rows show no" in judged("F", Made(twenty), integers).message


RANDOM_FAULTS = {
    "fives": (multiples(5), 5 * torch.arange(20), "integers follows a rule: [0, 5, 10] and so on"),
    "twice": (twenty, [*TWENTY[:19], TWENTY[0]], "is 20, some of them twice, expected 20 differ"),
    "ten": (twenty, TWENTY[:10], "length of integers is 10, expected 20 different whole numbers"),
    "none": (twenty, [], "length of integers is 0, exp"),
    "too large": (twenty, TWENTY + 5, "other numbers than whole ones from 0 to 99"),
    "shares": (twenty, TWENTY / 100, "other numbers than whole ones from 0 to 99"),
    "rows": (twenty, rows_of(TWENTY), "one-hot rows: hand in the integers themselves"),
    "a text": (twenty, "random", "integers is a str, expected twenty whole numbers"),
    "of other integers": (twenty, TWENTY.flip(0) // 2 * 2, "different whole n"),
    "the old ones": (threes, TWENTY, "among your twenty, expected 99% or more; nearly all are"),
    "drawn again": (twenty, 99 - TWENTY, "; was it trained on these, or on others, drawn before?"),
    "a few": (lambda u: twenty(u / 4), TWENTY, "only 5 of the 20 come up"),
    "heap": (lambda u: twenty(u * 0), TWENTY, "collapsed: it always makes"),
    "class": (nn.Linear, TWENTY, "is a class, expected a trained network that Linear(…) has"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"F": RANDOM_FAULTS}))
def test_each_fault_of_twenty_integers_is_named(exercise, fault):
    make, integers, message = fault
    refused(message, exercise, make if isinstance(make, type) else Made(make), integers)
