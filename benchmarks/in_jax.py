"""The training of `many.train` in JAX, for `benchmarks.speed`: same weights, numbers and losses.

JAX is no part of the course: `pip install --target FOLDER jax`, and FOLDER in `PYTHONPATH`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

# one thread, as PyTorch has with `torch.set_num_threads(1)`
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import Array
from torch import Tensor, nn

from gan_course.many import Settings
from gan_course.many.draws import CHUNK, draw_chunks, draws_of, scalers_of
from gan_course.many.ensemble import pace_of
from gan_course.many.stacked import StackedLinear, make_networks

Weights = list[tuple[Array, Array]]  # of each layer: (inputs, outputs) and (1, outputs)
Learner = dict[str, Weights]


def add_waves(values: Array, count: int) -> Array:
    """See `many.layers.add_waves`."""
    angles = [np.pi / 2 * 2**k * values for k in range(count)]
    waves = [wave(angle) for angle in angles for wave in (jnp.sin, jnp.cos)]
    return jnp.concatenate([values, *waves], axis=-1)


def network(weights: Weights, waves: int, slope: float, values: Array) -> Array:
    """From (n, inputs) to (n, outputs)."""
    values = add_waves(values, waves)
    for number, (weight, bias) in enumerate(weights):
        if number:
            values = jax.nn.leaky_relu(values, slope)
        values = values @ weight + bias
    return values


def step(settings: Settings, state: dict[str, Learner], now: Any) -> tuple[Any, Array]:
    """One step of one GAN: what it has become, and its losses before."""
    real, noise, (rate_g, rate_d, root, weight_of_penalty, taken) = now
    judge = partial(network, waves=settings.discriminator_waves, slope=settings.slope)
    make = partial(network, waves=settings.generator_waves, slope=settings.slope)
    seen = jnp.concatenate([real, make(state["g"]["weights"], values=noise[0])])

    def loss_of_d(weights: Weights) -> tuple[Array, list[Array]]:
        logits, back = jax.vjp(lambda values: judge(weights, values=values), seen)
        on_real, on_fake = jnp.split(logits, 2)
        losses = [jax.nn.softplus(-on_real).mean(), jax.nn.softplus(on_fake).mean()]
        loss = losses[0] + losses[1]
        if settings.penalty:
            (slopes,) = back(jnp.ones_like(logits))
            loss += weight_of_penalty * (slopes**2).sum(axis=1).mean()  # half of it for each half
        return loss, losses

    def loss_of_g(weights: Weights) -> Array:
        logits = judge(d["weights"], values=make(weights, values=noise[1]))
        return jax.nn.softplus(-logits).mean()

    (_, losses), gradients = jax.value_and_grad(loss_of_d, has_aux=True)(state["d"]["weights"])
    d = change(state["d"], gradients, settings.betas, rate_d, root, taken)
    loss, gradients = jax.value_and_grad(loss_of_g)(state["g"]["weights"])
    g = change(state["g"], gradients, settings.betas, rate_g, root, taken)
    return {"g": g, "d": d}, jnp.stack([*losses, loss])


def change(
    learner: Learner,
    gradients: Weights,
    betas: tuple[float, float],
    rate: Array,
    root: Array,
    taken: Array,
) -> Learner:
    """What Adam makes of a network, and of the moving averages of its weights."""

    def mixed(old: Weights, new: Weights, share: Array | float) -> Weights:
        return jax.tree.map(lambda a, b: a + share * (b - a), old, new)

    means = mixed(learner["means"], gradients, 1 - betas[0])
    squares = mixed(learner["squares"], jax.tree.map(jnp.square, gradients), 1 - betas[1])
    weights = jax.tree.map(
        lambda weight, mean, square: weight - rate * mean / (jnp.sqrt(square) / root + 1e-8),
        learner["weights"],
        means,
        squares,
    )
    averages = mixed(learner["averages"], weights, taken)
    return {"weights": weights, "means": means, "squares": squares, "averages": averages}


def train(data: Tensor, settings: Settings, seeds: Sequence[int]) -> Callable[[int], Tensor]:
    """What `many.train` does, with its random numbers: steps (in whole chunks) -> losses.

    The program is made at the first call. GANs are trained one after the other, for a chunk each:
    on one thread that is faster than `jax.vmap`, as what one of them needs stays in the cache.
    """

    def all_of_them(learners: Any, reals: Array, noises: Array, paces: Array) -> Any:
        def one(given: Any) -> Any:
            state, real, noise = given
            return jax.lax.scan(partial(step, settings), state, (real, noise, paces))

        return jax.lax.map(one, (learners, reals, noises))

    program = jax.jit(all_of_them)

    def run(steps: int) -> Tensor:
        short = replace(settings, steps=steps)
        randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
        draws = draws_of(data, len(seeds))
        scalers = scalers_of(data, draws, randoms) if settings.scaled else None
        networks = make_networks(settings, data.shape[-1], randoms)
        state = {"g": learner(networks[0]), "d": learner(networks[1])}
        losses: list[Tensor] = []
        for batch in draw_chunks(short, draws, randoms, scalers, "cpu"):
            first = CHUNK * len(losses)
            reals = batch.real.unflatten(1, (CHUNK, -1)).numpy()
            noises = batch.noise.unflatten(2, (CHUNK, -1)).permute(1, 2, 0, 3, 4).numpy()
            paces = np.array(
                [pace_of(short, first + number) for number in range(CHUNK)], np.float32
            )
            state, found = program(state, reals, noises, paces)
            losses.append(torch.tensor(np.asarray(found)))
        return torch.cat(losses, dim=1).permute(2, 1, 0)  # (3, steps, S)

    return run


def learner(network: nn.Sequential) -> Learner:
    """Stacked networks as they are at first, with nothing to remember."""
    layers = [layer for layer in network if isinstance(layer, StackedLinear)]
    weights = [tuple(jnp.array(w.detach().numpy()) for w in layer.parameters()) for layer in layers]
    nothing = jax.tree.map(jnp.zeros_like, weights)
    return {"weights": weights, "means": nothing, "squares": nothing, "averages": weights}
