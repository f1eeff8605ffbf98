"""How fast does a GAN train? Everything side by side, in one process, by turns.

`python -m benchmarks.speed --json FILE` measures a step of the original loop, of `GAN.fit`, of
`many.train` as it is, compiled, and in JAX where that is installed, and of many GANs at once; then
the time to quality.
`--device cuda` does so on a GPU, `--device mps` on Apple's.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.optim import Adam

from benchmarks import curves
from benchmarks.study import write
from gan_course.data import Scaler, batches, normal_noise
from gan_course.many import ORIGINAL, QUICK, Settings, train
from gan_course.metrics import curve_quality
from gan_course.networks import Discriminator, Generator, make_discriminator, make_generator
from gan_course.training import GAN, train_step

TASK = curves.TASKS["exponential"]
# the original's networks and batches, without dropout, whose random numbers can't be compiled
SAME_NETWORKS = replace(ORIGINAL, dropout=0.0, scaled=True, average=0.0)
MANY = 32  # GANs at once
TURNS = 192, 48  # steps in a turn, of one GAN and of many
Steps = Callable[[int], object]  # does that many steps


def original_loop(device: torch.device) -> Steps:
    """The loop of chapter 1 as it is commonly published, epoch after epoch."""
    torch.manual_seed(0)
    points = curves.data_set(TASK)
    discriminator, generator = make_discriminator().to(device), make_generator().to(device)
    change_g, change_d = (Adam(n.parameters(), lr=5e-4) for n in (generator, discriminator))
    noise, loader = normal_noise(2), batches(points, curves.BATCH)

    def run(steps: int) -> None:
        while steps > 0:
            for real in loader:
                real = real.to(device)
                train_step(generator, discriminator, change_g, change_d, real, noise)
                steps -= 1
                if steps <= 0:
                    break

    return run


def course_loop(
    settings: Settings, copies: int, *, device: torch.device, fast: bool, shared: bool
) -> Steps:
    """`many.train`, with everything that belongs to it: drawing, scaling, averaging."""
    points = curves.data_set(TASK)

    def run(steps: int) -> None:
        seeds, short = range(copies), replace(settings, steps=steps)
        train(points, short, seeds, device=device, fast=fast, shared_random=shared)

    return run


def jax_loop(settings: Settings, copies: int) -> Steps:
    """The same in JAX, where it is installed."""
    from benchmarks import in_jax

    return in_jax.train(curves.data_set(TASK), settings, range(copies))


def course_class(device: torch.device) -> Steps:
    """`GAN.fit` with the networks and batches of the original."""
    torch.manual_seed(0)
    points = curves.data_set(TASK)
    points = Scaler.fit(points).scale(points)
    owner = GAN(
        Generator(2, widths=ORIGINAL.generator_widths, output_dim=2),
        Discriminator(2, (*ORIGINAL.discriminator_widths, 1)),
        noise=normal_noise(2),
        data=lambda count: points[torch.randint(len(points), (count,))],
        batch_size=ORIGINAL.batch_size,
        device=device,
    )
    return lambda steps: owner.fit(steps // 16, 16)


def seconds_of(run: Steps, steps: int, device: torch.device) -> float:
    """How long some steps take, until the device has done them."""
    gpu = device.type != "cpu"
    if gpu:
        torch.accelerator.synchronize(device)
    started = time.perf_counter()
    run(steps)
    if gpu:
        torch.accelerator.synchronize(device)
    return time.perf_counter() - started


def compare_steps(device: torch.device, threads: int, repeats: int) -> list[dict[str, Any]]:
    """Milliseconds a step and GAN: the median of runs that take turns."""
    torch.set_num_threads(threads)
    gpu = device.type != "cpu"
    many = 1_000 if gpu else MANY
    turn, together = TURNS
    recipes = {"same networks": SAME_NETWORKS, "quick recipe": QUICK}
    ways: dict[str, Callable[[Settings, int], Steps]] = {
        "": partial(course_loop, device=device, fast=False, shared=gpu),
        ", compiled": partial(course_loop, device=device, fast=True, shared=gpu),
    }
    runs: list[tuple[str, int, int, Steps]] = []  # name, GANs, steps in a turn
    sizes = [(many, together, f", {many} at once")]
    if threads == 1:
        runs.append(("original loop", 1, turn, original_loop(device)))
        runs.append(("same networks, class", 1, turn, course_class(device)))
        sizes.insert(0, (1, turn, ""))
        if not gpu and find_spec("jax"):
            ways[", JAX"] = jax_loop
    for copies, steps, size in sizes:
        for name, settings in recipes.items():
            for way, loop in ways.items():
                runs.append((f"{name}{way}{size}", copies, steps, loop(settings, copies)))
    times: dict[str, list[float]] = {name: [] for name, *_ in runs}
    for number in range(repeats + 1):
        for name, copies, steps, run in runs:
            taken = seconds_of(run, steps, device) / steps / copies
            if number:  # the first turn warms up
                times[name].append(1_000 * taken)
    return [
        {
            "what": name,
            "threads": threads,
            "gans": copies,
            "ms": round(median(times[name]), 4),
            "fastest": round(min(times[name]), 4),
            "slowest": round(max(times[name]), 4),
        }
        for name, copies, _, _ in runs
    ]


def time_to_quality(
    device: torch.device, repeats: int, steps: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The original recipe until it stops by itself, and the quick one, seed by seed, by turns."""
    torch.set_num_threads(1)
    ms = {row["what"]: row["ms"] for row in steps if row["threads"] == 1}
    rows = []
    for seed in range(repeats):
        started = time.perf_counter()
        _, record = curves.run_loop(TASK, "original", seed, 20_000)
        original = time.perf_counter() - started
        points = curves.data_set(TASK, seed)
        started = time.perf_counter()
        trained = train(points, QUICK, [seed], device=device)
        quick = time.perf_counter() - started
        quality = curve_quality(trained.generate(20_000)[0].cpu(), *TASK)
        rows.append(
            {
                "seed": seed,
                "original_seconds": round(original, 1),
                "original_steps": record["steps"],
                "original_fit_error": record["fit_error"],
                "original_ks": record["ks"],
                "quick_seconds": round(quick, 2),
                "quick_steps": QUICK.steps,
                "quick_fit_error": quality.fit_error,
                "quick_ks": quality.ks,
                "original_ms": ms["original loop"],
                "same_networks_ms": ms["same networks"],
                "quick_ms": ms["quick recipe"],
            }
        )
        print(quality_row(rows[-1]), flush=True)
    return rows


