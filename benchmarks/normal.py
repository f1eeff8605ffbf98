"""From uniform to normal, over many seeds: the original recipe, and the course's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import torch
from torch import Tensor

from benchmarks.project import Project, Record, train_one_by_one
from gan_course.data import even_noise
from gan_course.metrics import ks_normal, moments, wasserstein_normal
from gan_course.networks import Discriminator, Generator
from gan_course.training import GAN

COLUMNS = {
    "steps": "d",
    "ks": ".4f",
    "wasserstein": ".4f",
    "mean": ".3f",
    "std": ".3f",
    "excess_kurtosis": ".3f",
}


def normal_data(num: int) -> Tensor:
    """Real samples: `num` draws from N(0, 1), shape (num, 1)."""
    return torch.randn(num, 1)


def uniform_noise(num: int) -> Tensor:
    """Noise of the original recipe: `num` draws from U(0, 1), shape (num, 1)."""
    return torch.rand(num, 1)


def run(recipe: str, seeds: Sequence[int], fresh: int, device: str) -> Iterator[Record]:
    """Train by one of the recipes and measure every final generator on `fresh` samples."""
    return train_one_by_one(lambda seed: run_class(recipe, seed, fresh), seeds)


def run_class(recipe: str, seed: int, fresh: int) -> Record:
    """Train once by one of the recipes; measure the final generator on `fresh` samples.

    The seed sets the first weights, the data and the noise. Measured on independent noise.
    """
    torch.manual_seed(seed)
    if recipe == "original":
        gan = GAN(Generator(), Discriminator(), uniform_noise, normal_data)
        history = gan.fit(epochs=600, batches=10)
        noise = uniform_noise(fresh)
    else:
        gan = GAN(
            Generator(slope=0.2),
            Discriminator(slope=0.2),
            even_noise,
            normal_data,
            batch_size=128,
            discriminator_rate=2e-2,
            generator_rate=4e-3,
            betas=(0.0, 0.9),
        )
        history = gan.fit(epochs=400, batches=10, decay=True, average=0.998)
        noise = 2 * uniform_noise(fresh) - 1
    values = gan.generate_samples(noise)[:, 0]
    return {
        "steps": 10 * history.stopped_at,
        "ks": ks_normal(values),
        "wasserstein": wasserstein_normal(values),
        **asdict(moments(values)),
    }


PROJECTS = {
    "normal": Project(
        recipes=("original", "course"),
        columns=COLUMNS,
        target="KS at most 0.02",
        reached=lambda record: record["ks"] <= 0.02,
        run=run,
    )
}
