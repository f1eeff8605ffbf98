"""Integers as one-hot rows, their spread, and a generator of multiples: right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, accepted, each, judged, refused
from torch import nn
from torch.nn.functional import one_hot

from gan_course.data import decode_batch
from gan_course.metrics import total_variation
from gan_course.networks import GumbelSoftmax

# --- 2.1: decode ---------------------------------------------------------------------------------

DECODERS = {
    "argmax": lambda b: b.argmax(dim=1),
    "numpy": lambda b: np.argmax(b.numpy(), axis=1),
    "a list": lambda b: [int(row.argmax()) for row in b],
    "a tuple": lambda b: tuple(row.index(max(row)) for row in b.tolist()),
    "floats": lambda b: b.argmax(dim=1).float(),
    "the helper": decode_batch,
}
DECODER_FAULTS = {
    "columns": (lambda b: b.argmax(dim=0), "looked down the columns: 100 integers for 7 rows"),
    "all at once": (lambda b: b.argmax(), "through the whole batch at once: say which dim"),
    "largest": (lambda b: b.max(dim=1).values, "the largest numbers, expected their positions"),
    "from one": (lambda b: b.argmax(dim=1) + 1, "decode_rows gives ["),
    "one-hot only": (lambda b: (b == 1).nonzero()[:, 1], "returns shape (0,), expected (7,)"),
    "kept dimension": (lambda b: b.argmax(1, keepdim=True), "returns shape (7, 1), expected"),
}

# --- 2.2: total variation ------------------------------------------------------------------------


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
}
DISTANCE_FAULTS = {
    "no half": (lambda i, v: 2 * total_variation(i, v), "get 1.900, twice too much: where is"),
    "no w": (lambda i, v: gap(i, v).sum() / 2, "only forbidden integers you get 0.500, expected 1"),
    "squares": (lambda i, v: (gap(i, v) ** 2).sum() / 2, "for one value for ever you get 0.475"),
    "validity": (lambda i, v: shares(i, v).sum(), "for an even spread you get 1.000, expected 0.0"),
    "always twenty": (lambda i, v: missing(i, v, 20), "where all even ones are allowed you get"),
    "zero": (lambda i, v: 0, "for one value for ever you get 0.000, expected 0.950"),
    "one for each": (gap, "distance returns shape (20,), expected one number"),
}


@pytest.mark.parametrize(("exercise", "function"), each({"D": DECODERS, "E": DISTANCES}))
def test_right_functions_pass(exercise, function):
    accepted(exercise, function)


@pytest.mark.parametrize(("exercise", "fault"), each({"D": DECODER_FAULTS, "E": DISTANCE_FAULTS}))
def test_each_fault_of_a_function_is_named(exercise, fault):
    function, message = fault
    refused(message, exercise, function)


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
    "always 42": (always(42), "collapsed: it always makes 42, expected many different multiples"),
    "zeros only": (lambda u: torch.zeros(len(u), 100), "100% of the rows are all zero and decode"),
    "dead rows": (dead(0.3), "% of the rows are all zero and decode to 0 by accident"),
    "fives": (multiples(5), "these are multiples of 5, expected multiples of 3"),
    "any": (multiples(1), "of the integers are multiples of three, expected 99 %"),
    "one too many": (lambda u: threes(u).roll(1, dims=1), "expected 99 % or more"),
    "sixes": (multiples(6), "only 17 of the 34 multiples of three come up, expected most"),
    "ten integers": (lambda u: u[:, None].repeat(1, 10), "(5000, 10), expected rows of 100"),
    "sequences": (lambda u: threes(u)[:, None].repeat(1, 2, 1), "(5000, 2, 100), expected rows"),
}


@pytest.mark.parametrize(("exercise", "make"), each({"3.4": THREES}))
def test_right_generators_of_multiples_of_three_pass(exercise, make):
    accepted(exercise, make())


def test_the_size_of_the_noise_can_be_given():
    accepted("3.4", NoLinear(threes), latent_dim=4)


@pytest.mark.parametrize(("exercise", "fault"), each({"3.4": THREES_FAULTS}))
def test_each_fault_of_a_generator_of_integers_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, Made(make))


def test_the_limits_of_a_generator_of_integers():
    allowed = 3 * torch.arange(34)
    evenly = allowed.repeat(148)[:5000]
    order = torch.arange(5000)
    # "99 % or more" is right, and so are two rows of zeros in a hundred
    accepted("3.4", lambda num: rows_of(torch.where(order < 50, 1, evenly)))
    refused("98.8% of the", "3.4", lambda num: rows_of(torch.where(order < 60, 1, evenly)))
    accepted("3.4", lambda num: rows_of(evenly) * (order >= 100)[:, None])
    # a value that comes up once in a thousand does not count
    seldom = torch.cat([allowed[:20].repeat(247)[:4930], allowed[20:].repeat(5)])
    refused("only 20 of the 34 multiples of three come up", "3.4", lambda num: rows_of(seldom))
    mostly_0 = torch.where(order < 3400, 0, evenly)
    message = "spread unevenly: 69% of the integers are 0, expected about 3% of each multiple"
    refused(message, "3.4", lambda num: rows_of(mostly_0))


def test_a_verdict_on_a_generator_of_integers_tells_its_quality():
    assert "100.00% multiples of three, 34 of 34" in judged("3.4", Made(threes)).message
