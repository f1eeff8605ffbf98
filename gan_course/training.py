"""How do two networks learn from each other? Losses, one step, one loop, and when to stop."""

from __future__ import annotations

import copy
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel

from gan_course.checks import (  # they change nothing that is as it should be
    ADVICE,
    as_samples,
    checked_noise,
    explained,
    fault,
    require_batches,
    require_own,
    require_trainable,
    warn_of_idle,
)
from gan_course.data import Noise
from gan_course.files import Checkpoint
from gan_course.networks import in_mode, sample

# --- losses and steps: project 1 -----------------------------------------------------------------


class Losses(NamedTuple):
    """The three losses of a step, or their means over an epoch: all three tensors, or floats."""

    real: Any
    fake: Any
    generator: Any


def _cross_entropy(answers: Tensor, target: float) -> Tensor:
    """The chapter's `bce`, with targets made to fit the batch: the same target for each answer.

    On a GPU, PyTorch's function leaves the GPU unusable where an answer is NaN, until Python is
    started anew. So NaN is replaced by one half first, and the loss is made NaN afterwards: `fit`
    stops with a clear message.
    """
    # (n, k) would be trained on k answers a sample without a word: refused, as is a lone number.
    # (n, 1) and (n,) pass, and what a network for pictures may answer, (n, 1, height, width)
    if answers.ndim in (0, 2) and answers.shape[-1:] != (1,):
        got = tuple(answers.shape)
        raise ValueError(f"discriminator must give one answer a sample, shape (n, 1), got {got}")
    loss = binary_cross_entropy(answers.nan_to_num(0.5), torch.full_like(answers, target))
    return torch.where(answers.isnan().any(), math.nan, loss)


def real_loss(answers: Tensor) -> Tensor:
    """D's loss on real samples, whose target is 1: the mean of -log D(x).

    The answers are D(x), probabilities of shape (n, 1). PyTorch cuts -log off at 100, so the loss
    stays finite where D(x) is 0; it is ln 2 = 0.693 where every answer is one half.

    Goodfellow et al. 2014, equation 1; its second term is `fake_loss`.
    """
    return _cross_entropy(answers, 1.0)


def fake_loss(answers: Tensor) -> Tensor:
    """D's loss on generated samples, whose target is 0: the mean of -log(1 - D(G(z))), (n, 1)."""
    return _cross_entropy(answers, 0.0)


def generator_loss(answers: Tensor) -> Tensor:
    """G's loss on its own samples: it wants to hear 1, so the mean of -log D(G(z)).

    Of the two forms in section 3 of Goodfellow et al. 2014, the one with strong gradients early.
    """
    return _cross_entropy(answers, 1.0)


def train_on_real(
    discriminator: nn.Module, discriminator_optimiser: Optimizer, real: Tensor
) -> Tensor:
    """Change D once, to call real samples real. Returns the loss before the change."""
    discriminator_optimiser.zero_grad()
    loss = real_loss(discriminator(real))
    loss.backward()
    discriminator_optimiser.step()
    # without its record. The chapter's .item() copies the number to Python, which has to wait until
    # a GPU has computed it, and then the GPU waits for Python, in each step. (`GAN` below keeps it)
    return loss.detach()


def train_on_fake(
    generator: nn.Module, discriminator: nn.Module, discriminator_optimiser: Optimizer, z: Tensor
) -> Tensor:
    """Change D once, to call G's samples fake. Returns the loss before the change."""
    # detach: backward() stops here, since slopes for the generator, which has another optimiser,
    # would be computed for nothing
    fake = generator(z).detach()
    discriminator_optimiser.zero_grad()
    loss = fake_loss(discriminator(fake))
    loss.backward()
    discriminator_optimiser.step()
    return loss.detach()


