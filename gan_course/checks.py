"""What is wrong with this argument? The one place that words the answer."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

MOST = 10**8  # numbers in one tensor, 400 MB as float32: a size beyond it can't be meant

# A mean loss of so many nats, where an undecided D has ln 2 = 0.69: what is true gets a chance of
# e^-50, and sigmoids in float32 have long become 0 or 1, whose slopes are 0.
EXPLODED = 50.0


def require_count(name: str, value: Any, minimum: int = 1, maximum: float = MOST) -> None:
    """Raise unless `value` is a whole number from `minimum` to `maximum`.

    Raises:
        TypeError: `value` is not an int (True and False do not count as numbers here).
        ValueError: `value` is below `minimum` or above `maximum`.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number (int), got {_describe(value)}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {_text(value)}")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum:,}, got {_text(value)}")


def require_seed(name: str, value: Any) -> None:
    """Raise unless `value` is a whole number that PyTorch takes as a seed, from 0 to 2 ** 63 - 1.

    Raises:
        TypeError: `value` is not an int.
        ValueError: `value` is out of this range.
    """
    require_count(name, value, minimum=0, maximum=2**63 - 1)


def require_room(name: str, *sizes: int) -> None:
    """Raise ValueError where a tensor of these sizes, one of them `name`, can't be meant."""
    if math.prod(sizes) > MOST:
        shape = " x ".join(map(str, sizes))
        raise ValueError(f"{name} must leave at most {MOST:,} numbers in a tensor, got {shape}")


def require_number(
    name: str, value: Any, *, above: float | None = None, finite: bool = True
) -> None:
    """Raise unless `value` is a finite number, and larger than `above` where that is given.

    Raises:
        TypeError: `value` is not an int or a float.
        ValueError: `value` is not larger than `above`, or infinite or NaN, unless `finite` is
            False.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {_describe(value)}")
    try:
        known = math.isfinite(value)
    except OverflowError:  # an int that is larger than any float
        known = False
    if finite and not known:
        raise ValueError(f"{name} must be finite, got {_text(value)}")
    if above is not None and not value > above:
        raise ValueError(f"{name} must be larger than {above}, got {value}")


def require_layers(name: str, sizes: Sequence[int]) -> None:
    """Raise ValueError where layers between these sizes have so many weights that none can mean it.

    Args:
        name: of the argument that holds the widths.
        sizes: of the input, of each layer, and of the output.
    """
    for pair in pairwise(sizes):
        require_room(name, *pair)


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
    if max(abs(low), abs(high)) > 1e38:
        raise ValueError(f"low and high must fit into float32, got low={low} and high={high}")


def require_flag(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is True or False: a text like "no" would count as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {_describe(value)}")


def require_pair(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a tuple or list of two things."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        got = _describe(value)
        raise TypeError(f"{name} must be a pair of numbers like (0.5, 0.9), got {got}")


def require_type(name: str, value: Any, kind: type | tuple[type, ...], expected: str = "") -> None:
    """Raise TypeError unless `value` is of that kind; `expected` says it in more words."""
    if not isinstance(value, kind):
        expected = expected or getattr(kind, "__name__", "")
        raise TypeError(f"{name} must be {expected}, got {_describe(value)}")


def require_path(name: str, value: Any) -> None:
    """Raise unless `value` is a path: a text, or a Path of pathlib. Nothing needs to be there.

    Raises:
        TypeError: it is something else, such as bytes.
        ValueError: it is empty, or has a NUL character, which no file's name can have.
    """
    try:
        text = os.fspath(value)
    except TypeError:
        text = None
    problem = f"{name} must be a path such as 'files/run.safetensors', got {_describe(value)}"
    if not isinstance(text, str):
        raise TypeError(problem)
    if not text or "\0" in text:
        raise ValueError(problem)


def require_random(value: Any) -> None:
    """Raise unless `random` is None or a source of random numbers on the CPU.

    Raises:
        TypeError: it is something else than a torch.Generator.
        ValueError: it draws on another device.
    """
    if value is None:
        return
    require_type("random", value, torch.Generator, "a torch.Generator")
    if value.device.type != "cpu":
        raise ValueError(f"random must draw on the CPU, got one on {value.device}")


def require_device(device: Any) -> None:
    """Raise unless `device` names a device that computes on this machine, such as "cpu".

    Raises:
        TypeError: it is no text and no torch.device.
        ValueError: there is no such device here, or it holds no numbers ("meta").
    """
    if not isinstance(device, (str, torch.device)):
        raise TypeError(f'device must be a name like "cpu", got {_describe(device)}')
    try:
        found = torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
        reason = str(error).partition("\n")[0]
        raise ValueError(f"device must be one of this machine, got {device}: {reason}") from error
    require_numbers("device", found)


def require_network(name: str, value: Any) -> None:
    """Raise unless `value` is a network that can be trained.

    Raises:
        TypeError: it is no nn.Module.
        ValueError: it has no weights, or they are on the meta device, which holds no numbers.
    """
    if not isinstance(value, nn.Module):
        raise TypeError(f"{name} must be an nn.Module, got {type(value).__name__}")
    weights = list(value.parameters())
    if not weights:
        raise ValueError(f"{name} must have weights to train, got {type(value).__name__}()")
    for weight in weights:
        require_numbers(name, weight)


def require_callable(name: str, value: Any) -> None:
    """Raise TypeError unless `value` can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, got {_describe(value)}")


