"""How do classes hold a GAN together? Two networks, and one object that owns and trains them."""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_course.checkpoints import Checkpoint, State, restore, shapes, undone_if_diverged
from gan_course.checks import (
    require_callable,
    require_count,
    require_device,
    require_flag,
    require_layers,
    require_matrix,
    require_network,
    require_number,
    require_pair,
    require_settled,
    require_type,
    require_widths,
)
from gan_course.fast import FastSteps
from gan_course.losses import require_probabilities
from gan_course.networks import move_average, sample
from gan_course.recipes import Settings

Draw = Callable[[int], Tensor]  # num -> (num, dim)
# what the fast step knows at the end of a generator, and what it is called in `Settings`
LAST_LAYERS = {type(None): "linear", nn.ReLU: "relu", nn.Softmax: "softmax"}


class Generator(nn.Module):
    """Noise of shape (n, latent_dim) -> samples of shape (n, output_dim).

    Linear layers with LeakyReLU between them. PyTorch's global seed sets the first weights.
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
        """Build the layers.

        Args:
            latent_dim: numbers in a noise vector.
            output_activation: what follows the last layer, such as `nn.Softmax(dim=1)`.
            widths: of the inner layers.
            output_dim: numbers in a sample.
            slope: of LeakyReLU left of zero.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: a size is below 1.
        """
        super().__init__()
        require_count("latent_dim", latent_dim)
        require_widths("widths", widths)
        require_count("output_dim", output_dim)
        require_number("slope", slope)
        if output_activation is not None and not isinstance(output_activation, nn.Module):
            got = type(output_activation).__name__
            raise TypeError(f"output_activation must be a layer like nn.Tanh(), got {got}")
        sizes = [latent_dim, *widths, output_dim]
        require_layers("widths", sizes)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.leaky_relu = nn.LeakyReLU(slope)
        self.output_activation = output_activation

    def forward(self, noise: Tensor) -> Tensor:
        """From (n, latent_dim) to (n, output_dim)."""
        values = noise
        for layer in self.layers[:-1]:
            values = self.leaky_relu(layer(values))
        values = self.layers[-1](values)
        return values if self.output_activation is None else self.output_activation(values)


class Discriminator(nn.Module):
    """Samples of shape (n, input_dim) -> the probability that each is real, shape (n, 1)."""

    def __init__(
        self, input_dim: int = 1, layers: Sequence[int] = (64, 32, 1), *, slope: float = 0.01
    ) -> None:
        """Build the layers.

        Args:
            input_dim: numbers in a sample.
            layers: their widths; the last must be 1, the one answer.
            slope: of LeakyReLU left of zero.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: a size is below 1, or the last width is not 1.
        """
        super().__init__()
        require_count("input_dim", input_dim)
        require_widths("layers", layers)
        require_number("slope", slope)
        if not layers or layers[-1] != 1:
            raise ValueError(f"layers must end with 1, the one answer, got {list(layers)}")
        require_layers("layers", [input_dim, *layers])
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([input_dim, *layers]))
        self.leaky_relu = nn.LeakyReLU(slope)

    def forward(self, samples: Tensor) -> Tensor:
        """From (n, input_dim) to (n, 1), each number in [0, 1]."""
        values = samples
        for layer in self.layers[:-1]:
            values = self.leaky_relu(layer(values))
        return torch.sigmoid(self.layers[-1](values))


class Losses(NamedTuple):
    """The three losses of a step in nats, as plain numbers: they hold on to no graph."""

    generator: float
    real: float
    fake: float


@dataclass(frozen=True)
class GANEpoch:
    """What one epoch came to: losses are means over its batches, in nats."""

    number: int  # the first epoch is 1
    generator_loss: float
    real_loss: float
    fake_loss: float
    seconds: float | None = None  # since the start; left out where two runs are to be equal

    def __str__(self) -> str:
        clock = "" if self.seconds is None else f" {self.seconds:6.1f} s"
        return (
            f"epoch {self.number:4}{clock}: G {self.generator_loss:.3f}, "
            f"D {self.real_loss:.3f} on real, {self.fake_loss:.3f} on fake"
        )


@dataclass
class GANHistory:
    """What happened in a run of `GAN.fit`."""

    epochs: list[GANEpoch] = field(default_factory=list)
    snapshots: dict[int, Tensor] = field(default_factory=dict)  # epoch -> samples, (n, dim)


Rates = Sequence[Sequence[float]]  # of each step: the discriminator's, the generator's
Steps = Callable[[Rates], Iterable[Losses]]  # does a step for each pair of rates


class GAN:
    """Owns both networks, their optimisers and their targets, and trains them.

    Attributes:
        averaged: moving average of the generator, which `generate_samples` uses; None without.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        noise: Draw,
        data: Draw,
        *,
        batch_size: int = 32,
        device: str | torch.device = "cpu",
        discriminator_rate: float = 1e-3,
        generator_rate: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        average: float = 0.0,
    ) -> None:
        """Take over the networks, which are moved to `device` and trained in place.

        Args:
            generator: maps (n, latent_dim) to (n, dim).
            discriminator: maps (n, dim) to probabilities (n, 1).
            noise: draws `num` noise vectors, shape (num, latent_dim).
            data: draws `num` real samples, shape (num, dim).
            batch_size: real samples, and as many fake ones, in a step.
            device: where to compute.
            discriminator_rate: learning rate of the discriminator.
            generator_rate: learning rate of the generator.
            betas: of both Adam optimisers, each in [0, 1).
            average: how much of the averaged weights a step keeps, in [0, 1); 0 for no average.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: a number is out of its range.
        """
        for name, network in (("generator", generator), ("discriminator", discriminator)):
            require_network(name, network)
        require_callable("noise", noise)
        require_callable("data", data)
        require_count("batch_size", batch_size)
        require_number("discriminator_rate", discriminator_rate, above=0)
        require_number("generator_rate", generator_rate, above=0)
        require_device(device)
        require_pair("betas", betas)
        _require_share("average", average)
        for position, beta in enumerate(betas):
            _require_share(f"betas[{position}]", beta)

        self.generator = generator.to(device)
        self.discriminator = discriminator.to(device)
        self.noise, self.data = noise, data
        self.batch_size, self.device = batch_size, torch.device(device)
        self.loss = nn.BCELoss()
        self.discriminator_optimiser = Adam(
            discriminator.parameters(), lr=discriminator_rate, betas=betas
        )
        self.generator_optimiser = Adam(generator.parameters(), lr=generator_rate, betas=betas)
        self.ones = torch.ones(batch_size, 1, device=device)
        self.zeros = torch.zeros(batch_size, 1, device=device)
        self.average, self.steps = average, 0
        self.averaged = copy.deepcopy(self.generator) if average else None

    def generate_samples(self, latent_vec: Tensor | None = None, num: int | None = None) -> Tensor:
        """Generate without gradients, in evaluation mode.

        Args:
            latent_vec: noise, shape (n, latent_dim); fresh one is drawn where it is left out.
            num: how many to draw; the batch size where it is left out too.

        Returns:
            Shape (n, dim), on the device of the networks.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: both are given, or one is of the wrong shape or size.
            RuntimeError: a layer does not take what it is given, in PyTorch's words.
        """
        if latent_vec is not None and num is not None:
            raise ValueError("num must be left out where latent_vec is given, got both")
        if latent_vec is None:
            latent_vec = self._draw("noise", self.batch_size if num is None else num)
        require_matrix("latent_vec", latent_vec)
        network = self.generator if self.averaged is None else self.averaged
        return sample(network, latent_vec.to(self.device))

    def train_step_generator(self) -> float:
        """Change the generator once; returns its loss on fresh noise, whose target is 1.

        Raises:
            TypeError: see `train_step`.
            ValueError: see `train_step`.
            FloatingPointError: see `train_step`.
        """
        self.generator_optimiser.zero_grad()
        fake = self.generator(self._draw("noise", self.batch_size))
        loss = self.loss(self._judge(fake), self.ones)
        loss.backward()
        self.generator_optimiser.step()
        self.steps += 1
        if self.averaged is not None:
            move_average(self.averaged, self.generator, self.steps, self.average)
        return loss.item()

    def train_step_discriminator(self) -> tuple[float, float]:
        """Change the discriminator once; returns its losses on real and on fake samples.

        Raises:
            TypeError: see `train_step`.
            ValueError: see `train_step`.
            FloatingPointError: see `train_step`.
        """
        self.discriminator_optimiser.zero_grad()
        loss_real = self.loss(self._judge(self._draw("data", self.batch_size)), self.ones)
        with torch.no_grad():  # the generator does not learn from this step
            fake = self.generator(self._draw("noise", self.batch_size))
        loss_fake = self.loss(self._judge(fake), self.zeros)
        ((loss_real + loss_fake) / 2).backward()
        self.discriminator_optimiser.step()
        return loss_real.item(), loss_fake.item()

    def train_step(self) -> Losses:
        """Change the discriminator, then the generator, once each.

        Raises:
            TypeError: `noise` or `data` returns no float tensor.
            ValueError: they return another shape than (num, dim), or the discriminator answers
                something else than probabilities.
            FloatingPointError: the discriminator answers NaN; training has diverged.

        Goodfellow et al. 2014, algorithm 1, with the generator's loss of section 3.
        """
        real, fake = self.train_step_discriminator()
        return Losses(self.train_step_generator(), real, fake)

    def fit(
        self,
        epochs: int = 600,
        batches: int = 10,
        *,
        decay: bool = False,
        watch: Tensor | None = None,
        report: Callable[[GANEpoch], object] | None = None,
        report_every: int = 50,
        timed: bool = False,
        fast: bool = False,
        checkpoint: Checkpoint | None = None,
    ) -> GANHistory:
        """Train for a fixed number of steps, epochs times batches.

        Args:
            epochs: how many; nothing is gone through here, an epoch only says when to report.
            batches: steps in an epoch.
            decay: let both learning rates fall in a straight line, to 0 at the end.
            watch: fixed noise, shape (n, latent_dim), of which snapshots are generated.
            report: called with the first epoch and every `report_every`; `print` will do.
            report_every: epochs between two reports, and between two snapshots.
            timed: note the seconds, which differ from run to run.
            fast: take the derivatives from formulas (`gan_course.fast`) and not from autograd: the
                same training, to rounding. Networks that it can't train are trained the plain way,
                with a warning that says why.
            checkpoint: a file to go on from, where the training was cut short.

        Returns:
            The mean losses of each epoch, and the snapshots where there is something to watch.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: a count is below 1, the checkpoint's file is damaged or of another training,
                or see `train_step`.
            RuntimeError: a layer does not take what it is given, in PyTorch's words.
            OSError: the checkpoint can't be written.
            FloatingPointError: a loss is not a number, or has exploded: training has diverged.
                All networks then have their weights of the last good epoch.
        """
        require_count("epochs", epochs)
        require_count("batches", batches)
        require_count("report_every", report_every)
        require_flag("decay", decay)
        require_flag("timed", timed)
        require_flag("fast", fast)
        if watch is not None:
            require_matrix("watch", watch)
        if report is not None:
            require_callable("report", report)
        if checkpoint is not None:
            require_type("checkpoint", checkpoint, Checkpoint, "a Checkpoint")
        reason = _why_not_fast(self) if fast else None
        if reason is not None:
            warnings.warn(f"trained the plain way: {reason}", stacklevel=2)
        fast = fast and reason is None
        optimisers = (self.discriminator_optimiser, self.generator_optimiser)
        networks = [self.generator, self.discriminator]
        networks += [] if self.averaged is None else [self.averaged]
        trained: list[Any] = [*networks, *optimisers]
        rates = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
        betas = [optimiser.param_groups[0].get("betas") for optimiser in optimisers]
        history = GANHistory()
        about: State = {"training": "GAN.fit", "batch_size": self.batch_size, "batches": batches}
        about |= {"rates": rates, "betas": betas, "average": self.average, "fast": fast}
        about |= {"decay": decay and epochs}
        about |= {"generator": shapes(self.generator), "discriminator": shapes(self.discriminator)}

        def keep() -> None:
            if checkpoint is not None:
                state = {
                    "trained": [part.state_dict() for part in trained],
                    "steps": self.steps,
                    "epochs": _as_tensor(history.epochs),
                    "snapshots": history.snapshots,
                }
                checkpoint.save(about, self.device, state)

        kept = checkpoint.load(about, self.device) if checkpoint else None
        if kept is None:
            keep()  # at once, as a place that can't be written is better known now than later
        else:
            restore(trained, kept["trained"])
            self.steps = kept["steps"]
            history.epochs = _as_epochs(kept["epochs"])
            history.snapshots = kept["snapshots"]
        begun = len(history.epochs)
        steps: Steps = _fast_steps(self) if fast else self._plain_steps
        started = time.perf_counter() - (history.epochs[-1].seconds or 0.0 if begun else 0.0)
        try:
            for number in range(begun + 1, epochs + 1):
                losses: list[Losses] = []
                with undone_if_diverged(networks, number, losses):
                    done = range((number - 1) * batches, number * batches)
                    left = [1 - k / (epochs * batches) if decay else 1.0 for k in done]
                    for step_losses in steps([[rate * share for rate in rates] for share in left]):
                        losses.append(step_losses)
                    seconds = time.perf_counter() - started if timed else None
                    epoch = _summarise(number, losses, seconds)
                history.epochs.append(epoch)
                if number == 1 or number % report_every == 0:
                    if watch is not None:
                        history.snapshots[number] = self.generate_samples(watch).cpu()
                    if report is not None:
                        report(epoch)
                if checkpoint is not None and number % checkpoint.every == 0:
                    keep()
        finally:
            _set_rates(optimisers, rates)
        if len(history.epochs) > begun:
            keep()
        return history

    def _plain_steps(self, rates: Rates) -> Iterator[Losses]:
        """A step for each pair of learning rates, the discriminator's and the generator's."""
        for pair in rates:
            _set_rates((self.discriminator_optimiser, self.generator_optimiser), pair)
            yield self.train_step()

    def _draw(self, name: str, num: int) -> Tensor:
        require_count("num", num)
        drawn: Tensor = getattr(self, name)(num)
        require_matrix(f"{name}({num})", drawn)
        if len(drawn) != num:
            raise ValueError(f"{name}({num}) must have {num} rows, got {len(drawn)}")
        return drawn.to(self.device)

    def _judge(self, samples: Tensor) -> Tensor:
        probabilities: Tensor = self.discriminator(samples)
        require_probabilities(probabilities)
        return probabilities


