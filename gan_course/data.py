"""Where do samples and noise come from? Curves, batches, scaling, integers as one-hot rows.

An argument `random` is a `torch.Generator`: PyTorch's source of random numbers, not a network.
Where it is left out, numbers come from the global one, which `torch.manual_seed` sets.
"""

from __future__ import annotations  # so that Scaler can name itself in its own type hints

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader

from gan_course.checks import as_integers, as_samples  # make tensors of lists, arrays, ...

# Names for type hints, which say what goes in and comes out. Python itself does not check them.
Curve = Callable[[Tensor], Tensor]  # x -> y, of the same shape
Noise = Callable[[int], Tensor]  # how many -> noise vectors, shape (count, latent_dim)
Pattern = int | Literal["odd", "even"]


# --- points on a curve, and batches: project 1 ---------------------------------------------------


def exponential(x: Tensor) -> Tensor:
    """The balance after `x` years of one dollar at 8 % interest a year."""
    return 1.08**x


def heights(curve: Curve, x: Tensor) -> Tensor:
    """The height of a curve at each x: curve(x), of the shape of x."""
    y = curve(x)  # a y of shape (n, 1) minus one of shape (n,) would have shape (n, n)
    if not isinstance(y, Tensor) or y.shape != x.shape:
        got = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(f"curve must return a tensor of shape {tuple(x.shape)}, got {got}")
    return y


def curve_points(
    curve: Curve, low: float, high: float, count: int, *, random: torch.Generator | None = None
) -> Tensor:
    """Draw points on a curve, shape (count, 2): x uniform in [low, high), and y = curve(x)."""
    if not low < high:
        raise ValueError(f"low must be smaller than high, got low={low} and high={high}")
    x = low + (high - low) * torch.rand(count, generator=random)
    y = heights(curve, x).to(x)  # to the device and the number type of x
    return as_samples(torch.stack([x, y], dim=1), "curve(x)")


def batches(
    samples: Any, batch_size: int, *, random: torch.Generator | None = None
) -> DataLoader[Tensor]:
    """Cut samples of shape (n, ...) into batches, shuffled anew in each epoch.

    A last batch that would come out shorter is left out of that epoch. In the chapter it would not
    fit the labels; `fit` makes labels that do, but its means over an epoch count all batches alike.
    """
    samples = as_samples(samples)
    if batch_size > len(samples):  # no batch at all would be left
        raise ValueError(
            f"batch_size must be at most the {len(samples)} training samples, got {batch_size}"
        )
    size = operator.index(batch_size)  # DataLoader refuses whole numbers of NumPy
    return DataLoader(samples, size, shuffle=True, drop_last=True, generator=random)


# frozen: what was learned stays; eq=False: == of two tensors gives an answer for each number
@dataclass(frozen=True, eq=False)
class Scaler:
    """Maps each column of the data to [-1, 1] and back; `low` and `high` have shape (dim,).

    Samples other than those that it was fitted to may fall a little outside.
    Networks learn best from numbers of about size 1, hence min-max scaling:
    2 (v - low) / (high - low) - 1.
    """

    low: Tensor
    high: Tensor

    @classmethod
    def fit(cls, samples: Any) -> Scaler:
        """Learn the range of each column from samples of shape (n, dim)."""
        samples = as_samples(samples)
        low, high = samples.min(dim=0).values, samples.max(dim=0).values
        # A column that doesn't vary would give 0 / 0. And float32 keeps seven digits: of large
        # numbers that differ in the last digits, such as a day's seconds counted from 1970, few
        # different ones are left. eps is the gap between 1 and the next number.
        rounding = torch.finfo(low.dtype).eps * torch.maximum(low.abs(), high.abs())
        constant = (high - low <= 1_000 * rounding).nonzero().flatten().tolist()
        if constant:
            column = constant[0]
            ends = f"{float(low[column])} to {float(high[column])} in column {column}"
            raise ValueError(
                f"samples must vary in each column, got {ends}; of numbers as large as dates, "
                "subtract the smallest before they become float32"
            )
        return cls(low, high)

    def scale(self, samples: Any) -> Tensor:
        """From data units to [-1, 1], shape (n, dim)."""
        samples = as_samples(samples, columns=len(self.low))
        low, high = self.low.to(samples.device), self.high.to(samples.device)
        return 2 * (samples - low) / (high - low) - 1

    def unscale(self, samples: Any) -> Tensor:
        """From [-1, 1] back to data units, shape (n, dim)."""
        samples = as_samples(samples, columns=len(self.low))
        low, high = self.low.to(samples.device), self.high.to(samples.device)
        return low + (samples + 1) / 2 * (high - low)


