"""Does a step change what it should, does the loop stop, keep, watch and report as it says?"""

import math

import pytest
import torch
from conftest import same, weights
from torch import nn
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader

from gan_course import training
from gan_course.data import normal_noise
from gan_course.networks import Discriminator, Generator, make_discriminator, make_generator, sample
from gan_course.training import GAN, Epoch, Losses, fake_loss, generator_loss, real_loss, train_step


def networks(seed=0):
    torch.manual_seed(seed)
    return make_generator(widths=(4,)), make_discriminator(widths=(8, 4))


# --- losses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (real_loss, lambda p: -math.log(p)),
        (fake_loss, lambda p: -math.log(1 - p)),
        (generator_loss, lambda p: -math.log(p)),
    ],
)
def test_losses_are_those_of_the_formulas(loss, formula):
    answers = [0.9, 0.5, 0.2, 0.01]
    expected = sum(map(formula, answers)) / len(answers)
    assert loss(torch.tensor(answers)[:, None]).item() == pytest.approx(expected, rel=1e-5)


# --- early stopping and what is kept of an epoch ----------------------------------------------


def test_early_stopping_on_a_sequence_by_hand():
    stopping = training.EarlyStopping(patience=3)
    scores = [5.0, 4.0, math.nan, 6.0, 3.0, 3.5, 3.0, 9.0]
    stops = [stopping.should_stop(epoch, score) for epoch, score in enumerate(scores, start=1)]
    # neither an equal score nor one that is no number improves; the clock starts at the best one
    assert stops == [False] * 7 + [True]
    assert (stopping.best, stopping.best_epoch) == (3.0, 5)


def test_an_epoch_reads_as_a_line():
    line = "epoch   12: D 0.700 on real, 0.690 on fake, G 0.710, score 0.250"
    assert str(Epoch(12, Losses(0.7, 0.69, 0.71), 0.25)) == line


# --- the loop ---------------------------------------------------------------------------------

REAL = torch.rand(8, 2, generator=torch.Generator().manual_seed(0))
WATCH = torch.randn(6, 2, generator=torch.Generator().manual_seed(1))


def scripted(scores):
    """A score that says these numbers one after the other, whatever it is shown."""
    left = iter(scores)
    return lambda samples: next(left)


def run(pair=None, **settings):
    """A run of `fit` on two batches of four, with settings of its own."""
    chosen = {
        "loader": [REAL[:4], REAL[4:]],
        "noise": normal_noise(2),
        "score": lambda samples: float(samples.square().mean()),
        "watch": WATCH,
        "epochs": 6,
        **settings,
    }
    return training.fit(*(pair or networks()), chosen.pop("loader"), chosen.pop("noise"), **chosen)


def test_an_epoch_is_the_mean_of_its_steps_and_draws_nothing_else():
    batches = DataLoader(REAL, batch_size=4, shuffle=True)
    pair, twins, shown = networks(), networks(), []
    torch.manual_seed(2)
    settings = {"generator_rate": 0.01, "discriminator_rate": 0.02, "betas": (0.5, 0.9)}
    settings["score"] = lambda samples: shown.append(samples) or 0.25
    history = run(pair, epochs=1, loader=batches, **settings)
    assert history.scores == [0.25] and torch.equal(shown[0], sample(pair[0], WATCH))
    torch.manual_seed(2)
    adams = [
        Adam(network.parameters(), lr=rate, betas=(0.5, 0.9))
        for network, rate in zip(twins, (0.01, 0.02), strict=True)
    ]
    steps = [train_step(*twins, *adams, batch, normal_noise(2)) for batch in batches]
    expected = torch.stack([torch.stack(step) for step in steps]).double().mean(dim=0).tolist()
    assert list(history.epochs[0].losses) == pytest.approx(expected, rel=1e-6)
    assert same(weights(*pair), weights(*twins))


def test_training_stops_when_patience_is_at_its_end_or_after_the_last_epoch():
    history = run(score=scripted([3, 2, 1, 1, 2, 5, 0]), patience=3, epochs=7)
    assert (history.best_epoch, history.best_score, history.stopped_at) == (3, 1, 6)
    history = run(score=scripted([3, 2, 1]), patience=1, epochs=3)
    assert (history.best_epoch, history.stopped_at) == (3, 3)


