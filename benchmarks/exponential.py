"""Project 1 over many seeds: the original recipe, and the chapter's first cure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from gan_course.data import Scaler, batches, curve_points, exponential
from gan_course.metrics import curve_mse, curve_quality, fit_and_spread
from gan_course.networks import in_data_units, make_discriminator, make_generator, sample
from gan_course.training import fit, normal_noise

RECIPES = ("original", "cure")
LOW, HIGH, COUNT, BATCH = 0.0, 50.0, 2048, 128
COLUMNS = {
    "stopped_at": "d",
    "best_epoch": "d",
    "best_score": ".3f",
    "mse": ".3f",
    "fit_error": ".2%",
    "ks": ".3f",
    "outside": ".2%",
    "bins": "d",
}


def run(recipe: str, seed: int, fresh: int) -> tuple[nn.Sequential, dict[str, Any]]:
    """Train once by one of the recipes; measure the final generator on `fresh` samples.

    The seed sets the training data, the first weights, the batches, the noise and the dropout.
    """
    torch.manual_seed(seed)
    points = curve_points(exponential, LOW, HIGH, COUNT)
    scaler = Scaler.fit(points)
    discriminator, generator = make_discriminator(), make_generator()
    noise = normal_noise(2)
    if recipe == "original":
        history = fit(
            generator,
            discriminator,
            batches(points, BATCH),
            noise,
            score=lambda samples: curve_mse(samples, exponential),
            watch=noise(BATCH),
        )
    else:
        history = fit(
            generator,
            discriminator,
            batches(scaler.scale(points), BATCH),
            noise,
            score=lambda samples: fit_and_spread(scaler.unscale(samples), exponential, LOW, HIGH),
            watch=noise(1_000),
            patience=100,
            epochs=400,
            keep_best=True,
        )
        generator = in_data_units(generator, scaler)
    samples = sample(generator, noise(fresh))
    return generator, {
        "stopped_at": history.stopped_at,
        "best_epoch": history.best_epoch,
        "best_score": history.best_score,
        "mse": curve_mse(samples, exponential),
        **asdict(curve_quality(samples, exponential, LOW, HIGH)),
    }
