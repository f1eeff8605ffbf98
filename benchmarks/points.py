"""Points in the plane: curves and clouds that no setting of the recipe was chosen on.

The recipe `POINTS` was chosen on others, one seed each: the exponential, the sine, an arch, the
logistic curve, |x|, sin 2x, a narrow peak, 1/x, a half circle, a cubic, tanh 3x, sin x + 0.5 sin
3x; a ring of eight, two moons, a circle, a spiral, a pinwheel, a Swiss roll, a checkerboard, and a
grid of 25, which stands below once more as a case that is hard. The others here were written down
before it was trained on any of them, and so were the limits:

- curves: on average at most 0.5 % of the range off the curve, the way to its nearest point, both
  axes scaled to their range (a reader of a plot does not see less); a KS distance of at most 0.03
  from the x of the seed's own training data (two random sets of 20,000 and 2,048 have less than
  that in 93 % of cases); at least 49 of 50 bins.
- clouds: the verdict of `sample_quality` against the seed's own training data is "good".

Each seed draws its own 2,048 training samples. Measured are 20,000 samples, as the generator makes
them ("raw"), and as the discriminator lets them pass (`rejection_sample`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp
from torch import Tensor

from benchmarks import curves
from benchmarks.curves import Task
from benchmarks.project import Project, Record, train_together
from gan_course.many import POINTS, Ensemble, rejection_sample
from gan_course.many.draws import draw_noise
from gan_course.metrics import bins_covered, sample_quality

Cloud = Callable[[int, torch.Generator], Tensor]  # how many -> samples, (n, 2)
COUNT, FRESH = curves.COUNT, 20_000

CURVES = {
    "cosine": Task(torch.cos, -4, 4),
    "double_well": Task(lambda x: x**4 - 2 * x**2, -1.6, 1.6),
    "bell": Task(lambda x: torch.exp(-(x**2)), -3, 3),
    "root": Task(torch.sqrt, 0, 4),
    "rise_and_fall": Task(lambda x: x * torch.exp(-x), 0, 8),
    "damped_wave": Task(lambda x: torch.exp(-x / 4) * torch.sin(x), 0, 10),
    # without a promise: many waves, a jump
    "sin_3x": Task(lambda x: torch.sin(3 * x), -5, 5),
    "step": Task(torch.sign, -1, 1),
}


def _normal(n: int, random: torch.Generator, *scales: float) -> Tensor:
    return torch.randn(n, 2, generator=random) * torch.tensor(scales)


def _angle(n: int, random: torch.Generator) -> Tensor:
    return 2 * math.pi * torch.rand(n, generator=random)


def five(n: int, random: torch.Generator) -> Tensor:
    """Five Gaussians, one of them four times as likely as each other."""
    centres = torch.tensor([[0.0, 0.0], [3, 0], [-3, 0], [0, 3], [0, -3]])
    mode = torch.tensor([4.0, 1, 1, 1, 1]).multinomial(n, True, generator=random)
    return centres[mode] + _normal(n, random, 0.3, 0.3)


def two_rings(n: int, random: torch.Generator) -> Tensor:
    """Rings of radius 1 and 2."""
    radius = 1 + torch.randint(2, (n,), generator=random) + _normal(n, random, 0.06, 0)[:, 0]
    angle = _angle(n, random)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)


def figure_of_eight(n: int, random: torch.Generator) -> Tensor:
    """A line that crosses itself."""
    angle = _angle(n, random)
    return torch.stack([angle.sin(), (2 * angle).sin()], dim=1) + _normal(n, random, 0.04, 0.04)


def slanted(n: int, random: torch.Generator) -> Tensor:
    """Four long, thin Gaussians side by side, all leaning over."""
    mode = torch.randint(4, (n, 1), generator=random)
    points = _normal(n, random, 1, 0.1) + torch.cat([0 * mode, mode], dim=1)
    return points @ torch.tensor([[0.8, 0.6], [-0.6, 0.8]])


def s_curve(n: int, random: torch.Generator) -> Tensor:
    """The letter S, with noise."""
    t = 3 * math.pi * (torch.rand(n, generator=random) - 0.5)
    points = torch.stack([t.sin(), t.sign() * (t.cos() - 1)], dim=1)
    return points + _normal(n, random, 0.08, 0.08)


def cross(n: int, random: torch.Generator) -> Tensor:
    """Two bars that cross, evenly filled."""
    along, across = 2 * torch.rand(n, 2, generator=random).T - 1
    upright = torch.rand(n, generator=random) < 0.5
    return torch.where(
        upright[:, None],
        torch.stack([0.15 * across, along], dim=1),
        torch.stack([along, 0.15 * across], dim=1),
    )


def grid(n: int, random: torch.Generator) -> Tensor:
    """25 small Gaussians: more modes than the recipe promises."""
    mode = torch.randint(25, (n,), generator=random)
    return torch.stack([mode % 5, mode // 5], dim=1) + _normal(n, random, 0.05, 0.05)


CLOUDS: dict[str, Cloud] = {
    "five": five,
    "two_rings": two_rings,
    "figure_of_eight": figure_of_eight,
    "slanted": slanted,
    "s_curve": s_curve,
    "cross": cross,
    "grid": grid,
}


def off_the_curve(points: Tensor, task: Task) -> float:
    """Mean distance to the nearest point of the curve, both axes scaled to their range."""
    x = torch.linspace(task.low, task.high, 20_001, dtype=torch.double)
    curve = torch.stack([x, task.curve(x)], dim=1)
    low = curve.amin(dim=0)
    width = curve.amax(dim=0) - low
    line = ((curve - low) / width).numpy()
    # as many points on a steep piece as on a flat one
    length = np.r_[0, np.hypot(*np.diff(line, axis=0).T).cumsum()]
    places = np.linspace(0, length[-1], 40_001)
    dense = np.stack([np.interp(places, length, axis) for axis in line.T], axis=1)
    gap, _ = cKDTree(line).query(dense)  # a jump is no part of the curve
    distances, _ = cKDTree(dense[gap < 0.01]).query(((points.double() - low) / width).numpy())
    return float(distances.mean())


def of_curve(task: Task, made: Tensor, real: Tensor) -> Record:
    """What points, shape (n, 2), are worth that should lie on a curve."""
    ks = ks_2samp(made[:, 0].numpy(), real[:, 0].numpy(), method="asymp").statistic
    bins = bins_covered(made[:, 0], task.low, task.high)
    off = off_the_curve(made, task)
    return {
        "off": off,
        "ks": float(ks),
        "bins": bins,
        "good": bool(off <= 0.005 and ks <= 0.03 and bins >= 49),
    }


def of_cloud(made: Tensor, real: Tensor) -> Record:
    """What points, shape (n, 2), are worth, compared with the training data."""
    quality = sample_quality(made, real)
    return {
        "coverage": quality.coverage,
        "precision": quality.precision[0],
        "lowest_p": min(quality.p_values.values()),
        "verdict": quality.verdict,
        "good": quality.verdict == "good",
    }


def data_set(name: str, seed: int) -> Tensor:
    """A seed's own training data, shape (2,048, 2)."""
    if name in CLOUDS:
        return CLOUDS[name](COUNT, torch.Generator().manual_seed(10_000 + seed)).float()
    return curves.data_set(CURVES[name], seed)


