"""Which generated samples does the discriminator let pass? Rejection sampling, after training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_course.checks import as_samples
from gan_course.networks import in_mode, sample

FLOOR = 0.001  # of the real samples have a smaller logit than what is let pass
TOP = 0.98  # of the generated samples have a smaller logit than what is surely kept


def rejection_sample(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    real: Tensor,
    *,
    random: torch.Generator | None = None,
) -> Tensor:
    """Generate a sample for each row of noise, and keep those that the discriminator lets pass.

    An ideal discriminator's logit d(x) is the logarithm of how much more often x comes up among
    real samples than among generated ones. So a sample that is kept with probability exp(d - c) is
    spread as real ones are, for any c that no logit exceeds (discriminator rejection sampling,
    Azadi et al. 2019, arXiv:1810.06758). Here c is the logit that 2 % of the samples exceed; these
    are always kept. And a sample whose logit is below nearly all those of the real ones is dropped:
    where the generator hardly ever goes D is not exact.

    Args:
        generator: noise (n, latent_dim) -> samples (n, dim).
        discriminator: samples (n, dim) -> logits (n, 1); or probabilities, where it ends in a
            sigmoid. The one that was trained with the generator, see `Ensemble.discriminator`.
        noise: one row a candidate, shape (n, latent_dim).
        real: the training data, shape (m, dim), in the units of the samples.
        random: where chance comes from; by custom PyTorch's global numbers.

    Returns:
        The samples that are kept, shape (k, dim): k / n is the share kept.
    """
    candidates = sample(generator, noise)

    def logits(samples: Tensor) -> Tensor:
        with torch.no_grad(), in_mode(False, discriminator):
            answers: Tensor = discriminator(samples.to(candidates))[:, 0]
        ends_in_sigmoid = isinstance([*discriminator.modules()][-1], nn.Sigmoid)
        return torch.logit(answers) if ends_in_sigmoid else answers

    found = logits(candidates)
    chance = torch.rand(found.shape, generator=random).to(found)
    floor = logits(as_samples(real, "real")).quantile(FLOOR)
    kept = (found >= floor) & (chance < torch.exp(found - found.quantile(TOP)))
    return candidates[kept]
