"""Good arguments of every public function, class and method, and what it gives for them."""

from __future__ import annotations

import functools
import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from matplotlib.figure import Figure
from properties import Case, finite
from torch import Tensor, nn
from torch.optim import Adam

import gan_course
from gan_course import ensemble, saving
from gan_course.checkpoints import Checkpoint
from gan_course.data import Scaler, exponential
from gan_course.draws import Batch, draw_chunks, from_data_set
from gan_course.fast import FastSteps, FastTraining, Layers, weights_of
from gan_course.gan import GAN, Discriminator, GANEpoch, GANHistory, Generator
from gan_course.integers import GumbelSoftmax, StraightThrough
from gan_course.metrics import CurveQuality, IntegerQuality
from gan_course.networks import Unscale, Waves, make_discriminator, make_generator
from gan_course.panel import Panel
from gan_course.recipes import Settings
from gan_course.stacked import StackedDropout, StackedLinear, make_networks
from gan_course.training import EarlyStopping, Epoch, History, normal_noise

# --- strategies -----------------------------------------------------------------------------------


def tensors(*shape: int, least: float = -2.0, most: float = 2.0) -> SearchStrategy[Tensor]:
    """Random numbers of this shape; in float64 now and then."""

    def make(seed: int, dtype: torch.dtype) -> Tensor:
        random = torch.Generator().manual_seed(seed)
        return (least + (most - least) * torch.rand(shape, generator=random)).to(dtype)

    return st.builds(make, st.integers(0, 99), st.sampled_from([torch.float32, torch.float64]))


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def new(make: Callable[[], Any]) -> SearchStrategy[Any]:
    """Made anew for each call."""
    return st.builds(make)


def square(x: Tensor) -> Tensor:
    return x**2


POINTS, LINE = tensors(6, 2), tensors(6)
COUNTS, SMALL = st.integers(1, 6), st.integers(0, 3)
LOW, HIGH = st.floats(-5, 0), st.floats(1, 6)
SHARES, RATES = st.floats(0, 0.99), st.floats(1e-4, 0.5)
CURVES_ = st.sampled_from([exponential, torch.sin, square])
RANDOM = st.none() | new(source)
FLAGS = st.booleans()
PATHS = st.sampled_from(["ünï 漢字 🙂.safetensors", "a folder with blanks/x"]).map(Path)
TITLES = st.sampled_from(["", "ünï 漢字"])
AXES = st.none() | new(lambda: Figure().add_subplot())
WIDTHS = st.lists(COUNTS, max_size=2).map(tuple)
PAIRS = st.tuples(SHARES, SHARES)
SCALERS = POINTS.map(Scaler.fit)
INTEGERS = st.lists(st.integers(0, 9), min_size=1, max_size=8).map(torch.tensor)
VALUES = st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True).map(torch.tensor)
PROBABILITIES = tensors(6, 1, least=0.0, most=1.0)
LOSSES = st.sampled_from(["non-saturating", "minimax", "linear"])
G, D = new(lambda: make_generator(2, (3,), 2)), new(lambda: make_discriminator(2, (3,), 0.1))
CURVE_RANGE = {"curve": CURVES_, "low": LOW, "high": HIGH}
# a range so wide, or a set of points so far out, that it is the curve that has no number there
BLAMES_CURVE = {"low": ("curve",), "high": ("curve",), "points": ("curve",)}
# weights lie between two sizes
ANY_WIDTH = dict.fromkeys(["latent_dim", "input_dim", "output_dim"], ("widths",))
WHOLE = dict.fromkeys(["integers", "values"], "a tensor or any sequence")
GAME = {"loss": LOSSES, "penalty": st.floats(0, 2), "noise": st.floats(0, 2)}
TINY = Settings(generator_widths=(3,), discriminator_widths=(3,), batch_size=4, steps=2)
RECIPES = st.sampled_from(
    [
        TINY,
        replace(TINY, noise="even", scaled=True, blur=(0.01, 1.0), average=0.9, decay=True),
        replace(TINY, last_layer="softmax", noise="uniform", generator_waves=1),
    ]
)

# --- what is right --------------------------------------------------------------------------------

Right = Callable[[Any, Mapping[str, Any]], None]


def shape(sizes: Callable[[Mapping[str, Any]], tuple[int, ...]]) -> Right:
    """A finite tensor of the shape that the docstring says."""

    def right(result: Any, given: Mapping[str, Any]) -> None:
        finite(result, given)
        assert result.shape == sizes(given)

    return right


def between(low: float, high: float, kind: type = float) -> Right:
    """A plain number in a range, which includes its ends; NaN is in no range."""

    def right(result: Any, _: Mapping[str, Any]) -> None:
        assert type(result) is kind
        assert low <= result <= high

    return right


def anything(_: Any, __: Mapping[str, Any]) -> None:
    """The function gives nothing back, or what a function of the caller makes."""


def each(**rights: Right) -> Right:
    """What holds for fields of the result."""

    def right(result: Any, given: Mapping[str, Any]) -> None:
        for name, one in rights.items():
            one(getattr(result, name), given)

    return right


share, error = between(0, 1), between(0, math.inf)
counted = between(0, math.inf, int)


def scaled_back(result: Tensor, given: Mapping[str, Any]) -> None:
    assert result.shape == given["samples"].shape
    assert not bool(result.isnan().any())  # far out, where 3e38 is scaled up, there is infinity


def one_hot_rows(result: Tensor, given: Mapping[str, Any]) -> None:
    finite(result, given)
    assert bool(torch.allclose(result.sum(dim=-1), result.new_ones(()), atol=1e-3))


