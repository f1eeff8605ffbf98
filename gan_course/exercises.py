"""Is my answer right? Checks that say what is wrong, hints one at a time, and solutions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gan_course.answers import NotAttempted, Wrong, answer_of, numbers_of
from gan_course.checks import require_choice, require_count, require_room
from gan_course.data import decode_batch, pattern_values
from gan_course.metrics import (
    bins_covered,
    fit_error,
    ks_normal,
    ks_uniform,
    share_outside,
    total_variation,
    zero_rows,
)
from gan_course.networks import sample
from gan_course.repairs import REPAIRS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEXTS = Path(__file__).parent / "exercises.json"  # written by `make exercises`
DRAWN = 5_000  # samples that a check draws from a generator
DEPTH = 100  # the integers of project 2 are 0 to 99


@dataclass(frozen=True)
class Verdict:
    """What a check found; true where the answer is right."""

    status: str  # "right", "wrong" or "not attempted"
    message: str

    def __bool__(self) -> bool:
        return self.status == "right"

    def __repr__(self) -> str:
        return f"{self.status}: {self.message}" if self.message else self.status


def check(exercise: str | float, *answers: Any, **options: Any) -> Verdict:
    """Judge the learner's own objects.

    Args:
        exercise: its number, such as "3.1".
        answers: what the exercise asks for; `...` stands for "not attempted".
        options: `latent_dim`, where a generator's noise has a size that can't be read off it.

    Returns:
        Right, wrong with what is wrong, or not attempted.

    Raises:
        ValueError: there is no such exercise, or no such `latent_dim`.
        TypeError: more or fewer answers than the exercise asks for, or `latent_dim` is no whole
            number.
    """
    exercise = _name(exercise)
    require_choice("exercise", exercise, sorted(CHECKS))
    if options.get("latent_dim") is not None:
        require_count("latent_dim", options["latent_dim"])
        require_room("latent_dim", DRAWN, options["latent_dim"])
    try:
        if not answers or any(answer is ... or answer is None for answer in answers):
            raise NotAttempted
        return Verdict("right", CHECKS[exercise](*answers, **options))
    except NotAttempted:
        return Verdict("not attempted", "replace each ... by your answer, then check again")
    except Wrong as fault:
        return Verdict("wrong", str(fault))


def hint(exercise: str | float, number: int = 1) -> None:
    """Print a hint; the first nudges, the last nearly tells.

    Raises:
        TypeError: `number` is no whole number.
        ValueError: there is no such exercise, or no hint of that number.
    """
    hints = _text(exercise)["hints"]
    require_count("number", number)
    if number > len(hints):
        raise ValueError(f"number must be at most {len(hints)} for {exercise}, got {number}")
    more = f" (there is a hint {number + 1})" if number < len(hints) else " (the last one)"
    print(f"Hint {number} for exercise {exercise}{more}:\n{hints[number - 1]}")


def solution(exercise: str | float) -> None:
    """Print a solution of the exercise; one of many.

    Raises:
        ValueError: there is no such exercise.
    """
    print(_text(exercise)["solution"])


def expected(exercise: str | float) -> None:
    """Draw the picture that the exercise asks for.

    Raises:
        ValueError: there is no such exercise, or it has no picture.
    """
    import matplotlib.pyplot as plt

    exercise = _name(exercise)
    require_choice("exercise", exercise, sorted(PICTURES))
    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    PICTURES[exercise](axes)
    plt.show()


def _name(exercise: str | float) -> str:
    """3.1 will do for "3.1"; what is no exercise is left to the message that lists them all."""
    return str(exercise) if isinstance(exercise, float) else exercise


def _text(exercise: str | float) -> dict[str, Any]:
    exercise = _name(exercise)
    texts: dict[str, dict[str, Any]] = json.loads(TEXTS.read_text(encoding="utf-8"))
    require_choice("exercise", exercise, sorted(texts))
    return texts[exercise]


# What the learner gave, as a tensor -----------------------------------------------------------


def _points(answer: Any, rows: int | None = None) -> Tensor:
    points = numbers_of(answer, "your data")
    if points.ndim == 2 and points.shape[0] == 2 and points.shape[1] > 2:
        raise Wrong(
            f"your data have shape {tuple(points.shape)}, expected one point a row: "
            "rows and columns are swapped, try torch.stack([x, y], dim=1)"
        )
    if points.ndim != 2 or points.shape[1] != 2:
        raise Wrong(f"your data have shape {tuple(points.shape)}, expected two columns, x and y")
    if rows is not None and len(points) != rows:
        raise Wrong(f"your data have {len(points)} rows, expected {rows}")
    return points


def _draw(
    generator: Any, latent_dim: int | None, draw: Callable[..., Tensor] = torch.randn
) -> Tensor:
    """Samples of the learner's generator: a network, or a function of a number of samples."""
    if not callable(generator):
        kind = type(generator).__name__
        raise Wrong(f"your generator is a {kind}, expected a network or a function")
    if isinstance(generator, nn.Module):
        samples = _draw_from_network(generator, latent_dim, draw)
    else:
        samples = answer_of(generator, "generator", DRAWN)
    made = numbers_of(samples, "what your generator makes")
    if made.ndim == 0 or DRAWN not in (len(made), made.numel()):
        rows = len(made) if made.ndim else 1
        raise Wrong(f"your generator makes {rows} samples where {DRAWN} are asked for")
    return made


