"""Do the classes of project 3 train what they own, step by step, and say what is wrong?"""

from __future__ import annotations

import copy
import math
from typing import Any

import matplotlib

matplotlib.use("Agg")

import pytest
import torch
from torch import Tensor, nn

from gan_course.gan import GAN, Discriminator, GANEpoch, Generator, even_noise
from gan_course.metrics import ks_normal


def noise(num: int) -> Tensor:
    return torch.rand(num, 1)


def data(num: int) -> Tensor:
    return torch.randn(num, 1)


def make(**settings: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(Generator(), Discriminator(), noise, data, **settings)


def weights(network: nn.Module) -> list[Tensor]:
    return [w.detach().clone() for w in network.parameters()]


def equal(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


# --- the networks ------------------------------------------------------------------------------


def sizes(network: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


def test_the_networks_have_the_sizes_of_the_chapter() -> None:
    assert sizes(Generator()) == [(1, 64), (64, 32), (32, 1)]
    assert sizes(Discriminator()) == [(1, 64), (64, 32), (32, 1)]
    assert sizes(Generator(5, widths=(7,), output_dim=3)) == [(5, 7), (7, 3)]
    assert sizes(Generator(100, widths=(), output_dim=100)) == [(100, 100)]
    assert sizes(Discriminator(2, [9, 1])) == [(2, 9), (9, 1)]


def test_the_networks_compute_what_a_stack_of_layers_does() -> None:
    generator, discriminator = Generator(slope=0.2), Discriminator(slope=0.2)
    z = 10 * torch.randn(16, 1)
    for network, end in ((generator, nn.Identity()), (discriminator, nn.Sigmoid())):
        first, second, third = network.layers
        leaky = nn.LeakyReLU(0.2)
        stack = nn.Sequential(first, leaky, second, leaky, third, end)
        assert torch.equal(network(z), stack(z))


def test_an_output_activation_comes_last() -> None:
    rows = Generator(4, nn.Softmax(dim=1), output_dim=6)(torch.randn(8, 4))
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(8))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Generator(0), ValueError, "latent_dim must be at least 1, got 0"),
        (lambda: Generator(1, "tanh"), TypeError, "output_activation must be a layer .* got str"),
        (lambda: Generator(widths=(0,)), ValueError, r"widths\[0\] must be at least 1"),
        (lambda: Generator(output_dim=1.5), TypeError, "output_dim must be a whole number"),
        (lambda: Generator(slope="0.2"), TypeError, "slope must be a number"),
        (lambda: Discriminator(0), ValueError, "input_dim must be at least 1, got 0"),
        (lambda: Discriminator(1, [64, 2]), ValueError, r"layers must end with 1.* got \[64, 2\]"),
        (lambda: Discriminator(1, []), ValueError, r"layers must end with 1.* got \[\]"),
        (lambda: Discriminator(slope=math.nan), ValueError, "slope must be finite"),
    ],
)
def test_networks_name_the_wrong_argument(build: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        build()


# --- one step ----------------------------------------------------------------------------------


def test_the_discriminators_step_changes_the_discriminator_only() -> None:
    gan = make()
    before = weights(gan.generator), weights(gan.discriminator)
    gan.train_step_discriminator()
    assert equal(before[0], weights(gan.generator))
    assert not equal(before[1], weights(gan.discriminator))
    assert all(w.grad is None for w in gan.generator.parameters())


def test_the_generators_step_changes_the_generator_only() -> None:
    gan = make()
    before = weights(gan.generator), weights(gan.discriminator)
    gan.train_step_generator()
    assert not equal(before[0], weights(gan.generator))
    assert equal(before[1], weights(gan.discriminator))


def test_a_step_is_that_of_the_formulas() -> None:
    gan = make(discriminator_rate=0.01, generator_rate=0.02, betas=(0.3, 0.8))
    generator, discriminator = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
    adam_d = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.3, 0.8))
    adam_g = torch.optim.Adam(generator.parameters(), lr=0.02, betas=(0.3, 0.8))
    torch.manual_seed(1)
    losses = [gan.train_step() for _ in range(3)]
    torch.manual_seed(1)
    by_hand = []
    for _ in range(3):
        adam_d.zero_grad()
        real = -discriminator(data(32)).log().mean()
        fake = -(1 - discriminator(generator(noise(32)).detach())).log().mean()
        ((real + fake) / 2).backward()
        adam_d.step()
        adam_g.zero_grad()
        fooled = -discriminator(generator(noise(32))).log().mean()
        fooled.backward()
        adam_g.step()
        by_hand.append((fooled.item(), real.item(), fake.item()))
    for ours, theirs in zip(losses, by_hand, strict=True):
        assert all(type(loss) is float for loss in ours)
        assert tuple(ours) == pytest.approx(theirs, rel=1e-4)
    for first, second in zip(weights(gan.generator), weights(generator), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-3, atol=1e-4)


