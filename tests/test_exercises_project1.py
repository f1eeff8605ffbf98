"""Points on a curve, their picture, a generator of them and a score: right and wrong answers.

No network is trained here: right generators are right by construction.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, OtherOrder, accepted, each, judged, refused
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_course.data import Scaler
from gan_course.exercises import check, expected
from gan_course.metrics import curve_mse, fit_and_spread, fit_error, ks_uniform
from gan_course.networks import Discriminator, in_data_units, make_generator
from gan_course.training import GAN

RIGHT, FAULTS = {}, {}  # of each exercise; a fault comes with the words that it must get


def columns(x, y):
    return torch.stack([x, y], dim=1)


def on(curve):
    return lambda f: columns(X, curve(X))


# --- 1.1 and 3.1: data on a curve ----------------------------------------------------------------

X = 10 * (torch.rand(2048, generator=torch.Generator().manual_seed(0)) - 0.5)
EVEN = torch.linspace(-5, 5, 2048)


class Elsewhere(Tensor):
    """A tensor that numpy can't read, as those on a GPU are."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def cpu(self):
        """As it would be on the CPU."""
        return self.as_subclass(Tensor)


DATA = {
    "float32": lambda f: columns(X, f(X)),
    "float64": lambda f: columns(X.double(), f(X.double())),
    "numpy": lambda f: np.column_stack([X.numpy(), f(X).numpy()]),
    "numpy float64": lambda f: columns(X.double(), f(X.double())).numpy(),
    "lists": lambda f: columns(X, f(X)).tolist(),
    "tuples of small tensors": lambda f: list(zip(X, f(X), strict=True)),
    "linspace": lambda f: columns(EVEN, f(EVEN)),
    "arange": lambda f: columns(y := torch.arange(2048) / 204.8 - 5, f(y)),
    "cat": lambda f: torch.cat([X[:, None], f(X)[:, None]], dim=1),
    "transposed": lambda f: torch.stack([X, f(X)]).T,
    "sorted by x": lambda f: columns(X.sort().values, f(X.sort().values)),
    "read backwards": lambda f: columns(X, f(X)).numpy()[::-1],
    "read only": lambda f: np.frombuffer(columns(X, f(X)).numpy().tobytes(), "f4").reshape(-1, 2),
    "with a gradient": lambda f: columns(X.clone().requires_grad_(), f(X)),
    "sparse": lambda f: columns(X, f(X)).to_sparse(),
    "on another device": lambda f: columns(X, f(X)).as_subclass(Elsewhere),
    "rounded to three decimals": lambda f: columns(X, f(X).round(decimals=3)),
    "right to four digits": lambda f: columns(X, f(X) * (1 + 1e-4)),
}
RIGHT["1.1"] = DATA
RIGHT["3.1"] = DATA | {
    "shifted cosine": on(lambda x: torch.cos(x - math.pi / 2)),
    "math": on(lambda x: torch.tensor([math.sin(number) for number in x])),
    "numpy's sine": on(lambda x: torch.from_numpy(np.sin(x.numpy()))),
    "Euler": on(lambda x: torch.exp(1j * x).imag),
    "to degrees and back": on(lambda x: torch.sin(torch.deg2rad(torch.rad2deg(x)))),
}
DATA_FAULTS = {
    "two rows": (lambda f: torch.stack([X, f(X)]), "shape (2, 2048)"),
    "two rows, the cure": (lambda f: [X.tolist(), f(X).tolist()], "rows and columns are swapped"),
    "two rows of three": (lambda f: torch.ones(2, 3), "rows and columns are swapped"),
    "two points": (lambda f: torch.ones(2, 2), "your data have 2 rows, expected 2048"),
    "swapped": (lambda f: columns(f(X), X), "the columns are swapped: column 0 must be x"),
    "0 to 10": (lambda f: columns(EVEN + 5, f(EVEN + 5)), "runs from 0 to 10, expected -5 to 5"),
    "half": (lambda f: columns(EVEN.abs(), f(EVEN.abs())), "to 5, expected -5 to 5"),
    "one place": (lambda f: columns(X * 0, f(X * 0)), "x runs from 0 to 0, expected -5 to 5"),
    "in degrees": (lambda f: columns(X * 57.3, f(X * 57.3)), "x runs from -28"),
    "piled up": (lambda f: columns(X**3 / 25, f(X**3 / 25)), "x is not spread evenly"),
    "three x": (lambda f: columns(y := 5 * (X / 5).round(), f(y)), "x is not spread evenly"),
    "2047": (lambda f: columns(X, f(X))[1:], "your data have 2047 rows, expected 2048"),
    "2049": (lambda f: columns(X, f(X))[[0, *range(2048)]], "have 2049 rows, expected 2048"),
    "three columns": (lambda f: torch.stack([X, f(X), X], 1), "(2048, 3), expected two columns"),
    "x only": (lambda f: X, "your data have shape (2048,), expected two columns, x and y"),
    "one number": (lambda f: 3.0, "your data have shape (), expected two columns, x and y"),
    "an extra axis": (lambda f: columns(X, f(X))[None], "(1, 2048, 2), expected two columns"),
    "NaN": (lambda f: columns(X, f(X).log()), "your data holds NaN or infinity"),
    "complex": (lambda f: columns(X, f(X)) * (1 + 1j), "your data holds complex numbers"),
    "a word": (lambda f: "points", "your data is a str, expected a tensor of numbers"),
    "a function": (lambda f: f, "expected a tensor of numbers"),
    "a dictionary": (lambda f: {"x": X}, "your data is a dict, expected a tensor of numbers"),
    "noisy y": (lambda f: columns(X, f(X) + 0.1 * torch.randn(2048)), "at x ="),
    "one point off": (lambda f: columns(X, f(X) + one_hot(torch.tensor(7), 2048)), "at x ="),
}
FAULTS["3.1"] = DATA_FAULTS | {
    "cosine": (on(torch.cos), "y is the cosine of x, expected sin(x)"),
    "tangent": (on(torch.tan), "y is the tangent of x, expected sin(x)"),
    "degrees": (on(lambda x: torch.sin(x * math.pi / 180)), "y is the sine of x in degrees"),
    "exponential": (on(lambda x: 1.08**x), "y is 1.08 ** x, the curve of the chapter"),
    "minus": (on(lambda x: -torch.sin(x)), "y is not sin(x): at x = "),
    "twice as fast": (on(lambda x: torch.sin(2 * x)), "y is not sin(x): at x = "),
    "a line": (on(lambda x: x), "y is not sin(x): at x = "),
}
FAULTS["1.1"] = DATA_FAULTS | {
    "upside down": (on(lambda x: x**2 - 10), "the arch upside down, expected 10 - x ** 2"),
    "no 10": (on(lambda x: x**2), "y is x ** 2, expected 10 - x ** 2"),
    "brackets": (on(lambda x: (10 - x) ** 2), "y is (10 - x) ** 2: the power binds to x alone"),
    "a line": (on(lambda x: 10 - x), "y is not 10 - x ** 2: at x = "),
    "twice": (on(lambda x: 10 - 2 * x), "y is not 10 - x ** 2: at x = "),
    "cubic": (on(lambda x: 10 - x**3), "y is not 10 - x ** 2: at x = "),
}


