"""Does the panel see each fault, stay out of the way, and never stop a run?"""

import math

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import dropout, one_hot

from benchmarks.multiples import GumbelSoftmax
from gan_course.networks import make_discriminator, make_generator
from gan_course.panel import Panel
from gan_course.training import fake_loss, generator_loss, real_loss

WATCH = torch.rand(200, 2, generator=torch.Generator().manual_seed(1))
REAL = torch.rand(1000, 2, generator=torch.Generator().manual_seed(2))
VALUES = torch.arange(1000) % 20
ROWS = one_hot(5 * VALUES, 100).float()


@pytest.fixture(autouse=True)
def fresh():
    """The same first weights for each test."""
    torch.manual_seed(0)


class Made(nn.Module):
    """A network that computes what it is told; its only weight is changed by hand."""

    def __init__(self, make):
        super().__init__()
        self.make, self.weight = make, nn.Parameter(torch.zeros(1))

    def forward(self, given):
        return self.make(given) + 0 * self.weight


def right(noise):
    return noise


def rows(samples):
    """A generator that makes these samples, whatever the noise."""
    return lambda noise: samples


def undecided(samples):
    """A discriminator that has opinions, and one half as their mean."""
    return 0.4 + 0.2 * samples[:, :1].clamp(0, 1)


def seen(generate=right, judge=undecided, real=REAL, quality=None, snapshots=4, moves=(True, True)):
    """The panel of a run whose networks compute the same each time."""
    panel = Panel(real, WATCH, quality)
    networks = Made(generate), Made(judge)
    for step in range(snapshots):
        panel.update(10 * step, *networks)
        for network, move in zip(networks, moves, strict=True):
            with torch.no_grad():
                network.weight += float(move)
    return panel


def names(panel):
    return [finding.name for finding in panel.findings()]


def answering(real, fake):
    """Answers that tell the real samples, which are as many as in REAL, from the others."""
    return lambda samples: torch.full((len(samples), 1), real if len(samples) == 1000 else fake)


# --- what is recorded ----------------------------------------------------------------------------


def test_a_snapshot_holds_samples_answers_and_losses_of_the_fixed_noise():
    generator, discriminator = make_generator(), make_discriminator(dropout=0.0)
    panel = Panel(REAL, WATCH, quality=lambda samples: samples.mean())
    panel.update(7, generator, discriminator)
    (snapshot,) = panel.snapshots
    with torch.no_grad():
        samples = generator(WATCH)
        real, fake = discriminator(REAL), discriminator(samples)
    assert snapshot.step == 7
    assert torch.equal(snapshot.samples, samples)
    assert torch.equal(snapshot.real_answers, real.flatten())
    assert torch.equal(snapshot.fake_answers, fake.flatten())
    assert snapshot.quality == float(samples.mean())
    expected = [float(loss) for loss in (real_loss(real), fake_loss(fake), generator_loss(fake))]
    assert panel.losses(snapshot) == pytest.approx(expected)
    assert not snapshot.samples.requires_grad
    # logits get the sigmoid that they lack
    panel = seen(judge=answering(2.0, 0.0), snapshots=1)
    real, fake = panel.probabilities(panel.snapshots[0])
    assert [float(real[0]), float(fake[0])] == pytest.approx([1 / (1 + math.exp(-2)), 0.5])


def test_looking_leaves_modes_gradients_random_numbers_and_data_as_they_were():
    generator = nn.Sequential(
        make_generator(), nn.Dropout(0.5), nn.BatchNorm1d(2, affine=False), GumbelSoftmax()
    )
    discriminator = nn.Sequential(nn.ReLU(inplace=True), make_discriminator())
    discriminator[1].eval()  # a part that the learner has put to evaluation on purpose
    discriminator(generator(WATCH)).sum().backward()
    gradients = [weight.grad.clone() for weight in generator.parameters()]
    modes = [module.training for module in (*generator.modules(), *discriminator.modules())]
    buffers = [one.clone() for one in generator.buffers()]
    real = REAL - 0.5
    kept, state = real.clone(), torch.get_rng_state()
    panel = Panel(real, WATCH, quality=lambda samples: torch.rand(1))
    panel.update(0, generator, discriminator)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(real, kept)
    pairs = zip(gradients, generator.parameters(), strict=True)
    assert all(torch.equal(gradient, weight.grad) for gradient, weight in pairs)
    assert modes == [m.training for m in (*generator.modules(), *discriminator.modules())]
    assert all(torch.equal(a, b) for a, b in zip(buffers, generator.buffers(), strict=True))


