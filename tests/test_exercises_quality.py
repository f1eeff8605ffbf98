"""Right and wrong ways to a p-value, and to the share of samples that are copied."""

import numpy as np
import torch
from learners import table_tests
from scipy.spatial import cKDTree

RIGHT, FAULTS = {}, {}

# --- R: the p-value ------------------------------------------------------------------------------

SUM, SHARE = "distance >= seen for", "(1 + far) / (1 + len(shuffled))"
RIGHT["R"] = {"numpy": lambda seen, s: np.mean(np.array([*s, seen]) >= seen)}
TOO = "expected 0.8: count the split that you have seen, too"
FAULTS["R"] = {
    "as found": (SUM, "distance > seen for", SHARE, "far / len(shuffled)", f"{TOO}, and shuffles"),
    "no split of its own": (SHARE, "far / len(shuffled)", f"you get 0.7778, {TOO}"),
    "rounded": ("distance >= seen", "round(distance, 2) >= round(seen, 2)", "expected 0.4"),
    "from the second on": ("in shuffled", "in shuffled[1:]", "you get 0.25, expected 0.5"),
    "no return at the end": (
        lambda seen, s: (1 + sum(d >= seen for d in s)) / (1 + len(s)) if min(s) < seen else None,
        "your p_value returns None",
    ),
    "in a list": (SHARE, f"[{SHARE}]", "returns a number in a list: no brackets, no comma"),
    "1 above only": (SHARE, "(1 + far) / len(shuffled)", f"{TOO}, below the fraction"),
    "1 below only": (SHARE, "far / (1 + len(shuffled))", f"{TOO}, above the fraction"),
    "further only": (SUM, "distance > seen for", "that are just as far apart count, too"),
    "a count": (SHARE, "1 + far", "you get 8, expected 0.8: that is how many, expected their"),
}

# --- S: copies -----------------------------------------------------------------------------------


def by_tree(made, training, held_out):
    near, unseen = (cKDTree(real.numpy()).query(made.numpy())[0] for real in (training, held_out))
    return float(np.mean(near < unseen))


def together(made, training, held_out):
    nearest = torch.cdist(made, torch.cat([training, held_out])).argmin(dim=1)
    return (nearest < len(training)).double().mean()


def each_by(old, new):
    """The same change in the distances to both."""
    return tuple(
        text for real in ("training", "held_out") for text in (f"{real}){old}", f"{real}){new}")
    )


NEAREST, RESULT = ".min(dim=1).values", "(to_training < to_held_out).float().mean()"
RIGHT["S"] = {
    "squares": each_by(NEAREST, f"{NEAREST} ** 2"),
    "a tree": by_tree,
    "all in one": together,
}
FAULTS["S"] = {
    "swapped": ("to_training <", "to_training >", "share of those that are closer to the held-out"),
    "the other dim": (*each_by(NEAREST, ".min(dim=0).values"), "training sample: turn that round"),
    "means": (*each_by(NEAREST, ".mean(dim=1)"), "take the nearest sample, not the mean"),
    "how many": (".float().mean()", ".sum()", "you get 6, expected 0.3: that is how many"),
    "a mean of truths": (".float()", "", ".float() makes them 1 and"),
    "values forgotten": (NEAREST, ".min(dim=1)", "min and max take one number at a time"),
    "an if": (RESULT, "1 if to_training < to_held_out else 0", "compare the whole tensor"),
    "held_out left out": (lambda made, training: 1.0, "your closer_to_training failed: TypeError"),
}
test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS)