@pytest.mark.parametrize("y", [3.0, -0.909])  # the second is far off, though nearer to 0
def test_the_worst_point_is_told_with_what_was_expected(y):
    points = columns(X, torch.sin(X))
    points[5] = torch.tensor([2.0, y])
    refused(f"at x = 2.000 it is {y:.3f}, expected 0.909", "3.1", points)


# --- 3.2: a picture ------------------------------------------------------------------------------

POINTS = columns(X, torch.sin(X))


def picture(draw=lambda ax, x, y: ax.plot(x, y, "."), points=POINTS, **texts):
    _, axes = plt.subplots()
    draw(axes, *points.T.numpy())
    axes.set(**{"xlabel": "x", "ylabel": "sin(x)", "title": "A sine curve", **texts})
    return axes


def drawn(draw):
    return lambda: picture(draw)


def says(**texts):
    return lambda: picture(**texts)


def of(points):
    return lambda: picture(points=points)


def by_pyplot(call):
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


def with_lines_across(axes, x, y):
    axes.plot(x, y, ".")
    axes.axhline(0.5)
    axes.axvline(2)
    axes.axline((0, 2), (1, 3))


def with_the_curve(axes, x, y):
    axes.plot(x, y, ".")
    axes.plot(t := np.linspace(-5, 5), np.sin(t))


