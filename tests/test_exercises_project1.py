"""Points on a curve, their picture, a generator of them and a score: right and wrong answers.

No network is trained here: right generators are right by construction.
"""

import functools
import math
import re

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, OtherOrder, accepted, each, judged, refused
from matplotlib import pyplot as plt
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_course.data import Scaler
from gan_course.exercises import check, expected
from gan_course.metrics import energy_distance, fit_and_spread, fit_error, ks_uniform
from gan_course.networks import Discriminator, in_data_units
from gan_course.training import GAN

RIGHT, FAULTS = {}, {}  # of each exercise; a fault comes with the words that it must get


def columns(x, y):
    return torch.stack([x, y], dim=1)


# --- B and 3.1: data on a curve ----------------------------------------------------------------

X = 10 * (torch.rand(2048, generator=torch.Generator().manual_seed(0)) - 0.5)
EVEN = torch.linspace(-5, 5, 2048)


def on(curve, x=X):
    return columns(x, curve(x))


POINTS, CHAPTER = on(torch.sin), on(lambda x: 1.08**x)


class Elsewhere(Tensor):
    """A tensor that numpy can't read, as those on a GPU are."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def cpu(self):
        """As it would be on the CPU."""
        return self.as_subclass(Tensor)


def arch(x):
    return 10 - x**2


RIGHT["B"] = {
    "float32": on(arch),
    "float16": on(arch, X.half()),
    "float16 afterwards": on(arch).half(),
    "numpy": on(arch).numpy(),
    "10 - x * x": on(lambda x: 10 - x * x),
}
RIGHT["3.1"] = {
    "float32": POINTS,
    "float64": on(torch.sin, X.double()),
    "numpy": POINTS.numpy(),
    "lists": POINTS.tolist(),
    "tuples of small tensors": list(zip(*POINTS.T, strict=True)),
    "linspace": on(torch.sin, EVEN),
    "transposed": torch.stack([X, X.sin()]).T,
    "read backwards": POINTS.numpy()[::-1],
    "with a gradient": on(torch.sin, X.clone().requires_grad_()),
    "sparse": POINTS.to_sparse(),
    "float16": POINTS.half(),
    "float16, in numpy": POINTS.half().numpy(),
    "two decimals of x": on(torch.sin, X.round(decimals=2)),
    "arange": on(torch.sin, torch.arange(-5, 5, 10 / 2048)),
    "on another device": POINTS.as_subclass(Elsewhere),
    "rounded to three decimals": on(lambda x: x.sin().round(decimals=3)),
    "shifted cosine": on(lambda x: torch.cos(x - math.pi / 2)),
    "to degrees and back": on(lambda x: torch.sin(torch.deg2rad(torch.rad2deg(x)))),
}
FAULTS["3.1"] = {
    "two rows": (POINTS.T, "shape (2, 2048)"),
    "two rows, the cure": (POINTS.T.tolist(), "rows and columns are swapped"),
    "two points": (POINTS[:2], "your answer has 2 rows, expected 2048"),
    "swapped": (POINTS.flip(1), "the columns are swapped: column 0 must be x"),
    "0 to 10": (on(torch.sin, EVEN + 5), "runs from 0 to 10, expected -5 to 5"),
    "one place": (on(torch.sin, X * 0), "x runs from 0 to 0, expected -5 to 5"),
    "to 5.1": (on(torch.sin, EVEN + 0.05), "x runs from -4.95 to 5.05, expected -5 to 5"),
    "piled up": (on(torch.sin, X**3 / 25), "x is not spread evenly"),
    "2049": (POINTS[[0, *range(2048)]], "has 2049 rows, expected 2048"),
    "three columns": (torch.stack([X, X, X], 1), "(2048, 3), expected two columns"),
    "x only": (X, "your answer has shape (2048,), expected two columns, x and y"),
    "one number": (3.0, "your answer has shape (), expected two columns, x and y"),
    "NaN": (on(torch.log), "your answer holds NaN or infinity"),
    "complex": (POINTS * (1 + 1j), "your answer holds complex numbers"),
    "a dictionary": ({"x": X}, "your answer is a dict, expected a tensor of numbers"),
    "one point off": (POINTS + one_hot(torch.tensor(7), 4096).view(2048, 2), "at x ="),
    "cosine": (on(torch.cos), "y is the cosine of x, expected sin(x)"),
    "tangent": (on(torch.tan), "y is the tangent of x, expected sin(x)"),
    "degrees": (on(lambda x: torch.sin(x * math.pi / 180)), "y is the sine of x in degrees"),
    "exponential": (CHAPTER, "y is 1.08 ** x, the curve of the chapter"),
    "minus": (on(lambda x: -torch.sin(x)), "y is not sin(x): at x = "),
    "noisy": (on(torch.sin) + columns(X * 0, X.roll(1) / 40), "y is not sin(x): at x = "),
    "rounded": (on(torch.sin, X.round()), "x has only 11 different values: draw numbers between"),
    "one decimal": (on(torch.sin, X.round(decimals=1)), "x has only 101 different values"),
    "whole numbers": (POINTS.long(), "with torch.rand, and round nothing"),
    "normal x": (on(torch.sin, torch.linspace(-3, 3, 2048) ** 3), "runs from -27 to 27, expected"),
    "0 to 1": (on(torch.sin, EVEN.abs() / 5), "to 1, expected -5 to 5"),
    "scaled": (columns(X / 5, X.sin()), "x runs from -1 to 1, expected -5 to 5"),
    "twice as fast": (on(lambda x: torch.sin(2 * x)), "y is not sin(x): at x = "),
    "y of other x": (columns(X, X.roll(1).sin()), "another x? Draw x once and use it for both"),
    "sorted afterwards": (columns(X.sort().values, X.sin()), "Is it that of another x? Draw x on"),
    "a batch": (POINTS[:128], "your answer has 128 rows, expected 2048"),
    "columns of one": (POINTS[:, :, None], "has shape (2048, 2, 1), expected two columns"),
    "a function": (lambda: POINTS, "a function, expected a tensor of numbers: call it, with ( )"),
    "the name": ("points", "your answer is a str, expected a tensor of numbers"),
}
FAULTS["B"] = {
    "swapped": (RIGHT["B"]["float32"].flip(1), "the columns are swapped: column 0 must be x"),
    "upside down": (on(lambda x: x**2 - 10), "the arch upside down, expected 10 - x ** 2"),
    "plus": (on(lambda x: 10 + x**2), "y is 10 + x ** 2: the sign of x ** 2 is wrong, expected"),
    "minus alone": (on(lambda x: -(x**2)), "y is -x ** 2: the 10 is missing, expected 10 - x"),
    "no 10": (on(lambda x: x**2), "y is x ** 2, expected 10 - x ** 2"),
    "brackets": (on(lambda x: (10 - x) ** 2), "y is (10 - x) ** 2: the power binds to x alone"),
    "twice": (on(lambda x: 10 - 2 * x), "y is not 10 - x ** 2: at x = "),
    "rounded": (on(arch, X.round()), "x has only 11 different values"),
    "whole numbers": (on(arch).long(), "different values: draw numbers between the whole ones"),
    "sine": (POINTS, "y is not 10 - x ** 2: at x = "),
    "100": (on(lambda x: 100 - x**2), "y is not 10 - x ** 2: at x = "),
    "all below": (on(lambda x: -(x**2) - 10), "y is not 10 - x ** 2: at x = "),
    "abs": (on(lambda x: 10 - x.abs()), "y is not 10 - x ** 2: at x = "),
    "0 to 10": (on(arch, X + 5), "to 10, expected -5 to 5"),
    "two rows": ([X, arch(X)], "rows and columns are swapped, try torch.stack([x, y], dim=1)"),
    "none": (torch.empty(0, 2), "your answer has 0 rows, expected 2048"),
    "y only": (arch(X), "has shape (2048,), expected two columns, x and y"),
}


@pytest.mark.parametrize("y", [3.0, -0.909])  # the second is far off, though nearer to 0
def test_the_worst_point_is_told_with_what_was_expected(y):
    points = POINTS.clone()
    points[5] = torch.tensor([2.0, y])
    refused(f"at x = 2.000 it is {y:.3f}, expected 0.909", "3.1", points)


# --- 3.2: a picture ------------------------------------------------------------------------------


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


def plain(axes, x, y, style="-"):
    axes.plot(x, y, style)


def by_pyplot():
    plt.figure()
    lines = plt.plot(*POINTS.T, ".")
    plt.xlabel("x")
    plt.ylabel("sin(x)")
    plt.title("Sine")
    return lines


def after_show():
    by_pyplot()
    plt.close()  # which plt.show() does in a notebook
    return plt.gca()


def with_masked_points(axes, x, y):
    hidden = np.arange(len(x)) < 200
    axes.scatter(np.append(x, x), np.ma.array(np.append(y, y), mask=[*hidden, *~hidden]))


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
    axes.set(xlabel="x", ylabel="sin x")
    figure.suptitle("The sine")
    return axes


def assigned(name):
    return lambda: (ax := picture(), setattr(ax, name, "sine"))[0]


STRAY = POINTS + columns(X * 0, torch.arange(2048) < 100)  # not quite 1 in 20
RIGHT["3.2"] = {
    "ax.plot": picture,
    "ax.scatter": drawn(lambda ax, x, y: ax.scatter(x, y, s=1)),
    "plt.plot": lambda: (by_pyplot(), plt.gca())[1],
    "lines of plt.plot": by_pyplot,
    "dots of plt.scatter": lambda: picture(lambda ax, x, y: ax.scatter(x, y)).collections[0],
    "the pair": lambda: (ax := picture(), (ax.figure, ax))[1],
    "a line from left to right": lambda: picture(plain, on(torch.sin, X.sort().values)),
    "a line from right to left": lambda: picture(plain, on(torch.sin, -X.sort().values)),
    "another x label": says(xlabel="angle (radians)"),
    "a figure": lambda: picture().figure,
    "dots and the curve": drawn(with_the_curve),
    "error bars": drawn(lambda ax, x, y: ax.errorbar(x, y, yerr=0.1, fmt=".")),
    "lines across": drawn(with_lines_across),
    "a shade": drawn(lambda ax, x, y: (ax.scatter(x, y), ax.fill_between(x, 2, 3))),
    "hidden points": drawn(with_masked_points),
    "limits": says(ylim=(2, -2), xlim=(-9, 9)),
    "a hundred points": of(on(torch.sin, torch.linspace(-4.5, 4.5, 100))),
    "one point in twenty elsewhere": of(STRAY),
    "rounded": of(POINTS.round(decimals=3)),
    "in German": says(ylabel="sin x", title="Sinuskurve"),
    "in French": says(ylabel="y = sinx", title="Courbe sinusoïdale"),
    "in TeX": says(ylabel=r"$\sin x$", title=r"$y=\sin(x)$"),
    "a title that looks back": says(title="A sine, no longer an exponential curve"),
    "a title on the left": lambda: (ax := picture(title=""), ax.set_title("Sine", loc="left"))[0],
    "a title of the figure": below_a_big_title,
}
SAYS = "expected one that speaks of the sine"
FAULTS["3.2"] = {
    "label left": (says(ylabel="exponential"), f"y label still says 'exponential', {SAYS}"),
    "title left": (says(title="1.08 ** x"), f"the title still says '1.08 ** x', {SAYS}"),
    "no label": (says(ylabel=""), f"the y label is missing, {SAYS}"),
    "no title": (says(title="  "), f"the title is missing, {SAYS}"),
    "cosine": (says(title="Cosine"), f"the title says 'Cosine', {SAYS}"),
    "a single run": (says(title="A single run"), "the title says 'A single run'"),
    "a title assigned": (assigned("title"), "draws nothing. Make new axes, then call ax.set(t"),
    "a label assigned": (assigned("ylabel"), "new axes, then call ax.set(ylabel='sine')"),
    "a call assigned": (assigned("set_xlabel"), "`ax.set_xlabel = ...` draws nothing. Make new ax"),
    "y as x label": (says(xlabel="$y$"), "the x label says '$y$', expected 'x'"),
    "sine as x label": (says(xlabel="sin(x)"), "the x label says 'sin(x)', expected 'x'"),
    "empty axes": (lambda: plt.subplots()[1], "your picture has no points in it. plt.show() ends"),
    "only a line across": (drawn(lambda ax, x, y: ax.axhline(0)), "points in it. plt.show() ends"),
    "empty figure": (plt.figure, "your figure is empty, expected a picture of the points"),
    "few points": (of(POINTS[:50]), "has 50 points, expected all 2,048"),
    "swapped": (of(POINTS.flip(1)), "x and y are swapped in your picture"),
    "exponential points": (of(CHAPTER), "lie on 1.08 ** x: it is still the exponential"),
    "cosine points": (of(on(torch.cos)), "do not lie on the sine"),
    "x only": (drawn(lambda ax, x, y: ax.plot(x)), "x runs from 0 to 2047, the row number: ax.pl"),
    "both columns": (drawn(lambda ax, *_: ax.plot(POINTS, ".")), "from 0 to 2047, the row number"),
    "two rows": (drawn(lambda ax, *_: ax.plot(POINTS[0], POINTS[1], ".")), "0] and points[:, 1]"),
    "with the old points": (of(torch.cat([POINTS, CHAPTER])), "do not lie on the sine"),
    "half of x": (of(POINTS[X > 0]), "in your picture, expected -5 to 5"),
    "old x limits": (says(xlim=(0, 50)), "shows x from 0 to 50, but the points run from -"),
    "old y limits": (says(ylim=(50, 0.5)), "y from 0.5 to 50, but the points run from -1 to 1"),
    "plt": (lambda: plt, "your answer is a module, expected the axes you drew on: fig, ax = plt."),
    "nothing drawn": (lambda: [], "your answer is a list, expected the axes"),
    "points": (lambda: POINTS, "your answer is a Tensor, expected the axes you drew on"),
    "a line": (drawn(plain), "a line joins your points in the order of the rows, which is random"),
    "dots and a line": (drawn(lambda *xy: plain(*xy, "o-")), 'draw dots, ax.plot(x, y, ".")'),
    "steps": (drawn(lambda ax, x, y: ax.step(x, y)), "a line joins your points in the order"),
    "no x label": (says(xlabel=""), "the x label is missing, expected 'x'"),
    "old x label": (says(xlabel="x (years)"), "the x label still says 'x (years)', expected 'x'"),
    "old title": (says(title="Balance after x years"), "the title still says 'Balance after x"),
    "after show": (after_show, "or ax = plt.gca() before plt.show(), in the same cell"),
    "a histogram": (drawn(lambda ax, x, y: ax.hist(x)), "no points in it. plt.show() ends a"),
    "y alone": (drawn(lambda ax, x, y: ax.plot(y, ".")), "x runs from 0 to 2047, the row number"),
    "log": (says(xscale="log"), "but the points run from -5 to 5"),
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
    "batch norm in training mode": lambda: Made(on_sine, nn.BatchNorm1d(2)).train(),
    "layers in another order": lambda: OtherOrder(on_sine),
    "scaled, undone": lambda: in_data_units(nn.Sequential(Made(scaled_sine)), RANGES),
    "a function": lambda: lambda num: on_sine(torch.rand(num)),
    "numpy": lambda: lambda num: on_sine(torch.rand(num)).numpy(),
    "GAN": lambda: lambda num: gan().generate_samples(num=num),
    "a little noise on y": lambda: Made(lambda u: on_sine(u) + 0.05 * torch.randn(len(u), 2)),
    "a little too wide": lambda: Made(lambda u: on_sine(-0.04 + 1.08 * u)),
    "45 of 50 bins": lambda: Made(lambda u: on_sine(0.061 + 0.898 * u)),
}


def generated(axes, x, y, off=0.02):
    plain(axes, x, y, ".")
    axes.plot(t := np.linspace(-4.9, 4.9, 300), np.sin(t) + off * np.sin(97 * t), "*")


def shown(draw=generated, **limits):
    return picture(draw, **{"ylim": (-1.2, 1.2), **limits})


def heap(axes, x, y):
    plain(axes, x, y, ".")
    axes.plot(x, np.flip(y), "*")


def between(low, high):
    x = np.linspace(low, high, 300)
    return lambda axes, *_: axes.plot(x, np.sin(x) + 0.02, "*")


LIMITS, GENERATED = "expected -1.2 to 1.2", "generated points, expected some hundred: draw those"
PICTURES_OF_GENERATED = {
    "high end": (lambda: shown(ylim=(-1.2, 1)), f"shows y from -1.2 to 1, {LIMITS}"),
    "low end": (lambda: shown(ylim=(-1, 1.2)), f"shows y from -1 to 1.2, {LIMITS}"),
    "upside down": (lambda: shown(ylim=(1.2, -1.2)), f"from 1.2 to -1.2, {LIMITS}"),
    "empty": (lambda: shown(lambda *_: None), "no points in it. plt.show() ends a"),
    "two pictures": (lambda: plt.subplots(1, 2)[1], "your answer is an ndarray, expected the axes"),
    "real points": (lambda: shown(lambda *xy: plain(*xy, ".")), f"has 0 {GENERATED}"),
    "the curve": (lambda: shown(with_the_curve), f"has 0 {GENERATED}"),
    "ten": (
        lambda: shown(lambda ax, x, y: ax.plot(x[:10], y[:10] + 0.01, "*")),
        "has 10 generated",
    ),
    "random": (lambda: shown(heap), "most of the generated points in your picture are far off"),
    "at the origin": (lambda: shown(between(-0.1, 0.1)), "only x from -0.1 to 0.1: are they all"),
    "left half": (lambda: shown(between(-5, 0)), "generated points in your picture cover only x"),
    "scaled": (lambda: shown(lambda ax, x, y: ax.plot(x / 5, y, "*")), "are far off the sine"),
    "0 to 1": (lambda: shown(xlim=(0, 1)), "shows x from 0 to 1, but the points run from -5 to 5"),
    "a line": (lambda: shown(lambda ax, x, y: ax.plot(x, y + 0.01)), "a line joins your points"),
    "a generator": (sine, "your answer is a Made, expected the axes you drew on"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"3.3": PICTURES_OF_GENERATED}))
def test_each_fault_in_a_picture_of_generated_points_is_named(exercise, fault):
    draw, message = fault
    refused(message, exercise, sine(), draw())


def test_the_picture_is_a_part_of_the_exercise():
    refused('expected check("3.3", generator, ax): missing', "3.3", sine())
    accepted("3.3", sine(), shown(lambda ax, x, y: ax.plot(x, y + 0.01, "*")))  # no real points


def left_and_far_away(u):
    return on_sine(torch.where(u < 0.05, 2.5, 0.7 * (u - 0.05) / 0.95))


SINE_FAULTS = {
    "collapsed": (lambda u: on_sine(u * 0 + 0.7), "collapsed: all points sit near x = 2.00, exp"),
    "a small heap": (lambda u: on_sine(0.69 + 0.02 * u), "all points sit near x = 2.0"),
    "half the range": (lambda u: on_sine(u / 2), "no point between x = 0.0 and 5.0 (25 of 50"),
    "a part, and some far away": (left_and_far_away, "there is no point between x = 2.0 and 5.0"),
    "44 bins": (lambda u: on_sine(0.061 + 0.878 * u), "bins have points, expected at least 45)"),
    "a hole": (lambda u: on_sine(u - 0.3 * ((u > 0.4) & (u < 0.7))), "x = -1.0 and 2.0 (35 of 50"),
    "four heaps": (lambda u: on_sine((4 * u).round() / 4), "part of the range is missing"),
    "uniform noise": (lambda u: on_sine(u + 0.3), "if it learned from other noise, hand in a func"),
    "too wide": (lambda u: on_sine(2 * u - 0.5), "lie outside -5 to 5, expected 10% at most"),
    "uneven": (lambda u: on_sine(u**3), "x is spread unevenly: KS distance 0."),
    "cosine": (lambda u: columns(x := 10 * u - 5, x.cos()), "the cosine of x, expected sin(x)"),
    "a cloud": (lambda u: on_sine(u) + torch.randn(len(u), 2), "its height, expected 10% at mo"),
    "still scaled": (scaled_sine, "lie between about -1 and 1: undo the scaling"),
    "still scaled, too far": (lambda u: scaled_sine(1.05 * u - 0.01) * 1.03, "undo the scaling"),
    "still scaled, too high": (lambda u: columns(2 * u - 1, 1.3 * (10 * u).sin()), "undo the sca"),
    "swapped": (lambda u: on_sine(u).flip(1), "the columns are swapped: column 0 must be x"),
    "x only": (lambda u: 10 * u[:, None] - 5, "makes shape (5000, 1), expected two columns"),
    "no columns": (lambda u: u, "your generator makes shape (5000,), expected two columns"),
    "transposed": (lambda u: on_sine(u).T, "makes 2 samples where 5000 are asked for"),
    "500 rows": (lambda u: on_sine(u)[:500], "makes 500 samples where 5000 are asked for"),
    "one number": (lambda u: u.sum(), "your generator makes 1 samples where 5000 are asked for"),
    "NaN": (lambda u: on_sine(u).log(), "what your generator makes holds NaN or infinity"),
    "a pair": (lambda u: (on_sine(u), u), "makes is a tuple, expected a tensor"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"3.3": SINE_FAULTS}))
def test_each_fault_of_a_generator_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, Made(make), shown())


class Sine(nn.Module):
    """A generator that can be exported and scripted: its noise has five numbers."""

    def __init__(self, latent_dim=5):
        super().__init__()
        self.first = nn.Linear(latent_dim, 1, bias=False)
        self.first.weight.data = torch.eye(latent_dim)[:1]

    def forward(self, z):
        x = 10 * torch.special.ndtr(self.first(z)) - 5
        return torch.cat([x, torch.sin(x)], dim=1)


class OwnWeights(Sine):
    """One without layers."""

    def __init__(self):
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.eye(5)[:, :1])

    def first(self, z):
        return z @ self.weight


class Stretching(Sine):
    """One number instead of five would be stretched."""

    def first(self, z):
        return (z * self.weight.T)[:, :1]

    __init__ = OwnWeights.__init__


class Fed(Sine):
    """Makes its noise of what it is fed."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, given):
        return super().forward(self.change(given))