@pytest.mark.parametrize(("keep_best", "epoch"), [(True, 2), (False, 4)])
def test_the_weights_of_the_best_epoch_are_put_back_where_asked(keep_best, epoch):
    pair = networks()
    history = run(pair, score=scripted([5, 1, 4, 4]), epochs=4, every=1, keep_best=keep_best)
    assert torch.equal(sample(pair[0], WATCH), history.snapshots[epoch])
    assert not torch.equal(history.snapshots[2], history.snapshots[4])


def test_snapshots_and_reports_come_first_last_and_in_between():
    reported = []
    history = run(epochs=8, every=3, report=reported.append)
    assert list(history.snapshots) == [1, 3, 6, 8]
    assert reported == [history.epochs[k] for k in (0, 2, 5)]
    assert list(run(score=scripted([1, 2, 2]), patience=2).snapshots) == [1, 3]


@pytest.mark.filterwarnings("ignore:the .* learns nothing")
def test_all_rates_go_down_in_a_line_and_this_is_undone():
    generator, discriminator = networks()
    parts = [{"params": [weight]} for weight in generator.parameters()]
    parts[0]["lr"] = 2.0  # of one layer, in an optimiser of your own
    optimisers = SGD(parts, lr=1.0), SGD(discriminator.parameters(), lr=4.0)
    seen = []

    def rates():
        return [group["lr"] for optimiser in optimisers for group in optimiser.param_groups]

    def step(*given):
        seen.append(rates())
        return Losses(*torch.ones(3))

    before = rates()
    run((generator, discriminator), step=step, optimisers=optimisers, decay=True, epochs=2)
    assert seen == [[share * rate for rate in before] for share in (1, 0.75, 0.5, 0.25)]
    assert rates() == before == [2.0, 1.0, 1.0, 1.0, 4.0]


def test_the_average_is_by_hand_and_leaves_the_training_as_it_is():
    pair, plain = networks(), networks()
    path = [weights(plain[0])]
    twins = [Adam(network.parameters(), lr=5e-4) for network in plain]
    torch.manual_seed(5)
    for real in [REAL[:4], REAL[4:]] * 2:
        train_step(*plain, *twins, real, normal_noise(2))
        path.append(weights(plain[0]))
    expected = path[0]
    for number, now in enumerate(path[1:], start=1):
        keep = min(0.3, number / (number + 9))
        expected = [keep * mean + (1 - keep) * new for mean, new in zip(expected, now, strict=True)]
    torch.manual_seed(5)
    run(pair, epochs=2, average=0.3)
    assert same(weights(pair[1]), weights(plain[1])), "D is trained as without an average"
    torch.testing.assert_close(weights(pair[0]), expected)


def test_an_average_holds_the_statistics_of_batch_normalisation():
    norm = nn.BatchNorm1d(2)
    averaged = training.moving_average(norm, 0.9)
    norm(WATCH)
    averaged.update_parameters(norm)
    assert same(averaged.module.buffers(), norm.buffers())


# --- what goes wrong --------------------------------------------------------------------------


class Spoilt(nn.Module):
    """A discriminator that answers as asked from some call on."""

    def __init__(self, after, answer):
        super().__init__()
        self.linear, self.calls, self.after, self.answer = nn.Linear(2, 1), 0, after, answer

    def forward(self, x):
        self.calls += self.training
        answers = torch.sigmoid(self.linear(x))
        return answers if self.calls <= self.after else answers * 0 + self.answer


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"score": scripted([2, 1, math.nan, 1])}, "the score is not a number"),
        ({"pair": (networks()[0], Spoilt(12, math.nan))}, "on real is not a finite number"),
        ({"pair": (networks()[0], Spoilt(12, 0.0))}, "on real has exploded to 100 nats"),
    ],
)
def test_a_diverged_training_stops_with_the_last_good_weights(settings, what):
    pair = settings.pop("pair", None) or networks()
    good = []

    def remember(epoch):
        good.append(weights(*pair))

    message = f"training diverged in epoch 3: .*{what}.*from before this epoch; try smaller"
    with pytest.raises(FloatingPointError, match=message):
        run(pair, every=1, report=remember, **settings)
    assert len(good) == 2
    assert same(good[-1], weights(*pair))


