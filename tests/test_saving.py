"""Does a saved generator come back the same, and does anything else fail safely?"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import logging
import os
import pickle
import re
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gan_course import saving
from gan_course.data import Scaler, exponential
from gan_course.files import pack, write_file
from gan_course.integers import pattern_values
from gan_course.metrics import curve_quality, integer_quality, ks_normal
from gan_course.networks import Unscale, Waves, in_data_units, make_generator, sample
from gan_course.saving import (
    ARCHITECTURE,
    load_generator,
    load_program,
    load_torchscript,
    load_trained,
    save_generator,
    save_program,
    save_torchscript,
    trained_card,
)

SCALER = Scaler(low=torch.tensor([0.0, 1.0]), high=torch.tensor([50.0, 47.0]))
NOISE = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))

# each format as (save, load), called with (generator, path) and (path)
FORMATS: dict[str, tuple[Callable[..., Path], Callable[..., nn.Module]]] = {
    "safetensors": (save_generator, load_generator),
    "torchscript": (save_torchscript, lambda path: load_torchscript(path, trusted=True)),
    "program": (
        lambda generator, path: save_program(generator, 2, path),
        lambda path: load_program(path, trusted=True),
    ),
}
each_format = pytest.mark.parametrize(("save", "load"), FORMATS.values(), ids=FORMATS)


def whole_generator() -> nn.Sequential:
    torch.manual_seed(0)
    return in_data_units(make_generator(), SCALER)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes of a good file of each format."""
    folder = tmp_path_factory.mktemp("good")
    return {
        name: save(whole_generator(), folder / name).read_bytes()
        for name, (save, _) in FORMATS.items()
    }


# --- there and back ---------------------------------------------------------------------------


@each_format
def test_a_loaded_generator_makes_the_same_samples(save: Any, load: Any, tmp_path: Path) -> None:
    generator = whole_generator()
    path = save(generator, tmp_path / "new" / "folder" / "generator")
    assert path == tmp_path / "new" / "folder" / "generator"
    with torch.no_grad():
        torch.testing.assert_close(load(path)(NOISE), generator(NOISE))
    assert [file.name for file in path.parent.iterdir()] == ["generator"]


@each_format
@pytest.mark.parametrize("count", [1, 2, 3, 257])
def test_a_loaded_generator_takes_any_batch_size(
    save: Any, load: Any, count: int, content: dict[str, bytes], tmp_path: Path
) -> None:
    name = next(name for name, pair in FORMATS.items() if pair == (save, load))
    (tmp_path / "generator").write_bytes(content[name])
    noise = torch.randn(count, 2)
    with torch.no_grad():
        samples = load(tmp_path / "generator")(noise)
    torch.testing.assert_close(samples, sample(whole_generator(), noise))


@each_format
def test_a_path_may_be_a_string(save: Any, load: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "generator")
    assert save(whole_generator(), path) == Path(path)
    load(path)


@each_format
@pytest.mark.parametrize("training", [True, False])
def test_saving_changes_nothing_in_the_generator(
    save: Any, load: Any, training: bool, tmp_path: Path
) -> None:
    generator = whole_generator().train(training)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    save(generator, tmp_path / "generator")
    assert generator.training is training
    assert all(parameter.requires_grad for parameter in generator.parameters())
    for name, value in generator.state_dict().items():
        assert torch.equal(value, before[name])


LAYERS: dict[str, list[nn.Module]] = {
    "Linear": [nn.Linear(2, 3)],
    "ReLU": [nn.Linear(2, 3), nn.ReLU()],
    "LeakyReLU": [nn.LeakyReLU(0.37)],
    "Tanh": [nn.Tanh()],
    "Hardtanh": [nn.Hardtanh(-0.5, 0.7)],
    "Sigmoid": [nn.Sigmoid()],
    "Softmax": [nn.Linear(2, 3), nn.Softmax(dim=1)],
    "Dropout": [nn.Linear(2, 3), nn.Dropout(0.9)],
    "Waves": [nn.Linear(2, 1), Waves(4), nn.Linear(9, 3), Waves(1), nn.Linear(3 * 3, 2)],
    "Unscale": [Unscale(SCALER)],
}


def test_every_known_layer_is_tried_below() -> None:
    assert set(LAYERS) == {*saving.LAYERS, "Unscale"}


