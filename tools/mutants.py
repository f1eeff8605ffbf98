"""Would a test notice if the code were wrong? Mutation testing: `python -m tools.mutants`.

mutmut changes the code in one place at a time (a mutant) and runs the tests that reach the changed
function. A mutant that no test notices has survived: a test is missing, the code is needless, or
the change makes no difference that a test should see. The last kind needs a reason in
tools/mutants.json, where it is known by what was changed and not by mutmut's number.

What is changed, and which tests run, stands in pyproject.toml under `[tool.mutmut]`. A run that was
stopped goes on where it was. Later runs try changed functions and survivors again, and nothing
else: after taking tests away, remove the folder mutants/ first.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

ROOT = Path(__file__).resolve().parent.parent
REASONS = ROOT / "tools" / "mutants.json"
REPORT = ROOT / "benchmarks" / "results" / "mutants.txt"
MUTANTS = ROOT / "mutants"  # where mutmut works
LEAST = 0.9  # share of a module's mutants that have to be killed
ONLY = {"gan_course/training.py": "EarlyStopping"}  # of this file, this class alone
LEFT_OUT = 34  # mutmut's exit code of a mutant that is not to be tried
NO_TESTS = 33  # and of one that no test was run for
KILLED = ("killed", "timeout", "segfault", "suspicious")  # the last: ended by another signal
HEADER = """\
Mutation testing by `make mutants`: one change of the code at a time, and is there a test that sees
it? Left out: texts in quotes (words of messages), constants of modules, functions with a decorator
(properties) and, of training, all but EarlyStopping. A mutant whose tests do not end in time counts
as killed.
"""


class Change(NamedTuple):
    """What a mutant changes."""

    where: str  # module and function
    lines: str  # those that are taken out (-) and put in (+)


@dataclass(frozen=True)
class Mutant:
    """A change, and what became of it."""

    file: str
    fate: str  # in mutmut's words
    change: Change | None  # only looked up where it was not killed


def prepare() -> None:
    """Teach mutmut what to leave out, what counts, and to try survivors again.

    Tests may have come that kill those. Where pytest doesn't find a test, mutmut says killed.
    """
    from mutmut import __main__ as mutmut
    from mutmut.mutation import mutators
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.runners.harness import BadTestExecutionCommandsException, PytestRunner
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key

    execute, this = PytestRunner.execute_pytest, os.getpid()

    def execute_or_say(*given: Any, **options: Any) -> int:
        try:
            return execute(*given, **options)
        except BadTestExecutionCommandsException:
            if os.getpid() != this:  # a mutant's own process
                os._exit(NO_TESTS)
            raise

    PytestRunner.execute_pytest = execute_or_say  # type: ignore[method-assign]

    operators = cast("list[Any]", mutators.mutation_operators)
    operators[:] = [pair for pair in operators if pair[1] is not mutators.operator_string]
    create = mutmut.create_mutants

    def create_and_mark(max_children: int) -> mutmut.MutantGenerationStats:
        for path in walk_mutatable_files():
            if not (MUTANTS / f"{path}.meta").exists():  # else mutmut takes an older copy as it is
                (MUTANTS / path).unlink(missing_ok=True)
        stats = create(max_children)
        for path in walk_mutatable_files():
            data = SourceFileMutationData(path=path)
            data.load()
            only = ONLY.get(str(path))
            for name, code in data.exit_code_by_key.items():
                if only and orig_function_and_class_names_from_key(name)[1] != only:
                    data.exit_code_by_key[name] = LEFT_OUT
                elif status_by_exit_code[code] != "killed":
                    data.exit_code_by_key[name] = None
            data.save()
        return stats

    mutmut.create_mutants = create_and_mark


def results() -> Iterator[Mutant]:
    """All mutants that were to be tried, as mutmut's files have them."""
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key

    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            fate = status_by_exit_code[code]
            change = None
            if code != LEFT_OUT and fate not in KILLED:
                function, of_class = orig_function_and_class_names_from_key(name)
                where = ".".join(filter(None, [path.stem, of_class, function]))
                change = Change(where, changed_lines(get_diff_for_mutant(name, path=path)))
            if code != LEFT_OUT:
                yield Mutant(str(path), fate, change)


def changed_lines(diff: str) -> str:
    """The lines of a unified diff that differ, without their indentation."""
    return "\n".join(
        f"{line[0]} {line[1:].strip()}"
        for line in diff.splitlines()
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
    )


def report(mutants: Iterable[Mutant], reasons: Mapping[Change, str]) -> tuple[str, list[str]]:
    """The table and the list of survivors, and what is wrong with them."""
    fates: dict[str, Counter[str]] = {}
    survivors: list[Change] = []
    for mutant in mutants:
        fates.setdefault(mutant.file, Counter())[mutant.fate] += 1
        if mutant.change is not None:
            survivors.append(mutant.change)
    row = "{:<28} {:>7} {:>7} {:>10} {:>9} {:>7}\n".format
    text = HEADER + "\n" + row("module", "mutants", "killed", "by timeout", "survived", "share")
    faults = []
    for file, counts in fates.items():
        killed, tried = sum(counts[fate] for fate in KILLED), sum(counts.values())
        share = killed / tried
        text += row(file, tried, killed, counts["timeout"], tried - killed, f"{share:.1%}")
        if share < LEAST:
            faults.append(f"{file}: {share:.1%} of the mutants are killed, expected {LEAST:.0%}")
    text += "\nSurvivors, and why no test should see them:\n"
    for change in dict.fromkeys(survivors):
        text += f"\n{change.where}: {reasons.get(change, 'no reason yet')}\n{change.lines}\n"
        if change not in reasons:
            faults.append(f"{change.where}: a survivor without a reason\n{change.lines}")
    for change in reasons:
        if change not in survivors:
            faults.append(f"{change.where}: a reason that no survivor needs\n{change.lines}")
    return text, faults


def read_reasons() -> dict[Change, str]:
    """Why survivors may survive. One reason often does for several of them."""
    return {
        Change(where, lines): reason
        for where, by_reason in json.loads(REASONS.read_text(encoding="utf-8")).items()
        for reason, changes in by_reason.items()
        for lines in changes
    }


def main() -> None:
    """Run mutmut, write the report, and exit with 1 where it has a fault."""
    os.chdir(ROOT)  # before the import: mutmut looks for its settings here
    from mutmut.__main__ import cli

    prepare()
    cli(["run", "--max-children", "1"], standalone_mode=False)
    text, faults = report(results(), read_reasons())
    REPORT.write_text(text, encoding="utf-8")
    print(text)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