def _fast_steps(gan: GAN) -> Steps:
    """What does the steps of `GAN.train_step`, to rounding, an epoch's at a time."""
    generator: Any = gan.generator  # a `Generator`, see `_why_not_fast`
    settings = Settings(
        last_layer=LAST_LAYERS[type(generator.output_activation)],
        slope=generator.leaky_relu.negative_slope,
        batch_size=gan.batch_size,
        betas=gan.generator_optimiser.defaults["betas"],
        average=gan.average,
    )
    networks = gan.generator, gan.discriminator, gan.averaged
    fast = FastSteps(*networks, gan.generator_optimiser, gan.discriminator_optimiser, settings)

    def steps(rates: Rates) -> list[Losses]:
        names = ("data", "noise", "noise")  # in the order in which `train_step` draws
        drawn = [[gan._draw(name, gan.batch_size) for name in names] for _ in rates]
        real, *noise = (torch.stack(part) for part in zip(*drawn, strict=True))
        losses = fast.run(real, torch.stack(noise), torch.tensor(rates), gan.steps)
        gan.steps += len(rates)
        return [Losses(made, on_real, on_fake) for on_real, on_fake, made in losses.T.tolist()]

    return steps


def _why_not_fast(gan: GAN) -> str | None:
    """What there is no fast step for, in words; None where there is one."""
    generator: Any = gan.generator
    discriminator: Any = gan.discriminator
    for found, known in ((gan, GAN), (generator, Generator), (discriminator, Discriminator)):
        if type(found) is not known:
            return f"the fast step is for a {known.__name__}, not for a {type(found).__name__}"
    last = generator.output_activation
    if type(last) not in LAST_LAYERS or getattr(last, "dim", 1) not in (1, -1):
        return f"the fast step has no {last} at the end"
    slope, other = (net.leaky_relu.negative_slope for net in (generator, discriminator))
    if slope != other:
        return f"the fast step has one slope for both networks, not {slope} and {other}"
    usual = Adam([torch.zeros(1)], betas=gan.generator_optimiser.defaults["betas"]).defaults
    for optimiser in (gan.generator_optimiser, gan.discriminator_optimiser):
        changed = {name for name in usual if optimiser.defaults.get(name) != usual[name]} - {"lr"}
        if type(optimiser) is not Adam or changed:
            return "the fast step is for the optimisers that a GAN makes"
    if not all(w.requires_grad for net in (generator, discriminator) for w in net.parameters()):
        return "the fast step trains all weights"
    return None