def test_targets_are_made_once() -> None:
    gan = make(batch_size=7)
    assert torch.equal(gan.ones, torch.ones(7, 1))
    assert torch.equal(gan.zeros, torch.zeros(7, 1))


# --- samples -----------------------------------------------------------------------------------


def test_samples_carry_no_gradients_and_come_in_the_number_asked_for() -> None:
    gan = make(batch_size=9)
    assert gan.generate_samples().shape == (9, 1)
    assert gan.generate_samples(num=4).shape == (4, 1)
    z = noise(5)
    samples = gan.generate_samples(z)
    assert not samples.requires_grad
    assert torch.equal(samples, gan.generator(z).detach())


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"latent_vec": torch.ones(2, 1), "num": 2}, ValueError, "num must be left out .* both"),
        ({"num": 0}, ValueError, "num must be at least 1, got 0"),
        ({"latent_vec": torch.ones(2)}, ValueError, r"latent_vec must be .* got shape \(2,\)"),
        ({"latent_vec": [[1.0]]}, TypeError, "latent_vec must be a float tensor"),
    ],
)
def test_samples_need_one_of_two(settings: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make().generate_samples(**settings)


# --- training ----------------------------------------------------------------------------------


def test_means_of_an_epoch_are_those_of_its_steps() -> None:
    history = make().fit(epochs=3, batches=4)
    gan = make()
    for epoch in history.epochs:
        steps = [gan.train_step() for _ in range(4)]
        means = [sum(column) / 4 for column in zip(*steps, strict=True)]
        assert [epoch.generator_loss, epoch.real_loss, epoch.fake_loss] == means
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3]


def test_reports_and_snapshots_come_first_and_then_now_and_then() -> None:
    told: list[GANEpoch] = []
    watch = noise(6)
    gan = make()
    history = gan.fit(epochs=5, batches=2, watch=watch, report=told.append, report_every=2)
    assert [epoch.number for epoch in told] == [1, 2, 4]
    assert list(history.snapshots) == [1, 2, 4]
    assert history.snapshots[4].shape == (6, 1)
    assert make().fit(epochs=1, batches=1).snapshots == {}


def test_equal_seeds_give_equal_histories_unless_timed() -> None:
    assert make().fit(epochs=2).epochs == make().fit(epochs=2).epochs
    timed = make().fit(epochs=2, timed=True).epochs
    seconds = [epoch.seconds for epoch in timed]
    assert None not in seconds
    assert 0 < seconds[0] < seconds[1]  # type: ignore[operator]


def test_an_epoch_reads_as_a_line() -> None:
    line = "epoch    7: G 0.500, D 0.600 on real, 0.700 on fake"
    assert str(GANEpoch(7, 0.5, 0.6, 0.7)) == line
    assert str(GANEpoch(7, 0.5, 0.6, 0.7, 12.34)) == line.replace(":", "   12.3 s:")


