"""Counting seeds and keeping samples: right ways, and the mistakes that are named."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learners import accepted, each, refused, slip

from gan_course.exercises import check


def by_formula(records):
    n, z = len(records), 1.959964
    good = [r for r in records if r["off"] <= 0.005 and r["ks"] <= 0.03 and r["bins"] > 48]
    p = len(good) / n
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.array([len(good), *((middle + side * half) / (1 + z**2 / n) for side in (-1, 1))])


def keep_in_numpy(logits, chances):
    logits, chances = logits.numpy(), chances.numpy()
    return chances < np.exp(logits - np.quantile(logits, 0.98))


def keep_as_a_list(logits, chances):
    return (chances.log() < logits - logits.quantile(0.98)).tolist()


RIGHT = {
    "T": {"solution": slip("T"), "formula": by_formula},
    "U": {"solution": slip("U"), "numpy": keep_in_numpy, "list": keep_as_a_list},
}
FAULTS = {
    "T": {
        "below": (("<= 0.005", "< 0.005"), "exactly at its limits works, too"),
        "one of them": (("and", "or"), "all three limits, not one of them"),
        "no bins": (('and record["bins"] >= 49', ""), "the bins were left out"),
        "no KS": (('and record["ks"] <= 0.03', ""), "the KS distance was left out"),
        "share": (("return good,", "return good / len(records),"), "not their share"),
        "exact": (('"wilson"', '"exact"'), 'use method="wilson"'),
        "90 %": (("0.95", "0.9"), "but yours from"),
        "per cent": (("ends.low, ends.high", "100 * ends.low, 100 * ends.high"), "not per cent"),
        "no interval": ((", ends.low, ends.high", ""), "expected three numbers"),
    },
    "U": {
        "wrong way": (("chances <", "chances >="), "the wrong ones are kept"),
        "no c": (("logits - top", "logits"), "c was left out"),
        "largest": (("quantile(0.98)", "max()"), "not the largest one"),
        "sigmoid": (("torch.exp", "torch.sigmoid"), "not the sigmoid of it"),
        "answer": (("torch.exp(logits - top)", "torch.sigmoid(logits)"), "this is D's answer"),
        "no chance": (
            ("chances < torch.exp(logits - top)", "logits > top"),
            "chance has to decide",
        ),
        "the samples": (
            ("chances < torch.exp(logits - top)", "logits[chances < torch.exp(logits - top)]"),
            "True or False for each sample",
        ),
        "probabilities": (("chances < ", ""), "other numbers than True and False"),
    },
}


@pytest.mark.parametrize(("exercise", "answer"), each(RIGHT))
def test_right_answers_pass(exercise, answer):
    accepted(exercise, answer)


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    changes, message = fault
    refused(message, exercise, slip(exercise, *changes))


@pytest.mark.parametrize("exercise", ["T", "U"])
def test_a_check_leaves_the_random_numbers_alone(exercise):
    state = torch.get_rng_state()
    assert check(exercise, RIGHT[exercise]["solution"])
    assert torch.equal(torch.get_rng_state(), state)