@pytest.mark.parametrize("kind", LAYERS)
def test_every_known_layer_comes_back(kind: str, tmp_path: Path) -> None:
    generator = nn.Sequential(*LAYERS[kind])
    loaded = load_generator(save_generator(generator, tmp_path / "layers"))
    assert isinstance(loaded, nn.Sequential)
    assert kind in [type(layer).__name__ for layer in loaded]
    assert str(loaded) == str(generator)
    assert torch.equal(loaded(NOISE), sample(generator, NOISE))


@each_format
@pytest.mark.parametrize("count", [1, 2, 257])
def test_waves_come_back_in_each_format(save: Any, load: Any, count: int, tmp_path: Path) -> None:
    generator = nn.Sequential(Waves(3), nn.Linear(2 * 7, 2), nn.Softmax(dim=-1))
    loaded, noise = load(save(generator, tmp_path / "waves")), torch.randn(count, 2)
    with torch.no_grad():
        torch.testing.assert_close(loaded(noise), sample(generator, noise))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_weights_keep_their_precision(dtype: torch.dtype, tmp_path: Path) -> None:
    generator = make_generator().to(dtype)
    loaded = load_generator(save_generator(generator, tmp_path / "generator"))
    assert torch.equal(loaded(NOISE.to(dtype)), sample(generator, NOISE.to(dtype)))


def test_a_generator_with_named_layers_comes_back(tmp_path: Path) -> None:
    generator = nn.Sequential(
        OrderedDict(hidden=nn.Linear(2, 4), act=nn.ReLU(), out=nn.Linear(4, 2))
    )
    loaded = load_generator(save_generator(generator, tmp_path / "named"))
    assert torch.equal(loaded(NOISE), sample(generator, NOISE))


def test_a_generator_that_uses_a_layer_twice_comes_back(tmp_path: Path) -> None:
    layer = nn.Linear(2, 2)
    generator = nn.Sequential(layer, nn.Tanh(), layer)
    loaded = load_generator(save_generator(generator, tmp_path / "twice"))
    assert torch.equal(loaded(NOISE), sample(generator, NOISE))


def test_a_loaded_generator_is_ready_for_use(tmp_path: Path) -> None:
    loaded = load_generator(save_generator(whole_generator(), tmp_path / "generator"))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert all(value.device.type == "cpu" for value in loaded.state_dict().values())


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    path = save_generator(whole_generator(), tmp_path / "generator")
    state = torch.get_rng_state()
    load_generator(path)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_loaded_script_and_program_use_no_dropout(tmp_path: Path) -> None:
    generator = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train()
    for name in ("torchscript", "program"):
        save, load = FORMATS[name]
        loaded = load(save(generator.train(), tmp_path / name))
        torch.testing.assert_close(loaded(NOISE), sample(generator, NOISE))


def test_torchscript_is_saved_and_loaded_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = save_torchscript(whole_generator(), tmp_path / "script")
        load_torchscript(path, trusted=True)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_is_a_name_or_a_torch_device(device: Any, tmp_path: Path) -> None:
    path = save_generator(whole_generator(), tmp_path / "generator")
    loaded = load_generator(path, device)
    assert next(loaded.parameters()).device == torch.device("cpu")
    script = load_torchscript(save_torchscript(whole_generator(), path), device, trusted=True)
    assert next(script.parameters()).device == torch.device("cpu")


@pytest.mark.parametrize(
    "device",
    [
        "toaster",
        pytest.param(
            "cuda", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="here it exists")
        ),
    ],
)
def test_a_device_that_is_not_there_is_not_blamed_on_the_file(device: str, tmp_path: Path) -> None:
    path = save_generator(whole_generator(), tmp_path / "generator")
    message = f"^device must be one of this machine, got {device}: "
    with pytest.raises(ValueError, match=message):
        load_generator(path, device)
    with pytest.raises(ValueError, match=message):
        load_torchscript(save_torchscript(whole_generator(), path), device, trusted=True)
    with pytest.raises(ValueError, match=message):
        load_trained("exponential", device)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_generator_moves_between_devices_through_a_file(tmp_path: Path) -> None:
    path = save_generator(whole_generator().cuda(), tmp_path / "generator")
    on_cpu, on_gpu = load_generator(path), load_generator(path, "cuda")
    assert next(on_gpu.parameters()).device.type == "cuda"
    torch.testing.assert_close(on_gpu(NOISE.cuda()).cpu(), on_cpu(NOISE), rtol=1e-4, atol=1e-4)


