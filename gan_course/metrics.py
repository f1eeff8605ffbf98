"""How good are the samples? The distance to the curve, and the spread along it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_course.checks import require_callable, require_count, require_matrix, require_range
from gan_course.data import Curve

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
    return float(((points[:, 1] - curve(points[:, 0])) ** 2).mean())


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
    if not isinstance(values, Tensor) or values.ndim != 1 or len(values) == 0:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"values must be a tensor of shape (n,), n >= 1, got {got}")
    require_matrix("values", values[:, None], columns=1)
    uniform = stats.uniform(low, high - low)
    return float(stats.ks_1samp(values.cpu().double().numpy(), uniform.cdf, method="asymp")[0])


def share_outside(values: Tensor, low: float, high: float) -> float:
    """The share of values, shape (n,), that lie outside [low, high]."""
    require_range(low, high)
    require_matrix("values", values[:, None], columns=1)
    return float(((values < low) | (values > high)).float().mean())


def bins_covered(values: Tensor, low: float, high: float, bins: int = 50) -> int:
    """In how many of `bins` equal bins of [low, high] at least one value lies; shape (n,)."""
    require_range(low, high)
    require_count("bins", bins)
    require_matrix("values", values[:, None], columns=1)
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
            f"off the curve by {self.fit_error:.2%} of its height, KS of x {self.ks:.3f}, "
            f"outside the range {self.outside:.2%}, {self.bins} of 50 bins"
        )


def curve_quality(points: Tensor, curve: Curve, low: float, high: float) -> CurveQuality:
    """Measure points of shape (n, 2) against `curve` on [low, high]; see `CurveQuality`."""
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
