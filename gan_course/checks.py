"""What is wrong with this argument? The one place that words the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

# A mean loss of so many nats, where an undecided D has ln 2 = 0.69: what is true gets a chance of
# e^-50, and sigmoids in float32 have long become 0 or 1, whose slopes are 0.
EXPLODED = 50.0


def require_count(name: str, value: Any, minimum: int = 1) -> None:
    """Raise unless `value` is a whole number of at least `minimum`.

    Raises:
        TypeError: `value` is not an int (True and False do not count as numbers here).
        ValueError: `value` is below `minimum`.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number (int), got {_describe(value)}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")


def require_number(name: str, value: Any, *, above: float | None = None) -> None:
    """Raise unless `value` is a finite number, and larger than `above` where that is given.

    Raises:
        TypeError: `value` is not an int or a float.
        ValueError: `value` is infinite, not a number, or not larger than `above`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {_describe(value)}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if above is not None and not value > above:
        raise ValueError(f"{name} must be larger than {above}, got {value}")


def require_range(low: Any, high: Any) -> None:
    """Raise unless `low` and `high` are finite numbers with low < high.

    Raises:
        TypeError: one of them is not a number.
        ValueError: one of them is not finite, or low is not below high.
    """
    require_number("low", low)
    require_number("high", high)
    if not low < high:
        raise ValueError(f"low must be smaller than high, got low={low} and high={high}")


def require_callable(name: str, value: Any) -> None:
    """Raise TypeError unless `value` can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, got {_describe(value)}")


def require_matrix(name: str, value: Any, columns: int | None = None, rows: int = 1) -> None:
    """Raise unless `value` is a float tensor of shape (n, columns), n >= rows, all finite.

    Raises:
        TypeError: `value` is not a tensor, or holds something else than floating-point numbers.
        ValueError: its shape is another one, or it holds NaN or infinity.
    """
    expected = f"a float tensor of shape (n, {'dim' if columns is None else columns})"
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be {expected}, got {_describe(value)}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be {expected}, got dtype {value.dtype}; try {name}.float()")
    if value.ndim != 2 or columns not in (None, value.shape[1]):
        raise ValueError(f"{name} must be {expected}, got shape {tuple(value.shape)}")
    if len(value) < rows:
        raise ValueError(f"{name} must have at least {rows} rows, got {len(value)}")
    if not bool(torch.isfinite(value).all()):
        bad = int((~torch.isfinite(value)).any(dim=1).sum())
        raise ValueError(f"{name} must be finite, got NaN or infinity in {bad} of its rows")


def require_widths(name: str, widths: Any) -> None:
    """Raise unless `widths` is a sequence of whole numbers of at least 1 (it may be empty)."""
    if isinstance(widths, str) or not isinstance(widths, Sequence):
        raise TypeError(f"{name} must be a sequence like (16, 32), got {_describe(widths)}")
    for position, width in enumerate(widths):
        require_count(f"{name}[{position}]", width)


def require_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def require_settled(losses: dict[str, float]) -> None:
    """Raise where losses, each a mean in nats, say that the training has diverged.

    Raises:
        FloatingPointError: one is not a finite number, or has exploded.
    """
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss {name} is not a finite number")
        if loss > EXPLODED:
            raise FloatingPointError(f"the loss {name} has exploded to {loss:.3g} nats")


def _describe(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
