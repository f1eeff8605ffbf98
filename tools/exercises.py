"""Makes the exercises from their solutions: `python -m tools.exercises`.

`notebooks/solutions/` is the source. Each cell's metadata say under "course" which exercise it
belongs to and what it is: a statement, a hint, an answer (with its starter) or a check. From that
come the learner's notebooks in `notebooks/exercises/`, the texts behind `hint` and `solution` in
`gan_course/exercises/texts.json`, and the pages of the book, where solutions are folded.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.notebooks import write

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "notebooks" / "solutions"
EXERCISES = ROOT / "notebooks" / "exercises"
TEXTS = ROOT / "gan_course" / "exercises" / "texts.json"


def role(cell: NotebookNode) -> str:
    """What a cell is for: "hint", "answer", "check", "statement", or "" where nothing is said."""
    return str(cell.metadata.get("course", {}).get("role", ""))


def learners(solved: NotebookNode) -> NotebookNode:
    """The learner's notebook: starters for answers, no hints, no outputs."""
    notebook = copy.deepcopy(solved)
    notebook.cells = [cell for cell in notebook.cells if role(cell) != "hint"]
    for cell in notebook.cells:
        if role(cell) == "answer":
            cell.source = cell.metadata["course"].pop("starter")
        if role(cell) == "check":
            cell.metadata["tags"] = ["nbval-check-output"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def page(solved: NotebookNode) -> NotebookNode:
    """The page of the book: the starter in view, hints and solution folded, in this order."""
    notebook = copy.deepcopy(solved)
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if role(cell) == "hint":
            number = 1 + sum(
                role(other) == "hint"
                and other.metadata["course"]["exercise"] == cell.metadata["course"]["exercise"]
                for other in cells
            )
            cell.source = f":::{{dropdown}} Hint {number}\n{cell.source}\n:::"
        if role(cell) == "answer":
            starter = cell.metadata["course"]["starter"]
            cells.append(new_markdown_cell(f"Start from here:\n\n```python\n{starter}\n```"))
            cells[-1].id = f"{cell.id}s"
            cell.metadata["tags"] = ["hide-cell"]
            cell.metadata.setdefault("mystnb", {})["code_prompt_show"] = "Show one solution"
        cells.append(cell)
    notebook.cells = hints_before_answers(cells)
    return notebook


def hints_before_answers(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put each starter before the hints of its exercise, so that the solution comes last."""
    ordered: list[NotebookNode] = []
    for cell in cells:
        if cell.source.startswith("Start from here:"):
            place = len(ordered)
            while place and role(ordered[place - 1]) == "hint":
                place -= 1
            ordered.insert(place, cell)
        else:
            ordered.append(cell)
    return ordered


def texts(notebooks: list[NotebookNode]) -> dict[str, dict[str, Any]]:
    """Hints and solution of each exercise, for `gan_course.exercises`."""
    found: dict[str, dict[str, Any]] = {}
    for notebook in notebooks:
        for cell in notebook.cells:
            if role(cell) in ("hint", "answer"):
                entry = found.setdefault(
                    cell.metadata["course"]["exercise"], {"hints": [], "solution": ""}
                )
                if role(cell) == "hint":
                    entry["hints"].append(cell.source)
                else:
                    entry["solution"] = cell.source
    return dict(sorted(found.items()))


def write_all() -> list[Path]:
    """Write learners' notebooks and texts; returns the notebooks whose cells have changed."""
    changed = []
    solved = {path.name: nbformat.read(path, as_version=4) for path in paths()}
    for name, notebook in solved.items():
        made, target = learners(notebook), EXERCISES / name
        if not target.is_file() or not same(nbformat.read(target, as_version=4), made):
            write(made, target)
            changed.append(target)
    content = json.dumps(texts(list(solved.values())), indent=1, ensure_ascii=False) + "\n"
    if not TEXTS.is_file() or TEXTS.read_text(encoding="utf-8") != content:
        TEXTS.write_text(content, encoding="utf-8")
    return changed


def same(one: NotebookNode, other: NotebookNode) -> bool:
    """Whether two notebooks have the same cells, outputs aside."""

    def cells(notebook: NotebookNode) -> list[Any]:
        return [(c.id, c.cell_type, c.source, dict(c.metadata)) for c in notebook.cells]

    return cells(one) == cells(other)


def paths() -> list[Path]:
    """The notebooks with solutions, in reading order."""
    return sorted(SOLUTIONS.glob("*.ipynb"))


def main() -> None:
    """Write what has changed, and say so."""
    for path in write_all():
        print(f"{path.relative_to(ROOT)}: written; `make notebooks` runs it")


if __name__ == "__main__":
    main()
