"""Good arguments and nasty ones, and what a call may do with them: for test_properties."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import math
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from torch import Tensor, nn

import gan_course

# --- the public names of the package --------------------------------------------------------------


def public_names() -> dict[str, Any]:
    """All public functions, classes and methods, by names like "metrics.moments"."""
    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(gan_course.__path__):
        module = importlib.import_module(f"gan_course.{info.name}")
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != module.__name__:
                continue
            if inspect.isclass(thing):
                found[f"{info.name}.{name}"] = thing
                found |= {f"{info.name}.{name}.{m}": f for m, f in _methods(thing)}
            elif inspect.isfunction(thing):
                found[f"{info.name}.{name}"] = thing
    return found


def _methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, thing in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(thing, property):
            yield name, thing.fget
        elif inspect.isfunction(thing):
            yield name, thing
        elif isinstance(thing, (classmethod, staticmethod)):
            yield name, getattr(kind, name)


def documented_errors(thing: Any) -> tuple[type[BaseException], ...]:
    """The error types under `Raises:` in a docstring; for a class, also in its constructor's."""
    texts = [inspect.getdoc(thing) or ""]
    if inspect.isclass(thing) and thing.__init__ is not object.__init__:
        texts.append(inspect.getdoc(thing.__init__) or "")
    names = set()
    for text in texts:
        section = re.search(r"^Raises:\n((?: .*\n?|\n)*)", text, re.MULTILINE)
        names |= set(re.findall(r"^    (\w+):", section[1], re.MULTILINE)) if section else set()
        names |= set(re.findall(r"^Raise (\w+Error) ", text))  # "Raise TypeError unless ..."
    module, builtins = (importlib.import_module(m) for m in (thing.__module__, "builtins"))
    return tuple(getattr(module, name, None) or getattr(builtins, name) for name in names)


# --- one row of the table -------------------------------------------------------------------------


def finite(result: Any, _: Mapping[str, Any]) -> None:
    """Every number in the result is finite."""
    for one in _numbers_in(result):
        if isinstance(one, Tensor):  # on the meta device there are no numbers to look at
            assert one.is_meta or bool(torch.isfinite(one).all())
        else:
            assert math.isfinite(one)


def _numbers_in(result: Any) -> Iterator[float | Tensor]:
    if isinstance(result, Tensor):
        yield result.detach()
    elif isinstance(result, float):
        yield result
    elif isinstance(result, nn.Module):
        yield from (numbers.detach() for numbers in result.state_dict().values())
    elif isinstance(result, Mapping):
        yield from _numbers_in(list(result.values()))
    elif isinstance(result, (list, tuple)):
        for part in result:
            yield from _numbers_in(part)
    elif hasattr(result, "__dataclass_fields__"):
        yield from _numbers_in(list(vars(result).values()))