def below_a_big_title():
    figure, axes = plt.subplots()
    axes.plot(*POINTS.T, ".")
    axes.set_ylabel("sin x")
    figure.suptitle("The sine")
    return axes


def own_figure():
    figure = Figure()
    figure.subplots().plot(*POINTS.T, ".")
    figure.axes[0].set(ylabel="sine", title="sine")
    return figure


STRAY = over(-5, 5, 2000) + columns(torch.zeros(2000), torch.arange(2000) < 100)  # 1 in 20
RIGHT["3.2"] = {
    "ax.plot": picture,
    "ax.scatter": drawn(lambda ax, x, y: ax.scatter(x, y, s=1)),
    "plt.plot": lambda: by_pyplot(lambda x, y: plt.plot(x, y, ".")),
    "plt.scatter": lambda: by_pyplot(plt.scatter),
    "a figure": lambda: picture().figure,
    "a figure of its own": own_figure,
    "several calls": drawn(in_a_loop),
    "a line": drawn(lambda ax, x, y: ax.plot(np.sort(x), np.sin(np.sort(x)))),
    "dots and the curve": drawn(with_the_curve),
    "error bars": drawn(lambda ax, x, y: ax.errorbar(x, y, yerr=0.1, fmt=".")),
    "stems": drawn(lambda ax, x, y: ax.stem(x[:200], y[:200])),
    "lines across": drawn(with_lines_across),
    "two points": drawn(lambda ax, x, y: (ax.scatter(x, y), ax.plot([-5, 5], [0.3, 0.3]))),
    "a shade": drawn(lambda ax, x, y: (ax.scatter(x, y), ax.fill_between(x, 2, 3))),
    "the origin": drawn(lambda ax, x, y: (ax.scatter(x, y), ax.scatter(0, 0))),
    "hidden points": drawn(with_masked_points),
    "a gap": drawn(lambda ax, x, y: ax.plot(np.append(x, np.nan), np.append(y, 1), ".")),
    "a legend": drawn(lambda ax, x, y: (ax.plot(x, y, ".", label="cos"), ax.legend())),
    "limits": says(ylim=(2, -2), xlim=(-9, 9)),
    "float64": of(columns(X.double(), X.double().sin())),
    "a hundred points": of(over(-5, 5, 100)),
    "from -4.5 to 4.5": of(over(-4.5, 4.5)),
    "one point in twenty elsewhere": of(STRAY),
    "rounded": of(POINTS.round(decimals=3)),
    "in German": says(ylabel="sin x", title="Sinuskurve"),
    "in French": says(ylabel="y = sinx", title="Courbe sinusoïdale"),
    "in TeX": says(ylabel=r"$\sin x$", title=r"$y=\sin(x)$"),
    "in capitals": says(ylabel="SIN(X)", title="SINE"),
    "a title that looks back": says(title="A sine, no longer an exponential curve"),
    "a title on the left": lambda: (ax := picture(title=""), ax.set_title("Sine", loc="left"))[0],
    "a title of the figure": below_a_big_title,
}
SAYS = "expected one that speaks of the sine"
FAULTS["3.2"] = {
    "label left": (says(ylabel="exponential"), f"y label still says 'exponential', {SAYS}"),
    "title left": (says(title="1.08 ** x"), f"the title still says '1.08 ** x', {SAYS}"),
    "dollars": (says(ylabel="balance in dollars"), "the y label still says 'balance in"),
    "no label": (says(ylabel=""), f"the y label is empty, {SAYS}"),
    "no title": (says(title="  "), f"the title is empty, {SAYS}"),
    "another label": (says(ylabel="y"), f"the y label says 'y', {SAYS}"),
    "cosine": (says(title="Cosine"), f"the title says 'Cosine', {SAYS}"),
    "increasing": (says(title="Increasing"), "the title says 'Increasing'"),
    "a single run": (says(title="A single run"), "the title says 'A single run'"),
    "empty axes": (lambda: plt.subplots()[1], "your picture has no points in it yet"),
    "empty plot": (drawn(lambda ax, x, y: ax.plot([], [])), "no points in it yet"),
    "only a line across": (drawn(lambda ax, x, y: ax.axhline(0)), "no points in it yet"),
    "empty figure": (plt.figure, "your figure is empty, expected a picture of the points"),
    "few points": (of(POINTS[:50]), "has 50 points, expected all 2,048"),
    "swapped": (of(POINTS.flip(1)), "x and y are swapped in your picture"),
    "cosine points": (of(columns(X, X.cos())), "do not lie on the sine"),
    "points above": (of(columns(X, X.sin() + 0.3)), "do not lie on the sine"),
    "exponential points": (of(columns(X, 1.08**X)), "do not lie on the sine"),
    "x only": (drawn(lambda ax, x, y: ax.plot(x)), "do not lie on the sine"),
    "with the old points": (of(torch.cat([POINTS, columns(X, 1.08**X)])), "do not lie on the sine"),
    "half of x": (of(POINTS[X > 0]), "in your picture, expected -5 to 5"),
    "old x limits": (says(xlim=(0, 50)), "shows x from 0 to 50, but the points run from -"),
    "old y limits": (says(ylim=(50, 0.5)), "y from 0.5 to 50, but the points run from -1 to 1"),
    "the line": (lambda: plt.plot([1, 2]), "your answer is a list, expected the axes you drew on"),
    "plt": (lambda: plt, "your answer is a module, expected the axes you drew on: fig, ax = …"),
    "the pair": (plt.subplots, "your answer is a tuple, expected the axes"),
    "the points": (lambda: POINTS, "your answer is a Tensor, expected the axes"),
    "two pictures": (lambda: plt.subplots(1, 2)[1], "your answer is a ndarray, expected the axes"),
}