def test_decay_goes_down_in_a_line_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    gan = make(discriminator_rate=0.01, generator_rate=0.02)
    optimisers = gan.discriminator_optimiser, gan.generator_optimiser
    rates = []
    step = GAN.train_step

    def spy(self: GAN) -> Any:
        rates.append([o.param_groups[0]["lr"] for o in optimisers])
        return step(self)

    monkeypatch.setattr(GAN, "train_step", spy)
    gan.fit(epochs=2, batches=2, decay=True)
    expected = [[0.01, 0.02], [0.0075, 0.015], [0.005, 0.01], [0.0025, 0.005]]
    assert rates == [pytest.approx(pair) for pair in expected]
    assert [o.param_groups[0]["lr"] for o in optimisers] == [0.01, 0.02]
    rates.clear()
    gan.fit(epochs=1, batches=3)
    assert rates == [[0.01, 0.02]] * 3


def test_the_average_moves_slowly_and_makes_the_samples() -> None:
    gan = make(average=0.3, generator_rate=0.05)
    assert gan.averaged is not None
    average = weights(gan.averaged)
    # the share kept grows with the steps, and stops at what was asked for
    for keep in (1 / 10, 2 / 11, 3 / 12, 0.3, 0.3):
        gan.train_step()
        current = weights(gan.generator)
        average = [keep * a + (1 - keep) * c for a, c in zip(average, current, strict=True)]
        for first, second in zip(weights(gan.averaged), average, strict=True):
            torch.testing.assert_close(first, second)
    z = noise(5)
    assert torch.equal(gan.generate_samples(z), gan.averaged(z).detach())
    assert not torch.equal(gan.generate_samples(z), gan.generator(z).detach())


def test_averaging_does_not_change_the_training() -> None:
    plain = make()
    epochs = plain.fit(epochs=2).epochs
    averaged = make(average=0.9)
    assert averaged.fit(epochs=2).epochs == epochs
    assert plain.averaged is None
    assert equal(weights(plain.generator), weights(averaged.generator))


# --- the fast way --------------------------------------------------------------------------------


def softmax_gan(**settings: Any) -> GAN:
    torch.manual_seed(0)
    generator = Generator(3, nn.Softmax(dim=1), widths=(), output_dim=20)
    return GAN(
        generator,
        Discriminator(20, [1]),
        lambda num: torch.randn(num, 3),
        lambda num: torch.eye(20)[torch.randint(0, 4, (num,))],
        **settings,
    )


def relu_gan(**settings: Any) -> GAN:
    torch.manual_seed(0)
    networks = Generator(output_activation=nn.ReLU(), slope=0.2), Discriminator(slope=0.2)
    return GAN(*networks, noise, lambda num: torch.rand(num, 1), **settings)


TUNED = {"betas": (0.0, 0.9), "average": 0.9, "discriminator_rate": 2e-2, "generator_rate": 4e-3}
MAKERS = [(make, {}), (make, TUNED), (softmax_gan, {"batch_size": 7}), (relu_gan, TUNED)]


@pytest.mark.parametrize(("maker", "settings"), MAKERS)
@pytest.mark.parametrize("decay", [False, True])
def test_the_fast_way_is_the_same_training(maker: Any, settings: Any, decay: bool) -> None:
    told, watch = [], maker().noise(6)
    for ways in ((False, False, False), (True, True, False)):
        gan = maker(**settings)
        # one fit goes on where the other has stopped, the last one again the plain way
        runs = [gan.fit(2, 5, decay=decay, watch=watch, fast=fast) for fast in ways]
        told.append((gan, [epoch for run in runs for epoch in run.epochs], runs[1].snapshots[1]))
    (plain, epochs, samples), (fast, fast_epochs, fast_samples) = told
    for epoch, fast_epoch in zip(epochs, fast_epochs, strict=True):
        assert vars(fast_epoch) == pytest.approx(vars(epoch), abs=1e-5)
    assert epochs[0].generator_loss != pytest.approx(epochs[-1].generator_loss, abs=1e-3)
    assert fast.steps == plain.steps == 30
    torch.testing.assert_close(fast_samples, samples, rtol=1e-4, atol=1e-4)
    for name in ("generator", "discriminator", "averaged"):
        networks = [getattr(gan, name) for gan in (fast, plain) if getattr(gan, name) is not None]
        torch.testing.assert_close(
            *([weights(n) for n in networks] or ([], [])), rtol=1e-4, atol=1e-4
        )
    for name in ("generator_optimiser", "discriminator_optimiser"):
        here, there = (getattr(gan, name).state_dict()["state"] for gan in (fast, plain))
        torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-5)


