"""Does each check say "not attempted", "right", or what is wrong? Each is tried all three ways.

No network is trained here: right generators are right by construction.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.stats import norm
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import one_hot
from torch.special import ndtr, ndtri

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from gan_course.data import Scaler
from gan_course.exercises import CHECKS, PICTURES, Verdict, check, expected, hint, solution
from gan_course.gan import GAN, Discriminator
from gan_course.integers import GumbelSoftmax, StraightThrough, decode_batch
from gan_course.metrics import curve_mse, fit_and_spread, fit_error, ks_uniform, total_variation
from gan_course.networks import in_data_units, make_generator
from gan_course.repairs import REPAIRS

SOLUTIONS = sorted((Path(__file__).parent.parent / "notebooks" / "solutions").glob("*.ipynb"))
NUMBERS = sorted(CHECKS)


@pytest.fixture(autouse=True)
def fresh():
    """The same random numbers for each test, and no figure that stays open."""
    torch.manual_seed(0)
    np.random.seed(0)
    yield
    plt.close("all")


def refused(message, exercise, *answers, **options):
    verdict = check(exercise, *answers, **options)
    assert verdict.status == "wrong", verdict
    assert message in verdict.message
    assert not verdict


def accepted(exercise, *answers, **options):
    verdict = check(exercise, *answers, **options)
    assert verdict.status == "right", verdict
    assert verdict


# --- untouched starters --------------------------------------------------------------------------


def cells_of(exercise, role):
    return [
        cell
        for path in SOLUTIONS
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("course", {}) != {}
        and cell.metadata["course"]["exercise"] == exercise
        and cell.metadata["course"]["role"] == role
    ]


@pytest.mark.parametrize("exercise", NUMBERS)
def test_the_untouched_starter_is_not_attempted(exercise):
    (answer,), (judge,) = cells_of(exercise, "answer"), cells_of(exercise, "check")
    names = {"torch": torch, "nn": nn, "plt": plt, "check": check}
    exec(answer.metadata["course"]["starter"], names)
    verdict = eval(judge.source, names)
    assert verdict.status == "not attempted"
    assert "..." in verdict.message
    assert not verdict


@pytest.mark.parametrize("exercise", NUMBERS)
@pytest.mark.parametrize("answers", [(), (...,), (None,)], ids=["nothing", "dots", "None"])
def test_no_answer_is_not_attempted(exercise, answers):
    assert check(exercise, *answers).status == "not attempted"


WITH_FUNCTIONS = ["1.2", "2.1", "2.2", "3.3", "3.4", "3.5", "3.6", *sorted(REPAIRS)]


@pytest.mark.parametrize("exercise", WITH_FUNCTIONS)
def test_a_function_whose_body_is_not_written_is_not_attempted(exercise):
    assert check(exercise, lambda *arguments: ...).status == "not attempted"


@pytest.mark.parametrize("exercise", WITH_FUNCTIONS)
def test_a_forgotten_return_is_wrong_and_not_a_missing_attempt(exercise):
    refused("returns None. Is there a `return`?", exercise, lambda *arguments: None)


def test_half_an_answer_is_not_attempted():
    assert check("3.3", sine(), ...).status == "not attempted"


# --- 1.1 and 3.1: data on a curve ----------------------------------------------------------------


def arch(x):
    return 10 - x**2


def columns(x, y):
    return torch.stack([x, y], dim=1)


X = 10 * (torch.rand(2048, generator=torch.Generator().manual_seed(0)) - 0.5)
CURVES = {"1.1": arch, "3.1": torch.sin}
DATA_WAYS = {
    "float32": lambda f: columns(X, f(X)),
    "float64": lambda f: columns(X.double(), f(X.double())),
    "numpy": lambda f: np.column_stack([X.numpy(), f(X).numpy()]),
    "numpy float64": lambda f: columns(X.double(), f(X.double())).numpy(),
    "lists": lambda f: columns(X, f(X)).tolist(),
    "tuples of small tensors": lambda f: list(zip(X, f(X), strict=True)),
    "linspace": lambda f: columns(torch.linspace(-5, 5, 2048), f(torch.linspace(-5, 5, 2048))),
    "arange": lambda f: columns(y := torch.arange(2048) / 204.8 - 5, f(y)),
    "cat": lambda f: torch.cat([X[:, None], f(X)[:, None]], dim=1),
    "transposed": lambda f: torch.stack([X, f(X)]).T,
    "sorted by x": lambda f: columns(X.sort().values, f(X.sort().values)),
    "read backwards": lambda f: columns(X, f(X)).numpy()[::-1],
    "read only": lambda f: np.frombuffer(columns(X, f(X)).numpy().tobytes(), "f4").reshape(-1, 2),
    "with a gradient": lambda f: columns(X.clone().requires_grad_(), f(X)),
    "sparse": lambda f: columns(X, f(X)).to_sparse(),
    "rounded to three decimals": lambda f: columns(X, f(X).round(decimals=3)),
    "right to four digits": lambda f: columns(X, f(X) * (1 + 1e-4)),
}


@pytest.mark.parametrize("way", DATA_WAYS)
@pytest.mark.parametrize("exercise", CURVES)
def test_right_data_pass_however_they_are_made(exercise, way):
    accepted(exercise, DATA_WAYS[way](CURVES[exercise]))


@pytest.mark.parametrize(
    "sine",
    [
        lambda x: torch.cos(x - math.pi / 2),
        lambda x: torch.tensor([math.sin(number) for number in x]),
        lambda x: torch.from_numpy(np.sin(x.numpy())),
        lambda x: torch.exp(1j * x).imag,
        lambda x: torch.sin(torch.deg2rad(torch.rad2deg(x))),
    ],
    ids=["shifted cosine", "math", "numpy", "Euler", "there and back"],
)
def test_the_sine_may_be_computed_in_any_way(sine):
    accepted("3.1", columns(X, sine(X)))


class Elsewhere(Tensor):
    """A tensor that numpy can't read, as those on a GPU are."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def cpu(self):
        """As it would be on the CPU."""
        return self.as_subclass(Tensor)


def test_data_may_be_on_another_device():
    accepted("3.1", columns(X, torch.sin(X)).as_subclass(Elsewhere))


DATA_FAULTS = {
    "two rows": (lambda f: torch.stack([X, f(X)]), "shape (2, 2048)"),
    "two rows, the cure": (lambda f: [X.tolist(), f(X).tolist()], "rows and columns are swapped"),
    "two rows of three": (lambda f: torch.ones(2, 3), "rows and columns are swapped"),
    "two points": (lambda f: torch.ones(2, 2), "your data have 2 rows, expected 2048"),
    "swapped": (lambda f: columns(f(X), X), "the columns are swapped: column 0 must be x"),
    "0 to 10": (lambda f: columns(X + 5, f(X + 5)), "x runs from"),
    "half": (lambda f: columns(X.abs(), f(X.abs())), "expected -5 to 5"),
    "one place": (lambda f: columns(X * 0, f(X * 0)), "x runs from 0 to 0, expected -5 to 5"),
    "in degrees": (lambda f: columns(X * 57.3, f(X * 57.3)), "x runs from -28"),
    "piled up": (lambda f: columns(X**3 / 25, f(X**3 / 25)), "x is not spread evenly"),
    "three x": (lambda f: columns(y := 5 * (X / 5).round(), f(y)), "x is not spread evenly"),
    "2047": (lambda f: columns(X, f(X))[1:], "your data have 2047 rows, expected 2048"),
    "2049": (lambda f: columns(X, f(X))[[0, *range(2048)]], "have 2049 rows, expected 2048"),
    "three columns": (lambda f: torch.stack([X, f(X), X], 1), "(2048, 3), expected two columns"),
    "x only": (lambda f: X, "your data have shape (2048,), expected two columns, x and y"),
    "an extra axis": (lambda f: columns(X, f(X))[None], "(1, 2048, 2), expected two columns"),
    "NaN": (lambda f: columns(X, f(X).log()), "your data holds NaN or infinity"),
    "infinite": (lambda f: columns(X, f(X) / 0), "your data holds NaN or infinity"),
    "complex": (lambda f: columns(X, f(X)) * (1 + 1j), "your data holds complex numbers"),
    "complex numpy": (lambda f: columns(X, f(X)).numpy() * 1j, "your data holds complex numbers"),
    "a word": (lambda f: "points", "your data is a str, expected a tensor of numbers"),
    "a function": (lambda f: f, "expected a tensor of numbers"),
    "a dictionary": (lambda f: {"x": X}, "your data is a dict, expected a tensor of numbers"),
    "noisy y": (lambda f: columns(X, f(X) + 0.1 * torch.randn(2048)), "at x ="),
    "one point off": (lambda f: columns(X, f(X) + one_hot(torch.tensor(7), 2048)), "at x ="),
}


