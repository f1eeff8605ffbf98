"""Do stacked layers do what S layers do, each with its own weights?"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from test_ensemble import BASE, EVERYTHING, randoms
from torch import nn

from gan_course.many.stacked import StackedDropout, StackedLinear, make_networks, unstack


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (1, 5), (5, 1), (5, 7), (5, 16)])
def test_a_stacked_layer_is_many_linear_layers(inputs: int, outputs: int) -> None:
    layer = StackedLinear(inputs, outputs, randoms(0, 1, 2))
    values = torch.randn(3, 4, inputs)
    together = layer(values)
    assert together.shape == (3, 4, outputs)
    for position in range(3):
        (alone,) = unstack(nn.Sequential(layer), position)
        assert isinstance(alone, nn.Linear)
        assert tuple(alone.weight.shape) == (outputs, inputs)
        torch.testing.assert_close(together[position], alone(values[position]))


def test_first_weights_are_those_of_a_linear_layer() -> None:
    layer = StackedLinear(30, 200, randoms(4, 5))
    bound = 1 / math.sqrt(30)
    for numbers in (layer.weight.detach(), layer.bias.detach()):
        assert bound * 0.98 < float(numbers.max()) <= bound
        assert -bound <= float(numbers.min()) < -bound * 0.98
    for position, seed in enumerate((4, 5)):
        torch.manual_seed(seed)
        expected = nn.Linear(30, 200)
        assert torch.equal(layer.weight[position].T, expected.weight)
        assert torch.equal(layer.bias[position, 0], expected.bias)


def test_dropout_keeps_the_mean_and_ends_with_training() -> None:
    layer, values = StackedDropout(0.25, randoms(0, 1)), torch.ones(2, 100, 100)
    dropped = layer(values)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert float(dropped.mean(dim=(1, 2)).sub(1).abs().max()) < 0.02
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(layer.eval()(values), values)


def test_networks_have_the_layers_that_the_settings_name() -> None:
    settings = replace(BASE, **EVERYTHING, last_layer="softmax", generator_widths=(9, 4))
    generator, discriminator = make_networks(settings, 2, randoms(0))
    names = ["Waves", *["StackedLinear", "LeakyReLU"] * 2, "StackedLinear", "Softmax"]
    assert [type(layer).__name__ for layer in generator] == names
    names = [*["StackedLinear", "LeakyReLU", "StackedDropout"] * 2, "StackedLinear"]
    assert [type(layer).__name__ for layer in discriminator] == names
    assert discriminator[0].weight.shape[1] == 2 * (
        2 * 7 + 1
    )  # packed; waves, and the blur's level
    generator, discriminator = make_networks(BASE, 2, randoms(0))
    assert [type(layer).__name__ for layer in generator] == [
        "StackedLinear",
        "ReLU",
        "StackedLinear",
    ]