def any_size():
    return Fed(lambda z: z[:, :1].repeat(1, 5))


@functools.cache
def exported():
    sizes = ({0: torch.export.Dim("batch", min=1, max=2**20)},)
    noise = (torch.zeros(2, 5),)
    return torch.export.export(Sine().eval(), noise, dynamic_shapes=sizes, strict=False)


def frozen():
    return torch.jit.freeze(torch.jit.script(Sine().eval()))


KINDS = {
    "own class": Sine,
    "in a row": lambda: nn.Sequential(Sine()),
    "exported": lambda: exported().module(),
    "an exported program": exported,
    "scripted": lambda: torch.jit.script(Sine()),
    "traced": lambda: torch.jit.trace(Sine(), torch.zeros(2, 5)),
    "frozen": frozen,
    "compiled": lambda: torch.compile(Sine()),
    "parallel": lambda: nn.DataParallel(Sine()),
    "half": lambda: Sine().half(),
    "own weights": OwnWeights,
    "stretching": Stretching,
    "more numbers to the first layer": lambda: Fed(lambda z: torch.cat([z, z[:, :2].sin()], dim=1)),
    "own noise": lambda: Fed(lambda num: torch.randn(num, 5)),
    "no linear layer": lambda: NoLinear(on_sine),
    "200 numbers": lambda: Sine(200),
    "a function of noise": lambda: lambda z: Sine()(z),
    "a GAN": gan,
    "a method of a GAN": lambda: gan().generate_samples,
    "named alone": lambda: lambda *, num: on_sine(torch.rand(num)),
}
RIGHT["3.3"] |= KINDS


