"""Are the learner's notebooks, the hints and the pages what the solutions make of them?"""

import json
import shutil
from itertools import groupby

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import tools.exercises as exercises
from gan_course.exercises import CHECKS, PICTURES
from tools.exercises import learners, page, paths, role, same, texts, write_all

NAMES = [path.name for path in paths()]


def solved(name):
    return nbformat.read(exercises.SOLUTIONS / name, as_version=4)


SOLVED = [solved(name) for name in NAMES]


def exercise_of(cell):
    return cell.metadata.get("course", {}).get("exercise", "")


def of_role(notebook, wanted):
    return [cell for cell in notebook.cells if role(cell) == wanted]


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_learners_notebook_is_made_from_the_solutions(name):
    committed = nbformat.read(exercises.EXERCISES / name, as_version=4)
    made = learners(solved(name))
    assert same(committed, made), f"notebooks/exercises/{name} is stale: run `make exercises`"


def test_the_committed_texts_are_those_of_the_solutions_and_each_exercise_has_a_check():
    assert sorted(path.name for path in exercises.EXERCISES.glob("*.ipynb")) == NAMES
    committed = json.loads(exercises.TEXTS.read_text(encoding="utf-8"))
    assert committed == texts(SOLVED), "texts.json is stale: run `make exercises`"
    found = [exercise_of(cell) for notebook in SOLVED for cell in of_role(notebook, "check")]
    assert sorted(found) == sorted(committed) == sorted(CHECKS)


@pytest.mark.parametrize("notebook", SOLVED, ids=NAMES)
def test_every_exercise_is_complete(notebook):
    for number, cells in groupby(notebook.cells, exercise_of):
        roles = [role(cell) for cell in cells]
        hints, expected = roles.count("hint"), roles.count("expected")
        middle = ["expected"] * expected + ["hint"] * hints
        if number:
            assert roles == ["statement", *middle, "answer", "check"], number
            assert (expected, hints >= 2) == (number in PICTURES, True), number


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_hints_and_answers_leaks_to_the_learner(name):
    committed = (exercises.EXERCISES / name).read_text(encoding="utf-8")
    for secret in of_role(solved(name), "answer") + of_role(solved(name), "hint"):
        assert json.dumps(secret.source, ensure_ascii=False)[1:-1] not in committed


def cell_of(wanted, source, make=new_markdown_cell, **more):
    return make(source, metadata={"course": {"exercise": "9.1", "role": wanted, **more}})


def test_the_page_has_starter_then_hints_then_the_folded_solution():
    answer = cell_of("answer", "found = 6 * 7", new_code_cell, starter="found = ...")
    answer.outputs = [new_output("stream", text="42\n")]
    statement, hint = cell_of("statement", "Find it."), cell_of("hint", "Think.")
    made = page(new_notebook(cells=[statement, hint, answer])).cells
    assert [cell.source for cell in made] == [
        "Find it.",
        "Start from here:\n\n```python\nfound = ...\n```",
        ":::{dropdown} Hint 1\nThink.\n:::",
        "found = 6 * 7",
    ]
    assert made[3].metadata["tags"] == ["hide-cell"]
    assert made[3].outputs == answer.outputs
    assert hint.source == "Think.", "the solved notebook itself must stay as it is"


def test_what_has_changed_is_written_once_and_then_left_alone(tmp_path, monkeypatch, capsys):
    shutil.copytree(exercises.SOLUTIONS, tmp_path / "solutions")
    monkeypatch.setattr(exercises, "SOLUTIONS", tmp_path / "solutions")
    monkeypatch.setattr(exercises, "EXERCISES", tmp_path / "made")
    monkeypatch.setattr(exercises, "TEXTS", tmp_path / "texts.json")
    monkeypatch.setattr(exercises, "ROOT", tmp_path)
    assert [path.name for path in write_all()] == NAMES
    path = tmp_path / "solutions" / NAMES[0]
    notebook = nbformat.read(path, as_version=4)
    of_role(notebook, "answer")[0].metadata["course"]["starter"] = "arch = ...  # here"
    of_role(notebook, "hint")[0].source = "Another nudge → here."
    nbformat.write(notebook, path)
    exercises.main()
    assert capsys.readouterr().out == f"made/{NAMES[0]}: written; `make notebooks` runs it\n"
    assert same(learners(notebook), nbformat.read(tmp_path / "made" / NAMES[0], as_version=4))
    assert "Another nudge → here." in (tmp_path / "texts.json").read_text("utf-8")
    assert write_all() == []
