"""Are the learner's notebooks, the hints and the pages what the solutions make of them?"""

import json
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import tools.exercises as exercises
from gan_course.exercises import CHECKS, PICTURES
from tools.exercises import learners, page, paths, role, same, texts, write_all

NAMES = [path.name for path in paths()]


def solved(name):
    return nbformat.read(exercises.SOLUTIONS / name, as_version=4)


def all_solved():
    return [solved(name) for name in NAMES]


def exercise_of(cell):
    return cell.metadata.get("course", {}).get("exercise", "")


def of_role(notebook, wanted):
    return [cell for cell in notebook.cells if role(cell) == wanted]


# --- what is committed ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_learners_notebook_is_made_from_the_solutions(name):
    committed = nbformat.read(exercises.EXERCISES / name, as_version=4)
    made = learners(solved(name))
    assert same(committed, made), f"notebooks/exercises/{name} is stale: run `make exercises`"
    assert committed.metadata["kernelspec"] == made.metadata["kernelspec"]
    assert committed.metadata["language_info"] == made.metadata["language_info"]


def test_the_committed_texts_are_those_of_the_solutions_and_no_notebook_is_left_over():
    assert sorted(path.name for path in exercises.EXERCISES.glob("*.ipynb")) == NAMES
    committed = json.loads(exercises.TEXTS.read_text(encoding="utf-8"))
    assert committed == texts(all_solved()), "texts.json is stale: run `make exercises`"
    settings = (exercises.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"exercises/{exercises.TEXTS.name}"' in settings, "it is a part of the package"


SOLVED = all_solved()


@pytest.mark.parametrize("notebook", SOLVED, ids=NAMES)
def test_every_exercise_is_complete(notebook):
    numbers = {exercise_of(cell) for cell in notebook.cells} - {""}
    assert numbers
    for number in numbers:
        own = [cell for cell in notebook.cells if exercise_of(cell) == number]
        roles = [role(cell) for cell in own]
        assert [roles.count(one) for one in ("statement", "answer", "check")] == [1, 1, 1], number
        assert roles.count("hint") >= 2, number
        assert ("expected" in roles) == (number in PICTURES)
        # in this order, and with nothing of another exercise in between
        order = ["statement", "expected", "hint", "answer", "check"]
        assert roles == sorted(roles, key=order.index), number
        first = notebook.cells.index(own[0])
        assert notebook.cells[first : first + len(own)] == own, number


@pytest.mark.parametrize("notebook", SOLVED, ids=NAMES)
def test_cells_say_what_their_role_asks_for(notebook):
    for cell in notebook.cells:
        number = exercise_of(cell)
        kind = "code" if role(cell) in ("answer", "check", "expected") else "markdown"
        assert not number or cell.cell_type == kind
        if role(cell) == "statement":
            assert cell.source.startswith(f"## Exercise {number}: ")
        if role(cell) == "check":
            assert cell.source.startswith(f'check("{number}", ')
        if role(cell) == "expected":
            assert cell.source == f'expected("{number}")'
        if role(cell) == "answer":
            starter = cell.metadata["course"]["starter"]
            compile(starter, number, "exec")
            compile(cell.source, number, "exec")
            assert "..." in starter
            assert "..." not in cell.source
        if role(cell) in ("answer", "expected") and "plt" in cell.source + number:
            assert cell.metadata["mystnb"]["image"]["alt"]


def test_the_checks_are_those_of_the_notebooks():
    found = [exercise_of(cell) for notebook in all_solved() for cell in of_role(notebook, "check")]
    assert sorted(found) == sorted(CHECKS)


# --- the learner's notebook ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_hints_and_answers_leaks_to_the_learner(name):
    notebook = solved(name)
    committed = (exercises.EXERCISES / name).read_text(encoding="utf-8")
    made = nbformat.read(exercises.EXERCISES / name, as_version=4)
    assert of_role(made, "hint") == []
    assert all("starter" not in cell.metadata["course"] for cell in of_role(made, "answer"))
    secrets = [cell.source for wanted in ("answer", "hint") for cell in of_role(notebook, wanted)]
    for secret in secrets:
        assert json.dumps(secret, ensure_ascii=False)[1:-1] not in committed
    for cell in of_role(notebook, "answer"):
        twin = next(c for c in made.cells if c.id == cell.id)
        assert twin.source == cell.metadata["course"]["starter"]
        assert twin.source != cell.source


def answer_cell(source="found = 6 * 7", starter="found = ..."):
    course = {"exercise": "9.1", "role": "answer", "starter": starter}
    cell = new_code_cell(source, id="answer", metadata={"course": course})
    cell.outputs, cell.execution_count = [new_output("stream", text="42\n")], 3
    return cell


def told(wanted, source, **more):
    return new_markdown_cell(
        source, metadata={"course": {"exercise": "9.1", "role": wanted}}, **more
    )


def small():
    check_cell = new_code_cell(
        'check("9.1", found)', id="check", metadata={"course": {"exercise": "9.1", "role": "check"}}
    )
    return new_notebook(
        cells=[
            new_markdown_cell("# Exercises", id="title"),
            told("statement", "Find it.", id="statement"),
            told("hint", "Think.", id="hint1"),
            told("hint", "Multiply.", id="hint2"),
            answer_cell(),
            check_cell,
        ]
    )


# --- the page of the book ------------------------------------------------------------------------


def test_the_page_has_starter_then_hints_then_the_folded_solution():
    notebook = small()
    made = page(notebook)
    assert [cell.id for cell in made.cells] == [
        *("title", "statement", "answers", "hint1", "hint2", "answer", "check")
    ]
    assert made.cells[2].source == "Start from here:\n\n```python\nfound = ...\n```"
    assert made.cells[3].source == ":::{dropdown} Hint 1\nThink.\n:::"
    assert made.cells[4].source == ":::{dropdown} Hint 2\nMultiply.\n:::"
    assert made.cells[5].metadata["tags"] == ["hide-cell"]
    assert made.cells[5].metadata["mystnb"] == {"code_prompt_show": "Show one solution"}
    assert made.cells[5].source == "found = 6 * 7"
    assert made.cells[5].outputs == answer_cell().outputs
    assert notebook == small(), "the solved notebook itself must stay as it is"


# --- writing -------------------------------------------------------------------------------------


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """The tool at work in an empty folder, on copies of the solutions."""
    shutil.copytree(exercises.SOLUTIONS, tmp_path / "solutions")
    monkeypatch.setattr(exercises, "SOLUTIONS", tmp_path / "solutions")
    monkeypatch.setattr(exercises, "EXERCISES", tmp_path / "made")
    monkeypatch.setattr(exercises, "TEXTS", tmp_path / "texts.json")
    monkeypatch.setattr(exercises, "ROOT", tmp_path)
    return tmp_path


def test_all_is_written_once_and_then_left_alone(workplace, capsys):
    assert [path.name for path in write_all()] == NAMES
    written = {path: path.read_bytes() for path in workplace.rglob("*") if path.is_file()}
    assert json.loads((workplace / "texts.json").read_text("utf-8")) == texts(all_solved())
    stamps = {path: path.stat().st_mtime_ns for path in written}
    assert write_all() == []
    exercises.main()
    assert capsys.readouterr().out == ""
    assert stamps == {path: path.stat().st_mtime_ns for path in written}


def test_a_changed_source_makes_the_learners_notebook_stale(workplace, capsys):
    write_all()
    path = workplace / "solutions" / NAMES[0]
    notebook = nbformat.read(path, as_version=4)
    of_role(notebook, "answer")[0].metadata["course"]["starter"] = "arch = ...  # here"
    nbformat.write(notebook, path)
    assert not same(learners(notebook), nbformat.read(workplace / "made" / NAMES[0], as_version=4))
    exercises.main()
    assert capsys.readouterr().out == f"made/{NAMES[0]}: written; `make notebooks` runs it\n"
    assert same(learners(notebook), nbformat.read(workplace / "made" / NAMES[0], as_version=4))


def test_a_changed_hint_changes_the_texts_only_and_outputs_are_kept(workplace):
    write_all()
    made = workplace / "made" / NAMES[0]
    notebook = nbformat.read(made, as_version=4)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.outputs = [new_output("stream", text="ran\n")]
    nbformat.write(notebook, made)
    path = workplace / "solutions" / NAMES[0]
    notebook = nbformat.read(path, as_version=4)
    of_role(notebook, "hint")[0].source = "Another nudge → here."
    nbformat.write(notebook, path)
    assert write_all() == []
    assert "Another nudge → here." in (workplace / "texts.json").read_text("utf-8")
    assert "ran" in made.read_text("utf-8")
