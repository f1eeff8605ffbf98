"""Normal samples, drawn and generated: right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learners import Made, NoLinear, accepted, each, judged, refused
from torch import nn
from torch.special import ndtri


def normal(u):
    return 2 + 0.5 * ndtri(u)[:, None]


def share_of(num):
    return torch.rand(num).clamp(1e-6, 1 - 1e-6)


def out_of_uniform(make=normal, latent_dim=1):
    return Made(make, share=torch.clone, latent_dim=latent_dim)


DATA = {
    "randn": lambda num: 2 + 0.5 * torch.randn(num, 1),
    "float64": lambda num: 2 + torch.randn(num, 1, dtype=torch.float64) / 2,
    "distribution": lambda num: torch.distributions.Normal(2, 0.5).sample((num, 1)),
    "numpy": lambda num: np.random.normal(2, 0.5, (num, 1)),
    "lists": lambda num: [[2 + 0.5 * float(torch.randn(()))] for _ in range(num)],
    "sum of uniforms": lambda num: 2 + 0.5 * (torch.rand(num, 12).sum(dim=1, keepdim=True) - 6),
}
GENERATORS = {
    "a network": out_of_uniform(),
    "latent dimension 3": out_of_uniform(latent_dim=3),
    "in training mode": nn.Sequential(out_of_uniform(), nn.Dropout(0.5)),
    "one axis": lambda num: normal(share_of(num))[:, 0],
    "a list": lambda num: normal(share_of(num)).tolist(),
    "a little off": lambda num: 2.05 + 0.45 * torch.randn(num, 1),
}


@pytest.mark.parametrize(("exercise", "answer"), each({"G": DATA, "H": GENERATORS}))
def test_right_answers_pass(exercise, answer):
    accepted(exercise, answer)


SQUARE = "the standard deviation is 0.25, expected 0.5: 0.25 is its square"
FAULTS = {
    "mean 2.3": (lambda u: 2.3 + 0.5 * ndtri(u)[:, None], "the mean is 2."),
    "deviation squared": (lambda u: 2 + ndtri(u)[:, None] / 4, SQUARE),
    "deviation 0.7": (lambda u: 2 + ndtri(u)[:, None] * 0.7, "the standard deviation is 0."),
    "two lumps": (lambda u: 1.5 + (u[:, None] > 0.5) + normal(u) / 20, "the shape is not normal"),
}


@pytest.mark.parametrize(("exercise", "fault"), each({"G": FAULTS, "H": FAULTS}))
def test_each_fault_of_normal_samples_is_named(exercise, fault):
    make, message = fault
    refused(message, exercise, lambda num: make(share_of(num)))


def test_the_size_of_the_noise_can_be_given():
    accepted("H", NoLinear(normal, torch.clone), latent_dim=4)


def always_the_same(num):
    return 2 + 0.5 * torch.randn(num, 1, generator=torch.Generator().manual_seed(1))


OTHER_FAULTS = {
    "G": {
        "collapsed": (lambda num: 2 + torch.zeros(num, 1), "the same samples at each call"),
        "same": (always_the_same, "returns the same samples at each call, expected new ones"),
        "one axis": (lambda num: torch.randn(num), "data(5000) has shape (5000,), expected (5000"),
    },
    "H": {
        "collapsed": (lambda num: 2 + torch.zeros(num, 1), "collapsed: all samples are near 2.00"),
        "standard": (lambda num: torch.randn(num, 1), "expected 2. (A network gets torch.rand("),
        "two": (lambda num: torch.randn(num, 2), "makes shape (5000, 2), expected (5000, 1)"),
    },
}


@pytest.mark.parametrize(("exercise", "fault"), each(OTHER_FAULTS))
def test_each_fault_of_a_data_function_or_a_generator_is_named(exercise, fault):
    answer, message = fault
    refused(message, exercise, answer)


def test_a_second_call_of_a_data_function_is_judged_like_the_first():
    calls = iter([2 + 0.5 * torch.randn(5000, 1), "normal"])
    refused("what data returns is a str, expected a tensor", "G", lambda num: next(calls))


def test_a_verdict_on_a_generator_of_normal_samples_tells_its_quality():
    assert "KS distance 0.0" in judged("H", DATA["randn"]).message
