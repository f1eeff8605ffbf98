"""Does the benchmark count every seed, say how sure it is, and keep what it has?"""

import json
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch

from benchmarks import curves, multiples, museum, normal, quality, questions
from gan_course.data import curve_points, normal_noise, real_batch
from gan_course.many import PATTERNS, QUICK
from gan_course.networks import make_discriminator, make_generator
from gan_course.training import fit, train_step

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
    assert content["samples"] == 2_000
    assert content["machine"]["torch"] == torch.__version__
    for record in content["records"]:
        assert record["recipe"] == recipe
        assert record["steps"] == 3
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
    ("arguments", "message"),
    [
        (("--project", "sine", "--recipe", "magic"), "--recipe must be one of original"),
        (
            ("--project", "sine", "--recipe", "cure", "--device", "cuda"),
            "--device cuda is for recipes with settings: quick, ",
        ),
    ],
)
def test_a_wrong_argument_is_named(command, capsys, arguments, message):
    with pytest.raises(SystemExit):
        command(*arguments)
    assert message in capsys.readouterr().err


def test_a_run_that_is_cut_short_goes_on_where_it_was(command, monkeypatch, capsys):
    whole = quality.PROJECTS["sine"]

    def broken(*arguments):
        yield next(whole.run(*arguments))
        raise KeyboardInterrupt

    arguments = ("--project", "sine", "--recipe", "quick", "--seeds", "3")
    monkeypatch.setitem(quality.PROJECTS, "sine", replace(whole, run=broken))
    with pytest.raises(KeyboardInterrupt):
        command(*arguments)
    # a recipe that has changed is another one, and its seeds are not mixed in
    changed = {"quick": replace(QUICK, generator_rate=0.5)}
    monkeypatch.setitem(quality.PROJECTS, "sine", replace(whole, settings=changed))
    with pytest.raises(ValueError, match="seeds of another study, with settings"):
        command(*arguments)
    monkeypatch.setitem(quality.PROJECTS, "sine", whole)
    capsys.readouterr()
    content = command(*arguments)
    assert [record["seed"] for record in content["records"]] == [0, 1, 2]
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[1:4] if row] == ["1", "2"]  # seed 0 is not trained again


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


@pytest.mark.parametrize("name", curves.TASKS)
def test_real_points_are_good(name):
    curve, low, high = task = curves.TASKS[name]
    random = torch.Generator().manual_seed(1)
    real = curve_points(curve, low, high, 20_000, random=random)
    record = curves.measures(real, task)
    assert curves.reached(record)
    assert record["verdict"] == "good"


@pytest.mark.parametrize("name", ["multiples", "odd"])
def test_real_rows_are_good(name):
    values = multiples.VALUES[name]
    random = torch.Generator().manual_seed(1)
    record = multiples.measures(real_batch(values, 100_000, 100, random=random), values)
    assert multiples.reached(record)
    assert record["verdict"] == "good"


def trained_with(step):
    """Losses and weights of three short epochs."""
    torch.manual_seed(1)
    loader = list(torch.randn(2, 8, 2))
    generator, discriminator = make_generator(), make_discriminator()
    history = fit(generator, discriminator, loader, normal_noise(2), epochs=3, step=step)
    return history.losses, [*generator.parameters(), *discriminator.parameters()]


def test_a_step_without_a_variant_is_that_of_project_1():
    alike = partial(questions.train_step, variant=questions.Variant((1,)), more=iter(()))
    (losses, weights), (their_losses, their_weights) = map(trained_with, (alike, train_step))
    assert losses == their_losses
    assert all(map(torch.equal, weights, their_weights))


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


def test_a_healthy_run_of_the_museum_is_set_by_its_seed_alone(monkeypatch):
    whole = museum.code()
    monkeypatch.setattr(museum, "code", lambda: whole.replace("steps=1_000", "steps=2"))
    first, other, again = museum.run([100, 101, 100])
    assert first == again
    assert first["score"] != other["score"]
