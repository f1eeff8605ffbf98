"""What did the learner hand in? Read, called and drawn from with care, for all exercises."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gan_course.networks import sample

Checks = dict[str, Callable[..., str]]  # of each exercise the function that judges its answers
Mistakes = dict[str, Any]  # what went wrong, and the number that comes out of it
DRAWN = 5_000  # samples that a check draws from a generator
ADVICE = {  # words in an error that the learner's function ends in, and what to do about it
    "NameError": "{said}: import or define it on this page",
    "KeyError: 'good'": "work it out from off, ks and bins",
    "torch.return_types": "min and max return `.values` *and* `.indices`: take what is asked for",
    "leaf Variable": "change p inside `with torch.no_grad():`, so that the change isn't recorded",
    "NoneType": "something is None, as a .grad is before backward(), after it was cleared, and "
    "of a copy (p.data, state_dict())",
    "does not require grad": "no record of the loss: is all of it under `torch.no_grad()`, or did "
    "you detach() it?",
    "context manager": "`with` takes torch.no_grad() with its ( ), and no network",
    "__enter__": "`with` takes torch.no_grad() with its ( ), and no network",  # in Python 3.10
    "legacy_get_string": "a loss is made first, then called: nn.…Loss()(answers, targets)",
    "Boolean value of Tensor": "Python's `if`, min and max take one number at a time: compare the "
    "whole tensor, or take `.values` of its .min(dim=…) or .max(dim=…), or .clamp(max=…)",
    "builtin_function_or_method": "the name of a method needs its ( )",
    "arget size (": "answers and targets have different shapes: bring both into one, by flatten(), "
    "or make the targets by ones_like or zeros_like; and use the function's own arguments",
    "normal() received": "torch.normal(mean, std, size): the size is a tuple, (num, 1)",
    "'int' object is not iterable": "a size is a tuple: (num, 1)",
    "input should be between 0 and 1": "these are logits: bce_l takes them",
    "no attribute 'size'": "the targets are a tensor, too: torch.ones_like(answers)",
    "'method' object": "the name of a method needs its ( ), as in G.parameters()",
    "argument 'tensors'": "torch.cat takes a list: torch.cat([one, other], dim=1)",
    "for &: ": "write `and` between comparisons",
    "can only optimize Tensors": "an optimiser takes the weights of a network: G.parameters()",
    "and 'generator'": "an optimiser takes the weights of one network: G.parameters()",
    "not in list": ".index() finds only what is exactly there (of rows that need not be one-hot, "
    "look for the largest)",
    "Got: Bool": "True and False have no mean: .float() makes them 1 and 0",
    "Can't call numpy() on": "NumPy keeps no record: stay in torch where backward() is to "
    "follow, as in answers.log(); else work under `with torch.no_grad():`",
    "not implemented for NumPy": "what comes in is a tensor, and yours are NumPy arrays: use torch",
    "only one element": "torch.tensor, math and float() take single numbers: torch.log and "
    "torch.exp take all of a tensor, torch.stack and torch.cat join tensors",
    "range of [-1, 0], but got 1": "there is no dim=1 in shape (n,): leave it out, or x[None] "
    "makes a table of one row, and x.expand(n, -1) one of n equal rows",
    "must match the size": "two shapes don't fit, print both: x[:, None] is one number a row, "
    "dim=0 makes one a column, and torch.cat joins columns, not +",
    "except in dimension 0": "torch.cat puts rows below rows: dim=1 joins columns",
    "'Tensor' object is not callable": "a tensor is no function: use it without ( ), or is a * "
    "missing?",
    "expected to be boolean": ".train() takes True or False, such as G.training, without ( )",
    "'bool' object is not callable": "True or False is no function: G.training, without ( )",
    "index tensor": "one_hot takes whole numbers: .long() makes them whole",
    "recursion": "it calls itself: the function that you call has the name of yours",
    "softmax() missing": "that is a function, which takes the numbers, too: softmax(scores, dim=1)",
}


class Wrong(Exception):
    """Ends a check with the message that names the fault."""

    @classmethod
    def kind(cls, name: str, answer: Any, wanted: str) -> Wrong:
        """Another kind of thing came than the one that was asked for."""
        what = "None" if answer is None else f"of type {type(answer).__name__}"
        what = f"the class {answer.__name__}" if isinstance(answer, type) else what
        return cls(f"{name} is {what}, expected {wanted}")


class NotAttempted(Exception):
    """Ends a check: there is no answer yet."""


@contextmanager
def case(what: str = "", remark: str = "") -> Iterator[None]:
    """Says of each fault for which of several inputs it came up, or what else may be its cause."""
    try:
        yield
    except Wrong as fault:
        raise Wrong(f"{f'for {what}: ' if what else ''}{fault}{remark}") from fault


def numbers_of(answer: Any, name: str, wanted: str = "a tensor of numbers") -> Tensor:
    """The learner's tensor, array or list of numbers: float64, on the CPU."""
    import numpy

    try:
        # a copy: torch can't read an array that runs backwards
        found = answer if isinstance(answer, Tensor) else torch.as_tensor(numpy.array(answer))
    except (TypeError, ValueError, RuntimeError):
        call = ": call it, with ( )" if callable(answer) else ""
        raise Wrong.kind(name, answer, f"{wanted}{call}") from None
    found = found.detach().cpu().to_dense()
    if found.is_complex() or bool(found.isnan().any()):
        raise Wrong(f"{name} holds NaN or complex numbers")
    return found.double()