def _draw_from_network(
    generator: nn.Module, latent_dim: int | None, draw: Callable[..., Tensor]
) -> Tensor:
    weights = next(generator.parameters(), None)
    if weights is None:
        raise Wrong("your generator has no weights, so it can't have been trained")
    faults: list[Exception] = []
    for size in [latent_dim] if latent_dim else _latent_dims(generator):
        try:
            noise = draw(DRAWN, size, generator=torch.Generator().manual_seed(0))
            return sample(generator, noise.to(weights.device, weights.dtype))
        except Exception as error:  # whatever a learner's network raises is what we report
            faults.append(error)
    raise Wrong(
        f"your generator failed when it was used: {faults[0]}. If its noise has another size, "
        "pass latent_dim=…, or pass a function that takes a number of samples and returns them"
    )


def _latent_dims(generator: nn.Module) -> list[int]:
    """Sizes that the noise may have, without repeats; layers are listed as they were built."""
    linear = [layer for layer in generator.modules() if isinstance(layer, nn.Linear)]
    sizes = [layer.in_features for layer in linear if layer.in_features]  # 0: a lazy, unused one
    if not sizes:
        raise Wrong("the size of the noise can't be read off your generator: pass latent_dim=…")
    return list(dict.fromkeys(sizes))


# Judging ---------------------------------------------------------------------------------------


def _judge_range(x: Tensor, low: float, high: float) -> None:
    """Does x fill [low, high]? For data: both ends within 2 % of the range."""
    found_low, found_high = float(x.min()) + 0.0, float(x.max()) + 0.0  # 0, never -0
    margin = 0.02 * (high - low)
    if not (abs(found_low - low) <= margin and abs(found_high - high) <= margin):
        raise Wrong(
            f"x runs from {found_low:.3g} to {found_high:.3g}, expected {low:g} to {high:g}"
        )
    if ks_uniform(x, low, high) > 0.06:
        raise Wrong("x is not spread evenly: try low + (high - low) * torch.rand(...)")


def _close(a: Tensor, b: Tensor) -> bool:
    return bool(torch.allclose(a, b, atol=1e-3, rtol=1e-4))


def _judge_curve(
    points: Tensor,
    curve: Callable[[Tensor], Tensor],
    name: str,
    low: float,
    high: float,
    mistakes: Sequence[tuple[str, Callable[[Tensor], Tensor]]],
) -> None:
    x, y = points.T
    if _close(x, curve(y)) and not _close(y, curve(x)):
        raise Wrong("the columns are swapped: column 0 must be x, column 1 must be y")
    for what, mistake in mistakes:
        if _close(y, mistake(x)) and not _close(y, curve(x)):
            raise Wrong(f"y is {what}, expected {name}")
    _judge_range(x, low, high)
    if not _close(y, curve(x)):
        worst = int((y - curve(x)).abs().argmax())
        raise Wrong(
            f"y is not {name}: at x = {float(x[worst]):.3f} it is {float(y[worst]):.3f}, "
            f"expected {float(curve(x[worst])):.3f}"
        )