# --- integers as one-hot rows: project 2 ---------------------------------------------------------


def encode(position: int, depth: int) -> Tensor:
    """One-hot encoding of one integer: `encode(1, 5)` is [0, 1, 0, 0, 0], shape (depth,)."""
    return encode_batch([position], depth)[0]


def encode_batch(integers: Any, depth: int) -> Tensor:
    """One-hot encoding of n integers from 0 to depth - 1, one a row: shape (n, depth), float."""
    return one_hot(as_integers(integers), depth).float()


def decode(row: Tensor) -> int:
    """The integer that a row of shape (depth,) stands for: where its largest number is (argmax).

    Among equals the first one counts, so a row of zeros decodes to 0.
    """
    return int(row.argmax())


def decode_batch(batch: Any) -> Tensor:
    """The integer of each row, argmax over the last axis: shape (n, depth) -> (n,), int64."""
    batch = torch.as_tensor(batch)
    if batch.ndim < 2:  # somebody may pass integers where rows are meant
        got = tuple(batch.shape)
        raise ValueError(f"batch must have shape (n, depth), got {got}; encode_batch makes rows")
    return as_samples(batch, "batch").argmax(dim=-1)


def pattern_values(pattern: Pattern, below: int = 100) -> Tensor:
    """The integers from 0 to `below` - 1 that follow a pattern, in ascending order, shape (n,).

    The pattern is "odd", "even", or k for the multiples of k: `pattern_values(5)` is 0, 5, ..., 95.
    """
    if pattern in ("odd", "even"):
        return torch.arange(1 if pattern == "odd" else 0, below, 2)
    if isinstance(pattern, str):
        raise ValueError(f'pattern must be "odd", "even" or a whole number, got {pattern!r}')
    return torch.arange(0, below, pattern)


def draw_integers(values: Any, count: int, *, random: torch.Generator | None = None) -> Tensor:
    """Draw `count` integers from `values`, each as likely as any other: shape (count,)."""
    values = as_integers(values, "values")
    # the positions come from the CPU whatever device the values are on: same seed, same integers
    positions = torch.randint(len(values), (count,), generator=random)
    return values[positions.to(values.device)]


def real_batch(
    values: Any, count: int, depth: int, *, random: torch.Generator | None = None
) -> Tensor:
    """A batch of real samples: `draw_integers`, encoded, shape (count, depth)."""
    return encode_batch(draw_integers(values, count, random=random), depth)


# --- noise: all projects -------------------------------------------------------------------------


def normal_noise(latent_dim: int, *, random: torch.Generator | None = None) -> Noise:
    """Make a function that draws `count` noise vectors: shape (count, latent_dim), N(0, 1)."""
    return lambda count: torch.randn(count, latent_dim, generator=random)


def even_noise(count: int) -> Tensor:
    """Noise from -1 to 1 without gaps or crowds: one draw from each of `count` equal parts.

    A number picked from the batch at random is uniform, but the batch as a whole covers
    the range far more evenly than independent draws do (stratified sampling). Shape (count, 1), in
    rising order.
    """
    parts = (torch.arange(count) + torch.rand(count)) / count
    return (2 * parts - 1)[:, None]