def number_of(answer: Any, name: str) -> float:
    """The one number that the learner's function returned, as a tensor of any shape."""
    _require_bare(answer, name)
    found = numbers_of(answer, f"what {name} returns", "one number")
    judge_shape(found, (1,) * found.ndim, f"{name} returns", "one number")
    return float(found)


def _require_bare(answer: Any, name: str) -> None:
    if isinstance(answer, (list, tuple)) and len(answer) == 1:
        raise Wrong(f"{name} returns a number in a {type(answer).__name__}: no brackets, no comma")


def answer_of(function: Any, name: str, *arguments: Any) -> Any:
    """What the learner's function returns; `...` means that it is not written yet."""
    if function is ...:
        raise NotAttempted
    if not callable(function):
        raise Wrong.kind(name, function, "a function: its name alone, without ( ) or quotes")
    before, modes = [_state(one) for one in arguments], _modes(arguments)
    try:
        found = function(*arguments)
        if (kind := type(found).__module__) == "torch.return_types":
            raise ValueError(kind)
    except (Exception, SystemExit) as error:  # whatever the learner's function raises
        said = (str(error).strip().splitlines() or [""])[0]
        place = traceback.extract_tb(error.__traceback__)[-1].name
        whole = f"{type(error).__name__}: {error} in {place}"
        advice = (what.format(said=said) for words, what in ADVICE.items() if words in whole)
        says = next(advice, f"{type(error).__name__}: {said}")
        raise Wrong(f"your {name} failed: {says}") from error
    for one, old in zip(arguments, before, strict=True):
        if isinstance(one, nn.Module) and _state(one) != old:
            raise Wrong(f"{name} leaves a network frozen: leave requires_grad as it is")
        if _state(one) != old:
            raise Wrong(f"{name} has changed what it was given: work on a copy")
    for mode, old in zip(_modes(arguments), modes, strict=False):
        if mode != old:
            was = "training" if old else "evaluation"
            raise Wrong(
                f"a network was in {was} mode before, and is not after {name}: .train(mode), with "
                "the mode that it had before all else"
            )
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        raise Wrong(f"gradients stay switched off after {name}: use `with torch.no_grad():`")
    if found is None:
        raise Wrong(f"your {name} returns None. Is there a `return`?")
    if found is ... or (isinstance(found, (tuple, list)) and any(one is ... for one in found)):
        raise NotAttempted
    return found


def _modes(given: tuple[Any, ...]) -> list[Any]:
    networks = [one for one in given if isinstance(one, nn.Module)]
    # a frozen program has none
    return [getattr(layer, "training", None) for one in networks for layer in one.modules()]


def _state(given: Any) -> Any:
    """What an answer has to leave as it was, in a form that can be compared."""
    if isinstance(given, Tensor):
        return given.tolist()
    if isinstance(given, nn.Module):
        return [weight.requires_grad for weight in given.parameters()]
    return deepcopy(given) if isinstance(given, list) else None


# --- judges --------------------------------------------------------------------------------------


def judge_shape(found: Tensor, shape: tuple[int, ...], what: str, wanted: str = "") -> None:
    """Raise unless it has this shape; `what` is "score returns", `wanted` says it in words."""
    if found.shape != shape:
        raise Wrong(f"{what} shape {tuple(found.shape)}, expected {wanted or shape}")


def close(one: Any, other: Any) -> bool:
    """Whether numbers, or tensors of them, are the same, roundings aside."""
    a, b = (torch.as_tensor(numbers, dtype=torch.double).detach() for numbers in (one, other))
    return a.shape == b.shape and bool(_near(a, b).all())


def _near(a: Tensor, b: Tensor) -> Tensor:
    return torch.isclose(a, b, rtol=1e-3, atol=1e-4)


