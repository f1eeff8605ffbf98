"""Do derivatives written out by hand train as autograd does, on one machine and the other?"""

import warnings
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from test_ensemble import BASE, EVERYTHING_FAST, SEEDS, case_of, one_thread, randoms, skewed

from gan_course.many import CURVES, PATTERNS, QUICK, train
from gan_course.many.draws import draw_chunks, draws_of
from gan_course.many.fast import FastTraining, why_not
from gan_course.many.stacked import make_networks

__all__ = ["one_thread"]  # a fixture for every test


@pytest.fixture(autouse=True)
def strict():
    """No test falls back without saying so."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_the_courses_recipes_can_be_trained_fast():
    assert [why_not(recipe) for recipe in (CURVES, QUICK, PATTERNS)] == [None] * 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("case", ["everything fast", "softmax at the end"])
def test_a_gpu_trains_as_the_cpu_does(case):
    data, settings = case_of(case)
    here = train(data, settings, SEEDS, fast=True)
    there = train(data, settings, SEEDS, fast=True, device="cuda")
    torch.testing.assert_close(there.losses.generator, here.losses.generator, rtol=0.01, atol=0.01)


# --- recorded, as on a GPU: with a recorder that does on a CPU what a CUDA graph does ----------


class Recorder:
    """What `torch.cuda.CUDAGraph` is to `FastTraining`: it keeps work without doing it."""

    def __init__(self):
        self.replays = 0

    def replay(self):
        """Do the work that was recorded, with what is in its place now."""
        self.replays += 1
        training, place, losses = self.work
        losses.copy_(training.follow(place))


def on_gpu(training, monkeypatch):
    """Let a training on the CPU believe that it is on a GPU."""
    training.on_gpu = True
    recorders = []

    @contextmanager
    def recording(recorder):
        # what a graph records is not done: everything is put back
        changing = [training.average]
        for layers, adam in (
            (training.generator, training.change_g),
            (training.discriminator, training.change_d),
        ):
            changing += [layers.weights, adam.mean, adam.square, adam.steps]
        before = [numbers.clone() for numbers in changing]
        real_follow = training.follow

        def follow(place):
            losses = real_follow(place)
            recorder.work = training, place, losses
            return losses

        monkeypatch.setattr(training, "follow", follow)
        yield
        monkeypatch.setattr(training, "follow", real_follow)
        for numbers, kept in zip(changing, before, strict=True):
            numbers.copy_(kept)
        recorders.append(recorder)

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recorder)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return recorders


def runs(training):
    """Losses of some chunks of steps, and of a shorter one at the end."""
    settings = training.settings
    stream = draw_chunks(settings, draws_of(skewed, 2), randoms(0, 1), None, "cpu")
    parts = [training.run(next(stream), 16 * k, 16) for k in range(3)]
    last = next(stream).part(0, 5, settings.batch_size)
    return torch.cat([*parts, training.run(last, 48, 5)], dim=1)


def make_training(device="cpu"):
    settings = replace(BASE, **{**EVERYTHING_FAST, "scaled": False, "clipped": False, "steps": 64})
    networks = make_networks(settings, 2, randoms(0, 1))
    return FastTraining(*(network.to(device) for network in networks), settings)


def test_recorded_steps_are_the_same_steps(monkeypatch):
    expected, training = runs(plain := make_training()), make_training()
    recorders = on_gpu(training, monkeypatch)
    losses = runs(training)
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(training.average, plain.average, rtol=1e-5, atol=1e-5)
    # the first chunk is done by hand, the second one recorded, the odd one done by hand
    assert [recorder.replays for recorder in recorders] == [2]


def test_what_cannot_be_recorded_is_done_by_hand_and_says_why(monkeypatch):
    expected, training = runs(make_training()), make_training()
    on_gpu(training, monkeypatch)

    def refuse():
        raise RuntimeError("no graphs on this device\nand more")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", refuse)
    with pytest.warns(UserWarning, match="can't be recorded: no graphs on this device") as lines:
        losses = runs(training)
    assert len(lines) == 1
    assert training.why_not_recorded == "no graphs on this device"
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_records_its_steps():
    training = make_training("cuda")
    stream = draw_chunks(training.settings, draws_of(skewed, 2), randoms(0, 1), None, "cuda")
    for k in range(3):
        training.run(next(stream), 16 * k, 16)
    assert training.why_not_recorded is None
    assert training.recorded[16] is not None