class OwnGAN(GAN):
    """A GAN that may train in another way."""


def own_gan() -> GAN:
    return OwnGAN(Generator(), Discriminator(), noise, data)


def own_network() -> GAN:
    return GAN(nn.Sequential(nn.Linear(1, 1)), Discriminator(), noise, data)


def tanh_at_the_end() -> GAN:
    return GAN(Generator(1, nn.Tanh()), Discriminator(), noise, data)


def softmax_over_the_batch() -> GAN:
    return GAN(Generator(1, nn.Softmax(dim=0)), Discriminator(), noise, data)


def two_slopes() -> GAN:
    return GAN(Generator(slope=0.2), Discriminator(), noise, data)


def own_optimiser() -> GAN:
    gan = GAN(Generator(), Discriminator(), noise, data)
    gan.discriminator_optimiser = torch.optim.Adam(
        gan.discriminator.parameters(), betas=(0.5, 0.999), amsgrad=True
    )
    return gan


def frozen_layer() -> GAN:
    gan = GAN(generator := Generator(), Discriminator(), noise, data)
    generator.layers[0].requires_grad_(False)
    return gan


@pytest.mark.parametrize(
    ("maker", "why"),
    [
        (own_gan, "the fast step is for a GAN, not for a OwnGAN"),
        (own_network, "the fast step is for a Generator, not for a Sequential"),
        (tanh_at_the_end, r"the fast step has no Tanh\(\) at the end"),
        (softmax_over_the_batch, r"the fast step has no Softmax\(dim=0\) at the end"),
        (two_slopes, "the fast step has one slope for both networks, not 0.2 and 0.01"),
        (own_optimiser, "the fast step is for the optimisers that a GAN makes"),
        (frozen_layer, "the fast step trains all weights"),
    ],
)
def test_what_has_no_fast_step_is_trained_plainly_and_says_why(maker: Any, why: str) -> None:
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match=f"trained the plain way: {why}"):
        fast = maker().fit(1, 3, fast=True)
    torch.manual_seed(0)
    assert maker().fit(1, 3).epochs == fast.epochs


def test_the_fast_way_stops_where_it_diverges_with_the_last_good_weights() -> None:
    seen: list[list[Tensor]] = []
    gan = make(generator_rate=1e4, discriminator_rate=1e4, average=0.5)

    def look(_: GANEpoch) -> None:
        seen.append([*weights(gan.generator), *weights(gan.discriminator)])

    first = [*weights(gan.generator), *weights(gan.discriminator)]
    with pytest.raises(FloatingPointError, match=r"diverged in epoch .* try smaller"):
        gan.fit(20, 2, fast=True, report=look, report_every=1)
    good = seen[-1] if seen else first
    assert equal([*weights(gan.generator), *weights(gan.discriminator)], good)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_trains_the_fast_way_as_the_cpu_does() -> None:
    here, there = make(**TUNED), make(**TUNED, device="cuda")
    for epoch, other in zip(here.fit(4).epochs, there.fit(4, fast=True).epochs, strict=True):
        assert vars(other) == pytest.approx(vars(epoch), abs=1e-2)


