"""Does a published notebook run on a machine like Colab's? `python -m tools.colab`.

Makes a fresh environment with the versions that Colab publishes, serves the course's wheel on this
machine, and runs a stamped chapter and a stamped exercise there to their ends. Nothing else is
installed: what a notebook needs, its first cell has to bring.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import nbformat

from tools.exercises import EXERCISES
from tools.notebooks import KERNEL, NOTEBOOKS, ROOT
from tools.site import stamp, wheel_name

ENVIRONMENT = ROOT / ".venv-colab"
BIN = ENVIRONMENT / "bin"
FOLDER = ROOT / "_build" / "colab"
CHAPTER = "02_multiples_of_five.ipynb"  # trains, draws and saves, in a quarter of a minute


def make_environment() -> None:
    """A fresh virtual environment with Colab's versions and without this course.

    Two things are not Colab's: Python is the one at hand, and torch the one that is pinned, which
    is found without CUDA. `make matrix` takes Colab's.
    """
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    versions = (ROOT / "tools" / "colab.txt").read_text(encoding="utf-8").splitlines()
    others = [line for line in versions if not line.startswith(("#", "torch=="))]
    pip = [str(BIN / "pip"), "install", "--quiet", "--no-compile", "-r", "requirements-torch.txt"]
    for packages in ([], others):
        subprocess.run([*pip, *packages], cwd=ROOT, check=True)


def asks(program: str) -> str:
    """What a line of Python prints in the environment."""
    return subprocess.check_output([BIN / "python", "-c", program], cwd=FOLDER, text=True).strip()


def run(source: Path, wheel_url: str) -> None:
    """Stamp a notebook and run it to its end, as Colab would."""
    path = FOLDER / source.name
    nbformat.write(stamp(nbformat.read(source, as_version=4), wheel_url), path)
    print(f"running {path.name}, which installs {wheel_url} where it is missing", flush=True)
    command = [str(BIN / "jupyter-execute"), "--inplace", "--timeout=-1", str(path)]
    if code := subprocess.run(command, cwd=FOLDER, env={**os.environ, **KERNEL}).returncode:
        print(f"{path.name} failed in an environment like Colab's", file=sys.stderr)
        raise SystemExit(code)
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    if not all(cell.execution_count for cell in cells):
        raise RuntimeError(f"some cells of {path.name} were not run")
    print(f"{path.name}: {len(cells)} cells ran")


def main() -> None:
    """Build, serve, stamp, run, and say what was found."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(FOLDER)]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    print("making an environment like Colab's", flush=True)
    make_environment()
    versions = "import torch, numpy; print(torch.__version__, numpy.__version__)"
    before = asks(versions)
    if asks("import importlib.util as u; print(u.find_spec('gan_course'))") != "None":
        raise RuntimeError("gan_course must not be in the fresh environment, but it is")

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(FOLDER))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/{wheel_name()}"
        for source in (NOTEBOOKS / CHAPTER, EXERCISES / "01_exercises.ipynb"):
            run(source, url)
        server.shutdown()

    if asks(versions) != before:
        raise RuntimeError(f"the notebook changed torch or numpy: {before} -> {asks(versions)}")
    where = asks("import gan_course; print(gan_course.__file__)")
    if not where.startswith(str(ENVIRONMENT)):
        raise RuntimeError(f"gan_course must come from the served wheel, it came from {where}")
    print(f"gan_course came from the served wheel; torch and numpy untouched ({before})")


if __name__ == "__main__":
    main()
