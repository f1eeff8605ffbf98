"""Trains with a checkpoint in a process that is killed again and again: `python killed.py …`.

A parent process forks children, which train. Each is killed at a random moment, the next one goes
on from the checkpoint. It prints as JSON how many were killed, and all losses, in the end and
without any interruption.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

from gan_course.checkpoints import Checkpoint
from gan_course.ensemble import train
from gan_course.gan import GAN, Discriminator, Generator
from gan_course.networks import make_discriminator, make_generator
from gan_course.recipes import CURVES
from gan_course.training import fit, normal_noise


def loop(checkpoint: Checkpoint | None, size: int = 40) -> list[float]:
    """`training.fit` with dropout, shuffled batches and two sources of random numbers."""
    torch.manual_seed(1)
    order = torch.Generator().manual_seed(2)
    if checkpoint is not None:
        checkpoint = replace(checkpoint, randoms=[order])
    points = torch.rand(64, 2)
    generator = make_generator()
    history = fit(
        generator,
        make_discriminator(dropout=0.3),
        DataLoader(points, batch_size=32, shuffle=True, generator=order),
        normal_noise(2),
        score=lambda samples: float(samples.mean()),
        watch=torch.randn(5, 2),
        epochs=size,
        keep_best=True,
        checkpoint=checkpoint,
    )
    weights = nn.utils.parameters_to_vector(generator.parameters())
    losses = [value for epoch in history.epochs for value in vars(epoch).values()]
    return [*losses, history.best_epoch, history.best_score, *weights.tolist()]


def gan(checkpoint: Checkpoint | None, size: int = 120, fast: bool = False) -> list[float]:
    """`GAN.fit` with falling rates and a moving average."""
    torch.manual_seed(1)
    networks = Generator(1), Discriminator(1)
    owner = GAN(*networks, lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1), average=0.9)
    watch = torch.linspace(0, 1, 5)[:, None]
    history = owner.fit(size, 2, decay=True, watch=watch, fast=fast, checkpoint=checkpoint)
    losses = [value for e in history.epochs for value in (e.generator_loss, e.real_loss)]
    return losses + owner.generate_samples(watch).flatten().tolist()


def fast_gan(checkpoint: Checkpoint | None, size: int = 120) -> list[float]:
    """The same on the fast way."""
    return gan(checkpoint, size, fast=True)


def ensemble(
    checkpoint: Checkpoint | None, size: int = 160, fast: bool = False, shared: bool = False
) -> list[float]:
    """`ensemble.train` of two seeds with all that the recipe has."""
    points = torch.linspace(0, 1, 40)[:, None].expand(-1, 2)
    small = replace(CURVES, steps=size, batch_size=32, dropout=0.0 if fast else 0.2)
    options = {"fast": fast, "shared_random": shared, "checkpoint": checkpoint}
    trained = train(points, small, [3, 4], **options)
    weights = nn.utils.parameters_to_vector(trained.generators.parameters())
    return torch.cat([*(part.flatten() for part in trained.losses), weights]).tolist()


def fast(checkpoint: Checkpoint | None, size: int = 160) -> list[float]:
    """The same on the fast way."""
    return ensemble(checkpoint, size, fast=True)


def shared(checkpoint: Checkpoint | None, size: int = 160) -> list[float]:
    """The same with random numbers drawn for all seeds at once."""
    return ensemble(checkpoint, size, fast=True, shared=True)


Training = Callable[[Checkpoint | None], list[float]]
TRAININGS: dict[str, Training] = {
    f.__name__: f for f in (loop, gan, fast_gan, ensemble, fast, shared)
}


def child(work: Callable[[], list[float]], result: Path) -> int:
    """Fork a process that works and then writes what came out."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            result.write_text(json.dumps(work()))
            code = 0
        finally:
            os._exit(code)
    return pid


def main(name: str, kills: int, longest: float, folder: Path) -> None:
    """Train in peace, and under fire until so many were killed."""
    training, moments = TRAININGS[name], random.Random(0)
    checkpoint = Checkpoint(folder / "run.safetensors", every=1)
    peace, fire = folder / "peace.json", folder / "fire.json"
    assert os.waitstatus_to_exitcode(os.waitpid(child(lambda: training(None), peace), 0)[1]) == 0
    killed = 0
    while not fire.exists():
        pid = child(lambda: training(checkpoint), fire)
        if killed < kills:
            time.sleep(moments.uniform(0, longest))
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        killed += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL), code
    print(json.dumps([killed, json.loads(peace.read_text()), json.loads(fire.read_text())]))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
