"""What did the learner hand in? Read and called with care, for the checks of the exercises."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Wrong(Exception):
    """Ends a check with the message that names the fault."""


class NotAttempted(Exception):
    """Ends a check: there is no answer yet."""


def numbers_of(answer: Any, name: str) -> Tensor:
    """The learner's tensor, array or list as a float64 tensor on the CPU.

    Raises:
        Wrong: it holds something else than real, finite numbers.
    """
    try:
        if not isinstance(answer, Tensor):
            import numpy

            found = numpy.asarray(answer)
            if numpy.iscomplexobj(found):
                raise Wrong(f"{name} holds complex numbers, expected real ones")
            if found.dtype.kind in "SU":
                raise TypeError("numpy would read the text '0.5' as a number")
            # a copy in C order: torch can't read an array that runs backwards
            numbers = torch.as_tensor(numpy.array(found, dtype=float, order="C"))
        elif answer.is_complex():
            raise Wrong(f"{name} holds complex numbers, expected real ones")
        else:
            numbers = answer.detach().cpu().to_dense().double()
    except (TypeError, ValueError, RuntimeError, OverflowError, MemoryError):
        raise Wrong(f"{name} is a {type(answer).__name__}, expected a tensor of numbers") from None
    if not bool(torch.isfinite(numbers).all()):
        raise Wrong(f"{name} holds NaN or infinity, expected finite numbers only")
    return numbers


def answer_of(function: Any, name: str, *arguments: Any) -> Any:
    """What the learner's function returns; `...` means that it is not written yet.

    Raises:
        Wrong: it is no function, it failed, or it returned None.
        NotAttempted: it returned `...`.
    """
    if not callable(function):
        raise Wrong(f"{name} is a {type(function).__name__}, expected a function")
    try:
        found = function(*arguments)
    except Exception as error:  # whatever the learner's function raises is what we report
        raise Wrong(f"your {name} failed: {type(error).__name__}: {error}") from error
    if found is ...:
        raise NotAttempted
    if found is None:
        raise Wrong(f"your {name} returns None. Is there a `return`?")
    return found
