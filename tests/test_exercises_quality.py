"""Right and wrong ways to a p-value, and to the share of samples that are copied.

An answer that is a row of texts is the notebook's solution with the first text replaced by the
second, and so on.
"""

from __future__ import annotations

import bisect

import numpy as np
import pytest
import torch
from learners import accepted, each, refused, slip
from scipy.spatial import cKDTree

from gan_course.exercises import quality

RIGHT, FAULTS = {}, {}  # of each exercise; at the end of a fault are the words that it must get

# --- R: the p-value ------------------------------------------------------------------------------


def looped(seen, shuffled):
    count = 1
    for distance in shuffled:
        if not distance < seen:
            count += 1
    return count / (len(shuffled) + 1)


SUM, SHARE = "distance >= seen for", "(1 + far) / (1 + len(shuffled))"
RIGHT["R"] = {
    "as in the chapter": (),
    "a loop": (looped,),
    "a list": (
        "sum(distance >= seen for distance in shuffled)",
        "len([1 for d in shuffled if d >= seen])",
    ),
    "the other way around": (SUM, "seen <= distance for"),
    "all splits in one list": (
        SHARE,
        "sum(d >= seen for d in [*shuffled, seen]) / len([*shuffled, seen])",
    ),
    "a tensor": (lambda seen, s: (1 + (torch.tensor(s) >= seen).sum()) / (1 + len(s)),),
    "mean of a tensor": (lambda seen, s: (torch.tensor([seen, *s]) >= seen).float().mean(),),
    "numpy": (lambda seen, s: np.mean(np.array([*s, seen]) >= seen),),
    "sorted": (lambda seen, s: 1 - bisect.bisect_left(sorted(s), seen) / (1 + len(s)),),
    "what is left": (lambda seen, s: 1 - sum(d < seen for d in s) / (1 + len(s)),),
    "rounded": (lambda seen, s: round((1 + sum(d >= seen for d in s)) / (1 + len(s)), 4),),
}
TOO, LIKE = "count the split that you have seen, too", "just as far apart count, too"
FAULTS["R"] = {
    "as found": (SUM, "distance > seen for", SHARE, "far / len(shuffled)", "far apart count"),
    "no split of its own": (SHARE, "far / len(shuffled)", f"you get 0.3333: {TOO}"),
    "1 above only": (SHARE, "(1 + far) / len(shuffled)", TOO),
    "1 below only": (SHARE, "far / (1 + len(shuffled))", TOO),
    "further only": (SUM, "distance > seen for", f"shuffles that are {LIKE}"),
    "those nearer": (SUM, "distance < seen for", "that is the share of those that are nearer"),
    "a count": (SHARE, "1 + far", "you get 4: that is how many, expected their share"),
    "a count of shuffles": (SHARE, "far", "that is how many, expected their share"),
    "one minus": (SHARE, f"1 - {SHARE}", "you get 0.6000, expected 0.4000"),
    "twice": (SHARE, f"2 * {SHARE}", "you get 0.8000, expected 0.4000"),
    "decided": (SHARE, f"{SHARE} <= 0.05", "expected 0.4000"),
    "a list compared": (lambda seen, s: s >= seen, "your p_value failed: TypeError"),
    "each": (lambda seen, s: [d >= seen for d in s], "shape (9,), expected one number"),
    "sorted in place": ("far =", "shuffled.sort(); far =", "changed the list that it was given"),
    "called": (0.4, "is a float, expected a function: its name alone"),
}

# --- S: copies -----------------------------------------------------------------------------------


def by_tree(made, training, held_out):
    near, unseen = (cKDTree(real.numpy()).query(made.numpy())[0] for real in (training, held_out))
    return float(np.mean(near < unseen))


def by_loops(made, training, held_out):
    closer = 0
    for row in made:
        closer += min((row - t).norm() for t in training) < min((row - h).norm() for h in held_out)
    return closer / len(made)


def together(made, training, held_out):
    nearest = torch.cdist(made, torch.cat([training, held_out])).argmin(dim=1)
    return (nearest < len(training)).double().mean()


TRAINED, UNSEEN = (
    "cdist(made, training).min(dim=1).values",
    "cdist(made, held_out).min(dim=1).values",
)
RESULT = "(to_training < to_held_out).float().mean()"
RIGHT["S"] = {
    "as in the chapter": (),
    "amin": (
        TRAINED,
        "cdist(made, training).amin(1)",
        UNSEEN,
        "cdist(made, held_out).amin(dim=-1)",
    ),
    "a list of two": (TRAINED, "cdist(made, training).min(dim=1)[0]"),
    "a number": (RESULT, f"{RESULT}.item()"),
    "counted": (RESULT, "(to_training < to_held_out).sum() / len(made)"),
    "the other sign": (RESULT, "(to_held_out - to_training > 0).double().mean()"),
    "squares": (TRAINED, f"{TRAINED} ** 2", UNSEEN, f"{UNSEEN} ** 2"),
    "without cdist": (TRAINED, "sub(made[:, None], training).norm(dim=2).amin(dim=1)"),
    "down the columns": (TRAINED, "cdist(training, made).min(dim=0).values"),
    "a tree": (by_tree,),
    "loops": (by_loops,),
    "all in one": (together,),
}
FAULTS["S"] = {
    "swapped": ("to_training <", "to_training >", "share of those that are closer to the held-out"),
    "the other dim": (
        TRAINED,
        TRAINED.replace("1", "0"),
        UNSEEN,
        UNSEEN.replace("1", "0"),
        "which made one is nearest. Take the other dim",
    ),
    "one dim wrong": (
        TRAINED,
        TRAINED.replace("1", "0"),
        "failed: RuntimeError: The size of tensor",
    ),
    "means": (
        TRAINED,
        "cdist(made, training).mean(dim=1)",
        UNSEEN,
        "cdist(made, held_out).mean(dim=1)",
        "that compares mean distances",
    ),
    "furthest": (
        TRAINED,
        TRAINED.replace("min", "max"),
        UNSEEN,
        UNSEEN.replace("min", "max"),
        "the distances to the furthest sample",
    ),
    "medians": (RESULT, "to_training.median() < to_held_out.median()", "then take the share"),
    "how many": (
        RESULT,
        "(to_training < to_held_out).sum()",
        "you get 6, expected 0.3: that is how",
    ),
    "no mean": (RESULT, "(to_training < to_held_out).float()", "shape (20,), expected one number"),
    "a mean of truths": (RESULT, "(to_training < to_held_out).mean()", ".float() makes them 1 and"),
    "values forgotten": (TRAINED, TRAINED[:-7], "return `.values` *and* `.indices`"),
    "one minimum": (TRAINED, "cdist(made, training).min()", "for 20 samples of which 6 are copied"),
    "indices": (TRAINED, TRAINED.replace("values", "indices"), "6 are copied you get"),
    "always half": (lambda *_: 0.5, "you get 0.5000, expected 0.3000"),
    "held_out left out": (lambda made, training: 1.0, "your closer_to_training failed: TypeError"),
    "called": (torch.tensor(0.5), "is a Tensor, expected a function: its name alone, without"),
}


def answer_in(exercise, given):
    return given[0] if len(given) == 1 else slip(exercise, *given)


@pytest.mark.parametrize(("exercise", "given"), each(RIGHT))
def test_a_right_function_passes_however_it_is_written(exercise, given):
    accepted(exercise, answer_in(exercise, given))


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    *given, message = fault
    refused(message, exercise, answer_in(exercise, given))


def test_each_exercise_has_its_right_and_wrong_answers():
    assert set(RIGHT) == set(FAULTS) == set(quality.CHECKS)
