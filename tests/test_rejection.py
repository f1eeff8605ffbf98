"""Are samples that pass the discriminator spread as the real ones are?"""

import pytest
import torch
from scipy.stats import kstest
from torch import nn

from gan_course.many import rejection_sample


class Ideal(nn.Module):
    """The logit log p(x) / q(x), where real samples are N(0, 1) and generated ones N(0, 2)."""

    def forward(self, x):
        real, made = (torch.distributions.Normal(0.0, width) for width in (1.0, 2.0))
        return real.log_prob(x) - made.log_prob(x)


def pass_of(discriminator):
    """What it lets pass of a generator that makes noise twice as wide, and the real samples."""
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 1, generator=random)
    real = torch.randn(2_000, 1, generator=random)
    twice = nn.Linear(1, 1, bias=False)
    nn.init.constant_(twice.weight, 2.0)
    return rejection_sample(twice, discriminator, noise, real, random=random), real


def test_what_an_ideal_discriminator_lets_pass_is_spread_as_the_real_samples():
    passed, real = pass_of(Ideal())
    assert kstest(passed[:, 0].numpy(), "norm").statistic < 0.02
    # p / q is at most 2: of as many samples as there should be, twice as many are needed
    assert len(passed) / 20_000 == pytest.approx(0.5, abs=0.02)
    # what has a smaller logit than 999 of 1,000 real ones is dropped: without, it would be a few
    assert float(passed.abs().max()) <= float(real.abs().quantile(0.999))


def test_a_discriminator_that_ends_in_a_sigmoid_lets_the_same_pass():
    logits, _ = pass_of(Ideal())
    probabilities, _ = pass_of(nn.Sequential(Ideal(), nn.Sigmoid()))
    # the two may round a few draws differently
    assert abs(len(logits) - len(probabilities)) <= 2
    assert probabilities.std().item() == pytest.approx(logits.std().item(), abs=1e-3)
