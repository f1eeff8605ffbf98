"""Does the course work with the oldest and the newest packages? `python -m tools.matrix [NAME…]`.

Makes one environment after another, and in each runs the package's unit tests and every chapter and
solution. Prints a table, and keeps it in `benchmarks/results/matrix.txt`. An environment has the
course's own dependencies and those of its extra `check`, no others. uv makes it, and with
UV_TORCH_BACKEND=cpu it takes builds of PyTorch without CUDA.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "_build" / "matrix"
RESULTS = ROOT / "benchmarks" / "results" / "matrix.txt"
# these test the site, a browser, the tools: things that no reader's machine has to do
OTHERS = (
    *("accessibility", "concept_page", "matrix", "notebooks", "pdf", "pictures", "playground"),
    *("site", "styles", "supply_chain", "tools"),
)
COLUMNS = "{:<11}  {:<7}  {:<13}  {:<38}  {:<24}  {:>7}"
TITLES = ("environment", "Python", "torch", "unit tests", "notebooks", "seconds")


class Environment(NamedTuple):
    """Which Python, and how uv chooses the packages."""

    python: str
    options: tuple[str, ...]


# with ipywidgets 7.7.1 comes JupyterLab, but not the part of it that this version speaks with
WIDGETS = "jupyterlab_widgets>=1.1,<2"
LOCK = ("--constraint", "requirements.txt", "--constraint", "requirements-torch.txt")
ENVIRONMENTS = {
    "oldest": Environment("3.10", ("--resolution", "lowest-direct", WIDGETS)),
    "newest": Environment("3.13", ("--resolution", "highest")),
    "colab": Environment("3.13", ("--constraint", "tools/colab.txt")),
    "lock-3.11": Environment("3.11", LOCK),
    "lock-3.12": Environment("3.12", LOCK),
}


class Row(NamedTuple):
    """What came of one environment."""

    text: str
    passed: bool


def interpreter(version: str) -> str | None:
    """The path of a Python such as 3.12 on this machine, of pyenv's too; None without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [sys.executable, shutil.which(f"python{version}")]
    places += [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    for place in filter(None, places):
        # pyenv puts a program on the path for versions that are not switched on: it only fails
        done = subprocess.run([place, "-c", program], text=True, capture_output=True)
        if done.stdout.strip() == version:
            return place
    return None


def make(name: str, python: str) -> Path:
    """An environment with the packages of its name; returns its Python."""
    uv = str(Path(sys.executable).with_name("uv"))
    here = FOLDER / name
    install = [uv, "pip", "install", "--quiet", "--python", str(here / "bin" / "python")]
    options = ENVIRONMENTS[name].options
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", python, str(here)],
        [*install, *options, "--requirements", "pyproject.toml", "--extra", "check"],
        [*install, "--no-deps", "--editable", "."],
    ):
        subprocess.run(command, cwd=ROOT, check=True)
    return here / "bin" / "python"


def unit_tests() -> list[Path]:
    """The tests of the package and of its benchmarks."""
    paths = sorted((ROOT / "tests").glob("test_*.py"))
    return [path for path in paths if not path.stem.removeprefix("test_").startswith(OTHERS)]


def chapters() -> list[Path]:
    """The notebooks that run to their ends: chapters and solutions."""
    folders = (ROOT / "notebooks", ROOT / "notebooks" / "solutions")
    return [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]


def pytest(python: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run pytest in an environment, in one process; returns its exit code and its last line."""
    # without the options of pyproject.toml, which ask for coverage and for several processes
    options = ["--override-ini=addopts=", "--import-mode=importlib", "-q", "-rfE"]
    process = subprocess.Popen(
        [python, "-m", "pytest", *options, "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    return process.wait(), re.sub(r"(, \d+ warnings?)? in [\d.]+s.*", "", last.strip("= "))


def examine(name: str) -> Row:
    """Make an environment, run everything in it, and remove it if all went well."""
    wanted = ENVIRONMENTS[name].python
    found = interpreter(wanted)
    if found is None:
        missing = f"Python {wanted} is not on this machine"
        print(f"{name}: {missing}", flush=True)
        return Row(row(name, "-", "-", missing), True)
    started = time.monotonic()
    print(f"{name}: making an environment with {found}", flush=True)
    python = make(name, found)
    program = "import platform, torch; print(platform.python_version(), torch.__version__)"
    versions = subprocess.check_output([python, "-c", program], text=True).split()
    code, summary = pytest(python, *unit_tests())
    failed = []
    for path in chapters():
        label = path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
        print(f"{name}: {label}", flush=True)
        if pytest(python, "--nbval-lax", "--nbval-current-env", path)[0]:
            failed.append(label)
    ran = f"{len(chapters()) - len(failed)} of {len(chapters())}"
    passed = code == 0 and not failed
    if passed:
        shutil.rmtree(FOLDER / name)
    seconds = f"{time.monotonic() - started:.0f}"
    notebooks = f"{ran}, not {' '.join(failed)}" if failed else ran
    return Row(row(name, *versions, summary, notebooks, seconds), passed)


def row(*cells: str) -> str:
    """A line of the table; cells that are not given have nothing to say."""
    return COLUMNS.format(*cells, *["-"] * (len(TITLES) - len(cells)))


def table(rows: dict[str, str]) -> str:
    """The table, with a line for each environment, those too that were not run."""
    lines = [rows.get(name, row(name, "-", "-", "not run")) for name in ENVIRONMENTS]
    return "\n".join([f"processor {platform.machine()}", row(*TITLES), *lines]) + "\n"


def kept() -> dict[str, str]:
    """The lines of the table as it was written last."""
    if not RESULTS.is_file():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line for line in lines if line.split()[0] in ENVIRONMENTS}


def main() -> int:
    """Run what was named, or everything; the exit code is 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ENVIRONMENTS))
    names = parser.parse_args().names or list(ENVIRONMENTS)
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown:
        parser.error(f"NAME must be one of {', '.join(ENVIRONMENTS)}, got {unknown[0]}")
    passed = True
    for name in names:
        result = examine(name)
        passed = passed and result.passed
        RESULTS.write_text(table({**kept(), name: result.text}), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"), end="")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
