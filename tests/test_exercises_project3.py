"""Normal samples, drawn and generated: right and wrong answers."""

import re

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, accepted, each, judged, refused
from torch import nn
from torch.special import ndtri

from gan_course.networks import Discriminator
from gan_course.training import GAN


def normal(u):
    return 2 + 0.5 * ndtri(u)[:, None]


def share_of(num):
    return torch.rand(num).clamp(1e-6, 1 - 1e-6)


def triangle(num):
    return torch.rand(num, 2).sum(dim=1, keepdim=True) - 1


def out_of_uniform(make=normal, latent_dim=1):
    return Made(make, share=torch.clone, latent_dim=latent_dim)


DATA = {
    "randn": lambda num: 2 + 0.5 * torch.randn(num, 1),
    "float64": lambda num: 2 + torch.randn(num, 1, dtype=torch.float64) / 2,
    "distribution": lambda num: torch.distributions.Normal(2, 0.5).sample((num, 1)),
    "out of numpy": lambda num: torch.from_numpy(np.random.normal(2, 0.5, (num, 1))),
    "torch.normal": lambda num: torch.normal(2.0, 0.5, (num, 1)),
    "scaled first": lambda num: (torch.randn(num, 1) + 4) * 0.5,
    "reshaped": lambda num: (torch.randn(num) / 2 + 2).reshape(-1, 1),
    "in place": lambda num: torch.empty(num, 1).normal_(2, 0.5),
    "sum of uniforms": lambda num: 2 + 0.5 * (torch.rand(num, 12).sum(dim=1, keepdim=True) - 6),
}
GENERATORS = {
    "a network": out_of_uniform(),
    "latent dimension 3": out_of_uniform(latent_dim=3),
    "in training mode": nn.Sequential(out_of_uniform(), nn.Dropout(0.5)),
    "one axis": lambda num: normal(share_of(num))[:, 0],
    "a list": lambda num: normal(share_of(num)).tolist(),
    "a little off": lambda num: 2.05 + 0.45 * torch.randn(num, 1),
    "noise of any size, summed": lambda num: 2 + torch.randn(num, 4).sum(dim=1) / 4,
    "a GAN": GAN(out_of_uniform(), Discriminator(1), lambda num: torch.rand(num, 1), torch.zeros),
    "no linear layer": NoLinear(normal, torch.clone),
    "a function of noise": lambda z: normal(z[:, 0] + 0 * z @ torch.eye(1)[0]),
}


@pytest.mark.parametrize(("exercise", "answer"), each({"G": DATA, "H": GENERATORS}))
def test_right_answers_pass(exercise, answer):
    accepted(exercise, answer)


SQUARE = "the standard deviation is 0.25, expected 0.5: that is its square"
ROOT = "the standard deviation is 0.71, expected 0.5: that is its root"


def bell(mean, deviation):
    return lambda u: mean + deviation * ndtri(u)[:, None]


FAULTS = {
    "mean 2.3": (bell(2.3, 0.5), "the mean is 2."),
    "the mean alone": (bell(2.2, 0.5), "the mean is 2."),
    "swapped": (bell(0.5, 2), "expected 2: mean and standard deviation are swapped"),
    "added first": (bell(1, 0.5), "expected 2: multiply first, then add"),
    "half of both": (bell(1, 0.25), "expected 2"),
    "below": (bell(-2, 0.5), "the mean is -2.0"),
    "variance": (bell(2, 0.5**0.5), ROOT),
    "standard": (bell(0, 1), "expected 2"),
    "divided": (bell(2.07, 2), "the standard deviation is "),
    "below 0": (lambda u: normal(u) - normal(u).mean() - 0.001, "the mean is 0.00, expected 2"),
    "too wide": (bell(2, 0.62), "the standard deviation is 0.6"),
    "NaN": (lambda u: bell(2, 0.5)(u - 1), "holds NaN or infinity"),
    "0 to 1": (lambda u: u[:, None], "the mean is 0."),
    "a block": (lambda u: 2 + 3**0.5 * (u[:, None] - 0.5), "but the shape is not normal: KS"),
    "one-sided": (lambda u: 1.5 - u[:, None].log() / 2, "but the shape is not normal: KS"),
    "deviation squared": (lambda u: 2 + ndtri(u)[:, None] / 4, SQUARE),
    "deviation 0.7": (lambda u: 2 + ndtri(u)[:, None] * 0.7, "the standard deviation is 0."),
    "rand": (lambda u: 2 + u[:, None] / 2, "torch.rand is uniform, torch.randn is normal"),
    "two lumps": (lambda u: 1.4 + (u[:, None] > 0.5) + normal(u) / 20, "the shape is not normal"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"G": FAULTS, "H": FAULTS}))