SINE_MISTAKES = (
    ("the cosine of x", torch.cos),
    ("the tangent of x", torch.tan),
    ("the sine of x in degrees", lambda x: torch.sin(torch.deg2rad(x))),
    ("1.08 ** x, the curve of the chapter", lambda x: 1.08**x),
)


def _check_sine_data(points: Any) -> str:
    _judge_curve(_points(points, 2048), torch.sin, "sin(x)", -5, 5, SINE_MISTAKES)
    return "2,048 points on the sine, x from -5 to 5"


def _arch(x: Tensor) -> Tensor:
    return 10 - x**2


def _check_arch_data(points: Any) -> str:
    mistakes = (
        ("x ** 2 - 10, the arch upside down", lambda x: x**2 - 10),
        ("x ** 2", lambda x: x**2),
        ("(10 - x) ** 2: the power binds to x alone", lambda x: (10 - x) ** 2),
    )
    _judge_curve(_points(points, 2048), _arch, "10 - x ** 2", -5, 5, mistakes)
    return "2,048 points on the arch, x from -5 to 5"


def _axes(answer: Any) -> Axes:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(answer, Figure):
        if not answer.axes:
            raise Wrong("your figure is empty, expected a picture of the points")
        answer = answer.axes[0]
    if not isinstance(answer, Axes):
        kind = type(answer).__name__
        raise Wrong(f"your answer is a {kind}, expected the axes you drew on: fig, ax = …")
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


def _judge_view(axes: Axes, points: Tensor) -> None:
    """Are the points to be seen, or do the limits of the axes cut them off?"""
    limits = {"x": axes.get_xlim(), "y": axes.get_ylim()}
    for (name, ends), values in zip(limits.items(), points.T, strict=True):
        low, high = sorted(ends)
        if share_outside(values, low, high) > 0.05:
            raise Wrong(
                f"your picture shows {name} from {low:.3g} to {high:.3g}, but the points run from "
                f"{float(values.min()):.3g} to {float(values.max()):.3g}"
            )


# "sine", "sin(x)", "Sinuskurve"; not "cosine", "increasing" or "single"
SINE_WORD = re.compile(r"(?<![^\W\d_])sin(e\w*|us\w*|x)?(?![^\W\d_])", re.IGNORECASE)


def _judge_text(name: str, text: str) -> None:
    if not text.strip():
        raise Wrong(f"{name} is empty, expected one that speaks of the sine")
    if not SINE_WORD.search(text):
        old = any(word in text.lower() for word in ("expon", "1.08", "dollar"))
        says = "still says" if old else "says"
        raise Wrong(f"{name} {says} {text!r}, expected one that speaks of the sine")


def _check_sine_picture(answer: Any) -> str:
    axes = _axes(answer)
    points = _drawn_points(axes)
    if len(points) < 100:
        raise Wrong(f"your picture has {len(points)} points, expected all 2,048")
    x, y = points.T
    if not _mostly_close(y, torch.sin(x)):
        if _mostly_close(x, torch.sin(y)):
            raise Wrong("x and y are swapped in your picture")
        raise Wrong("the points in your picture do not lie on the sine")
    low, high = float(x.min()), float(x.max())
    if low > -4.5 or high < 4.5:
        raise Wrong(f"x runs from {low:.3g} to {high:.3g} in your picture, expected -5 to 5")
    _judge_view(axes, points)
    titles = [axes.get_title(loc=place) for place in ("center", "left", "right")]
    _judge_text("the y label", axes.get_ylabel())
    _judge_text("the title", " ".join([*titles, axes.figure.get_suptitle()]).strip())
    return "the sine, with the right labels"