# --- 3.3: a generator ----------------------------------------------------------------------------


def on_sine(u):
    return columns(10 * u - 5, torch.sin(10 * u - 5))


def scaled_sine(u):
    return columns(2 * u - 1, torch.sin(10 * u - 5))


def sine(**options):
    return Made(on_sine, **options)


def gan(network=None):
    noise = lambda num: torch.randn(num, 2)  # noqa: E731
    return GAN(network or sine(), Discriminator(2), noise, lambda num: torch.zeros(num, 2))


RANGES = Scaler(torch.tensor([-5.0, -1.0]), torch.tensor([5.0, 1.0]))
RIGHT["3.3"] = {
    "a network": sine,
    "float64": lambda: sine().double(),
    "latent dimension 17": lambda: sine(latent_dim=17),
    "dropout in training mode": lambda: Made(on_sine, nn.Dropout(0.5)).train(),
    "batch norm in training mode": lambda: Made(on_sine, nn.BatchNorm1d(2)).train(),
    "layers in another order": lambda: OtherOrder(on_sine),
    "scaled, undone": lambda: in_data_units(nn.Sequential(Made(scaled_sine)), RANGES),
    "a function": lambda: lambda num: on_sine(torch.rand(num)),
    "a function with a gradient": lambda: lambda num: sine()(torch.randn(num, 2)),
    "numpy": lambda: lambda num: on_sine(torch.rand(num)).numpy(),
    "uniform noise": lambda: lambda num: sine(share=torch.clone)(torch.rand(num, 2)),
    "GAN": lambda: lambda num: gan().generate_samples(num=num),
    "a little noise on y": lambda: Made(lambda u: on_sine(u) + 0.05 * torch.randn(len(u), 2)),
    "ends left out": lambda: Made(lambda u: on_sine(0.04 + 0.92 * u)),
    "a little too wide": lambda: Made(lambda u: on_sine(-0.04 + 1.08 * u)),
    "45 of 50 bins": lambda: Made(lambda u: on_sine(0.061 + 0.898 * u)),
}


def test_the_size_of_the_noise_can_be_given():
    accepted("3.3", NoLinear(on_sine), latent_dim=4)
    accepted("3.3", sine(latent_dim=5), latent_dim=5)


