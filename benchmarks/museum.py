"""How much do the museum's healthy runs differ, by their seed alone? Chapter 4, on fresh seeds.

`python -m benchmarks.museum --json FILE` runs the chapter's own cells up to the healthy run, prints
a table and writes one record a seed, which sets the first weights, the batches and the noise. The
real points are the same for all, as in the chapter.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import torch

from benchmarks.project import Record
from benchmarks.study import clear, run_study, write

CHAPTER = Path(__file__).parent.parent / "notebooks" / "04_museum_of_broken_gans.ipynb"
FIRST_SEED, SEEDS = 100, 20  # the chapter trains the first ones


def code() -> str:
    """The chapter's code up to its first training, without the set-up."""
    cells = [c.source for c in nbformat.read(CHAPTER, as_version=4).cells if c.cell_type == "code"]
    last = next(n for n, cell in enumerate(cells) if "def fresh_score(" in cell)
    return "\n".join(cells[1 : last + 1])


def run(seeds: Sequence[int]) -> Iterator[Record]:
    """One healthy run after the other."""
    chapter: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):  # what its cells print is no news here
        exec(code(), chapter)
    for seed in seeds:
        generator, _, panel = chapter["train"](chapter["healthy"], seed=seed)
        found = [finding.name for finding in panel.findings()]
        yield {"seed": seed, "score": chapter["fresh_score"](generator), "findings": found}


def main() -> None:
    """Run every seed, print the table, write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many")
    arguments = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.seeds)
    study: dict[str, object] = {"torch": torch.__version__, "code": code()}
    records = run_study(run, seeds, arguments.json, study)
    if records is not None:
        write(arguments.json, study | {"records": records})
        for record in records:
            found = ", ".join(record["findings"]) or "nothing wrong seen"
            print(f"seed {record['seed']}: {record['score']:.3f}, {found}")
        scores = [record["score"] for record in records]
        low, high = min(scores), max(scores)
        print(f"median {median(scores):.3f}, lowest {low:.3f}, highest {high:.3f}")
    clear(arguments.json)


if __name__ == "__main__":
    main()
