"""Does a saved generator come back the same, and does anything else fail safely?"""

import contextlib
import io
import json
import logging
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gan_course import saving
from gan_course.data import Scaler, exponential, pattern_values
from gan_course.files import load_run
from gan_course.many.layers import Waves
from gan_course.metrics import curve_quality, integer_quality, ks_normal
from gan_course.networks import Generator, Unscale, in_data_units, make_generator, sample
from gan_course.saving import load_generator, load_program, save_generator, save_program

SCALER = Scaler(low=torch.tensor([0.0, 1.0]), high=torch.tensor([50.0, 47.0]))
NOISE = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))

# each format as (save, load), called with (generator, path) and (path)
FORMATS = {
    "safetensors": (save_generator, load_generator),
    "program": (
        lambda generator, path: save_program(generator, 2, path),
        lambda path: load_program(path, trusted=True),
    ),
}
each_format = pytest.mark.parametrize(("save", "load"), FORMATS.values(), ids=FORMATS)


@each_format
def test_saving_changes_nothing_and_what_is_loaded_makes_the_same_samples(save, load, tmp_path):
    generator = in_data_units(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), SCALER)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    loaded = load(save(generator, str(tmp_path / "generator")))
    assert all(module.training for module in generator.modules())
    assert all(parameter.requires_grad for parameter in generator.parameters())
    assert all(torch.equal(value, before[k]) for k, value in generator.state_dict().items())
    for count in (1, 257):  # any number, without dropout
        noise = torch.randn(count, 2)
        torch.testing.assert_close(loaded(noise), sample(generator, noise))


TWICE = nn.Linear(2, 2)
GENERATORS = {
    "of project 3": Generator(2, slope=0.2),
    "of project 3, with a last layer": Generator(2, nn.Tanh(), widths=(5,), output_dim=3),
    "of project 3, in data units": nn.Sequential(Generator(2, output_dim=2), Unscale(SCALER)),
    "boxes in boxes": nn.Sequential(make_generator(), nn.Sequential(nn.Softmax(-1))),
    "named layers": nn.Sequential(
        OrderedDict(hidden=nn.Linear(2, 4), act=nn.ReLU(), out=nn.Linear(4, 2, bias=False))
    ),
    "a layer twice": nn.Sequential(TWICE, nn.Sigmoid(), TWICE),
    "settings": nn.Sequential(nn.LeakyReLU(0.37), nn.Dropout(0.9), nn.Hardtanh(-0.5, 0.7)),
    "waves": nn.Sequential(nn.Linear(2, 1), Waves(4), nn.Linear(9, 3), Waves(1), nn.Linear(9, 2)),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_kind_of_generator_comes_back_as_layers_in_a_row(kind, tmp_path):
    loaded = load_generator(save_generator(GENERATORS[kind], tmp_path / "generator"))
    assert type(loaded) is nn.Sequential
    assert torch.equal(loaded(NOISE), sample(GENERATORS[kind], NOISE))


def test_every_known_layer_was_tried_above():
    tried = {type(layer) for one in GENERATORS.values() for layer in one.modules()}
    assert tried >= saving.LAYERS.keys()


def test_a_loaded_generator_is_ready_for_use_and_has_done_with_its_file(tmp_path):
    generator = make_generator()
    path = save_generator(generator, tmp_path / "generator")
    state = torch.get_rng_state()
    loaded = load_generator(path, "cpu")
    assert torch.equal(torch.get_rng_state(), state)  # no first weights were drawn
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert torch.equal(loaded(NOISE), sample(generator, NOISE))


class MySequential(nn.Sequential):
    """A generator that does more than go through its layers."""

    def forward(self, noise):
        return 2 * super().forward(noise)


def test_a_generator_that_would_not_come_back_the_same_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"made of Linear, ReLU, LeakyReLU, .*got MySequential\."):
        save_generator(MySequential(nn.ReLU()), tmp_path / "generator")
    assert list(tmp_path.iterdir()) == []


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Say that `open(path, "w")` rebuilds it."""
        return open, (str(self.path), "w")


@pytest.mark.parametrize("load", [load for _, load in FORMATS.values()], ids=FORMATS)
def test_a_pickle_is_refused_and_not_executed(load, tmp_path):
    trap, path = tmp_path / "sprung", tmp_path / "generator.pt"
    for write in (
        lambda: path.write_bytes(pickle.dumps(Trap(trap))),
        lambda: torch.save(Trap(trap), path),
    ):
        write()
        with pytest.raises(ValueError, match="seems to be a pickle"):
            load(path)
    torch.save({"about": {}, "randoms": [], "state": Trap(trap)}, path)  # as of a training
    with pytest.raises(ValueError, match=r"can't be read: .* Delete it, or choose") as caught:
        load_run(path, {})
    assert caught.value.__cause__ is None and caught.value.__suppress_context__  # nor told twice
    assert not trap.exists()
    pickle.loads(pickle.dumps(Trap(trap))).close()  # it would have
    assert trap.exists()


def with_header(path, layers):
    """A sound file of one linear layer's weights, with another list of layers."""
    weights = {"0.weight": torch.zeros(2, 2), "0.bias": torch.zeros(2)}
    save_file(weights, path, metadata={saving.ARCHITECTURE: json.dumps(layers)})
    return path


