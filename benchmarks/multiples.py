"""Patterns of integers, over many seeds: multiples of five as in project 2, and seven others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import gumbel_softmax, one_hot, softmax
from torch.optim import Adam

from benchmarks.project import Project, Record, train_one_by_one, train_together
from gan_course.data import decode_batch, normal_noise, pattern_values, real_batch
from gan_course.many import PATTERNS, Ensemble
from gan_course.metrics import integer_quality, mean_squared_remainder, valid_sequences
from gan_course.networks import make_discriminator, sample
from gan_course.training import EarlyStopping, train_step

DEPTH, LENGTH, LATENT = 100, 10, 100
PATIENCE, LONGEST, CURED = 800, 10_000, 2_000  # iterations
# What is asked of validity and spread needs more samples than the 20,000 of the other projects.
FRESH = 100_000
VALUES = {
    "multiples": pattern_values(5, DEPTH),
    "multiples_of_2": pattern_values(2, DEPTH),
    "multiples_of_3": pattern_values(3, DEPTH),
    "multiples_of_7": pattern_values(7, DEPTH),
    "odd": torch.arange(1, DEPTH, 2),
    # the fewest and the most
    "one_value": torch.tensor([42]),
    "two_values": torch.tensor([0, 50]),
    "all_values": torch.arange(DEPTH),
}


class Shares(nn.Module):
    """A last layer that divides what another one makes by the sum of its row."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """From (n, depth) to (n, depth), no number below 0; each row adds up to 1, or to 0."""
        x = self.layer(x)
        return x / x.sum(dim=-1, keepdim=True).clamp(min=1e-8)  # a row of zeros stays one


class StraightThrough(nn.Module):
    """A last layer: one-hot rows on the way forward, the gradient of softmax on the way back.

    Bengio et al. 2013, arXiv:1308.3432, who do it for a single yes or no; here it is one of many.
    """

    def forward(self, logits: Tensor) -> Tensor:
        """From (n, depth) to (n, depth): a 1 at the largest number of each row."""
        soft = softmax(logits, dim=-1)
        hard = one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(soft.dtype)
        # the difference is 0 in value but not for the gradient, since the detached part has none
        return hard + (soft - soft.detach())


class GumbelSoftmax(nn.Module):
    """A last layer that draws one position a row, with the probabilities softmax(logits).

    It adds noise to the logits, takes the largest, and lets the gradient of a softmax through:
    `torch.nn.functional.gumbel_softmax(hard=True)`. It draws in evaluation mode too, since the
    drawing is how samples are made. Jang et al. 2017, arXiv:1611.01144.
    """

    def forward(self, logits: Tensor) -> Tensor:
        """From (n, depth) to (n, depth), exactly one 1 in each row."""
        return gumbel_softmax(logits, hard=True, dim=-1)


LAST_LAYERS: dict[str, Callable[[], nn.Module]] = {
    "original": nn.ReLU,
    "longer": nn.ReLU,  # the control: as many iterations as all others have
    "leaky_relu": nn.LeakyReLU,  # lets a hundredth of a negative number through
    "leaky_half": lambda: nn.LeakyReLU(0.5),
    "softplus": nn.Softplus,
    "relu_shares": lambda: Shares(nn.ReLU()),
    "softplus_shares": lambda: Shares(nn.Softplus()),
    "softmax": lambda: nn.Softmax(dim=-1),
    "straight_through": StraightThrough,
    "gumbel": GumbelSoftmax,
}
SETTINGS = {"course": PATTERNS}
COLUMNS = {
    "steps": "d",
    "validity": ".3%",
    "sequences": ".2%",
    "covered": "d",
    "tv": ".3f",
    "zero_rows": ".2%",
    "verdict": "s",
}


def reached(record: Record) -> bool:
    """At least 99.99 % valid, every value covered, total variation at most 0.05."""
    return (
        record["validity"] >= 0.9999
        and record["covered"] == record["allowed"]
        and record["tv"] <= 0.05
    )


def measures(rows: Tensor, values: Tensor) -> Record:
    """What a generator's rows, shape (n, depth), are worth."""
    quality = integer_quality(rows, values)
    sequences = decode_batch(rows)[: len(rows) // LENGTH * LENGTH].reshape(-1, LENGTH)
    return {
        "sequences": valid_sequences(sequences, values),
        **asdict(quality),
        "verdict": quality.verdict,
    }


def run(name: str, recipe: str, seeds: Sequence[int], fresh: int, device: str) -> Iterator[Record]:
    """Train by one of the recipes and measure every final generator on `fresh` samples."""
    values = VALUES[name]
    if recipe not in SETTINGS:
        return train_one_by_one(lambda seed: run_loop(values, recipe, seed, fresh), seeds)

    def measure(ensemble: Ensemble) -> list[Record]:
        return [
            measures(sample(ensemble.generator(seed).cpu(), noise), values)
            for seed in ensemble.seeds
        ]

    def draw(count: int, random: torch.Generator) -> Tensor:
        return real_batch(values, count, DEPTH, random=random)

    noise = torch.randn(fresh, LATENT, generator=torch.Generator().manual_seed(1_000_003))
    return train_together(draw, SETTINGS[recipe], seeds, measure, device)


def run_loop(values: Tensor, recipe: str, seed: int, fresh: int) -> Record:
    """Train once by the loop of chapter 2.

    Only the last layer differs, and when to stop: the original waits 800 iterations for a better
    batch of ten, the others do 2,000 iterations. The seed sets first weights, data and noise.
    """
    torch.manual_seed(seed)
    divisor = int(values[1] - values[0])
    discriminator = make_discriminator(DEPTH, widths=())
    generator = nn.Sequential(nn.Linear(LATENT, DEPTH), LAST_LAYERS[recipe]())
    discriminator_optimiser = Adam(discriminator.parameters(), lr=5e-4)
    generator_optimiser = Adam(generator.parameters(), lr=5e-4)
    noise = normal_noise(LATENT)
    original = recipe == "original"
    stopping = EarlyStopping(PATIENCE)

    for iteration in range(1, (LONGEST if original else CURED) + 1):
        train_step(
            generator,
            discriminator,
            generator_optimiser,
            discriminator_optimiser,
            real_batch(values, LENGTH, DEPTH),
            noise,
        )
        integers = decode_batch(sample(generator, noise(LENGTH)))
        score = mean_squared_remainder(integers - values[0], divisor)
        if stopping.should_stop(iteration, score) and original:
            break

    return {
        "steps": iteration,
        "stopped_at": iteration,
        "best_iteration": stopping.best_epoch,
        "best_score": stopping.best,
        **measures(sample(generator, noise(fresh)), values),
    }


PROJECTS = {
    name: Project(
        recipes=(*LAST_LAYERS, *SETTINGS),
        columns=COLUMNS,
        target="at least 99.99 % valid, every value covered, total variation at most 0.05",
        reached=reached,
        run=partial(run, name),
        fresh=FRESH,
        settings=SETTINGS,
    )
    for name in VALUES
}
