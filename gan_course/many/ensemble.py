"""How do many GANs train at once? Stacked, as one computation in which none sees another."""

from __future__ import annotations

import copy
import math
import operator
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from gan_course.checks import ADVICE, EXPLODED, as_samples
from gan_course.data import Scaler
from gan_course.files import fingerprint, load_run, save_run
from gan_course.many.draws import (
    CHUNK,
    Batch,
    Draw,
    draw_chunks,
    draw_noise,
    draw_shared_chunks,
    drawn,
    draws_of,
    scalers_of,
)
from gan_course.many.layers import Waves, add_waves
from gan_course.many.recipes import Settings
from gan_course.many.stacked import make_networks, unstack
from gan_course.networks import Unscale
from gan_course.training import Losses

# of each table of weights: means of its gradients and of their squares, for Adam, and its average
Memory = list[tuple[Tensor, Tensor, Tensor]]

LOOK_EVERY = 16 * CHUNK  # steps between two looks at the losses, for which a GPU has to wait


@dataclass(frozen=True, eq=False)
class Ensemble:
    """S generators that were trained at once, one a seed."""

    settings: Settings
    seeds: tuple[int, ...]
    generators: nn.Sequential  # stacked: (S, n, latent_dim) -> (S, n, dim), in data units
    discriminators: nn.Sequential  # stacked: samples as D sees them, (S, n, inputs) -> (S, n, 1)
    losses: Losses  # of every step, each of shape (steps, S), in nats

    def generate(self, count: int, *, seed: int = 1_000_003) -> Tensor:
        """Fresh samples of every generator, all from the same noise: shape (S, count, dim).

        `seed` is that of the noise.
        """
        random = torch.Generator().manual_seed(seed)
        noise = draw_noise(self.settings, count, random)
        stacked = noise.expand(len(self.seeds), -1, -1)
        with torch.no_grad():
            samples: Tensor = self.generators(stacked.to(next(self.generators.parameters())))
        return samples

    def generator(self, seed: int) -> nn.Sequential:
        """The generator of a seed by itself, (n, latent_dim) -> (n, dim): plain layers, to save."""
        return unstack(self.generators, self._position(seed))

    def discriminator(self, seed: int) -> nn.Sequential:
        """The discriminator of a seed by itself: samples in data units, (n, dim) -> logits (n, 1).

        For `rejection_sample`.
        """
        position = self._position(seed)
        layers = unstack(self.discriminators, position)
        layers.insert(0, Waves(self.settings.discriminator_waves))
        if isinstance(last := self.generators[-1], Unscale):
            layers.insert(0, _scale(last.low[position, 0], last.high[position, 0]))
        return layers

    def _position(self, seed: int) -> int:
        if seed not in self.seeds:
            raise ValueError(f"seed must be one of {self.seeds}, got {seed}")
        return self.seeds.index(seed)


class Diverged(FloatingPointError):
    """Training can't go on; `ensemble` holds the generators from when all losses were good."""

    def __init__(self, message: str, ensemble: Ensemble) -> None:
        super().__init__(message)
        self.ensemble = ensemble