@pytest.mark.parametrize("make", [Sine, any_size, frozen, lambda: lambda z: Sine()(z)])
def test_the_size_of_the_noise_can_be_given(make):
    accepted("3.3", make(), shown(), latent_dim=5)


def broken(num):
    raise ValueError(f"no {num} today")


# from 2.15 on torch names its operation between the two
SHAPES, CALL = "mat1 and mat2 shapes cannot be", 'as in check("3.3", generator, ax, latent_dim=2)'
NO_GENERATORS = {
    "points": (lambda: POINTS, {}, "is a Tensor, expected a network or a function"),
    "a class": (lambda: Sine, {}, "Sine is a class, expected a trained network that Sine(…) has"),
    "weights": (lambda: sine().state_dict(), {}, "is an OrderedDict, expected a network or a func"),
    "any size": (
        any_size,
        {},
        f"takes noise of many sizes: say how many numbers a noise vector has, {CALL}",
    ),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), {}, "has never been used: a lazy layer"),
    "broken": (lambda: broken, {}, "your generator failed: ValueError: no 5000 today"),
    "no forward": (nn.Module, {}, 'is missing the required "forward" function'),
    "layers that don't fit": (lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 2)), {}, SHAPES),
    "no number": (lambda: lambda: POINTS, {}, "It was called with the number 5000; if it takes"),
    "a builder": (lambda: lambda num: sine(), {}, "your generator makes is a Made, expected a"),
    "another size": (sine, {"latent_dim": 9}, SHAPES),
    "another size, how": (
        sine,
        {"latent_dim": 9},
        f"If its noise is another, say how many numbers a noise vector has, {CALL}",
    ),
    "a size in quotes": (sine, {"latent_dim": "2"}, CALL),
    "untrained": (lambda: nn.Linear(2, 2), {}, "expected"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"3.3": NO_GENERATORS}))
