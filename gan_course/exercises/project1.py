"""Is it on the curve, and all of the curve? Exercises 3.1, 3.2, 3.3, B and C."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gan_course.data import Curve, Scaler
from gan_course.exercises.answers import (
    Checks,
    Wrong,
    answer_of,
    case,
    judge_shape,
    number_of,
    numbers_of,
    samples_of,
)
from gan_course.metrics import bins_covered, fit_error, ks_uniform, share_outside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOW, HIGH = -5.0, 5.0  # the range of x in all of them
ALIKE = 300  # fewer different x than this in 2,048 points are whole numbers, or all but
SWAPPED = "the columns are swapped: column 0 must be x, column 1 must be y"


# --- 3.1 and B: data on a curve ------------------------------------------------------------------


def _close(a: Tensor, b: Tensor, tolerance: float = 1e-3) -> Tensor:
    return torch.isclose(a, b, atol=tolerance, rtol=1e-4)


def _judge_curve(answer: Any, name: str, curve: Curve, mistakes: dict[str, Curve]) -> None:
    points = numbers_of(answer, "your answer")
    if points.ndim == 2 and len(points) == 2:
        raise Wrong("rows and columns are swapped: try torch.stack([x, y], dim=1)")
    judge_shape(points, (2048, 2), "your answer has", "2048 rows and two columns, x and y")
    x, y = points.T
    # half precision rounds x and y, and where the arch is steep y is rounded with x
    tolerance = 0.03 if torch.equal(points, points.half().double()) else 1e-3
    right = bool(_close(y, curve(x), tolerance).all())
    low, high = float(x.min()) + 0.0, float(x.max()) + 0.0  # 0, never -0
    if not right and bool(_close(x, curve(y), tolerance).all()):
        raise Wrong(SWAPPED)
    dealt = points.flatten().chunk(2)
    if not right and bool(_close(dealt[1], curve(dealt[0]), tolerance).all()):
        raise Wrong("the rows are not points (x, y): use torch.stack([x, y], dim=1), not reshape")
    for what, mistake in mistakes.items():
        if not right and bool(_close(y, mistake(x), tolerance).all()):
            raise Wrong(f"y is {what}, expected {name}")
    values = len(x.unique())
    if 1 < values < ALIKE:
        raise Wrong(f"x has only {values} different values: use torch.rand, and round nothing")
    # beyond the ends only rounding is excused; chance leaves a little free before them
    if not (-0.01 < low - LOW < 0.2 and -0.01 < HIGH - high < 0.2):
        raise Wrong(f"x runs from {low:.3g} to {high:.3g}, expected {LOW:g} to {HIGH:g}")
    if ks_uniform(x, LOW, HIGH) > 0.06:
        raise Wrong("x is not spread evenly: try low + (high - low) * torch.rand(...)")
    if not right:
        worst = int((y - curve(x)).abs().argmax())
        jumps = float(y[x.argsort()].diff().abs().mean()) > float(y.std()) / 2
        other = ". Is it that of another x? Draw x once and use it for both" if jumps else ""
        found, wanted = float(y[worst]), float(curve(x[worst]))
        raise Wrong(
            f"y is not {name}: at x = {float(x[worst]):.3f} it is {found:.3f}, expected "
            f"{wanted:.3f}{other}"
        )


def _check_arch_data(arch: Any) -> str:
    mistakes: dict[str, Curve] = {
        "x ** 2 - 10, the arch upside down": lambda x: x**2 - 10,
        "(10 - x) ** 2: the power binds to x alone": lambda x: (10 - x) ** 2,
    }
    _judge_curve(arch, "10 - x ** 2", lambda x: 10 - x**2, mistakes)
    return "2,048 points on the arch, x from -5 to 5"


def _check_sine_data(points: Any) -> str:
    mistakes: dict[str, Curve] = {
        "the cosine of x": torch.cos,
        "the sine of x in degrees": lambda x: torch.sin(torch.deg2rad(x)),
        "1.08 ** x, the curve of the chapter": lambda x: 1.08**x,
    }
    _judge_curve(points, "sin(x)", torch.sin, mistakes)
    rows = isinstance(points, (list, tuple)) and not isinstance(points[0], Tensor)
    more = "; torch.tensor(points) makes it a tensor" if rows else ""
    return f"2,048 points on the sine, x from -5 to 5{more}"


# --- 3.2: a picture ------------------------------------------------------------------------------

# "sine", "sin(x)", "Sinuskurve"; not "cosine", "increasing" or "single"
SINE_WORD = re.compile(r"(?<![^\W\d_])sin(e\w*|us\w*|x)?(?![^\W\d_])", re.IGNORECASE)


def _axes_of(answer: Any) -> Axes:
    from matplotlib.axes import Axes

    # of (fig, ax), or of the lines that plt.plot returns
    last = answer[-1] if isinstance(answer, (tuple, list)) and answer else answer
    axes = getattr(last, "axes", None)  # those that a line is on, or axes themselves
    if isinstance(axes, list) and axes:  # of a figure
        axes = axes[0]
    if not isinstance(axes, Axes):
        raise Wrong.kind("your answer", answer, "the axes you drew on: fig, ax = plt.subplots()")
    for name, value in vars(axes).items():
        text = isinstance(value, str) and name.endswith(("title", "xlabel", "ylabel"))
        if text or callable(getattr(type(axes), name, None)):  # a method is no more
            call = f"ax.set({name.removeprefix('set_')}=...)"
            raise Wrong(f"`ax.{name} = ...` draws nothing: make new axes, then {call}")
    if not axes.axison:
        raise Wrong('ax.axis("off") hides the labels: leave it out')
    return axes


def _drawn_points(axes: Axes) -> Tensor:
    """All points on the axes, whatever call has drawn them; no lines across like axhline's.

    Raises where they can't be seen as points: joined at random, or outside of what is shown.
    """
    import numpy

    lines = [line for line in axes.get_lines() if line.get_transform() is axes.transData]
    lines = [line for line in lines if {line.get_linestyle(), line.get_marker()} - {"None", None}]
    for line in lines:
        steps = numpy.diff(numpy.asarray(line.get_xdata(), dtype=float))
        back = min((steps < 0).sum(), (steps > 0).sum())
        if line.get_linestyle() != "None" and back > 0.1 * len(steps):
            raise Wrong('a line joins your points at random: draw dots, ax.plot(x, y, ".")')
    dots = [one for one in axes.collections if one.get_offset_transform() is axes.transData]
    drawn = [line.get_xydata() for line in lines] + [one.get_offsets() for one in dots]
    points = torch.as_tensor(numpy.concatenate([numpy.empty((0, 2)), *drawn]))
    points = points[torch.isfinite(points).all(dim=1)]
    if len(points) == 0:
        say = "or, after plt.plot(...), ax = plt.gca() before plt.show(), in the same cell"
        raise Wrong(f"your picture has no points in it: draw them by ax.plot(...), {say}")
    return points


def _judge_limits(axes: Axes, points: Tensor) -> None:
    limits = {"x": sorted(axes.get_xlim()), "y": sorted(axes.get_ylim())}
    for (name, (start, end)), values in zip(limits.items(), points.T, strict=True):
        if share_outside(values, start, end) > 0.05:
            run = f"the points run from {float(values.min()):.3g} to {float(values.max()):.3g}"
            raise Wrong(f"your picture shows {name} from {start:.3g} to {end:.3g}, but {run}")


def _mostly_close(a: Tensor, b: Tensor) -> bool:
    """Whether 19 in 20 are close: a picture may have a line or an arrow in it, too."""
    return float(_close(a, b).double().mean()) >= 0.95


def _judge_text(name: str, text: str, wanted: str = "one that speaks of the sine") -> None:
    old = any(word in text.lower() for word in ("expon", "1.08", "dollar", "year", "balance"))
    sine, y = bool(SINE_WORD.search(text)), text.strip(" $").lower().startswith("y")
    if not text.strip():
        raise Wrong(f"{name} is missing, expected {wanted}")
    if not (sine if wanted != "'x'" else not (old or sine or y)):
        raise Wrong(f"{name} says {text!r}, expected {wanted}")


def _check_sine_picture(ax: Any) -> str:
    axes = _axes_of(ax)
    points = _drawn_points(axes)
    x, y = points.T
    if len(points) < 100:
        columns = ": columns are points[:, 0] and points[:, 1]" if len(points) == 2 else ""
        raise Wrong(f"your picture has {len(points)} points, expected all 2,048{columns}")
    if torch.equal(rows := x.unique(), torch.arange(len(rows)).double()):
        raise Wrong('x is the row number: ax.plot(points[:, 0], points[:, 1], ".")')
    if not _mostly_close(y, torch.sin(x)):
        swapped = ": x and y are swapped" if _mostly_close(x, torch.sin(y)) else ""
        raise Wrong(f"the points in your picture do not lie on the sine{swapped}")
    low, high = float(x.min()), float(x.max())
    if low > -4.5 or high < 4.5:
        raise Wrong(f"x runs from {low:.3g} to {high:.3g} in your picture, expected -5 to 5")
    _judge_limits(axes, points)
    titles = [axes.get_title(loc=place) for place in ("center", "left", "right")]
    _judge_text("the y label", axes.get_ylabel())
    _judge_text("the title", " ".join([*titles, axes.figure.get_suptitle()]).strip())
    _judge_text("the x label", axes.get_xlabel(), "'x'")
    few = f"; it shows {len(points)} of the 2,048 points" if len(points) < 2_000 else ""
    return f"the sine, with the right labels{few}"


# --- 3.3: a generator ----------------------------------------------------------------------------


def _judge_spread(x: Tensor) -> None:
    """Name what is wrong with the spread of generated x."""
    if float(x.std()) < 0.03 * (HIGH - LOW):
        raise Wrong(f"collapsed: all points sit near x = {float(x.mean()):.2f}; was it trained?")
    outside = share_outside(x, LOW, HIGH)
    if outside > 0.10:
        raise Wrong(f"{outside:.1%} of the points lie outside -5 to 5, expected 10% at most")
    covered = bins_covered(x, LOW, HIGH)
    if covered < 45:
        ends = torch.tensor([LOW, HIGH]).to(x)
        inner = torch.cat([x[(x > LOW) & (x < HIGH)], ends]).sort().values
        widest = int(inner.diff().argmax())
        start, end = (round(float(one), 1) + 0.0 for one in inner[widest : widest + 2])
        bins = f"{covered} of 50 bins have points, expected at least 45"
        raise Wrong(f"part of the range is missing: none between x = {start} and {end} ({bins})")
    ks = ks_uniform(x, LOW, HIGH)
    if ks > 0.2:
        raise Wrong(f"x is spread unevenly: KS distance {ks:.2f}, expected at most 0.2")


def _judge_generated_picture(axes: Axes) -> None:
    points = _drawn_points(axes)
    off = (points[:, 1] - torch.sin(points[:, 0])).abs()
    made = points[off > 1e-5]  # a real point is on the curve, a generated one beside it
    low, high = axes.get_ylim()
    if len(made) < 20:
        wanted = "expected some hundred: draw sample(generator, noise(500)), too"
        raise Wrong(f"your picture has {len(made)} generated points, {wanted}")
    if float(off[off > 1e-5].median()) > 0.2:
        raise Wrong("most of the generated points in your picture are far off the sine")
    start, end = made[:, 0].min(), made[:, 0].max()
    if start > -3.5 or end < 3.5:
        raise Wrong(f"the generated points in your picture lie from {start:.3g} to {end:.3g} only")
    if max(abs(low + 1.2), abs(high - 1.2)) > 0.005:
        raise Wrong(f"your picture shows y from {low:.3g} to {high:.3g}, expected -1.2 to 1.2")
    _judge_limits(axes, points)


def _check_sine_generator(generator: Any, ax: Any, *, latent_dim: int | None = None) -> str:
    call = 'check("3.3", generator, ax, latent_dim=2)'
    points, remark = samples_of(generator, call, latent_dim)
    judge_shape(points, (len(points), 2), "your generator makes", "two columns")
    x = points[:, 0]
    error = fit_error(points, torch.sin, LOW, HIGH)
    low, high = points.quantile(torch.tensor([0.005, 0.995]).to(points), dim=0)
    stretched = (2 * (points - low) / (high - low).clamp(min=1e-9) - 1) * torch.tensor([4.95, 1.0])
    scaled = (
        float(x.std()) > 0.3
        and fit_error(points * torch.tensor([HIGH, 1]), torch.sin, LOW, HIGH) < 0.2
    )
    scaled |= fit_error(stretched, torch.sin, LOW, HIGH) < 0.1
    if not 7 < float(high[0] - low[0]) < 13 and scaled:
        size = f"x from {float(low[0]):.3g} to {float(high[0]):.3g}"
        cure = "undo the scaling, see in_data_units"
        cure = cure if high[0] < 7 else "the scaling was undone twice. Did a cell run twice?"
        raise Wrong(f"a sine, but with {size}: {cure}")
    if error > 0.1 >= fit_error(points.flip(1), torch.sin, LOW, HIGH):
        raise Wrong(SWAPPED)
    with case(remark=remark):
        _judge_spread(x)
    if error > 0.1:
        longer = "train longer, keep the best weights, or take a wider generator (hint 2)"
        longer = "was it trained on the points of 3.1?" if error > 0.3 else longer
        raise Wrong(f"points lie off the curve by {error:.1%}, expected 10% at most: {longer}")
    _judge_generated_picture(_axes_of(ax))
    return f"{error:.1%} off the curve, KS {ks_uniform(x, LOW, HIGH):.3f}"


# --- C: a score ----------------------------------------------------------------------------------

REAL = "real points"


def _check_score(score: Any) -> str:
    random = torch.Generator().manual_seed(0)
    scores: dict[str, list[float]] = {}
    # several draws, and real points first, in the middle and last: no luck and no counter will do
    for side in (-1, 1, -1, 1):
        x = 10 * (torch.rand(1_000, generator=random) - 0.5)
        real = torch.stack([x, torch.sin(x)], dim=1)
        half, up = side * x.abs(), torch.tensor([0.0, 0.5])
        given = {
            REAL: real,
            "makes one point of the curve for ever": real[:1].repeat(1_000, 1),
            "makes the point (0, 0) for ever": torch.zeros(1_000, 2),
            "covers one half only": torch.stack([half, torch.sin(half)], dim=1),
            "has some y off the curve": real + side * (x > 0)[:, None] * up,
            "has y off the curve, up and down": real
            + (4 * (torch.arange(1_000) % 2) - 2)[:, None] * up,
            "has the y of another point": torch.stack([x, torch.sin(x).roll(1)], dim=1),
        }
        for who in (*given, REAL):
            with case(who if who == REAL else f"the impostor that {who}"):
                answer = answer_of(score, "score", given[who].clone())
                scores.setdefault(who, []).append(number_of(answer, "score"))
    honest = scores.pop(REAL)
    if min(honest) < 0:
        raise Wrong(f"real points get {min(honest):.3g}, expected scores of 0 or more")
    for who, found in scores.items():
        if min(found) < 2 * max(honest) or min(found) <= max(honest):
            sees = "how far y is off the curve" if " y " in who else "where x is"
            gets = f"gets {min(found):.3g}, expected at least twice the {max(honest):.3g} of real"
            advice = f"Does your score see {sees}?"
            # an impostor with other y has the x of its draw's real points; chance makes x uneven
            pays = min(made - real for made, real in zip(found, honest[::2], strict=True))
            x = torch.linspace(LOW, HIGH, 1_000)
            even = answer_of(score, "score", torch.stack([x, torch.sin(x)], dim=1))
            if " y " in who:
                hides = pays > 0.02 and number_of(even, "score") < max(honest) / 2
            else:
                hides = min(found) > max(honest) + 0.05 and max(honest) <= 0.25
            if hides:
                advice = "It does, but a part that real points pay, too, hides it: weigh that less"
            elif max(honest) > 0.25:
                advice = (
                    "Lower has to be better, and real points should get nearly 0: is it the right "
                    "curve, from -5 to 5, and each y with its own x?"
                )
                scale, off = Scaler.fit(real).scale, given["has y off the curve, up and down"]
                near, far = (
                    number_of(answer_of(score, "score", scale(some)), "score")
                    for some in (real, off)
                )
                if 0 <= near < 0.1 and far > 2 * near:  # as of points in data units
                    advice = "These points are in data units already: they need no unscale"
            elif min(found) < min(honest):
                advice = "Lower has to be better"
            raise Wrong(f"the impostor that {who} {gets} points. {advice}")
    return "all impostors are caught"


CHECKS: Checks = {
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
    y = torch.sin(x) + 0.02 * torch.sin(97 * x)  # as near as a good generator comes
    axes.plot(x.numpy(), y.numpy(), "*", label="generated")
    axes.set(ylim=(-1.2, 1.2), title="Points of a generator, on the sine")
    axes.legend(loc="lower left")


PICTURES: dict[str, Callable[[Axes], None]] = {"3.2": _sine_picture, "3.3": _sine_generated}
