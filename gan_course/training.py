"""How do two networks learn from each other? One step, one loop, and when to stop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from gan_course.checkpoints import Checkpoint, State, restore, shapes, undone_if_diverged
from gan_course.checks import (
    require_callable,
    require_count,
    require_flag,
    require_iterable,
    require_matrix,
    require_network,
    require_number,
    require_random,
    require_settled,
    require_type,
)
from gan_course.files import checksum
from gan_course.losses import fake_loss, generator_loss, real_loss
from gan_course.networks import sample

Noise = Callable[[int], Tensor]


class StepLosses(NamedTuple):
    """The three losses of one training step, each a scalar tensor in nats."""

    real: Tensor
    fake: Tensor
    generator: Tensor


def normal_noise(latent_dim: int, *, random: torch.Generator | None = None) -> Noise:
    """Make a function that draws `count` noise vectors: shape (count, latent_dim), N(0, 1).

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `latent_dim` is below 1, or `random` draws on another device than the CPU.
    """
    require_count("latent_dim", latent_dim)
    require_random(random)
    return lambda count: torch.randn(count, latent_dim, generator=random)


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Noise,
) -> StepLosses:
    """Train on one batch: discriminator on real, discriminator on fake, generator on fresh noise.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        discriminator: maps (n, dim) to probabilities (n, 1).
        generator_optimiser: changes the generator's weights, and no others.
        discriminator_optimiser: changes the discriminator's weights, and no others.
        real: one batch of real samples, shape (n, dim).
        noise: draws noise vectors, see `normal_noise`.

    Returns:
        The three losses before each change.

    Goodfellow et al. 2014, algorithm 1, with the discriminator's two terms as two changes.
    """
    discriminator_optimiser.zero_grad()
    loss_real = real_loss(discriminator(real))
    loss_real.backward()
    discriminator_optimiser.step()

    discriminator_optimiser.zero_grad()
    # detach: the generator is not to learn from this step, so no gradient need reach it
    fake = generator(noise(len(real)).to(real.device)).detach()
    loss_fake = fake_loss(discriminator(fake))
    loss_fake.backward()
    discriminator_optimiser.step()

    generator_optimiser.zero_grad()
    fake = generator(noise(len(real)).to(real.device))
    loss_generator = generator_loss(discriminator(fake))
    loss_generator.backward()
    generator_optimiser.step()
    return StepLosses(loss_real.detach(), loss_fake.detach(), loss_generator.detach())


class EarlyStopping:
    """Says when to stop: the score has not improved for `patience` epochs. Lower is better.

    Attributes:
        best: the lowest score so far.
        best_epoch: the epoch it was reached in, 0 before the first update.
    """

    def __init__(self, patience: int) -> None:
        """Start with no score at all.

        Raises:
            TypeError: `patience` is no whole number.
            ValueError: it is below 1.
        """
        require_count("patience", patience, maximum=float("inf"))
        self.patience = patience
        self.best = float("inf")
        self.best_epoch = 0

    def update(self, epoch: int, score: float) -> bool:
        """Take in the score of an epoch; True where it is the best so far.

        Raises:
            TypeError: `epoch` is no whole number, or `score` no number.
            ValueError: `epoch` is below 1.
        """
        require_count("epoch", epoch)
        require_number("score", score, finite=False)  # NaN is never the best
        if score < self.best:
            self.best, self.best_epoch = score, epoch
            return True
        return False

    def should_stop(self, epoch: int) -> bool:
        """True when the best score is `patience` epochs old.

        Raises:
            TypeError: `epoch` is no whole number.
            ValueError: it is below 0.
        """
        require_count("epoch", epoch, minimum=0)
        return epoch - self.best_epoch >= self.patience


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to."""

    number: int  # the first epoch is 1
    real_loss: float  # mean over the epoch's batches, nats
    fake_loss: float
    generator_loss: float
    score: float  # quality after the epoch, lower is better


@dataclass
class History:
    """What happened in a run of `fit`."""

    epochs: list[Epoch] = field(default_factory=list)
    snapshots: dict[int, Tensor] = field(default_factory=dict)  # epoch -> samples, (n, dim)
    best_epoch: int = 0
    best_score: float = float("inf")

    @property
    def stopped_at(self) -> int:
        """The number of the last epoch."""
        return len(self.epochs)