def test_what_is_no_generator_is_named(exercise, fault):
    make, options, message = fault
    refused(message, exercise, make(), shown(), **options)


def test_looking_changes_neither_the_mode_nor_a_lazy_layer_nor_the_random_numbers():
    network, lazy = Made(on_sine, nn.Dropout(0.5)).train(), nn.LazyLinear(2)
    state = torch.get_rng_state()
    check("3.3", network, shown())
    check("3.3", nn.Sequential(lazy), shown())
    assert network.training
    assert lazy.has_uninitialized_params()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_verdict_on_a_generator_tells_its_quality():
    # 0.87 / sqrt(5000) = 0.012 on average
    assert re.search(r"off the curve, KS 0\.0[0-3]", judged("3.3", sine(), shown()).message)


# --- C: a score --------------------------------------------------------------------------------


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


RIGHT["C"] = {
    "the helper": both,
    "by numpy": by_numpy,
    "bins": lambda p: miss(p) + emptiness(p),
    "a tensor": lambda p: torch.tensor([[miss(p) + spread(p)]]),
    "the larger of the two": lambda p: max(miss(p), spread(p)),
    "in place": in_place,
    "yes or no": lambda p: both(p) > 0.1,
    "deviation": lambda p: miss(p) + abs(float(p[:, 0].std()) - 10 / 12**0.5),
    "from end to end": lambda p: miss(p) + 10 - float(p[:, 0].max() - p[:, 0].min()),
    "infinite for heaps": lambda p: both(p) / p[:, 0].std(),
    "counts": lambda p: miss(p) + ((torch.histc(p[:, 0], 10, -5, 5) / len(p) - 0.1) ** 2).sum(),
    "a distance from fresh points": lambda p: energy_distance(
        p, on(torch.sin, 10 * torch.rand(500) - 5)
    ),
}
HALF, ABOVE = "covers one half only", "has y off the curve"
FAULTS["C"] = {
    "distance only": (miss, "the impostor that "),
    "spread only": (spread, ABOVE),
    "spread only, the question": (spread, "Does it see how far y is off the curve?"),
    "deviation and distance": (lambda p: miss(p) + max(0.0, 0.5 - float(p[:, 0].std())), HALF),
    "constant": (lambda p: 1.0, "1 for all alike: does it use its argument, points?"),
    "no argument": (lambda p: both(POINTS), "for all alike: does it use its argument, points?"),
    "infinite": (lambda p: math.inf, "for real points: what score returns holds NaN or infinity"),
    "higher is better": (lambda p: -both(p), "expected scores of 0 or more"),
    "not clearly": (lambda p: 1 + both(p), "expected at least twice"),
    "one for each": (lambda p: p[:, 1] - p[:, 0].sin(), "shape (1000,), expected one number"),
    "NaN": (lambda p: math.nan, "for real points: what score returns holds NaN or infinity"),
    "NaN for heaps": (lambda p: both(p) + 0 / p[:, 0].std(), "impostor that makes one point of"),
    "random": (lambda p: torch.rand(1), "expected at least twice as much for the impostor"),
    "a counter": (lambda p, c=[0]: c.append(0) or len(c), "expected at least twice as much"),
    "signed": (lambda p: abs(float((p[:, 1] - p[:, 0].sin()).mean())) + spread(p), "up and down"),
    "right half": (lambda p: miss(p) + abs(5 - float(p[:, 0].max())), HALF),
    "a product": (lambda p: miss(p) * spread(p), "both get 0. Does it see where x is?"),
    "gaps": (lambda p: miss(p) + float(p[:, 0].sort().values.diff().max()), "the impostor that "),
    "a verdict": (lambda p: "good", "what score returns is a str, expected one number"),
    "two arguments": (lambda p, q: 0, "for real points: your score failed: TypeError: "),
    "called": (0.5, "score is a float, expected a function: its name alone, without ( )"),
    "of all columns": (lambda p: (p - p.sin()).abs().mean(), "that makes the point (0, 0)"),
}


def test_an_impostor_needs_twice_the_score_of_real_points():
    accepted("C", lambda p: 1 + (both(p) > 0.1))
    refused("gets 1.99, and real points get 1", "C", lambda p: 1 + 0.99 * (both(p) > 0.1))


def given(exercise, answer):
    return (
        [answer()] if exercise == "3.2" else [answer(), shown()] if exercise == "3.3" else [answer]
    )


@pytest.mark.parametrize(("exercise", "answer"), each(RIGHT))
def test_right_answers_pass_however_they_are_made(exercise, answer):
    accepted(exercise, *given(exercise, answer))


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    answer, message = fault
    refused(message, exercise, *given(exercise, answer))


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
    assert y == pytest.approx(np.sin(x), abs=0.021)
    assert -5 < min(x) < -4.5  # nearly from end to end, as a good generator's
    assert 4.5 < max(x) < 5
    accepted("3.3", sine(), plt.gca())