@pytest.mark.parametrize("fault", DATA_FAULTS)
@pytest.mark.parametrize("exercise", CURVES)
def test_each_fault_in_data_is_named(exercise, fault):
    make, message = DATA_FAULTS[fault]
    refused(message, exercise, make(CURVES[exercise]))


def test_a_wrong_range_is_told_with_both_ends():
    x = torch.linspace(0, 10, 2048)
    refused("x runs from 0 to 10, expected -5 to 5", "3.1", columns(x, torch.sin(x)))
    refused("x runs from -5 to 0, expected -5 to 5", "3.1", columns(x / 2 - 5, (x / 2 - 5).sin()))
    refused("x runs from 0 to 50, expected -5 to 5", "1.1", columns(5 * x, arch(5 * x)))


@pytest.mark.parametrize(
    ("exercise", "mistake", "message"),
    [
        ("3.1", torch.cos, "y is the cosine of x, expected sin(x)"),
        ("3.1", torch.tan, "y is the tangent of x, expected sin(x)"),
        ("3.1", lambda x: torch.sin(x * math.pi / 180), "y is the sine of x in degrees"),
        ("3.1", lambda x: 1.08**x, "y is 1.08 ** x, the curve of the chapter"),
        ("3.1", lambda x: -torch.sin(x), "y is not sin(x): at x = "),
        ("3.1", lambda x: torch.sin(2 * x), "y is not sin(x): at x = "),
        ("3.1", lambda x: x, "y is not sin(x): at x = "),
        (
            "1.1",
            lambda x: x**2 - 10,
            "y is x ** 2 - 10, the arch upside down, expected 10 - x ** 2",
        ),
        ("1.1", lambda x: x**2, "y is x ** 2, expected 10 - x ** 2"),
        ("1.1", lambda x: (10 - x) ** 2, "y is (10 - x) ** 2: the power binds to x alone"),
        ("1.1", lambda x: 10 - x, "y is not 10 - x ** 2: at x = "),
        ("1.1", lambda x: 10 - 2 * x, "y is not 10 - x ** 2: at x = "),
        ("1.1", lambda x: 10 - x**3, "y is not 10 - x ** 2: at x = "),
    ],
)
def test_another_curve_is_named(exercise, mistake, message):
    refused(message, exercise, columns(X, mistake(X)))


def test_the_worst_point_is_told_with_what_was_expected():
    points = columns(X, torch.sin(X))
    points[5] = torch.tensor([2.0, 3.0])
    refused("at x = 2.000 it is 3.000, expected 0.909", "3.1", points)
    points[5, 1] = -0.909  # far off, though nearer to 0 than others
    refused("at x = 2.000 it is -0.909, expected 0.909", "3.1", points)


# --- 3.2: a picture ------------------------------------------------------------------------------

POINTS = columns(X, torch.sin(X))


def picture(draw=None, ylabel="sin(x)", title="A sine curve", points=POINTS):
    _, axes = plt.subplots()
    x, y = points.T.numpy()
    if draw is None:
        axes.plot(x, y, ".")
    else:
        draw(axes, x, y)
    axes.set(xlabel="x", ylabel=ylabel, title=title)
    return axes


def drawn_by_pyplot(call):
    plt.figure()
    call(POINTS[:, 0], POINTS[:, 1])
    plt.ylabel("sin(x)")
    plt.title("Sine")
    return plt.gca()


def over(low, high, count=2048):
    x = torch.linspace(low, high, count)
    return columns(x, torch.sin(x))


def with_masked_points(axes, x, y):
    hidden = np.arange(len(x)) < 200
    axes.scatter(np.append(x, x), np.ma.array(np.append(y, y), mask=[*hidden, *~hidden]))


def in_a_loop(axes, x, y):
    for part in range(0, 2048, 256):
        axes.plot(x[part : part + 256], y[part : part + 256], "k,")


def below_a_big_title():
    figure, axes = plt.subplots()
    axes.plot(*POINTS.T, ".")
    axes.set_ylabel("sin x")
    figure.suptitle("The sine")
    return axes


PICTURES_THAT_ARE_RIGHT = {
    "ax.plot": lambda: picture(),
    "ax.scatter": lambda: picture(lambda ax, x, y: ax.scatter(x, y, s=1)),
    "plt.plot": lambda: drawn_by_pyplot(lambda x, y: plt.plot(x, y, ".")),
    "plt.scatter": lambda: drawn_by_pyplot(plt.scatter),
    "a figure": lambda: picture().figure,
    "plt.gcf": lambda: drawn_by_pyplot(plt.scatter).figure,
    "a figure of its own": lambda: own_figure(),
    "several calls": lambda: picture(in_a_loop),
    "a line through sorted points": lambda: picture(
        lambda ax, x, y: ax.plot(np.sort(x), np.sin(np.sort(x)))
    ),
    "dots and the curve": lambda: picture(
        lambda ax, x, y: (ax.plot(x, y, "."), ax.plot(t := np.linspace(-5, 5), np.sin(t)))
    ),
    "error bars": lambda: picture(lambda ax, x, y: ax.errorbar(x, y, yerr=0.1, fmt=".")),
    "stems": lambda: picture(lambda ax, x, y: ax.stem(x[:200], y[:200])),
    "lines at zero": lambda: picture(
        lambda ax, x, y: (
            ax.plot(x, y, "."),
            ax.axhline(0.5),
            ax.axvline(2),
            ax.axline((0, 2), (1, 3)),
        )
    ),
    "a line of two points": lambda: picture(
        lambda ax, x, y: (ax.plot(x, y, "."), ax.plot([-5, 5], [0.3, 0.3]))
    ),
    "a shade": lambda: picture(lambda ax, x, y: (ax.scatter(x, y), ax.fill_between(x, 2, 3))),
    "a point at the origin": lambda: picture(lambda ax, x, y: (ax.scatter(x, y), ax.scatter(0, 0))),
    "hidden points": lambda: picture(with_masked_points),
    "a gap": lambda: picture(lambda ax, x, y: ax.plot(np.append(x, np.nan), np.append(y, 1))),
    "a legend": lambda: picture(lambda ax, x, y: (ax.plot(x, y, ".", label="cos"), ax.legend())),
    "limits": lambda: picture(lambda ax, x, y: (ax.plot(x, y), ax.set(ylim=(2, -2), xlim=(-9, 9)))),
    "float64": lambda: picture(points=columns(X.double(), X.double().sin())),
    "a hundred points": lambda: picture(points=over(-5, 5, 100)),
    "from -4.5 to 4.5": lambda: picture(points=over(-4.5, 4.5)),
    "one point in twenty elsewhere": lambda: picture(
        points=over(-5, 5, 2000) + columns(torch.zeros(2000), torch.arange(2000) < 100)
    ),
    "rounded": lambda: picture(points=POINTS.round(decimals=3)),
    "in German": lambda: picture(ylabel="sin x", title="Sinuskurve"),
    "in French": lambda: picture(ylabel="y = sinx", title="Courbe sinusoïdale"),
    "in TeX": lambda: picture(ylabel=r"$\sin x$", title=r"$y=\sin(x)$"),
    "in capitals": lambda: picture(ylabel="SIN(X)", title="SINE"),
    "a title that looks back": lambda: picture(title="A sine, no longer an exponential curve"),
    "a title on the left": lambda: (ax := picture(title=""), ax.set_title("Sine", loc="left"))[0],
    "a title of the figure": below_a_big_title,
}


