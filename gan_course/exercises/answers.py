"""What did the learner hand in? Read, called and drawn from with care, for all exercises."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from traceback import extract_tb
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gan_course.networks import sample

Mistake = tuple[float, str]  # a number that comes out of a known mistake, and which one that is
DRAWN = 5_000  # samples that a check draws from a generator
ADVICE = {  # words in an error that the learner's function ends in, and what to do about it
    "torch.return_types": "min and max return `.values` *and* `.indices`: take what is asked for",
    "leaf Variable": "change p inside `with torch.no_grad():`, so that the change isn't recorded",
    "NoneType": "something is None, as a .grad is before backward(), and after it was cleared",
    "does not require grad": "no record of the loss: is all of it under `torch.no_grad()`, or did "
    "you detach() it?",
    "context manager": "torch.no_grad() with its ( )",
    "__enter__": "torch.no_grad() with its ( )",  # which Python 3.10 says
    "Boolean value of Tensor": "a loss is made first, then called: nn.BCELoss()(answers, targets)",
    "arget size": "the targets need the shape of the answers, as torch.ones_like(answers) has it",
    "no attribute 'size'": "the targets are a tensor, too: torch.ones_like(answers)",
    "'method' object": "the name of a method needs its ( ), as in G.parameters()",
    "can only optimize Tensors": "an optimiser takes the weights of a network: G.parameters()",
    "and 'generator'": "an optimiser takes the weights of one network: G.parameters()",
    "not in list": "the rows need not be exactly one-hot: look for the largest",
    "Got: Bool": "True and False have no mean: .float() makes them 1 and 0",
    "index ": "what it is given may have any number of rows, of any length",
}


class Wrong(Exception):
    """Ends a check with the message that names the fault."""

    @classmethod
    def kind(cls, name: str, answer: Any, wanted: str) -> Wrong:
        """Another kind of thing came than the one that was asked for."""
        kind = type(answer).__name__
        what = f"an {kind}" if kind.lower().startswith((*"aeio", "nd")) else f"a {kind}"
        if isinstance(answer, list) and str in map(type, answer):
            what += " with text in it"
        return cls(f"{name} is {'None' if answer is None else what}, expected {wanted}")


class NotAttempted(Exception):
    """Ends a check: there is no answer yet."""


@contextmanager
def case(what: str = "", remark: str = "") -> Iterator[None]:
    """Says of each fault for which of several inputs it came up, or what else may be its cause."""
    try:
        yield
    except Wrong as fault:
        if "expected a function" in str(fault):  # that has nothing to do with the case
            raise
        raise Wrong(f"for {what}: {fault}" if what else f"{fault}{remark}") from fault.__cause__


def judge_shape(found: Tensor, shape: tuple[int, ...], what: str, wanted: str = "") -> None:
    """Raise unless it has this shape; `what` is "score returns", `wanted` says it in words."""
    if found.shape != shape:
        raise Wrong(f"{what} shape {tuple(found.shape)}, expected {wanted or shape}")


def numbers_of(
    answer: Any, name: str, wanted: str = "a tensor of numbers", *, infinite: bool = False
) -> Tensor:
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
        call = ": call it, with ( )" if callable(answer) else ""
        raise Wrong.kind(name, answer, f"{wanted}{call}") from None
    if found.is_complex():
        raise Wrong(f"{name} holds complex numbers, expected real ones")
    if bool(found.isnan().any()) or not (infinite or bool(found.isfinite().all())):
        raise Wrong(f"{name} holds NaN or infinity, expected finite numbers only")
    return found.double()


def number_of(answer: Any, name: str, *, infinite: bool = False) -> float:
    """The one number that the learner's function returned, as a tensor of any shape."""
    found = numbers_of(answer, f"what {name} returns", "one number", infinite=infinite)
    judge_shape(found, (1,) * found.ndim, f"{name} returns", "one number")
    return float(found)


def close(one: float, other: float) -> bool:
    """Whether two numbers are the same, roundings aside."""
    return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-5)


def judge_number(found: float, right: float, what: str, *mistakes: Mistake) -> None:
    """Raise unless the number is right; where it is a known mistake, say which one."""
    if close(found, right):
        return
    for wrong, reason in mistakes:
        if close(found, wrong):
            raise Wrong(reason)
    raise Wrong(f"for {what} you get {found:.4f}, expected {right:.4f}")


def answer_of(function: Any, name: str, *arguments: Any) -> Any:
    """What the learner's function returns; `...` means that it is not written yet."""
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise Wrong.kind(name, function, "a function: its name alone, without ( ) or quotes")
    try:
        found = function(*arguments)
        if (kind := type(found).__module__) == "torch.return_types":
            raise ValueError(kind)
    except Exception as error:  # whatever the learner's function raises is what we report
        advice = (what for words, what in ADVICE.items() if words in str(error))
        raise Wrong(f"your {name} failed: {next(advice, _said(error))}") from error
    if found is ...:
        raise NotAttempted
    if found is None:
        raise Wrong(f"your {name} returns None. Is there a `return`?")
    if isinstance(found, (tuple, list)) and any(one is ... for one in found):
        raise NotAttempted
    return found