def even_noise(num: int) -> Tensor:
    """Noise in [-1, 1) without gaps or crowds: one draw from each of `num` equal parts.

    Each number taken by itself is uniform on [-1, 1), but a batch covers the range far more
    evenly than independent draws do (stratified sampling).

    Args:
        num: how many, at least 1.

    Returns:
        Shape (num, 1), float32, in rising order.

    Raises:
        TypeError: `num` is no whole number.
        ValueError: `num` is below 1.
    """
    require_count("num", num)
    parts = (torch.arange(num) + torch.rand(num)) / num
    return (2 * parts - 1)[:, None]


def _summarise(number: int, losses: list[Losses], seconds: float | None) -> GANEpoch:
    generator, real, fake = (sum(column) / len(losses) for column in zip(*losses, strict=True))
    require_settled({"on real": real, "on fake": fake, "of the generator": generator})
    return GANEpoch(number, generator, real, fake, seconds)


def _as_tensor(epochs: list[GANEpoch]) -> Tensor:
    """One row an epoch, with NaN in place of seconds that were not noted."""
    missing = [math.nan if epoch.seconds is None else epoch.seconds for epoch in epochs]
    rows = [
        [epoch.number, epoch.generator_loss, epoch.real_loss, epoch.fake_loss, seconds]
        for epoch, seconds in zip(epochs, missing, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float64)


def _as_epochs(rows: Tensor) -> list[GANEpoch]:
    return [
        GANEpoch(int(number), generator, real, fake, None if math.isnan(seconds) else seconds)
        for number, generator, real, fake, seconds in rows.tolist()
    ]


def _set_rates(optimisers: Sequence[Adam], rates: Sequence[float]) -> None:
    for optimiser, rate in zip(optimisers, rates, strict=True):
        optimiser.param_groups[0]["lr"] = rate


def _require_share(name: str, value: float) -> None:
    require_number(name, value)
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
