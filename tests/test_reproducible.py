"""Does the same seed come to the same losses, the same samples and the same pictures?"""

import contextlib
import io
import os
import subprocess
import sys

import matplotlib
import torch

from benchmarks.reproduce import compare, table_row

# every loop of the course, and pictures of what came out
CODE = """
import hashlib, io
from dataclasses import replace
import matplotlib
matplotlib.use("agg")
matplotlib.rcdefaults()
import torch
from gan_course.data import batches, curve_points, exponential, normal_noise
from gan_course.many import POINTS, train
from gan_course.networks import Discriminator, Generator, make_discriminator, make_generator
from gan_course.plots import plot_against_normal, plot_points
from gan_course.training import GAN, fit

def loop():
    networks = make_generator(), make_discriminator()
    return fit(*networks, batches(real, 32), normal_noise(2), epochs=3).losses

def gan():
    owner = GAN(Generator(), Discriminator(), normal_noise(1), lambda n: torch.randn(n, 1))
    return owner.fit(3, 2, decay=True, average=0.9).losses

def many():
    settings = replace(POINTS, steps=20, batch_size=32)
    return torch.stack(train(real, settings, [3, 4]).losses).flatten(1).T.tolist()

torch.set_num_threads(1)
torch.manual_seed(0)
real = curve_points(exponential, 0, 50, 100)
for losses in (loop(), gan(), many()):
    numbers = torch.tensor(losses, dtype=torch.float64)
    print(hashlib.sha256(numbers.numpy().tobytes()).hexdigest())
few = numbers.flatten()[:8].float()
for axes in (plot_points(real, few.reshape(-1, 2)), plot_against_normal(few)):
    file = io.BytesIO()
    axes.figure.savefig(file)
    print("picture", hashlib.sha256(file.getvalue()).hexdigest())
"""


def test_two_processes_come_to_the_same_losses_and_pictures_bit_for_bit():
    threads, state, printed = torch.get_num_threads(), torch.get_rng_state(), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), matplotlib.rc_context():
            exec(CODE, {})
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    here = printed.getvalue().splitlines()
    assert len(here) == len(set(here)) == 5  # they are of different things

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", CODE]
    there = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert there.stdout.splitlines() == here


def losses(*changed):
    """Those of one seed and 10 steps, some of them moved, and its two measures."""
    steps = torch.zeros(3, 10, 1)
    for step, by in changed:
        steps[1, step - 1] += by
    return [steps, torch.tensor([[0.02], [0.5]])]


def test_a_comparison_says_when_losses_part():
    (same,) = compare(losses(), losses())
    assert (same["equal"], same["parted"]) == (True, None)
    (rounded,) = compare(losses(), losses((3, 1e-6)))
    assert (rounded["equal"], rounded["parted"]) == (False, None)
    (apart,) = compare(losses(), losses((3, 1e-6), (7, 0.02), (8, -1)))
    assert (apart["equal"], apart["parted"]) == (False, 7)
    row = table_row("x", [same, apart], [same, {**same, "ks": 0.4}])
    assert " ".join(row.split()) == "x 1 of 2 7 (7-7) 2.00% (0.00%) 0.500 (0.100)"
