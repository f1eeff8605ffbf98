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

from gan_course.checks import (
    as_samples,
    checked_noise,
    explained,
    require_batches,
    require_own,
    require_trainable,
    warn_of_idle,
)
from gan_course.data import Noise
from gan_course.files import fingerprint, load_run, save_run
from gan_course.networks import in_mode, sample

# Above this mean loss a training is broken; an undecided D has 0.69. At 50 nats a network gives the
# right answer a probability of e^-50, and PyTorch's BCE hardly has a gradient left.
EXPLODED = 50.0
ADVICE = "try smaller learning rates, and data scaled to [-1, 1]"
# --- losses and steps: project 1 -----------------------------------------------------------------


class Losses(NamedTuple):
    """The three losses of a step: tensors from `train_step`, floats from `GAN`.

    In nats, the unit of whatever is made with the natural logarithm.
    """

    real: Any
    fake: Any
    generator: Any


def real_loss(answers: Tensor) -> Tensor:
    """D's loss on real samples, whose target is 1: the mean of -log D(x), in nats.

    The answers are D(x), probabilities of shape (n, 1).
    Goodfellow et al. 2014, equation 1, first term. PyTorch cuts -log off at 100, so the loss
    stays finite where D(x) is 0; it is ln 2 = 0.693 where every answer is one half.
    """
    return _cross_entropy(answers, 1.0)


def fake_loss(answers: Tensor) -> Tensor:
    """D's loss on generated samples, whose target is 0: the mean of -log(1 - D(G(z))), in nats.

    Goodfellow et al. 2014, equation 1, second term.
    """
    return _cross_entropy(answers, 0.0)


def generator_loss(answers: Tensor) -> Tensor:
    """G's loss on its own samples: it wants to hear 1, so the mean of -log D(G(z)), in nats.

    Goodfellow et al. 2014, section 3: the form with strong gradients early in learning.
    """
    return _cross_entropy(answers, 1.0)


def _cross_entropy(answers: Tensor, target: float) -> Tensor:
    """The chapter's `bce`, with targets made to fit the batch.

    On a GPU, PyTorch's function leaves the GPU unusable where an answer is NaN, until Python is
    started anew. So NaN is replaced by one half first, and the loss is made NaN afterwards: `fit`
    stops with a clear message.
    """
    # of (n, k), all k answers would be trained, without a word; a grid of answers may be meant
    if answers.ndim in (0, 2) and answers.shape[-1:] != (1,):
        got = tuple(answers.shape)
        raise ValueError(f"discriminator must give one answer a sample, shape (n, 1), got {got}")
    loss = binary_cross_entropy(answers.nan_to_num(0.5), torch.full_like(answers, target))
    return torch.where(answers.isnan().any(), math.nan, loss)


def train_on_real(
    discriminator: nn.Module, discriminator_optimiser: Optimizer, real: Tensor
) -> Tensor:
    """Change D once, to call real samples real. Returns the loss before the change."""
    discriminator_optimiser.zero_grad()
    loss = real_loss(discriminator(real))
    loss.backward()
    discriminator_optimiser.step()
    # the chapter's .item() would make a GPU wait in each step; detach lets go of the record, too
    return loss.detach()


def train_on_fake(
    generator: nn.Module, discriminator: nn.Module, discriminator_optimiser: Optimizer, z: Tensor
) -> Tensor:
    """Change D once, to call G's samples fake. Returns the loss before the change."""
    # detach: the generator is not to learn from this step, so no gradient need reach it
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

    Goodfellow et al. 2014, algorithm 1, with the discriminator's two terms as two changes, and the
    generator's loss of section 3.
    """
    on_real = train_on_real(discriminator, discriminator_optimiser, real)
    z = noise(len(real)).to(real)  # to the device and the number type of the batch
    on_fake = train_on_fake(generator, discriminator, discriminator_optimiser, z)
    z = noise(len(real)).to(real)
    of_generator = train_generator(generator, discriminator, generator_optimiser, z)
    return Losses(on_real, on_fake, of_generator)


# --- the loop: projects 1 to 3 -------------------------------------------------------------------


class EarlyStopping:
    """Says when to stop: the score has not improved for `patience` epochs. Lower is better."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.best = math.inf
        self.best_epoch = 0

    def should_stop(self, epoch: int, score: float) -> bool:
        """Take in the score of an epoch; True when the best one is `patience` epochs old."""
        if score < self.best:
            self.best, self.best_epoch = score, epoch
        return epoch - self.best_epoch >= self.patience


