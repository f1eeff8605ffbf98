"""Are the seven losses those of their papers, and does the page say what was measured?"""

import json
import re

import numpy as np
import pytest
import torch
from conftest import BOOK
from torch import nn
from torch.optim import Adam

from benchmarks import losses
from gan_course.records import FOLDER, load_records

PAGE = (BOOK / "appendix_losses.md").read_text(encoding="utf-8")
CONTENT = json.loads((FOLDER / "losses.json").read_text(encoding="utf-8"))
RECORDS = load_records("losses")


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


def test_a_penalty_is_paid_for_the_squared_slope_of_the_logit():
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0]]))
    places = torch.randn(2, 5, 2, requires_grad=True)
    slopes = losses.slopes_at(places, layer(places)).detach()
    assert slopes == pytest.approx(torch.full((2, 5), 25.0))


def test_a_gradient_that_lies_transposed_in_memory_changes_the_right_weights():
    weight = nn.Parameter(torch.zeros(1, 3, 2))
    factors = torch.tensor([[[1.0, -2, 3], [-4, 5, -6]]])
    loss = (weight.mT * factors).sum(dim=(1, 2))
    losses.change(Adam([weight], fused=True), 0.1, loss)
    # the first step of Adam is the rate against the sign
    assert weight.detach() == pytest.approx(-0.1 * factors.mT.sign())


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
            rows = [r for r in RECORDS if (r["loss"], r["target"]) == (name, target)]
            assert [record["seed"] for record in rows] == list(losses.COUNTED)