def _said(error: Exception) -> str:
    """An error in one line: TorchScript's reason is its last one, everybody else's the first."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1 if 'TorchScript' in lines[0] else 0]}"


# --- generators ----------------------------------------------------------------------------------


def samples_of(
    generator: Any, call: str, latent_dim: int | None, draw: Callable[..., Tensor] = torch.randn
) -> tuple[Tensor, str]:
    """Samples of whatever makes some: a network, a function of a number or of noise, a GAN.

    Args:
        generator: what the learner handed in.
        call: what the learner may type to say how many numbers a noise vector has.
        latent_dim: how many it has, where that was said.
        draw: the noise that a network gets.

    Returns:
        Samples, and a remark on that noise, for faults that other noise may be the cause of.
    """
    generator = _unwrapped(generator)
    network = isinstance(generator, nn.Module)
    weights = list(generator.parameters()) if network else []
    if any(is_lazy(weight) for weight in weights):
        raise Wrong("your generator has never been used: a lazy layer of it has no weights yet")
    how = f"say how many numbers a noise vector has, as in {call}"
    function = "hand in a function that takes a number of samples and returns them"
    fault, sizes = "", [latent_dim] if latent_dim else []
    if not network and not sizes:
        try:
            return _out_of_number(generator), ""
        except Wrong as wrong:
            # where noise is meant, a number ends in one of these
            if not isinstance(wrong.__cause__, (TypeError, AttributeError, RuntimeError)):
                raise
            if any(f.name == "generate_samples" for f in extract_tb(wrong.__cause__.__traceback__)):
                raise Wrong(
                    "generate_samples takes noise first: write num=n, for n samples"
                ) from None
            fault = f"{wrong}. It was called with the number {DRAWN}; if it takes noise, {how}"
    if not sizes:  # try which ones fit
        tried = {*range(1, 129), *(size for weight in weights for size in weight.shape)}
        for size in sorted(tried):
            with suppress(Wrong):
                answer_of(_use, "generator", generator, draw, 2, size)
                sizes.append(size)
        if len(sizes) > 1 and sizes[0] == 1:  # one number is stretched to any size
            del sizes[0]
    if len(sizes) > 1:
        raise Wrong(f"your generator takes noise of many sizes: {how}")
    if not sizes and network:
        with suppress(Wrong):  # an own class that draws its noise itself
            return _out_of_number(generator), ""
        linear = [layer for layer in generator.modules() if isinstance(layer, nn.Linear)]
        sizes = [linear[0].in_features if linear else 2]
    if not sizes:
        raise Wrong(fault)
    try:
        made = answer_of(_use, "generator", generator, draw, DRAWN, sizes[0])
    except Wrong as wrong:
        if wrong.__cause__ is None:  # it did not fail: there is no return
            raise
        raise Wrong(f"{wrong}. If its noise is another, {how}, or {function}") from wrong
    noise = f"torch.{draw.__name__}(n, {sizes[0]})"
    return _rows(made), f". It was fed {noise}; if it learned from other noise, {function}"


def _unwrapped(generator: Any) -> Any:
    if isinstance(generator, type):
        name = generator.__name__
        raise Wrong(f"{name} is a class, expected a trained network that {name}(…) has made")
    generator = getattr(generator, "generate_samples", generator)  # of a GAN
    generator = getattr(generator, "_orig_mod", generator)  # of a compiled network
    if type(generator).__name__ == "ExportedProgram":
        generator = generator.module()
    if not callable(generator):
        wanted = "a network or a function: its name alone, without ( ) or quotes"
        raise Wrong.kind("your generator", generator, wanted)
    if getattr(generator, "__name__", "") in ("fit", "train_step"):
        raise Wrong("fit trains, and draws no samples: hand in the generator, or generate_samples")
    return generator


def _use(generator: Any, draw: Callable[..., Tensor], count: int, size: int) -> Any:
    noise = draw(count, size, generator=torch.Generator().manual_seed(0))
    if isinstance(generator, nn.Module):
        noise = noise.to(next(generator.parameters(), noise))
        # neither an exported program nor a frozen one has modes: it is used as it is
        with suppress(NotImplementedError, AttributeError):
            return sample(generator, noise)
    with torch.no_grad():
        return generator(noise)


def _out_of_number(generator: Any) -> Tensor:
    try:
        by_name = "num" in inspect.signature(generator).parameters  # as in GAN.generate_samples
    except (TypeError, ValueError):  # not all functions tell
        by_name = False
    call = partial(generator, num=DRAWN) if by_name else partial(generator, DRAWN)
    return _rows(answer_of(call, "generator"))


def _rows(samples: Any) -> Tensor:
    made = numbers_of(samples, "what your generator makes")
    if made.ndim == 0 or DRAWN not in (len(made), made.numel()):
        rows = len(made) if made.ndim else 1
        turned = ": one sample a row, please" if made.ndim and made.shape[-1] == DRAWN else ""
        raise Wrong(f"your generator makes {rows} samples where {DRAWN} are asked for{turned}")
    return made
