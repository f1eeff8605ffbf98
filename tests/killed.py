"""Trainings that go on from a file, and a process that is killed: `python killed.py FOLDER`.

A parent process forks children, which train. Each is killed at a random moment, the next one goes
on from the file. It prints as JSON how many were killed, how many of them went on from a file, and
all losses, without any interruption and in the end.
"""

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

from gan_course.data import normal_noise
from gan_course.many import POINTS, train
from gan_course.networks import Discriminator, Generator, make_discriminator, make_generator
from gan_course.training import GAN, fit


def numbers(history):
    """All losses and scores, and what was best."""
    scores = [epoch.score or 0.0 for epoch in history.epochs]
    losses = [loss for losses in history.losses for loss in losses]
    return [*losses, *scores, history.best_epoch, history.best_score]


def loop(file, size=6):
    """`fit` with dropout, and batches that are shuffled by random numbers of their own."""
    torch.manual_seed(1)
    order = torch.Generator().manual_seed(2)
    generator = make_generator()
    history = fit(
        generator,
        make_discriminator(dropout=0.3),
        DataLoader(torch.rand(64, 2), batch_size=32, shuffle=True, generator=order),
        normal_noise(2),
        score=lambda samples: float(samples.mean()),
        watch=torch.randn(5, 2),
        epochs=size,
        keep_best=True,
        every=1,
        checkpoint=file,
    )
    return [*numbers(history), *nn.utils.parameters_to_vector(generator.parameters()).tolist()]


def gan(file, size=6):
    """`GAN.fit` with falling rates and a moving average."""
    torch.manual_seed(1)
    networks = Generator(1), Discriminator(1)
    owner = GAN(*networks, lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1))
    history = owner.fit(size, 2, decay=True, average=0.9, every=1, checkpoint=file)
    watch = torch.linspace(0, 1, 5)[:, None]
    return numbers(history) + owner.generate_samples(watch).flatten().tolist()


def seeds(file, size=50, shared=False):
    """`many.train` of two seeds with all that the recipe has."""
    points = torch.linspace(0, 1, 40)[:, None].expand(-1, 2)
    small = replace(POINTS, steps=size, batch_size=32, dropout=0.2)
    trained = train(points, small, [3, 4], shared_random=shared, checkpoint=file, every=4)
    weights = nn.utils.parameters_to_vector(trained.generators.parameters())
    return torch.cat([*(part.flatten() for part in trained.losses), weights]).tolist()


def shared(file, size=50):
    """The same with random numbers drawn for all seeds at once."""
    return seeds(file, size, shared=True)


TRAININGS = {f.__name__: f for f in (loop, gan, seeds, shared)}


def child(work, result):
    """Fork a process that works and then writes what came out."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(120)  # one that does not stop would slow down whatever comes next
            result.write_text(json.dumps(work()))
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid):
    """The exit code of a child, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def running(pid):
    """Whether a child has not ended yet."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def content(file):
    """What is in a file, nothing where there is none."""
    return file.read_bytes() if file.exists() else b""


def main(folder, kills=8, longest=0.15, size=110):
    """Train in peace, and under fire until so many were killed; print what came out."""
    # the first optimiser takes seconds to import what it needs: no child should die of that
    torch.optim.SGD([torch.zeros(1)])
    moments = random.Random(0)
    peace, fire, run = (folder / name for name in ("peace", "fire", "run.pt"))
    assert ended(child(lambda: gan(None, size), peace)) == 0
    killed = went_on = 0
    while not fire.exists():
        went_on += run.exists()
        before = content(run)
        pid = child(lambda: gan(run, size), fire)
        if killed < kills:
            # on a busy machine a moment is too short to come further: every other child gets there
            while killed % 2 and running(pid) and content(run) == before:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, longest))
            os.kill(pid, signal.SIGKILL)
        code = ended(pid)
        killed += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL), code
    numbers = [json.loads(result.read_text()) for result in (peace, fire)]
    print(json.dumps({"killed": killed, "went on": went_on, "numbers": numbers}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