def test_each_fault_of_normal_samples_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, lambda num: make(share_of(num)))


def always_the_same(num):
    return 2 + 0.5 * torch.randn(num, 1, generator=torch.Generator().manual_seed(1))


OTHER_FAULTS = {
    "G": {
        "collapsed": (lambda num: torch.randn(1).repeat(num, 1), "same number: draw `num` of them"),
        "narrow to a point": (lambda num: 2 + 0.01 * torch.randn(num, 1), "near 2.00, expected a"),
        "same": (always_the_same, "returns the same samples at each call, expected new ones"),
        "numpy": (lambda num: np.random.normal(2, 0.5, (num, 1)), "torch.as_tensor makes one"),
        "lists": (lambda num: [[2.0]] * num, "is a list, expected a tensor: torch.as_tensor makes"),
        "one axis": (lambda num: torch.randn(num), "it has shape (10,), expected (10, 1)"),
        "always 5,000": (lambda num: torch.randn(5000, 1), "data(10): it has shape (5000, 1), exp"),
        "a triangle": (lambda num: 2 + 1.2247 * triangle(num), "shape is not normal: 0.0% of the"),
        "narrow": (lambda num: 2 + 0.44 * torch.randn(num, 1), "deviation is 0.4"),
        "wide": (lambda num: 2 + 0.56 * torch.randn(num, 1), "deviation is 0.5"),
        "2.05": (lambda num: 2.05 + 0.5 * torch.randn(num, 1), "the mean is 2.0"),
        "a float": (lambda num: 2.0, "for data(10): it has shape (), expected (10, 1)"),
        "in two columns": (lambda num: torch.randn(num, 2), "has shape (10, 2), expected (10, 1)"),
        "data itself": (torch.randn(5000, 1), "is a Tensor, expected a function: its name alone"),
    },
    "H": {
        "collapsed": (lambda num: 2 + torch.zeros(num, 1), "collapsed: all samples are near 2.00"),
        "a network of other noise": (Made(normal, latent_dim=1), "fed torch.rand(n, 1); if it"),
        "no remark on noise": (lambda num: torch.randn(num, 1), "0.0"),
        "both a little off": (lambda num: 2.14 + 0.57 * torch.randn(num, 1), "both a little off"),
        "same": (always_the_same, "makes the same samples at each call, expected new ones"),
        "samples": (torch.randn(5000, 1), "a Tensor, expected a network or a function: its name"),
        "fit": (GENERATORS["a GAN"].fit, "fit trains, and draws no samples: hand in the generator"),
        "num as noise": (
            lambda num: GENERATORS["a GAN"].generate_samples(num),
            "generate_samples takes noise first: write num=n, for n samples",
        ),
        "a class": (Made, "Made is a class, expected a trained network that Made(…) has made"),
        "untrained": (lambda num: 0.3 * torch.rand(num, 1), "the mean is"),
        "columns": (lambda num: (2 + 0.5 * torch.randn(1, num)).repeat(2, 1), "2 samples where"),
        "two": (lambda num: torch.randn(num, 2), "makes shape (5000, 2), expected (5000, 1)"),
    },
}


@pytest.mark.parametrize(("exercise", "fault"), each(OTHER_FAULTS))
def test_each_fault_of_a_data_function_or_a_generator_is_named(exercise, fault):
    answer, message = fault
    refused(message, exercise, answer)


def test_a_second_call_of_a_data_function_is_judged_like_the_first():
    calls = iter([torch.zeros(10, 1), 2 + 0.5 * torch.randn(5000, 1), "normal"])
    refused("what data returns is a str, expected a tensor", "G", lambda num: next(calls))


def test_a_verdict_on_a_generator_of_normal_samples_tells_its_quality():
    assert re.fullmatch(r"KS distance 0\.0\d\d", judged("H", DATA["randn"]).message)
    message = judged("H", lambda num: 2 + 1.2247 * triangle(num)).message
    assert ". The ends are short: 0.0% of the samples are more than 2.5 standard" in message


def test_data_that_is_handed_in_as_a_generator_gets_a_remark():
    def data(num):
        return 2 + 0.5 * torch.randn(num, 1)

    assert judged("H", data).message.endswith("It is called data: hand in a trained generator")
