"""How often does a recipe work? One run a seed, every seed counted.

`python -m benchmarks.quality --recipe {original,cure} --seeds 8 --json FILE` prints a table and
writes one record a seed: project 1, measured on 20,000 fresh samples of the final generator.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from gan_course.data import Scaler, batches, curve_points, exponential
from gan_course.metrics import curve_mse, curve_quality, fit_and_spread
from gan_course.networks import in_data_units, make_discriminator, make_generator, sample
from gan_course.training import fit, normal_noise

LOW, HIGH, COUNT, BATCH = 0.0, 50.0, 2048, 128
FRESH = 20_000


def run(recipe: str, seed: int) -> tuple[torch.nn.Sequential, dict[str, Any]]:
    """Train project 1 once by one of the chapter's two recipes and measure the result.

    The seed sets the training data, the first weights, the batches, the noise and the dropout.
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    points = curve_points(exponential, LOW, HIGH, COUNT)
    scaler = Scaler.fit(points)
    discriminator, generator = make_discriminator(), make_generator()
    noise = normal_noise(2)
    if recipe == "original":
        loader = batches(points, BATCH)
        history = fit(
            generator,
            discriminator,
            loader,
            noise,
            score=lambda samples: curve_mse(samples, exponential),
            watch=noise(BATCH),
        )
    else:
        loader = batches(scaler.scale(points), BATCH)
        history = fit(
            generator,
            discriminator,
            loader,
            noise,
            score=lambda samples: fit_and_spread(scaler.unscale(samples), exponential, LOW, HIGH),
            watch=noise(1_000),
            patience=100,
            epochs=400,
            keep_best=True,
        )
        generator = in_data_units(generator, scaler)
    seconds = time.perf_counter() - started
    samples = sample(generator, noise(FRESH))
    record = {
        "recipe": recipe,
        "seed": seed,
        "stopped_at": history.stopped_at,
        "best_epoch": history.best_epoch,
        "best_score": history.best_score,
        "mse": curve_mse(samples, exponential),
        **asdict(curve_quality(samples, exponential, LOW, HIGH)),
        "seconds": round(seconds, 1),
    }
    return generator, record


def row(record: dict[str, Any]) -> str:
    """One line of the table."""
    return (
        f"{record['recipe']:>9} {record['seed']:4d} {record['stopped_at']:7d} "
        f"{record['best_epoch']:5d} {record['best_score']:10.3f} {record['mse']:9.3f} "
        f"{record['fit_error']:8.2%} {record['ks']:6.3f} {record['outside']:8.2%} "
        f"{record['bins']:5d} {record['seconds']:6.0f}"
    )


HEADER = "   recipe seed stopped  best best score       mse  off by     KS  outside  bins      s"


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", choices=["original", "cure"], required=True)
    parser.add_argument("--seeds", type=int, default=8, help="seeds 0 to this minus 1")
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(HEADER)
    records = []
    for seed in range(arguments.seeds):
        records.append(run(arguments.recipe, seed)[1])
        print(row(records[-1]), flush=True)
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
    }
    content = {"machine": machine, "samples": FRESH, "records": records}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