def run(name: str, recipe: str, seeds: Sequence[int], fresh: int, device: str) -> Iterator[Record]:
    """Train all seeds, each on its own data, and measure `fresh` samples of each."""
    settings, data = SETTINGS[recipe], torch.stack([data_set(name, seed) for seed in seeds])

    def measures(made: Tensor, real: Tensor) -> Record:
        return of_cloud(made, real) if name in CLOUDS else of_curve(CURVES[name], made, real)

    def measure(ensemble: Ensemble) -> list[Record]:
        records = []
        for seed, real in zip(seeds, data, strict=True):
            random = torch.Generator().manual_seed(20_000 + seed)
            noise = draw_noise(settings, 8 * fresh, random)
            generator = ensemble.generator(seed).cpu()
            discriminator = ensemble.discriminator(seed).cpu()
            raw = generator(noise[:fresh]).detach()
            passed = rejection_sample(generator, discriminator, noise, real, random=random)
            record = {"kept": len(passed) / len(noise), **measures(passed[:fresh], real)}
            record |= {f"raw_{key}": value for key, value in measures(raw, real).items()}
            if seed == seeds[0]:  # enough of them for a small picture
                record["points"] = [[round(v, 3) for v in row] for row in passed[:200].tolist()]
            records.append(record)
        return records

    return train_together(data, settings, seeds, measure, device)


SETTINGS = {"points": POINTS}
LINE = {"kept": ".0%", "off": ".2%", "ks": ".3f", "bins": "d", "good": "d", "raw_good": "d"}
AREA = {"kept": ".0%", "coverage": ".2%", "precision": ".1%", "lowest_p": ".3f"}
AREA |= {"good": "d", "raw_good": "d", "verdict": "s"}
PROJECTS = {
    name: Project(
        recipes=tuple(SETTINGS),
        columns=AREA if name in CLOUDS else LINE,
        target="good, see benchmarks/points.py",
        reached=lambda record: record["good"],
        run=partial(run, name),
        fresh=FRESH,
        settings=SETTINGS,
    )
    for name in (*CURVES, *CLOUDS)
}