def quality_row(row: dict[str, Any]) -> str:
    """One line of the second table."""
    cells = [f"{row['seed']:4d}"]
    for recipe in ("original", "quick"):
        cells.append(f"{row[f'{recipe}_seconds']:8.2f} s")
        cells.append(f"{row[f'{recipe}_fit_error']:7.2%}")
        cells.append(f"{row[f'{recipe}_ks']:6.3f}")
    ratio = row["original_seconds"] / row["quick_seconds"]
    return "  ".join([*cells, f"{ratio:6.0f} x"])


def steps_table(rows: list[dict[str, Any]], original: float) -> list[str]:
    """The first table: each against the milliseconds of the original loop on one thread."""
    lines = [f"{'':48}  {'ms a step and GAN':>22}  {'times the original':>18}"]
    for row in rows:
        spread = f"{row['ms']:.3f} ({row['fastest']:.3f}-{row['slowest']:.3f})"
        lines.append(f"{row['what']:48}  {spread:>22}  {original / row['ms']:>18.1f}")
    return lines


def main() -> None:
    """Measure, print the tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    parser.add_argument("--repeats", type=int, default=7, help="turns of the step timings")
    parser.add_argument("--seeds", type=int, default=3, help="of the time to quality")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "device": device.type.upper(),
    }
    if device.type == "cuda":
        machine["device"] = torch.cuda.get_device_name(device)
    print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
    if not find_spec("jax"):
        print("JAX is not installed: its steps are left out, see `benchmarks/in_jax.py`")
    content: dict[str, Any] = {"machine": machine, "steps": []}
    for threads in (1, 2):
        rows = compare_steps(device, threads, arguments.repeats)
        content["steps"] += rows
        print(f"\n{threads} thread{'s' if threads > 1 else ''}")
        original = content["steps"][0]["ms"]
        print(*steps_table(rows, original), sep="\n", flush=True)
    print("\nseed  original: time, off, KS    quick: time, off, KS", flush=True)
    content["records"] = time_to_quality(device, arguments.seeds, content["steps"])
    ratios = [r["original_seconds"] / r["quick_seconds"] for r in content["records"]]
    print(f"median: {median(ratios):.0f} times shorter")
    write(arguments.json, content)


if __name__ == "__main__":
    main()
