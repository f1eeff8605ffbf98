"""Other people's data, networks and files: each just works, or one sentence says what to type.

A line a situation. Most of them are what readers of such courses reported in public.
"""

import copy
import functools
import io
import itertools
import re
import warnings
import zipfile
from pathlib import Path

import numpy
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils import spectral_norm as old_spectral_norm
from torch.optim import Adam
from torch.utils.data import DataLoader, TensorDataset

from gan_course.checks import as_samples
from gan_course.data import Scaler, batches, curve_points, normal_noise
from gan_course.many import Settings, train
from gan_course.networks import (
    Discriminator,
    Generator,
    in_data_units,
    make_discriminator,
    make_generator,
    sample,
)
from gan_course.saving import load_generator, load_program, save_generator, save_program
from gan_course.training import GAN, fit, moving_average

ROWS = torch.rand(8, 2, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(8)
Z = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
SMALL = Settings(generator_widths=(4,), discriminator_widths=(4,), batch_size=4, steps=3)


def pair():
    torch.manual_seed(0)
    return make_generator(widths=(4,)), make_discriminator(widths=(4,))


def run(loader=(ROWS,), networks=None, noise=None, **settings):
    """A run of `fit`, of two epochs."""
    networks = networks or pair()
    torch.manual_seed(1)
    return fit(
        *networks, loader, normal_noise(2) if noise is None else noise, **{"epochs": 2, **settings}
    )


def own(data=ROWS, networks=None, noise=None, **settings):
    return GAN(*(networks or pair()), noise or normal_noise(2), data, batch_size=8, **settings)


def gan(*given, epochs=2, **settings):
    """The losses of a GAN on data, networks and noise."""
    owner = own(*given, **settings)
    torch.manual_seed(1)
    return owner.fit(epochs, 2).losses


# --- data -------------------------------------------------------------------------------------


class Frame:
    """What NumPy sees of a data frame with a column of another type: its numbers are objects."""

    def __array__(self, dtype=None, copy=None):
        return numpy.array(ROWS.tolist(), dtype=dtype or object)


ARRAY = ROWS.double().numpy()
SAMPLES = {
    "a tensor": ROWS,
    "an array that runs backwards": ARRAY[::-1].copy()[::-1],
    "a data frame of mixed types": Frame(),
    "a list of numbers": ROWS.tolist(),
    "a list of tensors": list(ROWS),
    "a TensorDataset with labels": TensorDataset(ROWS, LABELS),
    "a DataLoader": DataLoader(ROWS, 3),
    "a DataLoader with labels": DataLoader(TensorDataset(ROWS, LABELS), 3, shuffle=True),
}


@pytest.mark.parametrize("given", SAMPLES.values(), ids=SAMPLES)
def test_samples_may_come_as_people_have_them(given):
    assert as_samples(given).dtype == torch.float32
    assert torch.equal(as_samples(given), ROWS)
    assert next(iter(batches(given, 8))).shape == (8, 2)
    assert gan(given) == gan(ROWS)
    expected = train(ROWS, SMALL, (0,)).losses
    assert all(map(torch.equal, train(given, SMALL, (0,)).losses, expected))


def test_tensors_of_floats_are_left_as_they_are():
    doubles, pictures = torch.rand(3, 2).double(), torch.rand(3, 1, 8, 8)
    assert as_samples(doubles) is doubles and as_samples(pictures) is pictures


GRAPH = ROWS * torch.ones(2, requires_grad=True)
BATCHES = {
    "a DataLoader": DataLoader(ROWS, 4),
    "with labels": DataLoader(TensorDataset(ROWS, LABELS), 4),
    "arrays": [ARRAY[:4], ARRAY[4:]],
    "that another network made": [GRAPH[:4], GRAPH[4:]],
}


@pytest.mark.parametrize("given", BATCHES.values(), ids=BATCHES)
def test_batches_may_come_as_people_have_them(given):
    # each time it is gone through, a DataLoader draws a random number
    plain = DataLoader(ROWS, 4) if isinstance(given, DataLoader) else [ROWS[:4], ROWS[4:]]
    assert run(given).epochs == run(plain).epochs
    once = run(itertools.chain(given), epochs=1)  # it is used up afterwards, which is no harm
    assert once.epochs == run(given, epochs=1).epochs


@pytest.mark.parametrize("dtype", [torch.float16, torch.uint8])
def test_data_and_noise_take_the_number_type_of_the_networks(dtype):
    for networks in (pair(), [network.double() for network in pair()]):
        expected = gan(lambda n: (9 * torch.rand(n, 2)).to(dtype).float(), copy.deepcopy(networks))
        assert gan(lambda n: (9 * torch.rand(n, 2)).to(dtype), copy.deepcopy(networks)) == expected
        assert gan(lambda n: numpy.random.rand(n, 2), networks, lambda n: numpy.random.randn(n, 2))


def test_numbers_may_come_from_other_libraries(tmp_path):
    two, rate = numpy.int64(2), numpy.float64(1e-3)
    for whole, share in ((two, rate), (torch.tensor(2), torch.tensor(1e-3, dtype=torch.double))):
        assert len(batches(ROWS, whole)) == 4
        assert curve_points(torch.sin, ROWS.min(), ARRAY.max(), whole).shape == (2, 2)
        settings = Settings(batch_size=whole, steps=whole, generator_rate=share)
        assert settings == Settings(batch_size=2, steps=2, generator_rate=1e-3)
        given = {"generator_rate": share, "average": share, "epochs": whole, "watch": Z.numpy()}
        plain_run = run(generator_rate=1e-3, average=1e-3, watch=Z)
        assert run(**given).epochs == plain_run.epochs
        path = tmp_path / type(whole).__name__
        run(**{**given, "epochs": 1}, every=1, checkpoint=path)  # a file that can be read again
        assert run(**given, every=1, checkpoint=path).epochs == plain_run.epochs
    assert train(ROWS, SMALL, torch.arange(3)).seeds == (0, 1, 2)
    assert train(ROWS, SMALL, numpy.arange(3)).seeds == (0, 1, 2)


ONE_SHOT = r"batches in every epoch, got \w+, which is used up after one; .* or list\(loader\)"
NO_BATCHES = r"loader must give batches in every epoch, got %s; batches\(samples, 128\) makes them"
DATES = numpy.stack([1.7e9 + numpy.arange(1_000), numpy.arange(1_000)], 1)
REFUSED_DATA = {
    "a DataLoader that is used up": (lambda: run(iter(DataLoader(ROWS, 4))), ONE_SHOT),
    "rows where batches are meant": (lambda: run(ROWS), NO_BATCHES % "Tensor"),
    "a Dataset": (lambda: run(TensorDataset(ROWS)), NO_BATCHES % "TensorDataset"),
    "a data function": (lambda: run(lambda n: ROWS), "a function that draws samples is for GAN"),
    "labels first": (
        lambda: run(DataLoader(TensorDataset(LABELS, ROWS), 4)),
        r"the first part of a batch must have shape \(n, dim\), got \(4,\)",
    ),
    "texts": (lambda: gan([["a", 1.0]]), "data must be numbers .*got list: could not convert"),
    "an iterator": (lambda: gan(iter([ROWS])), "data must be numbers .*got list_iterator"),
    "a frame with a gap": (lambda: gan([[1, None]]), "data must be finite, got NaN .*1 of 1"),
    "images in the seed study": (
        lambda: train(torch.rand(8, 1, 8, 8), SMALL),
        r"data must have shape \(n, dim\), .*\(1, 8, 8\); images go in as images.flatten\(1\)",
    ),
    "one number for all seeds": (lambda: train(ROWS, SMALL, 3), r"such as range\(3\), got 3"),
    "a column that is constant": (lambda: Scaler.fit([[1, 7], [2, 7]]), r"to 7\.0 in column 1"),
    # float32 has 7 digits: of a thousand seconds nine are left
    "dates": (lambda: Scaler.fit(DATES), "in column 0; of numbers as large as dates, subtract"),
    "noise that is a tensor": (lambda: run(noise=Z), r"noise must be a function, as of normal_n"),
    "noise that is always the same": (lambda: run(noise=lambda n: ROWS), "must be drawn anew"),
    "noise with a seed in it": (
        lambda: gan(ROWS, None, lambda n: torch.manual_seed(0) and torch.randn(n, 2)),
        "noise must be drawn anew in each call, got the same twice",
    ),
    "too little noise": (lambda: run(noise=lambda n: Z), r"noise\(8\) must have 8 rows, got 5"),
    "a number to watch": (lambda: run(watch=16), r"watch must have shape \(n, dim\)"),
    "a function to watch": (lambda: run(watch=normal_noise(2)), "watch must be numbers"),
    "an average in per cent": (lambda: run(average=99), r"must be .* below 1, such as 0.99"),
    "of the seed study, too": (lambda: Settings(average=99), "must be at least 0 and below 1"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED_DATA.values(), ids=REFUSED_DATA)
def test_of_other_data_a_sentence_says_what_to_type(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        call()
    alone(caught.value)


def alone(error):
    """A reader sees no other traceback above it."""
    assert error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)


# --- networks ---------------------------------------------------------------------------------


class Own(nn.Module):
    """A network of somebody's own; `last` is what it does with its samples."""

    def __init__(self, norm=None, last=None):
        super().__init__()
        self.first, self.norm, self.end = nn.Linear(2, 8), norm or nn.Identity(), nn.Linear(8, 2)
        self.last = last

    def forward(self, z):
        samples = self.end(torch.relu(self.norm(self.first(z))))
        return samples if self.last is None else self.last(samples)


@functools.cache
def export():
    content = io.BytesIO()
    batch = torch.export.Dim("batch", min=1, max=2**20)
    torch.export.save(
        torch.export.export(make_generator(), (Z,), dynamic_shapes=({0: batch},), strict=False),
        content,
    )
    return content.getvalue()


def exported():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        return torch.export.load(io.BytesIO(export())).module()


def scripted():
    with warnings.catch_warnings():  # PyTorch deprecates it
        warnings.simplefilter("ignore")
        return torch.jit.script(make_generator())


def first_layer(change):
    return nn.Sequential(change(nn.Linear(2, 8)), nn.ReLU(), nn.Linear(8, 2))


def images():
    return nn.Sequential(
        nn.Linear(2, 64), nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 1, 3, padding=1)
    )


WAY_OUT = r"got {}\. .*save_program\(generator, latent_dim, path\).*torch\.save\(generator\.state"
# each with what save_generator says of it; "" where it is saved
NETWORKS = {
    "BatchNorm": (lambda: Own(nn.BatchNorm1d(8)), "Own"),
    "spectral norm": (lambda: first_layer(parametrizations.spectral_norm), "ParametrizedLinear"),
    "spectral norm of old": (lambda: first_layer(old_spectral_norm), "Linear with a hook"),
    "compiled": (lambda: torch.compile(make_generator(), backend="eager"), ""),
    "in DataParallel": (lambda: nn.DataParallel(make_generator()), ""),
    "an average": (lambda: moving_average(make_generator(), 0.9), ""),
    "exported": (exported, "GraphModule"),
    "TorchScript": (scripted, "RecursiveScriptModule"),
    "half frozen": (lambda: first_layer(lambda layer: layer.requires_grad_(False)), ""),
    "double": (lambda: make_generator().double(), ""),
    "of images": (images, "Unflatten"),
    "of project 3": (lambda: Generator(2, output_dim=2), ""),
}
KINDS = {name: make for name, (make, _) in NETWORKS.items()}


def beside(generator):
    """The generator, a discriminator that fits, and real samples."""
    if sample(generator, Z).ndim == 4:
        images = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Sigmoid())
        return generator, images, torch.rand(8, 1, 8, 8)
    discriminator = make_discriminator(widths=(4,), dropout=0)
    return generator, discriminator.to(next(generator.parameters())), ROWS


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_any_network_trains_is_averaged_goes_on_and_samples(make, tmp_path):
    def train_anew(epochs, checkpoint=None):
        torch.manual_seed(0)
        generator, discriminator, real = beside(make())
        torch.manual_seed(1)
        options = {"average": 0.5, "watch": Z, "score": lambda samples: float(samples.mean())}
        options |= {"epochs": epochs, "every": 1, "checkpoint": checkpoint}
        history = run([real, real], (generator, discriminator), **options)
        # what was watched last is what the generator makes in the end, buffers and all
        assert torch.equal(history.snapshots[epochs], sample(generator, Z))
        return history, generator

    torch.manual_seed(0)
    before = dict(beside(make())[0].named_parameters())
    whole, generator = train_anew(2)
    train_anew(1, tmp_path / "run")
    assert train_anew(2, tmp_path / "run")[0].epochs == whole.epochs
    for name, weight in generator.named_parameters():
        assert torch.equal(weight, before[name]) != weight.requires_grad, name
    torch.manual_seed(0)  # another seed may give a judge that is blind from the beginning
    generator, discriminator, real = beside(make())
    owner = own(real, (generator, discriminator))
    owner.fit(1, 2)
    assert owner.generate_samples(num=3).shape[1:] == real.shape[1:]
    for weight in generator.parameters():
        weight.requires_grad_(False)
    with pytest.raises(ValueError, match="no weights that can learn"):
        own(real, (generator, discriminator))


