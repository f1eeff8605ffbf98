"""Where do the real samples come from? Points on a curve, shuffled batches, scaling to [-1, 1]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gan_course.checks import (
    require_callable,
    require_count,
    require_matrix,
    require_numbers,
    require_random,
    require_range,
    require_type,
)

Curve = Callable[[Tensor], Tensor]


def exponential(x: Tensor) -> Tensor:
    """The balance after `x` years of one dollar at 8 % interest a year: 1.08 ** x, same shape.

    Raises:
        TypeError: `x` is no tensor.
        ValueError: it is sparse, or on the meta device.
    """
    require_type("x", x, Tensor, "a tensor")
    require_numbers("x", x)
    return 1.08**x


def heights(curve: Curve, x: Tensor) -> Tensor:
    """What a curve is above x: curve(x), of the shape of x, and on the same device.

    Raises:
        TypeError: `curve` is no function, or `x` no tensor.
        ValueError: it returns something else than numbers of that shape, or `x` is sparse or on
            the meta device.
    """
    require_callable("curve", curve)
    require_type("x", x, Tensor, "a tensor")
    require_numbers("x", x)
    y = curve(x)
    if not isinstance(y, Tensor) or y.shape != x.shape:
        got = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(f"curve must return a tensor of shape {tuple(x.shape)}, got {got}")
    require_numbers("curve(x)", y)
    if y.is_complex():
        raise ValueError(f"curve must return real numbers, got dtype {y.dtype}")
    return y


def curve_points(
    curve: Curve,
    low: float,
    high: float,
    count: int,
    *,
    random: torch.Generator | None = None,
) -> Tensor:
    """Draw points on a curve: x uniform in [low, high), y = curve(x).

    Args:
        curve: maps a tensor of x, shape (count,), to the tensor of y of the same shape.
        low: smallest x.
        high: upper limit of x.
        count: number of points.
        random: source of the random numbers; PyTorch's global one where it is left out.

    Returns:
        Points of shape (count, 2), float32: column 0 is x, column 1 is y.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `low` is not below `high`, `count` is below 1, or the curve returns another
            shape or values that are not finite.
    """
    require_callable("curve", curve)
    require_range(low, high)
    require_count("count", count)
    require_random(random)
    x = low + (high - low) * torch.rand(count, generator=random)
    points = torch.stack([x, heights(curve, x).to(x)], dim=1)
    require_matrix("curve(x)", points, columns=2)
    return points


def batches(
    samples: Tensor, batch_size: int, *, random: torch.Generator | None = None
) -> DataLoader[Tensor]:
    """Cut samples into shuffled batches of equal size, shuffled anew in each epoch.

    A last batch that would come out shorter is left out of that epoch, so that every batch has
    the shape (batch_size, dim) and every sample counts the same.

    Args:
        samples: shape (n, dim), float.
        batch_size: samples in a batch, at most n.
        random: source of the shuffling; PyTorch's global one where it is left out.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `batch_size` is below 1 or larger than the number of samples.
    """
    require_matrix("samples", samples)
    require_count("batch_size", batch_size)
    require_random(random)
    if batch_size > len(samples):
        raise ValueError(
            f"batch_size must be at most the {len(samples)} training samples, got {batch_size}"
        )
    return DataLoader(
        samples,  # type: ignore[arg-type]  # a tensor has the length and items that are needed
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        generator=random,
    )


@dataclass(frozen=True, eq=False)  # == of tensors is no single truth
class Scaler:
    """Maps each column of the data to [-1, 1] and back; `low` and `high` have shape (dim,).

    Networks learn best from numbers near zero: min-max scaling, 2 (v - low) / (high - low) - 1.
    """

    low: Tensor
    high: Tensor

    @classmethod
    def fit(cls, samples: Tensor) -> Scaler:
        """Learn the range of each column from samples of shape (n, dim).

        Raises:
            TypeError: `samples` is not a float tensor.
            ValueError: `samples` is not of shape (n, dim), or one of its columns is constant.
        """
        require_matrix("samples", samples)
        low, high = samples.min(dim=0).values, samples.max(dim=0).values
        if bool((low == high).any()):
            column = int((low == high).nonzero()[0])
            only = float(low[column])
            raise ValueError(f"samples must vary in each column, got only {only} in {column}")
        return cls(low, high)

    def scale(self, samples: Tensor) -> Tensor:
        """From data units to [-1, 1], shape (n, dim).

        Raises:
            TypeError: `samples` is no float tensor.
            ValueError: it has another shape, or holds NaN or infinity.
        """
        require_matrix("samples", samples, columns=len(self.low))
        low, high = self.low.to(samples.device), self.high.to(samples.device)
        return 2 * (samples - low) / (high - low) - 1

    def unscale(self, samples: Tensor) -> Tensor:
        """From [-1, 1] back to data units, shape (n, dim).

        Raises:
            TypeError: `samples` is no float tensor.
            ValueError: it has another shape, or holds NaN or infinity.
        """
        require_matrix("samples", samples, columns=len(self.low))
        low, high = self.low.to(samples.device), self.high.to(samples.device)
        return low + (samples + 1) / 2 * (high - low)