LINEAR = {"kind": "Linear", "in_features": 2, "out_features": 2}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{**LINEAR, "kind": "__import__('os')"}], "does not know: {'kind': \"__import__"),
        # a layer of 4 terabytes fails by its shape, not by taking the memory
        ([{**LINEAR, "in_features": 10**6, "out_features": 10**6}], "size mismatch for 0.weight"),
    ],
)
def test_a_file_chooses_among_known_layers_whose_weights_it_holds(layers, message, tmp_path):
    load_generator(with_header(tmp_path / "good", [LINEAR]))
    with pytest.raises((ValueError, RuntimeError), match=f"(?s){message}"):
        load_generator(with_header(tmp_path / "other", layers))


def test_a_program_is_run_only_by_those_who_say_that_they_trust_it(tmp_path):
    trap, path, bomb = tmp_path / "sprung", tmp_path / "program", io.BytesIO()
    whole = save_program(nn.Linear(2, 2), 2, tmp_path / "whole")
    torch.save(Trap(trap), bomb)
    with zipfile.ZipFile(whole) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            # these PyTorch unpickles; the second is their name in torch 2.6
            inputs = name.endswith(("sample_inputs/model.pt", "example_inputs.pt"))
            bad.writestr(name, bomb.getvalue() if inputs else good.read(name))
    with pytest.raises(PermissionError, match=r"may run any code .* Pass trusted=True"):
        load_program(path)
    assert not trap.exists()
    # the risk is a real one, and what PyTorch says of this file afterwards matters to nobody
    logging.disable(logging.CRITICAL)
    with contextlib.suppress(Exception):
        load_program(path, trusted=True)
    logging.disable(logging.NOTSET)
    assert trap.exists()


SHIPPED = sorted(file.stem for file in saving.TRAINED.glob("*.safetensors"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_generator_has_a_card(name):
    card = saving.trained_card(name)
    assert card["name"] == name and card["measured_on"].startswith("20000")
    assert {"samples", "noise", "recipe", "seed", "trained_with"} <= set(card)


def test_the_shipped_generators_are_as_good_as_their_cards_say():
    source = torch.Generator().manual_seed(2024)

    def shipped(name, noise, width):
        z = noise(20_000, width, generator=source)
        z = 2 * z - 1 if noise is torch.rand else z
        return saving.trained_card(name), sample(saving.load_trained(name), z)

    for name, noise, width, line in (
        ("exponential", torch.randn, 2, (exponential, 0, 50)),
        ("sine", torch.rand, 3, (torch.sin, -5, 5)),
    ):
        card, points = shipped(name, noise, width)
        quality = curve_quality(points, *line)
        assert quality.fit_error == pytest.approx(card["fit_error"], rel=0.2)
        assert quality.ks == pytest.approx(card["ks"], abs=0.015)
        assert quality.outside == pytest.approx(card["outside"], abs=0.01)
        assert abs(quality.bins - card["bins"]) <= 1
    card, rows = shipped("multiples", torch.randn, 100)
    integers = integer_quality(rows, pattern_values(5, 100))
    assert integers.tv == pytest.approx(card["tv"], abs=0.015)
    assert (integers.validity, integers.covered) == (card["validity"], card["covered"])
    card, values = shipped("normal", torch.rand, 1)
    assert ks_normal(values[:, 0]) == pytest.approx(card["ks"], abs=0.01)


@pytest.mark.parametrize("load", [saving.load_trained, saving.trained_card])
def test_an_unknown_name_is_answered_with_those_that_exist(load):
    for name in ("cosine", "../trained/exponential"):
        with pytest.raises(ValueError, match=f"must be one of {', '.join(SHIPPED)}, got '{name}'"):
            load(name)
