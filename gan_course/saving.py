"""How does a trained generator get to a file and back? As numbers, or as a program."""

from __future__ import annotations

import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.optim.swa_utils import AveragedModel

from gan_course.data import Scaler
from gan_course.files import NUMBERS, PROGRAM, replace_file, require_kind
from gan_course.many.layers import Waves
from gan_course.networks import Generator, Unscale, in_mode

# The layers that a file may name, each with the settings that rebuild it; Unscale is one more.
# Whatever is not listed here is not built: a file can choose layers, never run code.
LAYERS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Linear: ("in_features", "out_features"),
    nn.ReLU: (),
    nn.LeakyReLU: ("negative_slope",),
    nn.Tanh: (),
    nn.Hardtanh: ("min_val", "max_val"),
    nn.Sigmoid: (),
    nn.Softmax: ("dim",),
    nn.Dropout: ("p",),
    Waves: ("count",),
}
WRAPPERS = (nn.DataParallel, AveragedModel)  # the network is in their `module`
ARCHITECTURE = "gan_course.layers"  # the name of our entry in the file's header
TRAINED = Path(__file__).parent / "trained"  # generators that ship with the course


# --- numbers -------------------------------------------------------------------------------------


def save_generator(generator: nn.Module, path: str | os.PathLike[str]) -> Path:
    """Save a generator as safetensors: its weights, and in the header the list of its layers.

    Args:
        generator: a `Generator`, or an nn.Sequential of the layers in `LAYERS` and `Unscale`.
        path: where to, by custom ending in .safetensors. An older file is replaced.

    Returns:
        The path.
    """
    layers = _in_a_row(generator)
    header = {ARCHITECTURE: json.dumps([_describe(layer) for layer in layers])}
    # numbered as load_generator will number them; copies, since two layers may share weights
    weights = nn.Sequential(*layers).state_dict()
    weights = {name: value.clone().contiguous() for name, value in weights.items()}
    content = safetensors.torch.save(weights, header)  # save_file would keep it from other users
    return replace_file(path, lambda part: part.write_bytes(content))


