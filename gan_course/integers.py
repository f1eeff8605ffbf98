"""How do integers become vectors, and back? One-hot encoding, and patterns to learn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import gumbel_softmax, one_hot, softmax

from gan_course.checks import (
    require_count,
    require_dense,
    require_matrix,
    require_number,
    require_numbers,
    require_random,
    require_room,
    require_sequence,
)

Pattern = int | Literal["odd", "even"]


def encode(position: int, depth: int) -> Tensor:
    """One-hot encoding of one integer: a row of zeros with a single 1, at `position`.

    Args:
        position: the integer, from 0 to depth - 1.
        depth: how many different integers there are, the length of the row.

    Returns:
        Shape (depth,), float32; `encode(1, 5)` is [0, 1, 0, 0, 0].

    Raises:
        TypeError: an argument is no whole number.
        ValueError: `depth` is below 1, or `position` is not below `depth`.
    """
    require_count("depth", depth)
    require_count("position", position, minimum=0)
    if position >= depth:
        raise ValueError(f"position must be below the depth of {depth}, got {position}")
    row = torch.zeros(depth)
    row[position] = 1
    return row


def encode_batch(integers: Tensor | Sequence[int], depth: int) -> Tensor:
    """One-hot encoding of many integers, one a row, by `torch.nn.functional.one_hot`.

    Args:
        integers: n of them, each from 0 to depth - 1; a tensor of shape (n,) or a sequence.
        depth: how many different integers there are.

    Returns:
        Shape (n, depth), float32, on the device of `integers`.

    Raises:
        TypeError: something else than whole numbers.
        ValueError: none, of another shape, or one that is not from 0 to depth - 1.
    """
    require_count("depth", depth)
    whole = whole_numbers("integers", integers)
    require_numbers("integers", whole)
    low, high = int(whole.min()), int(whole.max())
    if low < 0 or high >= depth:
        wrong = low if low < 0 else high
        raise ValueError(f"integers must lie from 0 to {depth - 1}, got {wrong}")
    require_room("depth", len(whole), depth)
    return one_hot(whole, depth).float()


def decode(vector: Tensor) -> int:
    """The integer that a row stands for: the position of its largest number (argmax).

    It undoes `encode`, and reads rows that are not quite one-hot too. Among equals the first one
    counts, so a row of zeros decodes to 0.

    Args:
        vector: shape (depth,), float.

    Raises:
        TypeError: `vector` is no float tensor.
        ValueError: it has another shape, or holds NaN or infinity.
    """
    if not isinstance(vector, Tensor) or vector.ndim != 1 or len(vector) == 0:
        got = tuple(vector.shape) if isinstance(vector, Tensor) else type(vector).__name__
        kind = ValueError if isinstance(vector, Tensor) else TypeError
        raise kind(f"vector must be a tensor of shape (depth,), depth >= 1, got {got}")
    require_matrix("vector", vector[None])
    return int(vector.argmax())


def decode_batch(batch: Tensor) -> Tensor:
    """The integer of each row: argmax over the last axis, see `decode`.

    Args:
        batch: shape (n, depth), float.

    Returns:
        Shape (n,), int64.

    Raises:
        TypeError: `batch` is no float tensor.
        ValueError: it has another shape, or holds NaN or infinity.
    """
    require_matrix("batch", batch)
    return batch.argmax(dim=-1)


def pattern_values(pattern: Pattern, below: int = 100) -> Tensor:
    """The integers from 0 up to `below` that follow a pattern, in rising order.

    Args:
        pattern: "odd", "even", or a whole number k of at least 1 for the multiples of k (0 is
            one of them).
        below: the first integer that is too large; at least 2, and more than k.

    Returns:
        Shape (k,), int64; `pattern_values(5)` is 0, 5, ..., 95.

    Raises:
        TypeError: `pattern` or `below` is of the wrong type.
        ValueError: another word, or a number that is too small or too large.
    """
    require_count("below", below, minimum=2)
    if isinstance(pattern, str):
        if pattern not in ("odd", "even"):
            raise ValueError(f'pattern must be "odd", "even" or a whole number, got {pattern!r}')
        return torch.arange(int(pattern == "odd"), below, 2)
    require_count("pattern", pattern)
    if pattern >= below:
        raise ValueError(f"pattern must be smaller than below={below}, got {pattern}")
    return torch.arange(0, below, pattern)


def draw_integers(
    values: Tensor | Sequence[int], count: int, *, random: torch.Generator | None = None
) -> Tensor:
    """Draw integers from a set, each value as likely as any other, with repeats.

    Args:
        values: what to draw from, shape (k,), see `pattern_values`.
        count: how many.
        random: source of the random numbers; PyTorch's global one where it is left out.

    Returns:
        Shape (count,), int64.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `values` is empty or of another shape, or `count` is below 1.
    """
    whole = whole_numbers("values", values)
    require_count("count", count)
    require_random(random)
    # the positions come from the CPU whatever device the values are on: same seed, same integers
    positions = torch.randint(len(whole), (count,), generator=random)
    return whole[positions.to(whole.device)]


def real_batch(
    values: Tensor | Sequence[int],
    count: int,
    depth: int,
    *,
    random: torch.Generator | None = None,
) -> Tensor:
    """A batch of real samples: `draw_integers`, encoded.

    Args:
        values: what to draw from, shape (k,), each from 0 to depth - 1.
        count: rows of the batch.
        depth: length of a row.
        random: source of the random numbers; PyTorch's global one where it is left out.

    Returns:
        Shape (count, depth), float32: one 1 in each row.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `values` is empty, or does not fit into `depth`; a count is below 1.
    """
    require_count("depth", depth)
    require_count("count", count)
    require_room("count", count, depth)
    return encode_batch(draw_integers(values, count, random=random), depth)


def straight_through(logits: Tensor) -> Tensor:
    """One-hot rows on the way forward, the gradient of softmax on the way back.

    Args:
        logits: shape (n, depth), float; the larger a number, the more its position is wanted.

    Returns:
        Shape (n, depth): exactly one 1 in each row, at its largest logit.

    Raises:
        TypeError: `logits` is no float tensor.
        ValueError: it has another shape, or holds NaN or infinity.

    Bengio et al. 2013, arXiv:1308.3432, for one bit; here for one choice out of many.
    """
    require_matrix("logits", logits)
    soft = softmax(logits, dim=-1)
    hard = one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(soft.dtype)
    # the difference is 0 in value but not for the gradient, since the detached part has none
    return hard + (soft - soft.detach())


class StraightThrough(nn.Module):
    """`straight_through` as the last layer of a generator."""

    def forward(self, logits: Tensor) -> Tensor:
        """From (n, depth) to (n, depth).

        Raises:
            TypeError: `logits` is no float tensor.
            ValueError: it has another shape, or holds NaN or infinity.
        """
        return straight_through(logits)


class GumbelSoftmax(nn.Module):
    """A last layer that draws one position a row, with the probabilities softmax(logits).

    It adds noise to the logits, takes the largest, and lets the gradient of a softmax through:
    `torch.nn.functional.gumbel_softmax(hard=True)`. It draws in evaluation mode too, since the
    drawing is how samples are made. Jang et al. 2017, arXiv:1611.01144.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        """Keep the temperature, above 0: small for gradients that are true but noisy.

        Raises:
            TypeError: it is no number.
            ValueError: it is not above 0, or not finite.
        """
        super().__init__()
        require_number("temperature", temperature, above=0)
        self.temperature = temperature

    def forward(self, logits: Tensor) -> Tensor:
        """From (n, depth) to (n, depth), exactly one 1 in each row."""
        return gumbel_softmax(logits, tau=self.temperature, hard=True, dim=-1)


def whole_numbers(name: str, value: Tensor | Sequence[int]) -> Tensor:
    """What was given for the argument `name`, as a tensor of shape (n,), n >= 1, int64.

    Raises:
        TypeError: it is no tensor or sequence of whole numbers.
        ValueError: it is empty or has another shape.
    """
    if not isinstance(value, Tensor):
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            got = type(value).__name__
            raise TypeError(f"{name} must be whole numbers like [0, 5, 10], got {got}")
        require_sequence(name, value, "[0, 5, 10]")  # of a length that can be meant
        for position, item in enumerate(value):
            require_count(f"{name}[{position}]", item, -sys.maxsize, sys.maxsize)
        value = torch.tensor(list(value), dtype=torch.int64)
    if value.is_floating_point() or value.is_complex() or value.dtype == torch.bool:
        raise TypeError(f"{name} must be whole numbers, got dtype {value.dtype}")
    if value.ndim != 1 or len(value) == 0:
        raise ValueError(f"{name} must have shape (n,), n >= 1, got shape {tuple(value.shape)}")
    require_dense(name, value)
    return value.long()
