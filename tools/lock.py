"""Compiles requirements.txt from pyproject.toml: `python -m tools.lock`.

The lock holds every package for Python 3.10 and newer on each system, with the hashes of its files:
pip refuses any other file. Left out are torch and the CUDA libraries, whose builds differ from
machine to machine: torch is pinned in requirements-torch.txt, and its build pins its libraries.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
TORCH = ROOT / "requirements-torch.txt"
OF_TORCH = re.compile(r"^(torch==|nvidia-|cuda-|triton)")
HEADER = """\
# Every package of the course but torch, pinned, with the hashes of its files. Compiled from
# pyproject.toml by `make lock`; do not edit. pip refuses a file with another hash.
"""


def torch() -> str:
    """The pinned torch, such as `torch==2.13.0`."""
    lines = TORCH.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("torch=="))


def pins(lock: str) -> dict[str, list[str]]:
    """Each pin of a lock, with its marker, and the hashes that its files may have."""
    found: dict[str, list[str]] = {}
    pin = ""
    for line in lock.splitlines():
        text = line.removesuffix("\\").strip()
        if text.startswith("--hash="):
            found[pin].append(text.removeprefix("--hash="))
        elif text and not text.startswith("#"):
            pin = text
            found[pin] = []
    return found


def written(lock: dict[str, list[str]]) -> str:
    """A lock as the text that pip reads, without torch and what its builds bring."""
    entries = [
        " \\\n    ".join([pin, *(f"--hash={digest}" for digest in hashes)])
        for pin, hashes in lock.items()
        if not OF_TORCH.match(pin)
    ]
    return HEADER + "\n".join(entries) + "\n"


def main() -> None:
    """Ask uv for the lock, take out what belongs to torch's builds, write requirements.txt."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "pyproject.toml", "--all-extras", "--universal"]
    command += ["--quiet", "--python-version", "3.10", "--no-annotate", "--no-header"]
    # pip finds a pinned package that is wanted with an extra only where its pin names the extra
    command += ["--no-strip-extras", "--generate-hashes", "--constraint", "-"]
    done = subprocess.run(
        command, cwd=ROOT, input=torch(), text=True, capture_output=True, check=True
    )
    LOCK.write_text(written(pins(done.stdout)), encoding="utf-8")


if __name__ == "__main__":
    main()
