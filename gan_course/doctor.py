"""Is this machine ready for the course? `python -m gan_course.doctor` says so, a line a check.

Importing the package calls `require_packages`, which loads none of them.
"""

from __future__ import annotations

import importlib
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import NamedTuple


class Check(NamedTuple):
    """What was found in one place."""

    status: str  # "OK" or "FAIL"
    found: str  # what there is
    cure: str = ""  # what to do about it, where something is to be done

    def __str__(self) -> str:
        cure = f"\n      {self.cure}" if self.cure else ""
        return f"{self.status:4}  {self.found}{cure}"


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
    return Check("OK", f"{name} {here}")


def device() -> Check:
    """Where would networks be trained?"""
    try:
        import torch
    except Exception:
        return Check("FAIL", "no device to look at without torch", "install torch first, see above")
    if torch.cuda.is_available():
        return Check("OK", f"device cuda: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Check("OK", "device mps: an Apple GPU")
    return Check("OK", "device cpu, which is enough for this course")


def examine() -> list[Check]:
    """All checks. Of a Python that is too old the import itself says so."""
    packages = [package(name, oldest) for name, oldest in needed().items()]
    if not packages:
        cure = "make lab, or in the course's folder: python -m pip install --editable ."
        packages = [Check("FAIL", "the course is not installed", cure)]
    return [Check("OK", f"Python {platform.python_version()}"), *packages, device()]


def main() -> int:
    """Print a line a check; the exit code is 1 where something is missing."""
    checks = examine()
    for check in checks:
        print(check)
    return 1 if any(check.status == "FAIL" for check in checks) else 0


if __name__ == "__main__":
    raise SystemExit(main())
