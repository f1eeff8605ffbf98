"""Does the cheat sheet's code run, and is it what the chapters and the package do?"""

import copy
import math
import re

import pytest
import torch
from conftest import BOOK, same, weights
from torch import nn

from gan_course import data, training

PAGE = (BOOK / "cheat_sheet.md").read_text(encoding="utf-8")
SHORTER = {"epochs=100": "epochs=2", "epochs=600": "epochs=2", "range(2_000)": "range(20)"}


def run(title, names):
    """Run a section's blocks, for fewer steps, in the names that those before it have made."""
    section = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    assert section is not None
    for block in re.findall(r"```python\n(.*?)```", section[1], re.DOTALL):
        for long, short in SHORTER.items():
            block = block.replace(long, short)
        exec(block, names)
    return names


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Files go into a folder that goes away."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)


def test_the_classifier_learns_and_each_number_is_right():
    names = run("0. A network learns", {})
    points = torch.rand(256, 2)
    truth = (points[:, :1] > 0.5).float()
    losses = [names["update"](points, truth) for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert f"ln 2 = {math.log(2):.3f}" in PAGE
    assert names["answers"].shape == (5, 1) and not names["answers"].requires_grad


def test_the_step_of_project_1_is_the_packages_and_its_file_comes_back():
    names = run("1. Points on a curve", run("0. A network learns", {}))
    counts = dict(re.findall(r"^(\w+) = make_.*# ([\d,]+) parameters", PAGE, re.MULTILINE))
    assert len(counts) == 2
    counts["classifier"] = re.findall(r"^\)  # ([\d,]+) parameters", PAGE, re.MULTILINE)[0]
    for name, count in counts.items():
        assert f"{sum(p.numel() for p in names[name].parameters()):,}" == count
    assert len(names["history"].epochs) == 2
    assert names["new_points"].shape == (500, 2)

    networks = [names["generator"].train(), names["discriminator"].train()]
    optimisers = [names["generator_optimiser"], names["discriminator_optimiser"]]
    before = copy.deepcopy([thing.state_dict() for thing in (*networks, *optimisers)])
    real = next(iter(names["loader"]))
    torch.manual_seed(1)
    names["one_step"](real)
    by_hand = weights(*networks)
    for thing, state in zip((*networks, *optimisers), before, strict=True):
        thing.load_state_dict(state)
    torch.manual_seed(1)
    training.train_step(*networks, *optimisers, real, names["noise"])
    assert same(by_hand, weights(*networks))


def test_project_2_makes_integers(capsys):
    names = {"torch": torch, "nn": nn, "normal_noise": data.normal_noise}
    run("2. Multiples of five", names)
    assert names["rows"].shape == (10_000, 100)
    assert "of 20 values" in capsys.readouterr().out


def test_project_3_has_the_chapters_recipe(capsys):
    names = run("3. From uniform to normal", {"torch": torch})
    assert names["numbers"].shape == (10_000, 1)
    assert 0 < float(capsys.readouterr().out) < 1
    gan = names["gan"]
    plain = training.GAN(nn.Linear(1, 1), nn.Linear(1, 1), names["noise"], names["data"])
    assert gan.batch_size == plain.batch_size
    for name in ("generator_optimiser", "discriminator_optimiser"):
        ours, defaults = (getattr(one, name).param_groups[0] for one in (gan, plain))
        assert (ours["lr"], ours["betas"]) == (defaults["lr"], defaults["betas"])
