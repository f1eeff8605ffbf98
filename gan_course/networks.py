"""What do the two networks look like, and how are they used? Layers in a row, and classes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_course.data import Scaler

# --- project 1, layers in a row: functions -------------------------------------------------------


def make_generator(
    latent_dim: int = 2, widths: Sequence[int] = (16, 32), output_dim: int = 2
) -> nn.Sequential:
    """Build a generator: noise of shape (n, latent_dim) -> samples of shape (n, output_dim).

    Each width is one hidden linear layer with ReLU after it. The last layer is linear and nothing
    follows it, so that samples can take any value. (Project 2 builds its own, with another end.)
    """
    layers: list[nn.Module] = []
    width = latent_dim
    for next_width in widths:
        layers += [nn.Linear(width, next_width), nn.ReLU()]
        width = next_width
    return nn.Sequential(*layers, nn.Linear(width, output_dim))


def make_discriminator(
    input_dim: int = 2, widths: Sequence[int] = (256, 128, 64), dropout: float = 0.3
) -> nn.Sequential:
    """Build a discriminator: samples of shape (n, input_dim) -> P(real) of shape (n, 1).

    Each width is one hidden linear layer with ReLU and dropout after it (Srivastava et al. 2014).
    The sigmoid at the end squeezes the last number into a probability.
    """
    layers: list[nn.Module] = []
    width = input_dim
    for next_width in widths:
        layers += [nn.Linear(width, next_width), nn.ReLU(), nn.Dropout(dropout)]
        width = next_width
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Sigmoid())


# --- a last layer: project 1 ---------------------------------------------------------------------


class Unscale(nn.Module):
    """A last layer that turns samples in [-1, 1] into data units, shape (n, dim) -> (n, dim).

    With it a generator that was trained on scaled data can be saved and used as one piece.
    """

    # type hints alone: register_buffer makes both, which a type checker can't see. (This file has
    # no `from __future__ import annotations`, which makes texts of type hints: torch.jit.script, a
    # compiler for networks, can't read those.)
    low: Tensor
    high: Tensor

    def __init__(self, scaler: Scaler) -> None:
        super().__init__()
        # buffers travel with the weights, to a file and to a device, but are not trained
        self.register_buffer("low", scaler.low.clone())
        self.register_buffer("high", scaler.high.clone())

    def forward(self, samples: Tensor) -> Tensor:
        """From [-1, 1] to data units, shape (n, dim): as `Scaler.unscale`."""
        return self.low + (samples + 1) / 2 * (self.high - self.low)


def in_data_units(generator: nn.Module, scaler: Scaler) -> nn.Sequential:
    """The same generator, sharing its weights, with `Unscale` as its last layer."""
    weight = next(generator.parameters(), scaler.low)  # scaler.low, if it has no weights
    # not isinstance: a subclass of nn.Sequential may do more than go through its layers
    layers = generator if type(generator) is nn.Sequential else [generator]
    return nn.Sequential(*layers, Unscale(scaler).to(weight.device))


# --- project 3: networks as classes --------------------------------------------------------------


class Generator(nn.Module):
    """Noise of shape (n, latent_dim) -> samples of shape (n, output_dim).

    The chapter's class with any number of hidden layers: `widths` take the place of `_init_layers`,
    and one ModuleList that of `linear1`, `linear2` and `linear3`. LeakyReLU, whose slope left of
    zero is `slope`, follows each but the last; `output_activation`, if given, follows the last.
    """

    def __init__(
        self,
        latent_dim: int = 1,
        output_activation: nn.Module | None = None,
        *,
        widths: Sequence[int] = (64, 32),
        output_dim: int = 1,
        slope: float = 0.01,
    ) -> None:
        super().__init__()
        sizes = [latent_dim, *widths, output_dim]
        # pairs of neighbours, (1, 64), (64, 32), (32, 1): the loop of the chapter's Discriminator
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.leaky_relu = nn.LeakyReLU(slope)
        self.output_activation = output_activation

    def forward(self, x: Tensor) -> Tensor:
        """From (n, latent_dim) to (n, output_dim)."""
        for layer in self.layers[:-1]:
            x = self.leaky_relu(layer(x))
        x = self.layers[-1](x)
        return x if self.output_activation is None else self.output_activation(x)


class Discriminator(nn.Module):
    """Samples of shape (n, input_dim) -> the probability that each is real, shape (n, 1).

    `layers` are the widths of its linear layers. Unlike `widths` elsewhere they include the output,
    which is 1, the one answer. There is no `_init_layers` here, either.
    """

    def __init__(
        self, input_dim: int = 1, layers: Sequence[int] = (64, 32, 1), *, slope: float = 0.01
    ) -> None:
        super().__init__()
        sizes = [input_dim, *layers]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))  # as above
        self.leaky_relu = nn.LeakyReLU(slope)

    def forward(self, x: Tensor) -> Tensor:
        """From (n, input_dim) to (n, 1), each number in [0, 1]."""
        for layer in self.layers[:-1]:
            x = self.leaky_relu(layer(x))
        return torch.sigmoid(self.layers[-1](x))


# --- using a network -----------------------------------------------------------------------------


def pick_device() -> str:
    """Where to train: "cuda" with a GPU by NVIDIA, "mps" with one by Apple, otherwise "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def in_mode(training: bool, *networks: nn.Module) -> Iterator[None]:
    """Put networks into one mode, and afterwards each layer into the mode that it had.

    Used as `with in_mode(False, network): ...`; False is evaluation mode.
    """
    # train() and eval() set this flag, but in all layers alike. modules(): the network itself and
    # all layers in it
    modes = [(layer, layer.training) for network in networks for layer in network.modules()]
    try:
        for layer, _ in modes:
            layer.training = training
        yield  # here the lines within the `with` run
    finally:
        for layer, mode in modes:
            layer.training = mode


def sample(generator: nn.Module, noise: Tensor) -> Tensor:
    """Generate one sample for each row of noise, in evaluation mode and without gradients.

    Noise of shape (n, latent_dim), a tensor, an array or a list of rows, is moved to the
    generator's device and number type, and becomes samples, (n, dim). Each layer is left in the
    mode it was in: a training goes on as before.
    """
    noise = torch.as_tensor(noise)
    weight = next(generator.parameters(), noise)  # noise, if it has no weights
    with torch.no_grad(), in_mode(False, generator):
        samples: Tensor = generator(noise.to(weight))
    return samples
