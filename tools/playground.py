"""Which trained generators does the playground run? Those of the package, as JavaScript."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import nn

from gan_course.networks import Unscale, Waves
from gan_course.saving import TRAINED, load_trained, trained_card

DIGITS = 7  # of each weight, as many as float32 has


def layer_of(layer: nn.Module) -> dict[str, Any]:
    """One layer as `runLayers` of the playground takes it; weights are (inputs, outputs).

    Raises:
        TypeError: the playground has no such layer.
    """

    def numbers(tensor: torch.Tensor) -> list[float]:
        return [float(f"{value:.{DIGITS}g}") for value in tensor.detach().flatten().tolist()]

    if isinstance(layer, nn.Linear):
        return {"kind": "Linear", "weight": numbers(layer.weight.T), "bias": numbers(layer.bias)}
    if isinstance(layer, nn.ReLU | nn.LeakyReLU):
        return {"kind": "LeakyReLU", "slope": getattr(layer, "negative_slope", 0)}
    if isinstance(layer, nn.Hardtanh):
        return {"kind": "Hardtanh", "low": layer.min_val, "high": layer.max_val}
    if isinstance(layer, Waves):
        return {"kind": "Waves", "count": layer.count}
    if isinstance(layer, nn.Softmax):
        return {"kind": "Softmax"}
    if isinstance(layer, Unscale):
        return {"kind": "Unscale", "low": numbers(layer.low), "high": numbers(layer.high)}
    raise TypeError(f"layer must be one that the playground can run, got {layer}")


def trained_script() -> str:
    """A script that puts all of them into `GAN_TRAINED`, by their names."""
    trained = {}
    for path in sorted(TRAINED.glob("*.safetensors")):
        generator = load_trained(path.stem)
        count, *_, kind = trained_card(path.stem)["noise"].split()
        noise = "normal" if kind == "distribution" else "uniform"
        trained[path.stem] = {
            "noise": {"latentDim": int(count), "noise": noise},
            "layers": [layer_of(layer) for layer in generator.children()],
        }
    return f'"use strict";\nwindow.GAN_TRAINED = {json.dumps(trained, separators=(",", ":"))};\n'
