"""Is my answer right? Checks that say what is wrong, hints one at a time, and solutions."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gan_course.exercises import (
    digits,
    museum,
    project1,
    project2,
    project3,
    quality,
    recipe,
    warmup,
)
from gan_course.exercises.answers import NotAttempted, Wrong

TEXTS = Path(__file__).with_name("texts.json")  # written by `make exercises`
ROOMS = (warmup, project1, project2, project3, museum, quality, recipe, digits)
CHECKS = {exercise: judge for room in ROOMS for exercise, judge in room.CHECKS.items()}
UNKNOWN = (
    f"There is no exercise of this name. There are {', '.join(sorted(CHECKS))}. The name comes "
    'first, as in check("A", step), hint("A") and solution("A").'
)
PICTURES = project1.PICTURES


@dataclass(frozen=True)
class Verdict:
    """What a check found; true where the answer is right."""

    status: str  # "right", "wrong" or "not attempted"
    message: str

    def __bool__(self) -> bool:
        return self.status == "right"

    def __repr__(self) -> str:
        return f"{self.status}: {self.message}"


def check(exercise: str | float = "", *answers: Any, **options: Any) -> Verdict:
    """Judge the learner's own objects: right, wrong with what is wrong, or not attempted.

    Args:
        exercise: its number, such as "3.1".
        answers: what the exercise asks for; `...` stands for "not attempted".
        options: `latent_dim`, where a generator does not tell how many numbers its noise has.
    """
    exercise = _name(exercise)
    judge = CHECKS.get(exercise)
    if judge is None:
        return Verdict("wrong", UNKNOWN)
    signature = inspect.signature(judge)
    wanted = [name for name, p in signature.parameters.items() if p.kind != p.KEYWORD_ONLY]
    call = f'check("{exercise}", {", ".join(wanted)})'
    try:
        if any(answer is ... for answer in answers):
            raise NotAttempted
        try:
            signature.bind(*answers, **options)
        except TypeError as error:
            raise Wrong(f"expected {call}: {error}") from None
        # whatever the page has switched off; and its random numbers stay what they are
        with torch.enable_grad(), torch.random.fork_rng():
            return Verdict("right", judge(*answers, **options))
    except NotAttempted:
        return Verdict("not attempted", "replace each ... by your answer, then check again")
    except Wrong as fault:
        return Verdict("wrong", str(fault))


def hint(exercise: str | float = "", number: int = 1) -> None:
    """Show a hint; the first nudges, the last nearly tells."""
    exercise = _name(exercise)
    hints = dict(enumerate(_texts().get(exercise, {}).get("hints", []), 1))
    if not hints:
        print(UNKNOWN)
    elif number not in hints:
        has = f"Exercise {exercise} has hints 1 to {len(hints)}, and no hint {number!r}"
        print(f'{has}. solution("{exercise}") shows one solution.')
    else:
        more = f"there is a hint {number + 1}" if number < len(hints) else "the last one"
        text = f"Hint {number} for exercise {exercise} ({more}):\n\n{hints[number]}"
        ipython = sys.modules.get("IPython")
        if ipython is not None and hasattr(ipython.get_ipython(), "kernel"):  # in a notebook
            from IPython.display import Markdown, display

            display(Markdown(text))  # with formulas and code as they are meant
        else:
            print(text)


def solution(exercise: str | float = "") -> None:
    """Print a solution of the exercise; one of many."""
    print(_texts().get(_name(exercise), {}).get("solution", UNKNOWN))


def expected(exercise: str | float = "") -> None:
    """Draw the picture that the exercise asks for."""
    import matplotlib.pyplot as plt

    draw = PICTURES.get(_name(exercise))
    if draw is None:
        print(f"Of the exercises {' and '.join(PICTURES)} ask for a picture.")
        return
    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    draw(axes)
    plt.show()


def _name(exercise: object) -> str:
    """What the exercise is called: letters may be typed small, numbers without quotes."""
    return str(exercise).strip().upper()


def _texts() -> dict[str, dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = json.loads(TEXTS.read_text(encoding="utf-8"))
    return texts
