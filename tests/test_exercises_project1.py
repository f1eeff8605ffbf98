"""Points on a curve, their picture, a generator of them and a score: right and wrong answers.

No network is trained here: right generators are right by construction.
"""

import functools
import math
import re

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, accepted, judged, refused, table_tests
from matplotlib import pyplot as plt
from torch import nn

from gan_course.data import Scaler
from gan_course.exercises import check, expected
from gan_course.metrics import energy_distance, fit_and_spread, fit_error, ks_uniform
from gan_course.networks import Discriminator, in_data_units
from gan_course.training import GAN

RIGHT, FAULTS = {}, {}  # of each exercise; at the end of a fault are the words that it must get


def columns(x, y):
    return torch.stack([x, y], dim=1)


# --- B and 3.1: data on a curve ----------------------------------------------------------------

X = 10 * (torch.rand(2048, generator=torch.Generator().manual_seed(0)) - 0.5)
EVEN = torch.linspace(-5, 5, 2048)


def on(curve, x=X):
    return columns(x, curve(x))


POINTS, CHAPTER = on(torch.sin), on(lambda x: 1.08**x)


def arch(x):
    return 10 - x**2


RIGHT["B"] = {"float16": on(arch, X.half())}
RIGHT["3.1"] = {
    "tuples of small tensors": list(zip(*POINTS.T, strict=True)),
    "linspace": on(torch.sin, EVEN),
    "read backwards": POINTS.numpy()[::-1],
    "with a gradient": on(torch.sin, X.clone().requires_grad_()),
    "float16": POINTS.half(),
    "two decimals of x": on(torch.sin, X.round(decimals=2)),
    "arange": on(torch.sin, torch.arange(-5, 5, 10 / 2048)),
    "rounded to three decimals": on(lambda x: x.sin().round(decimals=3)),
}
FAULTS["3.1"] = {
    "two rows": (POINTS.T, "rows and columns are swapped: try torch.stack([x, y], dim=1)"),
    "swapped": (POINTS.flip(1), "the columns are swapped: column 0 must be x"),
    "0 to 10": (on(torch.sin, EVEN + 5), "runs from 0 to 10, expected -5 to 5"),
    "to 5.1": (on(torch.sin, EVEN + 0.05), "x runs from -4.95 to 5.05, expected -5 to 5"),
    "piled up": (on(torch.sin, X**3 / 25), "x is not spread evenly"),
    "a batch": (POINTS[:128], "has shape (128, 2), expected 2048 rows and two columns, x and y"),
    "reshaped": (POINTS.T.reshape(2048, 2), "use torch.stack([x, y], dim=1), not reshape"),
    "NaN": (on(torch.log), "your answer holds NaN"),
    "cosine": (on(torch.cos), "y is the cosine of x, expected sin(x)"),
    "degrees": (on(lambda x: torch.sin(x * math.pi / 180)), "y is the sine of x in degrees"),
    "exponential": (CHAPTER, "y is 1.08 ** x, the curve of the chapter"),
    "noisy": (on(torch.sin) + columns(X * 0, X.roll(1) / 40), "y is not sin(x): at x = "),
    "rounded": (on(torch.sin, X.round()), "x has only 11 different values: use torch.rand, and"),
    "y of other x": (columns(X, X.roll(1).sin()), "another x? Draw x once and use it for both"),
    "a function": (lambda: POINTS, "of type function, expected a tensor of numbers: call it, wi"),
}
FAULTS["B"] = {
    "upside down": (on(lambda x: x**2 - 10), "the arch upside down, expected 10 - x ** 2"),
    "brackets": (on(lambda x: (10 - x) ** 2), "y is (10 - x) ** 2: the power binds to x alone"),
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


def drawn(*draw, **settings):
    return lambda: picture(*draw, **settings)


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
    "ax.scatter": drawn(lambda ax, x, y: ax.scatter(x, y, s=1)),
    "lines of plt.plot": by_pyplot,
    "the pair": lambda: (ax := picture(), (ax.figure, ax))[1],
    "a line from right to left": lambda: picture(plain, on(torch.sin, -X.sort().values)),
    "another x label": drawn(xlabel="angle (radians)"),
    "a figure": lambda: picture().figure,
    "dots and the curve": drawn(with_the_curve),
    "lines across": drawn(with_lines_across),
    "a shade": drawn(lambda ax, x, y: (ax.scatter(x, y), ax.fill_between(x, 2, 3))),
    "limits": drawn(ylim=(2, -2), xlim=(-9, 9)),
    "a hundred points": drawn(points=on(torch.sin, torch.linspace(-4.5, 4.5, 100))),
    "one point in twenty elsewhere": drawn(points=STRAY),
    "in German": drawn(ylabel="sin x", title="Sinuskurve"),
    "in French": drawn(ylabel="y = sinx", title="Courbe sinusoïdale"),
    "in TeX": drawn(ylabel=r"$\sin x$", title=r"$y=\sin(x)$"),
    "a title that looks back": drawn(title="A sine, no longer an exponential curve"),
    "a title on the left": lambda: (ax := picture(title=""), ax.set_title("Sine", loc="left"))[0],
    "a title of the figure": below_a_big_title,
}
SAYS = "expected one that speaks of the sine"
FAULTS["3.2"] = {
    "no label": (drawn(ylabel=""), f"the y label is missing, {SAYS}"),
    "cosine": (drawn(title="Cosine"), f"the title says 'Cosine', {SAYS}"),
    "a title assigned": (assigned("title"), "draws nothing: make new axes, then ax.set(title=..."),
    "y as x label": (drawn(xlabel="$y$"), "the x label says '$y$', expected 'x'"),
    "sine as x label": (drawn(xlabel="sin(x)"), "the x label says 'sin(x)', expected 'x'"),
    "old x label": (drawn(xlabel="x (years)"), "the x label says 'x (years)', expected 'x'"),
    "only a line across": (drawn(lambda ax, x, y: ax.axhline(0)), "points in it: draw them by ax"),
    "after show": (after_show, "ax = plt.gca() before plt.show(), in the same cell"),
    "empty figure": (plt.figure, "your answer is of type Figure, expected the axes you drew on"),
    "few points": (drawn(points=POINTS[:50]), "has 50 points, expected all 2,048"),
    "two rows": (drawn(lambda ax, *_: ax.plot(POINTS[0], POINTS[1], ".")), "0] and points[:, 1]"),
    "swapped": (drawn(points=POINTS.flip(1)), "do not lie on the sine: x and y are swapped"),
    "x only": (drawn(lambda ax, x, y: ax.plot(x)), "x is the row number: ax.plot(points[:, 0], po"),
    "half of x": (drawn(points=POINTS[X > 0]), "in your picture, expected -5 to 5"),
    "old x limits": (drawn(xlim=(0, 50)), "shows x from 0 to 50, but the points run from -"),
    "nothing drawn": (lambda: [], "your answer is of type list, expected the axes"),
    "dots and a line": (drawn(lambda *xy: plain(*xy, "o-")), 'draw dots, ax.plot(x, y, ".")'),
}


