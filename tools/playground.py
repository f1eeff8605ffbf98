"""Which trained generators do pages run? Those of the package, as JavaScript."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from gan_course.many.layers import Waves
from gan_course.networks import Unscale
from gan_course.saving import TRAINED, load_trained, trained_card

DIGITS = 7  # of each weight, as many as float32 has
MACHINE = "digits"  # the generator of <gan-digits>, which is no target of the playground


def rounded(tensor: torch.Tensor) -> list[float]:
    """Numbers as a list in JavaScript."""
    return [float(f"{value:.{DIGITS}g}") for value in tensor.detach().flatten().tolist()]


def packed(tensor: torch.Tensor) -> str:
    """Numbers as the bytes of a Float32Array, in base64: where there are many, half as long."""
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode()


def layer_of(layer: nn.Module, numbers: Callable[[torch.Tensor], Any] = rounded) -> dict[str, Any]:
    """One layer as `runLayers` of the playground takes it; weights are (inputs, outputs).

    Raises:
        TypeError: the playground has no such layer.
    """
    if isinstance(layer, nn.Linear):
        return {"kind": "Linear", "weight": numbers(layer.weight.T), "bias": numbers(layer.bias)}
    if isinstance(layer, nn.ReLU | nn.LeakyReLU):
        return {"kind": "LeakyReLU", "slope": getattr(layer, "negative_slope", 0)}
    if isinstance(layer, Waves):
        return {"kind": "Waves", "count": layer.count}
    if isinstance(layer, nn.Softmax):
        return {"kind": "Softmax"}
    if isinstance(layer, nn.Tanh):
        return {"kind": "Tanh"}
    if isinstance(layer, Unscale):
        return {"kind": "Unscale", "low": numbers(layer.low), "high": numbers(layer.high)}
    raise TypeError(f"layer must be one that the playground can run, got {layer}")


def about(card: dict[str, Any]) -> str:
    """What a reader is told of a shipped generator: its recipe, and how good it was measured."""
    words = {"fit_error": "{:.2%} off the curve", "validity": "{:.1%} valid"}
    words |= {"tv": "total variation {:.3f}", "ks": "KS distance {:.3f}"}
    measured = ", ".join(text.format(card[key]) for key, text in words.items() if key in card)
    return (
        "A generator that ships with the course: nothing to train. Its recipe is "
        f"{card['recipe']}, seed {card['seed']}; measured on {card['measured_on']}: {measured}."
    )


def trained_script() -> str:
    """A script that puts those of the playground into `GAN_TRAINED`, by their names."""
    trained = {}
    for path in sorted(TRAINED.glob("*.safetensors")):
        if path.stem == MACHINE:
            continue
        generator, card = load_trained(path.stem), trained_card(path.stem)
        count, *_, kind = card["noise"].split()
        noise = "normal" if kind == "distribution" else "uniform"
        trained[path.stem] = {
            "about": about(card),
            "noise": {"latentDim": int(count), "noise": noise},
            "layers": [layer_of(layer) for layer in generator.children()],
        }
    return f'"use strict";\nwindow.GAN_TRAINED = {json.dumps(trained, separators=(",", ":"))};\n'


def digits_script() -> str:
    """A script that puts the layers of the digit machine into `GAN_DIGITS`, weights in base64."""
    layers = [layer_of(layer, packed) for layer in load_trained(MACHINE).children()]
    return f'"use strict";\nwindow.GAN_DIGITS = {json.dumps(layers, separators=(",", ":"))};\n'
