"""What do the two networks look like? Plain stacks of layers, built by two functions."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_course.checks import (
    require_count,
    require_layers,
    require_matrix,
    require_number,
    require_type,
    require_widths,
)
from gan_course.data import Scaler


def pick_device() -> str:
    """Where to train: "cuda" with a GPU by NVIDIA, "mps" with one by Apple, otherwise "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def make_generator(
    latent_dim: int = 2, widths: Sequence[int] = (16, 32), output_dim: int = 2
) -> nn.Sequential:
    """Build a generator: noise of shape (n, latent_dim) -> samples of shape (n, output_dim).

    Each width is one hidden linear layer with ReLU after it. The last layer is linear and nothing
    follows it, so that samples can take any value. PyTorch's global seed sets the first weights.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is below 1, or so large that it can't be meant.
    """
    require_count("latent_dim", latent_dim)
    require_widths("widths", widths)
    require_count("output_dim", output_dim)
    require_layers("widths", [latent_dim, *widths, output_dim])
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
    The sigmoid at the end squeezes the score into a probability.

    Raises:
        TypeError: a size or `dropout` is of the wrong type.
        ValueError: a size is below 1, or too large to be meant, or `dropout` is not in [0, 1).
    """
    require_count("input_dim", input_dim)
    require_widths("widths", widths)
    require_number("dropout", dropout)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, got {dropout}")
    require_layers("widths", [input_dim, *widths, 1])
    layers: list[nn.Module] = []
    width = input_dim
    for next_width in widths:
        layers += [nn.Linear(width, next_width), nn.ReLU(), nn.Dropout(dropout)]
        width = next_width
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Sigmoid())


class Unscale(nn.Module):
    """A last layer that turns samples in [-1, 1] into data units, shape (n, dim) -> (n, dim).

    With it a generator that was trained on scaled data can be saved and used as one piece.
    """

    low: Tensor
    high: Tensor

    def __init__(self, scaler: Scaler) -> None:
        """Take over the ends of the scaler.

        Raises:
            TypeError: `scaler` is no `Scaler`.
        """
        super().__init__()
        require_type("scaler", scaler, Scaler, "a Scaler")
        # buffers travel with the weights, to a file and to a device, but are not trained
        self.register_buffer("low", scaler.low.clone())
        self.register_buffer("high", scaler.high.clone())

    def forward(self, samples: Tensor) -> Tensor:
        """From [-1, 1] to data units, shape (n, dim)."""
        return self.low + (samples + 1) / 2 * (self.high - self.low)


def add_waves(values: Tensor, count: int) -> Tensor:
    """Put sines and cosines beside each number v: sin(k pi/2 v), cos(k pi/2 v) for k = 1 to count.

    A network that is given them can bend sharply where plain layers would take very long to learn
    to (Fourier features, Tancik et al. 2020). Meant for numbers in about [-1, 1].

    Args:
        values: shape (..., dim).
        count: how many of each; 0 leaves the values as they are.

    Returns:
        Shape (..., dim + 2 dim count).
    """
    parts = [values]
    for k in range(1, count + 1):
        angle = math.pi / 2 * k * values
        parts += [torch.sin(angle), torch.cos(angle)]
    return torch.cat(parts, dim=-1)


def blur_level(sigma: Tensor, blur: tuple[float, float]) -> Tensor:
    """How blurred a sample is, as a number for the discriminator: log sigma, from -1 to 1.

    Args:
        sigma: the amounts, any shape.
        blur: the least and the most.
    """
    least, most = blur
    return 2 * torch.log(sigma / least) / math.log(most / least) - 1


class Waves(nn.Module):
    """A first layer that puts sines and cosines beside its inputs, see `add_waves`."""

    def __init__(self, count: int) -> None:
        """Keep how many of each.

        Raises:
            TypeError: `count` is no whole number.
            ValueError: `count` is below 1.
        """
        super().__init__()
        # however many: waves have no weights, and a file's are bounded by the layer behind them
        require_count("count", count, maximum=math.inf)
        self.count = count

    def forward(self, values: Tensor) -> Tensor:
        """From (..., dim) to (..., dim + 2 dim count)."""
        return add_waves(values, self.count)

    def extra_repr(self) -> str:
        """What `print` shows of the layer, such as Waves(3)."""
        return str(self.count)


def in_data_units(generator: nn.Sequential, scaler: Scaler) -> nn.Sequential:
    """The same generator, sharing its weights, with `Unscale` as its last layer.

    Raises:
        TypeError: the generator is no nn.Sequential, or the scaler no `Scaler`.
    """
    if not isinstance(generator, nn.Sequential):
        raise TypeError(f"generator must be an nn.Sequential, got {type(generator).__name__}")
    require_type("scaler", scaler, Scaler, "a Scaler")
    return nn.Sequential(*generator, Unscale(scaler))


def sample(generator: nn.Module, noise: Tensor) -> Tensor:
    """Generate one sample a row of noise: evaluation mode, no gradients, on the noise's device.

    Args:
        generator: any network that maps (n, latent_dim) to (n, dim).
        noise: shape (n, latent_dim).

    Returns:
        Samples of shape (n, dim). The generator is left in the mode it was in.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `noise` has another shape, or holds NaN or infinity.
        RuntimeError: a layer does not take what it is given, in PyTorch's words.
    """
    require_type("generator", generator, nn.Module, "an nn.Module")
    require_matrix("noise", noise)
    was_training = generator.training
    generator.eval()
    try:
        with torch.no_grad():
            samples: Tensor = generator(noise)
    finally:
        generator.train(was_training)
    return samples


@torch.no_grad()
def move_average(averaged: nn.Module, network: nn.Module, step: int, keep: float) -> None:
    """Move each averaged weight a little towards the network's own, after step 1, 2, 3, ...

    Args:
        averaged: a copy of the network, changed in place.
        network: the one that is trained.
        step: the number of the step just done.
        keep: the share of the average that stays; less at first, step / (step + 9), so that the
            first weights are soon forgotten.
    """
    keep = min(keep, step / (step + 9))
    pairs = zip(averaged.parameters(), network.parameters(), strict=True)
    for average, current in pairs:
        average.lerp_(current, 1 - keep)
