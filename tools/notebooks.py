"""Runs the notebooks and writes what they print into them: `python -m tools.notebooks [NAME …]`.

A name is the beginning of one, such as 03 or solutions/01; all are run where none is given. What
was run, when and with what stands in `book/runs.json`, so that a test can tell whether the outputs
are those of the code beside them.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from gan_course.widgets import STILL, WIDGET_MIME

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
RUNS = ROOT / "book" / "runs.json"
ALONE = {"09_making_it_fast"}  # measures times, which a neighbour would spoil
TIMES = "measures-time"  # the tag of cells whose output differs from run to run
# Networks this small are fastest on one thread, and then two runs agree to the last bit. Progress
# bars tell how long a run took, and so differ from run to run.
KERNEL = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}


class TerminalClient(NotebookClient):
    """A notebook client that shows on the terminal what the running cell prints."""

    label = ""  # which notebook it is, since two run side by side

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Show streams, then do what every client does."""
        if msg["msg_type"] == "stream":
            for line in msg["content"]["text"].splitlines():
                print(f"{self.label}:     {line}", flush=True)
        return super().process_message(msg, cell, cell_index)


def sources() -> list[Path]:
    """The notebooks of the course: chapters first, then solutions, then exercises."""
    folders = (NOTEBOOKS, NOTEBOOKS / "solutions", NOTEBOOKS / "exercises")
    return [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]


def name_of(path: Path) -> str:
    """What a notebook is called here, such as "solutions/01_exercises"."""
    return path.relative_to(NOTEBOOKS).with_suffix("").as_posix()


def below(code: str, found: set[Path]) -> set[Path]:
    """Add the files of the package that some code imports, and those that they import."""
    for module, names in re.findall(r"^\s*from (gan_course[\w.]*) import ([\w, ]*)", code, re.M):
        parts = module.split(".")
        modules = [".".join(parts[: n + 1]) for n in range(len(parts))]  # a room, then its file
        for name in [*modules, *(f"{module}.{name.strip()}" for name in names.split(","))]:
            place = ROOT / name.replace(".", "/")
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file() and file not in found:
                    found.add(file)
                    below(file.read_text(encoding="utf-8"), found)
    return found


def fingerprint(notebook: NotebookNode) -> str:
    """A short text that stands for the code of a notebook, and of what it imports and reads."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    files = below("\n".join(cells), set())
    for call, shape in (
        ("load_trained", "trained/{}.safetensors"),
        ("load_records", "measured/{}.json"),
    ):
        for name in re.findall(rf"{call}\((.*?)\)", "\n".join(cells)):
            quoted = re.fullmatch(r'f?"(.*)"', name)  # a name that is computed may be any
            pattern = re.sub(r"\{.*?\}", "*", quoted[1]) if quoted else "*"
            files |= set((ROOT / "gan_course").glob(shape.format(pattern)))
    digest = hashlib.sha256("\0".join(cells).encode())
    for file in sorted(files):
        digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def runs() -> dict[str, dict[str, Any]]:
    """What is known of the last run of each notebook."""
    known: dict[str, dict[str, Any]] = json.loads(RUNS.read_text(encoding="utf-8"))
    return known


def stale() -> list[str]:
    """The notebooks whose code, or the package's, is newer than their outputs."""
    known = runs()
    return [
        name_of(path)
        for path in sources()
        if known.get(name_of(path), {}).get("code")
        != fingerprint(nbformat.read(path, as_version=4))
    ]


def which_run() -> str:
    """Of which run the committed outputs are, in words."""
    found = sorted({(run["date"], run["with"]) for run in runs().values()})
    return "; ".join(f"{date} with {versions}" for date, versions in found)