@dataclass(frozen=True)
class Epoch:
    """The result of one epoch."""

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
    snapshots: dict[int, Tensor] = field(default_factory=dict)  # epoch -> samples, (n, dim)
    best_epoch: int = 0
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

    It is `train` of project 1, with its learning rates and more to choose from; it stops early
    only if you give `patience`. Ctrl-C, or the stop button, ends it: `fit` then returns what it
    has so far.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        discriminator: maps (n, dim) to probabilities (n, 1).
        loader: real samples in batches, each of shape (n, dim); gone through once an epoch.
        noise: draws noise vectors, see `data.normal_noise`.
        epochs: train for at most this many.
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
        watch: fixed noise, shape (m, latent_dim): what is generated from it is scored and kept, so
            that two epochs differ by the generator alone and not by luck.
        score: says how good samples of shape (m, dim) are; lower is better.
        patience: stop after this many epochs without a better score.
        keep_best: the generator ends with the weights of the best epoch.
        report: called with the `Epoch`, after epoch 1 and each `every`-th; `print` will do.
        every: epochs between two reports, snapshots, or saves to the checkpoint; of the last epoch
            that is trained there is a snapshot, and a save unless you stop it by hand.
        checkpoint: path of a file. If there is none, one is made. If there is, training goes on
            from it, to exactly the losses of a run without a break (on the same machine, and not on
            a Mac's GPU). Noise and batches must draw from PyTorch's global random numbers, or a
            DataLoader's own.

    Raises:
        FloatingPointError: the training has diverged: a loss or a sample is NaN or infinite, the
            score is NaN, or a loss has exploded. The networks get back the weights from before
            this epoch. Optimisers of your own, or of a `GAN`, remember it: make new ones.
    """
    # check and prepare
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
    if optimisers is None:
        optimisers = (
            Adam(generator.parameters(), lr=generator_rate, betas=betas),
            Adam(discriminator.parameters(), lr=discriminator_rate, betas=betas),
        )
    require_own((generator, discriminator), optimisers)
    rates = [[float(group["lr"]) for group in one.param_groups] for one in optimisers]
    _set_rates(optimisers, rates)  # NumPy's numbers would make the checkpoint unreadable
    # as eval() has left them; in one that is awake, single layers may sleep on purpose
    asleep = [n for n in (generator, discriminator) if not n.training]
    averaged = moving_average(generator, average) if average else None
    shown: nn.Module = generator if averaged is None else averaged.module  # its copy
    networks = [n for n in (generator, discriminator, averaged) if n is not None]
    stopping = EarlyStopping(math.inf if patience is None else patience)
    history, samples = History(), None
    # a state dict is the network's own memory: without a copy it would go on changing
    best_weights = copy.deepcopy(shown.state_dict())

    # go on from a file, if there is one
    about = {  # it must be of the same training: with decay, epochs set the rate of each step
        "networks": [str(generator), str(discriminator)],
        "rates": rates,
        "decay": int(epochs) if decay else 0,
        "average": float(average),
        "watch": None if watch is None else watch.tolist(),
    }
    file = _Checkpoint(checkpoint, about, [*networks, *optimisers], loader)
    best_weights = file.load(history, stopping) or best_weights
    done_before = history.stopped_at

    def one_epoch(number: int) -> Losses:
        losses: list[Losses] = []
        for real in _real_samples(loader, discriminator, first=number == done_before + 1):
            if decay:
                steps = len(loader)  # type: ignore[arg-type]  # where it has none, Python says so
                done = (number - 1) * steps + len(losses)
                _set_rates(optimisers, rates, 1 - done / (epochs * steps))
            with explained():
                losses.append(step(generator, discriminator, *optimisers, real, noise))
            if averaged is not None:
                averaged.update_parameters(generator)
        if not losses:
            raise ValueError(f"loader must give batches in every epoch, got none in epoch {number}")
        return _mean(losses)

    # train
    number, bar = done_before, _progress_bar(epochs, done_before)
    try:
        if number == 0:  # fail now, and not after hours, if the path can't be written
            file.save(history, stopping, best_weights)
        # a run from a file may have run out of patience: ask, without a new score
        stop = stopping.best_epoch > 0 and stopping.should_stop(number, math.inf)
        while number < epochs and not stop:
            number += 1
            weights_before = [copy.deepcopy(network.state_dict()) for network in networks]
            with in_mode(True, *asleep):
                losses = one_epoch(number)
            if number == 1:
                warn_of_idle(networks[:2], weights_before[:2])
            made = None if watch is None else sample(shown, watch).cpu()
            value = None
            fault = _fault(losses, made)
            if score is not None and made is not None and not fault:
                value = float(score(made))
                fault = "the score is not a number" if math.isnan(value) else ""
            if fault:
                _restore(networks, weights_before)
                raise FloatingPointError(
                    f"training diverged in epoch {number}: {fault}. The networks have their "
                    f"weights from before this epoch; {ADVICE}"
                )
            epoch, samples = Epoch(number, losses, value), made
            history.epochs.append(epoch)
            if value is not None:
                stop = stopping.should_stop(number, value)
                if stopping.best_epoch == number:  # kept in any case: keep_best may come later
                    best_weights = copy.deepcopy(shown.state_dict())
            if number == 1 or number % every == 0:
                if samples is not None:
                    history.snapshots[number] = samples
                if report is not None:
                    report(epoch)
                file.save(history, stopping, best_weights)
            bar.set_postfix_str(str(epoch).partition(": ")[2], refresh=False)  # not its number
            bar.update()
        if number > done_before:
            file.save(history, stopping, best_weights)
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


def moving_average(network: nn.Module, keep: float) -> AveragedModel:
    """A copy of the network, whose weights are an average of those that the network has had.

    After each step call `update_parameters(network)`: each weight becomes
    share * average + (1 - share) * current. The share is `keep`, but less at first, so that the
    first, random weights are soon forgotten: step / (step + 9), which grows from a tenth and
    reaches 0.99 in step 891, 0.998 in step 4,491. Buffers, such as the statistics of batch
    normalisation or the ends of `Unscale`, are copied.
    """

    def move(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        step = int(averaged.n_averaged)  # `count` is the same, but would have to come from a GPU
        # a.lerp(b, w) is (1 - w) a + w b
        return average.lerp(current, 1 - min(keep, step / (step + 9)))

    averaged = AveragedModel(network, avg_fn=move)
    averaged.n_averaged += 1  # or the first update would only copy
    return averaged


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
    # one copy from the device an epoch, where .item() would make a GPU wait in each step
    if isinstance(losses[0].real, Tensor):
        losses = torch.stack([torch.stack(step) for step in losses]).tolist()
    return Losses(*(sum(column) / len(column) for column in zip(*losses, strict=True)))


def _fault(losses: Losses, samples: Tensor | None) -> str:
    """What says that the training has diverged; empty if nothing does."""
    names = ("on real", "on fake", "of the generator")
    for name, loss in zip(names, losses, strict=True):
        if not math.isfinite(loss):
            return f"the loss {name} is not a finite number"
        if loss > EXPLODED:
            return f"the loss {name} has exploded to {loss:.3g} nats"
    finite = samples is None or bool(torch.isfinite(samples).all())
    return "" if finite else "a sample is not a finite number"


def _set_rates(
    optimisers: Sequence[Optimizer], rates: Sequence[Sequence[float]], share: float = 1.0
) -> None:
    for optimiser, of_groups in zip(optimisers, rates, strict=True):
        for group, rate in zip(optimiser.param_groups, of_groups, strict=True):
            group["lr"] = rate * share  # where Adam keeps its settings


def _progress_bar(epochs: int, done: int) -> Any:
    from tqdm.auto import tqdm  # a widget in a notebook, a line in a terminal

    # silent when output goes to a file or a test, and where TQDM_DISABLE is set; in a notebook
    # there is an IPython, and isatty() tells a terminal
    ipython = sys.modules.get("IPython")
    in_notebook = ipython is not None and ipython.get_ipython() is not None
    seen = (in_notebook or sys.stderr.isatty()) and not os.environ.get("TQDM_DISABLE")
    return tqdm(total=epochs, initial=done, unit="epoch", disable=not seen)


# --- a class that owns a GAN: project 3 ----------------------------------------------------------


class GAN:
    """Owns both networks and their optimisers, and trains them; the recipe of project 3.

    Its losses make their targets, so that batches may have any size.
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
        # noise and samples take its device and number type: the chapter's .to(device)
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

        `real` is drawn from the data where it is left out.
        """
        self.discriminator_optimiser.zero_grad()
        real = self.data(self.batch_size) if real is None else real
        loss_real = real_loss(self.discriminator(real.to(self.weight)))
        # no_grad: the generator does not learn here. The chapter calls generate_samples; here that
        # is in evaluation mode, and D should see fakes as they are made in training, with dropout
        with torch.no_grad():
            fake = self.generator(self.noise(self.batch_size).to(self.weight))
        loss_fake = fake_loss(self.discriminator(fake))
        loss = (loss_real + loss_fake) / 2
        loss.backward()
        self.discriminator_optimiser.step()
        return loss_real.item(), loss_fake.item()  # as in the chapter, though a GPU waits

    def train_step(self, real: Tensor | None = None) -> Losses:
        """Change the discriminator, then the generator, once each.

        Goodfellow et al. 2014, algorithm 1, with the generator's loss of section 3.
        """
        loss_real, loss_fake = self.train_step_discriminator(real)
        return Losses(loss_real, loss_fake, self.train_step_generator())

    def fit(
        self, epochs: int = 600, batches: int = 10, *, every: int = 50, **options: Any
    ) -> History:
        """The chapter's `train`, by the function `fit`: prints losses only with `report=print`.

        Batches are drawn, even from a data set, so an epoch is just so many `batches`. `options`
        are those of the function that this GAN has not got already.
        """
        own = {"generator_rate", "discriminator_rate", "betas", "optimisers", "step"}
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
        self.noise = checked_noise(noise)  # the steps draw from it, while they train
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


class _Checkpoint:
    """The file of a run of `fit`; where there is no path, it does nothing."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        about: dict[str, Any],
        trained: Sequence[Any],  # networks and optimisers
        loader: Iterable[Any],
    ) -> None:
        self.path, self.about, self.trained = path, about, trained
        self.random = getattr(loader, "generator", None)  # a DataLoader's own random numbers
        optimisers = [part for part in trained if isinstance(part, Optimizer)]
        groups = [group for optimiser in optimisers for group in optimiser.param_groups]
        about["betas"] = [group.get("betas") for group in groups]
        about["batch size"] = getattr(loader, "batch_size", None)
        about["data"] = None if path is None else fingerprint(loader)

    def save(self, history: History, stopping: EarlyStopping, best_weights: Any) -> None:
        """Keep all that `fit` needs to go on."""
        if self.path is not None:
            states = [part.state_dict() for part in self.trained]
            rows = [[epoch.number, list(epoch.losses), epoch.score] for epoch in history.epochs]
            best = [best_weights, stopping.best, stopping.best_epoch]
            state = [states, rows, history.snapshots, *best]
            save_run(self.path, self.about, state, self.random)

    def load(self, history: History, stopping: EarlyStopping) -> Any:
        """Put everything to where it was; returns the best weights, or None without a file."""
        state = None if self.path is None else load_run(self.path, self.about, self.random)
        if state is None:
            return None
        states, rows, history.snapshots, best_weights, stopping.best, stopping.best_epoch = state
        _restore(self.trained, states)
        history.epochs = [Epoch(number, Losses(*losses), score) for number, losses, score in rows]
        # say so: where a function draws the data, the file can't tell whether they are the same
        print(f"going on from {self.path}, after epoch {len(rows)}; to begin anew, delete the file")
        return best_weights


def _restore(parts: Iterable[Any], states: Iterable[dict[str, Any]]) -> None:
    for part, state in zip(parts, states, strict=True):
        part.load_state_dict(state)
