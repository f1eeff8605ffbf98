"""Do the benchmarks count every seed, say how sure they are, measure as they say, and keep it?"""

import json
import re
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch

from benchmarks import curves, multiples, normal, points, quality, questions, speed
from benchmarks.study import clear, run_study
from gan_course.data import encode_batch, normal_noise
from gan_course.many import PATTERNS, QUICK, ensemble, train
from gan_course.networks import make_generator

GOOD = {"fit_error": 0.005, "ks": 0.04, "outside": 0.005, "bins": 49}
LEARNT = {"validity": 0.9999, "covered": 20, "allowed": 20, "tv": 0.05}


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command with few, short runs; gives its records."""
    short = replace(QUICK, steps=3)
    monkeypatch.setattr(curves, "SETTINGS", {**curves.SETTINGS, "quick": short})
    patterns = replace(PATTERNS, steps=3)
    monkeypatch.setattr(multiples, "SETTINGS", {**multiples.SETTINGS, "course": patterns})
    for name in ("sine", "multiples"):
        small = replace(quality.PROJECTS[name], fresh=2_000)
        monkeypatch.setitem(quality.PROJECTS, name, small)

    def run(*arguments):
        file = tmp_path / "new" / "records.json"
        monkeypatch.setattr(sys, "argv", ["quality", *arguments, "--json", str(file)])
        quality.main()
        return json.loads(file.read_text(encoding="utf-8"))

    return run


@pytest.mark.parametrize(("name", "recipe"), [("sine", "quick"), ("multiples", "course")])
def test_every_seed_has_one_record_and_one_line(command, capsys, name, recipe):
    content = command("--project", name, "--recipe", recipe, "--seeds", "3")
    assert [record["seed"] for record in content["records"]] == [0, 1, 2]
    for record in content["records"]:
        assert (record["recipe"], record["steps"]) == (recipe, 3)
        assert set(quality.PROJECTS[name].columns) <= set(record)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:4]] == ["0", "1", "2"]
    assert printed[-1].startswith("0 of 3 seeds reached the target")
    assert "confidence interval 0.0% to 56.1%" in printed[-1]  # 3.84 / 6.84, Wilson 1927


def test_neither_the_first_seed_nor_the_groups_change_a_record(command):
    arguments = ("--project", "sine", "--recipe", "quick")
    whole = command(*arguments, "--seeds", "3", "--group", "2")["records"]
    later = command(*arguments, "--seeds", "2", "--first-seed", "1", "--group", "1")["records"]
    for record in (*whole, *later):
        del record["seconds"]
    assert later == whole[1:]


@pytest.mark.parametrize(
    ("reached", "good", "worse"),
    [
        (curves.reached, GOOD, {"fit_error": 0.0051, "ks": 0.041, "outside": 0.0051, "bins": 48}),
        (multiples.reached, LEARNT, {"validity": 0.9998, "covered": 19, "tv": 0.051}),
        (normal.PROJECTS["normal"].reached, {"ks": 0.02}, {"ks": 0.021}),
    ],
)
def test_a_target_asks_for_each_of_its_measures(reached, good, worse):
    assert reached(good)
    assert not any(reached({**good, name: value}) for name, value in worse.items())


def test_a_variant_changes_the_discriminator_that_often_and_with_its_targets():
    generator, discriminator = make_generator(), torch.nn.Sequential(torch.nn.Linear(2, 1))
    discriminator.append(torch.nn.Sigmoid())
    with torch.no_grad():
        discriminator[0].weight.zero_()
        discriminator[0].bias.fill_(1.0)
    seen = []
    discriminator.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].detach()))
    still = [torch.optim.SGD(network.parameters(), 0.0) for network in (generator, discriminator)]
    real, *more = batches = [torch.full((4, 2), float(number)) for number in range(3)]
    variant = questions.Variant((1,), d_steps=3, real=0.9, fake=0.1)
    losses = questions.train_step(
        generator, discriminator, *still, real, normal_noise(2), variant=variant, more=iter(more)
    )
    assert len(seen) == 7  # real and fake three times, then the generator's fakes
    assert all(map(torch.equal, seen[:6:2], batches))
    # by hand: every answer has a logit of 1, so -log D is 0.3133 and -log(1 - D) is 1.3133
    assert losses.real.item() == pytest.approx(0.9 * 0.3133 + 0.1 * 1.3133, abs=1e-4)
    assert losses.fake.item() == pytest.approx(0.1 * 0.3133 + 0.9 * 1.3133, abs=1e-4)


def test_straight_through_is_one_hot_with_the_gradient_of_softmax():
    logits = torch.randn(6, 5, requires_grad=True)
    direction = torch.randn(6, 5)
    rows = multiples.StraightThrough()(logits)
    torch.testing.assert_close(rows, encode_batch(logits.argmax(dim=1), 5))
    (by_layer,) = torch.autograd.grad((rows * direction).sum(), logits)
    (by_softmax,) = torch.autograd.grad((logits.softmax(dim=-1) * direction).sum(), logits)
    torch.testing.assert_close(by_layer, by_softmax)


ABOUT = {"recipe": "course", "seeds": 4}


def count_up(seeds, stop=None):
    for seed in seeds:
        if seed == stop:
            raise KeyboardInterrupt
        yield {"seed": seed, "squared": seed**2}


def test_a_study_goes_on_where_it_was_and_leaves_nothing_but_its_result(tmp_path):
    path, made = tmp_path / "new" / "r.json", []
    with pytest.raises(KeyboardInterrupt):
        run_study(partial(count_up, stop=2), [3, 1, 2], path, ABOUT)
    records = run_study(count_up, [3, 1, 2], path, ABOUT, made.append)
    assert records == [{"seed": seed, "squared": seed**2} for seed in (3, 1, 2)]
    assert [record["seed"] for record in made] == [2]
    clear(path)
    assert list(path.parent.iterdir()) == []


def test_seeds_of_another_study_are_not_mixed_in(tmp_path):
    path = tmp_path / "r.json"
    run_study(count_up, range(4), path, ABOUT)
    with pytest.raises(
        ValueError, match=r"r\.json\.seeds holds seeds of another study, with recipe 'course':"
    ):
        run_study(count_up, range(4), path, {**ABOUT, "recipe": "original"})
    assert len(list((tmp_path / "r.json.seeds").glob("[0-9].json"))) == 4


def test_a_point_beside_the_curve_counts_by_its_way_to_it_as_a_share_of_the_range():
    # y = x / 2 on [0, 8] fills the square from corner to corner: the way to it is at 45 degrees
    task = curves.Task(lambda x: x / 2, 0, 8)
    middle = torch.tensor([[4.0, 2.0], [4.0, 2.4]])  # on it, and a tenth of the height above it
    assert points.off_the_curve(middle[1:], task) == pytest.approx(0.1 / 2**0.5, abs=1e-4)
    assert points.off_the_curve(middle, task) == pytest.approx(0.05 / 2**0.5, abs=1e-4)


@pytest.mark.parametrize("name", ["cosine", "five"])
def test_real_samples_are_good_and_shifted_ones_are_not(name):
    real, other = (points.data_set(name, seed) for seed in (0, 1))
    assert not torch.equal(real, other)  # each seed has its own data
    measure = partial(points.of_curve, points.CURVES[name]) if name == "cosine" else points.of_cloud
    # 2,048 points have a larger KS distance from each other than 20,000 may have
    assert measure(other, other if name == "cosine" else real)["good"]
    assert not measure(other + torch.tensor([0.0, 0.2]), real)["good"]


@pytest.mark.parametrize("settings", [QUICK, speed.SAME_NETWORKS], ids=("quick", "same networks"))
def test_jax_comes_to_the_same_losses(settings):
    pytest.importorskip("jax")
    ours = train(curves.data_set(speed.TASK), replace(settings, steps=16), (0, 3))
    theirs = speed.jax_loop(settings, 1)(16), speed.jax_loop(settings, 4)(16)[..., 3:]
    torch.testing.assert_close(
        torch.cat(theirs, dim=2), torch.stack(ours.losses), atol=1e-4, rtol=0
    )


@pytest.mark.slow
def test_a_short_run_prints_its_table_and_writes_it_down(tmp_path, monkeypatch, capsys):
    def short_loop(*arguments):
        return None, {"steps": 16_000, "fit_error": 0.1, "ks": 0.1}

    threads = torch.get_num_threads()
    monkeypatch.setattr(ensemble, "compiled", lambda steps: steps)  # it takes its time
    monkeypatch.setattr(curves, "run_loop", short_loop)
    monkeypatch.setattr(speed, "QUICK", replace(QUICK, steps=20))
    monkeypatch.setattr(speed, "MANY", 2)
    monkeypatch.setattr(speed, "TURNS", (3, 2))
    path = tmp_path / "speed.json"
    arguments = ["speed", "--json", str(path), "--repeats", "1", "--seeds", "2"]
    monkeypatch.setattr("sys.argv", arguments)
    try:
        speed.main()
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["machine"]["torch"] == torch.__version__
    assert [row["seed"] for row in content["records"]] == [0, 1]
    assert {row["threads"] for row in content["steps"]} == {1, 2}
    for row in content["steps"]:
        assert 0 < row["fastest"] <= row["ms"] <= row["slowest"]
        assert re.search(rf"{re.escape(row['what'])} +{row['ms']:.3f} ", printed)
    assert "median: " in printed