def _mostly_close(a: Tensor, b: Tensor) -> bool:
    """Whether 19 in 20 are close: a picture may have a line or an arrow in it, too."""
    return float(torch.isclose(a, b, atol=1e-3, rtol=1e-4).double().mean()) >= 0.95


def _judge_spread(x: Tensor, low: float, high: float) -> None:
    """Name what is wrong with the spread of generated x over [low, high]."""
    width = high - low
    inner = x[(x >= low) & (x <= high)]
    if float(x.std()) < 0.03 * width:
        raise Wrong(
            f"collapsed: all points sit near x = {float(x.mean()):.2f}, "
            f"expected them spread from {low:g} to {high:g}"
        )
    outside = share_outside(x, low, high)
    if outside > 0.10:
        raise Wrong(f"{outside:.0%} of the points lie outside {low:g} to {high:g}, expected few")
    covered = bins_covered(inner, low, high)
    if covered < 45:
        start, end = (float(inner.quantile(q)) for q in (0.01, 0.99))
        raise Wrong(
            f"part of the range is missing: nearly all x lie between {start:.1f} and {end:.1f} "
            f"({covered} of 50 bins), expected {low:g} to {high:g}"
        )
    ks = ks_uniform(x, low, high)
    if ks > 0.2:
        raise Wrong(f"x is spread unevenly: KS distance {ks:.2f}, expected at most 0.2")


def _check_sine_generator(generator: Any, *picture: Any, latent_dim: int | None = None) -> str:
    points = _draw(generator, latent_dim)
    if points.ndim != 2 or points.shape[1] != 2:
        raise Wrong(f"your generator makes shape {tuple(points.shape)}, expected two columns")
    x = points[:, 0]
    if float(points.abs().max()) <= 1.15 and float(x.std()) > 0.3:
        raise Wrong(
            "your points lie between -1 and 1 in both columns: undo the scaling, "
            "for instance by in_data_units(generator, scaler)"
        )
    error = fit_error(points, torch.sin, -5, 5)
    if error > 0.1 >= fit_error(points.flip(1), torch.sin, -5, 5):
        raise Wrong("the columns are swapped: column 0 must be x, column 1 must be y")
    _judge_spread(x, -5, 5)
    if error > 0.1:
        raise Wrong(
            f"the points lie {error:.1%} of the sine's height off the curve, expected at most 10 %"
        )
    if picture:
        axes = _axes(*picture)
        low, high = axes.get_ylim()
        if not (abs(low + 1.2) < 0.005 and abs(high - 1.2) < 0.005):
            raise Wrong(f"your picture shows y from {low:.3g} to {high:.3g}, expected -1.2 to 1.2")
        _drawn_points(axes)
    return f"{error:.1%} off the curve, KS {ks_uniform(x, -5, 5):.3f}"


def _check_multiples_of_three(generator: Any, *, latent_dim: int | None = None) -> str:
    rows = _draw(generator, latent_dim)
    if rows.ndim != 2 or rows.shape[1] != DEPTH:
        raise Wrong(
            f"your generator makes shape {tuple(rows.shape)}, expected rows of {DEPTH} numbers"
        )
    zero = zero_rows(rows)
    if zero > 0.02:
        raise Wrong(
            f"{zero:.0%} of the rows are all zero and decode to 0 by accident: "
            "what could replace the ReLU at the end?"
        )
    integers = decode_batch(rows)
    wanted = pattern_values(3, DEPTH)
    counts = torch.bincount(integers, minlength=DEPTH)
    commonest = int(counts.argmax())
    if int(counts[commonest]) > 0.99 * DRAWN:
        raise Wrong(f"collapsed: it always makes {commonest}, expected many different multiples")
    valid = float((integers % 3 == 0).double().mean())
    if valid < 0.99:
        for other in (5, 2, 7):
            if float((integers % other == 0).double().mean()) > 0.95:
                raise Wrong(f"these are multiples of {other}, expected multiples of 3")
        raise Wrong(f"{valid:.1%} of the integers are multiples of three, expected 99 % or more")
    values = int((counts[wanted] > 0.1 * DRAWN / len(wanted)).sum())
    if values < 0.8 * len(wanted):
        raise Wrong(
            f"only {values} of the {len(wanted)} multiples of three come up, expected most of them"
        )
    if total_variation(integers, wanted) > 0.5:
        raise Wrong(
            f"spread unevenly: {int(counts[commonest]) / DRAWN:.0%} of the integers are "
            f"{commonest}, expected about {1 / len(wanted):.0%} of each multiple"
        )
    return f"{valid:.2%} multiples of three, {values} of {len(wanted)} values come up"