def limited(low, high, draw=True):
    return picture(ylim=(low, high)) if draw else picture(lambda *_: None, ylim=(low, high))


PICTURES_OF_GENERATED = {
    "as asked": lambda: limited(-1.2, 1.2),
    "float32": lambda: limited(np.float32(-1.2), np.float32(1.2)),
    "a figure": lambda: limited(-1.2, 1.2).figure,
}
LIMITS = "expected -1.2 to 1.2"
PICTURES_OF_GENERATED_FAULTS = {
    "-1 to 1": (lambda: limited(-1, 1), f"your picture shows y from -1 to 1, {LIMITS}"),
    "0 to 50": (lambda: limited(0, 50), f"shows y from 0 to 50, {LIMITS}"),
    "high end": (lambda: limited(-1.2, 1), f"shows y from -1.2 to 1, {LIMITS}"),
    "low end": (lambda: limited(-1, 1.2), f"shows y from -1 to 1.2, {LIMITS}"),
    "upside down": (lambda: limited(1.2, -1.2), f"from 1.2 to -1.2, {LIMITS}"),
    "empty": (lambda: limited(-1.2, 1.2, draw=False), "no points in it yet"),
    "two pictures": (lambda: plt.subplots(1, 2)[1], "your answer is a ndarray"),
    "a text": (lambda: "no picture", "your answer is a str"),
}


@pytest.mark.parametrize(("exercise", "draw"), each({"3.3": PICTURES_OF_GENERATED}))
def test_right_pictures_of_generated_points_pass(exercise, draw):
    accepted(exercise, sine(), draw())


@pytest.mark.parametrize(("exercise", "fault"), each({"3.3": PICTURES_OF_GENERATED_FAULTS}))
def test_each_fault_in_a_picture_of_generated_points_is_named(exercise, fault):
    draw, message = fault
    refused(message, exercise, sine(), draw())


def at(x):
    return lambda u: on_sine((u * 0 + x + 5) / 10)


def left_and_far_away(u):
    return on_sine(torch.where(u < 0.05, 2.5, 0.7 * (u - 0.05) / 0.95))


CLOUD, MISSING = "of its height off the curve", "part of the range is missing: nearly all x"
SINE_FAULTS = {
    "collapsed": (at(2), "collapsed: all points sit near x = 2.00, expected them spread from -5"),
    "collapsed off the range": (at(20), "collapsed: all points sit near x = 20.00"),
    "a small heap": (lambda u: on_sine(0.69 + 0.02 * u), "all points sit near x = 2.0"),
    "always 0": (lambda u: torch.zeros(len(u), 2), "collapsed: all points sit near x = 0.00"),
    "half the range": (lambda u: on_sine(u / 2), MISSING),
    "half, where": (lambda u: on_sine(u / 2), "(25 of 50 bins), expected -5 to 5"),
    "the middle only": (lambda u: on_sine(0.3 + 0.4 * u), MISSING),
    "a part, and some far away": (left_and_far_away, "nearly all x lie between -4.9 and 1.9"),
    "44 bins": (lambda u: on_sine(0.061 + 0.878 * u), "(44 of 50 bins)"),
    "a hole": (lambda u: on_sine(u - 0.3 * ((u > 0.4) & (u < 0.7))), "(35 of 50 bins)"),
    "two places": (lambda u: on_sine((u > 0.5) * 0.8 + 0.1), "(2 of 50 bins)"),
    "too wide": (lambda u: on_sine(2 * u - 0.5), "of the points lie outside -5 to 5, expected few"),
    "uneven": (lambda u: on_sine(u**3), "x is spread unevenly: KS distance 0."),
    "cosine": (lambda u: columns(x := 10 * u - 5, x.cos()), "off the curve, expected 10 % at most"),
    "flat": (lambda u: columns(x := 10 * u - 5, x * 0), CLOUD),
    "a cloud": (lambda u: on_sine(u) + torch.randn(len(u), 2), CLOUD),
    "still scaled": (scaled_sine, "your points lie between -1 and 1: undo the scaling"),
    "swapped": (lambda u: on_sine(u).flip(1), "the columns are swapped: column 0 must be x"),
    "swapped middle": (lambda u: on_sine(0.25 + 0.5 * u).flip(1), "the columns are swapped"),
    "x only": (lambda u: 10 * u[:, None] - 5, "makes shape (5000, 1), expected two columns"),
    "no columns": (lambda u: u, "your generator makes shape (5000,), expected two columns"),
    "transposed": (lambda u: on_sine(u).T, "makes 2 samples where 5000 are asked for"),
    "500 rows": (lambda u: on_sine(u)[:500], "makes 500 samples where 5000 are asked for"),
    "no rows": (lambda u: on_sine(u)[:0], "makes 0 samples where 5000 are asked for"),
    "one number": (lambda u: u.sum(), "your generator makes 1 samples where 5000 are asked for"),
    "NaN": (lambda u: on_sine(u).log(), "what your generator makes holds NaN or infinity"),
    "a pair": (lambda u: (on_sine(u), u), "makes is a tuple, expected a tensor"),
    "complex": (lambda u: on_sine(u) + 0j, "what your generator makes holds complex numbers"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"3.3": SINE_FAULTS}))
