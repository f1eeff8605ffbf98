"""How is a training watched while it runs? What each snapshot holds, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median_high
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from gan_course.checks import as_samples
from gan_course.networks import in_mode
from gan_course.panel import picture, words
from gan_course.panel.words import Finding
from gan_course.training import Losses, fake_loss, generator_loss, real_loss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# From where on something counts as wrong. Answers and shares run from 0 to 1.
SURE = 0.1  # D wins: it gives real samples more than 1 - SURE and generated ones less than SURE
LEANS = 0.1  # D leans to one side: both mean answers are this far from one half, on the same side;
# D is half sure: its answers for generated samples are closer to one half than this
REVERSED = 0.2  # D is upside down: generated samples get this much more than real ones
SAME = 0.02  # D is blind: no two of its answers differ by more
HUDDLED = 0.3  # collapse: the standard deviation of a column is below this share of the real one
MISSING = 0.1  # a value, or a tenth of the range, is missing below this share of its real share
STRAY = 0.05  # share of samples that may lie outside of the real range, widened by a quarter
OFF = 0.1  # share of samples that may lie off the real ones, where nothing else is wrong
NEAR = 0.15  # off: further away than this from each real sample, in real standard deviations
LARGE = 10.0  # real samples that reach beyond it are not scaled
WORSE = 3.0  # past its best: the quality is this many times as large as it once was
BINS = 10  # parts of a column's range that hold equal shares of the real samples


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What one `update` has recorded of both networks, on the CPU."""

    step: int
    samples: Tensor  # made from the fixed noise, shape (m, dim)
    real_answers: Tensor  # D's answers for the real samples as they came, shape (n,)
    fake_answers: Tensor  # and for the generated ones, shape (m,)
    quality: float | str | None

    @property
    def finite(self) -> bool:
        """Whether all samples and answers are finite numbers."""
        tensors = (self.samples, self.real_answers, self.fake_answers)
        return all(bool(torch.isfinite(one).all()) for one in tensors)


