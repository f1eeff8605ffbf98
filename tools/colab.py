"""Does a published notebook run on a machine like Colab's? `python -m tools.colab`.

Makes a fresh environment with the versions that Colab publishes, serves the course's wheel on this
machine, and runs a stamped chapter and a stamped exercise there to their ends. Nothing else is
installed: what a notebook needs, its first cell has to bring.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import nbformat

from tools.exercises import EXERCISES
from tools.lock import torch
from tools.notebooks import NOTEBOOKS, ROOT
from tools.site import stamp, wheel_name

ENVIRONMENT = ROOT / ".venv-colab"
FOLDER = ROOT / "_build" / "colab"
CHAPTER = "03_uniform_to_normal.ipynb"  # trains, draws, shows widgets and saves, in a minute
# Two things are not Colab's: Python is the one at hand, and torch the one that is pinned, which is
# found without CUDA. `make matrix` takes Colab's.
VERSIONS = ROOT / "tools" / "colab.txt"


def make_environment() -> None:
    """A fresh virtual environment with Colab's versions and without this course."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    lines = VERSIONS.read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if not line.startswith(("#", "torch=="))]
    for packages in ([torch()], [torch(), *others]):
        pip = [str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", "--no-compile", *packages]
        subprocess.run(pip, check=True)


def serve(folder: Path) -> http.server.ThreadingHTTPServer:
    """Serve a folder on this machine's loopback address, on any free port."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def asks(program: str) -> str:
    """What a line of Python prints in the environment."""
    python = str(ENVIRONMENT / "bin" / "python")
    done = subprocess.run(
        [python, "-c", program], cwd=FOLDER, text=True, capture_output=True, check=True
    )
    return done.stdout.strip()


def main() -> int:
    """Build, serve, stamp, run, and say what was found."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(FOLDER)]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    print("making an environment like Colab's", flush=True)
    make_environment()
    versions = "import torch, numpy, IPython; print(torch.__version__, numpy.__version__)"
    before = asks(versions)
    if asks("import importlib.util as u; print(u.find_spec('gan_course'))") != "None":
        raise RuntimeError("gan_course must not be in the fresh environment, but it is")

    server = serve(FOLDER)
    url = f"http://127.0.0.1:{server.server_address[1]}/{wheel_name()}"
    for source in (NOTEBOOKS / CHAPTER, EXERCISES / "01_exercises.ipynb"):
        path = FOLDER / source.name
        nbformat.write(stamp(nbformat.read(source, as_version=4), url), path)
        print(f"running {path.name}, which installs {url} where it is missing", flush=True)
        jupyter = str(ENVIRONMENT / "bin" / "jupyter-execute")
        done = subprocess.run(
            [jupyter, "--inplace", "--timeout=-1", str(path)],
            cwd=FOLDER,
        )
        if done.returncode:
            print(f"{path.name} failed in an environment like Colab's", file=sys.stderr)
            return done.returncode
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        if not all(cell.execution_count for cell in cells):
            raise RuntimeError(f"some cells of {path.name} were not run")
        if cells[0].outputs[-1].text != "ready for the course\n":
            raise RuntimeError(f"the doctor found something: {cells[0].outputs[-1].text}")
        print(f"{path.name}: {len(cells)} cells ran")
    server.shutdown()

    if asks(versions) != before:
        raise RuntimeError(f"the notebook changed torch or numpy: {before} -> {asks(versions)}")
    where = asks("import gan_course; print(gan_course.__file__)")
    if not where.startswith(str(ENVIRONMENT)):
        raise RuntimeError(f"gan_course must come from the served wheel, it came from {where}")
    print(f"gan_course came from the served wheel; torch and numpy untouched ({before})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
