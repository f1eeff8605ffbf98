"""How often does a recipe work? One run a seed, every seed counted.

`python -m benchmarks.quality --project exponential --recipe course --seeds 100 --json FILE` prints
a table and writes one record a seed, measured on fresh samples of the final generator. A run that
was cut short goes on where it was. `torchrun --nproc-per-node 2 --max-restarts 3 -m
benchmarks.quality ...` spreads the seeds over two processes.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import torch
from scipy.stats import binomtest

from benchmarks import curves, multiples, normal, points
from benchmarks.project import GROUP, Project, Record
from benchmarks.study import clear, join, run_study, write

PROJECTS: dict[str, Project] = {**curves.PROJECTS, **multiples.PROJECTS, **normal.PROJECTS}
PROJECTS |= points.PROJECTS


def table_row(record: Record, columns: dict[str, str]) -> str:
    """One line of the table: the seed, the measures, the seconds."""
    cells = [f"{record['seed']:4d}"]
    cells += [f"{record[name]:>{max(10, len(name))}{form}}" for name, form in columns.items()]
    return "  ".join([*cells, f"{record['seconds']:7.1f}"])


def success(records: Sequence[Record], project: Project) -> str:
    """How many seeds reached the target, with the 95 % confidence interval of the rate (Wilson)."""
    good = sum(project.reached(record) for record in records)
    interval = binomtest(good, len(records)).proportion_ci(0.95, method="wilson")
    return (
        f"{good} of {len(records)} seeds reached the target ({project.target}): "
        f"{good / len(records):.0%}, 95 % confidence interval "
        f"{interval.low:.1%} to {interval.high:.1%}"
    )


def spread(records: Sequence[Record], columns: dict[str, str]) -> list[str]:
    """Lowest, median and highest of every measure."""
    lines = []
    for name, form in columns.items():
        values = [record[name] for record in records]
        if not isinstance(values[0], str):
            numbers = (min(values), median(values), max(values))
            form = ".1f" if form == "d" else form
            low, middle, high = (f"{number:{form}}" for number in numbers)
            lines.append(f"{name}: {low} lowest, {middle} median, {high} highest")
    return lines


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", choices=PROJECTS, required=True)
    parser.add_argument("--recipe", required=True, help="original, course, or a part of it")
    parser.add_argument("--seeds", type=int, default=8, help="how many")
    parser.add_argument("--first-seed", type=int, default=0, help="the smallest of them")
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    parser.add_argument("--group", type=int, default=GROUP, help="seeds that are trained at once")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps; a process has one GPU")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    arguments = parser.parse_args()
    project = PROJECTS[arguments.project]
    if arguments.recipe not in project.recipes:
        parser.error(f"--recipe must be one of {', '.join(project.recipes)}")
    device = arguments.device
    if device != "cpu" and arguments.recipe not in project.settings:
        known = ", ".join(project.settings) or "none of this project"
        parser.error(f"--device {device} is for recipes with settings: {known}")
    if device == "cuda" and "LOCAL_RANK" in os.environ:  # torchrun numbers the processes
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    if arguments.first_seed < 0:
        parser.error(f"--first-seed must be at least 0, got {arguments.first_seed}")
    for name in ("seeds", "group", "threads"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(arguments, name)}")

    torch.set_num_threads(arguments.threads)
    machine = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": arguments.device,
    }
    study = {"project": arguments.project, "recipe": arguments.recipe, **machine}
    # a recipe may change and keep its name
    settings = repr(project.settings.get(arguments.recipe))
    study |= {"settings": settings, "samples": project.fresh}
    study |= {"seeds": arguments.seeds, "first_seed": arguments.first_seed}
    names = "  ".join(f"{name:>10}" for name in project.columns)
    if join()[0] == 0:  # one head for the lines of all processes
        print(f"seed  {names}  seconds", flush=True)

    def run(seeds: Sequence[int]) -> Iterator[Record]:
        for start in range(0, len(seeds), arguments.group):
            group = seeds[start : start + arguments.group]
            for record in project.run(arguments.recipe, group, project.fresh, device):
                yield {"recipe": arguments.recipe, **record}

    def show(record: Record) -> None:
        print(table_row(record, project.columns), flush=True)

    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    records = run_study(run, seeds, arguments.json, study, show)
    if records is not None:  # this is the first process, or the only one
        content = {"machine": machine, "settings": settings, "samples": project.fresh}
        content["records"] = records
        write(arguments.json, content)
        lines = [*spread(records, project.columns), success(records, project)]
        print("", *lines, sep="\n", flush=True)
    clear(arguments.json)


if __name__ == "__main__":
    main()
