"""The commands behind the Makefile: what they run, keep, stamp and refuse."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook, new_output

import tools.notebooks as notebooks
import tools.site as site
from tools.links import check, foreign
from tools.notebooks import ROOT


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """The tools at work in an empty folder, with one small notebook."""
    for name in ("notebooks", "gan_course"):
        (tmp_path / name).mkdir()
    (tmp_path / "gan_course" / "helper.py").write_text("answer = 42\n")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(notebooks, "EXECUTED", tmp_path / "_build" / "executed")
    return tmp_path


def put(workplace, *sources):
    path = workplace / "notebooks" / "01_small.ipynb"
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_notebook_is_run_for_real_and_shown_on_the_terminal(workplace, capsys):
    path = put(workplace, "print('training', 6 * 7)", "open('made.txt', 'w').close()")
    executed = notebooks.up_to_date(path)
    assert executed.cells[0].outputs[0]["text"] == "training 42\n"
    shown = capsys.readouterr().out
    assert "01_small:     training 42" in shown
    assert "[2/2]" in shown
    assert not (workplace / "notebooks" / "made.txt").exists()


def test_an_unchanged_notebook_is_not_run_again_but_its_new_prose_is_taken(workplace, capsys):
    path = put(workplace, "print(1)")
    notebooks.up_to_date(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("new words", id="cell-new"))
    nbformat.write(notebook, path)
    capsys.readouterr()
    again = notebooks.up_to_date(path)
    assert "unchanged" in capsys.readouterr().out
    assert again.cells[0].source == "new words"
    assert again.cells[1].outputs[0]["text"] == "1\n"


@pytest.mark.parametrize("what", ["code", "helper"])
def test_a_change_of_code_or_helper_runs_it_again(workplace, capsys, what):
    path = put(workplace, "print(1)")
    notebooks.up_to_date(path)
    if what == "code":
        put(workplace, "print(2)")
    else:
        (workplace / "gan_course" / "helper.py").write_text("answer = 43\n")
    capsys.readouterr()
    notebooks.up_to_date(path)
    assert "running" in capsys.readouterr().out


def test_a_failing_cell_stops_the_command_and_is_not_kept(workplace, capsys, monkeypatch):
    path = put(workplace, "1 / 0")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.up_to_date(path)
    assert not list(workplace.rglob("*.sha256"))
    monkeypatch.setattr("sys.argv", ["notebooks"])
    assert notebooks.main() == 1
    assert "a cell failed" in capsys.readouterr().err


def test_what_differs_from_run_to_run_is_taken_out(tmp_path):
    view = {notebooks.WIDGET_MIME: {"model_id": "abc"}, "text/plain": "sliders"}
    cell = new_code_cell("show()", metadata={"execution": {"started": "now"}})
    cell.outputs = [
        new_output("display_data", data=view, metadata={notebooks.STILL: "<p>still</p>"}),
        new_output("stream", name="stdout", text=f"saved {tmp_path}/a.png\n"),
    ]
    notebook = new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    notebooks.normalise(notebook, tmp_path)
    assert cell.outputs[0]["data"] == {"text/plain": "sliders", "text/html": "<p>still</p>"}
    assert cell.outputs[0]["metadata"] == {}
    assert cell.outputs[1]["text"] == "saved ./a.png\n"
    assert "execution" not in cell.metadata
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_stamping_fills_the_first_cell():
    notebook = new_notebook(cells=[new_code_cell(f"import sys\n{site.WHEEL_LINE}  # here")])
    site.stamp(notebook, "http://127.0.0.1:1/a.whl")
    assert 'COURSE_WHEEL = "http://127.0.0.1:1/a.whl"  # here' in notebook.cells[0].source


def test_stamping_refuses_a_notebook_without_the_line():
    with pytest.raises(ValueError, match="COURSE_WHEEL"):
        site.stamp(new_notebook(cells=[new_code_cell("print(1)")]), "x")


def test_one_setting_switches_all_buttons_on():
    config = site.settings("https://github.com/someone/gans")
    assert config["repository"]["url"] == "https://github.com/someone/gans"
    assert config["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    values = config["sphinx"]["config"]["myst_substitutions"]
    assert (
        "https://colab.research.google.com/github/someone/gans/blob/gh-pages/notebooks/01_"
        in values["colab_01"]
    )


def test_without_it_there_is_no_button_and_no_repository():
    config = site.settings("")
    assert "launch_buttons" not in config
    assert "repository" not in config
    assert "http" not in config["sphinx"]["config"]["myst_substitutions"]["colab_01"]
    committed = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert committed["repository"]["url"] == ""


@pytest.mark.parametrize("url", ["github.com/a/b", "https://github.com/a", "https://x.org/a/b"])
def test_an_address_that_is_no_repository_is_refused(url):
    with pytest.raises(ValueError, match="REPO_URL must look like"):
        site.pages_url(url)


def test_the_pages_address_follows_from_the_repository():
    assert site.pages_url("https://github.com/Some/gans.git") == "https://some.github.io/gans"


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">1</a><a href="#here">2</a><a href="c.html">3</a>'
        '<a href="b.html#gone">4</a><img src="p.png" alt=""><a href="https://x.org/">5</a></p>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    assert check(tmp_path) == [
        "a.html: c.html: no such file",
        "a.html: b.html#gone: no such place in b.html",
        "a.html: p.png: no such file",
    ]


def test_what_would_be_fetched_from_another_host_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="https://link.org/">1</a><link rel="canonical" href="https://me.org/a.html">'
        '<link rel="stylesheet" href="//a.org/s.css"><script src="https://b.org/x.js"></script>'
        '<img srcset="p.png 1x, https://c.org/q.png 2x" src="data:image/png;base64,//a.bc/">'
        '<p style="background: url(https://d.org/e.png)"></p><style>@import "//e.org/a.css"</style>'
        '<script>require(["//f.org/g.js"]); s.xmlns = "http://www.w3.org/2000/svg"</script>'
    )
    (tmp_path / "b.css").write_text("p { src: url('https://g.org/h.woff') } a { x: url(i) }")
    (tmp_path / "c.svg").write_text('<svg><image xlink:href="http://h.org/i.png"/></svg>')
    assert foreign(tmp_path) == [
        "a.html: //a.org/s.css",
        "a.html: https://b.org/x.js",
        "a.html: https://c.org/q.png",
        "a.html: https://d.org/e.png",
        "a.html: //e.org/a.css",
        "a.html: f.org",
        "b.css: https://g.org/h.woff",
        "c.svg: http://h.org/i.png",
    ]


def test_a_warning_of_the_renderer_fails_the_build(tmp_path, monkeypatch):
    source = tmp_path / "source"
    (source / "book").mkdir(parents=True)
    (source / "_config.yml").write_text("title: t\nonly_build_toc_files: true\n")
    (source / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (source / "book" / "index.md").write_text("# A\n\n{term}`no such word`\n")
    monkeypatch.setattr(site, "SOURCE", source)
    (source / "book" / "_static").mkdir()
    monkeypatch.setattr(site, "ROOT", tmp_path)
    monkeypatch.setattr(site, "HTML", tmp_path / "_build" / "html")
    assert site.render() != 0
    (source / "book" / "index.md").write_text("# A\n\nwords\n")
    assert site.render() == 0


def test_make_alone_lists_the_commands():
    done = subprocess.run(["make"], cwd=ROOT, text=True, capture_output=True, check=True)
    for command in ("book", "test", "lab", "notebooks", "test-colab"):
        assert f"make {command} " in done.stdout


def test_the_lock_pins_everything_and_names_no_host():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all("==" in line.split(";")[0] for line in pins)
    assert "torch==2.13.0" in pins
    assert not any("://" in line or line.startswith("-") for line in pins)


def test_a_notebook_that_measures_times_runs_alone(monkeypatch):
    running, seen = [], []
    lock = threading.Lock()

    def up_to_date(path):
        with lock:
            running.append(path)
        time.sleep(0.05)
        with lock:
            seen.append((path.stem, len(running)))
            running.remove(path)
        return path.stem

    monkeypatch.setattr(notebooks, "up_to_date", up_to_date)
    (alone,) = notebooks.ALONE
    names = ["01_a", alone, "02_b", "03_c", "04_d"]
    assert notebooks.run_all([Path(name) for name in names]) == names
    assert seen[-1] == (alone, 1)
    assert any(together == 2 for _, together in seen)


def test_what_runs_alone_is_a_notebook():
    assert {path.stem for path in notebooks.sources()} >= notebooks.ALONE