def own_figure():
    figure = Figure()
    figure.subplots().plot(*POINTS.T, ".")
    figure.axes[0].set(ylabel="sine", title="sine")
    return figure


@pytest.mark.parametrize("way", PICTURES_THAT_ARE_RIGHT)
def test_right_pictures_pass_whatever_call_has_drawn_them(way):
    accepted("3.2", PICTURES_THAT_ARE_RIGHT[way]())


def pointed(make):
    return lambda: picture(points=columns(X, make(X)))


SAYS = "expected one that speaks of the sine"
PICTURE_FAULTS = {
    "label left": (
        lambda: picture(ylabel="exponential"),
        f"the y label still says 'exponential', {SAYS}",
    ),
    "title left": (lambda: picture(title="1.08 ** x"), f"the title still says '1.08 ** x', {SAYS}"),
    "dollars": (lambda: picture(ylabel="balance in dollars"), "the y label still says 'balance in"),
    "no label": (lambda: picture(ylabel=""), f"the y label is empty, {SAYS}"),
    "no title": (lambda: picture(title="  "), f"the title is empty, {SAYS}"),
    "another label": (lambda: picture(ylabel="y"), f"the y label says 'y', {SAYS}"),
    "cosine": (lambda: picture(title="Cosine"), f"the title says 'Cosine', {SAYS}"),
    "increasing": (lambda: picture(title="Increasing"), "the title says 'Increasing'"),
    "a single run": (lambda: picture(title="A single run"), "the title says 'A single run'"),
    "empty axes": (lambda: plt.subplots()[1], "your picture has no points in it yet"),
    "empty plot": (lambda: picture(lambda ax, x, y: ax.plot([], [])), "no points in it yet"),
    "only a line across": (lambda: picture(lambda ax, x, y: ax.axhline(0)), "no points in it yet"),
    "empty figure": (plt.figure, "your figure is empty, expected a picture of the points"),
    "few points": (lambda: picture(points=POINTS[:50]), "has 50 points, expected all 2,048"),
    "swapped": (
        lambda: picture(lambda ax, x, y: ax.plot(y, x, ".")),
        "x and y are swapped in your",
    ),
    "cosine points": (pointed(torch.cos), "do not lie on the sine"),
    "points above": (pointed(lambda x: x.sin() + 0.3), "do not lie on the sine"),
    "half as high": (pointed(lambda x: x.sin() / 2), "do not lie on the sine"),
    "exponential points": (pointed(lambda x: 1.08**x), "do not lie on the sine"),
    "x only": (lambda: picture(lambda ax, x, y: ax.plot(x)), "do not lie on the sine"),
    "with the old points": (
        lambda: picture(lambda ax, x, y: (ax.plot(x, y, "."), ax.plot(x, 1.08**x, "."))),
        "do not lie on the sine",
    ),
    "half of x": (lambda: picture(points=POINTS[X > 0]), "in your picture, expected -5 to 5"),
    "old x limits": (
        lambda: picture(lambda ax, x, y: (ax.plot(x, y, "."), ax.set_xlim(0, 50))),
        "your picture shows x from 0 to 50, but the points run from -",
    ),
    "old y limits": (
        lambda: picture(lambda ax, x, y: (ax.plot(x, y, "."), ax.set_ylim(50, 0.5))),
        "your picture shows y from 0.5 to 50, but the points run from -1 to 1",
    ),
    "the line": (lambda: plt.plot([1, 2]), "your answer is a list, expected the axes you drew on"),
    "plt": (lambda: plt, "your answer is a module, expected the axes you drew on: fig, ax = …"),
    "the pair": (plt.subplots, "your answer is a tuple, expected the axes"),
    "the points": (lambda: POINTS, "your answer is a Tensor, expected the axes"),
    "two pictures": (lambda: plt.subplots(1, 2)[1], "your answer is a ndarray, expected the axes"),
}


@pytest.mark.parametrize("fault", PICTURE_FAULTS)
def test_each_fault_in_a_picture_is_named(fault):
    make, message = PICTURE_FAULTS[fault]
    refused(message, "3.2", make())


# --- generators that are right by construction ---------------------------------------------------


class Made(nn.Module):
    """Makes each sample from one share u in (0, 1), which it gets from its noise."""

    def __init__(self, make, share=ndtr, latent_dim=2):
        super().__init__()
        self.make, self.share = make, share
        self.first = nn.Linear(latent_dim, 1, bias=False)
        nn.init.zeros_(self.first.weight)
        self.first.weight.data[0, 0] = 1

    def forward(self, noise):
        """From (n, latent_dim) to (n, dim)."""
        u = self.share(self.first(noise)[:, 0]).clamp(1e-6, 1 - 1e-6)
        return self.make(u)


def on_sine(u):
    return columns(10 * u - 5, torch.sin(10 * u - 5))


def sine(**options):
    return Made(on_sine, **options)


class LaterLayerFirst(Made):
    """Its layers are listed in another order than they are used in."""

    def __init__(self, make):
        nn.Module.__init__(self)
        self.last = nn.Linear(64, 2)
        inner = Made(make, latent_dim=3)
        self.make, self.share, self.first = inner.make, inner.share, inner.first


class Stack(nn.Module):
    """With layers that behave in another way in training."""

    def __init__(self, make, *layers):
        super().__init__()
        self.made, self.layers = Made(make), nn.Sequential(*layers)

    def forward(self, noise):
        """From (n, latent_dim) to (n, dim)."""
        return self.made(self.layers(noise))


class NoLinear(nn.Module):
    """A network in which no layer tells the size of the noise."""

    def __init__(self, make):
        super().__init__()
        self.make, self.slope = make, nn.Parameter(torch.ones(()))

    def forward(self, noise):
        """From (n, latent_dim) to (n, dim)."""
        assert noise.shape[1] == 4
        return self.make(ndtr(self.slope * noise[:, 2]))


def gan_of(network, noise):
    return GAN(network, Discriminator(2), noise, lambda num: torch.zeros(num, 2))


def by_gan(num):
    return gan_of(sine(), lambda n: torch.randn(n, 2)).generate_samples(num=num)


def scaled_sine(u):
    return columns(2 * u - 1, torch.sin(10 * u - 5))


UNSCALED = in_data_units(
    nn.Sequential(Made(scaled_sine)), Scaler(torch.tensor([-5.0, -1.0]), torch.tensor([5.0, 1.0]))
)