def sized_batches(result: Any, given: Mapping[str, Any]) -> None:
    sizes = [len(batch) for batch in result]
    assert sizes
    assert set(sizes) == {given["batch_size"]}


def of_function(check: Right, *arguments: Any) -> Right:
    """What holds for what the returned function returns."""
    return lambda result, given: check(result(*arguments), given)


def by_kind(kind: type) -> Right:
    def right(result: Any, _: Mapping[str, Any]) -> None:
        assert isinstance(result, kind)

    return right


# --- what is not replaced, and why ----------------------------------------------------------------

EACH_STEP = "called in each step: what hands it on has been checked at the entrance"
OURS = "written in our own code, never by a learner"


def only_good(reason: str, right: Right = finite, **good: SearchStrategy[Any]) -> Case:
    """A function that is called with good arguments only."""
    return Case(good, right, trusted=dict.fromkeys(good, reason))


def checked(**named: SearchStrategy[Any]) -> Case:
    """A function of `checks`, which speaks of the name that it is given."""
    good = {"name": st.just("n"), **named}
    others = set(named) - {"value", "widths"}
    trusted = dict.fromkeys(["name", *others], OURS)
    return Case(good, anything, trusted, {"value": ("n",), "widths": ("n",)}, {"value": "looks"})


def linked(reason: str, make: Callable[[], dict[str, Any]], right: Right = finite) -> Case:
    """The same, of a function whose arguments belong together."""
    return Case(right=right, together=new(make))


RECORDS = {
    **dict.fromkeys(
        [
            *("metrics.EnergyTest", "metrics.CurveQuality", "metrics.IntegerQuality"),
            *("metrics.Moments", "panel.Finding", "panel.Look", "exercises.Verdict"),
            *("training.StepLosses", "training.Epoch", "training.History", "gan.Losses"),
            *("gan.GANEpoch", "gan.GANHistory", "ensemble.SeedLosses", "ensemble.Ensemble"),
            *("doctor.Check", "draws.Batch", "fast.Inputs", "data.Scaler"),
        ],
        "a record, which a function of the package fills in and nobody else needs to",
    ),
    "answers.Wrong": "an exception",
    "answers.NotAttempted": "an exception",
    "ensemble.Diverged": "an exception",
}


# --- objects that take a while to make ------------------------------------------------------------


@functools.cache
def trained() -> ensemble.Ensemble:
    data = torch.rand(8, 2, generator=source())
    return ensemble.train(data, TINY, seeds=(0, 3))


def a_gan() -> GAN:
    networks = Generator(2, widths=(3,)), Discriminator(1, (3, 1))
    return GAN(*networks, normal_noise(2), normal_noise(1), batch_size=4)


def a_panel() -> Panel:
    panel = Panel(torch.randn(6, 2, generator=source()), torch.randn(6, 2, generator=source(1)))
    panel.update(1, make_generator(2, (3,)), make_discriminator(2, (3,)))
    return panel


def stacked(settings: Settings = TINY) -> tuple[nn.Sequential, nn.Sequential]:
    return make_networks(settings, 2, [source(0), source(1)])


def batch_of(settings: Settings = TINY) -> Batch:
    draws = [from_data_set(torch.rand(8, 2, generator=source()))] * 2
    return next(draw_chunks(settings, draws, [source(0), source(1)], None, "cpu"))


def shipped(folder: str) -> list[str]:
    """The names of the files that come with the course."""
    return sorted(file.stem for file in (Path(gan_course.__file__).parent / folder).glob("*.json"))


def a_checkpoint() -> Checkpoint:
    """In a folder of its own, so that no other training has left anything there."""
    return Checkpoint(Path(tempfile.mkdtemp(dir=".")) / "run.safetensors", every=1)


@functools.cache
def saved(kind: str) -> Path:
    """A file of that kind, whose name and folder are harder than most."""
    path = Path(tempfile.mkdtemp()) / "a folder with blanks" / f"ünï 漢字 🙂.{kind}"
    generator = make_generator(2, (3,))
    if kind == "program":
        return saving.save_program(generator, 2, path)
    return getattr(saving, f"save_{kind}")(generator, path)


def optimiser(network: nn.Module) -> Adam:
    return Adam(network.parameters(), lr=1e-3)


def gan_history() -> GANHistory:
    return GANHistory([GANEpoch(1, 0.7, 0.7, 0.7), GANEpoch(2, 0.6, 0.8, 0.7, 3.0)])


def history() -> History:
    return History([Epoch(1, 0.7, 0.7, 0.7, 2.0), Epoch(2, 0.6, 0.8, 0.7, 1.0)], {}, 2, 1.0)


def layers() -> Layers:
    made = Layers(stacked()[0], 0.2)
    made.forward(torch.rand(2, 4, 2, generator=source()))
    return made


def restored() -> dict[str, Any]:
    network = make_generator(2, (3,))
    return {"parts": [network], "states": [network.state_dict()]}


def with_state(training: Any) -> dict[str, Any]:
    return {"self": training, "state": training.state_dict()}


def stacked_step() -> dict[str, Any]:
    generator, discriminator = stacked()
    return {
        **{"generator": generator, "discriminator": discriminator, "batch": batch_of()},
        "discriminator_optimiser": optimiser(discriminator),
        **{"generator_optimiser": optimiser(generator), "settings": TINY, "progress": 0.5},
    }


