"""Normal samples, drawn and generated: right and wrong answers."""

import re

import numpy as np
import torch
from learners import Made, judged, table_tests
from torch import nn
from torch.special import ndtri


def normal(u):
    return 2 + 0.5 * ndtri(u)[:, None]


def drawn_by(make):
    """A function of a number that draws uniform numbers, and makes samples of them."""
    return lambda num: make(torch.rand(num).clamp(1e-6, 1 - 1e-6))


def triangle(num):
    return 2 + 1.2247 * (torch.rand(num, 2).sum(dim=1, keepdim=True) - 1)


def out_of_uniform(make=normal, latent_dim=1):
    return Made(make, share=torch.clone, latent_dim=latent_dim)


def bell(mean, deviation):
    return drawn_by(lambda u: mean + deviation * ndtri(u)[:, None])


def always_the_same(num):
    return 2 + 0.5 * torch.randn(num, 1, generator=torch.Generator().manual_seed(1))


RIGHT = {
    "G": {
        "randn": lambda num: 2 + 0.5 * torch.randn(num, 1),
        "float64": lambda num: 2 + torch.randn(num, 1, dtype=torch.float64) / 2,
        "sum of uniforms": lambda num: 2 + (torch.rand(num, 12).sum(dim=1, keepdim=True) - 6) / 2,
    },
    "H": {
        "a network": out_of_uniform(),
        "in training mode": nn.Sequential(out_of_uniform(latent_dim=3), nn.Dropout(0.5)),
        "a list on one axis": lambda num: (2 + 0.5 * torch.randn(num)).tolist(),
        "a little off": lambda num: 2.05 + 0.45 * torch.randn(num, 1),
    },
}
FAULTS = {
    "G": {
        "swapped": (bell(0.5, 2), "expected 2: mean and standard deviation are swapped"),
        "added first": (bell(1, 0.5), "expected 2: multiply first, then add"),
        "deviation 2": (bell(2.07, 2), "the standard deviation is "),
        "squared": (bell(2, 0.25), "deviation is 0.25, expected 0.5: that is its square"),
        "rand": (drawn_by(lambda u: 2 + u[:, None] / 2), "torch.rand is uniform, torch.randn is n"),
        "same": (always_the_same, "same samples at each call, expected new ones"),
        "collapsed": (lambda num: torch.randn(1).repeat(num, 1), "same number: draw `num` of them"),
        "to a point": (lambda num: 2 + 0.01 * torch.randn(num, 1), "collapsed: all samples are"),
        "numpy": (lambda num: np.random.normal(2, 0.5, (num, 1)), "torch.as_tensor makes one"),
        "one axis": (lambda num: torch.randn(num), "it has shape (1,), expected (1, 1)"),
        "a triangle": (triangle, "the shape is not normal: 0.0% of the"),
        "narrow": (bell(2, 0.44), "deviation is 0.4"),
        "wide": (bell(2, 0.56), "deviation is 0.5"),
        "2.05": (bell(2.05, 0.5), "the mean is 2.0"),
        "the last one left out": (
            lambda num: normal(torch.rand(num)) * (torch.arange(num) < num - 1)[:, None],
            "the last sample of each call is 0: draw it, too",
        ),
        "normalised": (
            lambda num: 2 + 0.5 * ((x := torch.randn(num, 1)) - x.mean()) / x.std(),
            "for data(1): what data returns holds NaN",
        ),
        "of a store": (
            lambda num: normal(torch.linspace(0.001, 0.999, 1_000))[torch.randint(1_000, (num,))],
            "of 5000 samples differ: draw each anew",
        ),
    },
    "H": {
        "the mean alone": (bell(2.25, 0.5), "the mean is 2."),
        "too wide": (bell(2, 0.62), "the standard deviation is 0.6"),
        "a block": (drawn_by(lambda u: 1.13 + 3**0.5 * u[:, None]), "the shape is not normal"),
        "same": (always_the_same, "same samples at each call, expected new ones"),
        "a network of other noise": (Made(normal, latent_dim=1), "fed torch.rand(n, 1); if it"),
        "both a little off": (bell(2.14, 0.57), "both are a little off"),
        "columns": (lambda num: normal(torch.rand(num)).T.repeat(2, 1), "expected 5,000 rows"),
        "two": (lambda num: torch.randn(num, 2), "makes shape (5000, 2), expected (5000, 1)"),
    },
}
test_right_answers_pass, test_each_fault_is_named = table_tests(RIGHT, FAULTS)


def test_a_verdict_on_a_generator_of_normal_samples_tells_its_quality():
    assert re.fullmatch(r"KS distance 0\.0\d\d", judged("H", RIGHT["G"]["randn"]).message)
    message = judged("H", triangle).message
    assert ". The ends are short: 0.0% of the samples are more than 2.5 standard" in message