SINE_GENERATORS = {
    "a network": lambda: sine(),
    "float64": lambda: sine().double(),
    "latent dimension 17": lambda: sine(latent_dim=17),
    "dropout in training mode": lambda: Stack(on_sine, nn.Dropout(0.5)).train(),
    "batch norm in training mode": lambda: Stack(on_sine, nn.BatchNorm1d(2)).train(),
    "layers in another order": lambda: LaterLayerFirst(on_sine),
    "scaled, undone": lambda: UNSCALED,
    "a function": lambda: lambda num: on_sine(torch.rand(num)),
    "a function with a gradient": lambda: lambda num: sine()(torch.randn(num, 2)),
    "numpy": lambda: lambda num: on_sine(torch.rand(num)).numpy(),
    "uniform noise": lambda: lambda num: sine(share=lambda u: u)(torch.rand(num, 2)),
    "GAN": lambda: by_gan,
    "a little noise on y": lambda: Made(lambda u: on_sine(u) + 0.05 * torch.randn(len(u), 2)),
    "ends left out": lambda: Made(lambda u: on_sine(0.04 + 0.92 * u)),
    "a little too wide": lambda: Made(lambda u: on_sine(-0.04 + 1.08 * u)),
    "45 of 50 bins": lambda: Made(lambda u: on_sine(0.061 + 0.898 * u)),
}


@pytest.mark.parametrize("way", SINE_GENERATORS)
def test_right_generators_of_the_sine_pass(way):
    accepted("3.3", SINE_GENERATORS[way]())


def test_the_size_of_the_noise_can_be_given():
    accepted("3.3", NoLinear(on_sine), latent_dim=4)
    accepted("3.3", sine(latent_dim=5), latent_dim=5)


def test_a_generator_is_left_in_its_mode():
    network = Stack(on_sine, nn.Dropout(0.5)).train()
    check("3.3", network)
    assert network.training


def limited(low, high, draw=True):
    _, axes = plt.subplots()
    if draw:
        axes.plot(*POINTS.T, ".")
    axes.set_ylim(low, high)
    return axes


def test_the_picture_of_generated_points_is_judged_too():
    accepted("3.3", sine(), limited(-1.2, 1.2))
    accepted("3.3", sine(), limited(np.float32(-1.2), np.float32(1.2)))
    accepted("3.3", sine(), limited(-1.2, 1.2).figure)
    refused(
        "your picture shows y from -1 to 1, expected -1.2 to 1.2", "3.3", sine(), limited(-1, 1)
    )
    refused("shows y from 0 to 50, expected -1.2 to 1.2", "3.3", sine(), limited(0, 50))
    refused("shows y from -1.2 to 1, expected -1.2 to 1.2", "3.3", sine(), limited(-1.2, 1))
    refused("shows y from -1 to 1.2, expected -1.2 to 1.2", "3.3", sine(), limited(-1, 1.2))
    refused("from 1.2 to -1.2, expected -1.2 to 1.2", "3.3", sine(), limited(1.2, -1.2))
    refused("no points in it yet", "3.3", sine(), limited(-1.2, 1.2, draw=False))
    refused("your answer is a ndarray", "3.3", sine(), plt.subplots(1, 2)[1])
    refused("your answer is a str", "3.3", sine(), "no picture")


def place(x):
    return lambda u: on_sine((u * 0 + x + 5) / 10)


SINE_FAULTS = {
    "collapsed on the curve": (
        place(2),
        "collapsed: all points sit near x = 2.00, expected them spr",
    ),
    "collapsed off the range": (place(20), "collapsed: all points sit near x = 20.00"),
    "a small heap": (lambda u: on_sine(0.69 + 0.02 * u), "collapsed: all points sit near x = 2.0"),
    "always 0": (lambda u: torch.zeros(len(u), 2), "collapsed: all points sit near x = 0.00"),
    "half the range": (
        lambda u: on_sine(u / 2),
        "part of the range is missing: nearly all x lie bet",
    ),
    "the middle only": (lambda u: on_sine(0.3 + 0.4 * u), "part of the range is missing"),
    "a part, and some far away": (
        lambda u: on_sine(torch.where(u < 0.05, 2.5, 0.7 * (u - 0.05) / 0.95)),
        "nearly all x lie between -4.9 and 1.9",
    ),
    "half, where": (
        lambda u: on_sine(u / 2),
        "(25 of 50 bins), expected -5 to 5",
    ),
    "44 bins": (lambda u: on_sine(0.061 + 0.878 * u), "(44 of 50 bins)"),
    "a hole": (lambda u: on_sine(u - 0.3 * ((u > 0.4) & (u < 0.7))), "(35 of 50 bins)"),
    "two places": (lambda u: on_sine((u > 0.5) * 0.8 + 0.1), "(2 of 50 bins)"),
    "too wide": (lambda u: on_sine(2 * u - 0.5), "of the points lie outside -5 to 5, expected few"),
    "uneven": (
        lambda u: on_sine(u**3),
        "x is spread unevenly: KS distance 0.",
    ),
    "cosine": (
        lambda u: columns(x := 10 * u - 5, torch.cos(x)),
        "off the curve, expected at most 10 %",
    ),
    "flat": (lambda u: columns(x := 10 * u - 5, x * 0), "of the sine's height off the curve"),
    "a cloud": (
        lambda u: on_sine(u) + torch.randn(len(u), 2),
        "of the sine's height off the curve",
    ),
    "still scaled": (scaled_sine, "between -1 and 1 in both columns: undo the scaling"),
    "swapped": (lambda u: on_sine(u).flip(1), "the columns are swapped: column 0 must be x"),
    "swapped, the middle only": (
        lambda u: on_sine(0.25 + 0.5 * u).flip(1),
        "the columns are swapped: column 0 must be x",
    ),
    "x only": (lambda u: 10 * u[:, None] - 5, "makes shape (5000, 1), expected two columns"),
    "no columns": (lambda u: u, "your generator makes shape (5000,), expected two columns"),
    "transposed": (
        lambda u: on_sine(u).T,
        "your generator makes 2 samples where 5000 are asked for",
    ),
    "500 rows": (
        lambda u: on_sine(u)[:500],
        "your generator makes 500 samples where 5000 are asked",
    ),
    "no rows": (
        lambda u: on_sine(u)[:0],
        "your generator makes 0 samples where 5000 are asked for",
    ),
    "one number": (lambda u: u.sum(), "your generator makes 1 samples where 5000 are asked for"),
    "NaN": (lambda u: on_sine(u).log(), "what your generator makes holds NaN or infinity"),
    "a pair": (
        lambda u: (on_sine(u), u),
        "what your generator makes is a tuple, expected a tensor",
    ),
    "complex": (lambda u: on_sine(u) + 0j, "what your generator makes holds complex numbers"),
}


@pytest.mark.parametrize("fault", SINE_FAULTS)
@pytest.mark.parametrize("kind", ["network", "function"])
def test_each_fault_of_a_generator_is_named(fault, kind):
    make, message = SINE_FAULTS[fault]
    refused(message, "3.3", Made(make) if kind == "network" else lambda num: make(torch.rand(num)))


@pytest.mark.parametrize("exercise", ["3.3", "3.4", "3.6"])
def test_what_is_no_generator_is_named(exercise):
    refused("your generator is a Tensor, expected a network or a function", exercise, POINTS)
    refused("your generator is a GAN", exercise, gan_of(sine(), lambda num: torch.randn(num, 2)))
    refused("has no weights, so it can't have been trained", exercise, nn.ReLU())
    refused("pass latent_dim=…", exercise, NoLinear(on_sine))
    refused("pass latent_dim=…", exercise, nn.Sequential(nn.LazyLinear(2)))


