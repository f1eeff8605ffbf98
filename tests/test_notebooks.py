"""The committed notebooks: complete, clean, and alike where they should be."""

import json
import re

import nbformat
import pytest

from tools.notebooks import ROOT, sources, stale, write
from tools.site import INSTALL

NOTEBOOKS = {
    path.relative_to(ROOT).as_posix(): nbformat.read(path, as_version=4) for path in sources()
}
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)
CHAPTERS = [name for name in NOTEBOOKS if name.count("/") == 1]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_first_cell_installs_the_course_from_its_folder_where_it_is_missing():
    first = {name: code_cells(notebook)[0].source for name, notebook in NOTEBOOKS.items()}
    assert len({INSTALL.sub("", source) for source in first.values()}) == 1
    for name, source in first.items():
        folder = source.rpartition(" ")[2]
        assert ((ROOT / name).parent / folder).resolve() == ROOT


def test_the_outputs_are_those_of_the_code_beside_them():
    assert not stale(), "code is newer than these outputs: run `make notebooks`"


@each_notebook
def test_every_cell_was_run_in_order(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not cells[0].outputs  # nothing had to be installed


@each_notebook
def test_nothing_of_one_machine_is_kept(notebook):
    text = json.dumps(notebook)
    assert str(ROOT) not in text
    assert not re.search(r"(/home/|/root/|/tmp/|site-packages|Users\\\\)", text)
    assert "widget-view" not in text


@each_notebook
def test_every_picture_has_caption_name_and_alt_text(notebook):
    for cell in code_cells(notebook):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            settings = cell.metadata["mystnb"]
            assert len(settings["figure"]["caption"]) > 20
            assert re.fullmatch(r"[a-z0-9-]+", settings["figure"]["name"])
            assert len(settings["image"]["alt"]) > 40


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if "solutions" not in name])
def test_something_deterministic_is_compared(name):
    cells = code_cells(NOTEBOOKS[name])
    compared = [cell for cell in cells if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert len(compared) >= (2 if "exercises" in name else 4)
    assert all(cell.outputs for cell in compared)


def test_a_notebook_is_written_in_its_committed_form(tmp_path):
    for path in sources():
        write(nbformat.read(path, as_version=4), tmp_path / "copy.ipynb")
        assert (tmp_path / "copy.ipynb").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name >= "notebooks/04"])
def test_each_later_chapter_says_whether_a_gpu_helps_on_colab(name):
    notebook = NOTEBOOKS[name]
    opening = notebook.cells[0].source.replace("\n", " ")
    assert "On Colab" in opening
    uses_one = any(re.search("cuda|pick_device", cell.source) for cell in code_cells(notebook))
    assert ("nothing here uses a GPU" in opening) is not uses_one
    assert ("Change runtime type" in opening) is uses_one
