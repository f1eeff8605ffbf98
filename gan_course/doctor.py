"""Is this machine ready for the course? `python -m gan_course.doctor` says so, a line a check.

The first cell of each notebook calls `check`, which says little unless something is wrong, and
importing the package calls `require_packages`, which loads none of them.
"""

from __future__ import annotations

import importlib
import re
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

NEWEST_PYTHON = (3, 13)  # the newest that was tried
TORCH_TRIED = (2, 15)  # the newest that was tried
NEEDED, ROOMY = 100, 1_000  # megabytes of disk: for notebooks and files, and for comfort


class Check(NamedTuple):
    """What was found in one place."""

    status: str  # "OK", "WARN" or "FAIL"
    found: str  # what there is
    cure: str = ""  # what to do about it, where something is to be done

    def __str__(self) -> str:
        cure = f"\n      {self.cure}" if self.cure else ""
        return f"{self.status:4}  {self.found}{cure}"


def python() -> Check:
    """Is this Python one of those that were tried? With an older one the import says so."""
    found = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info[:2] > NEWEST_PYTHON:
        return Check("WARN", found, "newer than any that the course was tried with")
    return Check("OK", found)


def needed() -> dict[str, str]:
    """The packages that the course needs, each with its oldest version.

    None are known where the course is not installed, but read from its folder.
    """
    try:
        lines = requires("gan-course") or []
    except PackageNotFoundError:
        return {}
    return dict(line.split(">=") for line in lines if ";" not in line)


def numbers(text: str) -> tuple[int, ...]:
    """A version as numbers that can be compared: "2.13.0+cpu" is (2, 13, 0)."""
    plain = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, plain[0].split("."))) if plain else ()


def lack(name: str, oldest: str) -> str:
    """What is wrong with a package, such as "torch is not installed"; empty if nothing is."""
    try:
        here = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return f"{name} {here} is older than {oldest}" if numbers(here) < numbers(oldest) else ""


def require_packages() -> None:
    """Raise ImportError unless all packages are here and new enough; says how to get them."""
    lacking = {name: oldest for name, oldest in needed().items() if lack(name, oldest)}
    if lacking:
        reasons = " and ".join(lack(name, oldest) for name, oldest in lacking.items())
        names = [f'"{name}>={oldest}"' for name, oldest in lacking.items()]
        raise ImportError(
            f"gan_course can't be imported, as {reasons}: python -m pip install {' '.join(names)}"
        )


def package(name: str, oldest: str) -> Check:
    """Is a package here, new enough, and whole?"""
    lacking = lack(name, oldest)
    if lacking:
        return Check("FAIL", lacking, f'python -m pip install "{name}>={oldest}"')
    here = version(name)
    try:
        importlib.import_module({"scikit-learn": "sklearn"}.get(name, name))
    except Exception as error:  # a package that is half there raises anything
        again = f'python -m pip install --force-reinstall "{name}=={here}"'
        return Check("FAIL", f"{name} {here} can't be imported: {error}", again)
    if name == "torch" and numbers(here)[:2] > TORCH_TRIED:
        return Check("WARN", f"torch {here}", "newer than any that the course was tried with")
    return Check("OK", f"{name} {here}")


def device() -> Check:
    """Where would networks be trained?"""
    try:
        import torch
    except Exception:
        return Check("WARN", "no device to look at without torch", "install torch first, see above")
    if torch.cuda.is_available():
        return Check("OK", f"device cuda: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Check("OK", "device mps: an Apple GPU")
    return Check("OK", "device cpu, which is enough for this course")


def folder(path: Path) -> Check:
    """Can files be written here, and is there room?"""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"1")
        free = shutil.disk_usage(path).free / 1e6
    except OSError as error:
        cure = "start Jupyter in a folder of your own, such as your home folder"
        return Check("FAIL", f"can't write into {path}: {error.strerror}", cure)
    found = f"{free:,.0f} MB free in {path}"
    if free < NEEDED:
        return Check("FAIL", found, f"make room: notebooks and their files need {NEEDED} MB")
    if free < ROOMY:
        return Check("WARN", found, "little: saved files may soon not fit")
    return Check("OK", found)


def examine() -> list[Check]:
    """All checks; the folder is the one where Python was started."""
    packages = [package(name, oldest) for name, oldest in needed().items()]
    if not packages:
        cure = "make lab, or in the course's folder: python -m pip install --editable ."
        packages = [Check("FAIL", "the course is not installed", cure)]
    return [python(), *packages, device(), folder(Path.cwd())]


def main() -> int:
    """Print a line a check; the exit code is 1 where something is missing."""
    checks = examine()
    for check in checks:
        print(check)
    return 1 if any(check.status == "FAIL" for check in checks) else 0


if __name__ == "__main__":
    raise SystemExit(main())