# --- 3.3: a generator ----------------------------------------------------------------------------


def on_sine(u):
    return columns(10 * u - 5, torch.sin(10 * u - 5))


def scaled_sine(u):
    return columns(2 * u - 1, torch.sin(10 * u - 5))


def sine(**options):
    return Made(on_sine, **options)


def gan():
    noise, data = (lambda num: torch.randn(num, 2)), (lambda num: torch.zeros(num, 2))
    return GAN(sine(), Discriminator(2), noise, data)


RANGES = Scaler(torch.tensor([-5.0, -1.0]), torch.tensor([5.0, 1.0]))
RIGHT["3.3"] = {
    "float64": lambda: sine().double(),
    "batch norm in training mode": lambda: Made(on_sine, nn.BatchNorm1d(2)).train(),
    "scaled, undone": lambda: in_data_units(nn.Sequential(Made(scaled_sine)), RANGES),
    "a function": lambda: lambda num: on_sine(torch.rand(num)),
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


def left_half(axes, *_):
    axes.plot(x := np.linspace(-5, 0, 300), np.sin(x) + 0.02, "*")


PICTURES = {
    "assigned": (assigned("set_ylim"), "draws nothing: make new axes, then ax.set(ylim=..."),
    "no marker": (lambda: shown(lambda ax, x, y: ax.plot(x, y, ls="")), "has no points in it"),
    "high end": (lambda: shown(ylim=(-1.2, 1)), "shows y from -1.2 to 1, expected -1.2 to 1.2"),
    "real points": (lambda: shown(lambda *xy: plain(*xy, ".")), "has 0 generated points, expected"),
    "random": (lambda: shown(heap), "most of the generated points in your picture are far off"),
    "left half": (lambda: shown(left_half), "generated points in your picture lie from -5 to"),
    "0 to 1": (lambda: shown(xlim=(0, 1)), "shows x from 0 to 1, but the points run from -5 to 5"),
}


@pytest.mark.parametrize(("draw", "message"), PICTURES.values(), ids=PICTURES)
def test_each_fault_in_a_picture_of_generated_points_is_named(draw, message):
    refused(message, "3.3", sine(), draw())


def made(make):
    return lambda: Made(make)


def broken(num):
    raise ValueError(f"no {num} today")


FAULTS["3.3"] = {
    "infinite": (made(lambda u: on_sine(u) / 0), "makes infinite numbers: train it anew"),
    "collapsed": (made(lambda u: on_sine(0.69 + 0.02 * u)), "all points sit near x = 2.0"),
    "half the range": (made(lambda u: on_sine(u / 2)), "none between x = 0.0 and 5.0 (25 of 50 bi"),
    "44 bins": (made(lambda u: on_sine(0.061 + 0.878 * u)), "bins have points, expected at least"),
    "other noise": (made(lambda u: on_sine(u + 0.3)), "if it learned from other noise, hand in a"),
    "uneven": (made(lambda u: on_sine(u**3)), "x is spread unevenly: KS distance 0."),
    "cosine": (made(lambda u: columns(x := 10 * u - 5, x.cos())), "points lie off the curve by"),
    "still scaled": (made(scaled_sine), "a sine, but with x from -0.99 to 0.99"),
    "swapped": (made(lambda u: on_sine(u).flip(1)), "the columns are swapped: column 0 must be x"),
    "x only": (made(lambda u: 10 * u[:, None] - 5), "makes shape (5000, 1), expected two columns"),
    "500 rows": (made(lambda u: on_sine(u)[:500]), "makes shape (500, 2), expected 5,000 rows"),
    "points": (lambda: POINTS, "is of type Tensor, expected a network or a function"),
    "a class": (lambda: Sine, "Sine is a class, expected a trained network that Sine(…) has made"),
    "any size": (lambda: lambda z: Fed(five_times)(z), "noise of many sizes: say how"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), "has never been used: a lazy layer of it"),
    "broken": (lambda: broken, "your generator failed: ValueError: no 5000 today"),
    "a builder": (lambda: lambda num: sine(), "your generator makes is of type Made, expected a"),
}


