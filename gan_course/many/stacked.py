"""How do S networks become one? Their weights are stacked, and no network sees another."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils import skip_init

from gan_course.data import Scaler
from gan_course.many.layers import Waves
from gan_course.many.recipes import Settings
from gan_course.networks import Unscale


class StackedLinear(nn.Module):
    """S linear layers side by side: (S, n, inputs) -> (S, n, outputs), each with its own weights.

    The first weights are those that `nn.Linear` would get from the same random numbers.
    """

    def __init__(self, inputs: int, outputs: int, randoms: Sequence[torch.Generator]) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)  # He et al. 2015 with a = sqrt(5), as in nn.Linear

        def first(*shape: int) -> Tensor:
            drawn = [torch.empty(shape).uniform_(-bound, bound, generator=r) for r in randoms]
            return torch.stack(drawn)

        self.weight = nn.Parameter(first(outputs, inputs).mT.contiguous())
        self.bias = nn.Parameter(first(outputs)[:, None])

    def forward(self, values: Tensor) -> Tensor:
        """From (S, n, inputs) to (S, n, outputs)."""
        if torch.compiler.is_compiling():  # a program rounds as it likes, and adds as it goes on
            return torch.bmm(values, self.weight) + self.bias
        inputs, outputs = self.weight.shape[1:]
        if inputs == 1:  # products with a vector round differently for one network and for many
            return values * self.weight + self.bias
        # and so do matrices that do not start at full 64 bytes, 16 numbers: zeros fill them up
        spare = -outputs % 16
        if not spare:
            return torch.baddbmm(self.bias, values, self.weight)
        weight, bias = (pad(numbers, (0, spare)) for numbers in (self.weight, self.bias))
        return torch.baddbmm(bias, values, weight)[..., :outputs]


class StackedDropout(nn.Module):
    """Dropout (Srivastava et al. 2014) for S networks, each with random numbers of its own."""

    def __init__(self, share: float, randoms: Sequence[torch.Generator]) -> None:
        super().__init__()
        self.share, self.randoms = share, randoms

    def forward(self, values: Tensor) -> Tensor:
        """From (S, n, width) to the same shape; a share of the numbers is 0, the rest grows."""
        if not self.training:
            return values
        shape = values.shape[1:]
        drawn = torch.stack([torch.rand(shape, generator=r) for r in self.randoms])
        return values * (drawn >= self.share).to(values) / (1 - self.share)


def make_networks(
    settings: Settings, dim: int, randoms: Sequence[torch.Generator]
) -> tuple[nn.Sequential, nn.Sequential]:
    """The stacked generators and discriminators, with their first weights."""
    inputs = settings.latent_dim * (1 + 2 * settings.generator_waves)
    generator = _network([inputs, *settings.generator_widths, dim], settings, randoms)
    if settings.generator_waves:
        generator.insert(0, Waves(settings.generator_waves))
    if settings.last_layer != "linear":
        generator.append(nn.ReLU() if settings.last_layer == "relu" else nn.Softmax(dim=-1))
    seen = dim * (1 + 2 * settings.discriminator_waves)
    sizes = [seen, *settings.discriminator_widths, 1]
    return generator, _network(sizes, settings, randoms, dropout=settings.dropout)


def _network(
    sizes: Sequence[int],
    settings: Settings,
    randoms: Sequence[torch.Generator],
    dropout: float = 0.0,
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        if layers:
            layers.append(nn.LeakyReLU(settings.slope) if settings.slope else nn.ReLU())
            layers += [StackedDropout(dropout, randoms)] if dropout else []
        layers.append(StackedLinear(inputs, outputs, randoms))
    return nn.Sequential(*layers)


def unstack(network: nn.Sequential, position: int) -> nn.Sequential:
    """One of S stacked networks by itself, in plain layers: (n, inputs) -> (n, outputs)."""
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, StackedLinear):
            weight, bias = layer.weight[position].mT, layer.bias[position, 0]
            # without first weights, which would come from PyTorch's global random numbers
            plain = skip_init(nn.Linear, weight.shape[1], weight.shape[0], device=weight.device)
            with torch.no_grad():
                plain.weight.copy_(weight)
                plain.bias.copy_(bias)
            layers.append(plain)
        elif isinstance(layer, Unscale):
            layers.append(Unscale(Scaler(layer.low[position, 0], layer.high[position, 0])))
        else:
            layers.append(copy.deepcopy(layer))
    return nn.Sequential(*layers)
