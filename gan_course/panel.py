"""What is wrong with this training? A panel beside any run: answers, losses, samples, diagnosis."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median_high
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy
from torch.nn.modules.dropout import _DropoutNd

from gan_course.checks import require_callable, require_count, require_matrix, require_type
from gan_course.plots import GENERATED, REAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Quality = Callable[[Tensor], Any]

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

# The lines of real samples, of generated ones, and of G
STYLES = ((REAL["color"], "-"), (GENERATED["color"], "--"), ("#009E73", "-."))


class Finding(NamedTuple):
    """One thing that is wrong: what is seen, what is likely behind it, what to try."""

    name: str
    symptom: str
    causes: str
    cure: str

    def __str__(self) -> str:
        """Lines that fit into 74 characters, with the number before them."""
        fill = partial(textwrap.fill, width=71, break_long_words=False, break_on_hyphens=False)
        symptom = fill(self.symptom, subsequent_indent=" " * 3)
        causes = fill(f"   Likely: {self.causes}", subsequent_indent=" " * 5)
        return "\n".join([symptom, causes, fill(f"   Try: {self.cure}", subsequent_indent=" " * 5)])


@dataclass(frozen=True, eq=False)
class Look:
    """What one look at both networks has recorded, on the CPU."""

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
    """Looks at a training from beside it: one `update` in the loop, one `show` afterwards.

    It goes with any loop and any two networks, and never stops a run: a network that fails is a
    finding of the diagnosis.

    Attributes:
        looks: what each `update` has recorded.
    """

    def __init__(self, real: Tensor, watch: Tensor, quality: Quality | None = None) -> None:
        """Say what to compare with.

        Args:
            real: real samples, shape (n, dim), in the units in which the networks see them.
            watch: noise that stays the same, shape (m, latent_dim), so that two looks differ by
                the networks and not by luck. With m of 100 or more, gaps can be found.
            quality: says how good samples of shape (m, dim) are: a number, lower is better, or
                a text.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: `real` or `watch` has another shape or is not finite.
        """
        require_matrix("real", real, rows=2)
        require_matrix("watch", watch, rows=2)
        if quality is not None:
            require_callable("quality", quality)
        self.real, self.watch, self.quality = real.detach().cpu(), watch.detach(), quality
        self.looks: list[Look] = []
        self._seen: dict[str, Finding] = {}  # faults of single looks; each is told once
        self._weights: tuple[Tensor, Tensor] | None = None  # of G and of D, at the last look
        self._moved = [False, False]  # whether they have ever changed between two looks

    def update(self, step: int, generator: nn.Module, discriminator: nn.Module) -> None:
        """Take a look; modes, gradients and random numbers stay as they are.

        Both networks are asked in evaluation mode.

        Args:
            step: number of steps, or epochs, so far; it rises from look to look.
            generator: maps noise like `watch` to samples like `real`.
            discriminator: maps samples to one answer each, shape (n, 1).

        Raises:
            TypeError: `step` is no whole number.
            ValueError: `step` is not larger than at the last look.
        """
        require_count("step", step, minimum=0)
        if self.looks and step <= self.looks[-1].step:
            raise ValueError(
                f"step must be larger than {self.looks[-1].step}, that of the last look, "
                f"got {step}; a new run needs a new Panel"
            )
        try:
            with _undisturbed(generator, discriminator) as trained:
                self.looks.append(self._look(step, generator, discriminator, trained))
                weights = _weights(generator), _weights(discriminator)
        except Exception as error:  # whatever a learner's network raises is what we report
            self._add(_failed(step, f"{type(error).__name__}: {error}"))
            return
        if self._weights is not None:
            changed = [not torch.equal(*pair) for pair in zip(weights, self._weights, strict=True)]
            self._moved = [a or b for a, b in zip(self._moved, changed, strict=True)]
        self._weights = weights

    def _look(
        self, step: int, generator: nn.Module, discriminator: nn.Module, trained: set[nn.Module]
    ) -> Look:
        device = next((weight.device for weight in generator.parameters()), self.watch.device)
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
            self._add(_WAVERING_GENERATOR)
        elif dropouts := [m for m in generator.modules() if isinstance(m, _DropoutNd)]:
            for dropout in dropouts:
                dropout.train(dropout in trained)  # as the learner left it
            if not _same(samples, generator(watch)):
                self._add(_DROPOUT)
        if not _same(fake_answers, self._answers(discriminator, samples.clone())):
            self._add(_WAVERING_DISCRIMINATOR)
        samples = samples.detach().cpu()
        quality = self._measure(step, samples)
        return Look(step, samples, real_answers.cpu(), fake_answers.cpu(), quality)

    def _answers(self, discriminator: nn.Module, samples: Tensor) -> Tensor:
        answers: Tensor = discriminator(samples)
        if answers.shape == (len(samples),):
            self._add(_flat(len(samples)))
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
            self._add(_unmeasured(step, f"{type(error).__name__}: {error}"))
            return None

    def _add(self, finding: Finding) -> None:
        self._seen.setdefault(finding.name, finding)

    @property
    def logits(self) -> bool:
        """Whether D has ever answered with a number outside of 0 to 1."""
        answers = [a for look in self.looks for a in (look.real_answers, look.fake_answers)]
        return any(bool(((one < 0) | (one > 1)).any()) for one in answers)

    def probabilities(self, look: Look) -> tuple[Tensor, Tensor]:
        """D(x), shape (n,), and D(G(z)), shape (m,): logits get the sigmoid that they lack.

        Raises:
            TypeError: `look` is no `Look`.
        """
        require_type("look", look, Look, "one of panel.looks")
        if self.logits:
            return torch.sigmoid(look.real_answers), torch.sigmoid(look.fake_answers)
        return look.real_answers, look.fake_answers

    def losses(self, look: Look) -> tuple[float, float, float]:
        """Binary cross-entropy of D on real, D on generated samples, and of G, in nats.

        They are worked out from the answers as in `gan_course.losses`, whatever the run itself
        computes.

        Raises:
            TypeError: `look` is no `Look`.
            ValueError: its answers are not finite: there is no loss.
        """
        require_type("look", look, Look, "one of panel.looks")
        if not look.finite:
            raise ValueError(f"look must be finite, got NaN or infinity at step {look.step}")
        real, fake = self.probabilities(look)
        pairs = (real, 1.0), (fake, 0.0), (fake, 1.0)
        return tuple(float(binary_cross_entropy(p, torch.full_like(p, t))) for p, t in pairs)  # type: ignore[return-value]

    def findings(self) -> list[Finding]:
        """What is wrong, from the records alone, the most urgent first; empty if nothing is."""
        found = list(self._seen.values())
        if not self.looks or not self.looks[-1].finite:
            first = next((look.step for look in self.looks if not look.finite), None)
            return found if first is None else [_diverged(first), *found]
        if self.logits:
            found.append(_LOGITS)
        if len(self.looks) >= 3:
            found += [f for f, moved in zip(_FROZEN, self._moved, strict=True) if not moved]
            found += self._about_answers()
        found += self._about_samples()
        found += self._about_quality()
        if float(self.real.abs().max()) > LARGE:
            found.append(_unscaled(self.real))
        return found

    def diagnosis(self) -> str:
        """The findings in plain words, one paragraph each."""
        if not self.looks and not self._seen:
            return "Nothing recorded yet: call panel.update(step, generator, discriminator)."
        found = self.findings()
        if not found:
            return "Nothing wrong seen. This is not a proof: measure many fresh samples."
        return "\n".join(f"{number}. {finding}" for number, finding in enumerate(found, 1))

    def _about_answers(self) -> list[Finding]:
        recent = [look for look in self.looks[-max(3, len(self.looks) // 4) :] if look.finite]
        answers = [self.probabilities(look) for look in recent]
        real = torch.stack([real.mean() for real, _ in answers])
        fake = torch.stack([fake.mean() for _, fake in answers])
        gap, middle = float((real - fake).mean()), float((real + fake).mean() / 2)
        undecided = float(torch.cat([fake - 0.5 for _, fake in answers]).abs().mean())
        everything = torch.cat(answers[-1])
        if bool((real > 1 - SURE).all() and (fake < SURE).all()):
            return [_WINS]
        if gap < -REVERSED:
            return [_REVERSED]
        # at the ideal end D sees no difference either; but then the samples are right
        if float(everything.max() - everything.min()) < SAME and self._unlike(recent[-1].samples):
            return [_BLIND]
        if float(real.mean()) > 1 - SURE and undecided < LEANS:
            return [_HALF_SURE]
        if abs(middle - 0.5) - abs(gap) / 2 > LEANS:
            return [_leans("real" if middle > 0.5 else "generated")]
        return []

    @property
    def _one_hot(self) -> bool:
        """Whether real samples are rows of more than two numbers, one of them 1, the others 0."""
        ones = bool(((self.real == 0) | (self.real == 1)).all())
        return ones and self.real.shape[1] > 2 and bool((self.real.sum(dim=1) == 1).all())

    def _shares(self, samples: Tensor) -> list[tuple[str, Tensor, Tensor]]:
        """What is counted, and how large a share each has in real and generated samples.

        For one-hot rows, one item: the values that occur among the real ones. Otherwise one item
        a column: ranges that hold about a tenth of the real samples each.
        """
        if self._one_hot:
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

    def _about_samples(self) -> list[Finding]:
        samples = self.looks[-1].samples
        found = []
        if bool((samples == samples[0]).all()):
            return [_ALL_EQUAL]
        if self._one_hot:
            dead = float((samples == 0).all(dim=1).double().mean())
            if dead > 0:
                found.append(_dead(dead))
        else:
            ratio = samples.std(dim=0) / self.real.std(dim=0).clamp(min=1e-12)
            if float(ratio.min()) < HUDDLED:
                return [_huddled(int(ratio.argmin()), float(ratio.min()))]
            low, high = self.real.min(dim=0).values, self.real.max(dim=0).values
            margin = (high - low) / 4
            outside = ((samples < low - margin) | (samples > high + margin)).any(dim=1)
            if float(outside.double().mean()) > STRAY:
                return [_stray(float(outside.double().mean()))]
            if (off := self._share_off(samples)) > OFF:
                found.append(_off(off))
        gaps = []
        for what, real, made in self._shares(samples):
            lacking = int((made < MISSING * real).sum())
            # with fewer samples, or for a single rare value, it may be chance
            if len(samples) >= 6 * len(real) and lacking >= max(1, len(real) / 10):
                gaps.append(f"in {lacking} of {len(real)} {what}")
        return [*found, _missing(gaps)] if gaps else found

    def _about_quality(self) -> list[Finding]:
        measured = [
            (look.quality, look.step)
            for look in self.looks
            if isinstance(look.quality, float) and math.isfinite(look.quality)
        ]
        if len(measured) < 8:
            return []
        best, step = min(measured)
        now = median_high(quality for quality, _ in measured[-(len(measured) // 4) :])
        if now > WORSE * best and step <= measured[len(measured) // 2][1]:
            return [_past_its_best(step, best, now)]
        return []

    def show(self, title: str = "") -> None:
        """Draw the panel, and print the diagnosis under it.

        Raises:
            TypeError: `title` is no text.
        """
        import matplotlib.pyplot as plt

        self.figure(title)
        plt.show()
        print(self.diagnosis())

    def figure(self, title: str = "") -> Figure:
        """Draw the answers, the losses, the samples and, where it is a number, the quality.

        Raises:
            TypeError: `title` is no text.
        """
        import matplotlib.pyplot as plt

        require_type("title", title, str, "a text")
        looks = [look for look in self.looks if look.finite]
        measured = [(look.step, look.quality) for look in looks if isinstance(look.quality, float)]
        last = "quality" if measured else "samples"
        figure = plt.figure(figsize=(5.6, 5.6), layout="constrained")
        figure.suptitle(title)
        grid: dict[str, Any] = figure.subplot_mosaic([["answers", "losses"], ["samples", last]])
        steps = [look.step for look in looks]
        answers = [[float(one.mean()) for one in self.probabilities(look)] for look in looks]
        losses = [self.losses(look) for look in looks]
        for axes, rows, labels, level, name in (
            (grid["answers"], answers, ("real: D(x)", "generated: D(G(z))"), 0.5, "one half"),
            (grid["losses"], losses, ("D on real", "D on generated", "G"), math.log(2), "ln 2"),
        ):
            for k, (label, (colour, line)) in enumerate(zip(labels, STYLES, strict=False)):
                axes.plot(steps, [row[k] for row in rows], color=colour, ls=line, label=label)
            axes.axhline(level, color="black", lw=1, ls=":", label=name)
            axes.set_xlabel("step")
        grid["answers"].set(ylim=(-0.03, 1.03), title="mean answer of D")
        grid["losses"].set_title("losses")
        grid["samples"].set_title("no samples yet")
        if looks:
            self._draw_samples(grid["samples"], looks[-1].samples)
            grid["samples"].set_title(f"samples at step {steps[-1]}")
        if measured:
            grid["quality"].plot(*zip(*measured, strict=True), color="black")
            grid["quality"].set(xlabel="step", title="quality, lower is better")
        for axes in grid.values():
            if axes.get_legend_handles_labels()[0]:
                # under the picture, where it covers nothing
                legend = axes.legend(
                    loc="upper center",
                    bbox_to_anchor=(0.5, -0.26),
                    ncols=2,
                    columnspacing=1,
                    handlelength=1.7,
                    markerscale=1.5,
                    fontsize=8.5,
                    frameon=False,
                )
                for handle in legend.legend_handles:
                    handle.set_alpha(1)
        return figure

    def _draw_samples(self, axes: Axes, samples: Tensor) -> None:
        """Bars for one-hot rows, histograms for one number, otherwise points."""
        pairs: tuple[tuple[Tensor, dict[str, Any]], ...] = (
            (self.real, {"label": "real", "color": REAL["color"], "alpha": 0.4}),
            (samples, {"label": "generated", "color": GENERATED["color"]}),
        )
        if self._one_hot:
            values = self.real.argmax(dim=1).unique()
            gap = int(values.diff().min()) if len(values) > 1 else 1  # so that no bar is too thin
            for (rows, style), width in zip(pairs, (0.8, 0.4), strict=True):
                shares = torch.bincount(rows.argmax(dim=1), minlength=rows.shape[1]) / len(rows)
                axes.bar(range(len(shares)), shares.numpy(), width * gap, **style)
            axes.set(xlabel="value", ylabel="share")
        elif self.real.shape[1] == 1:
            both = torch.cat([self.real, samples])
            bins = torch.linspace(float(both.min()), float(both.max()), 31).tolist()
            for (rows, style), kind in zip(pairs, ("stepfilled", "step"), strict=True):
                style |= {"histtype": kind, "lw": 2, "density": True}
                axes.hist(rows[:, 0].numpy(), bins, **style)
            axes.set(xlabel="value", ylabel="density")
        else:
            axes.scatter(*self.real[:, :2].T.numpy(), label="real", **REAL)
            axes.scatter(*samples[:, :2].T.numpy(), label="generated", **GENERATED)


@contextmanager
def _undisturbed(*networks: nn.Module) -> Iterator[set[nn.Module]]:
    """Evaluation mode and no gradients; afterwards modes and random numbers are as before.

    Yields the modules that were in training mode.
    """
    modes = [(module, module.training) for network in networks for module in network.modules()]
    weights = [weight for network in networks for weight in network.parameters()]
    devices = {weight.device.index for weight in weights if weight.device.type == "cuda"}
    on_apple = any(weight.device.type == "mps" for weight in weights)  # fork_rng can't do that one
    apple = torch.mps.get_rng_state() if on_apple else None
    with torch.random.fork_rng(devices=sorted(devices)), torch.no_grad():
        try:
            for network in networks:
                network.eval()
            yield {module for module, training in modes if training}
        finally:
            for module, training in modes:
                module.training = training
            if apple is not None:
                torch.mps.set_rng_state(apple)


def _weights(network: nn.Module) -> Tensor:
    """All weights of a network in one row, as a copy on the CPU."""
    rows = [weight.detach().flatten().cpu() for weight in network.parameters()]
    return torch.cat([*rows, torch.empty(0)])


def _same(one: Tensor, other: Tensor) -> bool:
    # not exactly: sums on a GPU need not come out the same twice
    return torch.allclose(one, other, rtol=1e-3, atol=1e-5, equal_nan=True)


# The words of the findings ----------------------------------------------------------------------


def _failed(step: int, what: str) -> Finding:
    return Finding(
        "failed",
        f"At step {step} the panel could not look: {what}",
        "layers whose sizes don't fit, or networks in the wrong order (generator first).",
        "call each network by hand on one batch, and print the shapes.",
    )


def _unmeasured(step: int, what: str) -> Finding:
    return Finding(
        "quality fails",
        f"At step {step} the quality could not be measured: {what}",
        "a quality function that expects another shape or other units, or returns no number.",
        "call it by hand on a few rows of `real`.",
    )


def _diverged(step: int) -> Finding:
    return Finding(
        "diverged",
        f"At step {step} samples or answers are not a number, or infinite: training has diverged.",
        "a learning rate that is too large, data that are not scaled, or a logarithm of 0 in a "
        "loss written by hand.",
        "a tenth of the learning rate, data scaled to [-1, 1], and PyTorch's ready-made losses. "
        "Start anew: no step leads back from not-a-number.",
    )


def _flat(count: int) -> Finding:
    return Finding(
        "flat answers",
        f"The discriminator answers with shape ({count},), expected ({count}, 1).",
        "a squeeze or flatten at its end. Against targets of shape (n, 1) a loss written by hand "
        "compares each answer with each target (broadcasting).",
        "leave the last axis where it is, and print both shapes before each loss.",
    )


_WAVERING_GENERATOR = Finding(
    "G wavers",
    "In evaluation mode the same noise gives different samples in two calls.",
    "a layer that draws on purpose, such as Gumbel-softmax (then all is well), or dropout that "
    "evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout in place of F.dropout.",
)
_WAVERING_DISCRIMINATOR = Finding(
    "D wavers",
    "In evaluation mode the same samples get different answers in two calls.",
    "dropout that evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout in place of F.dropout.",
)
_DROPOUT = Finding(
    "dropout on",
    "As the generator was left, in training mode, its dropout is on: the same noise gives another "
    "sample in each call.",
    "no eval() before sampling. (The panel itself looks in evaluation mode.)",
    "gan_course.networks.sample, or generator.eval() before sampling and train() after it; and "
    "ask whether the generator needs dropout at all.",
)
_LOGITS = Finding(
    "logits",
    "The discriminator's answers go outside of 0 to 1: they are logits. In the picture, the "
    "panel has put a sigmoid on them.",
    "no sigmoid at its end. That is right with BCEWithLogitsLoss, and wrong with BCELoss.",
    "one sigmoid, in one place: in the network, or in the loss.",
)
_FROZEN = (
    Finding(
        "G frozen",
        "The generator's weights have not changed at all.",
        "its optimiser got other weights or is never told to step(); its fakes are cut off by "
        "detach() or no_grad() in its own step, too; or the discriminator's answer is flat.",
        "after G_loss.backward(), print the gradient of one of its weights: None means that no way "
        "leads back to it, 0 that something on the way is flat (a clamp, a sigmoid at its end).",
    ),
    Finding(
        "D frozen",
        "The discriminator's weights have not changed at all.",
        "its optimiser got other weights or is never told to step(), or its last layer is flat.",
        "after D_loss.backward(), print the gradient of one of its weights, and the weight before "
        "and after step(). A gradient of 0 comes from something flat, such as a clamp.",
    ),
)
_WINS = Finding(
    "D wins",
    "The discriminator wins: for long it has told real from generated without a doubt.",
    "the generator's targets are zeros where they should be ones; its steps are too few or too "
    "small; the data are not scaled; or its last layer can't reach the data.",
    "check the generator's targets first. Then the same number of steps for both, a smaller "
    "learning rate for the discriminator, and scaled data.",
)
_REVERSED = Finding(
    "D upside down",
    "The discriminator calls generated samples real, and real ones generated.",
    "its targets are swapped, or the generator's step changes the discriminator as well.",
    "target 1 for real and 0 for generated samples, and one optimiser for each network.",
)
_BLIND = Finding(
    "D blind",
    "The discriminator gives the same answer to everything, though the samples are not right.",
    "it doesn't learn: a learning rate of next to 0, a last layer whose gradient is 0, targets "
    "that are all the same, or answers and targets paired wrongly by broadcasting.",
    "print the shapes of answers and targets, and the gradient of one of its weights.",
)
_HALF_SURE = Finding(
    "D half sure",
    "The discriminator is sure about real samples and undecided about generated ones.",
    "the generator is pushed both ways: no detach(), and one optimiser for both networks.",
    "two optimisers, each with the weights of one network, and detach() in the discriminator's "
    "half.",
)


def _leans(side: str) -> Finding:
    return Finding(
        "D leans",
        f"The discriminator calls nearly everything {side}, whichever it is.",
        "a sigmoid too many (in the network, and again in BCEWithLogitsLoss), one part of its loss "
        "that weighs more, or one network that is changed by the other one's loss.",
        "one sigmoid, as many generated as real samples, and one optimiser for each network.",
    )


def _unscaled(real: Tensor) -> Finding:
    return Finding(
        "not scaled",
        f"The real samples reach up to {float(real.abs().max()):.3g} in size.",
        "raw units. Fresh networks make numbers near 0, and have far to go.",
        "gan_course.data.Scaler: train between -1 and 1, and scale back afterwards.",
    )


_ALL_EQUAL = Finding(
    "all equal",
    "All samples are equal, whatever the noise.",
    "the noise doesn't get through: dead ReLU layers, a saturated last layer, or total collapse.",
    "LeakyReLU in place of ReLU, a smaller learning rate, and a look at the hidden layers' output.",
)


def _huddled(column: int, ratio: float) -> Finding:
    return Finding(
        "collapsed",
        f"The samples huddle: in column {column} their standard deviation is {ratio:.0%} of the "
        "real one.",
        "mode collapse: the generator has found one place that the discriminator likes; or it has "
        "hardly learned yet; or it is taught by something else than the discriminator's opinion.",
        "more steps first. Then a faster discriminator, Adam with betas=(0.5, 0.99), or fresh "
        "noise for each batch if it is not fresh.",
    )


def _stray(share: float) -> Finding:
    return Finding(
        "far outside",
        f"{share:.0%} of the samples lie far outside of the real range.",
        "the generator is driven away from the data (swapped targets, one optimiser for both, or "
        "gradients that are never cleared: zero_grad() forgotten), or data and samples are in "
        "different units.",
        "zero_grad() before each backward(). Then check the generator's targets, that each "
        "optimiser has the weights of one network, and that real and watch reach the networks in "
        "the units of training.",
    )


def _off(share: float) -> Finding:
    return Finding(
        "off the data",
        f"{share:.0%} of the samples lie where no real samples are near.",
        "a training that is not finished; or noise that differs from the noise of the training: "
        "drawn in another way, or not fresh for each batch.",
        "more steps first. Then draw fresh noise inside the step, and sample with the same kind.",
    )


def _missing(gaps: list[str]) -> Finding:
    return Finding(
        "part missing",
        f"Hardly any generated samples where real ones are: {', and '.join(gaps)}.",
        "partial collapse, or a training that is not finished.",
        "more steps first. Then measure spread, not only fit; a faster discriminator; fresh noise "
        "for each batch.",
    )


def _dead(share: float) -> Finding:
    return Finding(
        "dead rows",
        f"{share:.1%} of the rows are all zero, and argmax calls each of them a 0.",
        "ReLU as the last layer: it may cut off every number of a row.",
        "softmax as the last layer.",
    )


def _past_its_best(step: int, best: float, now: float) -> Finding:
    return Finding(
        "past its best",
        f"The quality was best at step {step} with {best:.3g}; lately it is {now:.3g}.",
        "a score that a lucky or collapsed batch can please (if the best was early), or a training "
        "that has become worse.",
        "look at the samples of the best step. A score has to ask for spread as well as for fit.",
    )
