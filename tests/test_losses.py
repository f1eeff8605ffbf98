"""Are the seven losses those of their papers, and does the page say what was measured?"""

import json
import re
from statistics import median

import numpy as np
import pytest
import torch
from conftest import BOOK
from torch import nn
from torch.optim import Adam

from benchmarks import losses
from gan_course.records import FOLDER

PAGE = (BOOK / "appendix_losses.md").read_text(encoding="utf-8")
CONTENT = json.loads((FOLDER / "losses.json").read_text(encoding="utf-8"))
RECORDS = CONTENT["records"]


def rows(name, target):
    return [r for r in RECORDS if (r["loss"], r["target"]) == (name, target)]


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
            assert [r["seed"] for r in rows(name, target)] == list(losses.COUNTED)


def test_the_tables_of_losses_say_what_was_measured():
    for name in losses.LOSSES:
        counted, typical = [name], [name]
        for target in losses.TARGETS:
            close, good, low, high = losses.count(RECORDS, name, target)
            counted.append(f"{close} ({100 * low:.0f} to {100 * high:.0f} %)")
            error = median(r["error"] for r in rows(name, target))
            words = f"{100 * error:.2f} %" if target == "sine" else f"{error:.4f}"
            typical.append(f"{good}; {words}")
        for cells in (counted, typical):
            assert f"| {' | '.join(cells)} |" in PAGE


def test_what_the_page_on_losses_concludes_is_so():
    page, settings = " ".join(PAGE.split()), losses.SHARED
    assert f"batches of {settings.batch_size}, and {settings.steps:,} steps" in page
    plain, penalised, relativistic = losses.PLAIN, losses.PENALISED, losses.RELATIVISTIC

    def close(name, target):
        return losses.count(RECORDS, name, target)[0]

    def p(one, two, target):
        return losses.p_value(RECORDS, (one, two), target)

    limit = losses.LIMIT
    assert len(losses.PAIRS) * len(losses.TARGETS) == 21 and f"about {limit:.4f}. " in page
    for target in losses.TARGETS:  # "nearly every seed of every target", "p = 1 on each target"
        assert min(close(penalised, target), close(relativistic, target)) >= 19
        assert p(relativistic, penalised, target) == 1
    for target in ("sine", "ring"):
        assert p(penalised, plain, target) < 1e-8 and p(relativistic, plain, target) < limit
    found = [close(name, "ring") for name in ("saturating", plain, "hinge", "least squares")]
    words = "close on {} seeds, the non-saturating one on {}. Hinge beats it too, with {}."
    assert f"{words} Least squares, with {{}}, may".format(*found) in page
    assert max(p(name, plain, "ring") for name in ("saturating", "hinge")) <= limit
    assert f"lucky (p = {p('least squares', plain, 'ring'):.2f})" in page
    (_, _, low, _), (_, _, _, high) = (
        losses.count(RECORDS, name, "sine") for name in ("Wasserstein, GP", plain)
    )
    assert low > high  # "don't even overlap"
    pair = "Wasserstein, GP", plain
    words = "has {} close seeds on the sine where the non-saturating loss has {}."
    assert words.format(*(close(name, "sine") for name in pair)) in page
    assert f"p = {p(*pair, 'sine'):.4f} is above our limit" in page and p(*pair, "sine") > limit
    assert all(p(name, plain, "moons") > limit for name in losses.LOSSES)  # "too easy"
    off = {name: median(r["error"] for r in rows(name, "sine")) for name in losses.LOSSES}
    assert min(off, key=off.get) == plain and close(plain, "sine") == 0
    assert f"as small a distance as any, {100 * off[plain]:.2f} %," in page
    middle = {key: median(r[key] for r in rows(plain, "sine")) for key in ("bins", "ks")}
    words = f"{middle['bins']:.0f} of 50 bins and a KS distance of {middle['ks']:.2f}."
    assert f"the medians are {words}" in page
    assert not any(r["good"] for r in RECORDS if r["target"] == "ring")
