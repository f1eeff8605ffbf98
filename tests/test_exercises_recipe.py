"""Counting seeds and keeping samples: right ways, and the mistakes that are named."""

import numpy as np
from learners import table_tests


def by_formula(records):
    n, z = len(records), 1.959964
    good = [r for r in records if r["off"] <= 0.005 and r["ks"] <= 0.03 and r["bins"] > 48]
    p = len(good) / n
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.array([len(good), *((middle + side * half) / (1 + z**2 / n) for side in (-1, 1))])


def keep_as_a_list(logits, chances):
    return (chances.log() < logits - logits.quantile(0.98)).tolist()


ENDS, KEPT = "ends.low, ends.high", "chances < torch.exp(logits - top)"
RIGHT = {
    "T": {"formula": by_formula, "rounded": (ENDS, "round(ends.low, 3), round(ends.high, 3)")},
    "U": {
        "list": keep_as_a_list,
        "by rank": ("quantile(0.98)", "kthvalue(len(logits) * 98 // 100)[0]"),
    },
}
FAULTS = {
    "T": {
        "below": ("<= 0.005", "< 0.005", "exactly at its limits a seed works, too"),
        "one of them": ("and", "or", "all three limits, not one of them"),
        "wide": ("<= 0.005", "<= 0.5", "the distance from the curve was left out, or the limit is"),
        "but the last": ("in records", "in records[:-1]", "you get 6, expected 7"),
        "no bins": ('and record["bins"] >= 49', "", "the bins were left out"),
        "share": ("return good,", "return good / len(records),", "not their share"),
        "exact": ('"wilson"', '"exact"', "by Wilson's method from 0.191 to 0.590"),
        "nothing": (lambda records: [], "success returns shape (0,), expected three numbers"),
        "which": ("return good,", "return [good],", "is a list, expected how many there are"),
        "in two": (
            f"good, {ENDS}",
            "(good, 0)",
            "returns two things, expected three: how many",
        ),
        "no interval": (f", {ENDS}", "", "expected three numbers"),
        "its own verdict": (lambda records: records[0]["good"], "work it out from off, ks and"),
        "not imported": ("from scipy.stats import binomtest", "", "defined: import or define it"),
        "bits": ("and", "&", "write `and` between comparisons"),
    },
    "U": {
        "but the last": (
            lambda d, u: [*(u < (d - d.quantile(0.98)).exp()).tolist()[:-1], False],
            "you get 0 at [299], expected 1",
        ),
        "wrong way": ("chances <", "chances >=", "the wrong ones are kept"),
        "no c": ("logits - top", "logits", "c was left out"),
        "largest": ("quantile(0.98)", "max()", "not the largest one"),
        "sigmoid": ("torch.exp", "torch.sigmoid", "for 300 samples: you get"),
        "the 20th": ("quantile(0.98)", "sort().values[980]", "for 300 samples: your keep failed"),
        "98 %": ("quantile(0.98)", "quantile(0.02)", "the logit that 2 % exceed, not 98 %"),
        "c - d": ("logits - top", "top - logits", "it is exp(d - c), not exp(c - d)"),
        "no chance": (KEPT, "logits > top", "chance has to decide"),
        "the samples": (KEPT, f"logits[{KEPT}]", "True or False for each sample"),
        "probabilities": ("chances < ", "", "True or False, not the probabilities"),
        "a list of numbers": (KEPT, f"({KEPT}).int().tolist()", "return the comparison itself"),
    },
}
test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS)
