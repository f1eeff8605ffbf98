"""How wrong was each network? Binary cross-entropy, with 1 for real and 0 for generated."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from gan_course.checks import require_matrix


def real_loss(probabilities: Tensor) -> Tensor:
    """The discriminator's loss on real samples: their target is 1.

    Args:
        probabilities: D(x), its answers for real samples, shape (n, 1), each in [0, 1].

    Returns:
        Scalar, the mean of -log D(x) in nats; ln 2 = 0.693 where every answer is one half.

    Raises:
        TypeError: `probabilities` is no float tensor.
        ValueError: it has another shape, or a number outside [0, 1].
        FloatingPointError: it holds NaN.

    Goodfellow et al. 2014, equation 1, first term. PyTorch cuts -log off at 100, so the loss
    stays finite where D(x) is 0.
    """
    require_probabilities(probabilities)
    return binary_cross_entropy(probabilities, torch.ones_like(probabilities))


def fake_loss(probabilities: Tensor) -> Tensor:
    """The discriminator's loss on generated samples: their target is 0.

    Args:
        probabilities: D(G(z)), its answers for generated samples, shape (n, 1), each in [0, 1].

    Returns:
        Scalar, the mean of -log(1 - D(G(z))) in nats; ln 2 where every answer is one half.

    Raises:
        TypeError: `probabilities` is no float tensor.
        ValueError: it has another shape, or a number outside [0, 1].
        FloatingPointError: it holds NaN.

    Goodfellow et al. 2014, equation 1, second term.
    """
    require_probabilities(probabilities)
    return binary_cross_entropy(probabilities, torch.zeros_like(probabilities))


def generator_loss(probabilities: Tensor) -> Tensor:
    """The generator's loss on its own samples: it wants them called real, so the target is 1.

    Args:
        probabilities: D(G(z)), the discriminator's answers for generated samples, shape (n, 1).

    Returns:
        Scalar, the mean of -log D(G(z)) in nats; ln 2 where every answer is one half.

    Raises:
        TypeError: `probabilities` is no float tensor.
        ValueError: it has another shape, or a number outside [0, 1].
        FloatingPointError: it holds NaN.

    Goodfellow et al. 2014, section 3: the form with strong gradients early in learning.
    """
    return real_loss(probabilities)


def require_probabilities(probabilities: Tensor) -> None:
    """Raise unless these are a discriminator's answers: shape (n, 1), each in [0, 1].

    Raises:
        TypeError: no float tensor.
        ValueError: another shape, or a number outside [0, 1].
        FloatingPointError: NaN, the sign of a training that has diverged.
    """
    known = isinstance(probabilities, Tensor) and not probabilities.is_meta
    if known and bool(probabilities.isnan().any()):
        raise FloatingPointError("the discriminator's answer is not a number")
    require_matrix("probabilities", probabilities, columns=1)
    low, high = float(probabilities.detach().min()), float(probabilities.detach().max())
    if low < 0 or high > 1:
        raise ValueError(
            f"probabilities must lie between 0 and 1, got {low:.3g} to {high:.3g}; "
            "does the discriminator end with a sigmoid?"
        )