def test_each_fault_of_a_generator_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, Made(make))
    refused(message, exercise, lambda num: make(torch.rand(num)))


def broken(num):
    raise RuntimeError(f"no {num} today")


MISFIT = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 2))
# from 2.15 on torch names its operation between the two
FAILED, SHAPES = "your generator failed when it was used: ", "mat1 and mat2 shapes cannot be"
NO_GENERATORS = {
    "points": (lambda: POINTS, {}, "is a Tensor, expected a network or a function"),
    "a GAN": (gan, {}, "your generator is a GAN, expected a network or a function"),
    "no weights": (nn.ReLU, {}, "has no weights, so it can't have been trained"),
    "no linear layer": (lambda: NoLinear(on_sine), {}, "can't be read off your generator: pass"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), {}, "pass latent_dim=…"),
    "broken": (lambda: broken, {}, "your generator failed: RuntimeError: no 5000 today"),
    "layers don't fit": (lambda: MISFIT, {}, FAILED),
    "layers don't fit, how": (lambda: MISFIT, {}, SHAPES),
    "another size": (sine, {"latent_dim": 9}, FAILED),
    "another size, how": (sine, {"latent_dim": 9}, SHAPES),
    "the way out": (sine, {"latent_dim": 9}, "noise has another size, pass latent_dim=…"),
    "no size": (sine, {"latent_dim": 0}, FAILED),
    "half a size": (sine, {"latent_dim": 2.5}, FAILED),
    "untrained": (lambda: make_generator(output_dim=2), {}, "expected"),
}


@pytest.mark.parametrize(
    ("exercise", "fault"), each(dict.fromkeys(["3.3", "3.4", "3.6"], NO_GENERATORS))
)
def test_what_is_no_generator_is_named(exercise, fault):
    make, options, message = fault
    refused(message, exercise, make(), **options)


def test_looking_changes_neither_the_mode_nor_a_lazy_layer_nor_the_random_numbers():
    network, lazy, state = (
        Made(on_sine, nn.Dropout(0.5)).train(),
        nn.LazyLinear(2),
        torch.get_rng_state(),
    )
    check("3.3", network)
    check("3.3", nn.Sequential(lazy))
    assert network.training
    assert lazy.has_uninitialized_params()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_verdict_on_a_generator_tells_its_quality():
    # 0.87 / sqrt(5000) = 0.012 on average
    assert re.search(r"off the curve, KS 0\.0[0-3]", judged("3.3", sine()).message)


# --- 1.2: a score --------------------------------------------------------------------------------


def miss(points):
    return fit_error(points, torch.sin, -5, 5)


def spread(points):
    return ks_uniform(points[:, 0], -5, 5)


def both(points):
    return fit_and_spread(points, torch.sin, -5, 5)


def emptiness(points):
    return 1 - len(torch.histc(points[:, 0], 50, -5, 5).nonzero()) / 50


def by_numpy(points):
    x, y = points.numpy().T
    return np.abs(y - np.sin(x)).mean() + np.abs(np.sort(x) - np.linspace(-5, 5, len(x))).mean()


