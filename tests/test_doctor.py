"""Does the doctor see what is wrong with a machine, and say what to do about it?"""

import ast
import importlib
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch

import gan_course
from gan_course import doctor
from gan_course.doctor import Check

PACKAGE = Path(gan_course.__file__).parent


def pretend(monkeypatch, **versions):
    """Packages of other versions, or missing ones (None)."""

    def version(name):
        if versions.get(name) is None:
            raise PackageNotFoundError(name)
        return str(versions[name])

    monkeypatch.setattr(doctor, "version", version)


def test_this_machine_is_ready_and_says_so_line_by_line(capsys):
    assert doctor.main() == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("OK    Python", *doctor.needed(), "device"))


@pytest.mark.parametrize(
    ("here", "status", "found"),
    [
        (None, "FAIL", "torch is not installed"),
        ("2.5.1", "FAIL", "torch 2.5.1 is older than 2.6"),
        ("2.13.0+cpu", "OK", "torch 2.13.0+cpu"),
    ],
)
def test_versions_of_a_package(monkeypatch, here, status, found):
    pretend(monkeypatch, torch=here)
    check = doctor.package("torch", "2.6")
    assert (check.status, check.found) == (status, found)
    assert status == "OK" or check.cure == 'python -m pip install "torch>=2.6"'


def test_a_package_that_is_half_there_is_told():
    """One that is installed, but that Python can't import."""
    check = doctor.package("gan-course", "0.1")  # the module is called gan_course
    assert check.status == "FAIL"
    assert "gan-course 0.1.0 can't be imported: No module named 'gan-course'" in check.found
    assert check.cure == 'python -m pip install --force-reinstall "gan-course==0.1.0"'


@pytest.mark.parametrize(
    ("cuda", "mps", "found"),
    [
        (False, False, "device cpu, which is enough for this course"),
        (True, False, "device cuda: a GPU"),
        (False, True, "device mps: an Apple GPU"),
    ],
)
def test_devices(monkeypatch, cuda, mps, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert doctor.device() == Check("OK", found)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert doctor.device().status == "FAIL", "without torch the device is not guessed"


def test_a_failure_is_printed_with_its_cure_and_sets_the_exit_code(monkeypatch, capsys):
    checks = [Check("OK", "all well"), Check("FAIL", "no torch", "get torch")]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    assert doctor.main() == 1
    assert capsys.readouterr().out == "OK    all well\nFAIL  no torch\n      get torch\n"


def test_what_is_needed_is_what_the_project_declares():
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    declared = text.partition("\ndependencies = [\n")[2].partition("]")[0]
    assert doctor.needed() == dict(re.findall(r'"([\w-]+)>=([\d.]+)"', declared))
    assert 'requires-python = ">={}.{}"'.format(*gan_course.OLDEST_PYTHON) in text


def test_one_sentence_says_what_is_missing_and_how_to_get_it(monkeypatch):
    wanted = {"numpy": "1.26", "torch": "2.6", "scipy": "1.11"}
    monkeypatch.setattr(doctor, "needed", lambda: wanted)
    pretend(monkeypatch, numpy="2.0", torch="2.5.1")
    with pytest.raises(ImportError) as caught:
        doctor.require_packages()
    assert str(caught.value) == (
        "gan_course can't be imported, as torch 2.5.1 is older than 2.6 and scipy is not "
        'installed: python -m pip install "torch>=2.6" "scipy>=1.11"'
    )
    with pytest.raises(ImportError, match=r"torch 2\.5\.1 is older"):
        importlib.reload(gan_course)


def test_a_course_that_is_only_a_folder_can_be_asked(tmp_path):
    """No one has told Python there what it needs, and nothing of it is here."""
    (tmp_path / "gan_course").symlink_to(PACKAGE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-m", "gan_course.doctor"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert "FAIL  the course is not installed\n      make lab, or " in done.stdout, done.stderr
    assert ": python -m pip install --editable .\n" in done.stdout


@pytest.mark.parametrize(("start", "error"), [("program.py", ImportError), ("-m", SystemExit)])
def test_an_older_python_is_told_so(monkeypatch, start, error):
    source = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))  # what it can't read, it can't say
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(sys, "argv", [start])
    message = "needs Python 3.10 or newer, and this is Python 3.9: make lab PYTHON=python3.12"
    with pytest.raises(error, match=message):
        exec(compile(source, "__init__.py", "exec"), {})
