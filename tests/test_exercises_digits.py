"""Right and wrong ways to labels of two kinds, to a walk between digits, and to sure answers."""

import numpy as np
import torch
from learners import table_tests

RIGHT, FAULTS = {}, {}

# --- V: odd and even -----------------------------------------------------------------------------


def with_numpy(pictures, labels):
    return np.hstack([pictures.numpy(), np.eye(2)[labels.numpy() % 2]])


PARITY, JOINED = "one_hot(labels % 2, 2)", "torch.cat([pictures, parity], dim=1)"
RIGHT["V"] = {"numpy": with_numpy}
FAULTS["V"] = {
    "swapped": ("labels % 2", "(labels + 1) % 2", "even and odd are swapped"),
    "one number": (PARITY, "(labels % 2)[:, None]", "one number for the label, expected two"),
    "ten": (PARITY, "one_hot(labels, 10)", "(10, 74), expected (10, 66): ten numbers for"),
    "labels first": (JOINED, "torch.cat([parity, pictures], dim=1)", "come after the 64 pixels"),
    "labels alone": (JOINED, "parity", "these are the labels alone"),
    "uncounted": (PARITY, "one_hot(labels % 2)", "(4, 66): two places, even where no digit is"),
    "a pair": (JOINED, "pictures, parity", "one tensor: join the two by torch.cat([...], dim=1)"),
    "no list": (JOINED, "torch.cat(pictures, parity)", "torch.cat takes a list"),
    "rows below": (JOINED, "torch.cat([pictures, parity])", "below rows: dim=1 joins columns"),
    "a list of rows": (JOINED, f"[*{JOINED}]", "the chapter needs a tensor: torch.stack(rows)"),
    "added": (JOINED, "pictures + parity", "two shapes don't fit, print both"),
    "truths": (PARITY, "one_hot(labels % 2 == 1, 2)", ".long() makes them whole"),
}

# --- W: a walk -----------------------------------------------------------------------------------


def by_loop(noise, start, end, steps):
    rows = []
    for k in range(steps):
        label = torch.zeros(10)
        label[start], label[end] = 1 - k / (steps - 1), k / (steps - 1)
        rows.append(torch.cat([noise, label]))
    return torch.stack(rows)


MIX = "(1 - share) * first + share * last"
ROWS = "torch.cat([noise.expand(steps, -1), label], dim=1)"
COUNTED = "one_hot(torch.linspace(start, end, steps).round().long(), 10)"
RIGHT["W"] = {"a loop": by_loop, "rounded": (MIX, f"({MIX}).mul(1e4).round() / 1e4")}
FAULTS["W"] = {
    "backwards": (MIX, "share * first + (1 - share) * last", "it walks the other way"),
    "counts": (MIX, COUNTED, "it counts through digits: mix"),
    "labels first": (ROWS, "torch.cat([label, noise.expand(steps, -1)], dim=1)", "noise comes fir"),
    "labels alone": (ROWS, "label", "these are the labels alone"),
    "one short": (
        "torch.linspace(0, 1, steps)[:, None]",
        "torch.arange(steps)[:, None] / steps",
        "it stops before `end`: divide by steps - 1",
    ),
    "one noise": ("noise.expand(steps, -1)", "noise", "x.expand(n, -1) one of n equal rows"),
    "no column": ("[:, None]\n", "\n", "two shapes don't fit, print both: x[:, None] is one"),
    "of 32 only": ("steps, -1)", "steps, 32)", "with 20 numbers of noise: your walk failed"),
    "doubles": (MIX, f"({MIX}).double()", "takes a tensor of float32, got torch.float64"),
    "a list": (ROWS, f"{ROWS}.tolist()", "takes a tensor of float32, got list"),
}

# --- X: the judge that is sure -------------------------------------------------------------------


def one_by_digit(judge, pictures, at_least):
    return (judge(pictures).softmax(dim=1) >= at_least).sum() / len(pictures)


def one_by_one(judge, pictures, at_least):
    with torch.no_grad():
        sure = [float(judge(row[None])[0].softmax(0).max()) >= at_least for row in pictures]
    return float(np.mean(sure))


PICTURES = "judge(pictures)"
RIGHT["X"] = {"one by one": one_by_one, "in rows of 64": (PICTURES, "judge(pictures.view(-1, 64))")}
FAULTS["X"] = {
    "scores": (".softmax(dim=1)", "", "no probabilities yet: softmax makes them some"),
    "sigmoid": (".softmax(dim=1)", ".sigmoid()", "ten answers need softmax"),
    "the other dim": (".softmax(dim=1)", ".softmax(dim=0)", "along the ten scores, dim=1"),
    "unsure ones": (">=", "<", "the share of those that are not confident"),
    "how many": (".mean()", ".sum()", "that is how many, expected their share"),
    "all answers": ("chances.max(dim=1).values", "chances", "take the largest of the ten first"),
    "values forgotten": (".values", "", "return `.values` *and* `.indices`"),
    "more only": (">=", ">", "expected 0.76: `at_least` or more: >="),
    "which": (
        "chances.max(dim=1).values",
        "chances.argmax(dim=1)",
        "says which digit, not how sure",
    ),
    "several a picture": (one_by_digit, "a picture counts once: take the largest of the ten"),
    "of all answers": (".float().mean()", ".sum() / chances.numel()", "by the number of pictures"),
    "of 50": (".mean()", ".sum() / 50", "for 37 pictures and at_least=0.9: you get"),
    "in brackets": (".mean()", ".mean(dim=0, keepdim=True)", "one number, without brackets"),
    "fixed": (">= at_least", ">= 0.9", "for 50 pictures and at_least=0.5: you get"),
}
test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS)
