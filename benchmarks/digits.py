"""Does each seed draw the digit that is asked for? Project 4 by its four recipes, on fresh seeds.

`python -m benchmarks.digits --recipe asked --json FILE` runs the chapters' own cells that are
tagged "study", trains one GAN a seed, prints a line for each and writes the records. Recipes were
chosen on seed 0; the shipped records are of seeds from 100 on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import torch
from torch import Tensor

from benchmarks.project import Record
from benchmarks.study import clear, run_study, write
from gan_course.metrics import sample_quality
from gan_course.networks import Discriminator
from gan_course.training import GAN

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHAPTERS = ("11_digits_on_request.ipynb", "12_digits_a_closer_look.ipynb")
FIRST_SEED, SEEDS = 100, 10
FRESH = 5_000  # pictures that a final generator is measured on
# how many steps each recipe trains for
RECIPES = {"plain": 2_000, "generator_only": 2_000, "asked": 4_000, "convolutions": 1_500}


def code() -> str:
    """The cells of both chapters that are tagged as what a study needs."""
    cells = [c for name in CHAPTERS for c in nbformat.read(NOTEBOOKS / name, as_version=4).cells]
    return "\n\n".join(c.source for c in cells if "study" in c.metadata.get("tags", []))


def generator_only(chapter: dict[str, Any]) -> Callable[[int, int], GAN]:
    """The conditional recipe, but the discriminator sees the pictures alone."""

    class Blind(Discriminator):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x[:, :64])

    def train(seed: int, steps: int) -> GAN:
        torch.manual_seed(seed)
        generator = chapter["WithLabel"](chapter["picture_generator"](42))
        discriminator = Blind(64, [256, 128, 1], slope=0.2)
        noise, rows = chapter["random_requests"], chapter["labelled"]
        gan: GAN = chapter["trained"](generator, discriminator, noise, rows, steps)
        return gan

    return train


def measures(rows: Tensor, chapter: dict[str, Any], second_reader: Any) -> Record:
    """What pictures, shape (n, 64), or pictures with the labels asked for, (n, 74), are worth."""
    pictures, real, held_out = rows[:, :64], chapter["real"], chapter["fresh"]
    seen = chapter["read"](chapter["judge"], pictures)
    record: Record = {"shares": [float((seen == digit).double().mean()) for digit in range(10)]}
    if rows.shape[1] > 64:
        wanted = rows[:, 64:].argmax(dim=1)
        good = seen == wanted
        second = torch.tensor(second_reader.predict(pictures.numpy())) == wanted
        record |= {
            "asked": float(good.double().mean()),
            "second_reader": float(second.double().mean()),
            "good": [int(good[wanted == digit].sum()) for digit in range(10)],
            "requests": wanted.bincount(minlength=10).tolist(),
        }
    quality = sample_quality(pictures, real, held_out)
    names = ("verdict", "coverage", "mixing", "precision", "copying", "energy")
    record |= {name: getattr(quality, name) for name in names}
    record["frechet"] = chapter["frechet"](pictures[: len(held_out)], held_out)
    return record


def run(recipe: str, seeds: Sequence[int]) -> Iterator[Record]:
    """Train and measure one seed after the other."""
    from sklearn.svm import SVC

    chapter: dict[str, Any] = {}
    exec(code(), chapter)
    real, fresh = chapter["real"], chapter["fresh"]
    second_reader = SVC().fit(real.numpy(), chapter["real_labels"].numpy())
    right = chapter["read"](chapter["judge"], fresh) == chapter["fresh_labels"]
    floor = {
        "judge": float(right.double().mean()),
        "second_judge": float(second_reader.score(fresh.numpy(), chapter["fresh_labels"].numpy())),
        "floor": chapter["frechet"](real[: len(fresh)], fresh),
    }
    only = recipe == "generator_only"
    train = generator_only(chapter) if only else chapter[f"train_{recipe}"]
    for seed in seeds:
        started = time.process_time()
        gan = train(seed, RECIPES[recipe])
        seconds = round(time.process_time() - started, 1)  # of computing, on one core
        torch.manual_seed(1_000_003 + seed)  # measured on noise of its own
        record = measures(gan.generate_samples(num=FRESH), chapter, second_reader)
        yield {"seed": seed, "recipe": recipe, **record, **floor, "seconds": seconds}


def line(record: Record) -> str:
    """What is printed of a seed."""
    asked = f"{record['asked']:.2%} as asked, " if "asked" in record else ""
    return (
        f"seed {record['seed']}: {asked}each digit {min(record['shares']):.1%} to "
        f"{max(record['shares']):.1%}, Fréchet {record['frechet']:.2f}, {record['verdict']}, "
        f"{record['seconds']} s"
    )


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", choices=RECIPES, required=True)
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="the smallest of them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    study: dict[str, object] = {"recipe": arguments.recipe, "torch": torch.__version__}
    study |= {"samples": FRESH, "code": code()}
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)

    def show(record: Record) -> None:
        print(line(record), flush=True)

    records = run_study(
        lambda some: run(arguments.recipe, some), seeds, arguments.json, study, show
    )
    if records is not None:
        write(arguments.json, study | {"records": records})
        for name in ("asked", "frechet", "coverage", "seconds"):
            values = [record[name] for record in records if name in record]
            if values:
                low, high = min(values), max(values)
                print(f"{name}: {low:.4g} lowest, {median(values):.4g} median, {high:.4g} highest")
    clear(arguments.json)


if __name__ == "__main__":
    main()