@pytest.mark.parametrize(("make", "got"), NETWORKS.values(), ids=NETWORKS)
def test_any_network_may_end_in_data_units_and_is_saved_or_the_way_out_is_named(
    make, got, tmp_path
):
    generator, scaler = make(), Scaler.fit(3 * ROWS)
    samples = sample(generator, Z)
    if samples.ndim == 2:
        whole = in_data_units(generator, scaler)
        torch.testing.assert_close(sample(whole, Z), scaler.unscale(samples))
    if got:
        with pytest.raises(TypeError, match=WAY_OUT.format(got)):
            save_generator(generator, tmp_path / "generator")
        if got == "RecursiveScriptModule":
            return
        loaded = load_program(save_program(generator, 2, tmp_path / "generator"), trusted=True)
    else:
        loaded = load_generator(save_generator(generator, tmp_path / "generator"))
    torch.testing.assert_close(loaded(Z.to(samples)), samples)


def test_networks_in_evaluation_mode_are_trained_in_training_mode():
    generator, discriminator = Own(nn.BatchNorm1d(8)), make_discriminator()
    for network in (generator, discriminator):  # as sampling by hand leaves them
        network.eval()
    seen = []
    discriminator.register_forward_hook(lambda network, *_: seen.append(network.training))
    run(networks=(generator, discriminator))
    assert all(seen) and generator.norm.running_mean.abs().sum() > 0
    assert not generator.training and not discriminator.training