@pytest.mark.parametrize("exercise", ["3.3", "3.4", "3.6"])
def test_a_generator_that_fails_is_told_with_its_error(exercise):
    def broken(num):
        raise RuntimeError(f"no {num} today")

    refused("your generator failed: RuntimeError: no 5000 today", exercise, broken)
    # from 2.15 on torch names its operation between the two
    for message in ("your generator failed when it was used: ", "mat1 and mat2 shapes cannot be"):
        refused(message, exercise, nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 2)))
        refused(message, exercise, sine(), latent_dim=9)
    refused("noise has another size, pass latent_dim=…", exercise, sine(), latent_dim=9)


def test_looking_does_not_build_a_lazy_network():
    lazy = nn.Sequential(nn.LazyLinear(2))
    check("3.3", lazy)
    assert lazy[0].has_uninitialized_params()


def test_an_untrained_generator_is_wrong():
    refused("expected", "3.3", make_generator())
    refused("expected", "3.4", make_generator(output_dim=100))
    refused("expected", "3.6", make_generator(1, output_dim=1))


# --- 3.4: multiples of three ---------------------------------------------------------------------


def rows_of(integers):
    return one_hot(integers.long(), 100).float()


def multiples(k, of=None):
    return lambda u: rows_of(k * ((100 + k - 1) // k * u).long().clamp(max=(99 // k)))


threes = multiples(3)


def softly(u):
    return torch.softmax(5 * threes(u) + 0.1 * torch.rand(len(u), 100), dim=1)


def tilted(u):
    return threes(0.5 * u + 0.5 * u**2)


def nearly(u):
    return torch.where((u > 0.995)[:, None], rows_of(torch.full((len(u),), 1)), threes(u))


THREES = {
    "one-hot": lambda: Made(threes),
    "softmax": lambda: Made(softly),
    "logits": lambda: Made(lambda u: 30 * threes(u) - 20),
    "huge float64 logits": lambda: Made(lambda u: 1e300 * threes(u).double()),
    "float64": lambda: Made(lambda u: threes(u).double()).double(),
    "whole numbers": lambda: Made(lambda u: threes(u).long()),
    "straight through": lambda: nn.Sequential(Made(softly), StraightThrough()),
    "Gumbel": lambda: nn.Sequential(Made(lambda u: 100 * threes(u)), GumbelSoftmax()),
    "latent dimension 100": lambda: Made(threes, latent_dim=100),
    "a function": lambda: lambda num: threes(torch.rand(num)),
    "numpy": lambda: lambda num: threes(torch.rand(num)).numpy(),
    "dropout": lambda: Stack(threes, nn.Dropout(0.9)).train(),
    "layers in another order": lambda: LaterLayerFirst(threes),
    "not quite even": lambda: Made(tilted),
    "99.5 % valid": lambda: Made(nearly),
    "1 % of zeros": lambda: Made(lambda u: threes(u) * (u > 0.01)[:, None]),
}


@pytest.mark.parametrize("way", THREES)
def test_right_generators_of_multiples_of_three_pass(way):
    accepted("3.4", THREES[way]())


def mostly_zero(u):
    return torch.where(
        (u < 0.85)[:, None], rows_of(u * 0), threes(((u - 0.85) / 0.15).clamp(min=0))
    )


THREES_FAULTS = {
    "always 0": (lambda u: rows_of(u * 0), "collapsed: it always makes 0, expected many different"),
    "always 42": (lambda u: rows_of(u * 0 + 42), "collapsed: it always makes 42, expected many"),
    "equal numbers": (lambda u: torch.full((len(u), 100), 0.01), "collapsed: it always makes 0"),
    "zeros only": (
        lambda u: torch.zeros(len(u), 100),
        "100% of the rows are all zero and decode to 0",
    ),
    "dead rows": (
        lambda u: threes(u) * (u > 0.3)[:, None],
        "% of the rows are all zero and decode to 0",
    ),
    "fives": (multiples(5), "these are multiples of 5, expected multiples of 3"),
    "even": (multiples(2), "these are multiples of 2, expected multiples of 3"),
    "sevens": (multiples(7), "these are multiples of 7, expected multiples of 3"),
    "any": (multiples(1), "of the integers are multiples of three, expected 99 % or more"),
    "one too many": (
        lambda u: threes(u).roll(1, dims=1),
        "% of the integers are multiples of three, expected 99",
    ),
    "95 %": (
        lambda u: torch.where(u[:, None] > 0.95, rows_of(u * 0 + 1), threes(u)),
        "% of the integers are multiples of three, expected 99 %",
    ),
    "sixes": (multiples(6), "only 17 of the 34 multiples of three come up, expected most of them"),
    "nines": (multiples(9), "only 12 of the 34 multiples of three come up, expected most of them"),
    "lower half": (lambda u: threes(u / 2), "only 17 of the 34 multiples of three come up"),
    "0 and 99": (lambda u: rows_of((u > 0.5) * 99), "only 2 of the 34 multiples of three come up"),
    "mostly 0": (mostly_zero, "of the integers are 0, expected about 3% of each multiple"),
    "integers": (
        lambda u: 3.0 * (34 * u).long(),
        "makes shape (5000,), expected rows of 100 numbers",
    ),
    "ten integers": (
        lambda u: u[:, None].repeat(1, 10),
        "makes shape (5000, 10), expected rows of 100",
    ),
    "sequences": (
        lambda u: threes(u)[:, None].repeat(1, 2, 1),
        "shape (5000, 2, 100), expected rows",
    ),
    "ten rows": (
        lambda u: threes(u)[:10],
        "your generator makes 10 samples where 5000 are asked for",
    ),
    "NaN": (lambda u: threes(u) / 0, "what your generator makes holds NaN or infinity"),
}


@pytest.mark.parametrize("fault", THREES_FAULTS)
def test_each_fault_of_a_generator_of_integers_is_named(fault):
    make, message = THREES_FAULTS[fault]
    refused(message, "3.4", Made(make))


def test_the_limits_of_a_generator_of_integers():
    allowed = 3 * torch.arange(34)
    evenly = allowed.repeat(148)[:5000]
    order = torch.arange(5000)
    # "99 % or more" is right, and so are two rows of zeros in a hundred
    accepted("3.4", lambda num: rows_of(torch.where(order < 50, 1, evenly)))
    refused("98.8% of the", "3.4", lambda num: rows_of(torch.where(order < 60, 1, evenly)))
    accepted("3.4", lambda num: rows_of(evenly) * (order >= 100)[:, None])
    # a value that comes up once in a thousand does not count
    seldom = torch.cat([allowed[:20].repeat(247)[:4930], allowed[20:].repeat(5)])
    refused("only 20 of the 34 multiples of three come up", "3.4", lambda num: rows_of(seldom))
    mostly_0 = torch.where(order < 3400, 0, evenly)
    message = "spread unevenly: 69% of the integers are 0, expected about 3% of each multiple"
    refused(message, "3.4", lambda num: rows_of(mostly_0))


# --- 1.2: a score --------------------------------------------------------------------------------


def miss(points):
    return fit_error(points, torch.sin, -5, 5)


def emptiness(points):
    return 1 - len(torch.histc(points[:, 0], 50, -5, 5).nonzero()) / 50


def by_numpy(points):
    x, y = points.numpy().T
    return np.abs(y - np.sin(x)).mean() + np.abs(np.sort(x) - np.linspace(-5, 5, len(x))).mean()


def in_place(points):
    points[:, 1] -= torch.sin(points[:, 0])
    return points[:, 1].abs().mean() + ks_uniform(points[:, 0], -5, 5)


SCORES = {
    "the helper": lambda p: fit_and_spread(p, torch.sin, -5, 5),
    "by numpy": by_numpy,
    "bins": lambda p: miss(p) + emptiness(p),
    "mean and deviation": lambda p: miss(p) + abs(p[:, 0].mean()) + abs(p[:, 0].std() - 2.89),
    "a tensor": lambda p: torch.tensor([[miss(p) + ks_uniform(p[:, 0], -5, 5)]]),
    "the larger of the two": lambda p: max(miss(p), ks_uniform(p[:, 0], -5, 5)),
    "with a gradient": lambda p: torch.tensor(fit_and_spread(p, torch.sin, -5, 5)).requires_grad_(),
    "in place": in_place,
    "yes or no": lambda p: fit_and_spread(p, torch.sin, -5, 5) > 0.1,
}


@pytest.mark.parametrize("way", SCORES)
def test_right_scores_pass(way):
    accepted("1.2", SCORES[way])


STAYS, HALF, ABOVE = "one point of the curve for ever", "the left half only", "has y off the curve"
SCORE_FAULTS = {
    "distance only": (miss, "the impostor that "),
    "mean squared error": (lambda p: curve_mse(p, torch.sin) + 1e-9, STAYS),
    "spread only": (lambda p: ks_uniform(p[:, 0], -5, 5), ABOVE),
    "deviation and distance": (lambda p: miss(p) + max(0.0, 0.5 - float(p[:, 0].std())), HALF),
    "constant": (lambda p: 1.0, "and real points get 1: expected at least twice as much"),
    "zero": (lambda p: 0, "gets 0, and real points get 0"),
    "higher is better": (
        lambda p: -fit_and_spread(p, torch.sin, -5, 5),
        "expected scores of 0 or more",
    ),
    "not clearly": (lambda p: 1 + fit_and_spread(p, torch.sin, -5, 5), "expected at least twice"),
    "blind to half a unit": (
        lambda p: ks_uniform(p[:, 0], -5, 5) + float((p[:, 1] - p[:, 0].sin()).abs().gt(1).sum()),
        ABOVE,
    ),
    "another curve": (lambda p: fit_and_spread(p, torch.cos, -5, 5), "the impostor that"),
    "one for each point": (
        lambda p: p[:, 1] - p[:, 0].sin(),
        "score returns shape (2000,), expected one",
    ),
    "two numbers": (lambda p: (miss(p), 0.1), "score returns shape (2,), expected one number"),
    "NaN": (lambda p: math.nan, "what score returns holds NaN or infinity"),
    "a word": (lambda p: "good", "what score returns is a str, expected a tensor of numbers"),
    "no function": (0.3, "score is a float, expected a function"),
    "two arguments": (lambda p, curve: 0, "your score failed: TypeError"),
}


@pytest.mark.parametrize("fault", SCORE_FAULTS)
def test_each_fault_of_a_score_is_named(fault):
    score, message = SCORE_FAULTS[fault]
    refused(message, "1.2", score)


def test_an_impostor_needs_twice_the_score_of_real_points():
    # real points are shown first
    scores = iter([1, 2, 2, 2, 2])
    accepted("1.2", lambda points: next(scores))
    scores = iter([1, 2, 2, 2, 1.99])
    refused("has y off the curve gets 1.99, and real points get 1", "1.2", lambda _: next(scores))


# --- 2.1: decode ---------------------------------------------------------------------------------

DECODERS = {
    "argmax": lambda b: b.argmax(dim=1),
    "max": lambda b: b.max(dim=1).indices,
    "numpy": lambda b: np.argmax(b.numpy(), axis=1),
    "a list": lambda b: [int(row.argmax()) for row in b],
    "small tensors": lambda b: [row.argmax() for row in b],
    "a tuple": lambda b: tuple(row.index(max(row)) for row in b.tolist()),
    "sorting": lambda b: b.argsort(dim=-1, descending=True)[:, 0],
    "floats": lambda b: b.argmax(dim=1).float(),
    "the helper": decode_batch,
    "topk": lambda b: b.topk(1).indices.squeeze(),
}


@pytest.mark.parametrize("way", DECODERS)
def test_right_decoders_pass(way):
    accepted("2.1", DECODERS[way])


DECODER_FAULTS = {
    "columns": (
        lambda b: b.argmax(dim=0),
        "looked down the columns: 100 integers for 7 rows, expec",
    ),
    "all at once": (lambda b: b.argmax(), "through the whole batch at once: say which dim"),
    "all at once, a number": (lambda b: int(b.argmax()), "through the whole batch at once"),
    "largest": (
        lambda b: b.max(dim=1).values,
        "returns the largest numbers, expected their positio",
    ),
    "largest, a list": (lambda b: [max(row) for row in b.tolist()], "returns the largest numbers"),
    "smallest": (lambda b: b.argmin(dim=1), "expected ["),
    "from one": (lambda b: b.argmax(dim=1) + 1, "decode_rows gives ["),
    "a bit too large": (lambda b: b.argmax(dim=1) + 0.4, ".4, "),
    "one-hot only": (
        lambda b: (b == 1).nonzero()[:, 1],
        "returns shape (0,) for 7 rows, expected (7,)",
    ),
    "kept dimension": (lambda b: b.argmax(1, keepdim=True), "returns shape (7, 1) for 7 rows"),
    "both": (lambda b: b.max(dim=1), "returns shape (2, 7) for 7 rows"),
    "one row": (lambda b: b[0].argmax(), "returns shape () for 7 rows, expected (7,)"),
    "rows": (lambda b: b, "returns shape (7, 100) for 7 rows, expected (7,)"),
    "means of columns": (lambda b: b.mean(dim=0), "returns shape (100,) for 7 rows, expected (7,)"),
    "NaN": (lambda b: b.argmax(dim=1) * math.nan, "what decode_rows returns holds NaN"),
    "no function": ([1, 2], "decode_rows is a list, expected a function"),
    "fails": (lambda b: b.argmax(dim=2), "your decode_rows failed: IndexError"),
}


@pytest.mark.parametrize("fault", DECODER_FAULTS)
def test_each_fault_of_a_decoder_is_named(fault):
    decode_rows, message = DECODER_FAULTS[fault]
    refused(message, "2.1", decode_rows)


@pytest.mark.parametrize(
    ("exercise", "right"), [("1.2", SCORES["the helper"]), ("2.1", DECODERS["argmax"])]
)
def test_a_function_is_shown_the_same_numbers_at_each_check(exercise, right):
    # and looking for a fault does not change which random numbers come next
    shown, state = [], torch.get_rng_state()
    for _ in range(2):
        shown.append([])
        accepted(exercise, lambda x: (shown[-1].append(x.clone()), right(x))[1])
    assert len(shown[0]) == len(shown[1]) > 0
    assert all(map(torch.equal, *shown))
    assert torch.equal(torch.get_rng_state(), state)


# --- 2.2: total variation ------------------------------------------------------------------------


def shares(integers, values):
    return (integers[:, None] == values).double().mean(dim=0)


def by_counting(integers, values):
    counts, n, k = Counter(integers.tolist()), len(integers), len(values)
    allowed = values.tolist()
    wrong = sum(count for number, count in counts.items() if number not in allowed)
    return (sum(abs(counts[v] / n - 1 / k) for v in allowed) + wrong / n) / 2


def by_bincount(integers, values):
    p = torch.bincount(integers, minlength=100) / len(integers)
    q = torch.zeros(100)
    q[values] = 1 / len(values)
    return (p - q).abs().sum() / 2


DISTANCES = {
    "the helper": total_variation,
    "counting": by_counting,
    "bincount": by_bincount,
    "what is missing": lambda i, v: (1 / len(v) - shares(i, v)).clamp(min=0).sum(),
    "numpy": lambda i, v: np.maximum(1 / len(v) - shares(i, v).numpy(), 0).sum(),
    "a row": lambda i, v: (1 / len(v) - shares(i, v)).clamp(min=0).sum()[None],
}


@pytest.mark.parametrize("way", DISTANCES)
def test_right_distances_pass(way):
    accepted("2.2", DISTANCES[way])


def gap(integers, values, k=None):
    return (shares(integers, values) - 1 / (k or len(values))).abs()


DISTANCE_FAULTS = {
    "no half": (
        lambda i, v: 2 * total_variation(i, v),
        "for one value for ever you get 1.900, twice",
    ),
    "where": (lambda i, v: 2 * total_variation(i, v), "twice too much: where is the 1/2?"),
    "no half, in float32": (lambda i, v: 2 * by_bincount(i, v), "you get 1.900, twice too much"),
    "forbidden left out": (
        lambda i, v: gap(i, v).sum() / 2,
        "for only forbidden integers you get 0.500",
    ),
    "expected": (lambda i, v: gap(i, v).sum() / 2, "you get 0.500, expected 1.000"),
    "largest gap": (lambda i, v: gap(i, v).max(), "for only forbidden integers you get 0.050"),
    "squares": (
        lambda i, v: (gap(i, v) ** 2).sum() / 2,
        "for one value for ever you get 0.475, expe",
    ),
    "no absolute value": (
        lambda i, v: (shares(i, v) - 1 / len(v)).sum() / 2,
        "one value for ever you get",
    ),
    "validity": (
        lambda i, v: shares(i, v).sum(),
        "for an even spread you get 1.000, expected 0.000",
    ),
    "always twenty": (
        lambda i, v: (1 / 20 - shares(i, v)).clamp(min=0).sum(),
        "for multiples of ten where all even ones are allowed you get",
    ),
    "always fives": (
        lambda i, v: total_variation(i, torch.arange(0, 100, 5)),
        "for multiples of ten where all even ones are allowed you get 0.500, expected 0.800",
    ),
    "zero": (lambda i, v: 0, "for one value for ever you get 0.000, expected 0.950"),
    "one for each": (gap, "distance returns shape (20,), expected one number"),
    "NaN": (lambda i, v: math.nan, "what distance returns holds NaN or infinity"),
    "no function": (0.0, "distance is a float, expected a function"),
    "fails": (lambda i, v: i - v, "your distance failed: RuntimeError"),
}


@pytest.mark.parametrize("fault", DISTANCE_FAULTS)
def test_each_fault_of_a_distance_is_named(fault):
    distance, message = DISTANCE_FAULTS[fault]
    refused(message, "2.2", distance)


# --- 3.5 and 3.6: a normal distribution ----------------------------------------------------------


def normal(u):
    return 2 + 0.5 * ndtri(u)[:, None]


DATA = {
    "randn": lambda num: 2 + 0.5 * torch.randn(num, 1),
    "normal": lambda num: torch.normal(2.0, 0.5, (num, 1)),
    "float64": lambda num: 2 + torch.randn(num, 1, dtype=torch.float64) / 2,
    "distribution": lambda num: torch.distributions.Normal(2, 0.5).sample((num, 1)),
    "numpy": lambda num: np.random.normal(2, 0.5, (num, 1)),
    "from a numpy array": lambda num: torch.from_numpy(np.random.normal(2, 0.5, num))[:, None],
    "by quantiles": lambda num: normal(torch.rand(num).clamp(1e-6)),
    "lists": lambda num: [[2 + 0.5 * float(torch.randn(()))] for _ in range(num)],
    "scipy": lambda num: torch.tensor(norm.rvs(2, 0.5, size=(num, 1))),
    "sum of uniforms": lambda num: 2 + 0.5 * (torch.rand(num, 12).sum(dim=1, keepdim=True) - 6),
}


@pytest.mark.parametrize("way", DATA)
def test_right_data_functions_pass(way):
    accepted("3.5", DATA[way])


def always_the_same(num):
    return 2 + 0.5 * torch.randn(num, 1, generator=torch.Generator().manual_seed(1))


NORMAL_FAULTS = {
    "standard": (lambda u: ndtri(u)[:, None], "the mean is -0.0"),
    "mean 0.5": (lambda u: 0.5 + 2 * ndtri(u)[:, None], "expected 2"),
    "mean 2.3": (lambda u: 2.3 + 0.5 * ndtri(u)[:, None], "the mean is 2."),
    "deviation 1": (lambda u: 2 + ndtri(u)[:, None], "the standard deviation is 1.0"),
    "deviation squared": (
        lambda u: 2 + ndtri(u)[:, None] / 4,
        "0.25, expected 0.5: 0.25 is its square",
    ),
    "deviation 0.7": (lambda u: 2 + ndtri(u)[:, None] * 0.7, "the standard deviation is 0."),
    "uniform": (lambda u: u[:, None], "the mean is 0."),
    "wide uniform": (lambda u: 2 + 3 * (u[:, None] - 0.5), "the standard deviation is 0.8"),
    "two lumps": (lambda u: 1.5 + (u[:, None] > 0.5) + normal(u) / 20, "the shape is not normal"),
    "collapsed": (lambda u: 2 + 0 * u[:, None], "collapsed: all samples are near 2.00"),
    "NaN": (lambda u: u[:, None] / 0, "holds NaN or infinity, expected finite numbers only"),
}


def share_of(num):
    return torch.rand(num).clamp(1e-6, 1 - 1e-6)


@pytest.mark.parametrize("fault", NORMAL_FAULTS)
def test_each_fault_of_normal_samples_is_named(fault):
    make, message = NORMAL_FAULTS[fault]
    if fault not in ("standard", "collapsed"):
        refused(message, "3.5", lambda num: make(share_of(num)))
    refused(message, "3.6", lambda num: make(share_of(num)))
    refused(message.replace("-0.0", ""), "3.6", Made(make, share=lambda u: u, latent_dim=1))


DATA_FUNCTION_FAULTS = {
    "collapsed": (
        lambda num: 2 + torch.zeros(num, 1),
        "data returns the same samples at each call",
    ),
    "same": (always_the_same, "data returns the same samples at each call, expected new ones"),
    "one axis": (
        lambda num: 2 + 0.5 * torch.randn(num),
        "data(5000) has shape (5000,), expected (5000",
    ),
    "a row": (
        lambda num: 2 + 0.5 * torch.randn(1, num),
        "data(5000) has shape (1, 5000), expected",
    ),
    "32": (
        lambda num: 2 + 0.5 * torch.randn(32, 1),
        "data(5000) has shape (32, 1), expected (5000, 1)",
    ),
    "evenly spread": (
        lambda num: 2 + 1.732 * (torch.rand(num, 1) - 0.5),
        "the shape is not normal",
    ),
    "samples": (torch.randn(5000, 1), "data is a Tensor, expected a function"),
    "fails": (lambda num: torch.randn(num, one), "your data failed: NameError"),  # noqa: F821
    "a word": (lambda num: "normal", "what data returns is a str, expected a tensor of numbers"),
}


@pytest.mark.parametrize("fault", DATA_FUNCTION_FAULTS)
def test_each_fault_of_a_data_function_is_named(fault):
    data, message = DATA_FUNCTION_FAULTS[fault]
    refused(message, "3.5", data)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([], "your data failed: StopIteration"),
        (["normal"], "what data returns is a str, expected a tensor of numbers"),
    ],
    ids=["fails", "a word"],
)
def test_a_second_call_of_a_data_function_is_judged_like_the_first(second, message):
    calls = iter([2 + 0.5 * torch.randn(5000, 1), *second])
    refused(message, "3.5", lambda num: next(calls))


