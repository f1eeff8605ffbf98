"""Are seeds counted by the limits, and samples kept as often as they should be? T and U."""

from __future__ import annotations

from typing import Any

import torch

from gan_course.exercises.answers import (
    Checks,
    Wrong,
    answer_of,
    case,
    judge,
    judge_call,
    judge_shape,
    numbers_of,
)

# off the curve, KS distance, bins: at the limits, and beyond one of them. Each mistake in counting
# gives another number
GOOD, LIMITS = (0.001, 0.01, 50), (0.005, 0.03, 49)
FAULTY = [(0.006, 0.02, 50), *[LIMITS] * 2, *[(0.003, 0.031, 50)] * 2, *[(0.003, 0.02, 48)] * 4]
SEEN = [GOOD] * 2 + FAULTY + [(0.02, 0.2, 30)] * 5 + [GOOD] * 3


def _check_success(success: Any) -> str:
    from scipy.stats import binomtest

    for seen in (SEEN, FAULTY * 3):
        records = [{"off": off, "ks": ks, "bins": bins, "seed": 100} for off, ks, bins in seen]
        answer = answer_of(success, "success", records)
        if isinstance(answer, (list, tuple)) and len(answer) == 2:
            raise Wrong("success returns two things, expected three: how many, then .low and .high")
        if isinstance(answer, (list, tuple)) and isinstance(next(iter(answer), 0), list):
            raise Wrong("the first of the three is a list, expected how many there are: its len()")
        found = numbers_of(answer, "what success returns", "three numbers")
        judge_shape(found, (3,), "success returns", "three numbers: how many, low, high")
        kept = [(off <= 0.005, ks <= 0.03, bins >= 49) for off, ks, bins in seen]
        of, good, wide = len(seen), sum(map(all, kept)), "left out, or the limit is too wide"
        mistakes = {
            "exactly at its limits a seed works, too: <= and >=": good - seen.count(LIMITS),
            "a seed has to keep all three limits, not one of them": sum(map(any, kept)),
            f"the bins were {wide}": sum(off and ks for off, ks, _ in kept),
            f"the KS distance was {wide}": sum(off and bins for off, _, bins in kept),
            f"the distance from the curve was {wide}": sum(ks and bins for _, ks, bins in kept),
            "return how many seeds work, not their share": good / of,
        }
        with case(f"how many of {of} seeds work"):
            judge(found[0], good, mistakes)
        ends = binomtest(good, of).proportion_ci(0.95, method="wilson")
        if (found[1:] - torch.tensor([ends.low, ends.high])).abs().max() > 1e-3:
            yours = f"yours goes from {found[1]:.3f} to {found[2]:.3f}"
            wilson = f"by Wilson's method from {ends.low:.3f} to {ends.high:.3f}"
            raise Wrong(f"the interval of {good} of {of}: {yours}, {wilson}")
    return "all limits, and Wilson's interval"


def _check_keep(keep: Any) -> str:
    random = torch.Generator().manual_seed(0)
    for count in (300, 1_000):
        logits = torch.randn(count, generator=random) - 0.5
        last = int(0.98 * count)
        logits[logits.argsort()[last]] = logits.sort().values[last - 1]  # 2 % by any way to count
        chances = torch.rand(count, generator=random)
        chances[[0, -1]] = 0  # the first and the last one are kept
        top = logits.quantile(0.98)
        right = chances < torch.exp(logits - top)
        mistakes = {
            "the wrong ones are kept: those whose chance is below the probability": ~right,
            "c was left out: exp(d) may exceed 1": chances < logits.exp(),
            "c is the logit that 2 % exceed, not the largest one": chances
            < (logits - logits.max()).exp(),
            "c is the logit that 2 % exceed, not 98 %": chances
            < (logits - logits.quantile(0.02)).exp(),
            "it is exp(d - c), not exp(c - d)": chances < torch.exp(top - logits),
            "exp is missing": chances < logits - top,
            "this is D's answer, sigmoid(d), and not exp(d - c)": chances < logits.sigmoid(),
            "chance has to decide: compare with `chances`": logits > top,
            "return True or False, not the probabilities": torch.exp(logits - top),
            "compare the chances with these probabilities": torch.exp(logits - top).clamp(max=1),
            "return True or False for each sample, not the samples": logits[right],
        }
        what = f"{count:,} samples"
        answer = judge_call(keep, "keep", (logits, chances), what, right, mistakes)
        if torch.as_tensor(answer).dtype != torch.bool:
            raise Wrong("these are numbers, expected True and False: return the comparison itself")
    return f"{int(right.sum())} of {count} are kept"


CHECKS: Checks = {"T": _check_success, "U": _check_keep}
