"""Does the GAN of the playground, plain JavaScript in a browser, do what PyTorch does?"""

from itertools import pairwise

import pytest
import torch
from conftest import BOOK, opened
from torch import nn
from torch.nn.functional import softplus

from gan_course.many import add_waves
from gan_course.many.draws import Batch
from gan_course.many.layers import Waves
from gan_course.training import moving_average

CORE = BOOK / "_static" / "playground" / "core.js"
STEPS, BATCH = 3, 30  # a batch that is no multiple of four
SETTINGS = {
    "seed": 0,
    "steps": 10,
    "batch": BATCH,
    "latentDim": 3,
    "noise": "normal",
    "dim": 2,
    "generatorWidths": [5, 8],
    "discriminatorWidths": [9, 6, 4],
    "generatorWaves": 0,
    "discriminatorWaves": 0,
    "lastLayer": "linear",
    "slope": 0.2,
    "betas": [0.5, 0.99],
    "generatorRate": 1e-3,
    "discriminatorRate": 2e-3,
    "decay": False,
    "average": 0,
    "loss": "log D",
    "penalty": 0,
}
WAVES = {"generatorWaves": 1, "discriminatorWaves": 3}
# what is switched on, alone and together
VARIANTS = {
    "plain": {},
    "waves": WAVES,
    "softmax": {"lastLayer": "softmax", "generatorWidths": [], "discriminatorWidths": []},
    "relu": {"lastLayer": "relu"},
    "all": {**WAVES, "decay": True, "average": 0.9},
}
# of D on real, of D on fake, of G: Goodfellow et al. 2014; Mao et al. 2017, equation 9
LOSSES = {
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
  gan.average.copyFrom(gan.generator);
  const floats = (part) =>
    part === null ? null : Array.isArray(part[0]) ? part.map(floats) : Float32Array.from(part);
  const losses = batches.map((batch) =>
    gan.step(Object.fromEntries(Object.entries(batch).map(([k, v]) => [k, floats(v)]))));
  const rows = [...networks, gan.average].map((network) => network.layers.map(
    (layer) => [Array.from(layer.weight), Array.from(layer.bias)]));
  return [losses, rows];
}
"""


@pytest.fixture(scope="module")
def page(browser):
    """An empty page that knows the core of the playground."""
    page = opened(browser)
    page.add_script_tag(path=str(CORE))
    yield page
    page.context.close()


def make_network(sizes):
    layers = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers += [nn.LeakyReLU(SETTINGS["slope"])] if number else []
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def make_networks(settings):
    """A generator and a discriminator as the playground has them."""
    dim, latent = settings["dim"], settings["latentDim"]
    waves = settings["generatorWaves"]
    sizes = [latent * (1 + 2 * waves), *settings["generatorWidths"], dim]
    generator = nn.Sequential(*([Waves(waves)] if waves else []), *make_network(sizes))
    if settings["lastLayer"] == "softmax":
        generator.append(nn.Softmax(dim=-1))
    elif settings["lastLayer"] == "relu":
        generator.append(nn.ReLU())
    inputs = dim * (1 + 2 * settings["discriminatorWaves"])
    return generator, make_network([inputs, *settings["discriminatorWidths"], 1])


def linear(network):
    return [layer for layer in network if isinstance(layer, nn.Linear)]


def rows(tensor):
    return tensor.detach().flatten().tolist()


@pytest.mark.parametrize(
    ("variant", "loss", "penalty"),
    [
        *((variant, "log D", 0) for variant in VARIANTS),
        *((variant, loss, 0.7) for variant in ("softmax", "all") for loss in LOSSES),
    ],
)
def test_whole_training_steps_are_those_of_pytorch(variant, loss, penalty, page):
    """A few steps from equal weights and batches."""
    settings = {**SETTINGS, **VARIANTS[variant], "loss": loss, "penalty": penalty}
    torch.manual_seed(0)
    networks = generator, discriminator = make_networks(settings)
    average = moving_average(generator, settings["average"])
    shapes = (1, BATCH, settings["dim"]), (2, 1, BATCH, settings["latentDim"])
    batches = [Batch(*map(torch.randn, shapes)) for _ in range(STEPS)]
    weights = [
        [[rows(layer.weight.T), rows(layer.bias)] for layer in linear(network)]
        for network in networks
    ]
    numbers = [{"real": rows(b.real), "noise": [rows(one) for one in b.noise]} for b in batches]
    losses, got_weights = page.evaluate(TRAIN, [settings, weights, numbers])
    expected = plain_steps(settings, generator, discriminator, average, batches)
    for got, wanted in zip(losses, expected, strict=True):
        assert {name: got[name] for name in wanted} == pytest.approx(wanted, abs=1e-5)
    shown = average.module if settings["average"] else generator
    for got_layers, network in zip(got_weights, (*networks, shown), strict=True):
        for (weight, bias), layer in zip(got_layers, linear(network), strict=True):
            assert weight == pytest.approx(rows(layer.weight.T), abs=1e-5)
            assert bias == pytest.approx(rows(layer.bias), abs=1e-5)


def plain_steps(settings, generator, discriminator, average, batches):
    """The steps by PyTorch and its autograd, with any loss and penalty."""
    loss_real, loss_fake, loss_generator = LOSSES[settings["loss"]]
    betas = tuple(settings["betas"])
    change_d = torch.optim.Adam(discriminator.parameters(), settings["discriminatorRate"], betas)
    change_g = torch.optim.Adam(generator.parameters(), settings["generatorRate"], betas)

    def judge(samples):
        return discriminator(add_waves(samples, settings["discriminatorWaves"]))

    losses = []
    for step, batch in enumerate(batches):
        progress = step / settings["steps"]
        if settings["decay"]:
            change_d.param_groups[0]["lr"] = settings["discriminatorRate"] * (1 - progress)
            change_g.param_groups[0]["lr"] = settings["generatorRate"] * (1 - progress)
        real = batch.real[0].clone().requires_grad_()
        fake = generator(batch.noise[0, 0]).detach().requires_grad_()
        on_real, on_fake = judge(real), judge(fake)
        logits = on_real.sum() + on_fake.sum()
        slopes = torch.autograd.grad(logits, (real, fake), create_graph=True)
        weight = settings["penalty"] * 1_000**-progress
        penalty = weight / 2 * sum(slope.square().sum(dim=1).mean() for slope in slopes)
        real_mean, fake_mean = loss_real(on_real).mean(), loss_fake(on_fake).mean()
        change_d.zero_grad()
        (real_mean + fake_mean + penalty).backward()
        change_d.step()
        by_g = loss_generator(judge(generator(batch.noise[1, 0]))).mean()
        change_g.zero_grad()
        by_g.backward()
        change_g.step()
        if settings["average"]:
            average.update_parameters(generator)
        values = {"real": real_mean, "fake": fake_mean, "generator": by_g}
        values["penalty"] = penalty
        losses.append({name: value.item() for name, value in values.items()})
    return losses


def test_random_numbers_are_uniform_and_normal_and_can_be_repeated(page):
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
