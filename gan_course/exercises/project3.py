"""Are the samples normal, with mean 2 and standard deviation 0.5? Exercises G and H."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gan_course.exercises.answers import (
    DRAWN,
    Checks,
    Wrong,
    answer_of,
    case,
    judge_shape,
    numbers_of,
    samples_of,
)
from gan_course.metrics import ks_normal

MEAN, DEVIATION = 2.0, 0.5
MISTAKES = {  # and the mean and standard deviation that come out of them
    "mean and standard deviation are swapped": (0.5, 2.0),
    "multiply first, then add": (1.0, 0.5),
    "torch.rand is uniform, torch.randn is normal": (2.25, 0.14),
    "that is its square": (2.0, 0.25),
    "that is its root": (2.0, 0.71),
}
FEW = 0.006  # half of what a normal distribution has further out than 2.5 standard deviations
FAR = "{:.1%} of the samples are more than 2.5 standard deviations from the mean, expected 1.2%"


def _judge_normal(values: Tensor, off: float, shape: float) -> float:
    """Name what is wrong; else return how large a share lies more than 2.5 deviations away.

    The mean may be off by `off`, the shape by a KS distance of `shape`.
    """
    mean, deviation = float(values.mean()), float(values.std())
    if deviation < 0.02:
        raise Wrong(f"collapsed: all samples are near {mean:.2f}")
    far = {what: max(abs(mean - m) / 2, abs(deviation - s)) for what, (m, s) in MISTAKES.items()}
    why = "".join(f": {what}" for what, distance in far.items() if distance < 0.03)
    if abs(mean - MEAN) > off * max(1, deviation / DEVIATION):  # chance moves a wide one further
        raise Wrong(f"the mean is {mean:.2f}, expected {MEAN:g}{why}")
    if abs(deviation - DEVIATION) > 0.7 * off:  # chance moves it less than the mean
        raise Wrong(f"the standard deviation is {deviation:.2f}, expected {DEVIATION:g}{why}")
    standard = (values - mean) / deviation
    if ks_normal(standard) > shape:
        ks = f"{ks_normal(standard):.3f} from the nearest bell, expected at most {shape}"
        raise Wrong(f"the shape is not normal, mean and deviation are right: KS distance {ks}")
    return float((standard.abs() > 2.5).double().mean())


def _check_normal_data(data: Any) -> str:
    drawn = []
    for num in (1, 10, DRAWN, DRAWN):
        with case(f"data({num})"):
            answer = answer_of(data, "data", num)
            found = numbers_of(answer, "what data returns")
            judge_shape(found, (num, 1), "it has")
            if not isinstance(answer, Tensor):
                raise Wrong.kind("what data returns", answer, "a tensor: torch.as_tensor makes one")
        drawn.append(found)
    if bool((found == found[0]).all()):
        raise Wrong("all samples of a call are the same number: draw `num` of them")
    if torch.equal(drawn[-2], drawn[-1]):
        raise Wrong("data returns the same samples at each call, expected new ones")
    kinds = len(found.unique())
    if kinds < 0.9 * DRAWN and answer.element_size() > 2:  # half precision has few numbers
        raise Wrong(f"only {kinds} of {DRAWN} samples differ: draw each anew, and round nothing")
    if bool((drawn[-2] == drawn[-1])[-1]):
        raise Wrong(f"the last sample of each call is {float(found[-1]):g}: draw it, too")
    tails = _judge_normal(found[:, 0], off=0.03, shape=0.025)  # four times what chance does
    if tails < FEW:
        raise Wrong(f"the shape is not normal: {FAR.format(tails)}")
    return "normal, with mean 2 and standard deviation 0.5"


def _check_normal_generator(generator: Any, *, latent_dim: int | None = None) -> str:
    call = 'check("H", generator, latent_dim=1)'
    torch.manual_seed(0)  # no luck: the same samples at each check
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
        off = f"mean {float(values.mean()):.2f}, standard deviation {float(values.std()):.2f}"
        raise Wrong(f"KS distance {ks:.3f}, expected at most 0.1, both are a little off: {off}")
    short = f". The ends are short: {FAR.format(tails)}" if tails < FEW else ""
    return f"KS distance {ks:.3f}{short}"


CHECKS: Checks = {"G": _check_normal_data, "H": _check_normal_generator}