@pytest.mark.parametrize("last", [Tensor.detach, torch.round], ids=["detach", "round"])
def test_a_generator_that_no_gradient_reaches_is_told(last):
    with pytest.warns(UserWarning, match=r"the generator learns nothing: .*argmax\(\) let no"):
        run(networks=(Own(last=last), pair()[1]))


def optimised(choose):
    networks = pair()
    of_g, of_d = choose(*[list(network.parameters()) for network in networks])
    return run(networks=networks, optimisers=(Adam(of_g), Adam(of_d)))


OTHERS = "optimisers must be the generator's and the discriminator's; for a new network make a"
SIGMOID = "discriminator must answer with probabilities, so it needs a sigmoid"
ODD = DataLoader(torch.rand(9, 2), 4)
REFUSED_NETWORKS = {
    "frozen": (
        lambda: run(networks=(pair()[0].requires_grad_(False), pair()[1])),
        r"generator has no weights that can learn; .*generator\.requires_grad_\(True\)",
    ),
    "half precision": (
        lambda: run(networks=tuple(n.half() for n in pair())),
        r"generator can't be trained in half precision, .*generator\.float\(\)",
    ),
    "BatchNorm and a last batch of one": (
        lambda: run(ODD, (Own(nn.BatchNorm1d(8)), pair()[1])),
        r"BatchNorm needs batches of two .*DataLoader\(\.\.\., drop_last=True\)",
    ),
    "swapped": (
        lambda: run(networks=pair()[::-1]),
        r"discriminator must give one answer a sample, shape \(n, 1\), got \(8, 2\)",
    ),
    "swapped, of project 3": (
        lambda: gan(
            lambda n: torch.randn(n, 1), (Discriminator(), Generator()), lambda n: torch.rand(n, 1)
        ),
        f"{SIGMOID} .*comes second, after the generator",
    ),
    "no sigmoid": (
        lambda: run(networks=(pair()[0], nn.Sequential(nn.Linear(2, 1), nn.Hardtanh(2, 3)))),
        SIGMOID,
    ),
    "the weights of both in each": (lambda: optimised(lambda g, d: (g + d, g + d)), OTHERS),
    "made anew since": (lambda: optimised(lambda g, d: ([*pair()[0].parameters()], d)), OTHERS),
}


