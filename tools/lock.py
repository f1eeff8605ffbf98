"""Compiles requirements.txt from pyproject.toml: `python -m tools.lock`.

The lock holds every package for Python 3.10 and newer on each system. Left out are the CUDA
libraries: they come with the torch build that a machine takes, pinned by that build itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = "torch==2.13.0"
OF_TORCH = re.compile(r"^(nvidia-|cuda-|triton)")
HEADER = """\
# Every package of the course, pinned. Compiled from pyproject.toml by `make lock`; do not edit.
# CUDA libraries are not listed: the torch build that a machine takes brings its own.
"""


def main() -> None:
    """Ask uv for the lock, take out what belongs to torch's builds, write requirements.txt."""
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv),
        "pip",
        "compile",
        "pyproject.toml",
        "--all-extras",
        "--universal",
        "--quiet",
    ]
    command += ["--python-version", "3.10", "--no-annotate", "--no-header", "--constraint", "-"]
    done = subprocess.run(
        command, cwd=ROOT, input=TORCH, text=True, capture_output=True, check=True
    )
    lines = [line for line in done.stdout.splitlines() if not OF_TORCH.match(line)]
    (ROOT / "requirements.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