def execute(path: Path) -> tuple[NotebookNode, float]:
    """Run one notebook in a fresh kernel and an empty folder: with its outputs, and its seconds.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook, name = nbformat.read(path, as_version=4), name_of(path)
    folder = ROOT / "_build" / "run" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    client = TerminalClient(
        notebook,
        timeout=None,
        startup_timeout=600,  # on a busy machine
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.label = name
    started = time.monotonic()

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            title = (cell.source.strip() or "-").splitlines()[0][:70]
            place = f"{cell_index + 1}/{len(notebook.cells)}"
            print(f"{name}: [{place}] {time.monotonic() - started:.0f} s  {title}", flush=True)

    client.on_cell_start = on_start
    client.execute(env={**os.environ, **KERNEL})
    normalise(notebook, folder)
    return notebook, time.monotonic() - started


def normalise(notebook: NotebookNode, folder: Path) -> None:
    """Take out what differs from run to run or machine to machine."""
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # a widget needs its kernel; a committed notebook shows the flip-book in its place
            data = output.get("data", {})
            if data.pop(WIDGET_MIME, None) is not None:
                data["text/html"] = output["metadata"].pop(STILL, "")
            for holder, key in ((output, "text"), (data, "text/plain")):
                if key in holder:
                    holder[key] = holder[key].replace(str(folder), ".").replace(str(ROOT), ".")


def renew(path: Path, known: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Run a notebook and write its outputs; `known` is what RUNS says of it.

    Where neither its code nor the versions have changed, the times that it measured stay, its own
    and those that its cells print: a second run changes nothing.

    Returns:
        What RUNS is to say now, and which outputs have changed that prose leans on.
    """
    before, name = nbformat.read(path, as_version=4), name_of(path)
    notebook, seconds = execute(path)
    python, torch = platform.python_version(), importlib.metadata.version("torch")
    entry = {
        "code": fingerprint(notebook),
        "date": datetime.date.today().isoformat(),
        "minutes": max(0.5, round(2 * seconds / 60) / 2),
        "with": f"Python {python}, torch {torch.partition('+')[0]}",
    }
    if all(known.get(key) == entry[key] for key in ("code", "with")):
        entry = known
        for old, new in zip(before.cells, notebook.cells, strict=True):
            if TIMES in new.metadata.get("tags", []):
                new.outputs = old.outputs
    changed = [
        f"{name}, {new.id}: {printed(old)!r} is now {printed(new)!r}"
        for old, new in zip(before.cells, notebook.cells, strict=True)
        if "nbval-check-output" in new.metadata.get("tags", [])
        and printed(old) not in ("", printed(new))
    ]
    write(notebook, path)
    print(f"{name}: written after {seconds:.0f} s", flush=True)
    return entry, changed


def printed(cell: NotebookNode) -> str:
    """The text that a code cell has printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook so that equal content gives equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def figure(path: Path, name: str) -> bytes:
    """The PNG picture of a notebook's cell whose figure has this name."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == name:
            data = next(out["data"] for out in cell.outputs if "image/png" in out.get("data", {}))
            return base64.b64decode(data["image/png"])
    raise ValueError(f"name must be that of a figure in {path.name}, got {name!r}")


def main() -> int:
    """Run two notebooks side by side, each needs one core; those that measure times come last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names, such as 03")
    names = tuple(parser.parse_args().names) or ("",)
    paths = [path for path in sources() if name_of(path).startswith(names)]
    if not paths:
        print(f"no notebook begins with {', '.join(names)}", file=sys.stderr)
        return 1
    known, changed, failed = runs() if RUNS.is_file() else {}, [], []

    def keep(path: Path) -> None:
        try:
            known[name_of(path)], differences = renew(path, known.get(name_of(path), {}))
        except CellExecutionError as error:  # the others are run and written all the same
            failed.append(f"{name_of(path)}: a cell failed\n{error}")
            return
        changed.extend(differences)
        text = json.dumps(known, indent=1, sort_keys=True)
        RUNS.write_text(text + "\n", encoding="utf-8")

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(keep, [path for path in paths if path.stem not in ALONE]))
    for path in paths:
        if path.stem in ALONE:
            keep(path)
    picture = figure(NOTEBOOKS / "01_exponential_curve.ipynb", "exponential-six-panels")
    (ROOT / "book" / "_static" / "readme.png").write_bytes(picture)
    if changed:
        print("\nchecked outputs changed: does the prose beside them still hold?")
        print(*changed, sep="\n")
    print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