def uniform_gan(num):
    network = Made(normal, share=lambda u: u, latent_dim=1)
    gan = GAN(network, Discriminator(1), lambda n: torch.rand(n, 1), DATA["randn"], average=0.9)
    return gan.generate_samples(num=num)


NORMAL_GENERATORS = {
    "a network": lambda: Made(normal, share=lambda u: u, latent_dim=1),
    "float64": lambda: Made(normal, share=lambda u: u, latent_dim=1).double(),
    "latent dimension 3": lambda: Made(normal, share=lambda u: u, latent_dim=3),
    "in training mode": lambda: nn.Sequential(
        Made(normal, share=lambda u: u, latent_dim=1), nn.Dropout(0.5)
    ),
    "GAN": lambda: uniform_gan,
    "a function": lambda: DATA["randn"],
    "one axis": lambda: lambda num: normal(share_of(num))[:, 0],
    "a list": lambda: lambda num: normal(share_of(num)).tolist(),
    "a little off": lambda: lambda num: 2.05 + 0.45 * torch.randn(num, 1),
}


@pytest.mark.parametrize("way", NORMAL_GENERATORS)
def test_right_generators_of_normal_samples_pass(way):
    accepted("3.6", NORMAL_GENERATORS[way]())


def test_more_than_one_number_a_sample_is_named():
    refused("makes shape (5000, 2), expected (5000, 1)", "3.6", lambda num: torch.randn(num, 2))
    refused("makes 32 samples where 5000 are asked for", "3.6", lambda num: torch.randn(32, 1))


