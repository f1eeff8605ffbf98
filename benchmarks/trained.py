"""Trains the generators that ship with the course: `python -m benchmarks.trained`.

Seed 0, whatever comes of it: the card beside each file says how good it is, measured, not chosen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.curves import TASKS, data_set, measures, run_loop
from benchmarks.digits import RECIPES, code
from benchmarks.multiples import DEPTH, VALUES
from benchmarks.project import Record
from gan_course.data import real_batch
from gan_course.many import PATTERNS, POINTS, Settings, train
from gan_course.many.draws import Draw
from gan_course.metrics import integer_quality, ks_normal
from gan_course.saving import TRAINED, save_generator

FRESH = 20_000
CURE = "the original networks with scaled data, a score of fit and spread, best weights kept"
# the networks and rates of project 3's course recipe, see benchmarks/normal.py
NORMAL = Settings(
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


def exponential() -> tuple[nn.Sequential, Record]:
    """Project 1 after its first cure."""
    generator, record = run_loop(TASKS["exponential"], "cure", 0, FRESH)
    quality = {name: record[name] for name in ("fit_error", "ks", "outside", "bins")}
    return generator, {
        "samples": "points (x, y) on y = 1.08^x, x in [0, 50]",
        "noise": "2 numbers from the normal distribution",
        "recipe": CURE,
        **quality,
    }


def by_recipe(
    data: Tensor | Draw, settings: Settings, measure: Callable[[Tensor], Record]
) -> tuple[nn.Sequential, Record]:
    """One generator by one of the course's recipes, and what its samples are worth."""
    ensemble = train(data, settings, [0])
    kind = "from the normal distribution" if settings.noise == "normal" else "from U(-1, 1)"
    count = f"{settings.latent_dim} number{'s' * (settings.latent_dim > 1)}"
    card = {"noise": f"{count} {kind}"}
    return ensemble.generator(0), card | measure(ensemble.generate(FRESH)[0])


def sine() -> tuple[nn.Sequential, Record]:
    """The sine by the recipe for points in the plane."""

    def measure(points: Tensor) -> Record:
        record = measures(points, TASKS["sine"])
        return {name: record[name] for name in ("fit_error", "ks", "outside", "bins")}

    generator, card = by_recipe(data_set(TASKS["sine"]), POINTS, measure)
    about = {
        "samples": "points (x, y) on y = sin x, x in [-5, 5]",
        "recipe": "that for points in the plane",
    }
    return generator, about | card


def multiples() -> tuple[nn.Sequential, Record]:
    """Multiples of five by the recipe for patterns."""

    def measure(rows: Tensor) -> Record:
        quality = integer_quality(rows, VALUES["multiples"])
        return {"validity": quality.validity, "covered": quality.covered, "tv": quality.tv}

    def data(count: int, random: torch.Generator) -> Tensor:
        return real_batch(VALUES["multiples"], count, DEPTH, random=random)

    generator, card = by_recipe(data, PATTERNS, measure)
    about = {"samples": "multiples of five below 100, as rows of 100 probabilities"}
    return generator, about | {"recipe": "that for patterns"} | card


def normal() -> tuple[nn.Sequential, Record]:
    """From uniform noise to the normal distribution."""

    def data(count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, 1, generator=random)

    def measure(values: Tensor) -> Record:
        return {"ks": ks_normal(values[:, 0])}

    generator, card = by_recipe(data, NORMAL, measure)
    about = {"samples": "numbers from the normal distribution N(0, 1)"}
    return generator, about | {"recipe": "that of project 3"} | card


def digits() -> tuple[nn.Sequential, Record]:
    """Project 4's conditional GAN, by the chapter's own cells and read by its own judge."""
    chapter: dict[str, Any] = {}
    exec(code(), chapter)
    gan = chapter["train_asked"](0, RECIPES["asked"])
    torch.manual_seed(1_000_003)  # measured on noise of its own, as benchmarks.digits does
    rows = gan.generate_samples(num=FRESH)
    wanted = rows[:, 64:].argmax(dim=1)
    good = (chapter["read"](chapter["judge"], rows[:, :64]) == wanted).double()
    each = [float(good[wanted == digit].mean()) for digit in range(10)]
    return gan.generator.network, {
        "samples": "digits of 8 by 8 pixels from -1, white, to 1, black",
        "noise": "32 numbers from the normal distribution, then the digit as a one-hot row of 10",
        "recipe": "that of project 4 for digits on request",
        "asked": float(good.mean()),
        "asked_by_digit": each,
    }


MAKERS = {f.__name__: f for f in (exponential, sine, multiples, normal, digits)}


def main() -> None:
    """Train, save, and write the cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=MAKERS, help="one of them; all where it is left out")
    only = parser.parse_args().only
    torch.set_num_threads(1)
    for name in [only] if only else MAKERS:
        generator, about = MAKERS[name]()
        save_generator(generator, TRAINED / f"{name}.safetensors")
        seed = {"seed": 0, "trained_with": f"torch {torch.__version__}"}
        card = {"name": name, **about, **seed, "measured_on": f"{FRESH} fresh samples"}
        (TRAINED / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