def _check_score(score: Any) -> str:
    random = torch.Generator().manual_seed(0)
    x = 10 * (torch.rand(2_000, generator=random) - 0.5)
    real = torch.stack([x, torch.sin(x)], dim=1)
    half = torch.stack([-x.abs(), torch.sin(-x.abs())], dim=1)
    above = real + torch.tensor([0.0, 0.5])
    impostors = {
        "makes one point of the curve for ever": real[:1].repeat(2_000, 1),
        "makes the point (0, 0) for ever": torch.zeros(2_000, 2),
        "covers the left half only": half,
        "has y off the curve": above,
    }
    honest = _score_of(score, real)
    if honest < 0:
        raise Wrong(f"real points get {honest:.3g}, expected scores of 0 or more")
    for what, points in impostors.items():
        found = _score_of(score, points)
        if found < 2 * honest or found <= honest:
            raise Wrong(
                f"the impostor that {what} gets {found:.3g}, and real points get {honest:.3g}: "
                "expected at least twice as much for the impostor"
            )
    return "all impostors are caught"


def _score_of(score: Callable[[Tensor], Any], points: Tensor) -> float:
    found = numbers_of(answer_of(score, "score", points), "what score returns")
    if found.numel() != 1:
        raise Wrong(f"score returns shape {tuple(found.shape)}, expected one number")
    return float(found.flatten()[0])


def _check_decode(decode_rows: Any) -> str:
    random = torch.Generator().manual_seed(0)
    batch = torch.randn(7, 100, generator=random)
    batch[:, 50] = -9  # furthest from 0, and not the largest
    found = numbers_of(answer_of(decode_rows, "decode_rows", batch), "what decode_rows returns")
    right = decode_batch(batch)
    if found.shape == (100,) and torch.equal(found.long(), batch.argmax(dim=0)):
        raise Wrong("decode_rows looked down the columns: 100 integers for 7 rows, expected 7")
    if found.numel() == 1 and int(found.flatten()[0]) == int(batch.argmax()):
        raise Wrong("decode_rows looked through the whole batch at once: say which dim")
    if found.shape == (7,) and torch.allclose(found, batch.max(dim=1).values.double()):
        raise Wrong("decode_rows returns the largest numbers, expected their positions")
    if found.shape != (7,):
        raise Wrong(f"decode_rows returns shape {tuple(found.shape)} for 7 rows, expected (7,)")
    if not torch.equal(found, right.double()):
        gives = ", ".join(f"{number:g}" for number in found.tolist())
        raise Wrong(f"decode_rows gives [{gives}], expected {right.tolist()}")
    return "each row became the position of its largest number"


def _check_distance(distance: Any) -> str:
    values, evens = pattern_values(5, DEPTH), pattern_values("even", DEPTH)
    cases = {
        "an even spread": (values.repeat(10), values, 0.0),
        "one value for ever": (values[:1].repeat(200), values, 0.95),
        "only forbidden integers": (values + 1, values, 1.0),
        "the lower half of the values": (values[:10].repeat(20), values, 0.5),
        "half even, half forbidden": (torch.cat([values, values + 1]), values, 0.5),
        "multiples of ten where all even ones are allowed": (values[::2], evens, 0.8),
    }
    for what, (integers, allowed, right) in cases.items():
        answer = answer_of(distance, "distance", integers, allowed)
        found = numbers_of(answer, "what distance returns")
        if found.numel() != 1:
            raise Wrong(f"distance returns shape {tuple(found.shape)}, expected one number")
        number = float(found.flatten()[0])
        if math.isclose(number, 2 * right, abs_tol=1e-4) and right > 0:
            raise Wrong(f"for {what} you get {number:.3f}, twice too much: where is the 1/2?")
        if not math.isclose(number, right, abs_tol=1e-4):
            raise Wrong(f"for {what} you get {number:.3f}, expected {right:.3f}")
    return "six cases, from an even spread to nothing but forbidden integers"