@dataclass(frozen=True)
class Case:
    """Good arguments of one public name, and what is asked of the calls."""

    good: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    right: Callable[[Any, Mapping[str, Any]], None] = finite
    # arguments that are never replaced, each with the reason
    trusted: Mapping[str, str] = field(default_factory=dict)
    # other words by which a message may speak of an argument
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # arguments that may be of any type, each with the reason
    loose: Mapping[str, str] = field(default_factory=dict)
    # arguments by which a layer may fail, in PyTorch's words
    pytorchs: tuple[str, ...] = ()
    # all arguments, where they belong together
    together: SearchStrategy[dict[str, Any]] | None = None
    examples: int = 12  # in CI

    @property
    def arguments(self) -> SearchStrategy[dict[str, Any]]:
        """Good arguments, all of them."""
        return st.fixed_dictionaries(dict(self.good)) if self.together is None else self.together

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Call it; "*name" holds the list of all further arguments."""
        names = list(inspect.signature(function).parameters.values())
        before, after, further = [], {}, []
        for parameter in names:
            if parameter.kind is parameter.VAR_POSITIONAL:
                further = list(arguments.get(f"*{parameter.name}", []))
            elif parameter.name in arguments:
                if parameter.kind is parameter.KEYWORD_ONLY:
                    after[parameter.name] = arguments[parameter.name]
                elif any(n.kind is n.VAR_POSITIONAL for n in names):
                    before.append(arguments[parameter.name])
                else:
                    after[parameter.name] = arguments[parameter.name]
        return function(*before, *further, **after)

    def replaced(self) -> list[str]:
        """The arguments that are replaced by nasty ones, one after another."""
        return [name for name in self.good if name not in self.trusted and name != "self"]

    def names_it(self, argument: str, message: str) -> bool:
        """Whether a message speaks of an argument."""
        words = (argument.lstrip("*"), *self.named.get(argument, ()))
        # "a" is a word of its own, so that one must be the subject
        return any(
            re.search(
                rf"(?<!\w){re.escape(word)}(?!\w)" + r"(\[\d+\])* (must|and)" * (len(word) == 1),
                message,
            )
            for word in words
        )

    def keeps_its_type(self, argument: str, good: Any, nasty: Any) -> bool:
        """Whether what was accepted is of the type that is asked for: True is no number here."""
        if argument in self.loose or good is None or nasty is None:
            return True
        if isinstance(good, bool):
            return isinstance(nasty, bool)
        if isinstance(good, int):
            return isinstance(nasty, int) and not isinstance(nasty, bool)
        if isinstance(good, float):
            number = isinstance(nasty, (int, float)) and not isinstance(nasty, bool)
            return number and math.isfinite(nasty)
        if isinstance(good, Path):
            return isinstance(nasty, (str, Path))
        for kind in (Tensor, nn.Module, str, Mapping, tuple):
            if isinstance(good, kind):
                return isinstance(nasty, (tuple, list, range) if kind is tuple else kind)
        return callable(nasty) if callable(good) else isinstance(nasty, type(good))

    def spare(self, examples: int) -> Case:
        """The same for a function that takes longer."""
        return replace(self, examples=examples)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No pictures on screens, no text, no warnings of other packages about nasty numbers."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


# --- nasty arguments ------------------------------------------------------------------------------

NAN, INF = math.nan, math.inf
ODD: tuple[Callable[[], Any], ...] = (
    # made anew for each call, as a call may change them
    lambda: None,
    lambda: ...,
    lambda: True,
    lambda: False,
    lambda: "5",
    lambda: "",
    lambda: "ünï 漢字 🙂",
    lambda: "x" * 300,
    lambda: "a\0b",
    lambda: "../exercises",
    lambda: b"5",
    lambda: -1,
    lambda: 0,
    lambda: 1,
    lambda: -0.0,
    lambda: 0.5,
    lambda: 3.0,
    lambda: NAN,
    lambda: INF,
    lambda: -INF,
    lambda: 1e308,
    lambda: -1e308,
    lambda: 1e-320,
    lambda: 10**12,
    lambda: -(10**12),
    lambda: 2**63,
    lambda: 10**400,
    lambda: -(10**5_000),
    lambda: 1j,
    lambda: Decimal("0.5"),
    lambda: Fraction(1, 2),
    lambda: np.float64(0.5),
    lambda: np.float32("nan"),
    lambda: np.int64(3),
    lambda: np.bool_(True),
    lambda: np.array(3),
    lambda: np.array([0.5, 0.7]),
    lambda: np.array([[1.0, NAN]]),
    lambda: np.array(["a", None], dtype=object),
    lambda: [],
    lambda: (),
    lambda: {},
    lambda: set(),
    lambda: [1, 2],
    lambda: (10**7, 10**7),
    lambda: (0.3, NAN),
    lambda: (0.3, "a"),
    lambda: (True, True),
    lambda: [None],
    lambda: ["a", "b"],
    lambda: [10**400],
    lambda: [[1.0, 2.0], [3.0]],
    lambda: {1: None},
    lambda: {"a": 1},
    lambda: {None: torch.ones(2, 2)},
    lambda: range(10**12),
    lambda: range(10**30),
    lambda: iter([torch.ones(2, 2)]),
    lambda: object(),
    lambda: int,
    lambda: len,
    lambda: lambda *_, **__: None,
    lambda: lambda *_, **__: NAN,
    lambda: lambda *_, **__: "a",
    lambda: lambda x, *_: torch.full(x.shape, NAN) if isinstance(x, Tensor) else torch.ones(3),
    lambda: torch.float32,
    lambda: torch.device("meta"),
    lambda: "meta",
    lambda: "cuda:99",
    lambda: torch.Generator(),
    lambda: Path("ünï 漢字 🙂"),
    lambda: nn.ReLU(),
    lambda: nn.Linear(3, 5),
    lambda: nn.Linear(2, 2, device="meta"),
    lambda: nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()),
)
SHAPES = ((), (0,), (1,), (6,), (0, 2), (6, 0), (1, 2), (6, 1), (6, 2), (6, 3), (2, 6, 2))
DTYPES = (
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8),
    *(torch.bool, torch.complex64),
)
FILLS = ("mixed", "0", "1", "nan", "inf", "-inf", "huge", "one nan", "one inf")


@st.composite
def odd_tensors(draw: st.DrawFn) -> Tensor:
    """Tensors of any shape, type, device and layout, with NaN, infinities and huge numbers."""
    shape, dtype = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))
    fill, place = draw(st.sampled_from(FILLS)), draw(st.sampled_from(PLACES))
    values = torch.linspace(-2, 2, math.prod(shape), dtype=torch.double).reshape(shape)
    if fill == "huge":
        values = values * 1e30
    elif fill.startswith("one "):
        values.view(-1)[:1] = float(fill.removeprefix("one "))
    elif fill != "mixed":
        values = torch.full(shape, float(fill), dtype=torch.double)
    return _placed(values.to(dtype), place)


PLACES = ("cpu", "cpu", "cpu", "meta", "sparse", "transposed", "needs a gradient")


def _placed(values: Tensor, place: str) -> Tensor:
    if place == "meta":
        return values.to("meta")
    if place == "sparse":
        return values.to_sparse() if values.ndim else values
    if place == "transposed" and values.ndim > 1:
        return values.mT.contiguous().mT
    if place == "needs a gradient" and values.is_floating_point():
        return values.requires_grad_()
    return values


@st.composite
def spoilt(draw: st.DrawFn, good: Tensor) -> Any:
    """A good tensor with one fault: the shape, the type, the device, or one number in it."""
    how = draw(st.sampled_from(SPOILS))
    if how == "numpy":
        return good.detach().numpy()
    if how in ("half", "int64", "bool", "complex64", "double"):
        return good.detach().to(getattr(torch, how))
    if how == "empty":
        return good[:0]
    if how == "one row":
        return good[:1] if good.ndim else good
    if how in ("more", "fewer"):
        return good[None] if how == "more" else good.flatten()
    if how in ("meta", "sparse", "needs a gradient"):
        return _placed(good.detach().clone(), how)
    values = good.detach().clone()
    if values.is_floating_point() and values.numel():
        place = draw(st.integers(0, values.numel() - 1))
        values.view(-1)[place] = float(how)
    return values


SPOILS = (
    *("nan", "inf", "-inf", "1e30", "-3e38", "numpy", "half", "int64", "bool", "complex64"),
    *("double", "empty", "one row", "more", "fewer", "meta", "sparse", "needs a gradient"),
)


def nasty(good: Any) -> SearchStrategy[Any]:
    """Anything but what was asked for; now and then it is good all the same."""
    anything = st.sampled_from(ODD).map(lambda make: make())
    if isinstance(good, Tensor) and good.ndim:
        return spoilt(good) | odd_tensors() | anything
    return anything | anything | odd_tensors()
