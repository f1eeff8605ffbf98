"""Are p-values right when nothing is wrong, and does a verdict without a formula find faults?"""

from dataclasses import replace

import pytest
import torch
from conftest import seeded
from scipy import stats

from benchmarks.measures import FAULTS, GOOD, copies, moons, real_wide, wide
from gan_course import metrics
from gan_course.data import curve_points, encode_batch, exponential
from gan_course.metrics import SampleQuality, curve_quality, sample_quality


def test_perfect_points_have_a_small_p_value_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(metrics, "COMPARED", 80)
    random = seeded(0)
    line = (exponential, 0, 50)
    p_values = [
        curve_quality(curve_points(*line, 80, random=random), *line).p_value for _ in range(200)
    ]
    assert stats.binomtest(sum(p <= 0.05 for p in p_values), 200, 0.05).pvalue > 0.001
    # each twentieth of the values is as likely as any other
    counts = torch.tensor(p_values).mul(20).sub(1e-4).ceil().long().bincount(minlength=21)[1:]
    assert stats.chisquare(counts.numpy()).pvalue > 0.001


def test_other_points_meet_other_real_points(monkeypatch):
    # if all met the same ones, p would be small for all perfect points or for none
    seeds = []

    def drawn(*task, random):
        seeds.append(random.initial_seed())
        return curve_points(*task, random=random)

    monkeypatch.setattr(metrics, "curve_points", drawn)
    for points in (torch.rand(20, 2), torch.rand(20, 2)):
        curve_quality(points, exponential, 0, 50)
    assert seeds[0] != seeds[1]


def test_perfect_samples_pass(monkeypatch):
    monkeypatch.setattr(metrics, "ENOUGH", 1)
    verdicts = [
        sample_quality(*GOOD[name](100, random)).verdict
        for name in GOOD
        for random in map(seeded, range(16))
    ]
    bad = sum(verdict != "good" for verdict in verdicts)
    assert stats.binomtest(bad, len(verdicts), 0.05, alternative="greater").pvalue > 0.001


@pytest.mark.parametrize(
    ("situation", "verdict"),
    [
        ("moons half as thick", "misses some real samples, crowds together"),
        ("rings, 10 % on bridges", "strays from the real samples"),
        ("moons, copied with a tiny jitter", "copies training samples"),
    ],
)
def test_faults_that_the_energy_test_misses_are_found(situation, verdict):
    quality = sample_quality(*FAULTS[situation](2_000, seeded(0)))
    assert quality.verdict == verdict
    assert quality.p_values["energy"] > 0.05


def test_a_shift_is_found_by_energy_and_a_collapse_is_no_copy():
    made, real = GOOD["moons"](1_000, seeded(0))
    assert "is spread differently" in sample_quality(made + 0.2, real).verdict
    for place in made[:2]:
        collapsed = place + 0.001 * torch.randn(1_000, 2, generator=seeded(1))
        verdict = sample_quality(collapsed, real).verdict
        assert "misses some real samples" in verdict
        assert "copies" not in verdict


def test_with_held_out_samples_a_copyist_has_nowhere_to_hide():
    random = seeded(0)
    real, held_out = moons(1_000, 0.08, random), moons(1_000, 0.08, random)
    made = copies(real, 1_000, 0.002, random)
    known, split = sample_quality(made, real, held_out), sample_quality(made, real)
    assert known.verdict.startswith("copies training samples")
    assert known.copying[0] > 0.8 > split.copying[0] > 0.4
    # by chance, in a plane: a circle of a third of the radius has a ninth of the area
    assert known.copying[1] == pytest.approx(1 / 9, abs=0.03)
    # what resembles the held-out ones copies nothing that was trained on
    other = sample_quality(copies(held_out, 1_000, 0.002, random), real, held_out)
    assert other.copying[0] == pytest.approx(1 / 9, abs=0.03)


def test_samples_that_are_too_much_alike_are_no_copies():
    real = real_wide(1_000, seeded(0))
    quality = sample_quality(wide(1_000, 0.1, seeded(1)), real)
    assert quality.verdict == "crowds together, is spread differently"
    assert quality.p_values["copying"] == 1


def test_coverage_and_precision_of_two_heaps():
    # a quarter of the real samples is far from all made ones, and a tenth of these from all real
    heap = torch.rand(200, 2, generator=seeded(0))
    real = torch.cat([heap[:150], heap[:50] + 100])
    made = torch.cat([heap[:180], heap[180:] - 100])
    quality = sample_quality(made, real)
    assert (quality.coverage, quality.mixing) == pytest.approx((0.75, 0.9))
    assert quality.precision == pytest.approx((0.9, 1), abs=0.04)


