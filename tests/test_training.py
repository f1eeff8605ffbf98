"""Does a step change what it should, does the loop stop, keep, watch and report as it says?"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader

from gan_course.data import Scaler, batches, curve_points, exponential
from gan_course.metrics import fit_and_spread
from gan_course.networks import make_discriminator, make_generator, sample
from gan_course.training import (
    EarlyStopping,
    Epoch,
    History,
    StepLosses,
    fit,
    normal_noise,
    train_step,
)

Weights = dict[str, Tensor]


def networks(seed: int = 0) -> tuple[nn.Sequential, nn.Sequential]:
    torch.manual_seed(seed)
    return make_generator(widths=(4,)), make_discriminator(widths=(8, 4))


def weights(network: nn.Module) -> Weights:
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(first: Weights, second: Weights) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def all_changed(first: Weights, second: Weights) -> bool:
    return not any(torch.equal(first[name], second[name]) for name in first)


# --- noise ------------------------------------------------------------------------------------


def test_noise_is_standard_normal() -> None:
    noise = normal_noise(3, random=torch.Generator().manual_seed(0))(20_000)
    assert noise.shape == (20_000, 3)
    # 5 standard errors: 5 / sqrt(20000) of the mean, 5 / sqrt(40000) of the deviation
    assert noise.mean(dim=0).abs().max() < 0.036
    assert (noise.std(dim=0) - 1).abs().max() < 0.025


def test_noise_draws_from_the_generator_given() -> None:
    state = torch.get_rng_state()
    first, second = (normal_noise(2, random=torch.Generator().manual_seed(1))(4) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)


def test_noise_is_fresh_in_each_call() -> None:
    noise = normal_noise(2)
    assert not torch.equal(noise(4), noise(4))


def test_noise_needs_a_dimension() -> None:
    with pytest.raises(ValueError, match="latent_dim must be at least 1, got 0"):
        normal_noise(0)


# --- one step ---------------------------------------------------------------------------------


def step_with_labels(
    generator: nn.Module, discriminator: nn.Module, adams: list[Adam], real: Tensor
) -> list[Tensor]:
    """The classic step, written independently: nn.BCELoss and tensors of labels."""
    loss, count = nn.BCELoss(), len(real)
    ones, zeros = torch.ones(count, 1), torch.zeros(count, 1)

    adams[1].zero_grad()
    on_real = loss(discriminator(real), ones)
    on_real.backward()
    adams[1].step()

    adams[1].zero_grad()
    with torch.no_grad():
        fake = generator(torch.randn(count, 2))
    on_fake = loss(discriminator(fake), zeros)
    on_fake.backward()
    adams[1].step()

    adams[0].zero_grad()
    on_generator = loss(discriminator(generator(torch.randn(count, 2))), ones)
    on_generator.backward()
    adams[0].step()
    return [on_real, on_fake, on_generator]


def test_three_steps_agree_bit_for_bit_with_the_classic_loop() -> None:
    generator, discriminator = networks()
    twins = copy.deepcopy((generator, discriminator))
    real = torch.rand(16, 2)
    ours = [Adam(network.parameters(), lr=0.01) for network in (generator, discriminator)]
    theirs = [Adam(network.parameters(), lr=0.01) for network in twins]
    torch.manual_seed(1)
    losses = [train_step(generator, discriminator, *ours, real, normal_noise(2)) for _ in range(3)]
    torch.manual_seed(1)
    expected = [step_with_labels(*twins, theirs, real) for _ in range(3)]
    for step, expected_step in zip(losses, expected, strict=True):
        assert [loss.item() for loss in step] == [loss.item() for loss in expected_step]
    assert same(weights(generator), weights(twins[0]))
    assert same(weights(discriminator), weights(twins[1]))


@pytest.mark.parametrize("learner", ["generator", "discriminator"])
def test_a_step_changes_the_weights_of_an_optimiser_and_no_others(learner: str) -> None:
    pair = dict(zip(["generator", "discriminator"], networks(), strict=True))
    # all weights of the other network stand still because its learning rate is zero
    rates = {name: 0.1 if name == learner else 0.0 for name in pair}
    adams = [Adam(network.parameters(), lr=rates[name]) for name, network in pair.items()]
    before = {name: weights(network) for name, network in pair.items()}
    train_step(*pair.values(), *adams, torch.rand(8, 2), normal_noise(2))
    for name, network in pair.items():
        judge = all_changed if name == learner else same
        assert judge(before[name], weights(network)), name


class Recorder(SGD):
    """An optimiser that notes which networks hold gradients at each of its steps."""

    def __init__(self, network: nn.Module, other: nn.Module) -> None:
        super().__init__(network.parameters(), lr=0.0)
        self.other = other
        self.seen: list[bool] = []

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Note whether the other network has gradients."""
        self.seen.append(any(value.grad is not None for value in self.other.parameters()))