def train_generator(
    generator: nn.Module, discriminator: nn.Module, generator_optimiser: Optimizer, z: Tensor
) -> Tensor:
    """Change G once, so that D calls its samples real. Returns the loss before the change."""
    generator_optimiser.zero_grad()
    fake = generator(z)
    loss = generator_loss(discriminator(fake))
    loss.backward()
    generator_optimiser.step()
    return loss.detach()


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Noise,
) -> Losses:
    """Train on one batch: D on real samples, D on fake ones, then G on fresh noise.

    Each optimiser changes the weights of its network, and no others; `real` is one batch of real
    samples, shape (n, dim), and `noise` draws as many noise vectors, see `data.normal_noise`.

    Goodfellow et al. 2014, algorithm 1, with equation 1's two terms as two changes of D, and the
    generator's loss of section 3.
    """
    on_real = train_on_real(discriminator, discriminator_optimiser, real)
    z = noise(len(real)).to(real)  # to the device and the number type of the batch
    on_fake = train_on_fake(generator, discriminator, discriminator_optimiser, z)
    z = noise(len(real)).to(real)
    of_generator = train_generator(generator, discriminator, generator_optimiser, z)
    return Losses(on_real, on_fake, of_generator)


# --- when to stop, and the loop ------------------------------------------------------------------


class EarlyStopping:
    """Says when to stop: the score has not improved for `patience` epochs. Lower is better."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.best = math.inf
        self.best_epoch = 0

    def should_stop(self, epoch: int, score: float) -> bool:
        """Take in the score of an epoch; True once the best one is `patience` epochs old."""
        if score < self.best:
            self.best, self.best_epoch = score, epoch
        return epoch - self.best_epoch >= self.patience


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to."""

    number: int  # the first epoch is 1
    losses: Losses  # means over its batches, as floats
    score: float | None = None  # quality after the epoch, lower is better

    def __str__(self) -> str:
        real, fake, generator = self.losses
        score = "" if self.score is None else f", score {self.score:.3f}"
        return (
            f"epoch {self.number:4}: D {real:.3f} on real, {fake:.3f} on fake, "
            f"G {generator:.3f}{score}"
        )


@dataclass
class History:
    """What happened in a run of `fit`."""

    epochs: list[Epoch] = field(default_factory=list)  # a new list for each History
    # epoch -> samples, (m, dim); of the best epoch only if that is the first, an `every`-th or the
    # last: every=1 keeps them all
    snapshots: dict[int, Tensor] = field(default_factory=dict)
    best_epoch: int = 0  # 0: there was no score
    best_score: float = math.inf

    @property
    def losses(self) -> list[Losses]:
        """The mean losses of each epoch."""
        return [epoch.losses for epoch in self.epochs]

    @property
    def scores(self) -> list[float | None]:
        """The score of each epoch."""
        return [epoch.score for epoch in self.epochs]

    @property
    def stopped_at(self) -> int:
        """The number of the last epoch."""
        return len(self.epochs)


