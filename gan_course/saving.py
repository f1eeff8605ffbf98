"""How does a trained generator get to a file and back? Safely, and in one piece."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Iterable, Sized
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gan_course.checks import (
    require_choice,
    require_count,
    require_device,
    require_flag,
    require_network,
    require_numbers,
    require_type,
)
from gan_course.data import Scaler
from gan_course.files import pack, read_zip, require_file, unpack, write_file
from gan_course.networks import Unscale, Waves

# The layers that a generator file may name, each with the settings that rebuild it.
# Whatever is not listed here is not built: a file can choose layers, never run code.
LAYERS: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {
    "Linear": (nn.Linear, ("in_features", "out_features")),
    "ReLU": (nn.ReLU, ()),
    "LeakyReLU": (nn.LeakyReLU, ("negative_slope",)),
    "Tanh": (nn.Tanh, ()),
    "Hardtanh": (nn.Hardtanh, ("min_val", "max_val")),
    "Sigmoid": (nn.Sigmoid, ()),
    "Softmax": (nn.Softmax, ("dim",)),
    "Dropout": (nn.Dropout, ("p",)),
    "Waves": (Waves, ("count",)),
}
MOST = 1_000  # layers in a file, which bounds how long building them takes
ARCHITECTURE = "gan_course.layers"  # the name of our entry in the file's header
TRAINED = Path(__file__).parent / "trained"  # generators that ship with the course


def save_generator(generator: nn.Sequential, path: str | os.PathLike[str]) -> Path:
    """Save a generator as safetensors: its weights, and in the header the list of its layers.

    A failure on the way leaves an older file as it was. Folders on the way are made.

    Args:
        generator: an nn.Sequential of the layers in `LAYERS` and `Unscale`.
        path: where to, by custom ending in .safetensors.

    Returns:
        The path.

    Raises:
        TypeError: the generator is no nn.Sequential, or has a layer that can't be described, or
            `path` is no path.
        ValueError: it has `Waves` without a linear layer right behind that fits to them, more than
            1,000 layers, or weights on the meta device, which holds no numbers; or `path` is empty
            or has a NUL character.
        OSError: the file can't be written.
    """
    layers = json.dumps(_describe(generator))
    _require_weights(generator)
    # numbered as load_generator will number them, whatever names the layers have here
    weights = nn.Sequential(*generator).state_dict()
    return write_file(path, pack(weights, {ARCHITECTURE: layers}))


def load_generator(path: str | os.PathLike[str], device: str | torch.device = "cpu") -> nn.Module:
    """Load a generator that `save_generator` wrote. Nothing in the file is executed.

    Args:
        path: the file.
        device: where the generator is to live, whatever device it was trained on.

    Returns:
        The generator in evaluation mode: noise (n, latent_dim) -> samples (n, dim).

    Raises:
        TypeError: an argument is of the wrong type.
        OSError: there is no file at `path` (FileNotFoundError), or it can't be read.
        ValueError: `path` is empty or has a NUL character, the file is damaged or no generator of
            this course, or `device` is not there.
    """
    path = require_file(path)
    require_device(device)
    try:
        weights, texts = unpack(path)
        if ARCHITECTURE not in texts:
            raise ValueError(f"its header has no entry {ARCHITECTURE!r}")
        # on the meta device layers have shapes but no memory, until the weights come in
        with torch.device("meta"):
            generator = _build(json.loads(texts[ARCHITECTURE]))
        generator.load_state_dict(weights, assign=True)
    except (ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(
            f"path must be a generator saved by save_generator, got {path}: {error}"
        ) from error
    return generator.requires_grad_(False).eval().to(device)


def save_torchscript(generator: nn.Module, path: str | os.PathLike[str]) -> Path:
    """Save a generator as TorchScript, the classic way; deprecated by PyTorch since 2.10.

    Raises:
        TypeError: the generator is no nn.Module, or `path` is no path.
        ValueError: the generator has a layer that TorchScript can't take, or weights on the meta
            device, or `path` is empty or has a NUL character.
        OSError: the file can't be written; an older file is left as it was.
    """
    require_type("generator", generator, nn.Module, "an nn.Module")
    _require_weights(generator)
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():  # the chapter on saving says what the deprecation means
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.script(generator), buffer)
    except Exception as error:  # torch raises whatever its compiler raises
        got = type(generator).__name__
        raise ValueError(f"generator must fit into TorchScript, got {got}: {error}") from error
    return write_file(path, buffer.getvalue())


def load_torchscript(
    path: str | os.PathLike[str], device: str | torch.device = "cpu", *, trusted: bool = False
) -> torch.jit.ScriptModule:
    """Load a TorchScript file. It holds a program, so say `trusted=True` if you know its author.

    Raises:
        TypeError: an argument is of the wrong type.
        OSError: there is no file at `path` (FileNotFoundError), `trusted` was not set
            (PermissionError), or the file can't be read.
        ValueError: `path` is empty or has a NUL character, the file is damaged, unfolds to far more
            than its size, or is no TorchScript, or `device` is not there.
    """
    _require_trust(path, trusted, "TorchScript: loading it runs a program from the file")
    require_device(device)
    try:
        content = read_zip(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.jit.load(content, map_location=device).eval()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"path must be a TorchScript file, got {path}: {error}") from error


def save_program(generator: nn.Module, latent_dim: int, path: str | os.PathLike[str]) -> Path:
    """Save a generator with `torch.export`: the successor of TorchScript, for any batch size.

    Args:
        generator: maps (n, latent_dim) to (n, dim).
        latent_dim: numbers in a noise vector.
        path: where to, by custom ending in .pt2.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the generator has no weights, or `torch.export` can't follow it, such as where
            `latent_dim` does not fit to it; `latent_dim` is below 1, or too large to be meant; or
            `path` is empty or has a NUL character.
        OSError: the file can't be written; an older file is left as it was.
    """
    require_network("generator", generator)
    require_count("latent_dim", latent_dim)
    batch = torch.export.Dim("batch", min=1, max=2**20)
    device = next(generator.parameters()).device
    example = torch.zeros(2, latent_dim, device=device)
    was_training = generator.training
    buffer = io.BytesIO()
    try:
        # strict, which older torch takes unasked, gives up after eight generators in a process
        program = torch.export.export(
            generator.eval(), (example,), dynamic_shapes=({0: batch},), strict=False
        )
        torch.export.save(program, buffer)
    except Exception as error:  # from layers of any kind, which raise anything
        got = f"{type(generator).__name__} with latent_dim={latent_dim}"
        raise ValueError(
            f"generator must be one that torch.export can follow, got {got}: {error}"
        ) from error
    finally:
        generator.train(was_training)
    return write_file(path, buffer.getvalue())


def load_program(path: str | os.PathLike[str], *, trusted: bool = False) -> nn.Module:
    """Load a file of `save_program`: no class definition needed, on the CPU.

    PyTorch unpickles parts of such a file, and a pickle may run any code. So say `trusted=True`
    if you know its author.

    Raises:
        TypeError: an argument is of the wrong type.
        OSError: there is no file at `path` (FileNotFoundError), `trusted` was not set
            (PermissionError), or the file can't be read.
        ValueError: `path` is empty or has a NUL character, or the file is damaged, unfolds to far
            more than its size, or is no exported program.
    """
    _require_trust(path, trusted, "an exported program: loading it may run any code from the file")
    try:
        content = read_zip(path)
        with warnings.catch_warnings():  # torch 2.11 says so of a buffer of its own
            warnings.filterwarnings("ignore", "The given buffer is not writable")
            return torch.export.load(content).module()
    except OSError:
        raise
    except Exception as error:  # torch raises whatever its parsers raise
        raise ValueError(f"path must be a file of save_program, got {path}: {error}") from error


def load_trained(name: str, device: str | torch.device = "cpu") -> nn.Module:
    """Load a generator that ships with the course, such as "exponential".

    Raises:
        TypeError: `device` is no name of one.
        ValueError: there is no generator of that name, or `device` is not there.
    """
    _require_shipped(name)
    return load_generator(TRAINED / f"{name}.safetensors", device)


def trained_card(name: str) -> dict[str, Any]:
    """What is known of a shipped generator: its recipe, seed and measured quality.

    Raises:
        ValueError: there is none of that name.
    """
    _require_shipped(name)
    card: dict[str, Any] = json.loads((TRAINED / f"{name}.json").read_text(encoding="utf-8"))
    return card


def _require_shipped(name: str) -> None:
    """Raise ValueError unless the name is in the list: only then is a path made of it."""
    require_choice("name", name, sorted(file.stem for file in TRAINED.glob("*.safetensors")))


def _require_trust(path: str | os.PathLike[str], trusted: bool, risk: str) -> None:
    file = require_file(path)
    require_flag("trusted", trusted)
    if not trusted:
        raise PermissionError(
            f"{file} is {risk}, and it may do whatever you may, such as overwrite your files. "
            "Pass trusted=True if you know where it comes from"
        )


def _require_weights(generator: nn.Module) -> None:
    """Raise ValueError where weights have no numbers; without any weights all is well."""
    for weight in (*generator.parameters(), *generator.buffers()):
        require_numbers("generator", weight)


def _describe(generator: nn.Sequential) -> list[dict[str, Any]]:
    if type(generator) is not nn.Sequential:  # a child class may do more than its layers
        raise TypeError(f"generator must be an nn.Sequential, got {type(generator).__name__}")
    _require_few(generator)
    layers: list[dict[str, Any]] = []
    for position, layer in enumerate(generator):
        kind = type(layer).__name__
        if type(layer) is Unscale:
            layers.append({"kind": kind, "dim": len(layer.low)})
        elif kind in LAYERS and type(layer) is LAYERS[kind][0] and _has_bias(layer):
            layers.append({"kind": kind, **{s: getattr(layer, s) for s in LAYERS[kind][1]}})
        else:
            known = ", ".join([*LAYERS, "Unscale"])
            raise TypeError(
                f"generator may hold {known} (linear layers with bias), got {layer} at {position}"
            )
    _require_room_for_waves(generator)
    return layers


def _require_few(layers: Sized) -> None:
    if len(layers) > MOST:
        raise ValueError(f"a generator in a file has at most {MOST} layers, got {len(layers)}")


def _has_bias(layer: nn.Module) -> bool:
    return not isinstance(layer, nn.Linear) or layer.bias is not None


def _build(layers: list[dict[str, Any]]) -> nn.Sequential:
    _require_few(layers)
    modules: list[nn.Module] = []
    for layer in layers:
        settings = dict(layer)
        kind = settings.pop("kind")
        if not all(value is None or isinstance(value, int | float) for value in settings.values()):
            raise ValueError(f"{kind} needs numbers as settings, got {settings}")
        if kind == "Unscale":
            empty = torch.empty(settings["dim"])
            modules.append(Unscale(Scaler(empty, empty)))
        elif kind not in LAYERS:
            raise ValueError(f"a layer must be one of {', '.join(LAYERS)}, Unscale, got {kind!r}")
        else:
            layer_type, names = LAYERS[kind]
            if set(settings) != set(names):  # or a file could ask for a device, and memory there
                raise ValueError(f"{kind} needs the settings {names}, got {tuple(settings)}")
            modules.append(layer_type(**settings))
    _require_room_for_waves(modules)
    return nn.Sequential(*modules)


def _require_room_for_waves(layers: Iterable[nn.Module]) -> None:
    """Raise unless a linear layer takes in what `Waves` put out.

    Waves have no weights. Those of the linear layer are in the file, so no file can ask for more
    waves than it has room for.
    """
    for layer, behind in pairwise([*layers, None]):
        if isinstance(layer, Waves):
            each = 1 + 2 * layer.count  # numbers out for each number in
            inputs = behind.in_features if isinstance(behind, nn.Linear) else 0
            if inputs < each or inputs % each:
                raise ValueError(
                    f"{layer} must stand before a linear layer of {each} inputs, or a multiple of "
                    f"it, got {behind}"
                )
