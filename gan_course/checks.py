"""Is it what was meant? Asked once, at the entrance, of what would go wrong without a word.

And after each epoch: has the training diverged? No chapter writes this file.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

# Above this mean loss a training is broken: an undecided discriminator has 0.69, and PyTorch cuts
# the loss of a single answer off at 100.
EXPLODED = 50.0
ADVICE = "try smaller learning rates, and data scaled to [-1, 1]"
# What PyTorch says of two mistakes, and what helps
REMEDIES = {
    "more than 1 value per channel": "BatchNorm needs batches of two samples or more, and got one: "
    "DataLoader(..., drop_last=True) leaves a last batch that is too short out",
    "between 0 and 1": "discriminator must answer with probabilities, so it needs a sigmoid at its "
    "end; and it comes second, after the generator",
}

# --- numbers -------------------------------------------------------------------------------------


def as_samples(values: Any, name: str = "samples", columns: int | None = None) -> Tensor:
    """Turn the caller's values into a float tensor of shape (n, ...), n >= 1, of finite numbers.

    Args:
        values: a tensor, a NumPy array, a data frame, a list of rows; or a Dataset or DataLoader,
            of which labels, where they come second, are left out.
        name: what error messages call it.
        columns: how many numbers each sample must have, where that is known.
    """
    got = type(values).__name__
    if isinstance(values, DataLoader):
        values = values.dataset
    if isinstance(values, Dataset):
        rows = [values[row] for row in range(len(values))]  # type: ignore[arg-type]
        values = [row[0] if isinstance(row, (list, tuple)) else row for row in rows]
    if not isinstance(values, Tensor):
        import numpy  # loaded only where it is needed

        try:
            if isinstance(values, (list, tuple)) and len(values) and isinstance(values[0], Tensor):
                values = torch.stack(values)
            else:  # a copy: torch can't read an array that runs backwards
                values = torch.tensor(numpy.array(values, dtype=float))
        except (RuntimeError, TypeError, ValueError) as error:
            wanted = f"{name} must be numbers of shape (n, dim), got {got}"
            raise TypeError(f"{wanted}: {error}") from None
        values = values.to(torch.get_default_dtype())
    if not values.is_floating_point():
        values = values.to(torch.get_default_dtype())
    if values.ndim == 1:
        raise ValueError(
            f"{name} must have shape (n, dim), got {tuple(values.shape)}; "
            "with one number a sample, add [:, None]"
        )
    if 0 in values.shape or values.ndim == 0 or columns not in (None, values.shape[1]):
        wanted = f"(n, {'dim' if columns is None else columns})"
        raise ValueError(f"{name} must have shape {wanted}, got {tuple(values.shape)}")
    if not bool(torch.isfinite(values).all()):
        bad = int((~torch.isfinite(values)).flatten(1).any(dim=1).sum())  # samples, not numbers
        raise ValueError(f"{name} must be finite, got NaN or infinity in {bad} of {len(values)}")
    return values


def as_integers(values: Any, name: str = "integers") -> Tensor:
    """Turn the caller's values into a tensor of whole numbers, shape (n,)."""
    if not isinstance(values, Tensor):
        values = torch.tensor(list(values))
    if values.is_floating_point() or values.dtype == torch.bool:
        advice = "; decode_batch turns rows into integers, encode_batch integers into rows"
        raise TypeError(f"{name} must be whole numbers, got {values.dtype}{advice}")
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"{name} must have shape (n,), n >= 1, got shape {tuple(values.shape)}")
    return values.long()


# --- what is handed to `fit` ---------------------------------------------------------------------


def require_trainable(generator: nn.Module, discriminator: nn.Module) -> None:
    """Both networks must have weights that Adam can change."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not any(weight.requires_grad for weight in network.parameters()):
            advice = f"if they are frozen, as a loaded generator's are, {name}.requires_grad_(True)"
            raise ValueError(f"{name} has no weights that can learn; {advice}")
        if any(weight.dtype == torch.float16 for weight in network.parameters()):
            advice = f"in which Adam divides by 0: call {name}.float()"
            raise ValueError(f"{name} can't be trained in half precision, {advice}")


def require_own(networks: Sequence[nn.Module], optimisers: Sequence[Optimizer]) -> None:
    """Each optimiser must hold weights of its network, and no others."""
    for network, optimiser in zip(networks, optimisers, strict=True):
        own = set(network.parameters())
        if not all(own.issuperset(group["params"]) for group in optimiser.param_groups):
            wanted = "optimisers must be the generator's and the discriminator's"
            raise ValueError(f"{wanted}; for a new network make a new optimiser")


def require_batches(loader: Any, epochs: int) -> None:
    """It must give batches anew in each epoch."""
    wanted, got = "loader must give batches in every epoch", type(loader).__name__
    # tensors, arrays and data frames have __array__
    if hasattr(loader, "__array__") or not hasattr(loader, "__iter__"):
        advice = "batches(samples, 128) makes them, and a function that draws samples is for GAN"
        raise TypeError(f"{wanted}, got {got}; {advice}")
    if isinstance(loader, Iterator) and epochs > 1:
        advice = "which is used up after one; give the DataLoader itself, or list(loader)"
        raise ValueError(f"{wanted}, got {got}, {advice}")


def checked_noise(noise: Callable[[int], Tensor]) -> Callable[[int], Tensor]:
    """The same noise; its first two draws must have the rows asked for, and not be the same."""
    if not callable(noise):
        got = type(noise).__name__
        raise TypeError(f"noise must be a function, as of normal_noise(2), got {got}")
    drawn: list[Tensor] = []  # not all of them: to compare makes a GPU wait

    def draw(count: int) -> Tensor:
        z = torch.as_tensor(noise(count))
        if len(drawn) < 2:
            if len(z) != count:
                raise ValueError(f"noise({count}) must have {count} rows, got {len(z)}")
            if drawn and torch.equal(z, drawn[0]):
                raise ValueError("noise must be drawn anew in each call, got the same twice")
            drawn.append(z)
        return z

    return draw


@contextmanager
def explained() -> Iterator[None]:
    """Within this, an error says what helps, where PyTorch's own words would not."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        for words, remedy in REMEDIES.items():
            if words in str(error):
                raise ValueError(remedy) from None
        raise


def fault(losses: Sequence[float], samples: Tensor | None) -> str:
    """What says that a training has diverged, by the losses of `Losses` and samples; or ""."""
    names = ("on real", "on fake", "of the generator")
    for name, loss in zip(names, losses, strict=True):
        if not math.isfinite(loss):
            return f"the loss {name} is not a finite number"
        if loss > EXPLODED:
            return f"the loss {name} has exploded to {loss:.3g} nats"
    finite = samples is None or bool(torch.isfinite(samples).all())
    return "" if finite else "a sample is not a finite number"


def warn_of_idle(networks: Sequence[nn.Module], before: Sequence[dict[str, Any]]) -> None:
    """Say so if no weight of a network has changed since the state dicts of `before`."""
    for name, network, old in zip(("generator", "discriminator"), networks, before, strict=True):
        if all(torch.equal(weight, old[key]) for key, weight in network.named_parameters()):
            why = "detach(), round() and argmax() let no gradient through"
            fault = "learns nothing: no weight of it has changed in the first epoch"
            warnings.warn(f"the {name} {fault}; {why}", stacklevel=3)
