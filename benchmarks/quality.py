"""How often does a recipe work? One run a seed, every seed counted.

`python -m benchmarks.quality --project exponential --recipe original --seeds 8 --json FILE` prints
a table and writes one record a seed, measured on fresh samples of the final generator.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch

# Each project is a module of this package with RECIPES, COLUMNS (name -> format) and
# run(recipe, seed, fresh) -> (generator, record).
PROJECTS = ("exponential", "multiples", "normal")
FRESH = 20_000


def table_row(record: dict[str, Any], columns: dict[str, str]) -> str:
    """One line of the table: the seed, the measures, the seconds."""
    cells = [f"{record['seed']:4d}"]
    cells += [f"{record[name]:>{max(10, len(name))}{form}}" for name, form in columns.items()]
    return "  ".join([*cells, f"{record['seconds']:7.1f}"])


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", choices=PROJECTS, required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--seeds", type=int, default=8, help="seeds 0 to this minus 1")
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    arguments = parser.parse_args()
    project = importlib.import_module(f"benchmarks.{arguments.project}")
    if arguments.recipe not in project.RECIPES:
        parser.error(f"--recipe must be one of {', '.join(project.RECIPES)}")

    torch.set_num_threads(1)
    names = "  ".join(f"{name:>10}" for name in project.COLUMNS)
    print(f"seed  {names}  seconds")
    records = []
    for seed in range(arguments.seeds):
        started = time.perf_counter()
        _, measures = project.run(arguments.recipe, seed, FRESH)
        seconds = round(time.perf_counter() - started, 1)
        record = {"recipe": arguments.recipe, "seed": seed, **measures, "seconds": seconds}
        records.append(record)
        print(table_row(record, project.COLUMNS), flush=True)
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