def train(
    data: Any,
    settings: Settings,
    seeds: Sequence[int] = (0,),
    *,
    device: str | torch.device = "cpu",
    report: Callable[[int, Ensemble], None] | None = None,
    every: int = 500,
    fast: bool = False,
    shared_random: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Ensemble:
    """Train one GAN a seed, all at once; each comes to what it comes to alone.

    A seed sets the first weights, the batches, the noise and the dropout. All random numbers are
    drawn on the CPU, so that every device trains on the same ones, unless `shared_random`. The same
    to the last bit on one thread of a CPU, `torch.set_num_threads(1)`; more threads, a GPU and a
    compiled step may round differently.

    Args:
        data: the data set, shape (n, dim), or (S, n, dim) for one data set a seed; or a function
            that draws fresh samples, (count, random) -> (count, dim).
        settings: the recipe.
        seeds: one GAN for each, all different.
        device: where to compute.
        report: called as report(step, ensemble so far) every `every` steps.
        every: steps between two reports, and about as many between two savings.
        fast: let `torch.compile` make one program of the whole step first: the same training, to
            rounding. It takes about a minute, and next to nothing when the same networks come
            again. Where it can't be made the step is done the plain way, and a warning says why.
        shared_random: draw for all seeds at once and on the device, which is faster, on a GPU above
            all. A seed then sets the first weights only, and comes to something else in other
            company. Takes data sets, no functions.
        checkpoint: a file to go on from, to the very same losses on the same machine, where the
            training was cut short; it need not be there yet, and a finished training is only read.

    Returns:
        The generators (moving averages, where the settings ask for them) and all losses.

    Raises:
        Diverged: a loss is not a finite number, or has exploded. The error holds the generators
            from before.
    """
    if not hasattr(seeds, "__iter__"):
        raise TypeError(f"seeds must be several, such as range({seeds}), got {seeds}")
    seeds = tuple(map(operator.index, seeds))  # NumPy's whole numbers are as good
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be at least one, all different, got {list(seeds)}")
    if not callable(data):
        data = as_samples(data, "data")
    randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
    draws = draws_of(data, len(seeds))
    scalers = scalers_of(data, draws, randoms) if settings.scaled else None
    dim = drawn(draws[0], 1, torch.Generator()).shape[1]
    generator, discriminator = (n.to(device) for n in make_networks(settings, dim, randoms))
    training = Training(generator, discriminator, settings, fast=fast)
    losses = torch.empty(3, settings.steps, len(seeds), device=device)

    def so_far(steps: int) -> Ensemble:
        made, judge = training.averaged()
        made = nn.Sequential(*made, *_last_layers(scalers)).to(device)
        return Ensemble(settings, seeds, made, judge, Losses(*losses[:, :steps].cpu()))

    done = 0
    shared = torch.Generator(device).manual_seed(seeds[0]) if shared_random else None
    sources = randoms if shared is None else [*randoms, shared]
    about = {"training": "many.train", **asdict(settings), "seeds": seeds, "fast": fast}
    about |= {"shared_random": shared_random, "data": fingerprint(data)}
    kept = None if checkpoint is None else load_run(checkpoint, about)
    if kept is not None:
        training.go_on_from(kept["training"])
        for source, state in zip(sources, kept["randoms"], strict=True):
            source.set_state(state)
        done = kept["losses"].shape[1]
        losses[:, :done] = kept["losses"].to(device)
        print(f"going on from {checkpoint}, after step {done}; to begin anew, delete the file")

    def keep() -> None:
        if checkpoint is not None:
            state: dict[str, Any] = {"training": training.state()}
            state["randoms"] = [source.get_state() for source in sources]
            state["losses"] = losses[:, :done].clone()  # a view would be kept with all the rest
            save_run(checkpoint, about, state)

    if not done:
        keep()  # at once, as a place that can't be written is better known now than later
    if shared is None:
        chunks = draw_chunks(settings, draws, randoms, scalers, device, done)
    else:
        sets = _data_sets(data, scalers)
        chunks = draw_shared_chunks(settings, sets, len(seeds), shared, done)
    pause = settings.steps if report is None else every
    good, looked = so_far(done), done
    for chunk in chunks:
        start, end = done, min(done + CHUNK, settings.steps)
        while done < end:  # to the end of these random numbers, or to the next report
            steps = min(end, done - done % pause + pause) - done
            batch = chunk.part(done - start, steps, settings.batch_size)
            losses[:, done : done + steps] = training.run(batch, done, steps)
            done += steps
            if report is not None and done % every == 0:
                report(done, so_far(done))
        finished = done == settings.steps
        # kept between two chunks, as the random numbers of a chunk are all drawn at its beginning
        due = checkpoint is not None and (finished or done // every > start // every)
        if due or finished or done - looked >= LOOK_EVERY:
            _require_settled(losses[:, looked:done], looked, seeds, good)
            good, looked = so_far(done), done
        if due:
            keep()
    return so_far(settings.steps)


def _require_settled(losses: Tensor, done: int, seeds: tuple[int, ...], good: Ensemble) -> None:
    """Raise where new losses, shape (3, steps, S), are not numbers, or have exploded.

    One step may go wrong and the next make it good: what is called exploded is their mean.
    """
    bad = ~torch.isfinite(losses).all(dim=0)
    what = "a loss is not a finite number"
    if not bool(bad.any()):
        bad = (losses.mean(dim=1) > EXPLODED).any(dim=0)[None]
        what = f"a loss has exploded, to {float(losses.mean(dim=1).max()):.3g} nats"
    if bool(bad.any()):
        step, position = (int(number) for number in bad.nonzero()[0])
        raise Diverged(
            f"training diverged in step {done + step + 1} with seed {seeds[position]}: {what}; "
            f"{ADVICE} (scaled=True). The error's `ensemble` holds the generators after "
            f"{len(good.losses.real)} good steps",
            good,
        )


def _last_layers(scalers: Sequence[Scaler] | None) -> list[nn.Module]:
    """What turns the generators' samples into data units."""
    if scalers is None:
        return []
    low, high = (torch.stack([getattr(s, end) for s in scalers]) for end in ("low", "high"))
    return [Unscale(Scaler(low[:, None], high[:, None]))]


def _scale(low: Tensor, high: Tensor) -> nn.Linear:
    """A layer that undoes `Unscale`, (n, dim) -> (n, dim)."""
    layer = nn.Linear(len(low), len(low), device=low.device)
    width = high - low
    with torch.no_grad():
        layer.weight.copy_(torch.diag(2 / width))
        layer.bias.copy_(-(high + low) / width)
    return layer


def _data_sets(data: Tensor | Draw, scalers: Sequence[Scaler] | None) -> Tensor:
    """The data sets, scaled where there are scalers: shape (S, n, dim), or (1, n, dim) for all."""
    if not isinstance(data, Tensor):
        raise ValueError("data must be a data set where shared_random=True, got a function")
    sets = [samples.float() for samples in (data if data.ndim == 3 else [data])]
    if scalers is not None:  # one for each seed, all the same where there is one data set
        sets = [scaler.scale(samples) for scaler, samples in zip(scalers, sets, strict=False)]
    return torch.stack(sets)


class Training:
    """Stacked networks that learn, and the steps that change them."""

    def __init__(
        self,
        generator: nn.Sequential,
        discriminator: nn.Sequential,
        settings: Settings,
        *,
        fast: bool = False,
    ) -> None:
        self.networks, self.settings = (generator, discriminator), settings
        self.memories = [remembered(network) for network in self.networks]
        self.change = compiled(change_both) if fast else change_both

    def averaged(self) -> tuple[nn.Sequential, nn.Sequential]:
        """Copies of both stacked networks, with the moving averages of their weights."""
        copies = copy.deepcopy(self.networks)
        for network, memory in zip(copies, self.memories, strict=True):
            averages = [average for _, _, average in memory]
            network.load_state_dict(dict(zip(network.state_dict(), averages, strict=True)))
        return copies

    def state(self) -> list[Tensor]:
        """What it needs to go on."""
        weights = [weight for network in self.networks for weight in network.state_dict().values()]
        return weights + [numbers for memory in self.memories for row in memory for numbers in row]

    def go_on_from(self, state: list[Tensor]) -> None:
        """Make everything what it was when `state` was called."""
        for numbers, kept in zip(self.state(), state, strict=True):
            numbers.copy_(kept)

    def run(self, batch: Batch, first: int, steps: int) -> Tensor:
        """Do some steps.

        Args:
            batch: their random numbers, see `draws.Batch`.
            first: steps that are done already.
            steps: how many to do now.

        Returns:
            Losses on real, on fake and of the generator: shape (3, steps, S), in nats.
        """
        paces = [pace_of(self.settings, first + step) for step in range(steps)]
        losses = []
        for step, pace in enumerate(torch.tensor(paces, device=batch.real.device)):
            now = batch.part(step, 1, self.settings.batch_size)
            found = self.change(self.networks, self.memories, now, pace, self.settings)
            losses.append(torch.stack(found))
        return torch.stack(losses, dim=1)


def remembered(network: nn.Sequential) -> Memory:
    """What belongs to each table of weights of networks that have learnt nothing so far."""
    weights = [weight.detach() for weight in network.parameters()]
    return [(torch.zeros_like(w), torch.zeros_like(w), w.clone()) for w in weights]


def pace_of(settings: Settings, step: int) -> tuple[float, ...]:
    """What is another number in each step, counted from 0; as a tensor, one program does for all.

    Returns:
        Learning rates of generator and discriminator, made larger by what Adam's means, which
        begin at 0, are too small at first; the same for the roots of its squares; weight of the
        penalty; share of the new weights in their averages.
    """
    progress, (keep_mean, keep_square) = step / settings.steps, settings.betas
    left = 1 - progress if settings.decay else 1.0
    small = 1 - keep_mean ** (step + 1)
    rates = (settings.generator_rate * left / small, settings.discriminator_rate * left / small)
    first, last = settings.penalty or (1.0, 1.0)
    weight = first * (last / first) ** progress
    taken = 1 - min(settings.average, (step + 1) / (step + 10))
    return *rates, math.sqrt(1 - keep_square ** (step + 1)), weight, taken


def change_both(
    networks: tuple[nn.Sequential, nn.Sequential],
    memories: list[Memory],
    batch: Batch,
    pace: Tensor,
    settings: Settings,
) -> Losses:
    """Change every discriminator, then every generator, once: the losses before, shape (S,).

    `pace` is a tensor of what `pace_of` returns.
    """
    rate_g, rate_d, root, weight, taken = pace
    (generator, discriminator), (memory_g, memory_d) = networks, memories
    gradients, on_real, on_fake = discriminator_gradients(
        *networks, batch.real, batch.noise[0], settings, weight
    )
    change(discriminator, gradients, memory_d, settings.betas, rate_d, root, taken)
    gradients, of_generator = generator_gradients(*networks, batch.noise[1], settings)
    change(generator, gradients, memory_g, settings.betas, rate_g, root, taken)
    return Losses(on_real, on_fake, of_generator)


@torch.no_grad()
def change(
    network: nn.Sequential,
    gradients: tuple[Tensor, ...],
    memory: Memory,
    betas: tuple[float, float],
    rate: Tensor,
    root: Tensor,
    taken: Tensor,
) -> None:
    """Adam (Kingma and Ba 2015, algorithm 1), then the moving averages.

    The same to the last bit as `torch.optim.Adam`, but written out, as a part of the program.
    """
    tables = zip(network.parameters(), gradients, memory, strict=True)
    for weight, gradient, (mean, square, average) in tables:
        mean.lerp_(gradient, 1 - betas[0])
        square.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
        weight.sub_(rate * mean / (square.sqrt() / root + 1e-8))
        average.lerp_(weight, taken)


def discriminator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    noise: Tensor,
    settings: Settings,
    weight: Tensor,
) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
    """What changes every discriminator: gradients, and its losses on real and on fake, shape (S,).

    Goodfellow et al. 2014, algorithm 1, on logits. There is no `softplus` and no `**`, as both
    round the last few numbers of a tensor in another way: a seed is to do what it does alone.

    Args:
        generator: stacked, (S, n, latent_dim) -> (S, n, dim).
        discriminator: stacked, (S, m, inputs) -> logits (S, m, 1).
        real: samples, (S, n, dim).
        noise: for as many fakes, (S, n, latent_dim).
        settings: waves, and whether there is a penalty.
        weight: of the penalty, a single number.
    """
    with torch.no_grad():  # the generator does not learn from this step
        fake = generator(noise)
    real, fake = real.detach().requires_grad_(), fake.detach().requires_grad_()
    seen = add_waves(torch.cat([real, fake], dim=1), settings.discriminator_waves)
    logits = discriminator(seen)  # one call for both is faster than one for each
    on_real, on_fake = logits.chunk(2, dim=1)
    real_loss, fake_loss = _mean(-logsigmoid(on_real)), _mean(-logsigmoid(-on_fake))
    loss = real_loss + fake_loss
    if settings.penalty:  # Mescheder et al. 2018, equations 9 and 10: R1 and R2
        for slopes in torch.autograd.grad(logits.sum(), (real, fake), create_graph=True):
            loss = loss + weight / 2 * slopes.square().sum(dim=-1).mean(dim=-1)
    return _gradients(loss, discriminator), real_loss.detach(), fake_loss.detach()


def generator_gradients(
    generator: nn.Module, discriminator: nn.Module, noise: Tensor, settings: Settings
) -> tuple[tuple[Tensor, ...], Tensor]:
    """What changes every generator: gradients, and its loss, shape (S,). See above."""
    logits = discriminator(add_waves(generator(noise), settings.discriminator_waves))
    loss = _mean(-logsigmoid(logits))
    return _gradients(loss, generator), loss.detach()


def compiled(step: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, made into one program when it is first called.

    Where the compiler can't, it is called as it is, and a warning says why.
    """
    config = torch._dynamo.config
    # a gradient within a program, which an older PyTorch doesn't know; and as many programs of one
    # function as there may be shapes of networks
    for name, value in (("trace_autograd_ops", True), ("recompile_limit", 64)):
        if hasattr(config, name):
            setattr(config, name, value)
    # what calls its parts is C++ as well; where there is a GPU, that takes more than a compiler
    cpp = not torch.accelerator.is_available()
    program = torch.compile(step, fullgraph=True, dynamic=False, options={"cpp_wrapper": cpp})

    def run(*arguments: Any) -> Any:
        nonlocal program
        try:
            return program(*arguments)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            warnings.warn(f"trained the plain way, as {reason}", stacklevel=2)
            program = step
            return step(*arguments)

    return run


def _mean(losses: Tensor) -> Tensor:
    return losses.mean(dim=(1, 2))


def _gradients(losses: Tensor, network: nn.Module) -> tuple[Tensor, ...]:
    # the sum keeps the seeds apart: no weight of one seed has a part in another seed's loss
    return torch.autograd.grad(losses.sum(), tuple(network.parameters()))
