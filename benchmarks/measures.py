"""How often does `sample_quality` raise a false alarm, and how often does it find a fault?

`python -m benchmarks.measures --json FILE` prints a table and writes one record a situation, in a
quarter of an hour of one core. Each try draws its own real samples.
"""

from __future__ import annotations

import argparse
import math
import platform
from collections.abc import Callable
from pathlib import Path

import torch
from scipy.stats import binomtest
from torch import Tensor

from benchmarks.project import Record
from benchmarks.study import write
from gan_course.data import Curve, curve_points, exponential
from gan_course.metrics import LEVEL, TESTS, curve_quality, sample_quality

Draw = Callable[[int, torch.Generator], Tensor]  # how many -> samples
Situation = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]  # -> made and real samples
FIRST_SEED = 1_000_000  # none of these was looked at while the tests were chosen
SAMPLES = 2_000
EIGHT = (1.0,) * 8
RARE = (99 / 7,) * 7 + (1.0,)  # the last one has 1 % of the mass
LOST = (*RARE[:7], 0.0)


def moons(n: int, noise: float, random: torch.Generator) -> Tensor:
    """Two half circles of radius 1 that reach into each other, with noise around them."""
    angle = math.pi * torch.rand(n, generator=random)
    upper = torch.rand(n, generator=random) < 0.5
    x = torch.where(upper, angle.cos(), 1 - angle.cos())
    y = torch.where(upper, angle.sin(), 0.5 - angle.sin())
    return torch.stack([x, y], dim=1) + noise * torch.randn(n, 2, generator=random)


def rings(n: int, bridges: float, random: torch.Generator) -> Tensor:
    """Rings of radius 1, 2 and 3, and a share of points that lie anywhere between these."""
    ring = 1.0 + torch.tensor([1.0, 2.0, 3.0]).multinomial(n, True, generator=random)
    between = 1 + 2 * torch.rand(n, generator=random)
    astray = torch.rand(n, generator=random) < bridges
    radius = torch.where(astray, between, ring) + 0.05 * torch.randn(n, generator=random)
    angle = 2 * math.pi * torch.rand(n, generator=random)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)


def eight(
    n: int, weights: tuple[float, ...], random: torch.Generator, bridges: float = 0.0
) -> Tensor:
    """A ring of eight Gaussians, and a share of points on the way from one to the next."""
    mode = torch.tensor(weights).multinomial(n, True, generator=random)
    first, second = (
        torch.stack([angle.cos(), angle.sin()], dim=1)
        for angle in (mode * math.pi / 4, (mode + 1) * math.pi / 4)
    )
    astray = (torch.rand(n, 1, generator=random) < bridges).float()
    way = astray * torch.rand(n, 1, generator=random)
    return first + way * (second - first) + 0.1 * torch.randn(n, 2, generator=random)


def wide(n: int, noise: float, random: torch.Generator) -> Tensor:
    """64 columns that depend on eight hidden numbers, always in the same way, and noise."""
    way = torch.randn(8, 64, generator=torch.Generator().manual_seed(5)) / 8**0.5
    hidden = torch.randn(n, 8, generator=random)
    return hidden @ way + noise * torch.randn(n, 64, generator=random)


def copies(real: Tensor, n: int, jitter: float, random: torch.Generator) -> Tensor:
    """What a copyist makes: training samples, drawn at random, each moved a little."""
    chosen = real[torch.randint(len(real), (n,), generator=random)]
    return chosen + jitter * torch.randn(chosen.shape, generator=random)


def fair(draw: Draw) -> Situation:
    """Made samples that are as good as real ones."""
    return lambda n, random: (draw(n, random), draw(n, random))


def against(made: Draw, real: Draw) -> Situation:
    """Made samples of another distribution."""
    return lambda n, random: (made(n, random), real(n, random))