def test_ctrl_c_returns_what_there_is_with_the_best_weights(capsys):
    pair = networks()

    def stop(epoch):
        if epoch.number == 4:
            raise KeyboardInterrupt

    history = run(
        pair, score=scripted([5, 1, 4, 4, 4]), every=1, report=stop, keep_best=True, epochs=9
    )
    assert history.stopped_at == 4
    assert torch.equal(sample(pair[0], WATCH), history.snapshots[2])
    assert capsys.readouterr().out == "stopped in epoch 4 of 9, after 4 whole ones\n"


def test_ctrl_c_within_a_score_leaves_the_snapshots_of_whole_epochs():
    left = [3.0, 2.0]

    def score(samples):
        if not left:
            raise KeyboardInterrupt
        return left.pop(0)

    history = run(networks(), score=score, every=1, epochs=9)
    whole = run(networks(), score=scripted([3, 2]), every=1, epochs=2).snapshots
    assert list(history.snapshots) == list(whole) == [1, 2]
    assert all(torch.equal(history.snapshots[number], whole[number]) for number in whole)


def test_the_best_weights_are_in_the_file_though_nobody_asked_for_them_at_first(tmp_path):
    settings = {"every": 1, "epochs": 3, "checkpoint": tmp_path / "run.pt"}
    history = run(networks(), score=scripted([5, 1, 4]), **settings)
    pair = networks()
    run(pair, score=scripted([]), keep_best=True, **settings)
    assert torch.equal(sample(pair[0], WATCH), history.snapshots[2])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loader": []}, "got none in epoch 1"),
        ({"loader": [REAL * math.nan]}, "a batch must be finite, got NaN"),
        ({"watch": None}, "score needs watch"),
        ({"score": None, "patience": 3}, "patience and keep_best need a score"),
    ],
)
def test_what_would_go_wrong_without_a_word_is_said(settings, message):
    with pytest.raises(ValueError, match=message):
        run(**settings)


def test_a_bar_shows_how_it_goes_where_somebody_looks(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    run(epochs=2)  # here nobody looks
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(training.sys.stderr, "isatty", lambda: True, raising=False)
    run(epochs=2, score=scripted([0.5, 0.25]))
    shown = capsys.readouterr().err
    assert "2/2" in shown and "score 0.250" in shown and "on real" in shown
    monkeypatch.setenv("TQDM_DISABLE", "1")
    run(epochs=2)
    assert capsys.readouterr().err == ""


# --- the class of project 3 -------------------------------------------------------------------


def gan(**settings):
    torch.manual_seed(0)
    networks = Generator(1), Discriminator(1)
    return GAN(*networks, lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1), **settings)


def test_its_step_is_that_of_the_formulas():
    owner, twin = gan(), gan()
    adams = [
        Adam(network.parameters(), lr=rate, betas=(0.5, 0.999))
        for network, rate in ((twin.generator, 2e-4), (twin.discriminator, 1e-3))
    ]
    torch.manual_seed(3)
    losses = owner.train_step()
    torch.manual_seed(3)
    on_real = -twin.discriminator(torch.randn(32, 1)).log().mean()
    on_fake = -(1 - twin.discriminator(twin.generator(torch.rand(32, 1)).detach())).log().mean()
    ((on_real + on_fake) / 2).backward()
    adams[1].step()
    adams[0].zero_grad()
    of_generator = -twin.discriminator(twin.generator(torch.rand(32, 1))).log().mean()
    of_generator.backward()
    adams[0].step()
    expected = [on_real.item(), on_fake.item(), of_generator.item()]
    assert list(losses) == pytest.approx(expected, rel=1e-5)
    ours, theirs = (weights(one.generator, one.discriminator) for one in (owner, twin))
    torch.testing.assert_close(ours, theirs)


def test_samples_come_in_the_number_asked_for():
    owner = gan(batch_size=7)
    assert owner.generate_samples().shape == (7, 1)
    assert owner.generate_samples(num=3).shape == (3, 1)
    z = torch.rand(4, 1)
    assert torch.equal(owner.generate_samples(z), sample(owner.generator, z))


def test_options_that_would_change_nothing_are_refused():
    owner = GAN(Generator(1), Discriminator(1), lambda n: torch.rand(n, 1), torch.randn(9, 1))
    own = ["betas", "discriminator_rate", "generator_rate", "noise", "optimisers", "step"]
    with pytest.raises(TypeError, match=f"a GAN has its own {' and '.join(own)}: see GAN"):
        owner.fit(1, **dict.fromkeys(own))