@pytest.mark.parametrize(("call", "message"), REFUSED_NETWORKS.values(), ids=REFUSED_NETWORKS)
def test_of_other_networks_a_sentence_says_what_to_type(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    alone(caught.value)


# --- files ------------------------------------------------------------------------------------


def seed_study(path):
    train(ROWS, SMALL, (0,), checkpoint=path)


def cut(write):
    def half(path):
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return half


def script(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(scripted(), str(path))


PICKLE = "a pickle, as torch.save writes it. torch.load(path, weights_only=True) reads it"
FILES = {
    "a generator": (
        lambda path: save_generator(pair()[0], path),
        "safetensors. load_generator(path) reads it",
    ),
    "a program": (
        lambda path: save_program(pair()[0], 2, path),
        "an exported program. load_program(path, trusted=True) reads it",
    ),
    "a checkpoint": (
        lambda path: run(checkpoint=path),
        "a training to go on with. fit(..., checkpoint=path) goes on from it",
    ),
    "TorchScript": (script, "TorchScript. torch.jit.load(path, "),
    ".pth": (lambda path: torch.save(pair()[0].state_dict(), path), PICKLE),
    ".pth of old": (
        lambda path: torch.save({}, path, _use_new_zipfile_serialization=False),
        PICKLE,
    ),
    "a zip file": (lambda path: zipfile.ZipFile(path, "w").close(), "a zip file"),
    "half a checkpoint": (cut(lambda path: run(checkpoint=path)), "a zip file that was cut short"),
    "a page": (lambda path: path.write_text("<!DOCTYPE html>"), "a text that begins with '<!DOC"),
    "empty": (Path.touch, "empty"),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n"), "of no kind that this course"),
}
READERS = {
    "a generator": (load_generator, "safetensors"),
    "a program": (lambda path: load_program(path, trusted=True), "an exported program"),
    "a checkpoint": (lambda path: run(checkpoint=path), "a training to go on with"),
    "a checkpoint of many": (seed_study, "a training to go on with"),
}


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_another_kind_is_named_with_what_reads_it(file, tmp_path):
    (write, said), path = FILES[file], tmp_path / "file"
    write(path)
    before = path.read_bytes()
    for reader, (read, wanted) in READERS.items():
        if file == reader:
            read(path)
            continue
        message = f"{path} must be {wanted}, but seems to be {said}"
        if (file, reader) == ("a checkpoint", "a checkpoint of many"):
            message = f"{path} is of another kind of training than this one. Delete it, or choose"
        with pytest.raises(ValueError, match=re.escape(message)) as caught:
            read(path)
        alone(caught.value)
        assert path.read_bytes() == before


def test_safetensors_of_others_and_damaged_ones_are_named(tmp_path):
    save_file({"0.weight": torch.zeros(2, 2)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match=r"no list of layers .*safetensors\.torch\.load_file"):
        load_generator(tmp_path / "foreign")
    cut(FILES["a generator"][0])(tmp_path / "half")
    with pytest.raises(ValueError, match="half is safetensors, but damaged or cut") as caught:
        load_generator(tmp_path / "half")
    alone(caught.value)


def test_home_is_known_and_folders_with_spaces_are_made(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # its name on Windows
    load_generator(save_generator(pair()[0], "~/my files/generator"))
    load_program(save_program(pair()[0], 2, "~/my files/program"), trusted=True)
    run(checkpoint="~/my files/run")
    names = sorted(file.name for file in (tmp_path / "my files").iterdir())
    assert names == ["generator", "program", "run"]


def leaky(slope):
    return Generator(2, output_dim=2, slope=slope), Discriminator(2)


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (
            {"loader": DataLoader(TensorDataset(ROWS, LABELS), 4)},
            {"loader": DataLoader(TensorDataset(ROWS + 5, LABELS), 4)},
            "data differ",
        ),
        ({"loader": batches(ROWS, 4)}, {"loader": batches(ROWS, 2)}, "batch size differ"),
        ({"networks": leaky(0.1)}, {"networks": leaky(0.2)}, "networks differ"),
        ({}, {"generator_rate": 1e-2}, "rates differ"),
        ({}, {"average": 0.9}, "average differ"),
        ({}, {"decay": True}, "decay differ"),
        ({}, {"watch": Z}, "watch differ"),
    ],
)
def test_a_run_goes_on_only_where_it_is_the_same(first, second, what, tmp_path):
    run(**first, checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(ValueError, match=f"another training than this one: {what}. Delete it"):
        run(**second, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before


def test_a_run_that_goes_on_says_so_and_how_to_begin_anew(tmp_path, capsys):
    file = tmp_path / "run"
    for mean in (0, 5):  # nobody can see that a function draws other data
        owner = own(lambda n, mean=mean: torch.randn(n, 2) + mean)
        owner.fit(3, 1, checkpoint=file)
    seed_study(tmp_path / "seeds")
    seed_study(tmp_path / "seeds")
    assert capsys.readouterr().out.splitlines() == [
        f"going on from {file}, after epoch 3; to begin anew, delete the file",
        f"going on from {tmp_path / 'seeds'}, after step 3; to begin anew, delete the file",
    ]
