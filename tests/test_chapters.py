"""Do the chapters' own cells train as the package does? Same names, same losses, same weights."""

import copy
import inspect
import json

import pytest
import torch
from conftest import ROOT, same, weights

from benchmarks import multiples
from gan_course import data, metrics, networks, training


def run_until(notebook, last):
    """All names of a chapter whose cells were run to the one that begins a line with `last`.

    Of that cell, what stands before the last definition's end is run, not what calls it.
    """
    names, content = {}, json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
    for source in code[1:]:  # the first one installs
        is_last = f"\n{last}" in f"\n{source}"
        exec(source.partition("\n\n\noriginal = ")[0] if is_last else source, names)
        if is_last:
            return names
    raise AssertionError(f"no cell of {notebook} begins a line with {last!r}")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Pictures are drawn unseen, and files go into a folder that goes away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(networks, "pick_device", lambda: "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_project_1_is_fit():
    chapter = run_until("01_exponential_curve.ipynb", "def train(")
    torch.manual_seed(0)
    for network in (chapter["discriminator"], chapter["generator"]):
        for layer in network:
            if isinstance(layer, torch.nn.Linear):
                layer.reset_parameters()  # first weights, as if the seed had just been set
    by_hand = chapter["train"](max_epochs=2, patience=1_000)

    torch.manual_seed(0)
    discriminator, generator = networks.make_discriminator(), networks.make_generator()
    history = training.fit(
        generator,
        discriminator,
        data.batches(chapter["points"], chapter["batch_size"]),
        data.normal_noise(chapter["latent_dim"]),
        score=lambda samples: metrics.curve_mse(samples, data.exponential),
        watch=chapter["watch"],
        epochs=2,
        optimisers=tuple(  # the same updates, but other roundings than without `fused`
            torch.optim.Adam(network.parameters(), lr=chapter["learning_rate"], fused=True)
            for network in (generator, discriminator)
        ),
    )
    assert [list(losses) for losses in history.losses] == by_hand["losses"]
    assert history.scores == pytest.approx(by_hand["errors"], rel=1e-6)
    ours = weights(generator, discriminator)
    assert same(ours, weights(chapter["generator"], chapter["discriminator"]))
    torch.manual_seed(0)
    drawn = data.curve_points(data.exponential, 0, 50, chapter["observations"])
    assert torch.equal(drawn, chapter["points"])


def test_project_2_encodes_and_decodes_as_the_package_does():
    chapter = run_until("02_multiples_of_five.ipynb", "def decode(")
    for integer in (0, 1, 75, 99):
        row = data.encode(integer, 100)
        assert torch.equal(chapter["encode"](integer, 100), row)
        assert chapter["decode"](row) == data.decode(row) == integer


def test_the_run_of_project_2_is_a_seed_of_its_table(monkeypatch):
    monkeypatch.setattr(multiples, "CURED", 20)
    record = multiples.run_loop(data.pattern_values(5), "longer", seed=5, fresh=10)
    chapter = run_until("02_multiples_of_five.ipynb", "def train(")
    pair = chapter["make_networks"](torch.nn.ReLU(), seed=5)
    scores, counts = chapter["train"](*pair, longest=20)
    assert min(scores) == pytest.approx(record["best_score"])
    assert scores.index(min(scores)) + 1 == record["best_iteration"]
    assert counts == {}  # there are none before step 50


def test_project_3_may_leave_out_detach_and_need_not_freeze():
    chapter = run_until("03_uniform_to_normal.ipynb", "class GAN")
    torch.manual_seed(0)
    pair = chapter["Generator"](1), chapter["Discriminator"](1, [64, 32, 1])
    gan = chapter["GAN"](*pair, chapter["noise"], chapter["data"])
    z, gradients = chapter["noise"](32), []
    for fake in (gan.generate_samples(z), gan.generator(z).detach()):
        gan.discriminator.zero_grad()
        gan.loss(gan.discriminator(fake), gan.zeros).backward()
        gradients.append([weight.grad for weight in gan.discriminator.parameters()])
    assert same(*gradients)  # "the discriminator's gradients are the same"
    assert gradients[0][0].abs().sum() > 0
    # what the generator's step leaves behind does not change the discriminator's next update
    clean, after = copy.deepcopy(gan), gan
    clean.discriminator.zero_grad()
    after.train_step_generator()
    clean.generator.load_state_dict(after.generator.state_dict())
    for each in (clean, after):
        torch.manual_seed(1)
        each.train_step_discriminator()
    assert same(weights(clean.discriminator), weights(after.discriminator))


def test_the_class_of_project_3_is_the_packages():
    chapter = run_until("03_uniform_to_normal.ipynb", "def train(")

    def build(of):
        torch.manual_seed(0)
        pair = of["Generator"](1), of["Discriminator"](1, [64, 32, 1])
        return of["GAN"](*pair, chapter["noise"], chapter["data"])

    theirs, ours = build(chapter), build({**vars(networks), **vars(training)})
    torch.manual_seed(1)
    history, _ = chapter["train"](theirs, epochs=3)
    torch.manual_seed(1)
    assert ours.fit(epochs=3).losses == history
    made = (weights(one.generator, one.discriminator) for one in (theirs, ours))
    assert same(*made)


@pytest.mark.slow  # four trainings of full length
def test_what_project_3_says_of_its_sliders_is_so():
    def ks(**rates):
        torch.manual_seed(0)
        pair = networks.Generator(), networks.Discriminator()
        gan = training.GAN(*pair, lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1), **rates)
        gan.fit(epochs=100)
        return metrics.ks_normal(gan.generate_samples(num=5_000)[:, 0])

    # "A generator that fast spoils everything, while a discriminator that fast does no harm"
    assert ks(generator_rate=0.02) > 0.3
    assert ks(discriminator_rate=0.02) < 0.15
    # "a generator rate of 0.005 alone ruined the run", but not if the discriminator is faster too
    assert ks(generator_rate=0.005) > 0.3 > ks(generator_rate=0.004, discriminator_rate=0.02)


SAME = {  # what a chapter defines, and where the package has it under the same name
    "01_exponential_curve.ipynb": "EarlyStopping Losses real_loss fake_loss generator_loss "
    "train_on_real train_on_fake train_generator train_step",
    "03_uniform_to_normal.ipynb": "Losses GAN",
}


@pytest.mark.parametrize("notebook", SAME)
def test_names_and_arguments_are_the_same(notebook):
    chapter = run_until(notebook, "def train(")
    for name in SAME[notebook].split():
        theirs, ours = chapter[name], getattr(training, name)
        arguments = [list(inspect.signature(one).parameters) for one in (theirs, ours)]
        assert arguments[0] == arguments[1], name
        if inspect.isclass(theirs):
            public = {key for key, value in vars(theirs).items() if inspect.isfunction(value)}
            assert {key for key in public if not key.startswith("_")} <= set(vars(ours)), name