def test_a_verdict_on_a_generator_tells_its_quality():
    # 0.87 / sqrt(5000) = 0.012 on average
    assert re.search(r"off the curve, KS 0\.0[0-3]", check("3.3", sine()).message)
    assert "100.00% multiples of three, 34 of 34" in check("3.4", Made(threes)).message
    assert "KS distance 0.0" in check("3.6", DATA["randn"]).message


# --- verdicts, hints, solutions, pictures --------------------------------------------------------


def test_only_right_is_true_and_a_verdict_shows_its_message():
    assert Verdict("right", "well done")
    assert not Verdict("wrong", "too small")
    assert not Verdict("not attempted", "")
    assert repr(Verdict("wrong", "too small")) == "wrong: too small"
    assert repr(Verdict("right", "")) == "right"


@pytest.mark.parametrize("ask", [check, hint, solution, expected])
def test_an_unknown_exercise_is_refused_with_those_there_are(ask):
    with pytest.raises(ValueError, match=r"exercise must be one of .*3\.2.*, got '9\.9'"):
        ask("9.9")
    with pytest.raises(ValueError, match=r"exercise must be one of .*3\.2.*, got int 3$"):
        ask(3)


@pytest.mark.parametrize(
    ("latent_dim", "error", "message"),
    [
        (0, ValueError, "latent_dim must be at least 1, got 0"),
        (2.5, TypeError, "latent_dim must be a whole number"),
        (10**5, ValueError, r"latent_dim must leave at most .*, got \d+ x 100000"),
    ],
)
def test_a_latent_dim_that_cannot_be_meant_is_named(latent_dim, error, message):
    with pytest.raises(error, match=message):
        check("3.3", ..., latent_dim=latent_dim)
    assert check("3.3", ..., latent_dim=None).status == "not attempted"