def fit(
    generator: nn.Module,
    discriminator: nn.Module,
    batches: Iterable[Tensor],
    noise: Noise,
    *,
    score: Callable[[Tensor], float],
    watch: Tensor,
    epochs: int = 10_000,
    patience: int = 1_000,
    learning_rate: float = 5e-4,
    keep_best: bool = False,
    report: Callable[[Epoch, Tensor], None] | None = None,
    report_every: int = 25,
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train both networks until the score has not improved for `patience` epochs.

    The networks are trained in place, on the device they are on.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        discriminator: maps (n, dim) to probabilities (n, 1).
        batches: real samples, each batch of shape (batch_size, dim); gone through once an epoch.
        noise: draws noise vectors, see `normal_noise`.
        score: says how good samples of shape (n, dim) are; lower is better.
        watch: fixed noise, shape (n, latent_dim): what is generated from it after each epoch is
            scored, so that two epochs differ by the generator alone and not by luck.
        epochs: go no further than this.
        patience: stop after this many epochs without a better score.
        learning_rate: of both Adam optimisers (Kingma and Ba 2015).
        keep_best: at the end, put back the generator's weights of the best epoch.
        report: called as report(epoch, samples) after the first epoch and every `report_every`.
        report_every: epochs between two reports, and between two snapshots in the history.
        checkpoint: a file to go on from, where the training was cut short.

    Returns:
        Losses and scores of each epoch, and snapshots of the samples.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a count is below 1, `watch` or `noise` has the wrong shape, `batches` is empty,
            or the checkpoint's file is damaged or of another training.
        RuntimeError: a layer does not take what it is given, in PyTorch's words.
        OSError: the checkpoint can't be written.
        FloatingPointError: the score or a loss is not a number, or has exploded: training has
            diverged. Both networks then have their weights of the last good epoch.
    """
    _check_fit(generator, discriminator, noise, score, watch, learning_rate, report)
    require_count("epochs", epochs)
    require_count("report_every", report_every, maximum=float("inf"))
    require_flag("keep_best", keep_best)
    require_iterable("batches", batches)
    if checkpoint is not None:
        require_type("checkpoint", checkpoint, Checkpoint, "a Checkpoint")
    device = next(generator.parameters()).device
    watch = watch.to(device)
    generator_optimiser = Adam(generator.parameters(), lr=learning_rate)
    discriminator_optimiser = Adam(discriminator.parameters(), lr=learning_rate)
    trained = (generator, discriminator, generator_optimiser, discriminator_optimiser)
    stopping = EarlyStopping(patience)
    history = History()
    best_weights = copy.deepcopy(generator.state_dict())

    about: State = {"training": "fit", "learning_rate": learning_rate, "watch": checksum(watch)}
    about |= {"generator": shapes(generator), "discriminator": shapes(discriminator)}

    def keep() -> None:
        if checkpoint is not None:
            state = _state(trained, history, stopping, best_weights)
            checkpoint.save(about, device, state)

    kept = checkpoint.load(about, device) if checkpoint else None
    if kept is None:
        keep()  # at once, as a place that can't be written is better known now than later
    else:
        best_weights = _go_on(kept, trained, history, stopping)

    def checked_noise(count: int) -> Tensor:
        require_matrix(f"noise({count})", drawn := noise(count))
        return drawn

    for number in range(history.stopped_at + 1, epochs + 1):
        if stopping.should_stop(number - 1):
            break
        losses: list[StepLosses] = []
        with undone_if_diverged((generator, discriminator), number, losses):
            for real in batches:
                require_matrix("batch", real)
                losses.append(train_step(*trained, real.to(device), checked_noise))
            if not losses:
                raise ValueError("batches must hold at least one batch, got none")
            samples = sample(generator, watch)
            epoch = _summarise(number, losses, samples, score)
        history.epochs.append(epoch)
        if stopping.update(number, epoch.score) and keep_best:
            best_weights = copy.deepcopy(generator.state_dict())
        if number == 1 or number % report_every == 0:
            history.snapshots[number] = samples.cpu()
            if report is not None:
                report(epoch, samples)
        if checkpoint is not None and number % checkpoint.every == 0:
            keep()

    if kept is None or len(kept["epochs"]) < history.stopped_at:
        keep()
    history.best_epoch, history.best_score = stopping.best_epoch, stopping.best
    history.snapshots[history.stopped_at] = sample(generator, watch).cpu()
    if keep_best:
        generator.load_state_dict(best_weights)
    return history


Trained = tuple[nn.Module, nn.Module, Adam, Adam]  # generator, discriminator, their optimisers


def _summarise(
    number: int, losses: list[StepLosses], samples: Tensor, score: Callable[[Tensor], float]
) -> Epoch:
    # one stack and one copy from the device an epoch; .item() each step would make a GPU wait
    rows = torch.stack([torch.stack(step) for step in losses]).tolist()
    real, fake, generator = (sum(column) / len(column) for column in zip(*rows, strict=True))
    require_settled({"on real": real, "on fake": fake, "of the generator": generator})
    if not bool(torch.isfinite(samples).all()):
        raise FloatingPointError("a sample is not a finite number")
    epoch = Epoch(number, real, fake, generator, float(score(samples)))
    if epoch.score != epoch.score:
        raise FloatingPointError("the score is not a number")
    return epoch


def _state(
    trained: Trained, history: History, stopping: EarlyStopping, best_weights: State
) -> State:
    """All that `fit` needs to go on."""
    epochs = [list(vars(epoch).values()) for epoch in history.epochs]
    return {
        "trained": [part.state_dict() for part in trained],
        "epochs": torch.tensor(epochs, dtype=torch.float64),
        "snapshots": history.snapshots,
        "best": [stopping.best, stopping.best_epoch],
        "best_weights": best_weights,
    }


def _go_on(kept: State, trained: Trained, history: History, stopping: EarlyStopping) -> State:
    """Put everything to where it was; returns the generator's best weights."""
    restore(trained, kept["trained"])
    history.epochs = [Epoch(int(n), *values) for n, *values in kept["epochs"].tolist()]
    history.snapshots = kept["snapshots"]
    stopping.best, stopping.best_epoch = kept["best"]
    return kept["best_weights"]


def _check_fit(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Noise,
    score: Callable[[Tensor], float],
    watch: Tensor,
    learning_rate: float,
    report: Callable[[Epoch, Tensor], None] | None,
) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        require_network(name, network)
    require_callable("noise", noise)
    require_callable("score", score)
    if report is not None:
        require_callable("report", report)
    require_matrix("watch", watch)
    require_number("learning_rate", learning_rate, above=0)
