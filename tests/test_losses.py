"""Are the seven losses those of their papers, and does the page say what was measured?"""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn
from torch.optim import Adam

from benchmarks import losses
from benchmarks.measures import EIGHT, eight
from benchmarks.points import COUNT, FRESH
from gan_course.metrics import sample_quality
from gan_course.records import FOLDER, load_records

BOOK = ROOT / "book"
PAGE = (BOOK / "appendix_losses.md").read_text(encoding="utf-8")
CONTENT = json.loads((FOLDER / "losses.json").read_text(encoding="utf-8"))
RECORDS = load_records("losses")
sys.path.insert(0, str(BOOK))  # its scripts belong to no package

import figures  # noqa: E402


def rows(name, target):
    return [r for r in RECORDS if (r["loss"], r["target"]) == (name, target)]


# --- the losses ---------------------------------------------------------------------------------


def formula(text):
    """Turn a formula of the page's table into a Python function of r and f."""
    code = text.split("$")[1].replace("\\max", "max").replace("^2", "**2")
    names = {"s": lambda x: float(np.logaddexp(0, x)), "max": max}
    return lambda r, f: eval(code, {**names, "r": r, "f": f})


@pytest.mark.parametrize("name", losses.LOSSES)
def test_the_formulas_on_the_page_are_those_of_the_code(name):
    _, of_d, of_g = re.search(rf"^\| {re.escape(name)} \|(.*)\|(.*)\|$", PAGE, re.M)[0].split(" | ")
    loss = losses.LOSSES[name]
    assert (loss.penalty in of_d) and ("and" in of_d) == bool(loss.penalty)
    for r, f in ((0.3, -0.8), (-2.0, 1.7), (3.0, 3.0)):
        logits = torch.tensor(r, dtype=torch.double), torch.tensor(f, dtype=torch.double)
        assert float(loss.discriminator(*logits)) == pytest.approx(formula(of_d)(r, f))
        assert float(loss.generator(*logits)) == pytest.approx(formula(of_g)(r, f))


def test_the_figure_shows_the_losses_and_their_slopes():
    logit = np.linspace(-4, 4, 9)
    pulls = figures.generator_pulls(logit)
    for words, values in figures.generator_losses(logit).items():
        for name in ("hinge", "Wasserstein, GP") if "," in words else (words,):
            fake = torch.tensor(logit, requires_grad=True)
            paid = losses.LOSSES[name].generator(None, fake)
            assert values == pytest.approx(paid.detach().numpy())
            (slopes,) = torch.autograd.grad(paid.sum(), fake)
            assert pulls[words] == pytest.approx(-slopes.numpy())


def test_a_penalty_is_paid_for_the_squared_slope_of_the_logit():
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0]]))
    places = torch.randn(2, 5, 2, requires_grad=True)
    slopes = losses.slopes_at(places, layer(places)).detach()
    assert slopes == pytest.approx(torch.full((2, 5), 25.0))


def test_a_gradient_that_lies_transposed_in_memory_changes_the_right_weights():
    weight, factors = (
        nn.Parameter(torch.zeros(1, 3, 2)),
        torch.tensor([[[1.0, -2, 3], [-4, 5, -6]]]),
    )
    loss = (weight.mT * factors).sum(dim=(1, 2))
    losses.change(Adam([weight], fused=True), 0.1, loss)
    # the first step of Adam is the rate against the sign
    assert weight.detach() == pytest.approx(-0.1 * factors.mT.sign())


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_trains_every_seed(name, monkeypatch):
    monkeypatch.setattr(losses, "TARGETS", {"sine": losses.TARGETS["sine"]})
    (_, weights) = losses.GRIDS[losses.LOSSES[name].penalty][-1]
    records = losses.run(name, replace(losses.SHARED, steps=3, penalty=weights), [0, 1])
    assert [record["seed"] for record in records] == [0, 1]
    assert len({record["error"] for record in records}) == 2


def test_a_ring_that_lost_a_mode_is_not_close():
    random = torch.Generator().manual_seed(0)
    lost = eight(FRESH, (0.0, *EIGHT[1:]), random)
    real, fresh = (eight(COUNT, EIGHT, random) for _ in range(2))
    found = losses.measure("ring", lost, real, random)
    assert not found["close"]
    assert losses.measure("ring", eight(FRESH, EIGHT, random), real, random)["close"]
    energy = sample_quality(lost, real, fresh, random=random).energy
    assert energy == pytest.approx(0.01, abs=0.002)  # "about what a lost eighth makes"


# --- what was measured ----------------------------------------------------------------------------


def test_every_loss_was_counted_on_every_seed_with_the_settings_that_were_chosen():
    assert CONTENT["settings"] == repr(losses.SHARED)
    for name, loss in losses.LOSSES.items():
        tried = [one for one in CONTENT["tried"] if one["loss"] == name]
        grid = [
            [list(rates), weights and list(weights)]
            for rates, weights in losses.GRIDS[loss.penalty]
        ]
        assert [[one["rates"], one["penalty"]] for one in tried] == grid
        best = max(tried, key=lambda one: (one["sine"] + one["ring"] + one["moons"], -one["error"]))
        assert [one for one in tried if one["chosen"]] == [best]
        for target in losses.TARGETS:
            assert [record["seed"] for record in rows(name, target)] == list(losses.COUNTED)


def test_a_seed_is_called_close_and_good_by_the_limits_that_were_written_down():
    for r in RECORDS:
        if r["target"] == "sine":
            close = r["error"] <= 0.01 and r["ks"] <= 0.05 and r["bins"] >= 48
            good = r["error"] <= 0.005 and r["ks"] <= 0.03 and r["bins"] >= 49
        else:
            close = r["coverage"] >= 0.95 and r["astray"] <= 0.05 and r["error"] <= 0.01
            good = r["verdict"] == "good"
        assert (r["close"], r["good"]) == (close, good)
