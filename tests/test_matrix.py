"""Does the matrix run what it says, in the environments that it names, and leave none out?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import matrix
from tools.matrix import ENVIRONMENTS, ROOT, Row

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
PASSING = "def test_a(): pass\ndef test_b(): pass\n"


def program(path: Path, text: str) -> str:
    """Write a program that can be started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_is_found_on_the_path_or_with_pyenv(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert matrix.interpreter(HERE) == sys.executable
    assert matrix.interpreter("3.99") is None
    # what pyenv puts on the path for a version that is not switched on
    program(tmp_path / "bin" / "python3.99", "exit 127")
    assert matrix.interpreter("3.99") is None
    of_pyenv = program(tmp_path / "pyenv" / "versions" / "3.99.1" / "bin" / "python", "echo 3.99")
    assert matrix.interpreter("3.99") == of_pyenv
    on_path = program(tmp_path / "bin" / "python3.99", "echo 3.99")
    assert matrix.interpreter("3.99") == on_path


def test_environments_are_those_of_the_project_and_of_the_workflow() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert ENVIRONMENTS["oldest"].python == re.findall(r'requires-python = ">=(.*)"', project)[0]
    workflow = yaml.safe_load((ROOT / ".github/workflows/matrix.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["matrix"]
    assert job["strategy"]["matrix"]["environment"] == list(ENVIRONMENTS)
    pythons = next(
        s["with"]["python-version"] for s in job["steps"] if "setup" in s.get("uses", "")
    )
    assert set(pythons.split()) == {environment.python for environment in ENVIRONMENTS.values()}
    for environment in ENVIRONMENTS.values():
        files = [option for option in environment.options if option.endswith(".txt")]
        assert all((ROOT / name).is_file() for name in files)


def test_uv_is_asked_for_the_packages_of_an_environment(monkeypatch: Any) -> None:
    asked: list[str] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: asked.append(" ".join(command)))
    matrix.make("oldest", "/bin/python3.10")
    makes, installs, course = asked
    assert "--python /bin/python3.10" in makes
    assert "--resolution lowest-direct" in installs
    assert installs.endswith("--requirements pyproject.toml --extra check")
    assert course.endswith("--no-deps --editable .")


def test_every_module_of_the_course_is_tested_and_no_tool() -> None:
    names = {path.stem for path in matrix.unit_tests()}
    modules = {path.stem for path in (ROOT / "gan_course").glob("*.py")} - {"__init__"}
    assert {f"test_{module}" for module in modules} <= names
    assert not names & {"test_site", "test_tools", "test_tools_exercises", "test_pdf"}
    left_out = {path.stem for path in (ROOT / "tests").glob("test_*.py")} - names
    for name in matrix.OTHERS:
        assert any(stem.startswith(f"test_{name}") for stem in left_out), f"no test_{name} is there"


def test_chapters_and_solutions_run_but_no_exercise_that_waits_for_an_answer() -> None:
    folders = {path.parent.name for path in matrix.chapters()}
    assert folders == {"notebooks", "solutions"}


@pytest.fixture
def small(monkeypatch: Any, tmp_path: Path) -> Path:
    """A course of one test and no notebook, whose environments are all this Python."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(PASSING)
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    monkeypatch.setattr(matrix, "FOLDER", tmp_path / "made")
    monkeypatch.setattr(matrix, "RESULTS", tmp_path / "matrix.txt")
    monkeypatch.setattr(matrix, "interpreter", lambda version: sys.executable)

    def make(name: str, python: str) -> Path:
        (tmp_path / "made" / name).mkdir(parents=True)
        return Path(python)

    monkeypatch.setattr(matrix, "make", make)
    return tmp_path


def put(folder: Path, name: str, source: str) -> None:
    """Write a notebook of one cell, which was run."""
    cell = {"cell_type": "code", "id": "a", "source": source, "execution_count": 1}
    cells = [{**cell, "outputs": [], "metadata": {}}]
    (folder / "notebooks").mkdir(exist_ok=True)
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (folder / "notebooks" / f"{name}.ipynb").write_text(text)


def run(monkeypatch: Any, *names: str) -> int:
    """Run the matrix's command."""
    monkeypatch.setattr(sys, "argv", ["matrix", *names])
    return matrix.main()


def test_what_passes_is_in_the_table_and_its_environment_is_removed(
    monkeypatch: Any, small: Path
) -> None:
    put(small, "01_good", "1 + 1")
    monkeypatch.setattr(matrix, "pytest", lambda *arguments: (0, "2 passed"))
    assert run(monkeypatch, "newest") == 0
    line = matrix.RESULTS.read_text().splitlines()[3]
    assert re.match(rf"newest +{HERE}\.\d+ +2\.\S+ +2 passed +1 of 1 +\d+$", line)
    assert not (small / "made" / "newest").exists()


def test_what_fails_is_named_and_its_environment_kept(monkeypatch: Any, small: Path) -> None:
    (small / "tests" / "test_one.py").write_text(f"{PASSING}def test_c(): assert False\n")
    put(small, "01_good", "1 + 1")
    put(small, "02_bad", "1 / 0")
    assert run(monkeypatch, "newest") == 1
    line = matrix.RESULTS.read_text().splitlines()[3]
    assert "1 failed, 2 passed" in line
    assert "1 of 2, not 02_bad" in line
    assert (small / "made" / "newest").exists()


def test_a_missing_python_is_named_and_the_others_keep_their_lines(
    monkeypatch: Any, small: Path
) -> None:
    monkeypatch.setattr(matrix, "examine", lambda name: Row(matrix.row(name, "3.10.1"), True))
    assert run(monkeypatch, "oldest") == 0
    monkeypatch.undo()
    monkeypatch.setattr(matrix, "RESULTS", small / "matrix.txt")
    monkeypatch.setattr(matrix, "interpreter", lambda version: None)
    assert run(monkeypatch, "newest") == 0
    lines = matrix.RESULTS.read_text().splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(ENVIRONMENTS)
    assert "3.10.1" in lines[2]
    assert "Python 3.13 is not on this machine" in lines[3]
    assert all("not run" in line for line in lines[4:])


def test_an_unknown_environment_is_told(monkeypatch: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "latest")
    assert "NAME must be one of oldest, newest, colab" in capsys.readouterr().err
