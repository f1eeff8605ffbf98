"""Is it on the curve, and all of the curve? Exercises 3.1, 3.2, 3.3, B and C."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gan_course.data import Curve
from gan_course.exercises.answers import (
    Wrong,
    answer_of,
    judge_shape,
    number_of,
    numbers_of,
    samples_of,
)
from gan_course.metrics import bins_covered, fit_error, ks_uniform, share_outside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOW, HIGH = -5.0, 5.0  # the range of x in all of them


# --- 3.1 and B: data on a curve ------------------------------------------------------------------


def _close(a: Tensor, b: Tensor) -> Tensor:
    return torch.isclose(a, b, atol=1e-3, rtol=1e-4)


def _judge_curve(answer: Any, name: str, curve: Curve, mistakes: dict[str, Curve]) -> None:
    points = numbers_of(answer, "your data")
    shape = tuple(points.shape)
    if len(shape) == 2 and shape[0] == 2 < shape[1]:
        raise Wrong(
            f"your data have shape {shape}, expected one point a row: "
            "rows and columns are swapped, try torch.stack([x, y], dim=1)"
        )
    judge_shape(points, (*shape[:1], 2), "your data have", "two columns, x and y")
    if len(points) != 2048:
        raise Wrong(f"your data have {len(points)} rows, expected 2048")
    x, y = points.T
    right = bool(_close(y, curve(x)).all())
    worst = int((y - curve(x)).abs().argmax())
    low, high = float(x.min()) + 0.0, float(x.max()) + 0.0  # 0, never -0
    if not right and bool(_close(x, curve(y)).all()):
        raise Wrong("the columns are swapped: column 0 must be x, column 1 must be y")
    for what, mistake in mistakes.items():
        if not right and bool(_close(y, mistake(x)).all()):
            raise Wrong(f"y is {what}, expected {name}")
    if max(abs(low - LOW), abs(high - HIGH)) > 0.02 * (HIGH - LOW):
        raise Wrong(f"x runs from {low:.3g} to {high:.3g}, expected {LOW:g} to {HIGH:g}")
    if ks_uniform(x, LOW, HIGH) > 0.06:
        raise Wrong("x is not spread evenly: try low + (high - low) * torch.rand(...)")
    if not right:
        raise Wrong(
            f"y is not {name}: at x = {float(x[worst]):.3f} it is {float(y[worst]):.3f}, "
            f"expected {float(curve(x[worst])):.3f}"
        )


def _check_arch_data(points: Any) -> str:
    mistakes: dict[str, Curve] = {
        "x ** 2 - 10, the arch upside down": lambda x: x**2 - 10,
        "x ** 2": lambda x: x**2,
        "(10 - x) ** 2: the power binds to x alone": lambda x: (10 - x) ** 2,
    }
    _judge_curve(points, "10 - x ** 2", lambda x: 10 - x**2, mistakes)
    return "2,048 points on the arch, x from -5 to 5"


def _check_sine_data(points: Any) -> str:
    mistakes: dict[str, Curve] = {
        "the cosine of x": torch.cos,
        "the tangent of x": torch.tan,
        "the sine of x in degrees": lambda x: torch.sin(torch.deg2rad(x)),
        "1.08 ** x, the curve of the chapter": lambda x: 1.08**x,
    }
    _judge_curve(points, "sin(x)", torch.sin, mistakes)
    return "2,048 points on the sine, x from -5 to 5"


# --- 3.2: a picture ------------------------------------------------------------------------------

# "sine", "sin(x)", "Sinuskurve"; not "cosine", "increasing" or "single"
SINE_WORD = re.compile(r"(?<![^\W\d_])sin(e\w*|us\w*|x)?(?![^\W\d_])", re.IGNORECASE)


def _axes_of(answer: Any) -> Axes:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(answer, Figure):
        if not answer.axes:
            raise Wrong("your figure is empty, expected a picture of the points")
        answer = answer.axes[0]
    if not isinstance(answer, Axes):
        raise Wrong.kind("your answer", answer, "the axes you drew on: fig, ax = …")
    return answer


def _drawn_points(axes: Axes) -> Tensor:
    """All points on the axes, whatever call has drawn them; no lines across like axhline's."""
    import numpy

    drawn = [
        line.get_xydata() for line in axes.get_lines() if line.get_transform() is axes.transData
    ]
    drawn += [
        numpy.ma.filled(dots.get_offsets(), math.nan)
        for dots in axes.collections
        if dots.get_offset_transform() is axes.transData
    ]
    points = torch.as_tensor(numpy.concatenate([numpy.empty((0, 2)), *drawn]))
    points = points[torch.isfinite(points).all(dim=1)]
    if len(points) == 0:
        raise Wrong("your picture has no points in it yet")
    return points


def _mostly_close(a: Tensor, b: Tensor) -> bool:
    """Whether 19 in 20 are close: a picture may have a line or an arrow in it, too."""
    return float(_close(a, b).double().mean()) >= 0.95


def _judge_text(name: str, text: str) -> None:
    expected = "expected one that speaks of the sine"
    old = any(word in text.lower() for word in ("expon", "1.08", "dollar"))
    if not text.strip():
        raise Wrong(f"{name} is empty, {expected}")
    if not SINE_WORD.search(text):
        raise Wrong(f"{name} {'still says' if old else 'says'} {text!r}, {expected}")


