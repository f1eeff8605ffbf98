"""Do stacked layers do what S layers do, each with its own weights?"""

import math

import pytest
import torch
from test_ensemble import randoms
from torch import nn

from gan_course.many.stacked import StackedDropout, StackedLinear, unstack


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 5), (5, 1), (5, 7), (5, 16)])
def test_a_stacked_layer_is_many_linear_layers(inputs, outputs):
    layer = StackedLinear(inputs, outputs, randoms(0, 1, 2))
    values = torch.randn(3, 4, inputs)
    together = layer(values)
    assert together.shape == (3, 4, outputs)
    for position in range(3):
        (alone,) = unstack(nn.Sequential(layer), position)
        assert isinstance(alone, nn.Linear)
        assert tuple(alone.weight.shape) == (outputs, inputs)
        torch.testing.assert_close(together[position], alone(values[position]))


def test_first_weights_are_those_of_a_linear_layer():
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


def test_dropout_keeps_the_mean_and_ends_with_training():
    layer, values = StackedDropout(0.25, randoms(0, 1)), torch.ones(2, 100, 100)
    dropped = layer(values)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert float(dropped.mean(dim=(1, 2)).sub(1).abs().max()) < 0.02
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(layer.eval()(values), values)
