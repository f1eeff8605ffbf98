"""Are the samples normal, with mean 2 and standard deviation 0.5? Exercises G and H."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_course.exercises.answers import (
    DRAWN,
    Wrong,
    answer_of,
    judge_shape,
    numbers_of,
    samples_of,
)
from gan_course.metrics import ks_normal

MEAN, DEVIATION = 2.0, 0.5


def _judge_normal(values: Tensor, ks_limit: float) -> float:
    mean, deviation = float(values.mean()), float(values.std())
    ks = ks_normal((values - MEAN) / DEVIATION)
    says = f"the standard deviation is {deviation:.2f}, expected {DEVIATION:g}"
    if deviation < 0.02:
        raise Wrong(f"collapsed: all samples are near {mean:.2f}")
    if abs(mean - MEAN) > 0.15:
        raise Wrong(
            f"the mean is {mean:.2f}, expected {MEAN:g}. (A network gets torch.rand(n, 1) here; if "
            "yours learned from other noise, pass a function that takes a number of samples)"
        )
    if math.isclose(deviation, DEVIATION**2, rel_tol=0.1):
        raise Wrong(f"{says}: 0.25 is its square")
    if not 0.75 * DEVIATION < deviation < 1.3 * DEVIATION:
        raise Wrong(says)
    if ks > ks_limit:
        raise Wrong(f"the shape is not normal: KS distance {ks:.3f}, expected at most {ks_limit}")
    return ks


def _check_normal_data(data: Any) -> str:
    def draw() -> Tensor:
        return numbers_of(answer_of(data, "data", DRAWN), "what data returns")

    found = draw()
    judge_shape(found, (DRAWN, 1), f"data({DRAWN}) has")
    if torch.equal(found, draw()):
        raise Wrong("data returns the same samples at each call, expected new ones")
    _judge_normal(found[:, 0], ks_limit=0.04)
    return "normal, with mean 2 and standard deviation 0.5"


def _check_normal_generator(generator: Any, *, latent_dim: int | None = None) -> str:
    made = samples_of(generator, latent_dim, torch.rand)
    if made.numel() != DRAWN:
        raise Wrong(f"your generator makes shape {tuple(made.shape)}, expected ({DRAWN}, 1)")
    return f"KS distance {_judge_normal(made.flatten(), ks_limit=0.1):.3f}"


CHECKS: dict[str, Callable[..., str]] = {
    "G": _check_normal_data,
    "H": _check_normal_generator,
}