def _check_sine_picture(picture: Any) -> str:
    axes = _axes_of(picture)
    points = _drawn_points(axes)
    x, y = points.T
    on_sine = _mostly_close(y, torch.sin(x))
    low, high = float(x.min()), float(x.max())
    limits = {"x": sorted(axes.get_xlim()), "y": sorted(axes.get_ylim())}
    if len(points) < 100:
        raise Wrong(f"your picture has {len(points)} points, expected all 2,048")
    if not on_sine and _mostly_close(x, torch.sin(y)):
        raise Wrong("x and y are swapped in your picture")
    if not on_sine:
        raise Wrong("the points in your picture do not lie on the sine")
    if low > -4.5 or high < 4.5:
        raise Wrong(f"x runs from {low:.3g} to {high:.3g} in your picture, expected -5 to 5")
    for (name, (start, end)), values in zip(limits.items(), points.T, strict=True):
        if share_outside(values, start, end) > 0.05:
            raise Wrong(
                f"your picture shows {name} from {start:.3g} to {end:.3g}, but the points run from "
                f"{float(values.min()):.3g} to {float(values.max()):.3g}"
            )
    titles = [axes.get_title(loc=place) for place in ("center", "left", "right")]
    _judge_text("the y label", axes.get_ylabel())
    _judge_text("the title", " ".join([*titles, axes.figure.get_suptitle()]).strip())
    return "the sine, with the right labels"


# --- 3.3: a generator ----------------------------------------------------------------------------


def _judge_spread(x: Tensor) -> None:
    """Name what is wrong with the spread of generated x."""
    if float(x.std()) < 0.03 * (HIGH - LOW):
        raise Wrong(
            f"collapsed: all points sit near x = {float(x.mean()):.2f}, "
            f"expected them spread from {LOW:g} to {HIGH:g}"
        )
    outside = share_outside(x, LOW, HIGH)
    if outside > 0.10:
        raise Wrong(f"{outside:.0%} of the points lie outside {LOW:g} to {HIGH:g}, expected few")
    inner = x[(x >= LOW) & (x <= HIGH)]
    covered = bins_covered(inner, LOW, HIGH)
    start, end = (float(inner.quantile(q)) for q in (0.01, 0.99))
    ks = ks_uniform(x, LOW, HIGH)
    if covered < 45:
        raise Wrong(
            f"part of the range is missing: nearly all x lie between {start:.1f} and {end:.1f} "
            f"({covered} of 50 bins), expected {LOW:g} to {HIGH:g}"
        )
    if ks > 0.2:
        raise Wrong(f"x is spread unevenly: KS distance {ks:.2f}, expected at most 0.2")


def _check_sine_generator(generator: Any, *picture: Any, latent_dim: int | None = None) -> str:
    points = samples_of(generator, latent_dim)
    judge_shape(points, (len(points), 2), "your generator makes", "two columns")
    x = points[:, 0]
    error = fit_error(points, torch.sin, LOW, HIGH)
    if float(points.abs().max()) <= 1.15 and float(x.std()) > 0.3:
        raise Wrong("your points lie between -1 and 1: undo the scaling, see in_data_units")
    if error > 0.1 >= fit_error(points.flip(1), torch.sin, LOW, HIGH):
        raise Wrong("the columns are swapped: column 0 must be x, column 1 must be y")
    _judge_spread(x)
    if error > 0.1:
        raise Wrong(f"points lie {error:.1%} of its height off the curve, expected 10 % at most")
    if picture:
        axes = _axes_of(*picture)
        low, high = axes.get_ylim()
        if max(abs(low + 1.2), abs(high - 1.2)) > 0.005:
            raise Wrong(f"your picture shows y from {low:.3g} to {high:.3g}, expected -1.2 to 1.2")
        _drawn_points(axes)
    return f"{error:.1%} off the curve, KS {ks_uniform(x, LOW, HIGH):.3f}"


# --- C: a score ----------------------------------------------------------------------------------


def _check_score(score: Any) -> str:
    def score_of(points: Tensor) -> float:
        return number_of(answer_of(score, "score", points), "score")

    x = 10 * (torch.rand(2_000, generator=torch.Generator().manual_seed(0)) - 0.5)
    real = torch.stack([x, torch.sin(x)], dim=1)
    impostors = {
        "makes one point of the curve for ever": real[:1].repeat(2_000, 1),
        "makes the point (0, 0) for ever": torch.zeros(2_000, 2),
        "covers the left half only": torch.stack([-x.abs(), torch.sin(-x.abs())], dim=1),
        "has y off the curve": real + torch.tensor([0.0, 0.5]),
    }
    honest = score_of(real)
    if honest < 0:
        raise Wrong(f"real points get {honest:.3g}, expected scores of 0 or more")
    for what, points in impostors.items():
        found = score_of(points)
        if found < 2 * honest or found <= honest:
            raise Wrong(
                f"the impostor that {what} gets {found:.3g}, and real points get {honest:.3g}: "
                "expected at least twice as much for the impostor"
            )
    return "all impostors are caught"


CHECKS: dict[str, Callable[..., str]] = {
    "B": _check_arch_data,
    "C": _check_score,
    "3.1": _check_sine_data,
    "3.2": _check_sine_picture,
    "3.3": _check_sine_generator,
}


# --- expected pictures ---------------------------------------------------------------------------


def _sine_picture(axes: Axes) -> None:
    x = torch.linspace(LOW, HIGH, 501)
    axes.plot(x.numpy(), torch.sin(x).numpy(), ".", markersize=3)
    axes.set(xlabel="x", ylabel="sin(x)", title="A sine curve")


def _sine_generated(axes: Axes) -> None:
    _sine_picture(axes)
    x = torch.linspace(-4.9, 4.9, 60)
    axes.plot(x.numpy(), torch.sin(x).numpy(), "*", label="generated, about like this")
    axes.set(ylim=(-1.2, 1.2), title="Points of a generator, on the sine")
    axes.legend()


PICTURES: dict[str, Callable[[Axes], None]] = {"3.2": _sine_picture, "3.3": _sine_generated}
