"""How does a trained generator get to a file and back? As numbers, or as a program."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from gan_course.data import Scaler
from gan_course.many.layers import Waves
from gan_course.networks import Generator, GumbelSoftmax, StraightThrough, Unscale
from gan_course.training import replace_file

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
    StraightThrough: (),
    GumbelSoftmax: ("temperature",),
    Waves: ("count",),
}
ARCHITECTURE = "gan_course.layers"  # the name of our entry in the file's header
TRAINED = Path(__file__).parent / "trained"  # generators that ship with the course
# The kinds of files, and which call reads them
NUMBERS, SCRIPT, PROGRAM, SAVED = "safetensors", "TorchScript", "an exported program", "a pickle"
READERS = {
    NUMBERS: "load_generator(path) reads",
    SCRIPT: 'torch.jit.load(path, map_location="cpu") reads, which runs a program from the file: '
    "only if you know its author",
    PROGRAM: "load_program(path, trusted=True) reads",
    SAVED: "torch.load(path, weights_only=True) reads",
}


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
    return replace_file(path, lambda part: save_file(weights, part, metadata=header))


def load_generator(
    path: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> nn.Sequential:
    """Load a generator that `save_generator` wrote. Nothing in the file is executed.

    `device` is where it is to live, whatever device it was trained on.

    Returns:
        The generator in evaluation mode, its weights frozen: noise (n, latent_dim) -> (n, dim).
    """
    path = _require_kind(path, NUMBERS)
    with safe_open(path, "pt") as file:
        header = file.metadata() or {}
        # copies: the file is only mapped into memory, and may change or be replaced later
        weights = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
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


def _in_a_row(generator: nn.Module) -> list[nn.Module]:
    """The layers in the order in which noise goes through them."""
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
    if kind not in LAYERS:
        known = ", ".join(known.__name__ for known in LAYERS)
        raise TypeError(
            f"generator may be made of {known} and Unscale, got {layer}. "
            "Others go into torch.save(generator.state_dict(), path), or into save_program"
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
    batch = torch.export.Dim("batch", min=1, max=2**20)
    example = torch.zeros(2, latent_dim, device=next(generator.parameters()).device)
    was_training = generator.training
    try:
        # strict, which older torch takes unasked, gives up after eight generators in a process
        program = torch.export.export(
            generator.eval(), (example,), dynamic_shapes=({0: batch},), strict=False
        )
    finally:
        generator.train(was_training)
    content = io.BytesIO()  # into a file torch.export would write only under a name that it likes
    torch.export.save(program, content)
    return replace_file(path, lambda part: part.write_bytes(content.getvalue()))


def load_program(path: str | os.PathLike[str], *, trusted: bool = False) -> nn.Module:
    """Load a file of `save_program`: no class definition needed, on the CPU.

    PyTorch unpickles parts of such a file, and a pickle may run any code. So say `trusted=True`
    if you know its author.
    """
    path = _require_kind(path, PROGRAM)
    if not trusted:
        raise PermissionError(
            f"{path} is {PROGRAM}: loading it may run any code from the file, which may do "
            "whatever you may, such as overwrite your files. Pass trusted=True if you know its "
            "author"
        )
    with warnings.catch_warnings():  # torch 2.11 says so of a buffer of its own
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        return torch.export.load(io.BytesIO(path.read_bytes())).module()


# --- which kind of file is it? -------------------------------------------------------------------


def _require_kind(path: str | os.PathLike[str], wanted: str) -> Path:
    path = Path(path).expanduser()
    kind = _kind(path)
    if kind != wanted:
        reader = f", which {READERS[kind]}" if kind in READERS else ""
        raise ValueError(f"{path} must be {wanted}, but seems to be {kind}{reader}")
    return path


def _kind(path: Path) -> str:
    """What a file seems to be. Nothing in it is executed to find out."""
    with path.open("rb") as file:
        start = file.read(40)
    if start[8:9] == b"{":  # after eight bytes, which say how long it is, begins the header
        return NUMBERS
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
        if "constants.pkl" in names:
            return SCRIPT
        if names & {"archive_format", "serialized_exported_program.json"}:  # now, and in torch 2.6
            return PROGRAM
        return SAVED if "data.pkl" in names else "a zip file"
    if start.startswith(b"PK"):
        return "a zip file that was cut short"
    if start.startswith(b"\x80"):
        return SAVED
    text = " ".join(start.decode("latin-1").split())
    if start.isascii() and text.isprintable():
        return f"a text that begins with {text!r}" if text else "empty"
    return "of no kind that this course knows"


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
