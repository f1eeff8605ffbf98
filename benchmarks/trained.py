"""Trains the generator that ships with the course: `python -m benchmarks.trained`.

Seed 0, whatever comes of it: the card beside the file says how good it is, measured, not chosen.
"""

from __future__ import annotations

import json

import torch

from benchmarks.curves import TASKS, run_loop
from gan_course.saving import TRAINED, save_generator

FRESH = 20_000
RECIPE = "the original networks with scaled data, a score of fit and spread, best weights kept"


def main() -> None:
    """Train, save, and write the card."""
    torch.set_num_threads(1)
    generator, record = run_loop(TASKS["exponential"], "cure", 0, FRESH)
    save_generator(generator, TRAINED / "exponential.safetensors")
    quality = {name: record[name] for name in ("fit_error", "ks", "outside", "bins")}
    card = {
        "name": "exponential",
        "samples": "points (x, y) on y = 1.08^x, x in [0, 50]",
        "noise": "2 numbers from the normal distribution",
        "recipe": RECIPE,
        "seed": 0,
        "trained_with": f"torch {torch.__version__}",
        "measured_on": f"{FRESH} fresh samples",
        **quality,
    }
    (TRAINED / "exponential.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