def plain_step() -> dict[str, Any]:
    generator, discriminator = make_generator(2, (3,)), make_discriminator(2, (3,))
    return {
        **{"generator": generator, "discriminator": discriminator, "real": torch.rand(4, 2)},
        "generator_optimiser": optimiser(generator),
        **{"discriminator_optimiser": optimiser(discriminator), "noise": normal_noise(2)},
    }


def fast_inputs(method: str) -> dict[str, Any]:
    training = FastTraining(*stacked(), TINY)
    inputs = training.inputs(batch_of(), 0, 16)
    if method != "step":
        return {"self": training, "inputs": inputs}
    return {"self": training, **{name: part[0] for name, part in inputs._asdict().items()}}


def fast_steps() -> dict[str, Any]:
    generator, discriminator = Generator(2, widths=(3,), output_dim=2), Discriminator(2, (3, 1))
    return {
        **{"generator": generator, "discriminator": discriminator, "average": None},
        "generator_optimiser": optimiser(generator),
        "discriminator_optimiser": optimiser(discriminator),
        "settings": Settings(batch_size=4),
    }


SNAPSHOTS = new(lambda: {1: torch.rand(4, 2), 20: torch.rand(4, 2)})
NUMBERS = new(lambda: {1: torch.randn(4, 1), 20: torch.randn(4, 1)})
PICTURES_ = st.just({"1": b"png", "ünï 漢字 🙂": b"png"})
PANEL = {"self": new(a_panel)}
ENSEMBLE = {"self": new(trained)}
STACKED = new(lambda: stacked()[0])
PLAIN = {"self": new(lambda: ensemble.PlainTraining(*stacked(), TINY))}
FAST = {"self": new(lambda: FastTraining(*stacked(), TINY))}
BATCHES = new(batch_of)
CPU = st.just(torch.device("cpu"))
CHECKPOINTS = st.none() | new(a_checkpoint)
SOURCES = st.just([source(0), source(1)])
FUNCTIONS_ = new(lambda: normal_noise(2, random=source()))
TWO_FIT = ("batch_size",)

