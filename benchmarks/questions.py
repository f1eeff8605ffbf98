"""How many D steps per G step? Smoothed labels? Project 1's cured recipe, asked on fresh seeds.

`python -m benchmarks.questions --json FILE` prints a table and writes one record a seed, which
sets the training data, the first weights, the batches, the noise and the dropout.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy
from torch.optim import Adam, Optimizer

from benchmarks.curves import BATCH, COUNT
from benchmarks.project import Record
from benchmarks.study import clear, run_study, write
from gan_course.data import Noise, Scaler, batches, curve_points, exponential, normal_noise
from gan_course.metrics import curve_mse, fit_and_spread, ks_uniform
from gan_course.networks import in_data_units, make_discriminator, make_generator, sample
from gan_course.training import Losses, fit, train_generator

LOW, HIGH, FRESH = 0, 50, 20_000
FIRST_SEED, SEEDS = 100, 10  # project 1 shows the first ones


class Variant(NamedTuple):
    """What differs from project 1, and after how many epochs of 16 G steps it is measured."""

    epochs: tuple[int, ...]
    d_steps: int = 1
    real: float = 1.0  # D's targets
    fake: float = 0.0


# A D step is two updates, a G step one: 45 x 11 = 99 x 5 = 165 x 3, so that the last number of
# epochs costs the same for all, and the first is the same number of G steps. The best epoch is
# kept, and with fewer D steps there are more epochs to choose from.
VARIANTS = {
    "1 D step": Variant((45, 165)),
    "2 D steps": Variant((45, 99), d_steps=2),
    "5 D steps": Variant((45,), d_steps=5),
    "one-sided": Variant((165,), real=0.9),
    "two-sided": Variant((165,), real=0.9, fake=0.1),
}


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Noise,
    *,
    variant: Variant,
    more: Iterator[Tensor],
) -> Losses:
    """Project 1's step with the variant's targets, and further D steps on the batches of `more`."""

    def change(samples: Tensor, target: float) -> Tensor:
        discriminator_optimiser.zero_grad()
        answers = discriminator(samples)
        loss = binary_cross_entropy(answers, torch.full_like(answers, target))
        loss.backward()
        discriminator_optimiser.step()
        return loss.detach()

    for batch in chain([real], islice(more, variant.d_steps - 1)):
        on_real = change(batch, variant.real)
        on_fake = change(generator(noise(len(batch))).detach(), variant.fake)
    z = noise(len(real))
    of_generator = train_generator(generator, discriminator, generator_optimiser, z)
    return Losses(on_real, on_fake, of_generator)


def train(variant: Variant, seed: int) -> Iterator[tuple[int, Record]]:
    """Train once; after each number of epochs, the best generator so far on fresh samples."""
    torch.manual_seed(seed)
    points = curve_points(exponential, LOW, HIGH, COUNT)
    scaler = Scaler.fit(points)
    loader = batches(scaler.scale(points), BATCH)
    discriminator, generator = make_discriminator(), make_generator()
    optimisers = (
        Adam(generator.parameters(), 5e-4, fused=True),
        Adam(discriminator.parameters(), 5e-4, fused=True),
    )
    step = partial(train_step, variant=variant, more=chain.from_iterable(repeat(loader)))
    noise = normal_noise(2)
    watch = noise(1_000)
    fresh = torch.randn(FRESH, 2, generator=torch.Generator().manual_seed(1_000_003 + seed))
    # fit says where it goes on from a checkpoint, which is no news here
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        for epochs in variant.epochs:
            fit(
                generator,
                discriminator,
                loader,
                noise,
                epochs=epochs,
                step=step,
                optimisers=optimisers,
                watch=watch,
                score=lambda s: fit_and_spread(scaler.unscale(s), exponential, LOW, HIGH),
                keep_best=True,
                checkpoint=Path(folder) / "run.pt",
            )
            samples = sample(in_data_units(generator, scaler), fresh)
            ks = ks_uniform(samples[:, 0], LOW, HIGH)
            yield epochs, {"mse": curve_mse(samples, exponential), "ks": ks}


def run(seeds: Sequence[int]) -> Iterator[Record]:
    """All variants for one seed after the other."""
    for seed in seeds:
        record: Record = {"seed": seed}
        for name, variant in VARIANTS.items():
            for epochs, measures in train(variant, seed):
                record[f"{name}, {epochs} epochs"] = measures
        yield record


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.seeds)
    study: dict[str, object] = {"torch": torch.__version__, "samples": FRESH}
    study |= {"variants": repr(VARIANTS), "seeds": arguments.seeds}
    records = run_study(run, seeds, arguments.json, study)
    if records is not None:
        write(arguments.json, study | {"records": records})
        print(f"{'median (lowest to highest)':22}    squared error            KS distance")
        for name in list(records[0])[1:]:
            cells = [f"{name:22}"]
            for measure, form in (("mse", "6.2f"), ("ks", "6.3f")):
                values = [record[name][measure] for record in records]
                low, middle, high = min(values), median(values), max(values)
                cells.append(f"{middle:{form}} ({low:{form}} to {high:{form}})")
            print("   ".join(cells))
    clear(arguments.json)


if __name__ == "__main__":
    main()
