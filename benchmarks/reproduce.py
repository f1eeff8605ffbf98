"""Would another machine come to the same numbers? `python -m benchmarks.reproduce --json FILE`.

Trains the same seeds by the quick recipe again and again, in processes that differ in one thing:
nothing, the threads, which instructions of the processor they may use (as an older processor has
no others), another way to the same derivatives. Prints for each how many seeds agree to the last
bit, when their losses part, and how far apart the finished generators are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.curves import TASKS, data_set, measures
from benchmarks.project import Record
from benchmarks.study import write
from gan_course.many import QUICK, train

TASK = TASKS["exponential"]
FRESH = 20_000  # samples that a finished generator is measured on
PARTED = 0.01  # nats: from here on, two losses are called different
# of PyTorch's own operations, and of MKL, which multiplies
OLD = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
VARIANTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "once more": ({}, []),
    "two threads": ({"OMP_NUM_THREADS": "2"}, []),
    "no AVX": (OLD, []),
    "a compiled step": ({}, ["--fast"]),
}


def run(seeds: int, fast: bool, file: Path) -> None:
    """Train and measure in this process; losses and measures go to a file."""
    ensemble = train(data_set(TASK), QUICK, range(seeds), fast=fast)
    found = [measures(points, TASK) for points in ensemble.generate(FRESH)]
    numbers = [[record["fit_error"], record["ks"]] for record in found]
    torch.save([torch.stack(ensemble.losses), torch.tensor(numbers).T], file)


def run_apart(name: str, seeds: int, python: str) -> list[torch.Tensor]:
    """The same in a process of its own: losses (3, steps, S), measures (2, S)."""
    settings, options = VARIANTS.get(name, ({}, []))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **settings}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.pt"
        command = [python, "-m", "benchmarks.reproduce", "--seeds", str(seeds), *options]
        subprocess.run([*command, "--only", str(file)], env=environment, check=True)
        result: list[torch.Tensor] = torch.load(file, weights_only=True)
    return result


def compare(first: list[torch.Tensor], other: list[torch.Tensor]) -> list[dict[str, Any]]:
    """For each seed: equal to the last bit, the step in which losses part, both measures."""
    gaps = (first[0] - other[0]).abs().amax(dim=0)  # (steps, S)
    rows = []
    for seed in range(gaps.shape[1]):
        apart = (gaps[:, seed] > PARTED).nonzero()
        off, ks = other[1][:, seed].tolist()
        rows.append(
            {
                "equal": bool(torch.equal(first[0][..., seed], other[0][..., seed])),
                "parted": int(apart[0]) + 1 if len(apart) else None,
                "fit_error": off,
                "ks": ks,
            }
        )
    return rows


def table_row(name: str, rows: list[dict[str, Any]], first: list[dict[str, Any]]) -> str:
    """One line of the table."""
    equal = sum(row["equal"] for row in rows)
    steps = [row["parted"] for row in rows if row["parted"] is not None]
    when = f"{median(steps):.0f} ({min(steps)}-{max(steps)})" if steps else "never"
    cells = [f"{name:28} {equal:3} of {len(rows)}   {when:>15}"]
    for measure, form in (("fit_error", ".2%"), ("ks", ".3f")):
        gaps = [abs(a[measure] - b[measure]) for a, b in zip(rows, first, strict=True)]
        middle = median(row[measure] for row in rows)
        cells.append(f"{middle:{form}} ({max(gaps):{form}})")
    return "   ".join(cells)


def main() -> None:
    """Run every variant, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the records go")
    parser.add_argument("--seeds", type=int, default=20, help="how many GANs each time")
    parser.add_argument(
        "--other", action="append", default=[], metavar="NAME=PYTHON", help="another environment"
    )
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)  # of one process: its result
    parser.add_argument("--fast", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only is not None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        run(arguments.seeds, arguments.fast, arguments.only)
        return
    others = dict(other.split("=", 1) for other in arguments.other)
    first = run_apart("", arguments.seeds, sys.executable)
    records: list[Record] = [{"seed": seed} for seed in range(arguments.seeds)]
    print(f"{'':28}     same to    losses part         off the curve              KS")
    print(f"{'':28}    last bit     after steps   median (max. gap)   median (max. gap)")
    itself = compare(first, first)
    for name in (*VARIANTS, *others):
        again = run_apart(name, arguments.seeds, others.get(name, sys.executable))
        rows = compare(first, again)
        for record, row in zip(records, rows, strict=True):
            record[name] = row
        print(table_row(name, rows, itself), flush=True)
    if arguments.json is not None:
        content = {"torch": torch.__version__, "settings": repr(QUICK), "records": records}
        write(arguments.json, content)


if __name__ == "__main__":
    main()