def load_generator(
    path: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> nn.Sequential:
    """Load a generator that `save_generator` wrote. Nothing in the file is executed.

    `device` is where it is to live, whatever device it was trained on.

    Returns:
        The generator in evaluation mode, its weights frozen: noise (n, latent_dim) -> (n, dim).
    """
    path = require_kind(path, NUMBERS)
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            # copies: the file is only mapped into memory, and may change or be replaced later
            weights = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is safetensors, but damaged or cut short: {error}") from None
    if ARCHITECTURE not in header:
        raise ValueError(
            f"{path} holds weights, but no list of layers as save_generator writes it. Build the "
            "network yourself, then network.load_state_dict(safetensors.torch.load_file(path))"
        )
    # on the meta device layers have shapes but no memory, until the weights come in
    with torch.device("meta"):
        generator = nn.Sequential(*map(_build, json.loads(header[ARCHITECTURE])))
    generator.load_state_dict(weights, assign=True)
    return generator.requires_grad_(False).eval().to(device)


def _unwrapped(generator: nn.Module) -> nn.Module:
    """The network in a wrapper of torch.compile, DataParallel or an average."""
    generator = getattr(generator, "_orig_mod", generator)
    return generator.module if isinstance(generator, WRAPPERS) else generator


def _in_a_row(generator: nn.Module) -> list[nn.Module]:
    """The layers in the order in which noise goes through them."""
    generator = _unwrapped(generator)
    if type(generator) is nn.Sequential:  # a child class may do more than its layers
        return [layer for part in generator for layer in _in_a_row(part)]
    if type(generator) is Generator:
        layers = [step for layer in generator.layers for step in (layer, generator.leaky_relu)]
        last = generator.output_activation
        return layers[:-1] + ([] if last is None else _in_a_row(last))
    return [generator]


def _describe(layer: nn.Module) -> dict[str, Any]:
    if type(layer) is Unscale:
        return {"kind": "Unscale", "dim": len(layer.low)}
    kind = type(layer)
    # what is hooked to a layer, as torch.nn.utils.spectral_norm is, would not come back
    if kind not in LAYERS or layer._forward_hooks or layer._forward_pre_hooks:
        known = ", ".join(known.__name__ for known in LAYERS)
        raise TypeError(
            f"generator may be made of {known} and Unscale, got {kind.__name__}"
            f"{' with a hook' if kind in LAYERS else ''}. Others are kept as a whole by "
            "save_program(generator, latent_dim, path), or, where the class is at hand, by "
            "torch.save(generator.state_dict(), path); there and back again it is "
            "generator.load_state_dict(torch.load(path, weights_only=True))"
        )
    settings: dict[str, Any] = {name: getattr(layer, name) for name in LAYERS[kind]}
    if kind is nn.Linear and layer.bias is None:
        settings["bias"] = False
    return {"kind": kind.__name__, **settings}


def _build(layer: dict[str, Any]) -> nn.Module:
    settings = dict(layer)
    name = settings.pop("kind")
    if name == "Unscale":
        empty = torch.empty(settings["dim"])
        return Unscale(Scaler(empty, empty))
    kind = next((kind for kind in LAYERS if kind.__name__ == name), None)
    # no other settings, or a file could ask for a device, and memory there
    if kind is None or not settings.keys() <= {*LAYERS[kind], "bias"}:
        raise ValueError(f"the file has a layer that this version does not know: {layer}")
    return kind(**settings)


# --- programs ------------------------------------------------------------------------------------


def save_program(generator: nn.Module, latent_dim: int, path: str | os.PathLike[str]) -> Path:
    """Save a generator with `torch.export`: the successor of TorchScript, for any batch size.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        latent_dim: numbers in a noise vector.
        path: where to, by custom ending in .pt2. An older file is replaced.
    """
    generator = _unwrapped(generator)
    batch = torch.export.Dim("batch", min=1, max=2**20)
    example = torch.zeros(2, latent_dim, device=next(generator.parameters()).device)
    with in_mode(False, generator):
        # strict, which older torch takes unasked, gives up after eight generators in a process
        program = torch.export.export(
            generator, (example,), dynamic_shapes=({0: batch},), strict=False
        )
    content = io.BytesIO()  # into a file torch.export would write only under a name that it likes
    torch.export.save(program, content)
    return replace_file(path, lambda part: part.write_bytes(content.getvalue()))


def load_program(path: str | os.PathLike[str], *, trusted: bool = False) -> nn.Module:
    """Load a file of `save_program`: no class definition needed, on the CPU.

    PyTorch unpickles parts of such a file, and a pickle may run any code. So say `trusted=True`
    if you know its author.
    """
    path = require_kind(path, PROGRAM)
    if not trusted:
        raise PermissionError(
            f"{path} is {PROGRAM}: loading it may run any code from the file, which may do "
            "whatever you may, such as overwrite your files. Pass trusted=True if you know its "
            "author"
        )
    with warnings.catch_warnings():  # torch 2.11 says so of a buffer of its own
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        return torch.export.load(io.BytesIO(path.read_bytes())).module()


# --- generators that ship with the course --------------------------------------------------------


def load_trained(name: str) -> nn.Sequential:
    """Load a generator that ships with the course, such as "exponential"."""
    return load_generator(_shipped(name, ".safetensors"))


def trained_card(name: str) -> dict[str, Any]:
    """What is known of a shipped generator: its recipe, seed and measured quality."""
    card: dict[str, Any] = json.loads(_shipped(name, ".json").read_text(encoding="utf-8"))
    return card


def _shipped(name: str, ending: str) -> Path:
    names = sorted(file.stem for file in TRAINED.glob("*.safetensors"))
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    return TRAINED / f"{name}{ending}"
