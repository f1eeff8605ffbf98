"""Which layers can the playground run? Those of the shipped generators, and no unknown one."""

from __future__ import annotations

import pytest
from torch import nn

from tools.playground import layer_of


def test_a_linear_layer_is_turned() -> None:
    layer = nn.Linear(2, 3)
    told = layer_of(layer)
    assert told["weight"] == pytest.approx(layer.weight.T.flatten().tolist(), rel=1e-6)
    assert told["bias"] == pytest.approx(layer.bias.tolist(), rel=1e-6)


def test_relu_is_a_leaky_one_that_does_not_leak() -> None:
    assert layer_of(nn.ReLU()) == {"kind": "LeakyReLU", "slope": 0}
    assert layer_of(nn.LeakyReLU(0.2)) == {"kind": "LeakyReLU", "slope": 0.2}


def test_a_layer_that_the_page_does_not_know_is_named() -> None:
    with pytest.raises(TypeError, match="layer must be one that the playground can run, got Tanh"):
        layer_of(nn.Tanh())