# --- what can't be saved ----------------------------------------------------------------------


class MyReLU(nn.ReLU):
    """A layer of a learner's own, with a known layer as its parent."""


class MyUnscale(Unscale):
    """Likewise."""


class MySequential(nn.Sequential):
    """A generator that does more than go through its layers."""

    def forward(self, noise: Tensor) -> Tensor:
        """Twice what the layers say."""
        return 2 * super().forward(noise)


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        (nn.Linear(2, 2), "generator must be an nn.Sequential, got Linear"),
        (
            nn.Sequential(nn.GELU()),
            "Tanh, Hardtanh, Sigmoid, Softmax, Dropout, Waves, Unscale (linear",
        ),
        (nn.Sequential(nn.GELU()), "got GELU(approximate='none') at 0"),
        (nn.Sequential(nn.ReLU(), MyReLU()), "got MyReLU() at 1"),
        (nn.Sequential(type("ReLU", (nn.ReLU,), {})()), "got ReLU() at 0"),
        (nn.Sequential(MyUnscale(SCALER)), "got MyUnscale() at 0"),
        (nn.Sequential(nn.Linear(2, 2, bias=False)), "linear layers with bias"),
        (MySequential(nn.Linear(2, 2)), "generator must be an nn.Sequential, got MySequential"),
    ],
    ids=[
        "no sequential",
        "what may be there",
        "GELU",
        "own layer",
        "own layer of a known name",
        "own unscale",
        "no bias",
        "own forward",
    ],
)
def test_a_generator_that_would_not_come_back_the_same_is_refused(
    generator: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        save_generator(generator, tmp_path / "generator")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "layers",
    [
        [Waves(3)],
        [Waves(3), nn.Tanh(), nn.Linear(14, 2)],
        [Waves(3), nn.Linear(13, 2)],
        [Waves(3), nn.Linear(15, 2)],
        [Waves(3), Waves(3), nn.Linear(2 * 49, 2)],
    ],
    ids=str,
)
def test_waves_are_saved_only_before_a_layer_that_takes_them_in(
    layers: list[nn.Module], tmp_path: Path
) -> None:
    message = r"Waves\(3\) must stand before a linear layer of 7 inputs, or a multiple of it, got "
    with pytest.raises(ValueError, match=message):
        save_generator(nn.Sequential(*layers), tmp_path / "generator")
    assert list(tmp_path.iterdir()) == []


def test_a_program_needs_a_latent_dimension(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="latent_dim must be at least 1, got 0"):
        save_program(whole_generator(), 0, tmp_path / "program")


def test_what_pytorch_cannot_put_into_a_file_is_told_of_the_generator(tmp_path: Path) -> None:
    class Talkative(nn.Linear):
        def forward(self, noise: Tensor) -> Tensor:
            return super().forward(noise * float(input(noise[0, 0].item())))

    generator = Talkative(2, 2).train()
    message = "^generator must fit into TorchScript, got Talkative: "
    with pytest.raises(ValueError, match=message):
        save_torchscript(generator, tmp_path / "script")
    message = (
        r"^generator must be one that torch\.export can follow, got Talkative with latent_dim=2"
    )
    with pytest.raises(ValueError, match=message):
        save_program(generator, 2, tmp_path / "program")
    with pytest.raises(ValueError, match=r"^generator must be .* got Linear with latent_dim=3: "):
        save_program(nn.Linear(2, 2), 3, tmp_path / "program")
    assert generator.training
    assert list(tmp_path.iterdir()) == []


@each_format
def test_weights_without_numbers_are_refused(save: Any, load: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="generator must hold numbers, got the device meta"):
        save(whole_generator().to("meta"), tmp_path / "generator")
    assert list(tmp_path.iterdir()) == []