def fit(
    generator: nn.Module,
    discriminator: nn.Module,
    loader: Iterable[Any],
    noise: Noise,
    *,
    epochs: int = 1_000,
    step: Callable[..., Losses] = train_step,
    generator_rate: float = 5e-4,
    discriminator_rate: float = 5e-4,
    betas: tuple[float, float] = (0.9, 0.999),
    optimisers: tuple[Optimizer, Optimizer] | None = None,
    decay: bool = False,
    average: float = 0.0,
    watch: Tensor | None = None,
    score: Callable[[Tensor], float] | None = None,
    patience: int | None = None,
    keep_best: bool = False,
    report: Callable[[Epoch], object] | None = None,
    every: int = 25,
    checkpoint: str | os.PathLike[str] | None = None,
) -> History:
    """Train both networks in place, on the device they are on, and show the progress.

    It is `train` of project 1, with its learning rates and more to choose from. It stops early only
    if you give `patience`, and keeps samples of some epochs, but no copies of the networks. Ctrl-C,
    or the stop button, ends it: `fit` then returns what it has so far.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        discriminator: maps (n, dim) to probabilities (n, 1).
        loader: real samples in batches, each of shape (n, dim); gone through once an epoch.
        noise: draws noise vectors, see `data.normal_noise`.
        epochs: train for at most this many, those in a checkpoint included.
        step: trains on one batch; takes what `train_step` takes, and returns `Losses`.
        generator_rate: learning rate of the generator's Adam (Kingma and Ba 2015).
        discriminator_rate: learning rate of the discriminator's Adam.
        betas: Adam's two betas, the same for both networks.
        optimisers: the generator's and the discriminator's, if you made them yourself; rates and
            betas are then theirs.
        decay: let all rates fall in a straight line; they would be 0 just after the last step.
        average: if above 0, the generator ends with a moving average of its weights, and the
            samples that are scored and kept come from it. The number, such as 0.99, is the share
            of the old average that a step keeps, but less at first: see `moving_average`.
        watch: fixed noise, shape (m, latent_dim): what is generated from it, in evaluation mode, is
            scored and kept, so that two epochs differ by the generator alone and not by luck.
        score: says how good samples of shape (m, dim) are; lower is better.
        patience: stop after this many epochs without a better score.
        keep_best: the generator ends with the weights of the best epoch.
        report: called with the `Epoch` and nothing else, after epoch 1 and each `every`-th; `print`
            will do.
        every: epochs between two reports, snapshots (with `watch`), or saves to the checkpoint.
            Epoch 1 gets all three as well, and the last one a snapshot, and a save unless you stop
            it by hand.
        checkpoint: path of a file. If there is none, one is made. If there is, training goes on
            from it, to exactly the losses of a run without a break (on the same machine, and not on
            a Mac's GPU). Noise and batches must draw from PyTorch's global random numbers, or a
            DataLoader's own.

    Raises:
        FloatingPointError: the training has diverged: a loss or a sample is NaN or infinite, the
            score is NaN, or a loss has exploded. The networks get back the weights from before
            this epoch. Adam's means of the gradients stay broken: before you train again, make new
            optimisers, if they were your own, or a new `GAN`.
    """
    # check
    require_trainable(generator, discriminator)
    require_batches(loader, epochs)
    noise = checked_noise(noise)
    watch = None if watch is None else as_samples(watch, "watch")
    if not 0 <= average < 1:
        raise ValueError(f"average must be at least 0 and below 1, such as 0.99, got {average}")
    if score is not None and watch is None:
        raise ValueError("score needs watch, the noise whose samples it is to score")
    if score is None and (patience is not None or keep_best):
        raise ValueError("patience and keep_best need a score to tell good epochs from bad ones")

    # prepare
    if optimisers is None:  # the chapter's, without its `fused=True`: the same but for roundings
        optimisers = (
            Adam(generator.parameters(), lr=generator_rate, betas=betas),
            Adam(discriminator.parameters(), lr=discriminator_rate, betas=betas),
        )
    require_own((generator, discriminator), optimisers)  # each with weights of its network only
    rates = [[float(group["lr"]) for group in one.param_groups] for one in optimisers]
    _set_rates(optimisers, rates)  # as plain floats: NumPy's can't be read from a checkpoint
    # networks that came in evaluation mode: only these are put into training mode for each epoch.
    # In a network that came in training mode, a single layer may be in the other one on purpose
    evaluating = [n for n in (generator, discriminator) if not n.training]
    averaged = moving_average(generator, average) if average else None
    shown: nn.Module = generator if averaged is None else averaged.module  # its copy
    networks = [n for n in (generator, discriminator, averaged) if n is not None]
    stopping = EarlyStopping(math.inf if patience is None else patience)
    history, samples = History(), None
    # a state dict is the network's own memory: without a copy it would go on changing
    best_weights = copy.deepcopy(shown.state_dict())

    # go on from a file, if there is one; without a path, a Checkpoint does nothing
    about = {  # what has to be the same in the training that the file comes from
        "networks": [str(generator), str(discriminator)],
        "rates": rates,
        "decay": int(epochs) if decay else 0,  # the last epoch then sets all rates
        "average": float(average),
        "watch": None if watch is None else watch.tolist(),
    }
    file = Checkpoint(checkpoint, about, [*networks, *optimisers], loader)
    if (kept := file.load()) is not None:
        rows, history.snapshots, best_weights, stopping.best, stopping.best_epoch = kept
        history.epochs = [Epoch(number, Losses(*losses), score) for number, losses, score in rows]
        # say so: whether `loader` and `noise` draw the same as before, a file can't tell
        said = f"going on from {checkpoint}, after epoch {len(rows)}"
        print(f"{said}; to begin anew, delete the file")
    done_before = history.stopped_at

    def save() -> None:
        rows = [[epoch.number, [*epoch.losses], epoch.score] for epoch in history.epochs]
        file.save(rows, history.snapshots, best_weights, stopping.best, stopping.best_epoch)

    def one_epoch(number: int) -> Losses:  # the inner loop of project 1
        losses: list[Losses] = []
        for real in _real_samples(loader, discriminator, first=number == done_before + 1):
            if decay:
                steps = len(loader)  # type: ignore[arg-type]  # Python says so if it has no length
                done = (number - 1) * steps + len(losses)
                _set_rates(optimisers, rates, 1 - done / (epochs * steps))
            with explained():  # an error of PyTorch's ends with what helps
                losses.append(step(generator, discriminator, *optimisers, real, noise))
            if averaged is not None:
                averaged.update_parameters(generator)
        if not losses:
            raise ValueError(f"loader must give batches in every epoch, got none in epoch {number}")
        return _mean(losses)

    # train: the outer loop of project 1
    number, bar = done_before, _progress_bar(epochs, done_before)
    try:
        if number == 0:  # fail now, and not after hours, if the path can't be written
            save()
        # a run from a file may have run out of patience: ask without a new score, if it had any
        stop = stopping.best_epoch > 0 and stopping.should_stop(number, math.inf)
        while number < epochs and not stop:
            number += 1
            weights_before = [copy.deepcopy(network.state_dict()) for network in networks]
            with in_mode(True, *evaluating):
                losses = one_epoch(number)
            if number == 1:  # has a network not changed at all?
                warn_of_idle(networks[:2], weights_before[:2])
            made = None if watch is None else sample(shown, watch).cpu()
            value = None
            broken = fault(losses, made)  # what is broken, in words, or ""
            if score is not None and made is not None and not broken:
                value = float(score(made))
                broken = "the score is not a number" if math.isnan(value) else ""
            if broken:
                for network, old in zip(networks, weights_before, strict=True):
                    network.load_state_dict(old)
                raise FloatingPointError(
                    f"training diverged in epoch {number}: {broken}. The networks have their "
                    f"weights from before this epoch; {ADVICE}"
                )
            epoch, samples = Epoch(number, losses, value), made
            history.epochs.append(epoch)
            if value is not None:
                stop = stopping.should_stop(number, value)
                if stopping.best_epoch == number:  # a run from this file may ask for keep_best
                    best_weights = copy.deepcopy(shown.state_dict())
            if number == 1 or number % every == 0:
                if samples is not None:
                    history.snapshots[number] = samples
                if report is not None:
                    report(epoch)
                save()
            bar.set_postfix_str(str(epoch).partition(": ")[2], refresh=False)  # not its number
            bar.update()
        if number > done_before:
            save()
    except KeyboardInterrupt:  # perhaps in the middle of an epoch, so nothing is saved here
        print(f"stopped in epoch {number} of {epochs}, after {history.stopped_at} whole ones")
    finally:
        bar.close()
        _set_rates(optimisers, rates)  # undo decay

    # finish
    history.best_epoch, history.best_score = stopping.best_epoch, stopping.best
    if samples is not None:
        history.snapshots[history.stopped_at] = samples
    if keep_best:
        generator.load_state_dict(best_weights)
    elif averaged is not None:
        generator.load_state_dict(averaged.module.state_dict())
    return history


