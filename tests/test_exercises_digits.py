"""Right and wrong ways to labels of two kinds, to a walk between digits, and to sure answers.

An answer that is a row of texts is the notebook's solution with the first text replaced by the
second, and so on.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learners import accepted, each, refused, slip
from torch.nn.functional import one_hot

from gan_course.exercises import digits

RIGHT, FAULTS = {}, {}  # of each exercise; at the end of a fault are the words that it must get

# --- V: odd and even -----------------------------------------------------------------------------


def by_columns(pictures, labels):
    odd = (labels % 2)[:, None].float()
    return torch.cat([pictures, 1 - odd, odd], dim=1)


def by_table(pictures, labels):
    return torch.hstack([pictures, torch.eye(2)[labels % 2]])


def with_numpy(pictures, labels):
    return np.hstack([pictures.numpy(), np.eye(2)[labels.numpy() % 2]])


PARITY, JOINED = "one_hot(labels % 2, 2)", "torch.cat([pictures, parity], dim=1)"
RIGHT["V"] = {
    "as in the notebook": (),
    "columns": (by_columns,),
    "a table": (by_table,),
    "numpy": (with_numpy,),
    "float": (PARITY, f"{PARITY}.float()"),
    "and": ("labels % 2", "labels & 1"),
}
FAULTS["V"] = {
    "swapped": ("labels % 2", "(labels + 1) % 2", "even and odd are swapped"),
    "one number": (PARITY, "(labels % 2)[:, None]", "one number for the label, expected two"),
    "ten": (PARITY, "one_hot(labels, 10)", "ten numbers for the label, expected two"),
    "labels first": (JOINED, "torch.cat([parity, pictures], dim=1)", "the labels come first"),
    "labels alone": (JOINED, "parity", "these are the labels alone"),
    "pictures alone": (JOINED, "pictures", "expected 64 + 2 numbers a row, (10, 66)"),
    "all even": (PARITY, "one_hot(0 * labels, 2)", "a 1 has the label [1.0, 0.0], expected [0.0"),
    "halves": ("labels % 2", "labels // 5", "a 1 has the label"),
    "pictures changed": ("[pictures,", "[pictures / 2,", "are not its picture any more"),
    "rows below": (JOINED, "torch.cat([pictures, parity])", "your odd_or_even failed"),
    "called": (torch.ones(3, 66), "is a Tensor, expected a function: its name alone, without"),
}

# --- W: a walk -----------------------------------------------------------------------------------


def by_loop(noise, start, end, steps):
    rows = []
    for k in range(steps):
        label = torch.zeros(10)
        label[start], label[end] = 1 - k / (steps - 1), k / (steps - 1)
        rows.append(torch.cat([noise, label]))
    return torch.stack(rows)


def by_lerp(noise, start, end, steps):
    first, last = torch.eye(10)[start], torch.eye(10)[end]
    labels = torch.lerp(first, last, torch.linspace(0, 1, steps)[:, None])
    return torch.hstack([noise.repeat(steps, 1), labels])


def counting(noise, start, end, steps):
    digits_between = torch.linspace(start, end, steps).round().long()
    return torch.cat([noise.expand(steps, -1), one_hot(digits_between, 10)], dim=1)


SHARE, MIX = "torch.linspace(0, 1, steps)", "(1 - share) * first + share * last"
ROWS = "torch.cat([noise.expand(steps, -1), label], dim=1)"
RIGHT["W"] = {
    "as in the notebook": (),
    "a loop": (by_loop,),
    "lerp": (by_lerp,),
    "arange": (SHARE, "(torch.arange(steps) / (steps - 1))"),
    "a difference": (MIX, "first + share * (last - first)"),
    "rounded": (MIX, f"({MIX}).mul(1e6).round() / 1e6"),
}
FAULTS["W"] = {
    "backwards": (MIX, "share * first + (1 - share) * last", "it walks the other way"),
    "counts": (counting, "it counts through the digits between"),
    "no end": (SHARE, "(torch.arange(steps) / steps)", "the last label is ["),
    "no start": (SHARE, "(torch.arange(1, steps + 1) / steps)", "the first label is ["),
    "squares": (SHARE, "(torch.linspace(0, 1, steps) ** 2)", "not in equal steps"),
    "fresh noise": ("noise.expand(steps, -1)", "torch.randn(steps, 32)", "the noise changes"),
    "other noise": ("noise.expand", "(2 * noise).expand", "not the one that walk was given"),
    "labels first": (ROWS, "torch.cat([label, noise.expand(steps, -1)], dim=1)", "labels come fir"),
    "labels alone": (ROWS, "label", "these are the labels alone"),
    "one row": (ROWS, "torch.cat([noise, label[0]])[None]", "expected 32 + 10 numbers a row"),
    "one label": (MIX, "first.expand(steps, -1)", "the last label is ["),
}

# --- X: the judge that is sure -------------------------------------------------------------------


def by_hand(judge, pictures, at_least):
    powers = judge(pictures).exp()
    largest = (powers / powers.sum(dim=1, keepdim=True)).amax(dim=1)
    return (largest >= at_least).sum().item() / len(pictures)


def one_by_one(judge, pictures, at_least):
    with torch.no_grad():
        sure = [float(judge(row[None])[0].softmax(0).max()) >= at_least for row in pictures]
    return float(np.mean(sure))


CHANCES, RESULT = "judge(pictures).softmax(dim=1)", "(chances.max(dim=1).values >= at_least)"
RIGHT["X"] = {
    "as in the notebook": (),
    "by hand": (by_hand,),
    "one by one": (one_by_one,),
    "any": (RESULT, "(chances >= at_least).any(dim=1)"),
    "amax": ("chances.max(dim=1).values", "chances.amax(dim=-1)"),
    "item": (".float().mean()", ".double().mean().item()"),
}
FAULTS["X"] = {
    "scores": (".softmax(dim=1)", "", "no probabilities yet: softmax makes them some"),
    "sigmoid": (".softmax(dim=1)", ".sigmoid()", "ten answers need softmax"),
    "the other dim": (".softmax(dim=1)", ".softmax(dim=0)", "along the ten scores of a picture"),
    "unsure ones": (">=", "<", "the share of those that are not confident"),
    "how many": (".mean()", ".sum()", "that is how many, expected their share"),
    "the mean": (f"{RESULT}.float().mean()", "chances.amax(dim=1).mean()", "mean of the largest"),
    "all answers": ("chances.max(dim=1).values", "chances", "take the largest of the ten"),
    "values forgotten": (".values", "", "return `.values` *and* `.indices`"),
    "no mean": (".float().mean()", ".float()", "shape (50,), expected one number"),
    "fixed": (">= at_least", ">= 0.9", "for at_least=0.5 you get"),
    "called": (0.4, "is a float, expected a function: its name alone"),
}


def answer_in(exercise, given):
    if len(given) == 1:
        return given[0]
    return slip(exercise, *given)


@pytest.mark.parametrize(("exercise", "given"), each(RIGHT))
def test_a_right_function_passes_however_it_is_written(exercise, given):
    accepted(exercise, answer_in(exercise, given))


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    *given, message = fault
    refused(message, exercise, answer_in(exercise, given))


def test_each_exercise_has_its_right_and_wrong_answers():
    assert set(RIGHT) == set(FAULTS) == set(digits.CHECKS)
