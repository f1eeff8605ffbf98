"""How good are the samples? Do they follow the rule, are all of them there, and what is wrong?"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_course.checks import as_integers, as_samples
from gan_course.data import (
    Curve,
    Scaler,
    curve_points,
    decode_batch,
    heights,
)

RANGE_GRID = 1_001  # points at which a curve is looked at to find how far its y reaches
BINS = 50  # parts of the range of x that are looked at one by one
POOLED = 10_000  # samples of an energy test: their distances take 800 MB
COMPARED = 1_000  # points on either side of the energy test in `curve_quality`, a tenth of a second
# with a seed like 0 the real points there would be those of somebody's training set
FRESH_SEED = 5_318_008_203

# What `CurveQuality.verdict` lets pass.
ENOUGH = 20 * BINS  # points: 20 a bin, so that chance leaves none empty (50 e^-20 of 50 bins)
FEW_BINS = 10  # a fifth of the range: fewer is one heap, or a handful of them
# half a bin short at either end touches 50 still; two may be empty, but that is no gap of 6 %
MOST_BINS = 48
OFF_THE_CURVE = 0.01  # of the curve's height: about the size of a dot in a picture
SPILL = 0.01  # share of points outside: one in a hundred, where real data have none
UNEVEN = 0.05  # KS: 5 % too many points below some x; chance exceeds it in 1 of 70 sets of 1,000


# --- points on a curve (projects 1 and 3) --------------------------------------------------------


def curve_mse(points: Tensor, curve: Curve) -> float:
    """Mean squared error of points, shape (n, 2): how far each y is from the curve above its x.

    It is 0 for points that all sit in one place on the curve: it cannot see collapse.
    """
    x, y = as_samples(points, "points", columns=2).T
    return float(((y - _above(curve, x)) ** 2).mean())


def fit_error(points: Tensor, curve: Curve, low: float, high: float) -> float:
    """The root of `curve_mse`, as a share of the curve's y range on [low, high], the real x.

    0 on the curve, 0.01 where the typical miss is 1 % of the curve's height.
    """
    return curve_mse(points, curve) ** 0.5 / _height(curve, low, high)


def _above(curve: Curve, x: Tensor) -> Tensor:
    """curve(x), which may be infinite far out, but is a number everywhere."""
    y = heights(curve, x)
    if bool(y.isnan().any()):
        raise ValueError(f"curve(x) must be a number, got NaN in {int(y.isnan().sum())} places")
    return y


def _height(curve: Curve, low: float, high: float) -> float:
    _require_range(low, high)
    values = _above(curve, torch.linspace(low, high, RANGE_GRID))
    y_range = float(values.max() - values.min())
    if not y_range > 0:
        raise ValueError(f"curve must not be flat between {low} and {high}, got y range {y_range}")
    return y_range


def _require_range(low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"low must be smaller than high, got low={low} and high={high}")


def ks_uniform(values: Tensor, low: float, high: float) -> float:
    """Kolmogorov-Smirnov distance of values from the uniform distribution on [low, high].

    The largest gap, over all v, between the share of values below v and the share that a uniform
    distribution puts there: from 0 (spread as it should be) to 1, and at least 0.5 where all values
    are equal. Computed by `scipy.stats.ks_1samp`, for values of shape (n,).
    """
    from scipy import stats  # loaded only when it is used: it takes a while

    _require_range(low, high)
    ends = (low, high - low)
    found = stats.ks_1samp(_doubles(values).numpy(), stats.uniform.cdf, ends, method="asymp")
    return float(found[0])


def share_outside(values: Tensor, low: float, high: float) -> float:
    """The share of values, shape (n,), that lie outside [low, high]."""
    _require_range(low, high)
    values = as_line(values)
    return float(((values < low) | (values > high)).float().mean())


def bins_covered(values: Tensor, low: float, high: float, bins: int = BINS) -> int:
    """In how many of `bins` equal bins of [low, high] at least one value lies; shape (n,)."""
    _require_range(low, high)  # with two equal ones histc would take the range of the values
    return int((torch.histc(as_line(values).float(), bins, low, high) > 0).sum())


def energy_distance(a: Tensor, b: Tensor) -> float:
    """Energy distance between two sets of samples: 2 E d(X, Y) - E d(X, X') - E d(Y, Y').

    d is the straight distance of two samples: how much further apart are two of different sets
    than two of the same set? 0 only where both sets have the same distribution, and it needs no
    formula for either: one set may be the training data. Each mean goes over all pairs, a sample
    paired with itself included (the V-statistic), so the distance is never below 0; no root is
    taken. With one column it is `scipy.stats.energy_distance` squared.

    Székely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018.

    Args:
        a: shape (n, dim). Where the columns have different units, scale both sets alike.
        b: shape (m, dim).

    Returns:
        In units of the samples. Two sets of the same distribution have E d(X, X') (1/n + 1/m) on
        average.
    """
    # for more than one column the libraries that have it (dcor, hyppo) bring a compiler along
    a, b = _pair(a, b)
    return max(0.0, 2 * _mean_distance(a, b) - _mean_distance(a, a) - _mean_distance(b, b))


@dataclass(frozen=True)
class EnergyTest:
    """How far apart two sets of samples are, and whether chance could do that alone."""

    distance: float  # `energy_distance`
    p_value: float  # the share of random splits that are at least as far apart


def energy_test(
    a: Tensor, b: Tensor, permutations: int = 199, *, random: torch.Generator | None = None
) -> EnergyTest:
    """Could two sets of samples have the same distribution? A permutation test.

    If they have, it does not matter which sample came from which set. So the samples are thrown
    together and split at random again and again. p = (1 + k) / (1 + permutations), where k splits
    are at least as far apart as the sets are: each value is as likely as any other where the
    distributions are equal, and p is small where they differ.

    Székely and Rizzo 2013; the 1 in p counts the split that was observed (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585).

    Args:
        a: shape (n, dim), as for `energy_distance`.
        b: shape (m, dim), with n + m at most 10,000.
        permutations: how many random splits; no p-value can be below 1 / (1 + permutations).
        random: source of the splits, on the CPU; PyTorch's global one where it is left out.
    """
    a, b = _pair(a, b)
    n, m = len(a), len(b)
    if n + m > POOLED:  # far more would end the process, and with it the notebook
        raise ValueError(f"a and b must have at most {POOLED} rows together, got {n} + {m}")
    pooled = torch.cat([a, b])
    return _energy_test(_distances(pooled, pooled), _splits(n, m, permutations, random))


def _splits(n: int, m: int, permutations: int, random: torch.Generator | None) -> Tensor:
    """Which of n + m rows are in the first set: as they are, then at random, a split a row."""
    orders = torch.rand(permutations, n + m, generator=random, dtype=torch.double).argsort(dim=1)
    first = torch.arange(n + m) < n
    return torch.cat([first[None], first[orders]])


def _energy_test(distances: Tensor, splits: Tensor) -> EnergyTest:
    # with weights w of 1/n in one set and -1/m in the other, the energy distance is -w' distances w
    n = int(splits[0].sum())
    weights = (splits.double() / n - (~splits).double() / (len(distances) - n)).T
    energies = -(weights * (distances @ weights)).sum(dim=0)
    # a split that is equally far apart counts, though the last bit of its sum may differ
    reached = energies >= energies[0] - 1e-12 * distances.max()
    return EnergyTest(max(0.0, float(energies[0])), float(reached.double().mean()))


def _pair(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both sets in double precision: the distance is a small difference of large means.

    On the CPU, as an Apple GPU has no double precision.
    """
    a = as_samples(a, "a")
    b = as_samples(b, "b", columns=a.shape[1])
    return a.detach().cpu().double(), b.detach().cpu().double()


def _distances(a: Tensor, b: Tensor) -> Tensor:
    # not by matrix products, which are faster but wrong for points that are close together
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def _mean_distance(a: Tensor, b: Tensor) -> float:
    # by blocks of rows, since all distances of two large sets would not fit into memory
    total = sum(float(_distances(rows, b).sum()) for rows in a.split(1_000))
    return total / (len(a) * len(b))


@dataclass(frozen=True)
class CurveQuality:
    """What a set of generated points is worth, in numbers, and as a verdict."""

    fit_error: float  # typical distance to the curve, as a share of its y range
    ks: float  # Kolmogorov-Smirnov distance of x from the uniform distribution
    outside: float  # share of points whose x lies outside the range
    bins: int  # of 50 equal bins of x, how many hold at least one point
    energy: float  # energy distance from real points, both scaled to [-1, 1]
    p_value: float  # of that distance, see `energy_test`
    samples: int  # how many points were measured

    def __str__(self) -> str:
        return (
            f"{self.fit_error:.2%} off the curve, KS {self.ks:.3f}, "
            f"{self.outside:.2%} outside, {self.bins} of {BINS} bins, "
            f"energy distance {self.energy:.4f} (p = {self.p_value:.3f})"
        )

    @property
    def verdict(self) -> str:
        """The gravest fault in words, "too few samples" first, "uneven" last, or "good".

        The limits are constants of this module. The p-value has no say: it tells whether chance
        alone could do it, not how large it is.
        """
        return _gravest(
            {  # where no bin is covered, all points spill over
                "too few samples": self.samples < ENOUGH,
                "collapsed": 0 < self.bins <= FEW_BINS,
                "off the curve": self.fit_error > OFF_THE_CURVE,
                "misses part of the range": 0 < self.bins < MOST_BINS,
                "spills over": self.outside > SPILL,
                "uneven": self.ks > UNEVEN,
            }
        )


def _gravest(faults: dict[str, bool]) -> str:
    """The first fault that is there, or "good"."""
    return next((fault for fault, found in faults.items() if found), "good")


def curve_quality(
    points: Tensor,
    curve: Curve,
    low: float,
    high: float,
    *,
    random: torch.Generator | None = None,
) -> CurveQuality:
    """Measure points, shape (n, 2), against `curve` on [low, high], and against fresh real points.

    The axes of a curve have different units, and one may be much longer than the other. Distances
    in the plane would then be about the long axis alone. So for the energy test both sets are
    scaled by a `Scaler` that was fitted to the real points: never to the generated ones, whose
    faults would change the measure. It takes at most 1,000 points, drawn at random.

    Args:
        random: source of the real points and the splits. Where it is left out, the points set its
            seed: equal points have equal quality, and others meet other real points. If all met
            the same ones, p would be small for all or for none.
    """
    points = as_samples(points, "points", columns=2)
    fit = fit_error(points, curve, low, high)
    random = random or _own_random(points)
    real = curve_points(curve, low, high, COMPARED, random=random)
    some = points[torch.randperm(len(points), generator=random)[:COMPARED].to(points.device)]
    scaler = Scaler.fit(real)
    test = energy_test(scaler.scale(some.cpu()), scaler.scale(real), random=random)
    x = points[:, 0]
    return CurveQuality(
        fit_error=fit,
        ks=ks_uniform(x, low, high),
        outside=share_outside(x, low, high),
        bins=bins_covered(x, low, high),
        energy=test.distance,
        p_value=test.p_value,
        samples=len(points),
    )


def _own_random(samples: Tensor) -> torch.Generator:
    """Random numbers that belong to these samples, and leave the global generator alone."""
    content = samples.detach().cpu().double().numpy().tobytes()
    return torch.Generator().manual_seed(FRESH_SEED + zlib.crc32(content))


def fit_and_spread(points: Tensor, curve: Curve, low: float, high: float) -> float:
    """One score that sees both fit and spread: `fit_error` + `ks_uniform` of x. Lower is better.

    About 0.05 for 500 real points; at least 0.5 where all points sit in one place.
    """
    points = as_samples(points, "points", columns=2)
    return fit_error(points, curve, low, high) + ks_uniform(points[:, 0], low, high)


def fit_and_ks_of_many(
    points: Tensor, curve: Curve, low: float, high: float
) -> tuple[Tensor, Tensor]:
    """`fit_error` and `ks_uniform` of S sets, shape (S, n, 2), at once: both of shape (S,).

    For a look at many GANs while they train: they stay on the device of the points.
    """
    x, y = as_samples(points, "points").unbind(-1)
    fit = (y - _above(curve, x)).square().mean(dim=1).sqrt() / _height(curve, low, high)
    share = ((x.sort(dim=1).values - low) / (high - low)).clamp(0, 1)
    count = x.shape[1]
    below = torch.arange(count, device=x.device) / count
    gap = torch.maximum(share - below, below + 1 / count - share)
    return fit, gap.amax(dim=1).to(fit)


# --- samples of any kind, without a formula for the real ones ------------------------------------

MOST = 2_000  # samples on either side: half a second with 2 columns, 1.2 with 64
NEAREST = 10  # a real sample has no made one among so many by a chance of 1 in 1,000
BALL = 5  # a training sample's ball reaches to so many others
COPY = 1 / 3  # of the distance to the second nearest training sample
RANDOM_SPLITS = 199  # of 200 values that a p-value may have, 2 are within the level
TESTS = ("energy", "coverage", "mixing", "precision", "copying")
LEVEL = 0.05 / len(TESTS)  # of each: together 5 % false alarms, at most


@dataclass(frozen=True)
class SampleQuality:
    """Can generated samples be told from real ones, and by what? See `sample_quality`."""

    energy: float  # energy distance, each column scaled by the range of the real one
    coverage: float  # share of real samples with a made one near
    mixing: float  # share of made samples with a real one near
    precision: tuple[float, float]  # share of made samples where training samples are; of real ones
    copying: tuple[float, float]  # share of made samples that are copies; of real ones, by chance
    p_values: dict[str, float]  # of the five tests
    samples: int  # how many of either kind were compared

    @property
    def verdict(self) -> str:
        """What the tests found, the gravest first; else "good" or "too few samples"."""
        words = {
            "copying": "copies training samples",
            "coverage": "misses some real samples",
            "precision": "strays from the real samples",
            "mixing": "crowds together",
            "energy": "is spread differently",
        }
        found = [words[test] for test in words if self.p_values[test] <= LEVEL]
        return ", ".join(found) or ("too few samples" if self.samples < ENOUGH else "good")

    def __str__(self) -> str:
        p = {test: f"(p = {value:.3f})" for test, value in self.p_values.items()}
        return (
            f"{self.verdict}: {self.coverage:.1%} of the real samples have a made one near "
            f"{p['coverage']}, {self.mixing:.1%} of the made ones a real one {p['mixing']}, both "
            f"{1 - 0.5**NEAREST:.1%} by chance; {self.precision[0]:.1%} lie where real ones do, of "
            f"real ones {self.precision[1]:.1%} {p['precision']}; {self.copying[0]:.1%} are as "
            f"close as copies, of real ones {self.copying[1]:.1%} {p['copying']}; energy distance "
            f"{self.energy:.4f} {p['energy']}. {self.samples} of each; a fault has p <= {LEVEL}."
        )


def sample_quality(
    made: Any, real: Any, held_out: Any = None, *, random: torch.Generator | None = None
) -> SampleQuality:
    """Can generated samples be told from real ones? Five tests for any data, without a formula.

    - energy: `energy_test`. Sees what is shifted or spread differently, hardly what is close by.
    - coverage: how many real samples have a made one among their ten nearest, of both kinds?
      Naeem et al. 2020, arXiv:2002.09797, calibrated by random splits. And mixing: how many made
      samples have a real one there?
    - precision: how many made samples lie in the ball of a training sample, which reaches to its
      fifth neighbour (Kynkäänniemi et al. 2019, arXiv:1904.06991), and how many held-out real ones?
    - copying: how many are three times as close to a training sample as to all others (Gu et al.
      2023, arXiv:2310.02664), and how many held-out real ones? Fisher's exact test, for both.

    Samples as good as real ones pass in 95 % of cases; benchmarks/results/measures.txt has others.

    Args:
        made: shape (n, dim); at most 2,000, drawn at random, are compared.
        real: the training data, shape (m, dim).
        held_out: real samples that were not trained on, shape (k, dim), to compare with. Where it
            is left out, `real` is compared with, and half of it counts as held out.
        random: of draws and splits; the made samples set its seed where it is left out.
    """
    real = as_samples(real, "real").flatten(1).detach().cpu().double()
    low, width = real.min(dim=0).values, real.max(dim=0).values - real.min(dim=0).values
    random = random or _own_random(as_samples(made, "made"))

    def prepared(rows: Any, name: str) -> Tensor:
        rows = as_samples(as_samples(rows, name).flatten(1), name, columns=real.shape[1])
        if len(rows) < 4 * BALL:
            raise ValueError(f"{name} must have at least {4 * BALL} rows, got {len(rows)}")
        shuffled = rows.detach().cpu().double()[torch.randperm(len(rows), generator=random)]
        return (shuffled - low) / torch.where(width > 0, width, 1)  # a column may be constant

    made, train = prepared(made, "made")[:MOST], prepared(real, "real")
    fresh = train if held_out is None else prepared(held_out, "held_out")
    n = min(len(made), len(fresh))  # as many of either kind: then it is known what chance does
    order = torch.randperm(2 * n, generator=random)  # of equally near ones none comes first
    pooled = torch.cat([made[:n], fresh[:n]])[order]
    splits = _splits(n, n, RANDOM_SPLITS, random)[:, order]
    distances = _distances(pooled, pooled)
    energy = _energy_test(distances, splits)
    near = distances.fill_diagonal_(torch.inf).topk(NEAREST, largest=False).indices
    made_near = torch.stack([is_made[near].sum(dim=1) for is_made in splits])
    alone = torch.stack([~splits & (made_near == 0), splits & (made_near == NEAREST)])
    met = 1 - alone.double().sum(dim=2) / n  # (2, splits): real ones, made ones
    chance = (met <= met[:, :1]).double().mean(dim=1)
    if held_out is None:
        train, fresh = train.tensor_split(2)
    fresh, centres = fresh[:MOST], train[:MOST]
    radius = _distances(centres, centres).kthvalue(BALL + 1, dim=1).values  # 1 is the centre
    astray = [(_distances(rows, centres) > radius).all(dim=1) for rows in (made, fresh)]
    copies = [_copies(rows, train) for rows in (made[: len(fresh)], fresh[: len(made)])]
    p_values = energy.p_value, *chance.tolist(), _more_often(*astray), _more_often(*copies)
    return SampleQuality(
        energy=energy.distance,
        coverage=float(met[0, 0]),
        mixing=float(met[1, 0]),
        precision=(1 - _share(astray[0]), 1 - _share(astray[1])),
        copying=(_share(copies[0]), _share(copies[1])),
        p_values=dict(zip(TESTS, p_values, strict=True)),
        samples=n,
    )


def _copies(rows: Tensor, train: Tensor) -> Tensor:
    found = [_distances(some, train).topk(2, largest=False) for some in rows.split(100)]
    one, two = torch.cat([each.values for each in found]).T
    nearest = torch.cat([each.indices[:, 0] for each in found]).tolist()
    # one row for each training sample: a collapsed generator, whose rows share one, is no copyist
    return (one < COPY * two)[list({sample: row for row, sample in enumerate(nearest)}.values())]


def _more_often(these: Tensor, those: Tensor) -> float:
    from scipy import stats

    table = [[flags.sum(), (~flags).sum()] for flags in (these, those)]
    return float(stats.fisher_exact(table, alternative="greater")[1])


def _share(flags: Tensor) -> float:
    return float(flags.double().mean())


# --- integers (project 2) ------------------------------------------------------------------------

COVERED = 0.2  # of its fair share: with twenty values, those that make up more than 1 %

# What `IntegerQuality.verdict` lets pass.
PER_VALUE = 50  # integers a value: chance alone then gives a total variation of 0.056
FEW_VALUES = 0.2  # of the allowed values, as FEW_BINS of all bins
MOSTLY = 0.5  # valid: where most break the rule, few covered values are not the gravest fault
BREAKS = 0.005  # of the integers: then 1 in 20 sequences of ten has a mistake
UNEVEN_VALUES = 0.1  # total variation: one integer in ten would have to be another


def mean_squared_remainder(integers: Tensor, divisor: int) -> float:
    """Mean of (integer modulo divisor) squared, shape (n,): 0 for multiples of `divisor`.

    It is 0 for one multiple that is repeated for ever: it cannot see collapse.
    """
    remainders = as_integers(integers) % divisor
    return float((remainders.cpu().double() ** 2).mean())


def validity(integers: Tensor, values: Tensor) -> float:
    """The share of integers, shape (n,), that are among the allowed values, shape (k,)."""
    integers = as_integers(integers)
    allowed = _allowed(values).to(integers.device)
    return float(torch.isin(integers, allowed).cpu().double().mean())


def valid_sequences(sequences: Tensor, values: Tensor) -> float:
    """The share of sequences, shape (n, length), in which every integer is an allowed value."""
    integers = as_integers(sequences.flatten(), "sequences").reshape(sequences.shape)
    allowed = _allowed(values).to(integers.device)
    return float(torch.isin(integers, allowed).all(dim=1).cpu().double().mean())


def values_covered(integers: Tensor, values: Tensor, at_least: float = COVERED) -> int:
    """How many of the k allowed values make up more than `at_least` / k of the integers.

    A limit in per cent would be strict for fifty values and lax for five, so it is a part of the
    fair share, which is 1 / k.
    """
    if not 0 <= at_least < 1:  # a number of integers may be meant
        raise ValueError(f"at_least must be a part of the fair share below 1, got {at_least}")
    shares = _shares(integers, values)
    return int((shares > at_least / len(shares)).sum())


def total_variation(integers: Tensor, values: Tensor) -> float:
    """Total variation distance from the uniform distribution over the allowed values.

    Half the sum of abs(share - fair share) over all integers; equally, the share of integers that
    would have to be changed to make all values come up equally often and nothing else. From 0 to 1:
    1 - 1 / k where one allowed value is repeated for ever, 1 where none is allowed. Chance alone
    gives about sqrt(k / (2 pi n)) for n uniform draws.
    """
    shares = _shares(integers, values)
    wrong = 1 - float(shares.sum())
    return (float((shares - 1 / len(shares)).abs().sum()) + wrong) / 2


def zero_rows(batch: Tensor) -> float:
    """The share of rows, shape (n, depth), that hold nothing but zeros: they decode to 0."""
    return float((as_samples(batch, "batch") == 0).all(dim=1).cpu().double().mean())


@dataclass(frozen=True)
class IntegerQuality:
    """What a batch of generated rows is worth, in numbers, and as a verdict."""

    validity: float  # share of the integers that are allowed
    covered: int  # how many of the allowed values come up, see `values_covered`
    tv: float  # total variation distance from uniform
    zero_rows: float  # share of rows that are all zeros
    allowed: int  # how many values are allowed
    samples: int  # how many rows were measured

    def __str__(self) -> str:
        return (
            f"{self.validity:.2%} valid, {self.covered} of {self.allowed} values covered, "
            f"total variation {self.tv:.3f}, {self.zero_rows:.2%} rows of zeros"
        )

    @property
    def verdict(self) -> str:
        """The gravest fault in words, "too few samples" first, "uneven" last, or "good"."""
        missing = self.covered < self.allowed
        few = self.covered <= max(1, FEW_VALUES * self.allowed)
        return _gravest(
            {
                "too few samples": self.samples < PER_VALUE * self.allowed,
                "collapsed": missing and few and self.validity > MOSTLY,
                "breaks the rule": self.validity < 1 - BREAKS,
                "misses values": missing,
                "rows of zeros": self.zero_rows > BREAKS,
                "uneven": self.tv > UNEVEN_VALUES,
            }
        )


def integer_quality(batch: Tensor, values: Tensor) -> IntegerQuality:
    """Measure rows of shape (n, depth) against the allowed values, shape (k,)."""
    largest = int(_allowed(values).max())
    shape = tuple(torch.as_tensor(batch).shape)
    if len(shape) != 2 or shape[1] <= largest:  # as a column, all integers would decode to 0
        raise ValueError(
            f"batch must have shape (n, depth), depth above {largest}, the largest of the values, "
            f"got {shape}; encode_batch(integers, depth) makes such rows of integers"
        )
    integers = decode_batch(batch)
    return IntegerQuality(
        validity=validity(integers, values),
        covered=values_covered(integers, values),
        tv=total_variation(integers, values),
        zero_rows=zero_rows(batch),
        allowed=len(values),
        samples=len(batch),
    )


def _allowed(values: Tensor) -> Tensor:
    allowed = as_integers(values, "values")
    if len(allowed.unique()) < len(allowed):
        raise ValueError(f"values must be different from each other, got {allowed.tolist()}")
    return allowed


def _shares(integers: Tensor, values: Tensor) -> Tensor:
    """How large a share of the integers each value is, shape (k,)."""
    integers = as_integers(integers)
    allowed = _allowed(values).to(integers.device)
    return (allowed[:, None] == integers).sum(dim=1).cpu().double() / len(integers)


# --- numbers on a line: how far from the normal distribution N(0, 1)? ----------------------------


def as_line(values: Any) -> Tensor:
    """Numbers on a line, such as one column of samples, as a float tensor of shape (n,)."""
    values = torch.as_tensor(values)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(
            f"values must have shape (n,), n >= 1, got {tuple(values.shape)}; "
            "of samples, values[:, 0] is the first column"
        )
    return as_samples(values[:, None], "values")[:, 0]


def _doubles(values: Tensor) -> Tensor:
    """Numbers on a line in double precision, which only the CPU has everywhere."""
    return as_line(values).detach().cpu().double()


def ks_normal(values: Tensor) -> float:
    """Kolmogorov-Smirnov distance of values, shape (n,), from the normal distribution N(0, 1).

    As `ks_uniform`, from 0 to 1; true draws have 0.87 / sqrt(n) on average.
    """
    from scipy import stats

    return float(stats.ks_1samp(_doubles(values).numpy(), stats.norm.cdf, method="asymp")[0])
