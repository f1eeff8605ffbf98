"""What do stacked networks have in front of their layers? Waves, and the amount of blur."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def add_waves(values: Tensor, count: int, octaves: bool = False) -> Tensor:
    """Put sines and cosines beside each number v: sin(k pi/2 v), cos(k pi/2 v) for k = 1 to count.

    Or for as many k that double, 1, 2, 4, 8 ..., where `octaves` is True.

    A network that is given them can bend sharply where plain layers would take very long to learn
    to (Fourier features, Tancik et al. 2020). Meant for numbers in about [-1, 1].

    Returns:
        Shape (..., dim + 2 dim count).
    """
    parts = [values]
    for k in range(1, count + 1):
        angle = math.pi / 2 * (2 ** (k - 1) if octaves else k) * values
        parts += [torch.sin(angle), torch.cos(angle)]
    return torch.cat(parts, dim=-1)


class Waves(nn.Module):
    """A first layer that puts sines and cosines beside its inputs, see `add_waves`."""

    def __init__(self, count: int, octaves: bool = False) -> None:
        super().__init__()
        self.count, self.octaves = count, octaves

    def forward(self, values: Tensor) -> Tensor:
        """From (..., dim) to (..., dim + 2 dim count)."""
        return add_waves(values, self.count, self.octaves)

    def extra_repr(self) -> str:
        """What `print` shows of the layer, such as Waves(3)."""
        return f"{self.count}, octaves" if self.octaves else str(self.count)


def blur_level(sigma: Tensor, blur: tuple[float, float]) -> Tensor:
    """How blurred a sample is, as a number for the discriminator: log sigma, from -1 to 1.

    Args:
        sigma: the amounts, any shape.
        blur: the least and the most.
    """
    least, most = blur
    return 2 * torch.log(sigma / least) / math.log(most / least) - 1