def _real_samples(loader: Iterable[Any], discriminator: nn.Module, first: bool) -> Iterator[Tensor]:
    """The batches, on the discriminator's device and in its number type.

    If the loader gives (samples, labels), only the samples are used. Where it is the `first` epoch
    of a call, the first batch is checked for its shape and for NaN.
    """
    weight = next(discriminator.parameters())
    for number, batch in enumerate(loader):
        parts = isinstance(batch, (list, tuple))
        real = batch[0] if parts else batch
        if first and number == 0:
            real = as_samples(real, "the first part of a batch" if parts else "a batch")
        yield torch.as_tensor(real).detach().to(weight)  # samples may come with a record


def _mean(losses: list[Losses]) -> Losses:
    # one copy from the device an epoch
    if isinstance(losses[0].real, Tensor):
        losses = torch.stack([torch.stack(step) for step in losses]).tolist()
    return Losses(*(sum(column) / len(column) for column in zip(*losses, strict=True)))


def _set_rates(
    optimisers: Sequence[Optimizer], rates: Sequence[Sequence[float]], share: float = 1.0
) -> None:
    for optimiser, of_groups in zip(optimisers, rates, strict=True):
        for group, rate in zip(optimiser.param_groups, of_groups, strict=True):
            group["lr"] = rate * share  # where Adam keeps its settings


