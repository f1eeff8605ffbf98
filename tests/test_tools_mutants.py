"""Does the report of the mutation tests say what is wrong, and does its record hold?"""

from __future__ import annotations

import importlib
import re

import pytest

from tools.mutants import (
    KILLED,
    LEAST,
    REASONS,
    REPORT,
    ROOT,
    Change,
    Mutant,
    changed_lines,
    read_reasons,
    report,
)

CHANGE = Change("losses.real_loss", "- return 1\n+ return 2")
DIFF = """\
--- gan_course/losses.py
+++ gan_course/losses.py
@@ -1,3 +1,3 @@
 def real_loss():
-    return 1
+    return 2
"""


def mutants(killed: int, survived: int) -> list[Mutant]:
    gone, alive = Mutant("losses.py", "killed", None), Mutant("losses.py", "survived", CHANGE)
    return [gone] * killed + [alive] * survived


def test_a_change_is_told_by_its_lines_alone() -> None:
    assert changed_lines(DIFF) == CHANGE.lines


def test_a_survivor_with_a_reason_is_in_order() -> None:
    text, faults = report(mutants(9, 1), {CHANGE: "one is as good as two"})
    assert faults == []
    assert re.search(r"losses.py +10 +9 +0 +1 +90.0%", text)
    assert "losses.real_loss: one is as good as two\n- return 1\n+ return 2\n" in text


def test_a_survivor_without_a_reason_is_a_fault() -> None:
    _, faults = report(mutants(9, 1), {})
    assert faults == ["losses.real_loss: a survivor without a reason\n- return 1\n+ return 2"]


def test_a_reason_without_a_survivor_is_a_fault() -> None:
    _, faults = report(mutants(9, 0), {CHANGE: "one is as good as two"})
    assert faults == ["losses.real_loss: a reason that no survivor needs\n- return 1\n+ return 2"]


def test_too_many_survivors_are_a_fault_whatever_their_reasons() -> None:
    _, faults = report(mutants(8, 1), {CHANGE: "one is as good as two"})
    assert faults == ["losses.py: 88.9% of the mutants are killed, expected 90%"]


@pytest.mark.parametrize("fate", KILLED)
def test_a_crash_and_an_endless_loop_are_seen_too(fate: str) -> None:
    text, faults = report([Mutant("losses.py", fate, None)], {})
    assert faults == []
    assert "100.0%" in text


def test_a_mutant_that_was_not_tried_counts_as_alive() -> None:
    _, faults = report([Mutant("losses.py", "not checked", CHANGE)], {CHANGE: "why not"})
    assert faults == ["losses.py: 0.0% of the mutants are killed, expected 90%"]


def test_the_record_has_enough_killed_in_each_module_and_a_reason_for_each_survivor() -> None:
    table, survivors = REPORT.read_text(encoding="utf-8").split("\nSurvivors")
    rows = re.findall(r"^(gan_course/\w+\.py) +(\d+) +(\d+) +\d+ +(\d+) ", table, re.MULTILINE)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [file for file, *_ in rows] == re.findall(r'"(gan_course/\w+\.py)"', settings)
    for file, tried, killed, survived in rows:
        assert (ROOT / file).is_file()
        assert int(killed) + int(survived) == int(tried)
        assert int(killed) >= LEAST * int(tried)
    reasons = read_reasons()
    assert all(f"\n{one.where}: {why}\n{one.lines}\n" in survivors for one, why in reasons.items())
    assert len(re.findall(r"^[\w.]+: .+\n[-+]", survivors, re.MULTILINE)) == len(reasons)


def test_reasons_are_about_functions_that_are_there() -> None:
    assert REASONS.is_file()
    for change, reason in read_reasons().items():
        module, *names = change.where.split(".")
        found = importlib.import_module(f"gan_course.{module}")
        for name in names:
            found = getattr(found, name)
        assert callable(found)
        assert len(reason) > 10
