"""Are seeds counted by the limits, and samples kept as often as they should be? T and U."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gan_course.exercises.answers import Wrong, answer_of, judge_shape, numbers_of

# off the curve, KS distance, bins: at the limits, and beyond one of them. Each mistake in counting
# gives another number
SEEN = [(0.005, 0.03, 49), (0.006, 0.02, 50), *[(0.003, 0.031, 50)] * 2, *[(0.003, 0.02, 48)] * 3]
ONE_FAULT = len(SEEN)
SEEN += [(0.001, 0.01, 50)] * 5 + [(0.02, 0.2, 30)] * 5
RECORDS = [{"off": off, "ks": ks, "bins": bins, "seed": 100} for off, ks, bins in SEEN]


def _check_success(success: Any) -> str:
    from scipy.stats import binomtest

    for records in (RECORDS, RECORDS[:ONE_FAULT] * 3):
        rows = [dict(record) for record in records]
        found = numbers_of(answer_of(success, "success", rows), "what success returns")
        judge_shape(found, (3,), "success returns", "three numbers: how many, low, high")
        count, low, high = found.tolist()
        off, ks, bins = (
            [record["off"] <= 0.005 for record in records],
            [record["ks"] <= 0.03 for record in records],
            [record["bins"] >= 49 for record in records],
        )
        three, of = list(zip(off, ks, bins, strict=True)), len(records)
        good, at_limit = sum(map(all, three)), records.count(RECORDS[0])
        mistakes = {
            good - at_limit: "a seed that is exactly at its limits works, too: use <= and >=",
            sum(map(any, three)): "a seed has to keep all three limits, not one of them",
            sum(a and b for a, b, _ in three): "the bins were left out",
            sum(a and b for a, _, b in three): "the KS distance was left out",
            sum(a and b for _, a, b in three): "the distance from the curve was left out",
            of - good: "these are the seeds that do not work",
            good / of: "return how many seeds work, not their share",
        }
        if count != good:
            why = mistakes.get(count, "a seed works if it keeps all three limits")
            raise Wrong(f"{good} of {of} seeds work, but success counts {count:g}: {why}")
        test = binomtest(good, of)
        ends, exact = (test.proportion_ci(0.95, method=way) for way in ("wilson", "exact"))

        gaps = [max(abs(low - way.low), abs(high - way.high)) for way in (ends, exact)]
        if gaps[0] > 1e-3:
            remark = ': use method="wilson"' if gaps[1] < 1e-3 else ""
            if abs(low - 100 * ends.low) < 0.1:
                remark = ": use shares, not per cent"
            raise Wrong(
                f"the interval of {good} of {of} goes from {ends.low:.3f} to {ends.high:.3f}, but "
                f"yours from {low:.3f} to {high:.3f}{remark}"
            )
    return "all limits, and Wilson's interval"


def _check_keep(keep: Any) -> str:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(1_000, generator=random) - 0.5
    chances = torch.rand(1_000, generator=random)
    found = numbers_of(answer_of(keep, "keep", logits.clone(), chances.clone()), "keep's answer")
    judge_shape(found, (1_000,), "keep returns", "True or False for each sample, (1000,)")
    if not bool(((found == 0) | (found == 1)).all()):
        raise Wrong("keep returns other numbers than True and False (or 1 and 0)")
    top = logits.quantile(0.98)
    wanted = chances < torch.exp(logits - top)
    mistakes = {
        "the wrong ones are kept: those whose chance is below the probability": ~wanted,
        "c was left out: exp(d) may exceed 1": chances < logits.exp(),
        "c is the logit that 2 % exceed, not the largest one": chances
        < (logits - logits.max()).exp(),
        "the probability is exp(d - c), not the sigmoid of it": chances < (logits - top).sigmoid(),
        "this is D's answer, sigmoid(d), and not exp(d - c)": chances < logits.sigmoid(),
        "chance has to decide: compare with `chances`": logits > top,
    }
    kept = found.bool()
    if bool((kept != wanted).sum() > 2):  # a rounding may turn one
        named = (what for what, mask in mistakes.items() if bool((kept == mask).all()))
        remark = next(named, "a sample is kept where its chance is below exp(d - c)")
        raise Wrong(f"{int(kept.sum())} of 1000 are kept, expected {int(wanted.sum())}: {remark}")
    return f"{int(kept.sum())} of 1000 are kept"


CHECKS: dict[str, Callable[..., str]] = {"T": _check_success, "U": _check_keep}
