"""How do many GANs train at once? Stacked, as one computation in which none sees another."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, pad
from torch.nn.utils import skip_init
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR

from gan_course.checks import require_callable, require_count, require_matrix
from gan_course.data import Scaler
from gan_course.networks import Unscale, Waves, add_waves, move_average
from gan_course.recipes import Settings

Draw = Callable[[int, torch.Generator], Tensor]  # (count, random) -> samples, (count, dim)

CHUNK = 16  # steps whose random numbers are drawn at a time: fewer, larger calls
LEARNT_FROM = 2_048  # samples that the scale is learnt from, where the data is a function


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


class SeedLosses(NamedTuple):
    """Losses of every step, each of shape (steps, S), in nats.

    Where D is undecided each is ln 2; a relativistic D has one loss, half of it in `real` and half
    in `fake`.
    """

    real: Tensor
    fake: Tensor
    generator: Tensor


@dataclass(frozen=True, eq=False)
class Ensemble:
    """S generators that were trained at once, one a seed."""

    settings: Settings
    seeds: tuple[int, ...]
    generators: nn.Sequential  # stacked: (S, n, latent_dim) -> (S, n, dim), in data units
    losses: SeedLosses

    def generate(self, count: int, *, seed: int = 1_000_003) -> Tensor:
        """Fresh samples of every generator, all from the same noise: shape (S, count, dim).

        Args:
            count: samples of each.
            seed: of the noise.
        """
        require_count("count", count)
        random = torch.Generator().manual_seed(seed)
        noise = draw_noise(self.settings, count, random)
        stacked = noise.expand(len(self.seeds), -1, -1)
        with torch.no_grad():
            samples: Tensor = self.generators(stacked.to(next(self.generators.parameters())))
        return samples

    def generator(self, seed: int) -> nn.Sequential:
        """One of the generators by itself, (n, latent_dim) -> (n, dim): plain layers, to be saved.

        Raises:
            ValueError: no generator was trained with that seed.
        """
        if seed not in self.seeds:
            raise ValueError(f"seed must be one of {self.seeds}, got {seed}")
        return unstack(self.generators, self.seeds.index(seed))


def draw_noise(settings: Settings, count: int, random: torch.Generator) -> Tensor:
    """Noise vectors as the settings say: shape (count, latent_dim), N(0, 1) or U(-1, 1)."""
    shape = (count, settings.latent_dim)
    if settings.noise == "normal":
        return torch.randn(shape, generator=random)
    return 2 * torch.rand(shape, generator=random) - 1


def _uniform(settings: Settings, batches: int, width: int, random: torch.Generator) -> Tensor:
    """Numbers in [0, 1) for some batches, shape (batches batch_size, width).

    Even noise is a Latin hypercube (McKay et al. 1979): in each batch, each column has one number
    in each of as many equal parts of [0, 1) as there are samples.
    """
    shape = (batches, settings.batch_size, width)
    numbers = torch.rand(shape, generator=random)
    if settings.noise == "even":
        parts = torch.rand(shape, generator=random).argsort(dim=1)
        numbers = (parts + numbers) / settings.batch_size
    return numbers.flatten(0, 1)


def _batch_noise(settings: Settings, random: torch.Generator) -> Tensor:
    """Noise for `CHUNK` batches, shape (CHUNK batch_size, latent_dim)."""
    if settings.noise == "normal":
        return draw_noise(settings, CHUNK * settings.batch_size, random)
    return 2 * _uniform(settings, CHUNK, settings.latent_dim, random) - 1


def from_data_set(samples: Tensor) -> Draw:
    """A function that draws from a data set, shape (n, dim): all of it, shuffled, in rounds."""
    require_matrix("samples", samples)

    def draw(count: int, random: torch.Generator) -> Tensor:
        rounds = -(-count // len(samples))
        orders = [torch.randperm(len(samples), generator=random) for _ in range(rounds)]
        return samples[torch.cat(orders)[:count]]

    return draw


def train(
    data: Tensor | Draw,
    settings: Settings,
    seeds: Sequence[int] = (0,),
    *,
    device: str | torch.device = "cpu",
    report: Callable[[int, Ensemble], None] | None = None,
    report_every: int = 500,
) -> Ensemble:
    """Train one GAN a seed, all at once; each comes to what it comes to alone.

    A seed sets the first weights, the batches, the noise and the dropout. All random numbers are
    drawn on the CPU, so that every device trains on the same ones. The same to the last bit on one
    thread of a CPU, `torch.set_num_threads(1)`; more threads, and a GPU, may round differently.

    Args:
        data: the data set, shape (n, dim), or (S, n, dim) for one data set a seed; or a function
            that draws fresh samples, see `Draw`.
        settings: the recipe.
        seeds: one GAN for each, all different.
        device: where to compute.
        report: called as report(step, ensemble so far) every `report_every` steps.
        report_every: steps between two reports.

    Returns:
        The generators (moving averages, where the settings ask for them) and all losses.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a wrong shape, no seed, or a seed that occurs twice.
        FloatingPointError: a loss is not a finite number; training has diverged.
    """
    if not isinstance(settings, Settings):
        raise TypeError(f"settings must be Settings, got {settings!r}")
    if not isinstance(seeds, Sequence):
        raise TypeError(f"seeds must be a sequence like range(8), got {seeds!r}")
    seeds = tuple(seeds)
    for position, seed in enumerate(seeds):
        require_count(f"seeds[{position}]", seed, minimum=0)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be at least one, all different, got {list(seeds)}")
    require_count("report_every", report_every)
    if report is not None:
        require_callable("report", report)
    randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
    draws = _draws(data, len(seeds))
    scalers = _scalers(data, draws, randoms) if settings.scaled else None
    dim = _drawn(draws[0], 1, torch.Generator()).shape[1]
    generator, discriminator = (n.to(device) for n in make_networks(settings, dim, randoms))
    averaged = copy.deepcopy(generator) if settings.average else generator
    # foreach, as fused Adam rounds differently with one network than with many
    change_d, change_g = (
        Adam(network.parameters(), rate, settings.betas, foreach=True)
        for network, rate in (
            (discriminator, settings.discriminator_rate),
            (generator, settings.generator_rate),
        )
    )

    def falling(step: int) -> float:
        return 1 - step / settings.steps if settings.decay else 1.0

    schedules = [LambdaLR(optimiser, falling) for optimiser in (change_d, change_g)]
    losses = torch.empty(3, settings.steps, len(seeds), device=device)

    layers = list(averaged)
    if settings.clipped:  # only what is generated, not what D sees: there it would stop learning
        layers.append(nn.Hardtanh())
    if scalers is not None:
        low, high = (torch.stack([getattr(s, end) for s in scalers]) for end in ("low", "high"))
        layers.append(Unscale(Scaler(low[:, None], high[:, None])).to(device))

    def so_far(steps: int) -> Ensemble:
        real, fake, made = losses[:, :steps].cpu()
        network = copy.deepcopy(nn.Sequential(*layers))  # as training goes on with these
        return Ensemble(settings, seeds, network, SeedLosses(real, fake, made))

    stream = draw_batches(settings, draws, randoms, scalers, device)
    for step, batch in enumerate(stream):
        losses[:, step] = torch.stack(
            train_step(
                generator, discriminator, change_d, change_g, batch, settings, step / settings.steps
            )
        )
        for schedule in schedules:
            schedule.step()
        if settings.average:
            move_average(averaged, generator, step + 1, settings.average)
        if report is not None and (step + 1) % report_every == 0:
            report(step + 1, so_far(step + 1))
    if not bool(torch.isfinite(losses).all()):
        bad = ~torch.isfinite(losses).all(dim=0)
        step, position = (int(number) for number in bad.nonzero()[0])
        raise FloatingPointError(
            f"training diverged in step {step + 1} with seed {seeds[position]}: a loss is not a "
            "finite number; try smaller learning rates, and settings with scaled=True"
        )
    return so_far(settings.steps)


class Batch(NamedTuple):
    """The random numbers of one step, of S seeds."""

    real: Tensor  # (S, n, dim)
    noise: Tensor  # (2, S, n, latent_dim): for the discriminator's step, for the generator's
    sigma: Tensor | None = None  # (3, S, n, 1): the blur of real, of fake, of the generator's fake
    blur: Tensor | None = None  # (3, S, n, dim): N(0, 1), times sigma it is what is added


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    discriminator_optimiser: Adam,
    generator_optimiser: Adam,
    batch: Batch,
    settings: Settings,
    progress: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Change every discriminator, then every generator, once.

    Args:
        generator: stacked, (S, n, latent_dim) -> (S, n, dim).
        discriminator: stacked, (S, m, inputs) -> logits (S, m, 1).
        discriminator_optimiser: changes the discriminator's weights, and no others.
        generator_optimiser: changes the generator's weights, and no others.
        batch: see `Batch`.
        settings: which loss, penalty and packing.
        progress: share of the steps that are done already, which the weight of a look depends on.

    Returns:
        Losses on real, on fake and of the generator, before each change: shape (S,), nats.

    Goodfellow et al. 2014, algorithm 1, on logits. There is no `softplus` and no `**`, as both
    round the last few numbers of a tensor in another way: a seed is to do what it does alone.
    """

    def judge(*samples: Tensor, look: int) -> tuple[Tensor, ...]:
        seen = torch.cat(samples, dim=1)  # one call for all is faster than one for each
        if batch.sigma is None or batch.blur is None:
            seen = add_waves(seen, settings.discriminator_waves)
        else:  # Wang et al. 2022: blur at random, and say how much
            looks = slice(look, look + len(samples))
            sigma, blur = (torch.cat([*n[looks]], dim=1) for n in (batch.sigma, batch.blur))
            waves = add_waves(seen + sigma * blur, settings.discriminator_waves)
            seen = torch.cat([waves, blur_level(sigma, settings)], dim=-1)
        rows = seen.shape[1] // settings.pack  # Lin et al. 2018: several samples at a time
        logits: Tensor = discriminator(seen.reshape(len(seen), rows, -1))
        return logits.chunk(len(samples), dim=1)

    with torch.no_grad():  # the generator does not learn from this step
        fake = generator(batch.noise[0])
    real = batch.real.detach().requires_grad_() if settings.penalty else batch.real
    real_logits, fake_logits = judge(real, fake, look=0)
    if settings.relativistic:  # Jolicoeur-Martineau 2019: is this one more real than that one?
        real_loss = fake_loss = -_mean(logsigmoid(real_logits - fake_logits)) / 2
    else:
        real_loss, fake_loss = -_mean(logsigmoid(real_logits)), -_mean(logsigmoid(-fake_logits))
    loss = real_loss + fake_loss
    if settings.penalty:  # Mescheder et al. 2018, equation 9: R1
        (slopes,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        loss = loss + settings.penalty / 2 * slopes.square().sum(dim=-1).mean(dim=-1)
    _change(discriminator_optimiser, loss)

    (fake_logits,) = judge(generator(batch.noise[1]), look=2)
    if settings.relativistic:
        fake_logits = fake_logits - judge(batch.real, look=0)[0].detach()
    answers = -logsigmoid(fake_logits)
    generator_loss = _mean(answers)
    if batch.sigma is None:
        _change(generator_optimiser, generator_loss)
    else:
        # through little blur slopes are steep, about 1 / sigma: they would drown all the others
        sigma = batch.sigma[2].reshape(len(answers), answers.shape[1], -1).mean(dim=2, keepdim=True)
        first, last = settings.blur_weight
        weight = torch.exp((first + (last - first) * progress) * torch.log(sigma))
        _change(generator_optimiser, _mean(weight / weight.mean(dim=1, keepdim=True) * answers))
    return real_loss.detach(), fake_loss.detach(), generator_loss.detach()


def _mean(losses: Tensor) -> Tensor:
    return losses.mean(dim=(1, 2))


def _change(optimiser: Adam, losses: Tensor) -> None:
    """One step against the gradient of each seed's loss, shape (S,)."""
    weights = optimiser.param_groups[0]["params"]
    # the sum keeps the seeds apart: no weight of one seed has a part in another seed's loss
    gradients = torch.autograd.grad(losses.sum(), weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient
    optimiser.step()


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
    seen = dim * (1 + 2 * settings.discriminator_waves) + (settings.blur is not None)
    sizes = [settings.pack * seen, *settings.discriminator_widths, 1]
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


def _draws(data: Tensor | Draw, copies: int) -> list[Draw]:
    """One drawing function a seed."""
    if not isinstance(data, Tensor):
        require_callable("data", data)
        return [data] * copies
    if data.ndim != 3:
        require_matrix("data", data)
        return [from_data_set(data)] * copies
    if len(data) != copies:
        raise ValueError(f"data must hold one data set for each of {copies} seeds, got {len(data)}")
    for position, samples in enumerate(data):
        require_matrix(f"data[{position}]", samples)
    return [from_data_set(samples) for samples in data]


def _scalers(
    data: Tensor | Draw, draws: Sequence[Draw], randoms: Sequence[torch.Generator]
) -> list[Scaler]:
    """What each seed's data reach from and to."""
    if isinstance(data, Tensor):
        sets = list(data) if data.ndim == 3 else [data] * len(randoms)
    else:
        pairs = zip(draws, randoms, strict=True)
        sets = [_drawn(draw, LEARNT_FROM, random) for draw, random in pairs]
    return [Scaler.fit(samples.float()) for samples in sets]


def _drawn(draw: Draw, count: int, random: torch.Generator) -> Tensor:
    samples = draw(count, random)
    require_matrix(f"data({count}, random)", samples)
    if len(samples) != count:
        raise ValueError(f"data({count}, random) must have {count} rows, got {len(samples)}")
    return samples.float()


def draw_batches(
    settings: Settings,
    draws: Sequence[Draw],
    randoms: Sequence[torch.Generator],
    scalers: Sequence[Scaler] | None,
    device: str | torch.device,
) -> Iterator[Batch]:
    """The random numbers of all steps, drawn for `CHUNK` steps at a time."""
    n = settings.batch_size
    for start in range(0, settings.steps, CHUNK):
        count = CHUNK * n
        reals = [_drawn(d, count, r) for d, r in zip(draws, randoms, strict=True)]
        if scalers is not None:
            reals = [s.scale(samples) for s, samples in zip(scalers, reals, strict=True)]
        real = torch.stack(reals)
        noise = torch.stack(
            [torch.stack([_batch_noise(settings, r) for _ in range(2)]) for r in randoms], 1
        )
        blurs = [_blur(settings, reals[0].shape[1], r) for r in randoms]
        drawn = [real, noise, *(torch.stack(parts, 1) for parts in zip(*blurs, strict=True))]
        real, *others = (numbers.to(device) for numbers in drawn)
        for k in range(min(CHUNK, settings.steps - start)):
            rows = slice(k * n, (k + 1) * n)
            yield Batch(real[:, rows], *(numbers[:, :, rows] for numbers in others))


def _blur(settings: Settings, dim: int, random: torch.Generator) -> tuple[Tensor, ...]:
    """Sigma and N(0, 1), three looks at `CHUNK` batches; nothing where there is no blur."""
    if settings.blur is None:
        return ()
    least, most = settings.blur
    looks = torch.stack([_uniform(settings, CHUNK, 1, random) for _ in range(3)])
    # every order of magnitude is as likely
    sigma = least * (most / least) ** looks
    return sigma, torch.randn(3, len(looks[0]), dim, generator=random)


def blur_level(sigma: Tensor, settings: Settings) -> Tensor:
    """How blurred a sample is, as a number for the discriminator: log sigma, from -1 to 1."""
    assert settings.blur is not None
    least, most = settings.blur
    return 2 * torch.log(sigma / least) / math.log(most / least) - 1