@each_format
@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("", ValueError),
        ("a\0b", ValueError),
        (Path("a\0b"), ValueError),
        (b"bytes", TypeError),
        (5, TypeError),
        (None, TypeError),
    ],
    # plain words: mutmut, which runs tests by their names, does not find names with a NUL
    ids=["empty", "NUL", "path with a NUL", "bytes", "number", "nothing"],
)
def test_what_is_no_path_is_refused(
    save: Any, load: Any, path: Any, error: type[Exception]
) -> None:
    message = "^path must be a path such as 'files/run.safetensors', got "
    with pytest.raises(error, match=message):
        save(nn.Sequential(nn.Linear(2, 2)), path)
    with pytest.raises(error, match=message):
        load(path)


# --- what can't be loaded ---------------------------------------------------------------------


@each_format
def test_a_missing_file_is_named(save: Any, load: Any, tmp_path: Path) -> None:
    for missing in (tmp_path / "nothing", tmp_path):
        with pytest.raises(
            FileNotFoundError, match=f"existing file, got {re.escape(str(missing))}"
        ):
            load(missing)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda good: b"",
    "text": lambda good: b"once upon a time " * 40,
    "first byte": lambda good: good[:1],
    "half": lambda good: good[: len(good) // 2],
    "all but the last byte": lambda good: good[:-1],
    "header overwritten": lambda good: b"\xff" * 64 + good[64:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_named(
    name: str, damage: Callable[[bytes], bytes], content: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(damage(content[name]))
    with pytest.raises(ValueError, match=f"path must be a .*, got {re.escape(str(path))}: "):
        FORMATS[name][1](path)


@pytest.mark.parametrize("written", FORMATS)
@pytest.mark.parametrize("read", FORMATS)
def test_a_file_of_another_format_is_named(
    written: str, read: str, content: dict[str, bytes], tmp_path: Path
) -> None:
    if written == read:
        return
    path = tmp_path / "other"
    path.write_bytes(content[written])
    with pytest.raises(ValueError, match=f"path must be a .*, got {re.escape(str(path))}: "):
        FORMATS[read][1](path)


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """Say that `open(path, "w")` rebuilds it."""
        return open, (str(self.path), "w")


def pickle_to(value: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


@pytest.mark.parametrize("load", [load for _, load in FORMATS.values()], ids=FORMATS)
@pytest.mark.parametrize("write", [pickle_to, torch.save])
def test_a_pickle_is_refused_and_not_executed(load: Any, write: Any, tmp_path: Path) -> None:
    trap, path = tmp_path / "sprung", tmp_path / "generator.pt"
    write(Trap(trap), path)
    with pytest.raises(ValueError, match="path must be"):
        load(path)
    assert not trap.exists()


def test_the_trap_of_the_last_test_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Trap(tmp_path / "sprung"))).close()
    assert (tmp_path / "sprung").exists()


# --- what is loaded only from people one trusts ----------------------------------------------


class Vandal(nn.Module):
    """As TorchScript, loading this writes over a file."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, noise: Tensor) -> Tensor:
        """Nothing to see here."""
        return noise

    @torch.jit.export
    def __getstate__(self) -> str:
        """The path is all there is to save."""
        return self.path

    @torch.jit.export
    def __setstate__(self, state: str) -> None:
        """What TorchScript runs while it loads the file."""
        self.path = state
        self.training = False
        torch.save(torch.zeros(1), state)


def script_with_a_trap(trap: Path, path: Path) -> Path:
    path = save_torchscript(Vandal(str(trap)), path)
    trap.unlink(missing_ok=True)
    return path


def program_with_a_trap(trap: Path, path: Path) -> Path:
    whole = save_program(whole_generator(), 2, path.with_suffix(".whole"))
    bomb = io.BytesIO()
    torch.save(Trap(trap), bomb)
    with zipfile.ZipFile(whole) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            # these PyTorch unpickles; the second is their name in torch 2.6
            sample = name.endswith(("sample_inputs/model.pt", "example_inputs.pt"))
            bad.writestr(name, bomb.getvalue() if sample else good.read(name))
    return path


PROGRAMS: dict[str, tuple[Callable[..., Path], Callable[..., nn.Module]]] = {
    "is TorchScript: loading it runs a program": (script_with_a_trap, load_torchscript),
    "is an exported program: loading it may run any code": (program_with_a_trap, load_program),
}


@pytest.mark.parametrize("risk", PROGRAMS)
def test_a_program_is_run_only_by_those_who_say_that_they_trust_it(
    risk: str, tmp_path: Path
) -> None:
    write, load = PROGRAMS[risk]
    trap = tmp_path / "sprung"
    path = write(trap, tmp_path / "program")
    with pytest.raises(PermissionError, match=f"program {risk}.* Pass trusted=True"):
        load(path)
    assert not trap.exists()
    # the risk is a real one, and what PyTorch says of this file afterwards matters to nobody
    logging.disable(logging.CRITICAL)
    with contextlib.suppress(ValueError):
        load(path, trusted=True)
    logging.disable(logging.NOTSET)
    assert trap.exists()


@pytest.mark.parametrize("load", [load_torchscript, load_program])
def test_trust_is_said_by_true_and_by_nothing_else(load: Any, tmp_path: Path) -> None:
    path = write_file(tmp_path / "program", b"")
    for odd in ("no", 1, None):
        with pytest.raises(TypeError, match=f"trusted must be True or False, got .*{odd}"):
            load(path, trusted=odd)


@pytest.mark.parametrize("load", [load_torchscript, load_program])
def test_a_missing_program_is_not_called_one(load: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="path must be an existing file"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["torchscript", "program"])
def test_a_program_with_a_damaged_weight_is_refused(
    name: str, content: dict[str, bytes], tmp_path: Path
) -> None:
    # PyTorch alone loads it with another weight and says nothing
    weight = whole_generator()[0].weight.detach().numpy().tobytes()
    assert content[name].count(weight) == 1
    (tmp_path / "damaged").write_bytes(content[name].replace(weight, b"\x01" + weight[1:]))
    with pytest.raises(ValueError, match=r"path must be .*(weight_0|data/0|state_dict\.pt)"):
        FORMATS[name][1](tmp_path / "damaged")


# --- a header with layers of its own -----------------------------------------------------------


def with_header(path: Path, layers: Any, weights: dict[str, Tensor] | None = None) -> Path:
    """A file that is sound, with a list of layers of its own."""
    if weights is None:
        weights = {"0.weight": torch.zeros(2, 2), "0.bias": torch.zeros(2)}
    text = layers if isinstance(layers, str) else json.dumps(layers)
    return write_file(path, pack(weights, {ARCHITECTURE: text}))


LINEAR = {"kind": "Linear", "in_features": 2, "out_features": 2}


def test_the_header_that_the_next_test_spoils_is_a_good_one(tmp_path: Path) -> None:
    loaded = load_generator(with_header(tmp_path / "good", [LINEAR]))
    assert torch.equal(loaded(NOISE), torch.zeros(9, 2))


@pytest.mark.parametrize(
    "layers",
    [
        [],
        None,
        7,
        "no json",
        "[" * 100_000,
        [None],
        [{}],
        [{"kind": ["Linear"]}],
        [{**LINEAR, "kind": "Bilinear"}],
        [{**LINEAR, "kind": "__import__('os')"}],
        [{**LINEAR, "in_features": 3}],
        [{**LINEAR, "out_features": -2}],
        [{**LINEAR, "in_features": 10**30}],
        [{**LINEAR, "in_features": 10**4000}],
        [{**LINEAR, "in_features": 1e400}],
        "[" + "9" * 5000 + "]",
        [{"kind": "Linear", "in_features": 2}],
        [LINEAR, LINEAR],
        [LINEAR, {"kind": "Unscale"}],
        [LINEAR, {"kind": "Unscale", "dim": [2, 2]}],
        [LINEAR, {"kind": "Unscale", "dim": 10**12}],
        [LINEAR, {"kind": "Dropout", "p": 2}],
        [LINEAR, {"kind": "LeakyReLU", "negative_slope": "steep"}],
        [LINEAR, {"kind": "Softmax", "dim": {"a": 1}}],
        [{**LINEAR, "bias": False}],
        [{**LINEAR, "device": "cpu"}],
        [LINEAR, {"kind": "Waves"}],
        [LINEAR, {"kind": "Waves", "count": 0}],
        [LINEAR, {"kind": "Waves", "count": "3"}],
        [LINEAR, {"kind": "Waves", "count": 1}],
        [{"kind": "Waves", "count": 1}, {"kind": "Waves", "count": 1}, LINEAR],
    ],
    ids=lambda layers: str(layers)[:60],
)
def test_a_header_with_other_layers_is_refused(layers: Any, tmp_path: Path) -> None:
    path = with_header(tmp_path / "other", layers)
    with pytest.raises(ValueError, match=f"path must be a .*, got {re.escape(str(path))}: "):
        load_generator(path)


def test_the_settings_that_a_layer_needs_are_told(tmp_path: Path) -> None:
    path = with_header(tmp_path / "other", [{"kind": "Linear", "in_features": 2}])
    message = "Linear needs the settings ('in_features', 'out_features'), got ('in_features',)"
    with pytest.raises(ValueError, match=re.escape(message)):
        load_generator(path)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"kind": "Conv2d"}, "a layer must be one of Linear, .*, Unscale, got 'Conv2d'"),
        ({**LINEAR, "bias": "yes"}, "Linear needs numbers as settings, got {.*'bias': 'yes'"),
    ],
)
def test_other_layers_are_named(layer: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        load_generator(with_header(tmp_path / "other", [layer]))


def test_a_file_has_so_many_layers_and_no_more(tmp_path: Path) -> None:
    most = [{"kind": "Tanh"}] * saving.MOST
    assert len(load_generator(with_header(tmp_path / "most", most, {}))) == saving.MOST
    message = f"a generator in a file has at most {saving.MOST} layers, got {saving.MOST + 1}"
    with pytest.raises(ValueError, match=message):
        load_generator(with_header(tmp_path / "more", [*most, {"kind": "Tanh"}], {}))


@pytest.mark.parametrize("name", ["torchscript", "program"])
def test_what_is_no_network_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^generator must be an nn\.Module, got int"):
        FORMATS[name][0](3, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_layers_are_built_without_memory(tmp_path: Path) -> None:
    # a layer of 4 terabytes in the header must fail by its shape, not by taking the memory
    huge = [{**LINEAR, "in_features": 10**6, "out_features": 10**6}]
    with pytest.raises(ValueError, match=r"size mismatch for 0\.weight"):
        load_generator(with_header(tmp_path / "huge", huge))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("count", [10**9, 10**30])
@pytest.mark.parametrize("inputs", [0, 2])
def test_a_file_can_ask_for_no_more_waves_than_its_weights_take_in(
    count: int, inputs: int, tmp_path: Path
) -> None:
    # waves have no weights: only the layer behind them, whose weights are in the file, bounds them
    layers = [{"kind": "Waves", "count": count}, {**LINEAR, "in_features": inputs}]
    weights = {"1.weight": torch.zeros(2, inputs), "1.bias": torch.zeros(2)}
    with pytest.raises(ValueError, match=rf"path must be .* Waves\({count}\) must stand before"):
        load_generator(with_header(tmp_path / "huge", layers, weights))
    layers[1] = {**LINEAR, "in_features": 2 * count + 1}  # and this one by its shape
    with pytest.raises(ValueError, match="path must be"):
        load_generator(with_header(tmp_path / "huge", layers, weights))


def test_a_file_without_our_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"0.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(ValueError, match=r"path must be a generator .* 'gan_course\.sha256'"):
        load_generator(path)
    write_file(path, pack({"0.weight": torch.zeros(2, 2)}, {}))
    with pytest.raises(ValueError, match=r"path must be a generator .* 'gan_course\.layers'"):
        load_generator(path)


def test_a_file_with_another_weight_is_refused_as_damaged(
    content: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(content["safetensors"][:-1] + b"\x01")
    message = f"path must be a generator saved by save_generator, got {path}: it is damaged: "
    with pytest.raises(ValueError, match=re.escape(message)):
        load_generator(path)


# --- a failure on the way ---------------------------------------------------------------------


def fail(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


@each_format
@pytest.mark.parametrize("where", [(os, "fsync"), (Path, "replace")], ids=["write", "move"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    save: Any, load: Any, where: tuple[Any, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "generator"
    path.write_bytes(b"the old one")
    # the tools that make the content may move files of their own: only ours are to fail
    with monkeypatch.context() as patch:
        real = saving.write_file

        def write_and_fail(target: Any, content: bytes) -> Path:
            patch.setattr(*where, fail)
            return real(target, content)

        patch.setattr(saving, "write_file", write_and_fail)
        with pytest.raises(OSError, match="No space left on device"):
            save(whole_generator(), path)
    assert path.read_bytes() == b"the old one"
    assert [file.name for file in tmp_path.iterdir()] == ["generator"]


@each_format
def test_a_place_that_cannot_be_written_is_an_oserror(save: Any, load: Any, tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_bytes(b"kept")
    for path in (folder, file / "generator"):  # a folder in the place; a file as a folder
        with pytest.raises(OSError):
            save(whole_generator(), path)
    assert file.read_bytes() == b"kept"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_why_a_file_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "not here")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(PermissionError, match="not here"):
            save_generator(whole_generator(), tmp_path / "generator")


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "generator"
    path.write_bytes(b"the old one")
    save_generator(whole_generator(), path)
    assert torch.equal(load_generator(path)(NOISE), sample(whole_generator(), NOISE))


# --- generators that ship with the course -----------------------------------------------------

SHIPPED = sorted(file.stem for file in saving.TRAINED.glob("*.safetensors"))


def test_each_shipped_generator_has_a_card() -> None:
    assert "exponential" in SHIPPED
    assert sorted(file.stem for file in saving.TRAINED.glob("*.json")) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_says_what_the_generator_is(name: str) -> None:
    card = trained_card(name)
    assert card["name"] == name
    assert {"samples", "noise", "recipe", "seed", "trained_with"} <= set(card)
    assert card["measured_on"].startswith("20000")


def test_the_shipped_exponential_is_as_good_as_its_card_says() -> None:
    card = trained_card("exponential")
    noise = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(2024))
    points = sample(load_trained("exponential"), noise)
    quality = curve_quality(points, exponential, 0, 50)
    assert quality.fit_error == pytest.approx(card["fit_error"], rel=0.2)
    assert quality.ks == pytest.approx(card["ks"], abs=0.015)
    assert quality.outside == pytest.approx(card["outside"], abs=0.01)
    assert abs(quality.bins - card["bins"]) <= 1


def test_the_other_shipped_generators_are_as_good_as_their_cards_say() -> None:
    random = torch.Generator().manual_seed(2024)
    card = trained_card("sine")
    points = sample(load_trained("sine"), 2 * torch.rand(20_000, 3, generator=random) - 1)
    quality = curve_quality(points, torch.sin, -5, 5)
    assert quality.fit_error == pytest.approx(card["fit_error"], rel=0.1)
    assert quality.ks == pytest.approx(card["ks"], abs=0.01)
    assert (quality.bins, quality.outside, quality.verdict) == (card["bins"], 0, "good")
    card = trained_card("multiples")
    rows = sample(load_trained("multiples"), torch.randn(20_000, 100, generator=random))
    integers = integer_quality(rows, pattern_values(5, 100))
    assert integers.tv == pytest.approx(card["tv"], abs=0.015)
    assert (integers.validity, integers.covered) == (card["validity"], card["covered"])
    assert integers.verdict == "good"
    card = trained_card("normal")
    values = sample(load_trained("normal"), 2 * torch.rand(20_000, 1, generator=random) - 1)
    assert ks_normal(values[:, 0]) == pytest.approx(card["ks"], abs=0.01)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_holds_weights_and_nothing_more(name: str) -> None:
    weights = load_file(saving.TRAINED / f"{name}.safetensors")
    assert set(weights) == set(load_trained(name).state_dict())


@pytest.mark.parametrize("load", [load_trained, trained_card])
def test_an_unknown_name_is_answered_with_those_that_exist(load: Any) -> None:
    for name in ("cosine", "", "../trained/exponential", str(saving.TRAINED / "exponential")):
        with pytest.raises(ValueError) as caught:
            load(name)
        assert str(caught.value).startswith(
            f"name must be one of {', '.join(SHIPPED)}, got '{name[:50]}"
        )


def test_a_generator_comes_to_the_device_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # every machine has the device meta, which learners can't use: tensors there have no numbers
    monkeypatch.setattr(saving, "require_device", lambda _: None)
    script = save_torchscript(whole_generator(), tmp_path / "script")
    for generator in (
        load_trained("exponential", "meta"),
        load_torchscript(script, "meta", trusted=True),
    ):
        assert all(value.device.type == "meta" for value in generator.parameters())
