"""Points on a curve, over many seeds: the exponential of project 1, and the sine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from benchmarks.project import Project, Record, train_one_by_one, train_together
from gan_course.data import Curve, Scaler, batches, curve_points, exponential, normal_noise
from gan_course.many import QUICK, Ensemble
from gan_course.metrics import curve_mse, curve_quality, fit_and_spread
from gan_course.networks import in_data_units, make_discriminator, make_generator, sample
from gan_course.training import fit

COUNT, BATCH = 2_048, 128


class Task(NamedTuple):
    """A curve and the range of its x."""

    curve: Curve
    low: float
    high: float


TASKS = {
    "exponential": Task(exponential, 0, 50),
    "sine": Task(torch.sin, -5, 5),
}
SETTINGS = {
    "quick": QUICK,
    # those of the page: two latent numbers, as its picture of them is flat
    "playground_quick": replace(QUICK, latent_dim=2),
    "playground": replace(QUICK, latent_dim=2, batch_size=256, steps=3_000, average=0.995),
}
COLUMNS = {"steps": "d", "fit_error": ".2%", "ks": ".3f", "outside": ".2%", "bins": "d"}
COLUMNS |= {"p_value": ".3f", "verdict": "s"}


def data_set(task: Task, seed: int = 0) -> torch.Tensor:
    """A seed's own training data: 2,048 points."""
    random = torch.Generator().manual_seed(10_000 + seed)
    return curve_points(task.curve, task.low, task.high, COUNT, random=random)


def reached(record: Record) -> bool:
    """At most 0.5 % off, KS at most 0.04, at most 0.5 % outside, 49 of 50 bins."""
    return (
        record["fit_error"] <= 0.005
        and record["ks"] <= 0.04
        and record["outside"] <= 0.005
        and record["bins"] >= 49
    )


def measures(points: torch.Tensor, task: Task) -> Record:
    """What a generator's points, shape (n, 2), are worth."""
    quality = curve_quality(points, task.curve, task.low, task.high)
    return {**asdict(quality), "verdict": quality.verdict}


def run(name: str, recipe: str, seeds: Sequence[int], fresh: int, device: str) -> Iterator[Record]:
    """Train by one of the recipes and measure every final generator on `fresh` samples."""
    task = TASKS[name]
    if recipe not in SETTINGS:
        return train_one_by_one(lambda seed: run_loop(task, recipe, seed, fresh)[1], seeds)

    def measure(ensemble: Ensemble) -> list[Record]:
        return [measures(points, task) for points in ensemble.generate(fresh).cpu()]

    data = torch.stack([data_set(task, seed) for seed in seeds])
    return train_together(data, SETTINGS[recipe], seeds, measure, device)


def run_loop(task: Task, recipe: str, seed: int, fresh: int) -> tuple[nn.Sequential, Record]:
    """Train once by the loop of chapter 1: "original", or "cure" with the same networks.

    The seed sets the training data, the first weights, the batches, the noise and the dropout.
    """
    curve, low, high = task
    torch.manual_seed(seed)
    points = curve_points(curve, low, high, COUNT)
    scaler = Scaler.fit(points)
    discriminator, generator = make_discriminator(), make_generator()
    noise = normal_noise(2)
    if recipe == "original":
        history = fit(
            generator,
            discriminator,
            batches(points, BATCH),
            noise,
            score=lambda samples: curve_mse(samples, curve),
            watch=noise(BATCH),
            epochs=10_000,
            patience=1_000,
        )
    else:
        history = fit(
            generator,
            discriminator,
            batches(scaler.scale(points), BATCH),
            noise,
            score=lambda samples: fit_and_spread(scaler.unscale(samples), curve, low, high),
            watch=noise(1_000),
            patience=100,
            epochs=400,
            keep_best=True,
        )
        generator = in_data_units(generator, scaler)
    samples = sample(generator, noise(fresh))
    return generator, {
        "steps": history.stopped_at * (COUNT // BATCH),
        "stopped_at": history.stopped_at,
        "best_epoch": history.best_epoch,
        "best_score": history.best_score,
        "mse": curve_mse(samples, curve),
        **measures(samples, task),
        # enough of them for a small picture
        "x": [round(x, 2) for x in samples[:BATCH, 0].tolist()],
        "y": [round(y, 2) for y in samples[:BATCH, 1].tolist()],
    }


PROJECTS = {
    name: Project(
        recipes=("original", "cure", *SETTINGS),
        columns=COLUMNS,
        target="at most 0.5 % off the curve, KS at most 0.04, at most 0.5 % outside, 49 bins",
        reached=reached,
        run=partial(run, name),
        settings=SETTINGS,
    )
    for name in TASKS
}