def test_no_gradient_reaches_the_generator_from_the_discriminators_changes() -> None:
    generator, discriminator = networks()
    recorder = Recorder(discriminator, other=generator)
    train_step(
        generator,
        discriminator,
        SGD(generator.parameters(), lr=0.0),
        recorder,
        torch.rand(8, 2),
        normal_noise(2),
    )
    assert recorder.seen == [False, False]


def test_each_of_the_two_batches_of_fakes_has_its_own_noise() -> None:
    drawn = []

    def noise(count: int) -> Tensor:
        drawn.append(torch.randn(count, 2))
        return drawn[-1]

    pair = networks()
    adams = [Adam(network.parameters()) for network in pair]
    train_step(*pair, *adams, torch.rand(5, 2), noise)
    assert [len(batch) for batch in drawn] == [5, 5]
    assert not torch.equal(drawn[0], drawn[1])


def test_a_step_returns_three_losses_without_gradients_and_keeps_the_batch() -> None:
    pair, real = networks(), torch.rand(8, 2)
    kept = real.clone()
    losses = train_step(*pair, *[Adam(n.parameters()) for n in pair], real, normal_noise(2))
    assert isinstance(losses, StepLosses)
    assert all(loss.shape == () and not loss.requires_grad for loss in losses)
    assert torch.equal(real, kept)


# --- early stopping ---------------------------------------------------------------------------


def test_early_stopping_on_a_sequence_by_hand() -> None:
    stopping = EarlyStopping(patience=3)
    assert (stopping.best, stopping.best_epoch) == (math.inf, 0)
    took = []
    for epoch, score in enumerate([5.0, 4.0, 4.0, 6.0, 3.0, 3.5, 3.0, 9.0], start=1):
        took.append((stopping.update(epoch, score), stopping.should_stop(epoch)))
    # an equal score is no improvement; the clock starts again at the best one
    assert [improved for improved, _ in took] == [True, True, False, False, True] + [False] * 3
    assert [stop for _, stop in took] == [False] * 7 + [True]
    assert (stopping.best, stopping.best_epoch) == (3.0, 5)


def test_a_score_that_is_not_a_number_is_never_the_best() -> None:
    stopping = EarlyStopping(patience=1)
    assert not stopping.update(1, math.nan)
    assert stopping.best_epoch == 0


@pytest.mark.parametrize(
    ("patience", "error", "message"),
    [
        (0, ValueError, "patience must be at least 1, got 0"),
        (1.5, TypeError, "patience must be a whole number"),
    ],
)
def test_patience_is_counted_in_epochs(patience: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        EarlyStopping(patience)


def test_patience_may_have_no_end() -> None:
    assert not EarlyStopping(10**12).should_stop(10**6)


def test_epochs_and_scores_are_numbers_and_named() -> None:
    with pytest.raises(ValueError, match="epoch must be at least 1, got 0"):
        EarlyStopping(1).update(0, 1.0)
    with pytest.raises(TypeError, match="score must be a number, got str"):
        EarlyStopping(1).update(1, "low")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="epoch must be at least 0, got -1"):
        EarlyStopping(1).should_stop(-1)


# --- the loop ---------------------------------------------------------------------------------

REAL = torch.rand(8, 2, generator=torch.Generator().manual_seed(0))
WATCH = torch.randn(6, 2, generator=torch.Generator().manual_seed(1))


def scripted(scores: list[float]) -> Callable[[Tensor], float]:
    """A score that says these numbers one after the other, whatever it is shown."""
    left: Iterator[float] = iter(scores)
    return lambda samples: next(left)


def run(pair: tuple[nn.Sequential, nn.Sequential] | None = None, **settings: Any) -> History:
    """A run of `fit` on two batches of four, with settings of its own."""
    chosen: dict[str, Any] = {
        "batches": [REAL[:4], REAL[4:]],
        "noise": normal_noise(2),
        "score": lambda samples: float(samples.square().mean()),
        "watch": WATCH,
        "epochs": 6,
        **settings,
    }
    generator, discriminator = pair or networks()
    return fit(generator, discriminator, chosen.pop("batches"), chosen.pop("noise"), **chosen)


