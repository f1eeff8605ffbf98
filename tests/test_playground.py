"""Does the GAN of the playground, plain JavaScript in a browser, do what PyTorch does?"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

CORE = Path(__file__).resolve().parent.parent / "book" / "_static" / "playground" / "core.js"
STEPS, BATCH = 3, 30  # a batch that is no multiple of four
SETTINGS: dict[str, Any] = {
    "seed": 0,
    "latentDim": 3,
    "dim": 2,
    "generatorWidths": [5, 8],
    "discriminatorWidths": [9, 6, 4],
    "slope": 0.2,
    "betas": [0.5, 0.99],
    "generatorRate": 1e-3,
    "discriminatorRate": 2e-3,
    "loss": "log D",
    "penalty": 0,
}
# of D on real, of D on fake, of G: Goodfellow et al. 2014; Mao et al. 2017, equation 9
LOSSES: dict[str, Any] = {
    "log D": (lambda v: softplus(-v), softplus, lambda v: softplus(-v)),
    "log(1 - D)": (lambda v: softplus(-v), softplus, lambda v: -softplus(v)),
    "least squares": (lambda v: (v - 1) ** 2 / 2, lambda v: v**2 / 2, lambda v: (v - 1) ** 2 / 2),
}

TRAIN = """
([settings, weights, batches]) => {
  const gan = new (ganCore().Gan)(settings);
  const networks = [gan.generator, gan.discriminator];
  networks.forEach((network, g) => network.layers.forEach((layer, l) => {
    layer.weight.set(weights[g][l][0]);
    layer.bias.set(weights[g][l][1]);
  }));
  const losses = batches.map((batch) => gan.step(...batch.map((part) => Float32Array.from(part))));
  const rows = networks.map((network) => network.layers.map(
    (layer) => [Array.from(layer.weight), Array.from(layer.bias)]));
  return [losses, rows];
}
"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    """An empty page that knows the core of the playground."""
    page = browser.new_page()
    page.add_script_tag(path=str(CORE))
    yield page
    page.close()


def make_network(sizes: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers += [nn.LeakyReLU(SETTINGS["slope"])] if number else []
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def linear(network: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in network if isinstance(layer, nn.Linear)]


def rows(tensor: Tensor) -> list[float]:
    return tensor.detach().flatten().tolist()


def train(settings: dict[str, Any], page: Any) -> tuple[list[Any], list[Any], Any, Any]:
    """A few steps by both, from the same weights and batches: losses and networks of each."""
    torch.manual_seed(0)
    generator = make_network([settings["latentDim"], *settings["generatorWidths"], settings["dim"]])
    discriminator = make_network([settings["dim"], *settings["discriminatorWidths"], 1])
    batches = [
        [torch.randn(BATCH, settings[dim]) for dim in ("dim", "latentDim", "latentDim")]
        for _ in range(STEPS)
    ]
    networks = (generator, discriminator)
    weights = [
        [[rows(layer.weight.T), rows(layer.bias)] for layer in linear(network)]
        for network in networks
    ]
    numbers = [[rows(part) for part in batch] for batch in batches]
    got = page.evaluate(TRAIN, [settings, weights, numbers])
    expected = plain_steps(settings, generator, discriminator, batches)
    return got[0], expected, got[1], networks


def plain_steps(
    settings: dict[str, Any], generator: nn.Module, discriminator: nn.Module, batches: Any
) -> list[dict[str, float]]:
    """The same steps by PyTorch and its autograd."""
    loss_real, loss_fake, loss_generator = LOSSES[settings["loss"]]
    betas = tuple(settings["betas"])
    change_d = torch.optim.Adam(discriminator.parameters(), settings["discriminatorRate"], betas)
    change_g = torch.optim.Adam(generator.parameters(), settings["generatorRate"], betas)
    losses = []
    for real, noise_d, noise_g in batches:
        real.requires_grad_()
        on_real, on_fake = discriminator(real), discriminator(generator(noise_d).detach())
        (slopes,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
        penalty = settings["penalty"] / 2 * slopes.square().sum(dim=1).mean()
        real_mean, fake_mean = loss_real(on_real).mean(), loss_fake(on_fake).mean()
        change_d.zero_grad()
        (real_mean + fake_mean + penalty).backward()
        change_d.step()
        by_g = loss_generator(discriminator(generator(noise_g))).mean()
        change_g.zero_grad()
        by_g.backward()
        change_g.step()
        values = {"real": real_mean, "fake": fake_mean, "generator": by_g, "penalty": penalty}
        losses.append({name: value.item() for name, value in values.items()})
    return losses


@pytest.mark.parametrize("penalty", [0, 0.7])
@pytest.mark.parametrize("loss", LOSSES)
def test_whole_training_steps_are_those_of_pytorch(loss: str, penalty: float, page: Any) -> None:
    settings = {**SETTINGS, "loss": loss, "penalty": penalty}
    losses, expected, weights, networks = train(settings, page)
    for got, wanted in zip(losses, expected, strict=True):
        assert got == pytest.approx(wanted, abs=1e-5)
    assert losses[0] != pytest.approx(losses[-1], abs=1e-4)  # something was learnt
    for got_layers, network in zip(weights, networks, strict=True):
        for (weight, bias), layer in zip(got_layers, linear(network), strict=True):
            assert weight == pytest.approx(rows(layer.weight.T), abs=1e-5)
            assert bias == pytest.approx(rows(layer.bias), abs=1e-5)


def test_random_numbers_are_uniform_and_normal_and_can_be_repeated(page: Any) -> None:
    draw = """(seed) => {
      const random = new (ganCore().Random)(seed);
      const many = (name) => Array.from({ length: 20000 }, () => random[name]());
      return [many("uniform"), many("normal")];
    }"""
    uniform, normal = (torch.tensor(part) for part in page.evaluate(draw, 7))
    assert float(uniform.min()) >= 0
    assert float(uniform.max()) < 1
    # four standard errors of the mean and of the standard deviation of 20,000 numbers
    assert float(uniform.mean()) == pytest.approx(0.5, abs=4 * 0.0020)
    assert float(normal.mean()) == pytest.approx(0, abs=4 * 0.0071)
    assert float(normal.std()) == pytest.approx(1, abs=4 * 0.0050)
    assert torch.equal(torch.tensor(page.evaluate(draw, 7)[1]), normal)
    assert not torch.equal(torch.tensor(page.evaluate(draw, 8)[1]), normal)
