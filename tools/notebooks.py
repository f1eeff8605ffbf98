"""Runs the notebooks, and keeps what they print: `python -m tools.notebooks [--commit]`.

A notebook is run again only if its code, the helpers in `gan_course` or the versions of the main
packages changed. Executed copies lie in `_build/executed`; --commit copies them to `notebooks/`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import os
import platform
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
EXECUTED = ROOT / "_build" / "executed"
MINUTES = ROOT / "book" / "minutes.json"
ALONE = {"08_making_it_fast"}  # measures times, which a neighbour would spoil
VERSIONS = ("torch", "numpy", "scipy", "matplotlib", "ipywidgets")
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


def fingerprint(notebook: NotebookNode) -> str:
    """A hash of all that a run depends on: code cells, helpers, shipped generators, versions."""
    parts = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    parts += [platform.python_version(), platform.machine()]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in VERSIONS]
    digest = hashlib.sha256("\0".join(parts).encode())
    reads_records = any("load_records" in part for part in parts)
    for file in sorted((ROOT / "gan_course").rglob("*")):
        if file.parent.name == "measured" and not reads_records:
            continue
        if file.is_file() and file.suffix in {".py", ".json", ".safetensors"}:
            digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def execute(path: Path) -> NotebookNode:
    """Run one notebook in a fresh kernel and an empty folder; returns it with its outputs.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    label = path.relative_to(NOTEBOOKS).with_suffix("").as_posix()
    folder = ROOT / "_build" / "run" / label
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
    client.label = label
    started = time.monotonic()

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            title = (cell.source.strip() or "-").splitlines()[0][:70]
            place = f"{cell_index + 1}/{len(notebook.cells)}"
            print(f"{label}: [{place}] {time.monotonic() - started:.0f} s  {title}", flush=True)

    client.on_cell_start = on_start
    print(f"{label}: running", flush=True)
    client.execute(env={**os.environ, **KERNEL})
    normalise(notebook, folder)
    seconds = time.monotonic() - started
    notebook.metadata["gan_course_seconds"] = round(seconds, 1)
    print(f"{label}: done in {seconds:.0f} s", flush=True)
    return notebook


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


def up_to_date(path: Path) -> NotebookNode:
    """The executed copy of a notebook: from the last run if it still holds, else from a new one."""
    source = nbformat.read(path, as_version=4)
    kept = EXECUTED / path.relative_to(NOTEBOOKS)
    stamp = kept.with_suffix(".sha256")
    now = fingerprint(source)
    if kept.is_file() and stamp.is_file() and stamp.read_text() == now:
        print(f"{path.relative_to(NOTEBOOKS)}: unchanged, kept from the last run", flush=True)
        executed = nbformat.read(kept, as_version=4)
    else:
        executed = execute(path)
        write(executed, kept)
        stamp.write_text(now)
    # prose may have changed since the run: take all cells from the source, outputs from the run
    code = iter([cell for cell in executed.cells if cell.cell_type == "code"])
    for cell in source.cells:
        if cell.cell_type == "code":
            ran = next(code)
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    source.metadata = executed.metadata
    return source


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


def sources() -> list[Path]:
    """The notebooks of the course: chapters first, then solutions, then exercises."""
    folders = (NOTEBOOKS, NOTEBOOKS / "solutions", NOTEBOOKS / "exercises")
    return [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]


def run_all(paths: list[Path]) -> list[NotebookNode]:
    """Bring notebooks up to date, two side by side: each needs one processor core.

    Those that measure times come last, with the whole machine to themselves.

    Raises:
        CellExecutionError: a cell failed.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        shared = [path for path in paths if path.stem not in ALONE]
        executed = dict(zip(shared, pool.map(up_to_date, shared), strict=True))
    return [executed.get(path) or up_to_date(path) for path in paths]


def promised(notebook: NotebookNode) -> dict[str, str]:
    """What the cells have printed whose output is checked: prose leans on it."""
    return {
        cell.id: "".join(output.get("text", "") for output in cell.outputs)
        for cell in notebook.cells
        if "nbval-check-output" in cell.metadata.get("tags", [])
    }


def main() -> int:
    """Run what has to be run; with --commit, write the results into `notebooks/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", action="store_true", help="write results into notebooks/")
    commit = parser.parse_args().commit
    minutes: dict[str, float] = {}
    changed: list[str] = []
    try:
        executed = run_all(sources())
    except CellExecutionError as error:
        print(f"\na cell failed\n{error}", file=sys.stderr)
        return 1
    if not commit:
        return 0
    for path, notebook in zip(sources(), executed, strict=True):
        name = path.relative_to(NOTEBOOKS).with_suffix("").as_posix()
        seconds = notebook.metadata.pop("gan_course_seconds", 0.0)
        minutes[name] = max(0.5, round(2 * seconds / 60) / 2)
        before, after = promised(nbformat.read(path, as_version=4)), promised(notebook)
        write(notebook, path)
        print(f"{name}: written")
        changed += [
            f"{name}, {cell}: {before[cell]!r} is now {text!r}"
            for cell, text in after.items()
            if before.get(cell) and text != before[cell]
        ]
    picture = figure(NOTEBOOKS / "01_exponential_curve.ipynb", "exponential-six-panels")
    (ROOT / "book" / "_static" / "readme.png").write_bytes(picture)
    MINUTES.write_text(json.dumps(minutes, indent=1) + "\n", encoding="utf-8")
    if changed:
        print("\nchecked outputs changed: does the prose beside them still hold?")
        print(*changed, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