def test_history_has_every_epoch_and_finite_losses() -> None:
    history = run()
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4, 5, 6]
    assert history.stopped_at == 6
    for epoch in history.epochs:
        losses = (epoch.real_loss, epoch.fake_loss, epoch.generator_loss)
        assert all(0 < loss < 5 for loss in losses)


@pytest.mark.parametrize(
    "batches", [[REAL[:4], REAL[4:]], DataLoader(REAL, batch_size=4, shuffle=True)]
)
def test_an_epoch_is_the_mean_of_its_steps_and_draws_nothing_else(batches: Any) -> None:
    pair, twins = networks(), networks()
    torch.manual_seed(2)
    history = run(pair, epochs=1, learning_rate=0.01, batches=batches)
    torch.manual_seed(2)
    adams = [Adam(network.parameters(), lr=0.01) for network in twins]
    steps = [train_step(*twins, *adams, batch, normal_noise(2)) for batch in batches]
    expected = torch.stack([torch.stack(step) for step in steps]).double().mean(dim=0).tolist()
    epoch = history.epochs[0]
    losses = [epoch.real_loss, epoch.fake_loss, epoch.generator_loss]
    assert losses == pytest.approx(expected, rel=1e-6)
    assert same(weights(pair[0]), weights(twins[0]))
    assert same(weights(pair[1]), weights(twins[1]))


def test_the_score_is_that_of_the_samples_after_the_epoch() -> None:
    pair, shown = networks(), []
    history = run(pair, epochs=1, score=lambda samples: shown.append(samples) or 0.25)
    assert history.epochs[0].score == 0.25
    assert torch.equal(shown[0], sample(pair[0], WATCH))


def test_the_same_seed_gives_the_same_history() -> None:
    first, second = run(networks(3)), run(networks(3))
    assert first.epochs == second.epochs
    assert first.epochs != run(networks(4)).epochs


def test_training_goes_on_from_the_weights_it_finds_and_changes_both_networks() -> None:
    pair = networks()
    before = [weights(network) for network in pair]
    run(pair, epochs=2)
    assert all_changed(before[0], weights(pair[0]))
    assert all_changed(before[1], weights(pair[1]))


def test_training_stops_when_patience_is_at_its_end() -> None:
    history = run(score=scripted([3, 2, 1, 1, 2, 5, 0]), patience=3, epochs=7)
    assert (history.best_epoch, history.best_score) == (3, 1)
    assert history.stopped_at == 3 + 3


def test_training_stops_after_the_last_epoch() -> None:
    history = run(score=scripted([3, 2, 1]), patience=1, epochs=3)
    assert (history.best_epoch, history.stopped_at) == (3, 3)


def test_keep_best_puts_back_the_weights_of_the_best_epoch() -> None:
    pair = networks()
    history = run(pair, score=scripted([5, 1, 4, 4]), epochs=4, report_every=1, keep_best=True)
    assert torch.equal(sample(pair[0], WATCH), history.snapshots[2])
    assert not torch.equal(history.snapshots[2], history.snapshots[4])


def test_without_keep_best_the_last_weights_stay() -> None:
    pair = networks()
    history = run(pair, score=scripted([5, 1, 4, 4]), epochs=4)
    assert torch.equal(sample(pair[0], WATCH), history.snapshots[4])


def test_kept_samples_score_what_the_history_says() -> None:
    points = curve_points(exponential, 0, 50, 64, random=torch.Generator().manual_seed(0))
    scaler = Scaler.fit(points)
    pair = networks()

    def score(samples: Tensor) -> float:
        return fit_and_spread(scaler.unscale(samples), exponential, 0, 50)

    loader = batches(scaler.scale(points), 16)
    history = run(pair, batches=loader, score=score, epochs=12, learning_rate=0.02, keep_best=True)
    assert history.best_score == min(epoch.score for epoch in history.epochs)
    assert history.epochs[history.best_epoch - 1].score == history.best_score
    assert history.best_epoch < history.stopped_at, "a run where keeping matters is needed"
    assert score(sample(pair[0], WATCH)) == history.best_score


def test_snapshots_and_reports_come_first_last_and_in_between() -> None:
    reported: list[tuple[int, Tensor]] = []
    history = run(
        epochs=8,
        report_every=3,
        report=lambda epoch, samples: reported.append((epoch.number, samples)),
    )
    assert list(history.snapshots) == [1, 3, 6, 8]
    assert [number for number, _ in reported] == [1, 3, 6]
    for number, samples in reported:
        assert torch.equal(samples, history.snapshots[number])


