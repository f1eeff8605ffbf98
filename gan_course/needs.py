"""Which packages does the course need, and are they here? It asks when it is imported."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version


def numbers(text: str) -> tuple[int, ...]:
    """A version as numbers that can be compared: "2.13.0+cpu" is (2, 13, 0)."""
    plain = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, plain[0].split("."))) if plain else ()


def needed() -> dict[str, str]:
    """The packages that the course needs, each with its oldest version.

    None are known where the course is not installed, but read from its folder.
    """
    try:
        lines = requires("gan-course") or []
    except PackageNotFoundError:
        return {}
    return dict(line.split(">=") for line in lines if ";" not in line)


def lack(name: str, oldest: str) -> str:
    """What is wrong with a package, such as "torch is not installed"; empty if nothing is."""
    try:
        here = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return f"{name} {here} is older than {oldest}" if numbers(here) < numbers(oldest) else ""


def install(packages: dict[str, str]) -> str:
    """The command that installs packages, each in its oldest version or a newer one."""
    names = [f'"{name}>={oldest}"' for name, oldest in packages.items()]
    return " ".join(["python -m pip install", *names])


def check() -> None:
    """Are all packages here, and new enough? Looks at their versions and imports none of them.

    Raises:
        ImportError: some are not; says which, and how to install them.
    """
    found = {name: (lack(name, oldest), oldest) for name, oldest in needed().items()}
    reasons = [text for text, _ in found.values() if text]
    if reasons:
        cure = install({name: oldest for name, (text, oldest) in found.items() if text})
        raise ImportError(f"gan_course can't be imported, as {' and '.join(reasons)}: {cure}")
