"""Does the package say in one sentence what is missing, and import none of it to find out?"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import gan_course
from gan_course import needs
from tools.matrix import interpreter

PACKAGE = Path(gan_course.__file__).parent
TOO_OLD = ("3.7", "3.8", "3.9")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with the package and nothing beside it, which says what it needs."""
    (tmp_path / "gan_course").symlink_to(PACKAGE)
    return tmp_path


def run(folder: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start a Python that finds what is in a folder, and nothing that is installed."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [python, "-S", *arguments], cwd=folder, env=environment, text=True, capture_output=True
    )


def test_what_is_needed_is_what_the_project_declares() -> None:
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    declared = text.partition("\ndependencies = [\n")[2].partition("]")[0]
    assert needs.needed() == dict(re.findall(r'"([\w-]+)>=([\d.]+)"', declared))
    assert len(needs.needed()) == 6
    assert 'requires-python = ">={}.{}"'.format(*gan_course.OLDEST_PYTHON) in text


@pytest.mark.parametrize(
    ("text", "expected"), [("2.13.0+cpu", (2, 13, 0)), ("2.6.0a0+git1", (2, 6, 0)), ("none", ())]
)
def test_versions_as_numbers(text: str, expected: tuple[int, ...]) -> None:
    assert needs.numbers(text) == expected


def pretend(monkeypatch: Any, **others: str | None) -> None:
    """Packages as old as may be, but for some others; None is a missing one."""
    versions = {**needs.needed(), **others}

    def version(name: str) -> str:
        if versions[name] is None:
            raise PackageNotFoundError(name)
        return str(versions[name])

    monkeypatch.setattr(needs, "version", version)


def test_the_oldest_versions_will_do(monkeypatch: Any) -> None:
    pretend(monkeypatch)
    needs.check()
    pretend(monkeypatch, numpy="2.0", torch="2.10.0+cu128")
    needs.check()


def test_one_sentence_says_what_is_missing_and_how_to_get_it(monkeypatch: Any) -> None:
    pretend(monkeypatch, torch="2.5.1", safetensors=None)
    with pytest.raises(ImportError) as caught:
        needs.check()
    oldest = needs.needed()
    assert str(caught.value) == (
        f"gan_course can't be imported, as torch 2.5.1 is older than {oldest['torch']} and "
        'safetensors is not installed: python -m pip install "torch>={torch}" '
        '"safetensors>={safetensors}"'.format(**oldest)
    )


def test_a_course_that_is_only_a_folder_can_be_imported(folder: Path) -> None:
    """No one has told Python there what it needs: there is nothing to check."""
    done = run(folder, sys.executable, "-c", "import gan_course; print(gan_course.needs.needed())")
    assert done.stdout == "{}\n", done.stderr


def test_importing_the_package_looks_at_the_packages() -> None:
    program = "import importlib.metadata as m; m.version = lambda name: '0.1'; import gan_course"
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True)
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.startswith("ImportError: gan_course can't be imported, as torch 0.1 is older than")


@pytest.mark.parametrize("name", ["__init__", "needs", "doctor"])
def test_an_older_python_can_read_what_it_is_told_by(name: str) -> None:
    source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7) if name == "__init__" else (3, 8))


def test_an_older_python_is_told_so(monkeypatch: Any) -> None:
    source = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(sys, "argv", ["program.py"])
    message = "needs Python 3.10 or newer, and this is Python 3.9: make lab PYTHON=python3.12"
    with pytest.raises(ImportError, match=message):
        exec(compile(source, "__init__.py", "exec"), {})


def test_older_pythons_of_this_machine_say_so_and_start_the_doctor(folder: Path) -> None:
    """Those that are here: the two tests above need none of them."""
    for version in TOO_OLD:
        python = interpreter(version)
        if python is None:
            continue
        done = run(folder, python, "-c", "import gan_course")
        assert done.returncode == 1
        told = done.stderr.splitlines()[-1]
        assert told.startswith("ImportError: gan_course needs Python 3.10 or newer, and this is ")
        doctor = run(folder, python, "-m", "gan_course.doctor")
        assert doctor.returncode == 1
        if version == "3.7":  # too old even for the doctor
            assert doctor.stderr.splitlines()[-1].split(": ", 1)[1] == told.split(": ", 1)[1]
        else:
            assert f"FAIL  Python {version}\n      install Python 3.10" in doctor.stdout
            assert doctor.stderr == ""