CASES: dict[str, Case] = {
    "answers.numbers_of": Case(
        {"answer": POINTS | st.lists(LOW, min_size=1), "name": st.just("my answer")},
        trusted={"name": OURS},
        named={"answer": ("my answer",)},
        loose={"answer": "a learner may answer with whatever holds numbers"},
    ),
    "answers.answer_of": Case(
        {"function": st.just(lambda *_: 1), "name": st.just("func"), "*arguments": st.just([1])},
        anything,
        {"name": OURS, "*arguments": OURS},
        {"function": ("func",)},
    ),
    "checks.require_count": checked(value=COUNTS),
    "checks.require_seed": checked(value=COUNTS),
    "checks.require_room": only_good(OURS, anything, name=st.just("n"), **{"*sizes": st.just([9])}),
    "checks.require_layers": only_good(OURS, anything, name=st.just("n"), sizes=st.just([2, 9, 1])),
    "checks.require_number": checked(value=LOW),
    "checks.require_range": Case({"low": LOW, "high": HIGH}, anything),
    "checks.require_flag": checked(value=FLAGS),
    "checks.require_pair": checked(value=PAIRS),
    "checks.require_type": checked(value=COUNTS, kind=st.just(int)),
    "checks.require_path": checked(value=PATHS),
    "checks.require_settled": only_good(EACH_STEP, anything, losses=st.just({"on real": 0.7})),
    "checks.require_random": Case({"value": RANDOM}, anything, named={"value": ("random",)}),
    "checkpoints.Checkpoint": Case(
        {"path": PATHS, "every": COUNTS, "randoms": st.just([source()])},
        anything,
        loose={"randoms": "any sequence"},
    ),
    "checkpoints.Checkpoint.load": only_good(
        EACH_STEP, anything, self=new(a_checkpoint), about=st.just({}), device=CPU
    ),
    "checkpoints.Checkpoint.save": only_good(
        EACH_STEP,
        anything,
        **{"self": new(a_checkpoint), "about": st.just({}), "device": CPU},
        state=st.just({"x": torch.ones(2)}),
    ),
    "checkpoints.undone_if_diverged": only_good(
        EACH_STEP, anything, networks=st.just([]), epoch=COUNTS, losses=st.just([])
    ),
    "checkpoints.restore": linked(EACH_STEP, restored, anything),
    "checkpoints.shapes": only_good(EACH_STEP, by_kind(dict), network=G),
    "checks.require_device": Case({"device": st.just("cpu")}, anything, loose={"device": "looks"}),
    "checks.require_network": checked(value=G),
    "checks.require_callable": checked(value=CURVES_),
    "checks.require_matrix": checked(value=POINTS),
    **{
        f"checks.require_{what}": only_good(OURS, anything, name=st.just("n"), value=POINTS)
        for what in ("numbers", "dense")
    },
    "checks.require_widths": checked(widths=WIDTHS),
    "checks.require_sequence": checked(value=WIDTHS, example=st.just("(1, 2)")),
    "checks.require_iterable": checked(value=WIDTHS),
    "checks.require_choice": checked(value=st.just("a"), choices=st.just(["a", "b"])),
    "data.exponential": Case({"x": LINE}, lambda y, given: shape(lambda _: given["x"].shape)),
    "data.heights": Case({"curve": CURVES_, "x": LINE}, anything, named={"x": ("curve",)}),
    "data.curve_points": Case(
        {**CURVE_RANGE, "count": COUNTS, "random": RANDOM},
        shape(lambda given: (given["count"], 2)),
        named=BLAMES_CURVE,
    ),
    "data.batches": Case(
        {"samples": POINTS, "batch_size": COUNTS, "random": RANDOM},
        sized_batches,
        named={"samples": ("batch_size",)},
    ),
    "data.Scaler.fit": Case({"samples": POINTS}, each(low=finite, high=finite)),
    "data.Scaler.scale": Case({"self": SCALERS, "samples": POINTS}, scaled_back),
    "data.Scaler.unscale": Case({"self": SCALERS, "samples": POINTS}, scaled_back),
    "dirac.dirac_field": Case({"positions": POINTS, **GAME}, shape(lambda g: g["positions"].shape)),
    "dirac.dirac_eigenvalues": Case(GAME, anything),
    "dirac.dirac_path": Case(
        {
            **{"start": PAIRS, "steps": st.integers(1, 2), "rate": RATES, **GAME},
            **{"alternating": FLAGS, "decay": FLAGS, "betas": st.none() | PAIRS},
        },
        shape(lambda given: (given["steps"] + 1, 2)),
    ).spare(6),
    "dirac.average_path": Case({"path": POINTS, "keep": SHARES}, shape(lambda g: g["path"].shape)),
    "dirac.plot_dirac": Case(
        {
            **{"*paths": st.lists(POINTS, min_size=1, max_size=2), "reach": HIGH, **GAME},
            **{"title": TITLES, "axes": AXES},
        },
        anything,
        named={"*paths": ("path",)},
    ).spare(1),
    "doctor.check": Case(right=anything).spare(1),
    "doctor.python": Case(),
    "doctor.package": only_good(
        OURS,
        name=st.sampled_from(["torch", "no such package", "ünï-漢字"]),
        oldest=st.sampled_from(["2", "999", ""]),
    ),
    "doctor.device": Case(),
    "doctor.widgets": Case(),
    "doctor.main": Case(right=between(0, 1, int)).spare(2),
    "draws.Batch.part": only_good(
        EACH_STEP, self=BATCHES, first=SMALL, steps=COUNTS, batch_size=st.just(4)
    ),
    "draws.draw_noise": only_good(
        EACH_STEP,
        shape(lambda given: (given["count"], 2)),
        settings=RECIPES,
        count=COUNTS,
        random=new(source),
    ),
    "draws.from_data_set": Case(
        {"samples": POINTS},
        of_function(shape(lambda given: (9, given["samples"].shape[1])), 9, source()),
    ),
    "draws.draws_of": Case(
        {"data": POINTS | tensors(2, 6, 2) | FUNCTIONS_, "copies": st.just(2)},
        anything,
        named={"copies": ("data",)},
        loose={"data": "a tensor or a function"},
    ),
    "draws.scalers_of": only_good(
        EACH_STEP, anything, data=POINTS, draws=st.just([]), randoms=SOURCES
    ),
    "draws.drawn": Case(
        {
            "draw": new(lambda: from_data_set(torch.rand(8, 2))),
            "count": COUNTS,
            "random": new(source),
        },
        shape(lambda given: (given["count"], 2)),
        dict.fromkeys(["draw", "count", "random"], EACH_STEP),
    ),
    **{
        f"draws.{name}": only_good(
            EACH_STEP,
            lambda result, _: [finite(batch, {}) for batch in result] and None,
            settings=RECIPES,
            draws=st.just([from_data_set(torch.rand(8, 2))] * 2),
            randoms=SOURCES,
            scalers=st.none(),
            device=st.just("cpu"),
        )
        for name in ("draw_chunks", "draw_batches")
    },
    "draws.draw_shared_chunks": only_good(
        EACH_STEP,
        lambda result, _: [finite(batch, {}) for batch in result] and None,
        settings=RECIPES,
        data_sets=tensors(1, 6, 2) | tensors(2, 6, 2),
        copies=st.just(2),
        random=new(source),
    ),
    "ensemble.Ensemble.generate": Case(
        {**ENSEMBLE, "count": COUNTS, "seed": COUNTS}, shape(lambda given: (2, given["count"], 2))
    ),
    "ensemble.Ensemble.generator": Case({**ENSEMBLE, "seed": st.sampled_from([0, 3])}),
    "ensemble.train": Case(
        {
            **{"data": POINTS | tensors(2, 6, 2), "settings": RECIPES, "seeds": st.just((0, 5))},
            **{"device": st.just("cpu"), "report": st.none() | st.just(lambda *_: None)},
            **{"report_every": COUNTS, "fast": FLAGS, "shared_random": FLAGS},
            "checkpoint": CHECKPOINTS,
        },
        lambda made, given: finite([made.generators, made.losses], given),
        named={
            "data": ("samples",),  # in the words of the scaler
            "seeds": ("data",),
            "shared_random": ("data",),
        },
        loose={"data": "a tensor or a function", "seeds": "any sequence"},
    ).spare(3),
    "ensemble.PlainTraining": only_good(
        EACH_STEP, anything, generator=STACKED, discriminator=STACKED, settings=st.just(TINY)
    ),
    "ensemble.PlainTraining.averaged": Case(PLAIN),
    "ensemble.PlainTraining.state_dict": Case(PLAIN),
    "ensemble.PlainTraining.load_state_dict": linked(
        EACH_STEP, lambda: with_state(ensemble.PlainTraining(*stacked(), TINY)), anything
    ),
    "ensemble.PlainTraining.run": only_good(
        EACH_STEP,
        shape(lambda given: (3, given["steps"], 2)),
        **PLAIN,
        batch=BATCHES,
        first=st.just(0),
        steps=st.integers(1, 2),
    ),
    "ensemble.train_step": linked(EACH_STEP, stacked_step),
    "exercises.hint": Case(
        {"exercise": st.sampled_from(["1.1", "3.5"]), "number": st.just(1)}, anything
    ),
    "exercises.solution": Case({"exercise": st.sampled_from(["1.1", "3.5"])}, anything),
    "exercises.expected": Case({"exercise": st.just("3.2")}, anything).spare(2),
    "fast.why_not": Case({"settings": RECIPES}, anything),
    "fast.Layers": only_good(EACH_STEP, anything, network=STACKED, slope=SHARES),
    "fast.Layers.forward": only_good(
        EACH_STEP, self=new(layers), values=tensors(2, 4, 2).map(Tensor.float)
    ),
    "fast.Layers.backward": only_good(
        EACH_STEP, anything, self=new(layers), slopes=tensors(2, 4, 16).map(Tensor.float)
    ),
    "fast.Layers.input_slopes": only_good(
        EACH_STEP, self=new(layers), slopes=tensors(2, 4, 16).map(Tensor.float)
    ),
    "fast.weights_of": only_good(EACH_STEP, anything, network=STACKED),
    "fast.Layers.read": linked(
        EACH_STEP,
        lambda: {"self": layers(), "theirs": weights_of(stacked()[0]), "ours": layers().weights},
    ),
    "fast.Layers.write": linked(
        EACH_STEP,
        lambda: {"self": layers(), "ours": layers().weights, "theirs": weights_of(stacked()[0])},
    ),
    "fast.FastTraining.do": linked(EACH_STEP, lambda: fast_inputs("do")),
    "fast.FastSteps": linked(EACH_STEP, lambda: fast_steps(), anything),
    "fast.FastSteps.run": only_good(
        EACH_STEP,
        shape(lambda given: (3, 5)),
        self=new(lambda: FastSteps(**fast_steps())),
        real=tensors(5, 4, 2).map(Tensor.float),
        noise=tensors(2, 5, 4, 2).map(Tensor.float),
        rates=st.just(torch.full((5, 2), 1e-3)),
        first=st.integers(0, 100),
    ),
    "fast.FastTraining.follow": linked(EACH_STEP, lambda: fast_inputs("follow")),
    "fast.FastTraining.step": linked(EACH_STEP, lambda: fast_inputs("step")),
    "fast.FastTraining.inputs": only_good(
        EACH_STEP, **FAST, batch=BATCHES, first=st.just(0), steps=st.just(16)
    ),
    "fast.FastTraining": Case(
        {
            "generator": new(lambda: stacked()[0]),
            "discriminator": new(lambda: stacked()[1]),
            "settings": st.just(TINY),
            "share": st.just(0.5),
        },
        anything,
        {"generator": EACH_STEP, "discriminator": EACH_STEP, "share": OURS},
    ),
    "fast.FastTraining.averaged": Case(FAST),
    "fast.FastTraining.state_dict": Case(FAST),
    "fast.FastTraining.load_state_dict": linked(
        EACH_STEP, lambda: with_state(FastTraining(*stacked(), TINY)), anything
    ),
    "fast.FastTraining.run": only_good(
        EACH_STEP,
        shape(lambda given: (3, given["steps"], 2)),
        **FAST,
        batch=BATCHES,
        first=st.just(0),
        steps=st.just(16),
    ),
    "fast.matrix_products": Case({"settings": RECIPES, "dim": COUNTS}),
    "files.checksum": only_good(OURS, by_kind(str), **{"*tensors": st.just([torch.ones(2)])}),
    "files.pack": only_good(
        OURS, by_kind(bytes), tensors=st.just({"a": torch.ones(2)}), texts=st.just({"b": "ünï"})
    ),
    "files.read_zip": Case({"path": new(lambda: saved("program"))}, anything),
    "files.require_file": Case({"path": new(lambda: saved("generator"))}, by_kind(Path)),
    "files.unpack": Case({"path": new(lambda: saved("generator"))}),
    "files.write_file": Case({"path": PATHS, "content": st.just(b"1")}, by_kind(Path)),
    "gan.Generator": Case(
        {
            **{"latent_dim": COUNTS, "output_activation": st.none() | st.just(nn.Tanh())},
            **{"widths": WIDTHS, "output_dim": COUNTS, "slope": SHARES},
        },
        named=ANY_WIDTH,
        loose={"widths": "any sequence"},
    ),
    "gan.Generator.forward": only_good(
        EACH_STEP, self=st.just(Generator(2)), noise=POINTS.map(Tensor.float)
    ),
    "gan.Discriminator": Case(
        {"input_dim": COUNTS, "layers": WIDTHS.map(lambda widths: (*widths, 1)), "slope": SHARES},
        named={"input_dim": ("layers",)},
        loose={"layers": "any sequence"},
    ),
    "gan.Discriminator.forward": only_good(
        EACH_STEP, self=st.just(Discriminator(2)), samples=POINTS.map(Tensor.float)
    ),
    "gan.GAN": Case(
        {
            **{"generator": new(lambda: Generator(2)), "discriminator": new(Discriminator)},
            **{"noise": FUNCTIONS_, "data": FUNCTIONS_, "batch_size": COUNTS},
            **{"device": st.just("cpu"), "discriminator_rate": RATES, "generator_rate": RATES},
            **{"betas": PAIRS, "average": SHARES},
        },
        anything,
    ),
    "gan.GAN.generate_samples": Case(
        {
            "self": new(a_gan),
            "latent_vec": tensors(6, 2).map(Tensor.float),
            "num": st.none(),
        },
        named={"num": ("latent_vec",)},
        pytorchs=("latent_vec",),
    ),
    "gan.GAN.train_step": Case({"self": new(a_gan)}),
    "gan.GAN.train_step_generator": Case({"self": new(a_gan)}, error),
    "gan.GAN.train_step_discriminator": Case({"self": new(a_gan)}),
    "gan.GAN.fit": Case(
        {
            **{"self": new(a_gan), "epochs": st.integers(1, 2), "batches": st.integers(1, 2)},
            **{"decay": FLAGS, "watch": st.none() | tensors(6, 2).map(Tensor.float)},
            **{"report": st.none() | st.just(lambda *_: None), "report_every": COUNTS},
            **{"timed": FLAGS, "fast": FLAGS, "checkpoint": CHECKPOINTS},
        },
        named={"watch": ("latent_vec",)},
        pytorchs=("watch",),
    ).spare(4),
    "gan.even_noise": Case({"num": COUNTS}, shape(lambda given: (given["num"], 1))),
    "integers.encode": Case(
        {"position": SMALL, "depth": st.integers(4, 9)},
        one_hot_rows,
        named={"depth": ("position",)},
    ),
    "integers.encode_batch": Case(
        {"integers": INTEGERS, "depth": st.integers(10, 12)},
        one_hot_rows,
        named={"depth": ("integers",)},
        loose={"integers": "a tensor or any sequence"},
    ),
    "integers.decode": Case({"vector": LINE}, counted),
    "integers.decode_batch": Case({"batch": POINTS}, shape(lambda given: (len(given["batch"]),))),
    "integers.pattern_values": Case(
        {"pattern": st.sampled_from(["odd", "even", 1, 2, 5]), "below": st.integers(6, 20)},
        named={"below": ("pattern",)},
        loose={"pattern": "a word or a number"},
    ),
    "integers.draw_integers": Case(
        {"values": VALUES, "count": COUNTS, "random": RANDOM},
        shape(lambda given: (given["count"],)),
        loose={"values": "a tensor or any sequence"},
    ),
    "integers.real_batch": Case(
        {"values": VALUES, "count": COUNTS, "depth": st.integers(10, 12), "random": RANDOM},
        one_hot_rows,
        named={"values": ("integers",), "depth": ("integers",)},
        loose={"values": "a tensor or any sequence"},
    ),
    "integers.straight_through": Case({"logits": POINTS}, one_hot_rows),
    "integers.StraightThrough": Case(),
    "integers.StraightThrough.forward": Case(
        {"self": new(StraightThrough), "logits": POINTS}, one_hot_rows
    ),
    "integers.GumbelSoftmax": Case({"temperature": HIGH}),
    "integers.whole_numbers": Case(
        {"name": st.just("n"), "value": INTEGERS},
        trusted={"name": OURS},
        named={"value": ("n",)},
        loose={"value": "a tensor or any sequence"},
    ),
    **{
        f"losses.{name}": Case({"probabilities": PROBABILITIES})
        for name in ("real_loss", "fake_loss", "generator_loss")
    },
    "losses.require_probabilities": Case({"probabilities": PROBABILITIES}, anything),
    "metrics.curve_mse": Case(
        {"points": POINTS, "curve": CURVES_}, error, named={"points": ("curve",)}
    ),
    "metrics.fit_error": Case({"points": POINTS, **CURVE_RANGE}, error, named=BLAMES_CURVE),
    "metrics.ks_uniform": Case({"values": LINE, "low": LOW, "high": HIGH}, share),
    "metrics.share_outside": Case({"values": LINE, "low": LOW, "high": HIGH}, share),
    "metrics.bins_covered": Case(
        {"values": LINE, "low": LOW, "high": HIGH, "bins": COUNTS}, between(0, 6, int)
    ),
    "metrics.energy_distance": Case({"a": POINTS, "b": POINTS}, error, named={"a": ("b",)}),
    "metrics.energy_test": Case(
        {"a": POINTS, "b": POINTS, "permutations": COUNTS, "random": RANDOM},
        each(distance=error, p_value=share),
        named={"a": ("b",)},
    ),
    "metrics.CurveQuality.verdict": Case(
        {
            "self": st.builds(
                *(CurveQuality, RATES, SHARES, SHARES, st.integers(0, 50), RATES, SHARES),
                st.integers(1, 2_000),
            )
        },
        by_kind(str),
    ),
    "metrics.curve_quality": Case(
        {"points": POINTS, **CURVE_RANGE, "random": RANDOM},
        each(fit_error=error, ks=share, outside=share, energy=error, p_value=share),
        named={**BLAMES_CURVE, "points": ("curve", "a")},  # scaled, they are `a`
    ).spare(1),
    "metrics.fit_and_spread": Case({"points": POINTS, **CURVE_RANGE}, error, named=BLAMES_CURVE),
    "metrics.fit_and_ks_of_many": Case(
        {"points": tensors(2, 6, 2), **CURVE_RANGE},
        lambda found, _: [share(float(one.min()), {}) for one in found[1:]] and None,
        named=BLAMES_CURVE,
    ),
    "metrics.mean_squared_remainder": Case(
        {"integers": INTEGERS, "divisor": COUNTS}, error, loose=WHOLE
    ),
    "metrics.validity": Case({"integers": INTEGERS, "values": VALUES}, share, loose=WHOLE),
    "metrics.valid_sequences": Case(
        {"sequences": INTEGERS.map(lambda one: one[None]), "values": VALUES}, share, loose=WHOLE
    ),
    "metrics.values_covered": Case(
        {"integers": INTEGERS, "values": VALUES, "at_least": SHARES}, counted, loose=WHOLE
    ),
    "metrics.total_variation": Case({"integers": INTEGERS, "values": VALUES}, share, loose=WHOLE),
    "metrics.zero_rows": Case({"batch": POINTS}, share),
    "metrics.IntegerQuality.verdict": Case(
        {
            "self": st.builds(
                *(IntegerQuality, SHARES, COUNTS, SHARES, SHARES, COUNTS), st.integers(1, 900)
            )
        },
        by_kind(str),
    ),
    "metrics.integer_quality": Case(
        {"batch": POINTS, "values": VALUES},
        each(validity=share, tv=share, zero_rows=share),
        loose=WHOLE,
    ),
    "metrics.moments": Case({"values": LINE}, each(mean=finite, std=error)),
    "metrics.ks_normal": Case({"values": LINE}, share),
    "metrics.wasserstein_normal": Case({"values": LINE}, error),
    "integers.GumbelSoftmax.forward": only_good(
        EACH_STEP, one_hot_rows, self=new(GumbelSoftmax), logits=POINTS
    ),
    "needs.check": Case(right=anything),
    "needs.install": only_good(OURS, by_kind(str), packages=st.just({"torch": "2"})),
    "needs.lack": only_good(
        OURS,
        by_kind(str),
        name=st.sampled_from(["torch", "no such package", "ünï-漢字"]),
        oldest=st.sampled_from(["2", "999", ""]),
    ),
    "needs.needed": Case(right=anything),
    "needs.numbers": only_good(OURS, anything, text=st.text() | st.just("2.13.0+cpu")),
    "networks.pick_device": Case(right=by_kind(str)),
    "networks.make_generator": Case(
        {"latent_dim": COUNTS, "widths": WIDTHS, "output_dim": COUNTS},
        named=ANY_WIDTH,
        loose={"widths": "any sequence"},
    ),
    "networks.make_discriminator": Case(
        {"input_dim": COUNTS, "widths": WIDTHS, "dropout": SHARES},
        named=ANY_WIDTH,
        loose={"widths": "any sequence"},
    ),
    "networks.Unscale": Case({"scaler": SCALERS}),
    "networks.Unscale.forward": only_good(EACH_STEP, self=SCALERS.map(Unscale), samples=POINTS),
    "networks.add_waves": only_good(EACH_STEP, values=POINTS, count=SMALL),
    "networks.blur_level": only_good(
        EACH_STEP, sigma=PROBABILITIES, blur=st.just((0.01, 2.0)), right=anything
    ),
    "networks.Waves": Case({"count": COUNTS}),
    "networks.Waves.forward": only_good(EACH_STEP, self=COUNTS.map(Waves), values=POINTS),
    "networks.Waves.extra_repr": Case({"self": COUNTS.map(Waves)}, by_kind(str)),
    "networks.in_data_units": Case({"generator": G, "scaler": SCALERS}),
    "networks.sample": Case(
        {"generator": G, "noise": POINTS.map(Tensor.float)}, pytorchs=("generator", "noise")
    ),
    "networks.move_average": only_good(
        EACH_STEP, anything, averaged=G, network=G, step=COUNTS, keep=SHARES
    ),
    "panel.Look.finite": Case({"self": new(lambda: a_panel().looks[0])}, by_kind(bool)),
    "panel.Panel": Case(
        {"real": POINTS, "watch": POINTS, "quality": st.none() | st.just(lambda _: 0.5)}, anything
    ),
    "panel.Panel.update": Case(
        {**PANEL, "step": st.integers(2, 9), "generator": G, "discriminator": D},
        anything,
        loose=dict.fromkeys(["generator", "discriminator"], "a network that fails is a finding"),
    ),
    "panel.Panel.logits": Case(PANEL, by_kind(bool)),
    "panel.Panel.probabilities": Case({**PANEL, "look": new(lambda: a_panel().looks[0])}),
    "panel.Panel.losses": Case({**PANEL, "look": new(lambda: a_panel().looks[0])}),
    "panel.Panel.findings": Case(PANEL, by_kind(list)),
    "panel.Panel.diagnosis": Case(PANEL, by_kind(str)),
    "panel.Panel.show": Case({**PANEL, "title": TITLES}, anything).spare(1),
    "panel.Panel.figure": Case({**PANEL, "title": TITLES}, anything).spare(1),
    "plots.plot_points": Case(
        {"real": POINTS, "generated": st.none() | POINTS, "title": TITLES, "axes": AXES}, anything
    ).spare(4),
    "plots.plot_epochs": Case(
        {"real": POINTS, "snapshots": SNAPSHOTS, "epochs": st.just([1, 20])},
        anything,
        named={"snapshots": ("generated", "epochs")},
    ).spare(2),
    "plots.plot_losses": Case({"history": new(history) | new(gan_history)}, anything).spare(4),
    "plots.plot_scores": Case({"history": new(history)}, anything).spare(4),
    "plots.plot_against_normal": Case(
        {"values": LINE, "title": TITLES, "axes": AXES, "limit": HIGH}, anything
    ).spare(4),
    "plots.plot_network": Case(
        {
            **{"widths": st.just((2, 9, 1)), "between": st.just(("a", "b"))},
            **{"title": TITLES, "axes": AXES, "most": st.integers(2, 8)},
        },
        anything,
        named={"widths": ("between",)},
    ).spare(4),
    "recipes.Settings": Case(
        {
            **dict.fromkeys(["latent_dim", "steps"], COUNTS),
            **dict.fromkeys(["generator_waves", "discriminator_waves"], SMALL),
            **dict.fromkeys(["generator_widths", "discriminator_widths"], WIDTHS),
            **dict.fromkeys(["generator_rate", "discriminator_rate"], RATES),
            **dict.fromkeys(["slope", "dropout", "average", "penalty"], SHARES),
            **dict.fromkeys(["scaled", "decay", "relativistic"], FLAGS),
            **dict.fromkeys(["betas", "blur_weight"], PAIRS),
            "noise": st.sampled_from(["normal", "uniform", "even"]),
            "last_layer": st.sampled_from(["linear", "relu", "softmax"]),
            "clipped": st.just(False),
            "batch_size": st.just(6),
            "blur": st.none() | st.just((0.01, 2.0)),
            "pack": st.sampled_from([1, 2, 3]),
        },
        named={"batch_size": ("pack",), "latent_dim": ("generator_widths", "batch_size")},
    ),
    "records.load_records": Case({"name": st.sampled_from(shipped("measured"))}, by_kind(list)),
    **{
        f"saving.save_{kind}": Case(
            {
                "generator": G,
                **({"latent_dim": st.just(2)} if kind == "program" else {}),
                "path": PATHS,
            },
            by_kind(Path),
        ).spare(4)
        for kind in ("generator", "torchscript", "program")
    },
    **{
        f"saving.load_{kind}": Case(
            {
                "path": new(functools.partial(saved, kind)),
                **({} if kind == "program" else {"device": st.just("cpu")}),
                **({} if kind == "generator" else {"trusted": st.just(True)}),
            },
            by_kind(nn.Module),
        ).spare(4)
        for kind in ("generator", "torchscript", "program")
    },
    "saving.load_trained": Case(
        {"name": st.sampled_from(shipped("trained")), "device": st.just("cpu")}, by_kind(nn.Module)
    ),
    "saving.trained_card": Case({"name": st.sampled_from(shipped("trained"))}, by_kind(dict)),
    "stacked.StackedLinear": only_good(EACH_STEP, inputs=COUNTS, outputs=COUNTS, randoms=SOURCES),
    "stacked.StackedLinear.forward": only_good(
        EACH_STEP,
        self=st.just(StackedLinear(2, 3, [source(), source()])),
        values=tensors(2, 4, 2).map(Tensor.float),
    ),
    "stacked.StackedDropout": only_good(EACH_STEP, share=SHARES, randoms=SOURCES),
    "stacked.StackedDropout.forward": only_good(
        EACH_STEP,
        self=SHARES.map(lambda one: StackedDropout(one, [source(), source()])),
        values=tensors(2, 4, 2),
    ),
    "stacked.make_networks": only_good(EACH_STEP, settings=RECIPES, dim=COUNTS, randoms=SOURCES),
    "stacked.unstack": only_good(EACH_STEP, network=STACKED, position=st.integers(0, 1)),
    "training.normal_noise": Case(
        {"latent_dim": COUNTS, "random": RANDOM},
        lambda draw, given: shape(lambda _: (9, given["latent_dim"]))(draw(9), given),
    ),
    "training.train_step": linked(EACH_STEP, plain_step),
    "training.EarlyStopping": Case({"patience": COUNTS}, anything),
    "training.EarlyStopping.update": Case(
        {"self": new(lambda: EarlyStopping(2)), "epoch": COUNTS, "score": LOW},
        by_kind(bool),
        loose={"score": "NaN and infinity are scores, too: the worst"},
    ),
    "training.EarlyStopping.should_stop": Case(
        {"self": new(lambda: EarlyStopping(2)), "epoch": COUNTS}, by_kind(bool)
    ),
    "training.History.stopped_at": Case({"self": new(history)}, counted),
    "training.fit": Case(
        {
            **{
                "generator": G,
                "discriminator": D,
                "batches": POINTS.map(lambda one: [one.float()]),
            },
            **{"noise": FUNCTIONS_, "score": st.just(lambda _: 0.5)},
            **{"watch": POINTS.map(Tensor.float), "epochs": st.integers(1, 2), "patience": COUNTS},
            **{"learning_rate": RATES, "keep_best": FLAGS, "report_every": COUNTS},
            **{"report": st.none() | st.just(lambda *_: None), "checkpoint": CHECKPOINTS},
        },
        named={"batches": ("batch",), "score": ("one element",)},  # Python's words of float()
        pytorchs=("generator", "discriminator", "batches", "watch"),
    ).spare(4),
    "widgets.explore_epochs": Case(
        {"real": POINTS, "snapshots": SNAPSHOTS, "frames": st.just(1)},
        anything,
        named={"snapshots": ("generated",)},
    ).spare(1),
    "widgets.explore_latent": Case(
        {"generator": G, "real": POINTS, "limit": HIGH}, anything, pytorchs=("generator",)
    ).spare(1),
    "widgets.flip_book": Case({"name": TITLES, "frames": PICTURES_, "hint": TITLES}, by_kind(str)),
    "widgets.film": Case({"name": TITLES, "frames": PICTURES_, "seconds": HIGH}, anything),
    "widgets.film_against_normal": Case({"snapshots": NUMBERS}, anything).spare(2),
    "widgets.tune_normal": Case(
        {"steps": st.just(10), "stills": st.just([1e-3])},
        anything,
    ).spare(1),
    "doctor.folder": only_good(OURS, path=new(lambda: Path()), right=anything),
    "doctor.examine": only_good(OURS, path=st.none(), right=anything).spare(1),
    "exercises.check": Case(
        {"exercise": st.just("1.1"), "*answers": st.just([1])},
        anything,
        loose={"*answers": "judged"},
    ),
}