class Panel:
    """Watches a training: one `update` in the loop, one `show` afterwards.

    It goes with any loop and any two networks, and never stops a run: a network that fails is a
    finding of the diagnosis.

    Attributes:
        snapshots: what each `update` has recorded.
        one_hot: whether real samples are rows of more than two numbers, one of them 1, the rest 0.
        logits: whether D has ever answered with a number outside of 0 to 1.
    """

    def __init__(
        self, real: Any, watch: Any, quality: Callable[[Tensor], Any] | None = None
    ) -> None:
        """Say what to compare with.

        Args:
            real: real samples, shape (n, dim), in the units in which the networks see them.
            watch: noise that stays the same, shape (m, latent_dim), so that two snapshots differ by
                the networks and not by luck. With m of 100 or more, gaps can be found.
            quality: says how good samples of shape (m, dim) are: a number, lower is better, or
                a text.
        """
        self.real = as_samples(real, "real").detach().cpu()
        self.watch = as_samples(watch, "watch").detach()
        for name, rows in (("real", self.real), ("watch", self.watch)):
            if len(rows) < 2:  # they would be told to be all equal
                raise ValueError(f"{name} must have at least 2 rows, got {len(rows)}")
        self.quality = quality
        self.snapshots: list[Snapshot] = []
        ones = bool(((self.real == 0) | (self.real == 1)).all())
        whole = bool((self.real.sum(dim=1) == 1).all())
        self.one_hot = ones and whole and self.real.shape[1] > 2
        self.logits = False
        self._seen: dict[str, Finding] = {}  # faults of single snapshots, each told once
        self._weights: list[Tensor] = []  # of G and of D, at the last snapshot
        self._moved = [False, False]  # whether they have ever changed between two snapshots

    def update(self, step: int, generator: nn.Module, discriminator: nn.Module) -> None:
        """Take a snapshot; modes, gradients and random numbers stay as they are.

        Both networks are asked in evaluation mode.

        Args:
            step: number of steps, or epochs, so far; it rises from call to call.
            generator: maps noise like `watch` to samples like `real`.
            discriminator: maps samples to one answer each, shape (n, 1).
        """
        if self.snapshots and step <= self.snapshots[-1].step:
            raise ValueError(
                f"step must be larger than {self.snapshots[-1].step}, that of the last snapshot, "
                f"got {step}; a new run needs a new Panel"
            )
        try:
            with _undisturbed(generator, discriminator) as trained:
                self.snapshots.append(self._snapshot(step, generator, discriminator, trained))
                weights = [_weights(generator), _weights(discriminator)]
        except Exception as error:  # whatever a learner's network raises is what we report
            self._add(words.FAILED.told(step=step, what=f"{type(error).__name__}: {error}"))
            return
        answers = torch.cat([self.snapshots[-1].real_answers, self.snapshots[-1].fake_answers])
        self.logits |= bool(((answers < 0) | (answers > 1)).any())
        for k, before in enumerate(self._weights):
            self._moved[k] |= not torch.equal(weights[k], before)
        self._weights = weights

    def _snapshot(
        self, step: int, generator: nn.Module, discriminator: nn.Module, trained: set[nn.Module]
    ) -> Snapshot:
        device = next(generator.parameters(), self.watch).device
        watch = self.watch.to(device)
        samples = generator(watch)
        wanted = (len(watch), self.real.shape[1])
        if samples.shape != wanted:
            got = tuple(samples.shape)
            raise ValueError(f"the generator makes shape {got}, expected {wanted}")
        # copies, since a network may write into what it is given
        real_answers = self._answers(discriminator, self.real.to(device, copy=True))
        fake_answers = self._answers(discriminator, samples.clone())
        if not _same(samples, generator(watch)):
            self._add(words.WAVERING_GENERATOR)
        elif dropouts := [m for m in generator.modules() if isinstance(m, _DropoutNd)]:
            for dropout in dropouts:
                dropout.train(dropout in trained)  # as the learner left it
            if not _same(samples, generator(watch)):
                self._add(words.DROPOUT)
        if not _same(fake_answers, self._answers(discriminator, samples.clone())):
            self._add(words.WAVERING_DISCRIMINATOR)
        samples = samples.detach().cpu()
        quality = self._measure(step, samples)
        return Snapshot(step, samples, real_answers.cpu(), fake_answers.cpu(), quality)

    def _answers(self, discriminator: nn.Module, samples: Tensor) -> Tensor:
        answers: Tensor = discriminator(samples)
        if answers.shape == (len(samples),):
            self._add(words.FLAT.told(count=len(samples)))
        elif answers.shape != (len(samples), 1):
            got, wanted = tuple(answers.shape), (len(samples), 1)
            raise ValueError(f"the discriminator answers with shape {got}, expected {wanted}")
        return answers.flatten()

    def _measure(self, step: int, samples: Tensor) -> float | str | None:
        if self.quality is None:
            return None
        try:
            found = self.quality(samples)
            return found if isinstance(found, str) else float(found)
        except Exception as error:  # as in `update`
            self._add(words.UNMEASURED.told(step=step, what=f"{type(error).__name__}: {error}"))
            return None

    def _add(self, finding: Finding) -> None:
        self._seen.setdefault(finding.name, finding)

    def probabilities(self, snapshot: Snapshot) -> tuple[Tensor, Tensor]:
        """D(x), shape (n,), and D(G(z)), shape (m,): logits get the sigmoid that they lack."""
        if self.logits:
            return torch.sigmoid(snapshot.real_answers), torch.sigmoid(snapshot.fake_answers)
        return snapshot.real_answers, snapshot.fake_answers

    def losses(self, snapshot: Snapshot) -> Losses:
        """The losses of `gan_course.training` in nats, whatever the run itself computes."""
        real, fake = self.probabilities(snapshot)
        return Losses(float(real_loss(real)), float(fake_loss(fake)), float(generator_loss(fake)))

    def findings(self) -> list[Finding]:
        """What is wrong, from the records alone, the most urgent first; empty if nothing is."""
        found = list(self._seen.values())
        if not self.snapshots or not self.snapshots[-1].finite:
            first = next((s.step for s in self.snapshots if not s.finite), None)
            return found if first is None else [words.DIVERGED.told(step=first), *found]
        if self.logits:
            found.append(words.LOGITS)
        if len(self.snapshots) >= 3:
            frozen = zip((words.G_FROZEN, words.D_FROZEN), self._moved, strict=True)
            found += [finding for finding, moved in frozen if not moved]
            found += self._about_answers()
        found += self._about_samples()
        found += self._about_quality()
        most = float(self.real.abs().max())
        return [*found, words.UNSCALED.told(most=most)] if most > LARGE else found

    def diagnosis(self) -> str:
        """The findings in plain words, one paragraph each."""
        if not self.snapshots and not self._seen:
            return "Nothing recorded yet: call panel.update(step, generator, discriminator)."
        found = self.findings()
        if not found:
            return "Nothing wrong seen. This is not a proof: measure many fresh samples."
        return "\n".join(f"{number}. {finding}" for number, finding in enumerate(found, 1))

    def _about_answers(self) -> list[Finding]:
        recent = [s for s in self.snapshots[-max(3, len(self.snapshots) // 4) :] if s.finite]
        answers = [self.probabilities(snapshot) for snapshot in recent]
        real = torch.stack([real.mean() for real, _ in answers])
        fake = torch.stack([fake.mean() for _, fake in answers])
        gap, middle = float((real - fake).mean()), float((real + fake).mean() / 2)
        undecided = float(torch.cat([fake - 0.5 for _, fake in answers]).abs().mean())
        everything = torch.cat(answers[-1])
        if bool((real > 1 - SURE).all() and (fake < SURE).all()):
            return [words.WINS]
        if gap < -REVERSED:
            return [words.REVERSED]
        # at the ideal end D sees no difference either; but then the samples are right
        if float(everything.max() - everything.min()) < SAME and self._unlike(recent[-1].samples):
            return [words.BLIND]
        if float(real.mean()) > 1 - SURE and undecided < LEANS:
            return [words.HALF_SURE]
        if abs(middle - 0.5) - abs(gap) / 2 > LEANS:
            return [words.LEANS.told(side="real" if middle > 0.5 else "generated")]
        return []

    def _about_samples(self) -> list[Finding]:
        samples, found = self.snapshots[-1].samples, []
        if bool((samples == samples[0]).all()):
            return [words.ALL_EQUAL]
        if self.one_hot:
            dead = float((samples == 0).all(dim=1).double().mean())
            if dead > 0:
                found.append(words.DEAD.told(share=dead))
        else:
            ratio = samples.std(dim=0) / self.real.std(dim=0).clamp(min=1e-12)
            if float(ratio.min()) < HUDDLED:
                column = int(ratio.argmin())
                return [words.HUDDLED.told(column=column, ratio=float(ratio.min()))]
            low, high = self.real.min(dim=0).values, self.real.max(dim=0).values
            margin = (high - low) / 4
            outside = ((samples < low - margin) | (samples > high + margin)).any(dim=1)
            if (share := float(outside.double().mean())) > STRAY:
                return [words.STRAY.told(share=share)]
            if (share := self._share_off(samples)) > OFF:
                found.append(words.OFF.told(share=share))
        gaps = []
        for what, real, made in self._shares(samples):
            lacking = int((made < MISSING * real).sum())
            # with fewer samples, or for a single rare value, it may be chance
            if len(samples) >= 6 * len(real) and lacking >= max(1, len(real) / 10):
                gaps.append(f"in {lacking} of {len(real)} {what}")
        return [*found, words.MISSING.told(where=", and ".join(gaps))] if gaps else found

    def _shares(self, samples: Tensor) -> list[tuple[str, Tensor, Tensor]]:
        """What is counted, and how large a share each has in real and generated samples.

        For one-hot rows, one item: the values that occur among the real ones. Otherwise one item
        a column: ranges that hold about a tenth of the real samples each.
        """
        if self.one_hot:
            depth = self.real.shape[1]
            real, made = (
                torch.bincount(rows.argmax(dim=1), minlength=depth) / len(rows)
                for rows in (self.real, samples)
            )
            return [("values", real[real > 0], made[real > 0])]
        found = []
        for k, (real, made) in enumerate(zip(self.real.T, samples.T, strict=True)):
            edges = real.quantile(torch.linspace(0, 1, BINS + 1)[1:-1].to(real)).unique()
            held, hit = (
                torch.bucketize(values.contiguous(), edges).bincount(minlength=len(edges) + 1)
                for values in (real, made.to(real))
            )
            found.append((f"ranges of column {k}", held / len(real), hit / len(made)))
        return found

    def _unlike(self, samples: Tensor) -> bool:
        """Whether shares differ by far more than chance: total variation in one of the columns."""
        for _, real, made in self._shares(samples):
            chance = math.sqrt(len(real) / (2 * math.pi * len(samples)))
            if float((real - made).abs().sum() + (1 - made.sum()).abs()) / 2 > 0.25 + chance:
                return True
        return False

    def _share_off(self, samples: Tensor) -> float:
        """How large a share of the samples has no real one near it, each column in its own scale.

        In many dimensions real samples are not near each other either; so those count too.
        """
        scale = self.real.std(dim=0).clamp(min=1e-12)
        real = self.real[:2_000] / scale
        apart = torch.cdist(real, real).fill_diagonal_(math.inf).min(dim=1).values
        near = max(NEAR, 3 * float(apart.quantile(0.95)))
        nearest = torch.cdist(samples.to(scale) / scale, real).min(dim=1).values
        return float((nearest > near).double().mean())

    def _about_quality(self) -> list[Finding]:
        measured = [
            (snapshot.quality, snapshot.step)
            for snapshot in self.snapshots
            if isinstance(snapshot.quality, float) and math.isfinite(snapshot.quality)
        ]
        if len(measured) < 8:
            return []
        best, step = min(measured)
        now = median_high(quality for quality, _ in measured[-(len(measured) // 4) :])
        if now > WORSE * best and step <= measured[len(measured) // 2][1]:
            return [words.PAST_ITS_BEST.told(step=step, best=best, now=now)]
        return []

    def show(self, title: str = "") -> None:
        """Draw the panel, and print the diagnosis under it."""
        import matplotlib.pyplot as plt

        self.figure(title)
        plt.show()
        print(self.diagnosis())

    def figure(self, title: str = "") -> Figure:
        """Draw the answers, the losses, the samples and, where it is a number, the quality."""
        return picture.draw(self, title)


@contextmanager
def _undisturbed(*networks: nn.Module) -> Iterator[set[nn.Module]]:
    """Evaluation mode and no gradients; afterwards modes and random numbers are as before.

    Yields the modules that were in training mode.
    """
    trained = {m for network in networks for m in network.modules() if m.training}
    weights = [weight for network in networks for weight in network.parameters()]
    devices = {weight.device.index for weight in weights if weight.device.type == "cuda"}
    on_apple = any(weight.device.type == "mps" for weight in weights)  # fork_rng can't do that one
    apple = torch.mps.get_rng_state() if on_apple else None
    with torch.random.fork_rng(devices=sorted(devices)), torch.no_grad(), in_mode(False, *networks):
        try:
            yield trained
        finally:
            if apple is not None:
                torch.mps.set_rng_state(apple)


def _weights(network: nn.Module) -> Tensor:
    """All weights of a network in one row, as a copy on the CPU."""
    rows = [weight.detach().flatten().cpu() for weight in network.parameters()]
    return torch.cat([*rows, torch.empty(0)])


def _same(one: Tensor, other: Tensor) -> bool:
    # not exactly: sums on a GPU need not come out the same twice
    return torch.allclose(one, other, rtol=1e-3, atol=1e-5, equal_nan=True)