MEAN, DEVIATION = 2.0, 0.5


def _judge_normal(values: Tensor, ks_limit: float) -> float:
    mean, deviation = float(values.mean()), float(values.std())
    if deviation < 0.02:
        raise Wrong(f"collapsed: all samples are near {mean:.2f}")
    if abs(mean - MEAN) > 0.15:
        raise Wrong(
            f"the mean is {mean:.2f}, expected {MEAN:g}. (A network gets torch.rand(n, 1) here; if "
            "yours learned from other noise, pass a function that takes a number of samples)"
        )
    if math.isclose(deviation, DEVIATION**2, rel_tol=0.1):
        raise Wrong(f"the standard deviation is {deviation:.2f}, expected 0.5: 0.25 is its square")
    if not 0.75 * DEVIATION < deviation < 1.3 * DEVIATION:
        raise Wrong(f"the standard deviation is {deviation:.2f}, expected {DEVIATION:g}")
    ks = ks_normal((values - MEAN) / DEVIATION)
    if ks > ks_limit:
        raise Wrong(f"the shape is not normal: KS distance {ks:.3f}, expected at most {ks_limit}")
    return ks


def _check_normal_data(data: Any) -> str:
    found = numbers_of(answer_of(data, "data", DRAWN), "what data returns")
    if found.shape != (DRAWN, 1):
        raise Wrong(f"data({DRAWN}) has shape {tuple(found.shape)}, expected ({DRAWN}, 1)")
    if torch.equal(found, numbers_of(answer_of(data, "data", DRAWN), "what data returns")):
        raise Wrong("data returns the same samples at each call, expected new ones")
    _judge_normal(found[:, 0], ks_limit=0.04)
    return "normal, with mean 2 and standard deviation 0.5"


def _check_normal_generator(generator: Any, *, latent_dim: int | None = None) -> str:
    made = _draw(generator, latent_dim, torch.rand)
    if made.numel() != DRAWN:
        raise Wrong(f"your generator makes shape {tuple(made.shape)}, expected ({DRAWN}, 1)")
    return f"KS distance {_judge_normal(made.flatten(), ks_limit=0.1):.3f}"


CHECKS: dict[str, Callable[..., str]] = {
    "1.1": _check_arch_data,
    "1.2": _check_score,
    "3.1": _check_sine_data,
    "3.2": _check_sine_picture,
    "3.3": _check_sine_generator,
    "3.4": _check_multiples_of_three,
    "2.1": _check_decode,
    "2.2": _check_distance,
    "3.5": _check_normal_data,
    "3.6": _check_normal_generator,
    **REPAIRS,
}


# Expected pictures -----------------------------------------------------------------------------


def _sine_picture(axes: Axes) -> None:
    x = torch.linspace(-5, 5, 501)
    axes.plot(x.numpy(), torch.sin(x).numpy(), ".", markersize=3)
    axes.set(xlabel="x", ylabel="sin(x)", title="A sine curve")


def _sine_generated(axes: Axes) -> None:
    _sine_picture(axes)
    x = torch.linspace(-4.9, 4.9, 60)
    axes.plot(x.numpy(), torch.sin(x).numpy(), "*", label="generated, about like this")
    axes.set(ylim=(-1.2, 1.2), title="Points of a generator, on the sine")
    axes.legend()


PICTURES: dict[str, Callable[[Axes], None]] = {"3.2": _sine_picture, "3.3": _sine_generated}
