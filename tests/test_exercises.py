"""What all exercises share: reading answers, verdicts, hints, solutions, and no tracebacks."""

import math
from types import SimpleNamespace

import IPython.display
import pytest
import torch
from learners import cells_of, refused
from matplotlib import pyplot as plt
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l

from gan_course.exercises import CHECKS, check, expected, hint, solution
from gan_course.exercises.answers import Wrong, numbers_of
from gan_course.metrics import fit_and_spread

NUMBERS = sorted(CHECKS)
NO_FUNCTIONS = ["B", "3.1", "3.2"]  # they ask for data and for a picture
TRAINED = ["3.3", "3.4", "F", "H"]
MORE = {"3.3": ["ax"], "F": [[*range(19), 50]]}  # what comes after the function or network
X = 10 * (torch.rand(2048, generator=torch.Generator().manual_seed(0)) - 0.5)
POINTS = torch.stack([X, torch.sin(X)], dim=1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (["0.5", "1"], "your answer is of type list, expected a tensor of numbers"),
        ([[1], [1, 2]], "your answer is of type list, expected a tensor of numbers"),
        (torch.tensor([math.nan]), "your answer holds NaN or complex numbers"),
        (torch.tensor([1j]), "your answer holds NaN or complex numbers"),
    ],
)
def test_what_is_no_number_is_named(answer, message):
    with pytest.raises(Wrong, match=message):
        numbers_of(answer, "your answer")


@pytest.mark.parametrize("exercise", NUMBERS)
def test_the_untouched_starter_is_not_attempted(exercise):
    (answer,), (judge,) = cells_of(exercise, "answer"), cells_of(exercise, "check")
    names = {"torch": torch, "nn": nn, "plt": plt, "check": check}
    exec(answer.metadata["course"]["starter"], names)
    verdict = eval(judge.source, names)
    assert verdict.status == "not attempted"
    assert "..." in verdict.message
    assert not verdict


@pytest.mark.parametrize("exercise", NUMBERS)
def test_three_dots_are_not_attempted_and_no_answer_is_wrong(exercise):
    assert check(exercise, ...).status == "not attempted"
    refused(f"expected {cells_of(exercise, 'check')[0].source}: missing a required", exercise)
    if exercise not in NO_FUNCTIONS:
        more = MORE.get(exercise, [])
        assert check(exercise, lambda *_: ..., *more).status == "not attempted"
        refused("returns None. Is there a `return`?", exercise, lambda *_: None, *more)


def test_one_answer_of_two_is_not_attempted():
    assert check("3.3", POINTS, ...).status == "not attempted"


def test_more_answers_than_are_asked_for_get_a_sentence():
    refused('expected check("3.1", points): too many', "3.1", POINTS[0], POINTS[1])
    refused("unexpected keyword argument 'latent_dim'", "3.1", POINTS, latent_dim=3)


def test_a_function_is_shown_the_same_numbers_at_each_check():
    # and looking for a fault does not change which random numbers come next
    shown, state = [], torch.get_rng_state()
    for _ in range(2):
        assert check("D", lambda x: (shown.append(x.clone()), x.argmax(dim=1))[1])
    assert torch.equal(shown[0], shown[3])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("exercise", ["9.9", 3, "", math.sin])
def test_an_unknown_exercise_is_answered_with_those_there_are(exercise, capsys):
    sentence = "There is no exercise of this name. There are 3.1, 3.2, 3.3, 3.4, A, B, C, "
    refused(sentence, exercise, POINTS)
    for ask in (hint, solution):
        ask(exercise)
        assert capsys.readouterr().out.startswith(sentence)


def test_letters_may_be_small_and_numbers_without_quotes(capsys):
    assert check("c ", lambda points: fit_and_spread(points, torch.sin, -5, 5))
    assert check(3.1, POINTS)
    hint("c")
    assert "Hint 1 for exercise C" in capsys.readouterr().out


def test_a_notebook_shows_a_hint_with_its_formulas_and_code(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=True))
    monkeypatch.setattr(IPython.display, "display", shown.append)
    hint("E", 2)
    assert isinstance(shown[0], IPython.display.Markdown)
    assert shown[0].data.startswith("Hint 2 for exercise E (the last one):\n\n`(integers[:, None]")
    assert capsys.readouterr().out == ""


def test_a_hint_or_a_picture_that_is_not_there_is_answered_with_those_there_are(capsys):
    hint("3.1", 4)
    assert capsys.readouterr().out.startswith("Exercise 3.1 has hints 1 to 3, and no hint 4. solut")
    expected("3.1")
    assert capsys.readouterr().out == "Of the exercises 3.2 and 3.3 ask for a picture.\n"


@pytest.mark.parametrize("exercise", NUMBERS)
def test_hints_come_one_at_a_time(exercise, capsys):
    sources = [cell.source for cell in cells_of(exercise, "hint")]
    hint(exercise)
    assert sources[0] in capsys.readouterr().out
    for number, source in enumerate(sources, 1):
        hint(exercise, number)
        shown = capsys.readouterr().out
        assert shown.startswith(f"Hint {number} for exercise {exercise}")
        assert shown.rstrip().endswith(source)
        assert ("(the last one)" in shown) == (number == len(sources))
        assert (f"there is a hint {number + 1}" in shown) == (number < len(sources))
        assert not any(other in shown for other in sources if other != source)


@pytest.mark.parametrize("exercise", NUMBERS)
def test_the_printed_solution_is_that_of_the_notebook_and_right(exercise, capsys):
    solution(exercise)
    printed = capsys.readouterr().out
    assert printed.strip() == cells_of(exercise, "answer")[0].source.strip()
    if exercise in TRAINED:  # the notebooks run these
        compile(printed, exercise, "exec")
        return
    names = {"torch": torch, "nn": nn, "plt": plt, "check": check, "points": POINTS}
    names |= {"bce": bce, "bce_l": bce_l, "one_hot": torch.nn.functional.one_hot}
    exec(printed, names)
    assert eval(cells_of(exercise, "check")[0].source, names)
    plt.close("all")