def _progress_bar(epochs: int, done: int) -> Any:
    from tqdm.auto import tqdm  # a widget in a notebook, a line in a terminal

    # seen in a notebook, where there is an IPython, and in a terminal, which isatty() tells
    ipython = sys.modules.get("IPython")
    in_notebook = ipython is not None and ipython.get_ipython() is not None
    seen = (in_notebook or sys.stderr.isatty()) and not os.environ.get("TQDM_DISABLE")
    return tqdm(total=epochs, initial=done, unit="epoch", disable=not seen)


# --- project 3: an average of the weights, and a class that owns a GAN ---------------------------


def moving_average(network: nn.Module, keep: float) -> AveragedModel:
    """A copy of the network, whose weights are an average of those that the network has had.

    After each step call `update_parameters(network)`: each weight becomes
    share * average + (1 - share) * current. The share is `keep`, but less at first, so that the
    first, random weights are soon forgotten: step / (step + 9), where the first step is 1. It grows
    from a tenth and reaches 0.99 in step 891, 0.998 in step 4,491. Buffers, such as the statistics
    of batch normalisation or the ends of `Unscale`, are copied.
    """

    def move(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        step = int(averaged.n_averaged)  # `count` is the same, but Python may have to wait for it
        # a.lerp(b, w) is (1 - w) a + w b
        return average.lerp(current, 1 - min(keep, step / (step + 9)))

    averaged = AveragedModel(network, avg_fn=move)
    averaged.n_averaged += 1  # PyTorch makes its first update a copy, the one with 0
    return averaged


class GAN:
    """Owns both networks and their optimisers, and trains them.

    Its rates, betas and batches are those that project 3 begins with, not the tuned ones; they are
    given by name.
    Its losses make their targets, so that batches may have any size: there is no `gan.loss`,
    `gan.ones` or `gan.zeros`. Nor is there a `gan.device`: `gan.weight.device` tells it.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        noise: Noise,
        data: Any,
        *,
        batch_size: int = 32,
        device: str | torch.device = "cpu",
        generator_rate: float = 2e-4,
        discriminator_rate: float = 1e-3,
        betas: tuple[float, float] = (0.5, 0.999),
    ) -> None:
        """Take over the networks, which are moved to `device` and trained in place.

        `noise` draws `num` noise vectors, shape (num, latent_dim), and `data` draws `num` real
        samples, shape (num, dim), or is a data set whose rows are drawn at random. Rates and betas
        are those of the Adam optimisers.
        """
        require_trainable(generator, discriminator)
        self.generator = generator.to(device)
        self.discriminator = discriminator.to(device)
        self.noise = noise
        self.data = data if callable(data) else _draws_from(as_samples(data, "data"))
        self.batch_size = batch_size
        # z.to(self.weight) is the chapter's z.to(self.device), and takes its number type, too
        self.weight = next(generator.parameters())
        self.generator_optimiser = Adam(generator.parameters(), lr=generator_rate, betas=betas)
        self.discriminator_optimiser = Adam(
            discriminator.parameters(), lr=discriminator_rate, betas=betas
        )

    def generate_samples(self, latent_vec: Tensor | None = None, num: int | None = None) -> Tensor:
        """Generate from `latent_vec`, shape (n, latent_dim), or from `num` fresh noise vectors.

        Without gradients, in evaluation mode; `num` is the batch size where both are left out.
        """
        num = self.batch_size if num is None else num
        return sample(self.generator, self.noise(num) if latent_vec is None else latent_vec)

    def train_step_generator(self) -> float:
        """Change the generator once; returns its loss on fresh noise, whose target is 1."""
        self.generator_optimiser.zero_grad()
        fake = self.generator(self.noise(self.batch_size).to(self.weight))
        loss = generator_loss(self.discriminator(fake))
        loss.backward()
        self.generator_optimiser.step()
        return loss.item()

    def train_step_discriminator(self, real: Tensor | None = None) -> tuple[float, float]:
        """Change the discriminator once; returns its losses on real and on fake samples.

        `fit` passes the batch, `real`; it is drawn from the data where it is left out.
        """
        self.discriminator_optimiser.zero_grad()
        real = self.data(self.batch_size) if real is None else real
        loss_real = real_loss(self.discriminator(real.to(self.weight)))
        # no_grad: the generator does not learn here. The chapter calls generate_samples, but here
        # that would switch off a dropout in the generator, which is on when the generator learns
        with torch.no_grad():
            fake = self.generator(self.noise(self.batch_size).to(self.weight))
        loss_fake = fake_loss(self.discriminator(fake))
        loss = (loss_real + loss_fake) / 2
        loss.backward()
        self.discriminator_optimiser.step()
        return loss_real.item(), loss_fake.item()

    def train_step(self, real: Tensor | None = None) -> Losses:
        """Change the discriminator, then the generator, once each.

        Goodfellow et al. 2014, algorithm 1, with the generator's loss of section 3.
        """
        loss_real, loss_fake = self.train_step_discriminator(real)
        return Losses(loss_real, loss_fake, self.train_step_generator())

    def fit(
        self, epochs: int = 600, batches: int = 10, *, every: int = 50, **options: Any
    ) -> History:
        """The chapter's `train`, by the function `fit`.

        Where the chapter returns its losses and snapshots, a `History` has both; losses are printed
        only with `report=print`. Batches are drawn, even from a data set, so an epoch is just so
        many `batches`. `options` are others of the function, such as `watch`, `decay`, `average`.
        """
        own = {"generator_rate", "discriminator_rate", "betas", "optimisers", "step", "noise"}
        if theirs := sorted(own & options.keys()):
            raise TypeError(f"a GAN has its own {' and '.join(theirs)}: see GAN(...)")

        def step(
            g: Any, d: Any, g_optimiser: Any, d_optimiser: Any, real: Any, noise: Any
        ) -> Losses:
            return self.train_step(real)  # this GAN has the rest already

        draws = _Draws(self.data, self.batch_size, batches)
        options |= {"epochs": epochs, "step": step, "every": every}
        options["optimisers"] = self.generator_optimiser, self.discriminator_optimiser
        noise = self.noise
        self.noise = checked_noise(noise)  # `fit` checks its own, but the steps draw from this one
        try:
            return fit(self.generator, self.discriminator, draws, noise, **options)
        finally:
            self.noise = noise


def _draws_from(samples: Tensor) -> Callable[[int], Tensor]:
    return lambda num: samples[torch.randint(len(samples), (num,))]


class _Draws:
    """What `fit` goes through for a GAN: batches that are drawn each time."""

    def __init__(self, data: Callable[[int], Tensor], batch_size: int, batches: int) -> None:
        self.data, self.batch_size, self.batches = data, batch_size, batches

    def __iter__(self) -> Iterator[Tensor]:
        return (self.data(self.batch_size) for _ in range(self.batches))

    def __len__(self) -> int:  # so that falling rates know the last step
        return self.batches
