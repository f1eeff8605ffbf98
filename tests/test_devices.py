"""Does everything train on any device? Here on a stand-in for Apple's, which has no float64."""

from dataclasses import replace

import pytest
import torch
from apple import AppleGPU

from gan_course import data, metrics
from gan_course.data import even_noise, exponential, normal_noise
from gan_course.many import PATTERNS, train
from gan_course.many import POINTS as RECIPE
from gan_course.networks import (
    Discriminator,
    Generator,
    in_data_units,
    make_discriminator,
    make_generator,
    pick_device,
    sample,
)
from gan_course.panel import Panel
from gan_course.plots import plot_points
from gan_course.training import GAN, fit

POINTS = data.curve_points(exponential, 0, 50, 64, random=torch.Generator().manual_seed(0))
LINE = (0.0, 50.0)


@pytest.fixture
def apple():
    with AppleGPU() as device:
        yield device


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_a_gpu_is_picked_where_there_is_one(monkeypatch, cuda, mps, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device() == device


def test_fit_trains_there(apple):
    generator, discriminator = make_generator().to("mps"), make_discriminator().to("mps")
    scaler = data.Scaler.fit(POINTS)
    history = fit(
        generator,
        discriminator,
        data.batches(scaler.scale(POINTS), 32),
        normal_noise(2),
        score=lambda made: metrics.fit_and_spread(scaler.unscale(made), exponential, *LINE),
        watch=normal_noise(2)(100),
        epochs=2,
        keep_best=True,
        average=0.9,
    )
    assert str(history.snapshots[1].device) == "cpu"
    made = sample(in_data_units(generator, scaler), torch.randn(50, 2))
    assert str(made.device) == "mps"
    assert metrics.curve_quality(made, exponential, *LINE).samples == 50
    plot_points(POINTS, made)


def test_a_gan_trains_there(apple):
    networks = Generator(1), Discriminator(1)
    gan = GAN(*networks, even_noise, lambda n: torch.randn(n, 1), device="mps")
    history = gan.fit(2, 2, decay=True, average=0.9, watch=even_noise(20), every=1)
    assert [str(made.device) for made in history.snapshots.values()] == ["cpu", "cpu"]
    made = gan.generate_samples(num=20)
    assert str(made.device) == "mps"
    assert metrics.ks_normal(made[:, 0]) > 0


RECIPES = {
    "points": (POINTS, RECIPE),
    "patterns": (data.real_batch(data.pattern_values(5), 64, 100), PATTERNS),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_many_train_there_as_on_the_cpu(apple, recipe):
    samples, settings = RECIPES[recipe]
    small = {"generator_widths": (4,), "discriminator_widths": (4,)}
    settings = replace(settings, steps=3, batch_size=8, **small)
    reports = []

    def report(step, so_far):
        made = so_far.generate(20)
        assert str(made.device) == "mps"
        if made.shape[2] == 2:
            metrics.fit_and_ks_of_many(made, exponential, *LINE)
        reports.append(step)

    there = train(samples, settings, (0, 1), device="mps", report=report, every=2)
    here = train(samples, settings, (0, 1))
    assert reports == [2]
    assert str(there.losses.real.device) == "cpu"
    torch.testing.assert_close(there.losses.real, here.losses.real)
    assert str(sample(there.generator(1), torch.zeros(4, settings.latent_dim)).device) == "mps"


VALUES = data.pattern_values(5)
ROWS = data.real_batch(VALUES, 50, 100)
MEASURES = {
    "curve_quality": (POINTS, lambda made: metrics.curve_quality(made, exponential, *LINE)),
    "energy_test": (
        POINTS,
        lambda made: metrics.energy_test(made, made.flip(1), random=torch.Generator()),
    ),
    "sample_quality": (POINTS, lambda made: metrics.sample_quality(made, made.flip(1))),
    "integer_quality": (ROWS, lambda made: metrics.integer_quality(made, VALUES)),
    "valid_sequences": (
        ROWS.argmax(dim=1).reshape(5, 10),
        lambda made: metrics.valid_sequences(made, VALUES),
    ),
}


@pytest.mark.parametrize("name", MEASURES)
def test_samples_are_measured_there_as_on_the_cpu(apple, name):
    samples, measure = MEASURES[name]
    assert measure(samples.to("mps")) == measure(samples)


def test_the_panel_looks_there_and_leaves_random_numbers_alone(apple, monkeypatch):
    kept = []
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: "the state")
    monkeypatch.setattr(torch.mps, "set_rng_state", kept.append)
    generator = make_generator().to("mps")
    panel = Panel(POINTS, torch.randn(20, 2), quality=lambda made: float(made.mean()))
    panel.update(1, generator, make_discriminator().to("mps"))
    assert kept == ["the state"]
    assert panel.snapshots[0].finite
    assert isinstance(panel.snapshots[0].quality, float)
