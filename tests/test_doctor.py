"""Does the doctor see what is wrong with a machine, and say what to do about it?"""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from gan_course import doctor, needs
from gan_course.doctor import Check, examine

PROGRAMS = {"jupyterlab": "4.4", "notebook": "7.4"}
Python = namedtuple("Python", "major minor micro releaselevel serial")


def test_this_machine_is_ready_and_says_so_line_by_line() -> None:
    command = [sys.executable, "-m", "gan_course.doctor"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert all(line.split()[0] in ("OK", "WARN") for line in lines)
    words = ("Python", "torch", "numpy", "ipywidgets", "device", "sliders", "MB free")
    assert all(any(word in line for line in lines) for word in words)


@pytest.mark.parametrize(
    ("here", "status"), [((3, 9), "FAIL"), ((3, 10), "OK"), ((3, 13), "OK"), ((3, 99), "WARN")]
)
def test_pythons(monkeypatch: Any, here: tuple[int, int], status: str) -> None:
    monkeypatch.setattr(sys, "version_info", Python(*here, 0, "final", 0))
    assert doctor.python().status == status


def test_all_that_the_package_needs_is_looked_at() -> None:
    found = " ".join(check.found for check in examine())
    assert all(name in found for name in needs.needed())


def test_a_course_that_is_not_installed_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr(doctor, "needed", dict)
    told = next(check for check in examine() if check.found == "the course is not installed")
    assert told.status == "FAIL"
    assert "pip install --editable ." in told.cure


def pretend(monkeypatch: Any, **versions: str | None) -> None:
    """Packages of other versions, or missing ones (None)."""

    def version(name: str) -> str:
        if versions.get(name) is None:
            raise PackageNotFoundError(name)
        return str(versions[name])

    for module in (doctor, needs):
        monkeypatch.setattr(module, "version", version)


@pytest.mark.parametrize(
    ("here", "status", "found"),
    [
        (None, "FAIL", "torch is not installed"),
        ("2.5.1", "FAIL", "torch 2.5.1 is older than 2.6"),
        ("2.6.0", "OK", "torch 2.6.0"),
        ("2.13.0+cpu", "OK", "torch 2.13.0+cpu"),
        ("2.15.3", "OK", "torch 2.15.3"),
        ("2.16.0", "WARN", "torch 2.16.0"),
    ],
)
def test_versions_of_a_package(monkeypatch: Any, here: str | None, status: str, found: str) -> None:
    pretend(monkeypatch, torch=here)
    check = doctor.package("torch", "2.6")
    assert (check.status, check.found) == (status, found)
    assert check.cure == ('python -m pip install "torch>=2.6"' if status == "FAIL" else check.cure)


def test_a_package_that_is_half_there_is_told() -> None:
    """One that is installed, but that Python can't import."""
    check = doctor.package("gan-course", "0.1")  # the module is called gan_course
    assert check.status == "FAIL"
    assert "gan-course 0.1.0 can't be imported: No module named 'gan-course'" in check.found
    assert check.cure == 'python -m pip install --force-reinstall "gan-course==0.1.0"'


@pytest.mark.parametrize(
    ("versions", "status", "found"),
    [
        ({"ipywidgets": None}, "WARN", "no sliders without ipywidgets"),
        # Colab, which has a part of JupyterLab, but no JupyterLab
        (
            {"ipywidgets": "7.7.1", "jupyterlab_widgets": "3.0", "notebook": "6.5"},
            "OK",
            "sliders: ipywidgets 7.7.1",
        ),
        ({"ipywidgets": "9.0"}, "WARN", "sliders: ipywidgets 9.0 was never tried"),
        (
            {"ipywidgets": "8.1", "jupyterlab_widgets": "1.1", **PROGRAMS},
            "WARN",
            "sliders: ipywidgets 8.1 can't speak with jupyterlab_widgets 1.1",
        ),
        (
            {
                "ipywidgets": "7.7",
                "jupyterlab_widgets": "1.1",
                "widgetsnbextension": "4.0",
                **PROGRAMS,
            },
            "WARN",
            "sliders: ipywidgets 7.7 can't speak with widgetsnbextension 4.0",
        ),
        (
            {
                "ipywidgets": "8.1",
                "jupyterlab_widgets": "3.0",
                "widgetsnbextension": "4.0",
                **PROGRAMS,
            },
            "OK",
            "sliders: ipywidgets 8.1, jupyterlab_widgets 3.0, widgetsnbextension 4.0",
        ),
    ],
)
def test_sliders(monkeypatch: Any, versions: dict[str, Any], status: str, found: str) -> None:
    pretend(monkeypatch, **versions)
    check = doctor.widgets()
    assert (check.status, check.found) == (status, found)
    assert bool(check.cure) == (status != "OK")


@pytest.mark.parametrize(("free", "status"), [(99, "FAIL"), (101, "WARN"), (1_001, "OK")])
def test_room_on_the_disk(monkeypatch: Any, tmp_path: Path, free: float, status: str) -> None:
    usage = namedtuple("usage", "total used free")(1e12, 0, free * 1e6)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    check = doctor.folder(tmp_path)
    assert check.status == status
    assert check.found == f"{free:,.0f} MB free in {tmp_path}"
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_a_folder_that_cannot_be_written_into(tmp_path: Path) -> None:
    check = doctor.folder(tmp_path / "none")
    assert check.status == "FAIL"
    assert "can't write into" in check.found
    assert "folder of your own" in check.cure


@pytest.mark.parametrize(
    ("cuda", "mps", "found"),
    [
        (False, False, "device cpu, which is enough for this course"),
        (True, False, "device cuda: a GPU"),
        (False, True, "device mps: an Apple GPU"),
    ],
)
def test_devices(monkeypatch: Any, cuda: bool, mps: bool, found: str) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert doctor.device() == Check("OK", found)


def test_without_torch_the_device_is_not_guessed(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert doctor.device().status == "WARN"


def test_a_failure_is_printed_with_its_cure_and_sets_the_exit_code(
    monkeypatch: Any, capsys: Any
) -> None:
    checks = [Check("OK", "all well"), Check("FAIL", "no torch", "get torch")]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    assert doctor.main() == 1
    assert capsys.readouterr().out == "OK    all well\nFAIL  no torch\n      get torch\n"
    monkeypatch.setattr(doctor, "examine", lambda: checks[:1])
    assert doctor.main() == 0


def test_a_notebook_says_one_line_where_all_is_well(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Check("OK", "device cuda: a GPU")])
    doctor.check()
    assert capsys.readouterr().out == "ready for the course\n"


def test_a_notebook_says_what_is_odd_and_goes_on(monkeypatch: Any, capsys: Any) -> None:
    checks = [Check("OK", "all well"), Check("WARN", "little room", "make some")]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    doctor.check()
    said = "WARN  little room\n      make some\nready for the course\n"
    assert capsys.readouterr().out == said


def test_a_notebook_stops_where_something_is_missing(monkeypatch: Any, capsys: Any) -> None:
    checks = [Check("WARN", "little room"), Check("FAIL", "no torch", "get torch")]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    with pytest.raises(RuntimeError, match="not ready for the course: do what stands below each"):
        doctor.check()
    assert capsys.readouterr().out == "WARN  little room\nFAIL  no torch\n      get torch\n"
