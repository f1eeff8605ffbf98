"""Does the same seed come to the same losses, the same samples and the same pictures?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.reproduce import compare, table_row

HERE = Path(__file__).parent

# every loop of the course, and pictures of what came out
CODE = """
import hashlib, io, sys
import matplotlib
matplotlib.use("agg")
import torch
from killed import TRAININGS
from gan_course.data import curve_points, exponential
from gan_course.plots import plot_against_normal, plot_points

torch.set_num_threads(1)
random = torch.Generator().manual_seed(0)
for name, size in (("loop", 3), ("gan", 3), ("ensemble", 20), ("fast", 20)):
    numbers = torch.tensor(TRAININGS[name](None, size), dtype=torch.float64)
    print(name, hashlib.sha256(numbers.numpy().tobytes()).hexdigest())
    real, few = curve_points(exponential, 0, 50, 100, random=random), numbers[:10].float()
    pictures = [plot_points(real, few.reshape(-1, 2)), plot_against_normal(few)]
    for axes in pictures:
        file = io.BytesIO()
        axes.figure.savefig(file)
        print("picture", len(file.getvalue()), hashlib.sha256(file.getvalue()).hexdigest())
"""


def run_in_a_process() -> list[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(
        command, env=environment, cwd=HERE, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def test_two_processes_come_to_the_same_losses_and_pictures_bit_for_bit() -> None:
    first, second = run_in_a_process(), run_in_a_process()
    assert len(first) == 12 and len(set(first)) > 8  # they are of different things
    assert first == second


def losses(*changed: tuple[int, float]) -> list[torch.Tensor]:
    """Those of one seed and 10 steps, some of them moved, and its two measures."""
    steps = torch.zeros(3, 10, 1)
    for step, by in changed:
        steps[1, step - 1] += by
    return [steps, torch.tensor([[0.02], [0.5]])]


def test_a_comparison_says_when_losses_part() -> None:
    (same,) = compare(losses(), losses())
    assert (same["equal"], same["parted"]) == (True, None)
    (rounded,) = compare(losses(), losses((3, 1e-6)))
    assert (rounded["equal"], rounded["parted"]) == (False, None)
    (apart,) = compare(losses(), losses((3, 1e-6), (7, 0.02), (8, -1)))
    assert (apart["equal"], apart["parted"]) == (False, 7)
    row = table_row("x", [same, apart], [same, {**same, "ks": 0.4}])
    assert row.split() == [
        "x",
        "1",
        "of",
        "2",
        "7",
        "(7-7)",
        "2.00%",
        "(0.00%)",
        "0.500",
        "(0.100)",
    ]
