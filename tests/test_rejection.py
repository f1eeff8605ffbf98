"""Are samples that pass the discriminator spread as the real ones are?"""

from __future__ import annotations

import pytest
import torch
from scipy.stats import kstest
from torch import Tensor, nn

from gan_course.many import rejection_sample


class Ideal(nn.Module):
    """The logit log p(x) / q(x), where real samples are N(0, 1) and generated ones N(0, 2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Of shape (n, 1), as x."""
        real, made = (torch.distributions.Normal(0.0, width) for width in (1.0, 2.0))
        return real.log_prob(x) - made.log_prob(x)


class Probability(nn.Sequential):
    """The same, as a discriminator that ends in a sigmoid."""

    def __init__(self) -> None:
        super().__init__(Ideal(), nn.Sigmoid())


def twice() -> nn.Sequential:
    """A generator that makes noise twice as wide."""
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, 2.0)
    return nn.Sequential(layer)


def pass_of(discriminator: nn.Module) -> Tensor:
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 1, generator=random)
    real = torch.randn(2_000, 1, generator=random)
    return rejection_sample(twice(), discriminator, noise, real, random=random)


def test_what_an_ideal_discriminator_lets_pass_is_spread_as_the_real_samples() -> None:
    random = torch.Generator().manual_seed(0)
    raw = 2 * torch.randn(20_000, 1, generator=random)
    assert kstest(raw[:, 0].numpy(), "norm").statistic > 0.1
    passed = pass_of(Ideal())
    assert kstest(passed[:, 0].numpy(), "norm").statistic < 0.02
    # p / q is at most 2: of as many samples as there should be, twice as many are needed
    assert len(passed) / 20_000 == pytest.approx(0.5, abs=0.02)


def test_a_discriminator_that_ends_in_a_sigmoid_lets_the_same_pass() -> None:
    logits, probabilities = pass_of(Ideal()), pass_of(Probability())
    # the two may round a few draws differently
    assert abs(len(logits) - len(probabilities)) <= 2
    assert probabilities.std().item() == pytest.approx(logits.std().item(), abs=1e-3)


def test_what_is_far_below_all_real_samples_is_dropped() -> None:
    passed = pass_of(Ideal())
    # the least real logit of 2,000 lies near |x| = 3.3; the generator reaches 8
    assert float(passed.abs().max()) < 4
