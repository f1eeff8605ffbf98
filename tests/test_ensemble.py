"""Does each of many GANs come to what it comes to alone, and to what a plain loop comes to?"""

import copy
import functools
import math
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.optim import Adam

from gan_course.many import QUICK, Diverged, Settings, ensemble, train
from gan_course.many.draws import CHUNK, draw_batches, draw_noise, draws_of
from gan_course.many.stacked import StackedLinear, make_networks

STEPS = 20  # more than are drawn at a time
SEEDS = (7, 0, 11, 3, 5)


def randoms(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def skewed(count, random):
    """Samples in columns of their own range each."""
    x = torch.rand(count, 1, generator=random)
    return torch.cat([4 * x, 1 - x**2], dim=1)


DATA = skewed(45, *randoms(1))  # not a multiple of the batch size
DATA_SETS = torch.stack([skewed(45, *randoms(seed)) + seed for seed in SEEDS])

BASE = Settings(
    latent_dim=3,
    generator_widths=(9,),
    discriminator_widths=(17, 5),
    batch_size=36,  # not a multiple of what a processor computes at a time
    steps=STEPS,
    generator_rate=1e-3,
    discriminator_rate=2e-3,
    betas=(0.5, 0.99),
)
WHOLE_RECIPE = {
    "noise": "uniform",
    "generator_waves": 2,
    "discriminator_waves": 3,
    "slope": 0.2,
    "scaled": True,
    "decay": True,
    "average": 0.9,
    "penalty": (0.5, 0.1),
}
EVERYTHING = {**WHOLE_RECIPE, "dropout": 0.2}
# each case as (settings that differ from BASE, data)
CASES = {
    "plain": ({}, DATA),
    "even noise": ({"noise": "even"}, DATA),
    "one number to one": (
        {"latent_dim": 1, "generator_widths": (), "discriminator_widths": ()},
        DATA[:, :1],
    ),
    "even widths": ({"generator_widths": (16, 32), "discriminator_widths": (64, 16)}, DATA),
    "ReLU at the end": ({"last_layer": "relu"}, DATA),
    "softmax at the end": ({"last_layer": "softmax"}, DATA),
    "dropout": ({"dropout": 0.3}, DATA),
    "a penalty that falls": ({"penalty": (2.0, 0.02), "scaled": True, "average": 0.9}, DATA),
    "a data set for each": ({"scaled": True}, DATA_SETS),
    "the whole recipe": (WHOLE_RECIPE, skewed),
    "everything": (EVERYTHING, skewed),
}


@pytest.fixture(autouse=True)
def one_thread():
    """Sums that are shared out among threads round in other ways."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def case_of(case, seeds=SEEDS):
    """The data of these seeds, and the settings."""
    changes, data = CASES[case]
    if isinstance(data, Tensor) and data.ndim == 3:
        data = torch.stack([data[SEEDS.index(seed)] for seed in seeds])
    return data, replace(BASE, **changes)


@functools.cache
def trained(case, *seeds):
    return train(*case_of(case, seeds), seeds)


# --- each as it is alone ----------------------------------------------------------------------


@pytest.mark.parametrize(("case", "count"), [*((case, 3) for case in CASES), ("everything", 5)])
def test_each_seed_comes_bit_for_bit_to_what_it_comes_to_alone(case, count):
    together = trained(case, *SEEDS[:count])
    samples = together.generate(50)
    noise = draw_noise(together.settings, 50, *randoms(1_000_003))
    for position, seed in enumerate(together.seeds):
        alone = trained(case, seed)
        for whole, single in zip(together.losses, alone.losses, strict=True):
            assert torch.equal(whole[:, position], single[:, 0])
        assert torch.equal(samples[position], alone.generate(50)[0])
        generator = together.generator(seed)
        assert not any(isinstance(layer, StackedLinear) for layer in generator)
        torch.testing.assert_close(generator(noise), samples[position])


def test_first_weights_are_those_of_a_linear_layer():
    layer = StackedLinear(30, 200, randoms(4, 5))
    for position, seed in enumerate((4, 5)):
        torch.manual_seed(seed)
        expected = nn.Linear(30, 200)
        assert torch.equal(layer.weight[position].T, expected.weight)
        assert torch.equal(layer.bias[position, 0], expected.bias)


# --- as a plain loop does it ------------------------------------------------------------------


class Dropout(nn.Module):
    """Dropout whose random numbers come from a generator."""

    def __init__(self, share, random):
        super().__init__()
        self.share, self.random = share, random

    def forward(self, values):
        kept = torch.rand(values.shape, generator=self.random) >= self.share
        return torch.where(kept, values / (1 - self.share), 0)


def plain_network(stacked, settings, random):
    """The same first weights in layers of PyTorch: linear, activation, dropout, and so on."""
    weights = [layer for layer in stacked if isinstance(layer, StackedLinear)]
    layers = []
    for number, layer in enumerate(weights):
        linear = nn.Linear(layer.weight.shape[1], layer.weight.shape[2])
        linear.weight.data, linear.bias.data = layer.weight[0].T.clone(), layer.bias[0, 0].clone()
        layers.append(linear)
        if number < len(weights) - 1:
            layers.append(nn.LeakyReLU(settings.slope))
            layers.append(Dropout(settings.dropout, random) if settings.dropout else nn.Identity())
    return nn.Sequential(*layers)


def with_waves(values, count):
    columns = [values]
    for k in (1, 2, 4, 8)[:count]:
        columns += [(k * torch.pi * values / 2).sin(), (k * torch.pi * values / 2).cos()]
    return torch.cat(columns, dim=1)


def plain_loop(data, settings, seed):
    """One GAN, as one would write it: losses, (steps, 3), what generates, and what judges."""
    (random,) = randoms(seed)
    example = data(2_048, random) if settings.scaled and callable(data) else data
    low, high = torch.zeros(()), torch.zeros(())
    if settings.scaled:
        low, high = example.amin(0), example.amax(0)
    (draw,) = draws_of(data, 1)
    dim = 2 if callable(data) else data.shape[1]
    stacked_g, stacked_d = make_networks(settings, dim, [random])
    d = plain_network(stacked_d, settings, random)
    layers = plain_network(stacked_g, replace(settings, dropout=0), random)
    averaged, averaged_d = copy.deepcopy((layers, d))
    ends = {"linear": lambda v: v, "relu": torch.relu, "softmax": lambda v: v.softmax(1)}
    optimiser_d = Adam(d.parameters(), settings.discriminator_rate, settings.betas)
    optimiser_g = Adam(layers.parameters(), settings.generator_rate, settings.betas)

    def generate(network, noise):
        end = ends[settings.last_layer]
        return end(network(with_waves(noise, settings.generator_waves)))

    def seen_by_d(samples):
        return with_waves(samples, settings.discriminator_waves)

    losses = []
    for step, batch in enumerate(draw_batches(settings, [draw], [random], None, "cpu")):
        if settings.decay:
            left = (settings.steps - step) / settings.steps
            optimiser_d.param_groups[0]["lr"] = settings.discriminator_rate * left
            optimiser_g.param_groups[0]["lr"] = settings.generator_rate * left
        real = batch.real[0]
        if settings.scaled:
            real = (real - (low + high) / 2) / ((high - low) / 2)
        real.requires_grad_()
        fake = generate(layers, batch.noise[0, 0]).detach().requires_grad_()
        both = torch.cat([seen_by_d(real), seen_by_d(fake)])
        on_real, on_fake = d(both).chunk(2)
        ones, zeros = torch.ones_like(on_real), torch.zeros_like(on_fake)
        loss_real, loss_fake = bce(on_real, ones), bce(on_fake, zeros)
        loss = loss_real + loss_fake
        if settings.penalty:
            log_weight = np.interp(step, [0, settings.steps], np.log(settings.penalty))
            for logits, samples in ((on_real, real), (on_fake, fake)):
                (slopes,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
                loss = loss + math.exp(log_weight) / 2 * (slopes.norm(dim=1) ** 2).mean()
        optimiser_d.zero_grad()
        loss.backward()
        optimiser_d.step()

        answer = bce(d(seen_by_d(generate(layers, batch.noise[1, 0]))), ones)
        optimiser_g.zero_grad()
        answer.backward()
        optimiser_g.step()
        keep = min(settings.average, (step + 1) / (step + 10))
        for average, network in ((averaged, layers), (averaged_d, d)):
            for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
                mean.data = keep * mean.data + (1 - keep) * weight.data
        losses.append(torch.stack([loss_real, loss_fake, answer]).detach())

    def generate_in_data_units(noise):
        with torch.no_grad():
            samples = generate(averaged, noise)
        return low + (samples + 1) / 2 * (high - low) if settings.scaled else samples

    def judge(samples):
        if settings.scaled:
            samples = (samples - (low + high) / 2) / ((high - low) / 2)
        with torch.no_grad():
            return averaged_d(seen_by_d(samples))

    return torch.stack(losses), generate_in_data_units, judge


@pytest.mark.parametrize("case", CASES)
def test_training_does_what_a_plain_loop_does(case):
    position, seed = 1, SEEDS[1]
    data, settings = case_of(case, (seed,))
    if isinstance(data, Tensor) and data.ndim == 3:
        data = data[0]
    losses, generate, judge = plain_loop(data, settings, seed)
    result = trained(case, *SEEDS[:3])
    got = torch.stack([part[:, position] for part in result.losses], dim=1)
    torch.testing.assert_close(got, losses, rtol=1e-5, atol=1e-5)
    noise = draw_noise(settings, 50, *randoms(1_000_003))
    torch.testing.assert_close(result.generate(50)[position], generate(noise), rtol=1e-5, atol=1e-4)
    assert float((losses - losses[0]).abs().max()) > 0.01  # something was learnt
    if case == "a penalty that falls":  # the others' discriminators are made in the same way
        torch.testing.assert_close(result.discriminator(seed)(DATA), judge(DATA), atol=1e-4, rtol=0)


# --- compiled ---------------------------------------------------------------------------------


@pytest.mark.slow  # the compiler takes its time
@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.filterwarnings("error:trained the plain way")
def test_a_compiled_step_has_the_same_losses_and_goes_on_where_it_was_cut_short(tmp_path):
    def stop(step, so_far):
        if step == STEPS:
            raise InterruptedError

    data, settings = case_of("the whole recipe", SEEDS[:3])
    arguments = data, settings, SEEDS[:3]
    options = {"fast": True, "every": 10, "checkpoint": tmp_path / "run"}
    with pytest.raises(InterruptedError):  # what is kept is of the end of the first chunk
        train(*arguments, report=stop, **options)
    plain, whole, went_on = (
        trained("the whole recipe", *SEEDS[:3]),
        train(*arguments, fast=True),
        train(*arguments, **options),
    )
    torch.testing.assert_close(tuple(whole.losses), tuple(plain.losses), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(whole.generate(50), plain.generate(50), rtol=1e-3, atol=1e-3)
    # it was compiled: rounding differs
    assert not torch.equal(whole.losses.real, plain.losses.real)
    assert all(map(torch.equal, went_on.losses, whole.losses))
    assert torch.equal(went_on.generate(50), whole.generate(50))


def test_what_the_compiler_refuses_is_trained_plainly_and_says_why():
    data, settings = case_of("dropout", SEEDS[:3])  # of random numbers of a generator
    with pytest.warns(UserWarning, match="trained the plain way, as .*"):
        fast = train(data, settings, SEEDS[:3], fast=True)
    torch.testing.assert_close(tuple(fast.losses), tuple(trained("dropout", *SEEDS[:3]).losses))


# --- what comes out ---------------------------------------------------------------------------


def test_a_generator_by_itself_has_its_own_weights():
    result = train(DATA, replace(BASE, steps=1), (0, 1))
    before = result.generate(5)
    for parameter in result.generator(1).parameters():
        parameter.data.zero_()
    assert torch.equal(result.generate(5), before)
    assert not torch.equal(result.generate(5, seed=1), before)
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1\), got 5"):
        result.generator(5)


def test_training_leaves_the_global_random_numbers_alone():
    settings, state = replace(BASE, **{**EVERYTHING, "steps": 3}), torch.get_rng_state()
    result = train(skewed, settings, (0, 1))
    result.generate(3)
    result.generator(1)
    assert torch.equal(torch.get_rng_state(), state)


# --- reports ----------------------------------------------------------------------------------


def test_reports_come_with_the_state_so_far_and_change_nothing():
    settings = replace(BASE, average=0.9)
    reports = {}

    def spoil_every_other(step, so_far):
        reports[step] = so_far
        if step % 2 == 0:
            for parameter in so_far.generators.parameters():
                parameter.data.zero_()

    watched = train(DATA, settings, (0, 1), report=spoil_every_other, every=5)
    assert list(reports) == [5, 10, 15, 20]
    for step, so_far in {5: reports[5], 15: reports[15], STEPS: watched}.items():
        quiet = train(DATA, replace(settings, steps=step), (0, 1))
        assert so_far.seeds == (0, 1)
        assert all(map(torch.equal, so_far.losses, quiet.losses))
        assert torch.equal(so_far.generate(5), quiet.generate(5))  # looked at when all is over


# --- what may be handed over ------------------------------------------------------------------

SHORT = replace(BASE, steps=2)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"seeds": (1, 2, 1)}, ValueError, "all different, got [1, 2, 1]"),
        ({"seeds": (0, 0.5)}, TypeError, "'float' object cannot be interpreted as an integer"),
        ({"data": torch.zeros(3, 5, 2)}, ValueError, "one data set for each of 2 seeds, got 3"),
        ({"data": DATA_SETS[:2] / 0}, ValueError, "data must be finite, got NaN or infinity in 2"),
        ({"data": lambda *_: torch.zeros(3)}, ValueError, "data(1, random) must have shape (n, "),
        ({"data": skewed, "shared_random": True}, ValueError, "must be a data set where shared"),
        ({"data": lambda *_: torch.zeros(1, 2)}, ValueError, "must have 576 rows, got 1"),
    ],
)
def test_train_names_the_wrong_argument(changes, error, message):
    arguments = {"data": DATA, "settings": SHORT, "seeds": (0, 1), **changes}
    with pytest.raises(error, match=re.escape(message)):
        train(**arguments)


# --- where it diverges ------------------------------------------------------------------------


def test_exploding_losses_name_the_seed():
    settings = replace(QUICK, steps=32, generator_rate=1e-9, discriminator_rate=100.0)
    message = r"training diverged in step \d+ with seed 2: a loss has exploded, to .* nats"
    with pytest.raises(Diverged, match=message):
        train(torch.rand(50, 2), settings, [2])


def test_the_error_holds_the_last_good_generators_and_so_does_the_file(tmp_path, monkeypatch):
    def growing(count, random):
        nonlocal draws
        draws += count > 1
        return (1.0 if draws <= 3 else 1e30) * torch.rand(count, 2, generator=random)

    draws = 0
    monkeypatch.setattr(ensemble, "LOOK_EVERY", 2 * CHUNK)
    settings = replace(BASE, steps=4 * CHUNK, batch_size=8)
    message = r"training diverged in step \d+ with seed 4: a loss .* after 32 good steps"
    with pytest.raises(Diverged, match=message) as caught:
        train(growing, settings, [4], checkpoint=tmp_path / "run")
    good = caught.value.ensemble
    assert good.losses.real.shape == (32, 1)
    assert bool(torch.isfinite(good.generate(100)).all())
    kept = torch.load(tmp_path / "run", weights_only=True)["state"]
    assert kept["losses"].shape == (3, 0, 1)  # that of the beginning


# --- going on where it was cut short ----------------------------------------------------------


def test_other_data_settings_seeds_or_ways_are_another_training(tmp_path):
    def go(data=DATA, settings=SHORT, seed=1, **options):
        train(data, settings, [seed], checkpoint=tmp_path / "run", **options)

    go()
    for changed, what in (
        ({"data": DATA + 1}, "data"),
        ({"data": skewed}, "data"),
        ({"settings": replace(SHORT, betas=(0.1, 0.2))}, "betas"),
        ({"seed": 2}, "seeds"),
        ({"fast": True}, "fast"),
        ({"shared_random": True}, "shared_random"),
    ):
        with pytest.raises(ValueError, match=f"of another training than this one: {what} differ"):
            go(**changed)