class Sine(nn.Module):
    """A generator that can be exported and scripted: its noise has five numbers."""

    def __init__(self, latent_dim=5):
        super().__init__()
        self.first = nn.Linear(latent_dim, 1, bias=False)
        self.first.weight.data = torch.eye(latent_dim)[:1]

    def forward(self, z):
        x = 10 * torch.special.ndtr(self.first(z)) - 5
        return torch.cat([x, torch.sin(x)], dim=1)


class Stretching(Sine):
    """One without layers, in which one number instead of five would be stretched."""

    def __init__(self):
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.eye(5)[:, :1])

    def first(self, z):
        return (z * self.weight.T)[:, :1]


class Fed(Sine):
    """Makes its noise of what it is fed."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, given):
        return super().forward(self.change(given))


def five_times(z):
    return z[:, :1].repeat(1, 5)


@functools.cache
def exported():
    sizes = ({0: torch.export.Dim("batch", min=1, max=2**20)},)
    noise = (torch.zeros(2, 5),)
    return torch.export.export(Sine().eval(), noise, dynamic_shapes=sizes, strict=False)


def frozen():
    return torch.jit.freeze(torch.jit.script(Sine().eval()))


RIGHT["3.3"] |= {
    "an exported program": exported,
    "frozen": frozen,
    "compiled": lambda: torch.compile(Sine()),
    "stretching": Stretching,
    "own noise": lambda: Fed(lambda num: torch.randn(num, 5)),
    "no linear layer": lambda: NoLinear(on_sine),
    "200 numbers": lambda: Sine(200),
    "a function of noise": lambda: lambda z: Sine()(z),
    "a GAN": gan,
    "a method of a GAN": lambda: gan().generate_samples,
}


def test_the_size_of_the_noise_can_be_given():
    accepted("3.3", Fed(five_times), shown(), latent_dim=5)
    call = 'as in check("3.3", generator, ax, latent_dim=2)'
    refused(
        f"say how many numbers a noise vector has, {call}", "3.3", sine(), shown(), latent_dim=9
    )


def test_looking_changes_neither_the_mode_nor_the_random_numbers():
    network, state = Made(on_sine, nn.Dropout(0.5)).train(), torch.get_rng_state()
    check("3.3", network, shown())
    assert network.training
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
    "the larger of the two": lambda p: max(miss(p), spread(p)),
    "yes or no": lambda p: both(p) > 0.1,
    "infinite for heaps": lambda p: both(p) / p[:, 0].std(),
    "a distance from fresh points": lambda p: energy_distance(
        p, on(torch.sin, 10 * torch.rand(500) - 5)
    ),
}
FAULTS["C"] = {
    "in place": (in_place, "score has changed what it was given: work on a copy"),
    "distance only": (miss, "for ever gets 0, expected at least twice the 0 of real points"),
    "spread only, the question": (spread, "see how far y is off the curve?"),
    "the first point": (lambda p: miss(p[:1]) + spread(p), "see how far y is off the curve?"),
    "cosine": (lambda p: fit_error(p, torch.cos, -5, 5) + spread(p), "points should get nearly 0"),
    "deviation and distance": (lambda p: miss(p) + max(0, 0.5 - float(p[:, 0].std())), "half only"),
    "higher is better": (lambda p: -both(p), "expected scores of 0 or more"),
    "closeness": (lambda p: 1 / (1 + 20 * miss(p)), "Lower has to be better, and real points"),
    "of 3.3": (
        lambda p: both(RANGES.unscale(p)),
        "are in data units already: they need no unscale",
    ),
    "spread of y": (lambda p: miss(p) + ks_uniform(p[:, 1], -1, 1), "Does your score see where x"),
    "mean and deviation": (
        lambda p: miss(p) ** 2 + abs(p[:, 0].mean()) + abs(p[:, 0].std() - 2.887),
        "a part that real points pay, too",
    ),
    "not clearly": (lambda p: 1 + 0.99 * (both(p) > 0.1), "gets 1.99, expected at least twice"),
    "one for each": (lambda p: p[:, 1] - p[:, 0].sin(), "shape (1000,), expected one number"),
    "NaN for heaps": (lambda p: both(p) + 0 / p[:, 0].std(), "impostor that makes one point of"),
    "random": (lambda p: torch.rand(1), "expected at least twice the"),
    "a counter": (lambda p, c=[0]: c.append(0) or len(c), "expected at least twice the"),
    "signed": (lambda p: abs(float((p[:, 1] - p[:, 0].sin()).mean())) + spread(p), "up and down"),
}


def given(exercise, answer):
    if exercise == "3.3":
        return [answer(), shown()]
    return [answer() if exercise == "3.2" else answer]


test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS, given)


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