def test_perfect_coverage_is_what_chance_leaves():
    # coverage of real against real: 1 - C(n, k) / C(2n - 1, k), near 1 - 1/2**k (Naeem et al.)
    found = [sample_quality(*GOOD["moons"](200, seeded(seed))) for seed in range(40)]
    for name in ("coverage", "mixing"):
        mean = sum(getattr(quality, name) for quality in found) / 40
        assert mean == pytest.approx(1 - 0.5**metrics.NEAREST, abs=4e-4)


def test_the_unit_of_a_column_does_not_matter_nor_does_a_constant_one():
    random = seeded(0)
    made, real = moons(300, 0.08, random).double(), moons(300, 0.08, random).double()
    before = sample_quality(made, real, random=seeded(1))

    def changed(samples):
        other = samples * torch.tensor([1024.0, 0.25]).double()
        return torch.cat([other, torch.full((300, 1), 7.0).double()], dim=1)

    after = sample_quality(changed(made), changed(real), random=seeded(1))
    assert after.p_values == before.p_values
    assert after.energy == pytest.approx(before.energy)
    low, width = real.min(dim=0).values, real.max(dim=0).values - real.min(dim=0).values
    by_hand = metrics.energy_distance((made - low) / width, (real - low) / width)
    assert before.energy == pytest.approx(by_hand)


def test_samples_that_repeat_are_no_fault():
    # twenty different rows: nearly all distances are ties, and all nearest samples are 0 away
    rows = [encode_batch(torch.randint(20, (1_000,), generator=seeded(k)), 20) for k in (0, 1)]
    quality = sample_quality(*rows)
    assert quality.verdict == "good"
    assert quality.precision == (1, 1)
    assert quality.copying == (0, 0)


def test_it_takes_what_people_have_and_leaves_the_random_state_alone():
    made, real = GOOD["moons"](300, seeded(0))
    state = torch.random.get_rng_state()
    quality = sample_quality(made, real)
    assert sample_quality(made.numpy(), real.tolist()) == quality
    assert sample_quality(made.reshape(300, 1, 2), real.reshape(300, 2, 1)) == quality
    assert torch.equal(state, torch.random.get_rng_state())
    assert sample_quality(made, real, random=seeded(3)) != quality


@pytest.mark.parametrize(
    ("made", "real", "held_out", "message"),
    [
        (torch.ones(50, 3), torch.ones(50, 2), None, r"made must have shape \(n, 2\), got"),
        (torch.ones(19, 2), torch.ones(50, 2), None, "made must have at least 20 rows, got 19"),
        (torch.ones(50, 2), torch.ones(50, 2), torch.ones(7, 2), "held_out must have at least"),
    ],
)
def test_sets_that_cannot_be_compared_are_named(made, real, held_out, message):
    with pytest.raises(ValueError, match=message):
        sample_quality(made, real, held_out)


PASSED = SampleQuality(
    energy=0.0012,
    coverage=0.999,
    mixing=0.998,
    precision=(0.98, 0.99),
    copying=(0.11, 0.12),
    p_values={"energy": 0.5, "coverage": 0.4, "mixing": 0.6, "precision": 0.3, "copying": 0.2},
    samples=1_000,
)


def test_a_verdict_names_all_faults_the_gravest_first():
    assert PASSED.verdict == "good"
    assert replace(PASSED, samples=999).verdict == "too few samples"
    found = replace(PASSED, p_values={**PASSED.p_values, "coverage": 0.01, "copying": 0.005})
    assert found.verdict == "copies training samples, misses some real samples"
    assert replace(PASSED, p_values={**PASSED.p_values, "energy": 0.011}).verdict == "good"


def test_quality_reads_as_sentences():
    assert str(PASSED) == (
        "good: 99.9% of the real samples have a made one near (p = 0.400), 99.8% of the made ones "
        "a real one (p = 0.600), both 99.9% by chance; 98.0% lie where real ones do, of real ones "
        "99.0% (p = 0.300); 11.0% are as close as copies, of real ones 12.0% (p = 0.200); energy "
        "distance 0.0012 (p = 0.500). 1000 of each; a fault has p <= 0.01."
    )