def test_the_number_of_an_exercise_may_be_a_number(capsys):
    assert check(3.1, POINTS)
    hint(3.1)
    solution(3.1)
    expected(3.2)
    assert "Hint 1 for exercise 3.1" in capsys.readouterr().out


def test_expected_knows_only_exercises_with_a_picture():
    with pytest.raises(ValueError, match=r"exercise must be one of 3\.2, 3\.3, got '3\.1'"):
        expected("3.1")


def test_too_many_answers_are_refused():
    with pytest.raises(TypeError):
        check("3.1", POINTS, POINTS)
    with pytest.raises(TypeError):
        check("3.3", sine(), limited(-1.2, 1.2), POINTS)


@pytest.mark.parametrize("exercise", NUMBERS)
def test_hints_come_one_at_a_time(exercise, capsys):
    sources = [cell.source for cell in cells_of(exercise, "hint")]
    hint(exercise)
    assert sources[0] in capsys.readouterr().out
    for number, source in enumerate(sources, 1):
        hint(exercise, number)
        shown = capsys.readouterr().out
        assert shown.startswith(f"Hint {number} for exercise {exercise}")
        assert shown.rstrip().endswith(source)
        assert ("(the last one)" in shown) == (number == len(sources))
        assert (f"there is a hint {number + 1}" in shown) == (number < len(sources))
        assert not any(other in shown for other in sources if other != source)


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (0, ValueError, "number must be at least 1, got 0"),
        (-1, ValueError, "number must be at least 1, got -1"),
        (4, ValueError, "number must be at most 3 for 3.1, got 4"),
        ("2", TypeError, "number must be a whole number"),
        (1.5, TypeError, "number must be a whole number"),
    ],
)
def test_a_hint_that_is_not_there_is_refused(number, error, message):
    with pytest.raises(error, match=message):
        hint("3.1", number)


@pytest.mark.parametrize("exercise", NUMBERS)
def test_the_printed_solution_is_code_that_compiles(exercise, capsys):
    solution(exercise)
    printed = capsys.readouterr().out
    compile(printed, exercise, "exec")
    assert printed.strip() == cells_of(exercise, "answer")[0].source.strip()


@pytest.mark.parametrize(
    "exercise", ["1.1", "1.2", "2.1", "2.2", "3.1", "3.2", "3.5", *sorted(REPAIRS)]
)
def test_the_printed_solution_is_right(exercise, capsys):
    solution(exercise)
    names = {"torch": torch, "nn": nn, "plt": plt, "check": check, "points": POINTS}
    names |= {"bce": bce, "bce_l": bce_l}
    exec(capsys.readouterr().out, names)
    assert eval(cells_of(exercise, "check")[0].source, names), exercise


def test_the_expected_picture_passes_the_check_itself():
    expected("3.2")
    axes = plt.gca()
    accepted("3.2", axes)
    (dots,) = axes.get_lines()
    assert (min(dots.get_xdata()), max(dots.get_xdata())) == (-5, 5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "sin(x)")


def test_the_expected_picture_of_a_generator_has_stars_and_the_right_axis():
    expected("3.3")
    axes = plt.gca()
    assert axes.get_ylim() == (-1.2, 1.2)
    real, generated = axes.get_lines()
    assert (real.get_marker(), generated.get_marker()) == (".", "*")
    x, y = generated.get_data()
    assert y == pytest.approx(np.sin(x))
    assert -5 < min(x) < -4.5  # nearly from end to end, as a good generator's
    assert 4.5 < max(x) < 5
    assert "generator" in axes.get_title()
    (named,) = axes.get_legend().get_texts()
    assert "generated" in named.get_text()
    accepted("3.3", sine(), axes)
    assert set(PICTURES) == {"3.2", "3.3"}


def test_messages_use_no_words_of_the_interpreter():
    faults = {
        "3.1": [make(torch.sin) for make, _ in DATA_FAULTS.values()],
        "3.2": [make() for make, _ in list(PICTURE_FAULTS.values())[:15]],
        "3.3": [Made(make) for make, _ in SINE_FAULTS.values()],
        "3.4": [Made(make) for make, _ in THREES_FAULTS.values()],
    }
    for exercise, answers in faults.items():
        for answer in answers:
            message = check(exercise, answer).message
            plt.close("all")
            for word in ("Traceback", "NoneType", "object at 0x", "grad_fn", "dtype", "tensor("):
                assert word not in message, message
