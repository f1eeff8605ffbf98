"""How good are the samples? The distance to the curve, and the spread along it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_course.checks import (
    require_callable,
    require_count,
    require_matrix,
    require_number,
    require_range,
)
from gan_course.data import Curve
from gan_course.integers import decode_batch, whole_numbers

RANGE_GRID = 1_001  # points at which a curve is looked at to find how far its y reaches


def curve_mse(points: Tensor, curve: Curve) -> float:
    """Mean squared error between each point's y and the curve above the point's own x.

    It is 0 for points that all sit in one place on the curve: it cannot see collapse.

    Args:
        points: shape (n, 2), column 0 is x, column 1 is y.
        curve: maps x of shape (n,) to y of shape (n,).

    Returns:
        The error in squared units of y.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `points` is not of shape (n, 2) or not finite.
    """
    require_matrix("points", points, columns=2)
    require_callable("curve", curve)
    x, y = points.T
    above = curve(x)
    if not isinstance(above, Tensor) or above.shape != x.shape:
        got = tuple(above.shape) if isinstance(above, Tensor) else type(above).__name__
        raise ValueError(f"curve must return a tensor of shape {tuple(x.shape)}, got {got}")
    return float(((y - above) ** 2).mean())


def fit_error(points: Tensor, curve: Curve, low: float, high: float) -> float:
    """Root mean squared error to the curve, as a share of the curve's y range in [low, high].

    Args:
        points: shape (n, 2).
        curve: maps x of shape (n,) to y of shape (n,).
        low: smallest x of the real data.
        high: largest x of the real data.

    Returns:
        A share: 0 on the curve, 0.01 where the typical miss is 1 % of the curve's height.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: wrong shape, low >= high, or a curve that is flat between them.
    """
    require_range(low, high)
    mse = curve_mse(points, curve)
    height = curve(torch.linspace(low, high, RANGE_GRID))
    y_range = float(height.max() - height.min())
    if not y_range > 0:
        raise ValueError(f"curve must not be flat between {low} and {high}, got y range {y_range}")
    return mse**0.5 / y_range


def ks_uniform(values: Tensor, low: float, high: float) -> float:
    """Kolmogorov-Smirnov distance of values from the uniform distribution on [low, high].

    The largest gap, over all v, between the share of values below v and the share that a uniform
    distribution puts there. Computed by `scipy.stats.ks_1samp`.

    Args:
        values: shape (n,).
        low: lower end of the uniform distribution.
        high: upper end.

    Returns:
        A number from 0 (spread as it should be) to 1; at least 0.5 where all values are equal.
    """
    from scipy import stats  # loaded only when it is used: it takes a while

    require_range(low, high)
    _line("values", values)
    uniform = stats.uniform(low, high - low)
    return float(stats.ks_1samp(values.cpu().double().numpy(), uniform.cdf, method="asymp")[0])


def share_outside(values: Tensor, low: float, high: float) -> float:
    """The share of values, shape (n,), that lie outside [low, high]."""
    require_range(low, high)
    _line("values", values)
    return float(((values < low) | (values > high)).float().mean())


def bins_covered(values: Tensor, low: float, high: float, bins: int = 50) -> int:
    """In how many of `bins` equal bins of [low, high] at least one value lies; shape (n,)."""
    require_range(low, high)
    require_count("bins", bins)
    _line("values", values)
    return int((torch.histc(values.float(), bins, low, high) > 0).sum())


@dataclass(frozen=True)
class CurveQuality:
    """What a set of generated points is worth, in four numbers."""

    fit_error: float  # typical distance to the curve, as a share of its y range
    ks: float  # Kolmogorov-Smirnov distance of x from the uniform distribution
    outside: float  # share of points whose x lies outside the range
    bins: int  # of 50 equal bins of x, how many hold at least one point

    def __str__(self) -> str:
        return (
            f"{self.fit_error:.2%} off the curve, KS {self.ks:.3f}, "
            f"{self.outside:.2%} outside, {self.bins} of 50 bins"
        )


def curve_quality(points: Tensor, curve: Curve, low: float, high: float) -> CurveQuality:
    """Measure points of shape (n, 2) against `curve` on [low, high]; see `CurveQuality`."""
    require_matrix("points", points, columns=2)
    x = points[:, 0]
    return CurveQuality(
        fit_error=fit_error(points, curve, low, high),
        ks=ks_uniform(x, low, high),
        outside=share_outside(x, low, high),
        bins=bins_covered(x, low, high),
    )


def fit_and_spread(points: Tensor, curve: Curve, low: float, high: float) -> float:
    """One score that sees both fit and spread: `fit_error` + `ks_uniform` of x. Lower is better.

    Args:
        points: shape (n, 2).
        curve: maps x of shape (n,) to y of shape (n,).
        low: smallest x of the real data.
        high: largest x of the real data.

    Returns:
        About 0.05 for 500 real points; at least 0.5 where all points sit in one place.
    """
    return fit_error(points, curve, low, high) + ks_uniform(points[:, 0], low, high)


# --- integers (project 2) --------------------------------------------------------------------

COVERED = 0.2  # of its fair share: with twenty values, those that make up more than 1 %


def mean_squared_remainder(integers: Tensor, divisor: int) -> float:
    """Mean of (integer modulo divisor) squared: 0 where all are multiples of `divisor`.

    It is 0 for one multiple that is repeated for ever: it cannot see collapse.

    Args:
        integers: shape (n,), whole numbers.
        divisor: at least 1.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `integers` has another shape, or `divisor` is below 1.
    """
    require_count("divisor", divisor)
    remainders = whole_numbers("integers", integers) % divisor
    return float((remainders.double() ** 2).mean())


def validity(integers: Tensor, values: Tensor) -> float:
    """The share of integers, shape (n,), that are among the allowed values, shape (k,)."""
    whole = whole_numbers("integers", integers)
    return float(torch.isin(whole, _distinct(values).to(whole.device)).double().mean())


def valid_sequences(sequences: Tensor, values: Tensor) -> float:
    """The share of sequences, shape (n, length), in which every integer is an allowed value."""
    if not isinstance(sequences, Tensor) or sequences.ndim != 2 or sequences.numel() == 0:
        got = tuple(sequences.shape) if isinstance(sequences, Tensor) else type(sequences).__name__
        kind = ValueError if isinstance(sequences, Tensor) else TypeError
        raise kind(f"sequences must be a tensor of shape (n, length), got {got}")
    whole = whole_numbers("sequences", sequences.flatten()).reshape(sequences.shape)
    allowed = _distinct(values).to(whole.device)
    return float(torch.isin(whole, allowed).all(dim=1).double().mean())


def values_covered(integers: Tensor, values: Tensor, at_least: float = COVERED) -> int:
    """How many of the allowed values come up often enough to count.

    A limit in per cent would be strict for fifty values and lax for five, so it is a part of the
    fair share, which is 1 / k.

    Args:
        integers: what was generated, shape (n,).
        values: what is allowed, shape (k,).
        at_least: a value counts if it makes up more than `at_least` / k of the integers.

    Returns:
        From 0 to k.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a wrong shape, a value that occurs twice, or `at_least` is not in [0, 1).
    """
    require_number("at_least", at_least)
    if not 0 <= at_least < 1:
        raise ValueError(f"at_least must be at least 0 and below 1, got {at_least}")
    shares = _shares(integers, values)
    return int((shares > at_least / len(shares)).sum())


def total_variation(integers: Tensor, values: Tensor) -> float:
    """Total variation distance from the uniform distribution over the allowed values.

    Half the sum of abs(share - fair share) over all integers; equally, the share of integers that
    would have to be changed to make all values come up equally often and nothing else.

    Args:
        integers: what was generated, shape (n,).
        values: what is allowed, shape (k,).

    Returns:
        From 0 to 1; 1 - 1 / k where one allowed value is repeated for ever, 1 where none is
        allowed. Chance alone gives about sqrt(k / (2 pi n)) for n uniform draws.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a wrong shape, or a value that occurs twice.
    """
    shares = _shares(integers, values)
    wrong = 1 - float(shares.sum())
    return (float((shares - 1 / len(shares)).abs().sum()) + wrong) / 2


def zero_rows(batch: Tensor) -> float:
    """The share of rows, shape (n, depth), that hold nothing but zeros: they decode to 0."""
    require_matrix("batch", batch)
    return float((batch == 0).all(dim=1).double().mean())


@dataclass(frozen=True)
class IntegerQuality:
    """What a batch of generated rows is worth, in four numbers."""

    validity: float  # share of the integers that are allowed
    covered: int  # how many of the allowed values come up, see `values_covered`
    tv: float  # total variation distance from uniform
    zero_rows: float  # share of rows that are all zeros

    def __str__(self) -> str:
        return (
            f"{self.validity:.2%} valid, {self.covered} values covered, "
            f"total variation {self.tv:.3f}, {self.zero_rows:.2%} rows of zeros"
        )


def integer_quality(batch: Tensor, values: Tensor) -> IntegerQuality:
    """Measure rows of shape (n, depth) against the allowed values, shape (k,)."""
    integers = decode_batch(batch)
    return IntegerQuality(
        validity=validity(integers, values),
        covered=values_covered(integers, values),
        tv=total_variation(integers, values),
        zero_rows=zero_rows(batch),
    )


def _distinct(values: Tensor) -> Tensor:
    allowed = whole_numbers("values", values)
    if len(allowed.unique()) < len(allowed):
        raise ValueError(f"values must be different from each other, got {allowed.tolist()}")
    return allowed


def _shares(integers: Tensor, values: Tensor) -> Tensor:
    """How large a share of the integers each value is, shape (k,)."""
    whole = whole_numbers("integers", integers)
    allowed = _distinct(values).to(whole.device)
    kinds, counts = whole.unique(return_counts=True)
    found = (allowed[:, None] == kinds) * counts
    return found.sum(dim=1).double() / len(whole)


# --- numbers on a line: how far from the normal distribution N(0, 1)? ---------------------------


@dataclass(frozen=True)
class Moments:
    """Four numbers that describe a distribution; 0, 1, 0 and 0 for N(0, 1)."""

    mean: float
    std: float  # standard deviation: the typical distance from the mean
    skewness: float  # above 0 where the right tail is the longer one
    excess_kurtosis: float  # below 0 where the tails are shorter than a normal distribution's


def moments(values: Tensor) -> Moments:
    """Mean, standard deviation, skewness and excess kurtosis of values, shape (n,), n >= 2.

    Computed by `scipy.stats`, without correction for small n.

    Raises:
        TypeError: `values` is no float tensor.
        ValueError: it has another shape, fewer than 2 values, or they are all equal.
    """
    from scipy import stats

    numbers = _line("values", values, at_least=2)
    if float(numbers.min()) == float(numbers.max()):
        raise ValueError(f"values must differ from each other, got {float(numbers[0])} only")
    return Moments(
        mean=float(numbers.mean()),
        std=float(numbers.std(correction=0)),
        skewness=float(stats.skew(numbers.numpy())),
        excess_kurtosis=float(stats.kurtosis(numbers.numpy())),
    )


def ks_normal(values: Tensor) -> float:
    """Kolmogorov-Smirnov distance of values from the normal distribution N(0, 1).

    The largest gap, over all v, between the share of values below v and the share that N(0, 1)
    puts there. Computed by `scipy.stats.ks_1samp`.

    Args:
        values: shape (n,).

    Returns:
        From 0 to 1; at least 0.5 where all values are equal. True draws have about 0.87 / sqrt(n).

    Raises:
        TypeError: `values` is no float tensor.
        ValueError: it has another shape, or holds NaN or infinity.
    """
    from scipy import stats

    numbers = _line("values", values).numpy()
    return float(stats.ks_1samp(numbers, stats.norm.cdf, method="asymp")[0])


def wasserstein_normal(values: Tensor) -> float:
    """Wasserstein-1 distance of values from N(0, 1): how far they have to be moved on average.

    The values, in rising order, are compared with as many quantiles of N(0, 1), by
    `scipy.stats.wasserstein_distance`.

    Args:
        values: shape (n,).

    Returns:
        In units of the values, 0 or more; abs(c) where all values are shifted by c.

    Raises:
        TypeError: `values` is no float tensor.
        ValueError: it has another shape, or holds NaN or infinity.
    """
    from scipy import stats

    numbers = _line("values", values)
    shares = (torch.arange(len(numbers), dtype=torch.double) + 0.5) / len(numbers)
    return float(stats.wasserstein_distance(numbers.numpy(), stats.norm.ppf(shares.numpy())))


def _line(name: str, values: Tensor, at_least: int = 1) -> Tensor:
    """The values, shape (n,), in double precision on the CPU; raises where they are not that."""
    if not isinstance(values, Tensor) or values.ndim != 1 or len(values) < at_least:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        kind = ValueError if isinstance(values, Tensor) else TypeError
        raise kind(f"{name} must be a float tensor of shape (n,), n >= {at_least}, got {got}")
    require_matrix(name, values[:, None], columns=1)
    return values.detach().cpu().double()
