"""What did the learner hand in? Read, called and drawn from with care, for all exercises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.networks import sample

DRAWN = 5_000  # samples that a check draws from a generator


class Wrong(Exception):
    """Ends a check with the message that names the fault."""

    @classmethod
    def kind(cls, name: str, answer: Any, wanted: str) -> Wrong:
        """Another kind of thing came than the one that was asked for."""
        return cls(f"{name} is a {type(answer).__name__}, expected {wanted}")


class NotAttempted(Exception):
    """Ends a check: there is no answer yet."""


def judge_shape(found: Tensor, shape: tuple[int, ...], what: str, wanted: str = "") -> None:
    """Raise unless it has this shape; `what` is "score returns", `wanted` says it in words."""
    if found.shape != shape:
        raise Wrong(f"{what} shape {tuple(found.shape)}, expected {wanted or shape}")


def numbers_of(answer: Any, name: str) -> Tensor:
    """The learner's tensor, array or list of real, finite numbers: float64, on the CPU."""
    try:
        if isinstance(answer, Tensor):
            found = answer.detach().cpu().to_dense()
        else:
            import numpy

            array = numpy.asarray(answer)
            if array.dtype.kind in "SU":
                raise TypeError("numpy would read the text '0.5' as a number")
            kind = complex if numpy.iscomplexobj(array) else float
            # a copy in C order: torch can't read an array that runs backwards
            found = torch.as_tensor(numpy.array(array, dtype=kind, order="C"))
    except (TypeError, ValueError, RuntimeError, OverflowError, MemoryError):
        raise Wrong.kind(name, answer, "a tensor of numbers") from None
    if found.is_complex():
        raise Wrong(f"{name} holds complex numbers, expected real ones")
    if not bool(torch.isfinite(found).all()):
        raise Wrong(f"{name} holds NaN or infinity, expected finite numbers only")
    return found.double()


def number_of(answer: Any, name: str) -> float:
    """The one number that the learner's function returned, as a tensor of any shape."""
    found = numbers_of(answer, f"what {name} returns")
    judge_shape(found, (1,) * found.ndim, f"{name} returns", "one number")
    return float(found)


def answer_of(function: Any, name: str, *arguments: Any) -> Any:
    """What the learner's function returns; `...` means that it is not written yet."""
    if not callable(function):
        raise Wrong.kind(name, function, "a function")
    try:
        found = function(*arguments)
    except Exception as error:  # whatever the learner's function raises is what we report
        raise Wrong(f"your {name} failed: {type(error).__name__}: {error}") from error
    if found is ...:
        raise NotAttempted
    if found is None:
        raise Wrong(f"your {name} returns None. Is there a `return`?")
    return found


def samples_of(
    generator: Any, latent_dim: int | None, draw: Callable[..., Tensor] = torch.randn
) -> Tensor:
    """Samples of the learner's generator: a network, or a function of a number of samples."""
    if not callable(generator):
        raise Wrong.kind("your generator", generator, "a network or a function")
    if isinstance(generator, nn.Module):
        samples = _out_of_noise(generator, latent_dim, draw)
    else:
        samples = answer_of(generator, "generator", DRAWN)
    made = numbers_of(samples, "what your generator makes")
    if made.ndim == 0 or DRAWN not in (len(made), made.numel()):
        rows = len(made) if made.ndim else 1
        raise Wrong(f"your generator makes {rows} samples where {DRAWN} are asked for")
    return made


def _out_of_noise(
    generator: nn.Module, latent_dim: int | None, draw: Callable[..., Tensor]
) -> Tensor:
    weights = next(generator.parameters(), None)
    if weights is None:
        raise Wrong("your generator has no weights, so it can't have been trained")
    # noise of the size that a linear layer takes; they are listed as they were built, and one that
    # is still lazy takes 0
    linear = [layer for layer in generator.modules() if isinstance(layer, nn.Linear)]
    sizes = [layer.in_features for layer in linear if layer.in_features]
    sizes = sizes if latent_dim is None else [latent_dim]
    if not sizes:
        raise Wrong("the size of the noise can't be read off your generator: pass latent_dim=…")
    faults: list[Exception] = []
    for size in dict.fromkeys(sizes):
        try:
            noise = draw(DRAWN, size, generator=torch.Generator().manual_seed(0))
            return sample(generator, noise.to(weights))
        except Exception as error:  # whatever a learner's network raises is what we report
            faults.append(error)
    raise Wrong(
        f"your generator failed when it was used: {faults[0]}. If its noise has another size, "
        "pass latent_dim=…, or pass a function that takes a number of samples and returns them"
    )