def in_place(points):
    points[:, 1] -= torch.sin(points[:, 0])
    return points[:, 1].abs().mean() + spread(points)


def far_off(points):
    return float((points[:, 1] - points[:, 0].sin()).abs().gt(1).sum())


RIGHT["1.2"] = {
    "the helper": both,
    "by numpy": by_numpy,
    "bins": lambda p: miss(p) + emptiness(p),
    "mean and deviation": lambda p: miss(p) + abs(p[:, 0].mean()) + abs(p[:, 0].std() - 2.89),
    "a tensor": lambda p: torch.tensor([[miss(p) + spread(p)]]),
    "the larger of the two": lambda p: max(miss(p), spread(p)),
    "with a gradient": lambda p: torch.tensor(both(p)).requires_grad_(),
    "in place": in_place,
    "yes or no": lambda p: both(p) > 0.1,
}
STAYS, HALF, ABOVE = "one point of the curve for ever", "the left half only", "has y off the curve"
FAULTS["1.2"] = {
    "distance only": (miss, "the impostor that "),
    "mean squared error": (lambda p: curve_mse(p, torch.sin) + 1e-9, STAYS),
    "spread only": (spread, ABOVE),
    "deviation and distance": (lambda p: miss(p) + max(0.0, 0.5 - float(p[:, 0].std())), HALF),
    "constant": (lambda p: 1.0, "and real points get 1: expected at least twice as much"),
    "zero": (lambda p: 0, "gets 0, and real points get 0"),
    "higher is better": (lambda p: -both(p), "expected scores of 0 or more"),
    "not clearly": (lambda p: 1 + both(p), "expected at least twice"),
    "blind to half a unit": (lambda p: spread(p) + far_off(p), ABOVE),
    "another curve": (lambda p: fit_and_spread(p, torch.cos, -5, 5), "the impostor that"),
    "one for each": (
        lambda p: p[:, 1] - p[:, 0].sin(),
        "returns shape (2000,), expected one number",
    ),
    "two numbers": (lambda p: (miss(p), 0.1), "score returns shape (2,), expected one number"),
    "NaN": (lambda p: math.nan, "what score returns holds NaN or infinity"),
    "a word": (lambda p: "good", "what score returns is a str, expected a tensor of numbers"),
    "no function": (0.3, "score is a float, expected a function"),
    "two arguments": (lambda p, curve: 0, "your score failed: TypeError"),
}


def test_an_impostor_needs_twice_the_score_of_real_points():
    # real points are shown first
    scores = iter([1, 2, 2, 2, 2])
    accepted("1.2", lambda points: next(scores))
    scores = iter([1, 2, 2, 2, 1.99])
    refused("has y off the curve gets 1.99, and real points get 1", "1.2", lambda _: next(scores))


MADE = {
    "1.1": lambda make: make(lambda x: 10 - x**2),
    "3.1": lambda make: make(torch.sin),
    "3.2": lambda draw: draw(),
    "3.3": lambda make: make(),
    "1.2": lambda score: score,
}


@pytest.mark.parametrize(("exercise", "answer"), each(RIGHT))
def test_right_answers_pass_however_they_are_made(exercise, answer):
    accepted(exercise, MADE[exercise](answer))


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    answer, message = fault
    refused(message, exercise, MADE[exercise](answer))


# --- the pictures that are expected --------------------------------------------------------------


def test_the_expected_picture_passes_the_check_itself():
    expected("3.2")
    (dots,) = plt.gca().get_lines()
    assert (min(dots.get_xdata()), max(dots.get_xdata())) == (-5, 5)
    accepted("3.2", plt.gca())


def test_the_expected_picture_of_a_generator_has_stars_and_the_right_axis():
    expected("3.3")
    real, generated = plt.gca().get_lines()
    assert (real.get_marker(), generated.get_marker()) == (".", "*")
    x, y = generated.get_data()
    assert y == pytest.approx(np.sin(x))
    assert -5 < min(x) < -4.5  # nearly from end to end, as a good generator's
    assert 4.5 < max(x) < 5
    accepted("3.3", sine(), plt.gca())