def test_what_would_mislead_the_diagnosis_is_refused_at_once():
    with pytest.raises(ValueError, match="watch must have at least 2 rows, got 1"):
        Panel(REAL, WATCH[:1])
    with pytest.raises(ValueError, match=r"step must be larger than 10, .* got 10; a new run"):
        seen(snapshots=2).update(10, make_generator(), make_discriminator())


# --- the diagnosis -------------------------------------------------------------------------------


def test_without_faults_or_without_snapshots_nothing_is_claimed():
    panel = seen(quality=lambda samples: 0.1, snapshots=10)
    assert panel.findings() == []
    assert panel.diagnosis().startswith("Nothing wrong seen. This is not a proof")
    assert "Nothing recorded yet" in Panel(REAL, WATCH).diagnosis()


def nowhere(noise):
    return noise * math.nan


FAULTS = {
    "diverged": [{"generate": nowhere}, {"judge": lambda samples: undecided(samples) / 0}],
    "flat answers": [{"judge": lambda samples: undecided(samples)[:, 0]}],
    "logits": [{"judge": lambda samples: 8 * samples[:, :1] - 4}],
    "G frozen": [{"moves": (False, True)}],
    "D frozen": [{"moves": (True, False)}],
    "D wins": [{"judge": answering(0.95, 0.05)}],
    "D upside down": [{"judge": answering(0.3, 0.6)}],
    "D blind": [
        {"judge": answering(1.0, 1.0), "generate": lambda noise: 1.2 * noise**3},
        # integers that none of the real ones is
        {"judge": answering(0.5, 0.5), "generate": rows(ROWS[:200].roll(1, dims=1)), "real": ROWS},
    ],
    "D half sure": [{"judge": answering(1.0, 0.5)}],
    "D leans": [{"judge": lambda samples: 0.3 + undecided(samples)}],
    "all equal": [
        {"generate": lambda noise: 0 * noise + 0.5},
        {"generate": rows(ROWS[:1].repeat(200, 1)), "real": ROWS},
    ],
    "collapsed": [{"generate": lambda noise: noise * torch.tensor([1, 0.2])}],
    "far outside": [{"generate": lambda noise: 2 * noise}],
    "off the data": [{"real": REAL[:, [0, 0]]}],
    "part missing": [
        {"generate": lambda noise: 0.15 + 0.85 * noise},
        {
            "generate": rows(ROWS[:200] * (VALUES[:200, None] > 3) + ROWS[200 - 10] * 0.5),
            "real": ROWS,
        },
    ],
    "not scaled": [{"generate": lambda noise: 100 * noise, "real": 100 * REAL}],
    "dead rows": [
        {"generate": lambda noise: (noise[:, :1] > 0.1) * ROWS[: len(noise)], "real": ROWS}
    ],
    "G wavers": [{"generate": dropout}],
    "D wavers": [{"judge": lambda samples: dropout(undecided(samples), 0.01)}],
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_with_cause_and_cure(name):
    for settings in FAULTS[name]:
        panel = seen(**settings)
        finding = next(finding for finding in panel.findings() if finding.name == name)
        assert all(len(text) > 10 for text in finding[1:])
        # it fits into 74 characters a line and loses no word; numbers make paragraphs stand out
        lines = panel.diagnosis().splitlines()
        assert max(map(len, lines)) <= 74
        assert sum(line[0] != " " for line in lines) == len(panel.findings())
        told = " ".join(panel.diagnosis().split())
        assert f"{finding.symptom} Likely: {finding.causes} Try: {finding.cure}" in told


def test_faults_do_not_drag_others_along():
    for fault in ("G frozen", "D frozen", "D wins", "collapsed", "far outside", "logits"):
        assert names(seen(**FAULTS[fault][0])) == [fault]


@pytest.mark.parametrize(
    ("loss", "logit", "found", "cause"),
    [
        (lambda p: (1 - p).log(), -63.0, "D wins", "log(1 - D)"),
        (lambda p: bce(p, torch.ones_like(p)), -63.0, "D wins", "BCELoss on a sigmoid"),
        (lambda p: bce(p, torch.ones_like(p)), 20.0, "D blind", "BCELoss on a sigmoid"),
    ],
)
def test_a_vanishing_gradient_is_among_the_causes_where_it_vanishes(loss, logit, found, cause):
    fake = torch.tensor([logit], requires_grad=True)
    loss(torch.sigmoid(fake)).backward()
    assert abs(fake.grad.item()) < 1e-15
    judge = answering(1.0, torch.sigmoid(fake).item())
    (only,) = seen(lambda noise: 1.2 * noise**3, judge).findings()
    assert only.name == found
    assert cause in only.causes
    frozen = seen(moves=(False, True)).findings()[0]
    assert "BCELoss on a sigmoid" in frozen.causes


def test_gaps_are_told_with_how_many_and_where():
    (finding,) = seen(generate=lambda noise: noise * torch.tensor([1, 0.8])).findings()
    assert finding.symptom == (
        "Hardly any generated samples where real ones are: in 2 of 10 ranges of column 1."
    )
    integers = seen(**FAULTS["part missing"][1]).findings()[-1]
    assert "of 20 values." in integers.symptom


@pytest.mark.parametrize(
    ("real", "fake", "found"),
    [
        (1.0, 0.504, ["D half sure"]),
        (0.8, 0.5, []),  # less sure about real samples
        (0.9, 0.65, ["D leans"]),
        (0.35, 0.2, ["D leans"]),
        (0.5, 0.5, []),  # no opinion, which is right where the samples are
        (2 / 3, 2 / 3, ["D leans"]),  # this is an opinion
    ],
)
def test_what_mean_answers_tell(real, fake, found):
    assert names(seen(judge=answering(real, fake))) == found


def test_too_few_snapshots_or_samples_are_no_reason_to_judge():
    assert names(seen(judge=answering(0.95, 0.05), snapshots=2)) == []
    assert names(seen(moves=(False, False), snapshots=2)) == []
    panel = Panel(REAL, WATCH[:40])
    panel.update(0, Made(lambda noise: 0.15 + 0.85 * noise), Made(undecided))  # a part is missing
    assert names(panel) == []


def test_weights_that_have_changed_once_are_not_called_frozen():
    panel, networks = Panel(REAL, WATCH), (Made(right), Made(undecided))
    for step in range(5):
        panel.update(step, *networks)
        with torch.no_grad():
            for network in networks:
                network.weight.fill_(1.0)
    assert names(panel) == []


def test_divergence_is_told_with_its_first_step_and_nothing_is_made_of_its_numbers():
    panel = Panel(REAL, WATCH)
    for step in range(6):
        panel.update(step, Made(nowhere if step > 3 else right), Made(undecided))
    assert names(panel) == ["diverged"]
    assert "At step 4 samples or answers are not a number" in panel.diagnosis()
    panel.figure()
    panel.update(6, Made(right), Made(undecided))  # finite again: judged by its samples
    assert "diverged" not in names(panel)


def test_dropout_left_on_is_told_and_only_for_the_generator():
    generator = nn.Sequential(make_generator(), nn.Dropout(0.5))
    for training in (True, False):
        panel = Panel(REAL, WATCH)
        panel.update(0, generator.train(training), make_discriminator().train())
        found = [name for name in names(panel) if name in ("dropout on", "G wavers", "D wavers")]
        assert found == (["dropout on"] if training else [])


def test_a_quality_that_was_best_by_luck_is_told():
    def scored(*scores):
        left = iter(scores)
        return seen(quality=lambda samples: next(left), snapshots=20)

    panel = scored(0.01, *[0.5] * 19)
    assert names(panel) == ["past its best"]
    told = " ".join(panel.diagnosis().split())
    assert "best at step 0 with 0.01. In the last quarter of the run, its median is 0.5" in told
    # one more lucky score, lately, doesn't hide it
    assert names(scored(0.01, *[0.5] * 18, 0.01)) == ["past its best"]
    assert names(scored(*[0.5] * 19, 0.01)) == []
    assert names(scored(math.nan, *[0.5] * 19)) == []  # one that is missing


# --- never stop a run ----------------------------------------------------------------------------

BROKEN = {
    "sizes": (nn.Linear(3, 2), make_discriminator(), "mat1 and mat2 shapes cannot be multiplied"),
    "swapped": (make_discriminator(), make_generator(), "the generator makes shape (200, 1)"),
    "no network": (3, make_discriminator(), "AttributeError"),
    "None": (Made(right), nn.Flatten(0), "answers with shape (2000,), expected (1000, 1)"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_network_is_a_finding_and_no_error(fault, capsys):
    generator, discriminator, message = BROKEN[fault]
    panel = Panel(REAL, WATCH)
    for step in range(4):
        panel.update(step, generator, discriminator)
    assert names(panel) == ["failed"]
    assert "At step 0 the panel got no snapshot: " in panel.diagnosis()
    panel.show("broken")
    for told in (panel.diagnosis(), capsys.readouterr().out):
        assert message in " ".join(told.split())
    assert discriminator.training
    failing = seen(quality=lambda samples: samples[0])
    assert names(failing) == ["quality fails"] and len(failing.snapshots) == 4


# --- the figure ----------------------------------------------------------------------------------


def test_the_figure_shows_answers_losses_samples_and_quality(capsys):
    seen(quality=lambda samples: 0.3).show("A run")
    assert capsys.readouterr().out.startswith("Nothing wrong seen")
    figure = plt.gcf()
    answers, losses, samples, quality = figure.axes
    assert figure.get_suptitle() == "A run"
    told = [line.get_label() for line in (*answers.lines, *losses.lines)]
    assert told[:3] == ["real: D(x)", "generated: D(G(z))", "one half"]
    assert told[3:] == ["D on real", "D on generated", "G", "ln 2"]
    assert list(answers.lines[0].get_xdata()) == [0, 10, 20, 30]
    assert answers.lines[2].get_ydata()[0] == 0.5
    assert losses.lines[3].get_ydata()[0] == pytest.approx(math.log(2))
    assert samples.get_title() == "samples at step 30"
    assert [len(dots.get_offsets()) for dots in samples.collections] == [1000, 200]
    assert list(quality.lines[0].get_ydata()) == [0.3] * 4


def test_no_legend_covers_its_picture_and_all_words_can_be_read_on_a_phone():
    figure = seen(quality=lambda samples: 0.3).figure("A run")
    figure.canvas.draw()
    assert figure.get_size_inches()[0] <= 7
    for axes in figure.axes[:3]:
        words = axes.get_legend().get_window_extent()
        assert words.y1 <= axes.xaxis.get_tightbbox().y0
        assert words.x0 >= 0 and words.x1 <= figure.bbox.width
        assert not any(
            words.overlaps(other.get_tightbbox()) for other in figure.axes if other is not axes
        )
        assert min(text.get_fontsize() for text in axes.get_legend().get_texts()) >= 8


def test_samples_that_are_no_points_are_drawn_as_numbers_or_as_shares_of_their_values():
    line = seen(lambda noise: noise[:, :1], real=REAL[:, :1]).figure().axes[2]
    assert [text.get_text() for text in line.get_legend().get_texts()] == ["real", "generated"]
    assert 1 < line.get_ylim()[1] < 3  # densities of about 1, of 1000 numbers and of 200
    real, generated = seen(rows(ROWS[:200]), real=ROWS).figure().axes[2].containers
    assert [bar.get_height() for bar in real][:6] == pytest.approx([0.05, 0, 0, 0, 0, 0.05])
    assert len(generated) == 100
    assert Panel(REAL, WATCH).figure().axes[2].get_title() == "no samples yet"
