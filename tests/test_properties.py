"""Does every public function take what it should, and refuse the rest in its documented words?"""

from __future__ import annotations

import os
from pathlib import Path
from types import FunctionType
from typing import Any

import matplotlib
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
from properties import Case, documented_errors, nasty, public_names, quiet
from property_table import CASES, RECORDS

from gan_course import exercises
from gan_course.exercises import CHECKS
from gan_course.networks import make_generator

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"  # about thirty times as many examples
PUBLIC = public_names()


def few(case: Case) -> settings:
    """The same examples on every machine, and no more than CI has time for."""
    return settings(
        max_examples=case.examples * (30 if DEEP else 1),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # nasty arguments are small already; to shrink them takes minutes
        suppress_health_check=list(HealthCheck),
    )


def test_every_public_name_has_properties() -> None:
    assert PUBLIC.keys() - RECORDS.keys() == CASES.keys()
    assert RECORDS.keys() <= PUBLIC.keys()


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files are written into a folder that goes away."""
    (tmp_path / "here").mkdir()  # so that .. goes away, too
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize("name", sorted(CASES))
def test_good_arguments_are_taken_and_nasty_ones_refused_by_name(name: str) -> None:
    case, function = CASES[name], PUBLIC[name]
    documented = documented_errors(function)

    @few(case)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        good = data.draw(case.arguments)
        case.right(case.call(function, good), good)
        for argument in case.replaced():
            if {"self", "checkpoint"} & good.keys():  # they remember the last call
                good = data.draw(case.arguments)
            right = good[argument][0] if argument.startswith("*") else good[argument]
            bad = data.draw(nasty(right), argument)
            arguments = {**good, argument: [bad] if argument.startswith("*") else bad}
            # what a function or a network of the caller raises is its own
            own = right is None or callable(right) or argument in case.loose
            own = own and callable(bad) and not isinstance(bad, FunctionType)
            try:
                result = case.call(function, arguments)
            except documented as error:
                if isinstance(error, RuntimeError) and argument in case.pytorchs:
                    continue
                # no single argument is at fault, or it is the file itself that is named
                if isinstance(error, (FloatingPointError, OSError)):
                    continue
                named = own or case.names_it(argument, str(error))
                assert named, f"{argument} is not named in: {error}"
            except Exception:
                if not own:
                    raise
            else:
                assert case.keeps_its_type(argument, right, bad), f"takes {bad!r} for {argument}"
                case.right(result, arguments)
        plt.close("all")

    with quiet():
        check()


@pytest.mark.parametrize("exercise", sorted(CHECKS))
def test_no_answer_to_an_exercise_breaks_its_check(exercise: str) -> None:
    @settings(few(Case()), max_examples=300 if DEEP else 8)
    @given(nasty(torch.ones(6, 2)) | nasty(torch.ones(2048, 2)))
    def check_answer(answer: Any) -> None:
        verdict = exercises.check(exercise, answer)
        assert verdict.status in ("wrong", "not attempted")
        assert verdict.message

    with quiet():
        check_answer()


@given(nasty(3))
@settings(few(Case()))
def test_the_size_of_noise_is_looked_at_before_it_is_drawn(size: Any) -> None:
    try:
        verdict = exercises.check("3.3", make_generator(3, (3,)), latent_dim=size)
    except (TypeError, ValueError) as error:
        assert "latent_dim" in str(error)
    else:
        assert verdict.status == "wrong"
