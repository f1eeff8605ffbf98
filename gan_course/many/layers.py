"""What do networks have in front of their layers? Sines and cosines beside their inputs."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def add_waves(values: Tensor, count: int) -> Tensor:
    """Put sines and cosines beside each number v: sin(k pi/2 v), cos(k pi/2 v) for k = 1, 2, 4 ...

    So each of `count` waves is half as long as the one before. A network that is given them can
    bend sharply where plain layers would take very long to learn to (Fourier features, Tancik et
    al. 2020). Meant for numbers in about [-1, 1].

    Returns:
        Shape (..., dim + 2 dim count).
    """
    parts = [values]
    for k in range(count):
        angle = math.pi / 2 * 2**k * values
        parts += [torch.sin(angle), torch.cos(angle)]
    return torch.cat(parts, dim=-1)


class Waves(nn.Module):
    """A first layer that puts sines and cosines beside its inputs, see `add_waves`."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, values: Tensor) -> Tensor:
        """From (..., dim) to (..., dim + 2 dim count)."""
        return add_waves(values, self.count)

    def extra_repr(self) -> str:
        """What `print` shows of the layer, such as Waves(3)."""
        return str(self.count)