def copied(real: Draw, jitter: float, share: float = 1.0) -> Situation:
    """Made samples of which a share is copied."""

    def both(n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        training = real(n, random)
        honest = torch.rand(n, 1, generator=random) >= share
        made = torch.where(honest, real(n, random), copies(training, n, jitter, random))
        return made, training

    return both


def real_moons(n: int, random: torch.Generator) -> Tensor:
    """Two moons with the noise that the real ones have."""
    return moons(n, 0.08, random)


def real_wide(n: int, random: torch.Generator) -> Tensor:
    """64 columns with the noise that the real ones have."""
    return wide(n, 0.5, random)


GOOD: dict[str, Situation] = {
    "moons": fair(real_moons),
    "rings": fair(lambda n, r: rings(n, 0, r)),
    "ring of eight, a mode of 1 %": fair(lambda n, r: eight(n, RARE, r)),
    "exponential curve": fair(lambda n, r: curve_points(exponential, 0, 50, n, random=r)),
    "64 columns": fair(real_wide),
}
FAULTS: dict[str, Situation] = {
    "moons half as thick": against(lambda n, r: moons(n, 0.04, r), real_moons),
    "moons 3/4 as thick": against(lambda n, r: moons(n, 0.06, r), real_moons),
    "moons 5/4 as thick": against(lambda n, r: moons(n, 0.1, r), real_moons),
    "rings, 10 % on bridges": against(lambda n, r: rings(n, 0.1, r), lambda n, r: rings(n, 0, r)),
    "rings, 3 % on bridges": against(lambda n, r: rings(n, 0.03, r), lambda n, r: rings(n, 0, r)),
    "ring of eight, 3 % on bridges": against(
        lambda n, r: eight(n, EIGHT, r, bridges=0.03), lambda n, r: eight(n, EIGHT, r)
    ),
    "ring of eight, a mode of 1 % lost": against(
        lambda n, r: eight(n, LOST, r), lambda n, r: eight(n, RARE, r)
    ),
    "ring of eight, weights 0.1 and 0.15": against(
        lambda n, r: eight(n, (0.8, *EIGHT[2:], 1.2), r), lambda n, r: eight(n, EIGHT, r)
    ),
    "64 columns, noise 0.45 for 0.5": against(lambda n, r: wide(n, 0.45, r), real_wide),
    "moons, copied with a tiny jitter": copied(real_moons, 0.002),
    "64 columns, copied with a tiny jitter": copied(real_wide, 0.01),
    "moons, 20 % copied": copied(real_moons, 0.002, share=0.2),
    "moons, 5 % copied": copied(real_moons, 0.002, share=0.05),
}
FEWER = {"ring of eight, a mode of 1 % lost": (500, 1_000)}
CURVES: dict[str, tuple[Curve, float, float]] = {
    "exponential": (exponential, 0, 50),
    "logistic": (torch.sigmoid, -6, 6),
    "sine": (torch.sin, -5, 5),
}


def share(found: int, tries: int) -> str:
    """A share of tries and its 95 % confidence interval (Wilson)."""
    interval = binomtest(found, tries).proportion_ci(0.95, method="wilson")
    return f"{found:4d} of {tries} ({interval.low:6.1%} to {interval.high:6.1%})"


def tried(name: str, situation: Situation, n: int, tries: int) -> Record:
    """How often is any fault found, and how often by which test?"""
    random = (torch.Generator().manual_seed(FIRST_SEED + k) for k in range(tries))
    p_values = [sample_quality(*situation(n, own)).p_values for own in random]
    by = {test: sum(p[test] <= LEVEL for p in p_values) for test in TESTS}
    found = sum(min(p.values()) <= LEVEL for p in p_values)
    return {"name": name, "fault": name in FAULTS, "n": n, "tries": tries, "found": found, "by": by}


def show(record: Record) -> None:
    """A row of the table."""
    found = share(record["found"], record["tries"])
    by = "".join(f"{count:11d}" for count in record["by"].values())
    print(f"{record['name']:38}{record['n']:6d}  {found}{by}", flush=True)


def main() -> None:
    """Print the table, a line as each situation is done; write the records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    parser.add_argument("--tries", type=int, default=100, help="half of it with a fault")
    arguments = parser.parse_args()
    tries = arguments.tries
    torch.set_num_threads(1)
    print(f"python {platform.python_version()}, torch {torch.__version__}\n")
    print(f"{'sample_quality':38}{'n':>6}  {'found, 95 % confidence interval':31}", end="")
    print("".join(f"{test:>11}" for test in TESTS))
    records = []
    for name, situation in (GOOD | FAULTS).items():
        for n in (*FEWER.get(name, ()), SAMPLES):
            count = tries // (2 if name in FAULTS else 1)
            if name.startswith("64"):  # more than twice as slow
                count = tries // 4
            records.append(tried(name, situation, n, count))
            show(records[-1])
    good = [record for record in records if not record["fault"]]
    found, of = (sum(record[key] for record in good) for key in ("found", "tries"))
    print(f"\n{'nothing is wrong, together':44}  {share(found, of)}")
    write(arguments.json, {"torch": torch.__version__, "records": records})
    print("\ncurve_quality, perfect points: p-value at most 0.05")
    for name, task in CURVES.items():
        found = 0
        for seed in range(tries):
            random = torch.Generator().manual_seed(FIRST_SEED + seed)
            found += curve_quality(curve_points(*task, 1_000, random=random), *task).p_value <= 0.05
        print(f"{name:44}  {share(found, tries)}", flush=True)


if __name__ == "__main__":
    main()
