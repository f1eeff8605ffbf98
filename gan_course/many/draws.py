"""Which random numbers does a GAN learn from? Those of S seeds, drawn for some steps at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_course.checks import as_samples
from gan_course.data import Scaler
from gan_course.many.recipes import Settings

Draw = Callable[[int, torch.Generator], Tensor]  # (count, random) -> samples, (count, dim)

CHUNK = 16  # steps whose random numbers are drawn at a time: fewer, larger calls
LEARNT_FROM = 2_048  # samples that the scale is learnt from, where the data is a function


class Batch(NamedTuple):
    """The random numbers of S seeds for a step of n rows, or for several steps of as many each."""

    real: Tensor  # (S, n, dim)
    noise: Tensor  # (2, S, n, latent_dim): for the discriminator's step, for the generator's

    def part(self, first: int, steps: int, batch_size: int) -> Batch:
        """The numbers of some of the steps."""
        rows = slice(first * batch_size, (first + steps) * batch_size)
        return Batch(*(part[..., rows, :] for part in self))


def draw_noise(settings: Settings, count: int, random: torch.Generator) -> Tensor:
    """Noise vectors as the settings say: shape (count, latent_dim), N(0, 1) or U(-1, 1)."""
    shape = (count, settings.latent_dim)
    if settings.noise == "normal":
        return torch.randn(shape, generator=random)
    return 2 * torch.rand(shape, generator=random) - 1


def _noises(settings: Settings, copies: int, random: torch.Generator) -> Tensor:
    """Noise for both steps of `CHUNK` batches, shape (2, copies, CHUNK batch_size, latent_dim).

    Even noise is a Latin hypercube (McKay et al. 1979): in each batch, each column has one number
    in each of as many equal parts of [-1, 1) as there are samples.
    """
    shape = (copies, CHUNK, settings.batch_size, settings.latent_dim)

    def noise() -> Tensor:
        if settings.noise == "normal":
            return torch.randn(shape, generator=random, device=random.device)
        numbers = torch.rand(shape, generator=random, device=random.device)
        if settings.noise == "even":
            parts = torch.rand(shape, generator=random, device=random.device).argsort(dim=2)
            numbers = (parts + numbers) / settings.batch_size
        return 2 * numbers - 1

    return torch.stack([noise(), noise()]).flatten(2, 3)


def from_data_set(samples: Any) -> Draw:
    """A function that draws from a data set, shape (n, dim): all of it, shuffled, in rounds."""
    samples = as_samples(samples)

    def draw(count: int, random: torch.Generator) -> Tensor:
        rounds = -(-count // len(samples))
        orders = [torch.randperm(len(samples), generator=random) for _ in range(rounds)]
        return samples[torch.cat(orders)[:count]]

    return draw


def draws_of(data: Tensor | Draw, copies: int) -> list[Draw]:
    """One drawing function a seed, from what `train` is given."""
    if not isinstance(data, Tensor):
        return [data] * copies
    if data.ndim != 3:
        return [from_data_set(data)] * copies
    if len(data) != copies:
        raise ValueError(f"data must hold one data set for each of {copies} seeds, got {len(data)}")
    return [from_data_set(samples) for samples in data]


def scalers_of(
    data: Tensor | Draw, draws: Sequence[Draw], randoms: Sequence[torch.Generator]
) -> list[Scaler]:
    """What each seed's data reach from and to."""
    if isinstance(data, Tensor):
        sets = list(data) if data.ndim == 3 else [data] * len(randoms)
    else:
        pairs = zip(draws, randoms, strict=True)
        sets = [drawn(draw, LEARNT_FROM, random) for draw, random in pairs]
    return [Scaler.fit(samples.detach().float()) for samples in sets]


def drawn(draw: Draw, count: int, random: torch.Generator) -> Tensor:
    """What a function draws, shape (count, dim), float32."""
    samples = as_samples(draw(count, random), f"data({count}, random)")
    if samples.ndim != 2:
        raise ValueError(
            f"data must have shape (n, dim), got samples of shape {tuple(samples.shape[1:])}; "
            "images go in as images.flatten(1)"
        )
    if len(samples) != count:  # batches would be cut from where nothing is
        raise ValueError(f"data({count}, random) must have {count} rows, got {len(samples)}")
    return samples.float()


def draw_chunks(
    settings: Settings,
    draws: Sequence[Draw],
    randoms: Sequence[torch.Generator],
    scalers: Sequence[Scaler] | None,
    device: str | torch.device,
    done: int = 0,
) -> Iterator[Batch]:
    """The random numbers of all steps, for `CHUNK` steps at a time, one step's after another's.

    Args:
        settings: the recipe.
        draws: where real samples come from, one a seed.
        randoms: the source of all numbers, one a seed.
        scalers: what scales the real samples, one a seed; None leaves them as they are.
        device: where the numbers are to be.
        done: steps whose numbers are drawn already.
    """
    for _ in range(done, settings.steps, CHUNK):
        count = CHUNK * settings.batch_size
        reals = [drawn(d, count, r) for d, r in zip(draws, randoms, strict=True)]
        if scalers is not None:
            reals = [s.scale(samples) for s, samples in zip(scalers, reals, strict=True)]
        noise = torch.cat([_noises(settings, 1, random) for random in randoms], dim=1)
        yield Batch(torch.stack(reals).to(device), noise.to(device))


def draw_shared_chunks(
    settings: Settings, data_sets: Tensor, copies: int, random: torch.Generator, done: int = 0
) -> Iterator[Batch]:
    """As `draw_chunks`, but for all seeds at once, on the device of `random`.

    Args:
        settings: the recipe.
        data_sets: what each learns from, shape (copies, n, dim), or (1, n, dim) for all of them.
        copies: how many GANs there are.
        random: the one source of all numbers.
        done: steps whose numbers are drawn already.
    """
    count, (_, rows, dim) = CHUNK * settings.batch_size, data_sets.shape
    data_sets = data_sets.to(random.device).expand(copies, -1, -1)
    for _ in range(done, settings.steps, CHUNK):
        keys = torch.rand(copies, -(-count // rows), rows, generator=random, device=random.device)
        orders = keys.argsort(dim=-1).flatten(1)[:, :count, None].expand(-1, -1, dim)
        real = data_sets.gather(1, orders)
        yield Batch(real, _noises(settings, copies, random))


def draw_batches(
    settings: Settings,
    draws: Sequence[Draw],
    randoms: Sequence[torch.Generator],
    scalers: Sequence[Scaler] | None,
    device: str | torch.device,
) -> Iterator[Batch]:
    """The random numbers of all steps, for one step at a time."""
    left = settings.steps
    for chunk in draw_chunks(settings, draws, randoms, scalers, device):
        for k in range(min(CHUNK, left)):
            yield chunk.part(k, 1, settings.batch_size)
        left -= CHUNK
