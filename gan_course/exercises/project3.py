"""Are the samples normal, with mean 2 and standard deviation 0.5? Exercises G and H."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_course.exercises.answers import (
    DRAWN,
    Wrong,
    answer_of,
    case,
    judge_shape,
    numbers_of,
    samples_of,
)
from gan_course.metrics import ks_normal

MEAN, DEVIATION = 2.0, 0.5
FEW = 0.006  # half of what a normal distribution has further out than 2.5 standard deviations
FAR = "{:.1%} of the samples are more than 2.5 standard deviations from the mean, expected 1.2%"


def _judge_normal(values: Tensor, off: float, shape: float) -> float:
    """Name what is wrong; else return how large a share lies more than 2.5 deviations away.

    The mean may be off by `off`, the shape by a KS distance of `shape`.
    """
    mean, deviation = float(values.mean()), float(values.std())
    if deviation < 0.02:
        spread = f"expected a standard deviation of {DEVIATION:g}"
        raise Wrong(f"collapsed: all samples are near {mean:.2f}, {spread}")
    if abs(mean - MEAN) > off * max(1, deviation / DEVIATION):  # chance moves a wide one further
        swapped = max(abs(mean - DEVIATION), abs(deviation - MEAN)) < 0.2
        halved = max(abs(mean - MEAN * DEVIATION), abs(deviation - DEVIATION)) < 0.1
        why = ": mean and standard deviation are swapped" if swapped else ""
        why = ": multiply first, then add" if halved else why
        block = max(abs(mean - MEAN - DEVIATION / 2), abs(deviation - DEVIATION / 12**0.5)) < 0.02
        why = ": torch.rand is uniform, torch.randn is normal" if block else why
        raise Wrong(f"the mean is {round(mean, 2) + 0.0:.2f}, expected {MEAN:g}{why}")
    if abs(deviation - DEVIATION) > 0.7 * off:  # chance moves it less than the mean
        known = {DEVIATION**2: ": that is its square", DEVIATION**0.5: ": that is its root"}
        why = "".join(why for value, why in known.items() if abs(deviation - value) < 0.02)
        raise Wrong(f"the standard deviation is {deviation:.2f}, expected {DEVIATION:g}{why}")
    standard = (values - mean) / deviation
    if ks_normal(standard) > shape:
        raise Wrong(
            "mean and standard deviation are right, but the shape is not normal: KS distance "
            f"{ks_normal(standard):.3f} from the nearest bell, expected at most {shape}"
        )
    return float((standard.abs() > 2.5).double().mean())


def _check_normal_data(data: Any) -> str:
    for num in (10, DRAWN):
        with case(f"data({num})"):
            answer = answer_of(data, "data", num)
            found = numbers_of(answer, "what data returns")
            judge_shape(found, (num, 1), "it has")
            if not isinstance(answer, Tensor):
                raise Wrong.kind("what data returns", answer, "a tensor: torch.as_tensor makes one")
    if bool((found == found[0]).all()):
        raise Wrong("all samples of a call are the same number: draw `num` of them")
    if torch.equal(found, numbers_of(answer_of(data, "data", DRAWN), "what data returns")):
        raise Wrong("data returns the same samples at each call, expected new ones")
    tails = _judge_normal(found[:, 0], off=0.03, shape=0.025)  # four times what chance does
    if tails < FEW:
        raise Wrong(f"the shape is not normal: {FAR.format(tails)}")
    return "normal, with mean 2 and standard deviation 0.5"


def _check_normal_generator(generator: Any, *, latent_dim: int | None = None) -> str:
    call = 'check("H", generator, latent_dim=1)'
    with torch.random.fork_rng():  # no luck: the same samples at each check
        torch.manual_seed(0)
        made, remark = samples_of(generator, call, latent_dim, torch.rand)
        again, _ = samples_of(generator, call, latent_dim, torch.rand)
    if made.numel() != DRAWN:
        raise Wrong(f"your generator makes shape {tuple(made.shape)}, expected ({DRAWN}, 1)")
    values = made.flatten()
    ks = ks_normal((values - MEAN) / DEVIATION)
    with case(remark=remark):
        tails = _judge_normal(values, off=0.15, shape=0.053)
    if not remark and torch.equal(made, again):
        raise Wrong("your generator makes the same samples at each call, expected new ones")
    if ks > 0.1:
        raise Wrong(
            f"KS distance {ks:.3f}, expected at most 0.1: mean {float(values.mean()):.2f} and "
            f"standard deviation {float(values.std()):.2f} are both a little off"
        )
    short = f". The ends are short: {FAR.format(tails)}" if tails < FEW else ""
    if getattr(generator, "__name__", "") == "data":
        short += ". It is called data: hand in a trained generator"
    return f"KS distance {ks:.3f}{short}"


CHECKS: dict[str, Callable[..., str]] = {
    "G": _check_normal_data,
    "H": _check_normal_generator,
}
