"""Is my answer right? Checks that say what is wrong, hints one at a time, and solutions."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_course.exercises import museum, project1, project2, project3, warmup
from gan_course.exercises.answers import NotAttempted, Wrong

TEXTS = Path(__file__).with_name("texts.json")  # written by `make exercises`
CHECKS = warmup.CHECKS | project1.CHECKS | project2.CHECKS | project3.CHECKS | museum.CHECKS
PICTURES = project1.PICTURES


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
    """
    judge = CHECKS.get(str(exercise))
    if judge is None:
        return Verdict("wrong", _unknown(exercise))
    try:
        if not answers or any(answer is ... or answer is None for answer in answers):
            raise NotAttempted
        try:
            inspect.signature(judge).bind(*answers, **options)
        except TypeError as error:
            raise Wrong(f'check("{exercise}", …) can\'t be called like this: {error}') from None
        return Verdict("right", judge(*answers, **options))
    except NotAttempted:
        return Verdict("not attempted", "replace each ... by your answer, then check again")
    except Wrong as fault:
        return Verdict("wrong", str(fault))


def hint(exercise: str | float, number: int = 1) -> None:
    """Print a hint; the first nudges, the last nearly tells."""
    hints = _texts().get(str(exercise), {}).get("hints", [])
    if not hints:
        print(_unknown(exercise))
    elif number not in range(1, len(hints) + 1):
        has = f"Exercise {exercise} has hints 1 to {len(hints)}, and no hint {number!r}"
        print(f'{has}. solution("{exercise}") shows one solution.')
    else:
        more = f"there is a hint {number + 1}" if number < len(hints) else "the last one"
        print(f"Hint {number} for exercise {exercise} ({more}):\n{hints[number - 1]}")


def solution(exercise: str | float) -> None:
    """Print a solution of the exercise; one of many."""
    text = _texts().get(str(exercise))
    print(_unknown(exercise) if text is None else text["solution"])


def expected(exercise: str | float) -> None:
    """Draw the picture that the exercise asks for."""
    import matplotlib.pyplot as plt

    draw = PICTURES.get(str(exercise))
    if draw is None:
        others = f"Exercise {exercise} asks for no picture; {' and '.join(PICTURES)} do."
        print(others if str(exercise) in CHECKS else _unknown(exercise))
        return
    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    draw(axes)
    plt.show()


def _texts() -> dict[str, dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = json.loads(TEXTS.read_text(encoding="utf-8"))
    return texts


def _unknown(exercise: object) -> str:
    return f"There is no exercise {exercise}. There are {', '.join(sorted(CHECKS))}."