def test_reports_are_given_the_epoch_of_the_history() -> None:
    reported: list[Epoch] = []
    history = run(epochs=2, report_every=1, report=lambda epoch, samples: reported.append(epoch))
    assert reported == history.epochs


def test_the_last_epoch_before_an_early_stop_has_a_snapshot() -> None:
    history = run(score=scripted([1, 2, 2]), patience=2)
    assert list(history.snapshots) == [1, 3]


def test_the_watched_noise_is_not_drawn_again() -> None:
    # with a learning rate too small to change a weight, only new noise could change the samples
    history = run(epochs=3, report_every=1, learning_rate=1e-30)
    assert torch.equal(history.snapshots[1], history.snapshots[3])


@pytest.mark.parametrize("training", [True, False])
def test_networks_stay_in_the_mode_they_are_in(training: bool) -> None:
    pair = networks()
    for network in pair:
        network.train(training)
    run(pair, epochs=1)
    assert [network.training for network in pair] == [training, training]


def test_the_learners_tensors_are_left_alone() -> None:
    real, watch = REAL.clone(), WATCH.clone()
    run(batches=[real], watch=watch, epochs=2)
    assert torch.equal(real, REAL)
    assert torch.equal(watch, WATCH)


def test_a_short_last_batch_is_never_trained_on() -> None:
    sizes = []

    def noise(count: int) -> Tensor:
        sizes.append(count)
        return torch.randn(count, 2)

    run(batches=batches(REAL[:7], 4), noise=noise, epochs=2)
    assert sizes == [4] * 4  # two draws a step, one step an epoch


def test_no_batches_are_an_error() -> None:
    with pytest.raises(ValueError, match="batches must hold at least one batch, got none"):
        run(batches=[])


def test_a_score_that_is_not_a_number_names_the_epoch() -> None:
    message = r"training diverged in epoch 3, after \d+ of its steps: the score is not a number"
    with pytest.raises(FloatingPointError, match=message):
        run(score=scripted([2, 1, math.nan, 1]))


def test_weights_that_run_away_name_the_epoch() -> None:
    with pytest.raises(FloatingPointError, match="training diverged in epoch 1"):
        run(learning_rate=1e30)


def test_samples_that_run_away_name_the_epoch() -> None:
    def score(samples: Tensor) -> float:
        return fit_and_spread(samples, exponential, 0, 50)

    with pytest.raises(FloatingPointError, match="training diverged in epoch 1"):
        pair = make_generator(widths=()), make_discriminator(widths=())
        run(pair, score=score, watch=torch.full((2, 2), 3e38), learning_rate=10)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"pair": (None, None)}, TypeError, "generator must be an nn.Module, got NoneType"),
        (
            {"pair": (make_generator(), make_generator)},
            TypeError,
            "discriminator must be an nn.Module, got function",
        ),
        ({"noise": 3}, TypeError, "noise must be a function, got int 3"),
        ({"noise": lambda _: 3}, TypeError, "noise(4) must be a float tensor"),
        ({"noise": torch.ones}, ValueError, "noise(4) must be a float tensor of shape (n, dim)"),
        ({"checkpoint": "run"}, TypeError, "checkpoint must be a Checkpoint, got str 'run'"),
        ({"score": 0.5}, TypeError, "score must be a function, got float 0.5"),
        ({"report": "yes"}, TypeError, "report must be a function, got str 'yes'"),
        ({"watch": torch.ones(2)}, ValueError, "watch must be a float tensor of shape (n, dim)"),
        ({"watch": None}, TypeError, "watch must be a float tensor"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be larger than 0, got 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
        ({"report_every": 0}, ValueError, "report_every must be at least 1, got 0"),
    ],
)
def test_fit_names_the_wrong_argument(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        run(**settings)


@pytest.mark.parametrize("not_batches", [REAL, [[REAL]]], ids=["samples", "lists of tensors"])
def test_batches_that_are_no_matrices_are_named(not_batches: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^(real|batch\w*) must be"):
        run(batches=not_batches)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_training_on_a_gpu_takes_samples_and_noise_from_the_cpu() -> None:
    generator, discriminator = (network.cuda() for network in networks())
    history = run((generator, discriminator), epochs=2, keep_best=True)
    assert next(generator.parameters()).device.type == "cuda"
    assert all(samples.device.type == "cpu" for samples in history.snapshots.values())