def judge(found: Tensor, right: Any, mistakes: Mistakes) -> None:
    """Raise unless all numbers are right; where they are those of a known mistake, say which."""
    right = torch.as_tensor(right, dtype=torch.double).detach()
    if found.numel() == right.numel() == 1:
        found = found.reshape(right.shape)
    if close(found, right):
        return
    reasons = [reason for reason, wrong in mistakes.items() if close(found, wrong)]
    why = f": {reasons[0]}" if reasons else ""
    if found.shape != right.shape:
        wanted = tuple(right.shape) if right.ndim else "one number"
        raise Wrong(f"you get shape {tuple(found.shape)}, expected {wanted}{why}")
    place = (~_near(found, right)).nonzero()[0].tolist()
    one, other = found[tuple(place)] + 0.0, right[tuple(place)]  # 0, never -0
    raise Wrong(f"you get {one:.4g}{f' at {place}' if place else ''}, expected {other:.4g}{why}")


def judge_call(
    function: Any,
    name: str,
    given: tuple[Any, ...],
    what: str,
    right: Any,
    mistakes: Mistakes,
    wanted: str = "a tensor of numbers",
) -> Any:
    """Raise unless the learner's function returns the right numbers; return its answer as it is.

    It gets copies, through which gradients reach what is given. `what` says what that is.
    """
    copies = [one.clone() if isinstance(one, Tensor) else one for one in given]
    wanted = wanted if torch.as_tensor(right).ndim else "one number"
    with case(what):
        answer = answer_of(function, name, *copies)
        if not torch.as_tensor(right).ndim:
            _require_bare(answer, name)
        judge(numbers_of(answer, f"what {name} returns", wanted), right, mistakes)
    return answer


# --- generators ----------------------------------------------------------------------------------


def samples_of(
    generator: Any, call: str, latent_dim: int | None, draw: Callable[..., Tensor] = torch.randn
) -> tuple[Tensor, str]:
    """Samples of whatever makes some: a network, a function of a number or of noise, a GAN.

    `latent_dim` is how many numbers a noise vector has, where the learner has said so, as in
    `call`; a network gets the noise that `draw` makes. Also returns a remark on that noise, for
    faults that other noise may be the cause of.
    """
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
    how = f"say how many numbers a noise vector has, as in {call}"
    function = "hand in a function that takes a number of samples and returns them"
    size = latent_dim
    if not size:
        try:
            return _rows(answer_of(_drawing(generator), "generator")), ""
        except Wrong as wrong:
            # a function takes a number, and makes no samples of it, unless it failed like this
            meant = isinstance(wrong.__cause__, (TypeError, AttributeError, RuntimeError))
            if not meant and not isinstance(generator, nn.Module):
                raise
            fault = f"{wrong}. It takes neither the number {DRAWN} nor noise of usual sizes"
        sizes = _noise_sizes(generator, draw)
        if not sizes:
            raise Wrong(f"{fault}: if it takes other noise, {how}")
        if len(sizes) > 1:
            raise Wrong(f"your generator takes noise of many sizes: {how}")
        size = sizes[0]
    with case(remark=f". If its noise is another, {how}, or {function}"):
        made = _rows(answer_of(_use, "generator", generator, draw, DRAWN, size))
    noise = f"torch.{draw.__name__}(n, {size})"
    return made, f". It was fed {noise}; if it learned from other noise, {function}"


def _drawing(generator: Any) -> Callable[[], Any]:
    """Calls it with a number of samples, by the name that this has in GAN.generate_samples."""
    with suppress(TypeError, ValueError):  # not all functions tell what they take
        if "num" in inspect.signature(generator).parameters:
            return partial(generator, num=DRAWN)
    return partial(generator, DRAWN)


def _noise_sizes(generator: Any, draw: Callable[..., Tensor]) -> list[int]:
    """Which numbers of columns its noise may have."""
    weights = [*generator.parameters()] if isinstance(generator, nn.Module) else []
    if any(is_lazy(weight) for weight in weights):
        raise Wrong("your generator has never been used: a lazy layer of it has no weights yet")
    sizes = []
    for size in sorted({*range(1, 129), *(size for weight in weights for size in weight.shape)}):
        with suppress(Wrong):
            answer_of(_use, "generator", generator, draw, 2, size)
            sizes.append(size)
    if len(sizes) > 1 and sizes[0] == 1:  # one number is stretched to any size
        del sizes[0]
    return sizes


def _use(generator: Any, draw: Callable[..., Tensor], count: int, size: int) -> Any:
    noise = draw(count, size, generator=torch.Generator().manual_seed(0))
    if isinstance(generator, nn.Module):
        noise = noise.to(next(generator.parameters(), noise))
        # neither an exported program nor a frozen one has modes: it is used as it is
        with suppress(NotImplementedError, AttributeError):
            return sample(generator, noise)
    with torch.no_grad():
        return generator(noise)


def _rows(samples: Any) -> Tensor:
    made = numbers_of(samples, "what your generator makes")
    if made.shape[:1] != (DRAWN,):
        raise Wrong(f"your generator makes shape {tuple(made.shape)}, expected {DRAWN:,} rows")
    if bool(made.isinf().any()):
        raise Wrong("your generator makes infinite numbers: train it anew, at smaller rates")
    return made