def require_matrix(name: str, value: Any, columns: int | None = None, rows: int = 1) -> None:
    """Raise unless `value` is a float tensor of shape (n, columns), n >= rows, all finite.

    Raises:
        TypeError: `value` is not a tensor, or holds something else than floating-point numbers.
        ValueError: its shape is another one, it has no columns, it is sparse or on the meta
            device, or it holds NaN or infinity.
    """
    expected = f"a float tensor of shape (n, {'dim' if columns is None else columns})"
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be {expected}, got {_describe(value)}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be {expected}, got dtype {value.dtype}; try {name}.float()")
    if value.ndim != 2 or columns not in (None, value.shape[1]) or value.shape[1] == 0:
        raise ValueError(f"{name} must be {expected}, got shape {tuple(value.shape)}")
    require_numbers(name, value)
    if len(value) < rows:
        raise ValueError(f"{name} must have at least {rows} rows, got {len(value)}")
    if not bool(torch.isfinite(value).all()):
        bad = int((~torch.isfinite(value)).any(dim=1).sum())
        raise ValueError(f"{name} must be finite, got NaN or infinity in {bad} of its rows")


def require_numbers(name: str, value: Tensor) -> None:
    """Raise ValueError unless the tensor is dense and has its numbers in memory."""
    if value.is_meta:
        raise ValueError(f"{name} must hold numbers, got the device meta, which has none")
    require_dense(name, value)


def require_dense(name: str, value: Tensor) -> None:
    """Raise ValueError where the tensor is a sparse one."""
    if value.layout is not torch.strided:
        raise ValueError(f"{name} must be dense, got layout {value.layout}; try {name}.to_dense()")


def require_widths(name: str, widths: Any) -> None:
    """Raise unless `widths` is a sequence of whole numbers of at least 1 (it may be empty).

    Raises:
        TypeError: it is no sequence, or a width is no whole number.
        ValueError: it is far too long, or a width is below 1 or far too large.
    """
    require_sequence(name, widths, "(16, 32)")
    for position, width in enumerate(widths):
        require_count(f"{name}[{position}]", width)


def require_sequence(name: str, value: Any, example: str) -> None:
    """Raise unless `value` is a sequence like `example`, and no text.

    Raises:
        TypeError: it is something else.
        ValueError: it is so long that it can't be meant, like range(10**12).
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"{name} must be a sequence like {example}, got {_describe(value)}")
    if value[MOST:]:  # len() itself fails where there are too many
        raise ValueError(f"{name} must be at most {MOST:,} long, got {_describe(value)}")


def require_iterable(name: str, value: Any) -> None:
    """Raise TypeError unless one can go through `value`.

    It only looks: to begin going through a DataLoader draws a random number.
    """
    if not (hasattr(value, "__iter__") or hasattr(value, "__getitem__")):
        raise TypeError(f"{name} must be something to go through, got {_describe(value)}")


def require_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        got = repr(value) if isinstance(value, str) else _describe(value)
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {got}")


def _text(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python prints no whole numbers of more than 4,300 digits
        return "far too many digits"
    return text if len(text) <= 60 else text[:57] + "..."


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
    return f"{type(value).__name__} {_text(value)}"