def test_even_noise_has_one_number_in_each_part() -> None:
    z = even_noise(50)
    assert z.shape == (50, 1)
    parts = ((z[:, 0] + 1) / 2 * 50).floor()
    assert torch.equal(parts, torch.arange(50.0))
    assert not torch.equal(z, even_noise(50))
    with pytest.raises(ValueError, match="num must be at least 1, got 0"):
        even_noise(0)


def test_the_tuned_settings_learn_the_normal_distribution() -> None:
    torch.manual_seed(0)
    gan = GAN(
        Generator(slope=0.2),
        Discriminator(slope=0.2),
        even_noise,
        data,
        batch_size=128,
        discriminator_rate=2e-2,
        generator_rate=4e-3,
        betas=(0.0, 0.9),
        average=0.99,
    )
    before = ks_normal(gan.generate_samples(num=5_000)[:, 0])
    gan.fit(epochs=60, batches=10, decay=True)
    after = ks_normal(gan.generate_samples(num=5_000)[:, 0])
    assert before > 0.3
    assert after < 0.1


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"generator": noise}, TypeError, "generator must be an nn.Module, got function"),
        ({"discriminator": None}, TypeError, "discriminator must be an nn.Module, got NoneType"),
        ({"noise": 3}, TypeError, "noise must be a function, got int 3"),
        ({"data": torch.ones(3)}, TypeError, "data must be a function, got Tensor"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"discriminator_rate": 0}, ValueError, "discriminator_rate must be larger than 0"),
        ({"generator_rate": "fast"}, TypeError, "generator_rate must be a number"),
        ({"average": 1}, ValueError, "average must be at least 0 and below 1, got 1"),
        ({"betas": (0.5, 1.0)}, ValueError, r"betas\[1\] must be at least 0 and below 1, got 1.0"),
        ({"betas": (-0.1, 0.5)}, ValueError, r"betas\[0\] must be at least 0 and below 1"),
    ],
)
def test_a_gan_names_the_wrong_argument(settings: Any, error: type, message: str) -> None:
    usual = {"generator": Generator(), "discriminator": Discriminator()}
    with pytest.raises(error, match=message):
        GAN(**{**usual, "noise": noise, "data": data, **settings})


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"batches": 0}, ValueError, "batches must be at least 1"),
        ({"report_every": 0}, ValueError, "report_every must be at least 1"),
        ({"report": "print"}, TypeError, "report must be a function, got str 'print'"),
        ({"watch": torch.ones(3)}, ValueError, r"watch must be .* got shape \(3,\)"),
    ],
)
def test_fit_names_the_wrong_argument(settings: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make().fit(**{"epochs": 1, "batches": 1, **settings})


@pytest.mark.parametrize(
    ("name", "function", "error", "message"),
    [
        ("data", lambda num: torch.randn(num), ValueError, r"data\(32\) must be .* shape \(32,\)"),
        ("data", lambda num: torch.randn(5, 1), ValueError, r"data\(32\) must have 32 rows, got 5"),
        ("noise", lambda num: [0.0] * num, TypeError, r"noise\(32\) must be a float tensor"),
        ("data", lambda num: torch.full((num, 1), math.inf), ValueError, "NaN or infinity in 32"),
    ],
)
def test_functions_must_draw_what_is_asked_for(
    name: str, function: Any, error: type, message: str
) -> None:
    gan = make()
    setattr(gan, name, function)
    with pytest.raises(error, match=message):
        gan.train_step()


def test_answers_must_be_probabilities() -> None:
    gan = GAN(Generator(), nn.Linear(1, 1), noise, lambda num: torch.full((num, 1), 1e3))
    with pytest.raises(ValueError, match="does the discriminator end with a sigmoid"):
        gan.train_step()


def test_a_diverged_training_stops() -> None:
    gan = make()
    with torch.no_grad():
        gan.discriminator.layers[0].weight.fill_(math.nan)  # type: ignore[index, union-attr]
    with pytest.raises(FloatingPointError, match="not a number"):
        gan.fit(epochs=1)
