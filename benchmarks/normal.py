"""From uniform to normal, over many seeds: the original recipe, and the course's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from scipy import stats
from torch import Tensor

from benchmarks.project import Project, Record, train_one_by_one, train_together
from gan_course.data import even_noise
from gan_course.many import Ensemble, Settings
from gan_course.metrics import ks_normal
from gan_course.networks import Discriminator, Generator, sample
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


def off_centre(num: int) -> Tensor:
    """The even noise of the course recipe in the range of the original one, from 0 to 1."""
    return (even_noise(num) + 1) / 2


# What the course recipe becomes when one of its changes is taken back. Many seeds are trained at
# once; `stacked` is the recipe itself, trained in this way.
COURSE = Settings(
    latent_dim=1,
    noise="even",
    generator_widths=(64, 32),
    discriminator_widths=(64, 32),
    slope=0.2,
    batch_size=128,
    steps=4_000,
    generator_rate=4e-3,
    discriminator_rate=2e-2,
    betas=(0.0, 0.9),
    decay=True,
    average=0.998,
)
SETTINGS = {
    "stacked": COURSE,
    "not_even": replace(COURSE, noise="uniform"),
    "small_batches": replace(COURSE, batch_size=32),
    "small_slope": replace(COURSE, slope=0.01),
    "slow": replace(COURSE, generator_rate=2e-4, discriminator_rate=1e-3),
    "slow_forgetting": replace(COURSE, betas=(0.5, 0.999)),
    "no_decay": replace(COURSE, decay=False),
    "no_average": replace(COURSE, average=0.0),
}
# `off_centre` takes back the change that settings have no word for. `original_large` is the
# control: the original recipe with the batches of the course recipe, and as many of them.
BY_CLASS = ("original", "original_large", "course", "off_centre")


def measures(values: Tensor) -> Record:
    """What a generator's numbers, shape (n,), are worth."""
    numbers = values.double().numpy()
    even = stats.norm.ppf((torch.arange(len(numbers)).double() + 0.5) / len(numbers))
    return {
        "ks": ks_normal(values),
        "wasserstein": float(stats.wasserstein_distance(numbers, even)),
        "mean": float(numbers.mean()),
        "std": float(numbers.std()),
        "skewness": float(stats.skew(numbers)),
        "excess_kurtosis": float(stats.kurtosis(numbers)),
    }


def run(recipe: str, seeds: Sequence[int], fresh: int, device: str) -> Iterator[Record]:
    """Train by one of the recipes and measure every final generator on `fresh` samples."""
    if recipe in BY_CLASS:
        return train_one_by_one(lambda seed: run_class(recipe, seed, fresh), seeds)

    def measure(ensemble: Ensemble) -> list[Record]:
        records = []
        for seed in ensemble.seeds:
            # each on noise of its own, and independent: the even one would flatter the generator
            random = torch.Generator().manual_seed(1_000_003 + seed)
            noise = 2 * torch.rand(fresh, 1, generator=random) - 1
            records.append(measures(sample(ensemble.generator(seed).cpu(), noise)[:, 0]))
        return records

    def draw(count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, 1, generator=random)

    return train_together(draw, SETTINGS[recipe], seeds, measure, device)


def run_class(recipe: str, seed: int, fresh: int) -> Record:
    """Train once by the class of chapter 3; measure the final generator on `fresh` samples.

    The seed sets the first weights, the data and the noise. Measured on independent noise.
    """
    torch.manual_seed(seed)
    if recipe.startswith("original"):
        large = recipe == "original_large"
        size = 128 if large else 32
        gan = GAN(Generator(), Discriminator(), uniform_noise, normal_data, batch_size=size)
        history = gan.fit(epochs=400 if large else 600, batches=10)
    else:
        gan = GAN(
            Generator(slope=0.2),
            Discriminator(slope=0.2),
            even_noise if recipe == "course" else off_centre,
            normal_data,
            batch_size=128,
            discriminator_rate=2e-2,
            generator_rate=4e-3,
            betas=(0.0, 0.9),
        )
        history = gan.fit(epochs=400, batches=10, decay=True, average=0.998)
    noise = uniform_noise(fresh)
    if recipe == "course":
        noise = 2 * noise - 1
    values = gan.generate_samples(noise)[:, 0]
    return {"steps": 10 * history.stopped_at, **measures(values)}


PROJECTS = {
    "normal": Project(
        recipes=(*BY_CLASS, *SETTINGS),
        columns=COLUMNS,
        target="KS at most 0.02",
        reached=lambda record: record["ks"] <= 0.02,
        run=run,
        settings=SETTINGS,
    )
}
