"""Does every public function take what it should, and refuse the rest in its documented words?"""

from __future__ import annotations

import os
from typing import Any

import matplotlib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from properties import Case, documented_errors, nasty, public_names, quiet
from property_table import CASES, RECORDS

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"  # about thirty times as many examples
PUBLIC = public_names()


def few(case: Case) -> settings:
    """The same examples on every machine, and no more than CI has time for."""
    return settings(
        max_examples=case.examples * (30 if DEEP else 1),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_every_public_name_has_properties() -> None:
    assert PUBLIC.keys() - RECORDS.keys() == CASES.keys()
    assert RECORDS.keys() <= PUBLIC.keys()


@pytest.mark.parametrize("name", sorted(CASES))
def test_good_arguments_give_what_the_docstring_says(name: str) -> None:
    case, function = CASES[name], PUBLIC[name]

    @few(case)
    @given(case.arguments)
    def check(arguments: dict[str, Any]) -> None:
        result = case.call(function, arguments)
        with quiet():
            case.right(result, arguments)
        plt.close("all")

    check()


@pytest.mark.parametrize("name", sorted(name for name in CASES if CASES[name].replaced()))
def test_one_nasty_argument_is_fine_or_refused_by_its_name(name: str) -> None:
    case, function = CASES[name], PUBLIC[name]
    documented = documented_errors(function)

    @few(case)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        for argument in case.replaced():
            arguments = data.draw(case.arguments)
            good = arguments[argument]
            bad = data.draw(nasty(good[0] if argument.startswith("*") else good), argument)
            arguments[argument] = [bad] if argument.startswith("*") else bad
            try:
                result = case.call(function, arguments)
            except documented as error:
                if isinstance(error, RuntimeError) and argument in case.pytorchs:
                    continue
                if isinstance(error, FloatingPointError):  # no single argument is at fault
                    continue
                assert case.names_it(argument, str(error)), f"{argument} is not named in: {error}"
            else:
                assert case.keeps_its_type(argument, good, bad), f"takes {bad!r} for {argument}"
                with quiet():
                    case.right(result, arguments)
            plt.close("all")

    check()
