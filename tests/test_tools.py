"""The commands behind the Makefile: what they run, keep, stamp and refuse."""

import json
import re
import shutil
import subprocess

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks, site
from tools.links import check, foreign
from tools.notebooks import ROOT


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """The tools at work in an empty folder."""
    for name in ("notebooks", "gan_course"):
        (tmp_path / name).mkdir()
    (tmp_path / "gan_course" / "helper.py").write_text("answer = 42\n")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(notebooks, "RUNS", tmp_path / "runs.json")
    return tmp_path


def put(workplace, *sources):
    path = workplace / "notebooks" / "01_small.ipynb"
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def run(monkeypatch, *names):
    """`python -m tools.notebooks`, with the picture for the README left out."""
    monkeypatch.setattr(notebooks, "figure", lambda path, name: b"")
    (notebooks.ROOT / "book" / "_static").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr("sys.argv", ["notebooks", *names])
    return notebooks.main()


def test_notebooks_are_run_for_real_and_written_and_a_second_run_changes_nothing(
    workplace, capsys, monkeypatch
):
    quiet = "import os; print(os.environ['TQDM_DISABLE'])"  # a bar differs from run to run
    path = put(workplace, "print('training', 6 * 7)", "open('made.txt', 'w').close()", quiet)
    notebook = nbformat.read(path, as_version=4)
    clock = "import time; print(time.monotonic())"
    notebook.cells.append(new_code_cell(clock, metadata={"tags": [notebooks.TIMES]}))
    nbformat.write(notebook, path)
    assert run(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "01_small:     training 42" in shown
    assert "[2/4]" in shown
    assert not (workplace / "notebooks" / "made.txt").exists()
    ran = nbformat.read(path, as_version=4)
    assert [ran.cells[k].outputs[0]["text"] for k in (0, 2)] == ["training 42\n", "1\n"]
    assert notebooks.stale() == []
    before = path.read_bytes(), notebooks.RUNS.read_bytes()
    assert run(monkeypatch, "01") == 0
    assert (path.read_bytes(), notebooks.RUNS.read_bytes()) == before


CODE = "from gan_course.user import answer; 'made by', 'load_trained(\"sine\")'"


@pytest.mark.parametrize(
    "newer",
    ["notebooks/01_small.ipynb", "gan_course/helper.py", "gan_course/trained/sine.safetensors"],
)
def test_code_that_is_newer_than_its_outputs_is_told(workplace, monkeypatch, newer):
    path = put(workplace, CODE)
    package = workplace / "gan_course"
    (package / "user.py").write_text("from gan_course.helper import answer\n")
    (package / "trained").mkdir()
    monkeypatch.setattr(notebooks, "execute", lambda path: (nbformat.read(path, 4), 60.0))
    assert run(monkeypatch) == 0
    (package / "stranger.py").write_text("answer = 44\n")  # which the notebook does not import
    (package / "trained" / "digits.safetensors").write_bytes(b"1")
    assert notebooks.stale() == []
    if newer.endswith(".ipynb"):
        put(workplace, CODE, "print(2)")
    else:
        (workplace / newer).write_text("answer = 43\n")
    assert notebooks.stale() == [path.stem]


def test_a_failing_cell_is_told_and_the_others_are_written(workplace, capsys, monkeypatch):
    put(workplace, "print(1)").rename(workplace / "notebooks" / "02_good.ipynb")
    failing = put(workplace, "1 / 0")
    before = failing.read_bytes()

    def execute(path):
        if path == failing:
            raise CellExecutionError("ZeroDivisionError: …", "ZeroDivisionError", "…")
        return nbformat.read(path, 4), 60.0

    monkeypatch.setattr(notebooks, "execute", execute)
    assert run(monkeypatch) == 1
    said = capsys.readouterr().err
    assert "01_small: a cell failed" in said and "ZeroDivisionError" in said
    assert failing.read_bytes() == before
    assert notebooks.stale() == ["01_small"]
    assert run(monkeypatch, "03") == 1
    assert "no notebook begins with 03" in capsys.readouterr().err


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


def test_a_notebook_that_does_not_install_the_course_is_not_published():
    with pytest.raises(ValueError, match="must end with %pip"):
        site.stamp(new_notebook(cells=[new_code_cell("print(1)")]), "x")


def test_without_a_repository_there_is_no_button():
    config = site.settings("")
    assert "launch_buttons" not in config
    assert "repository" not in config
    assert "http" not in config["sphinx"]["config"]["myst_substitutions"]["colab_01"]


@pytest.mark.parametrize(
    ("given", "plain", "pages"),
    [
        ("S/gans", "S/gans", "https://s.github.io/gans"),
        ("a/gans.git", "a/gans", "https://a.github.io/gans"),
        ("a/gans/", "a/gans", "https://a.github.io/gans"),
        ("A/a.github.io", "A/a.github.io", "https://a.github.io"),
    ],
)
def test_addresses_are_tidied_once_and_used_tidied(given, plain, pages):
    given = f"https://github.com/{given}"
    assert site.pages_url(site.tidy(given)) == pages
    config = site.settings(given)
    assert config["repository"]["url"] == f"https://github.com/{plain}"
    colab = config["sphinx"]["config"]["myst_substitutions"]["colab_01"]
    assert colab.startswith(f"([Colab](https://colab.research.google.com/github/{plain}/blob/")


@pytest.mark.parametrize("given", ["github.com/a/b", "https://github.com/a", "https://x.org/a/b"])
def test_what_is_no_repository_is_told(given):
    with pytest.raises(ValueError, match="REPO_URL must look like"):
        site.tidy(given)


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
    )
    (tmp_path / "b.css").write_text("p { src: url('https://g.org/h.woff') } a { x: url(i) }")
    (tmp_path / "c.svg").write_text('<svg><image xlink:href="http://h.org/i.png"/></svg>')
    assert foreign(tmp_path) == [
        "a.html: https://d.org/e.png",
        "a.html: //e.org/a.css",
        "a.html: //a.org/s.css",
        "a.html: https://b.org/x.js",
        "a.html: https://c.org/q.png",
        "b.css: https://g.org/h.woff",
        "c.svg: http://h.org/i.png",
    ]


@pytest.mark.browser
def test_a_warning_of_the_renderer_fails_the_build(tmp_path, monkeypatch, capfd):
    source = tmp_path / "source"
    (source / "book").mkdir(parents=True)
    (source / "_config.yml").write_text("title: t\nonly_build_toc_files: true\n")
    (source / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (source / "book" / "index.md").write_text("# A\n\n{term}`no such word`\n")
    monkeypatch.setattr(site, "SOURCE", source)
    (source / "book" / "_static").mkdir()
    monkeypatch.setattr(site, "ROOT", tmp_path)
    monkeypatch.setattr(site, "HTML", tmp_path / "_build" / "html")
    monkeypatch.setattr(site, "join", lambda html: None)  # the course's own styles are not here
    assert site.render() != 0  # pages without one are rendered below
    assert "term not in glossary: 'no such word'" in capfd.readouterr().err


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A site of one chapter with its exercise and one page of prose, built to be published."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("notebooks/exercises", "notebooks/solutions"):
        (folder / name).mkdir(parents=True)
    for name in ("_static", "_ext", "figures"):
        shutil.copytree(ROOT / "book" / name, folder / "book" / name)
    shutil.copy(ROOT / "book" / "references.bib", folder / "book")
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "book" / "index.md").write_text("# A\n\n{{ colab_01 }} {{ zip }} {{ pdf }}\n")
    (folder / "book" / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n"
        "  - file: notebooks/01_a\n  - file: notebooks/exercises/01_exercises\n"
    )
    answer = new_code_cell("the answer", metadata={"course": {"role": "answer", "starter": "x"}})
    names = ("01_a", "solutions/01_exercises", "exercises/01_exercises")
    for name in names:
        install = new_code_cell("%pip install -q " + ("../.." if "/" in name else ".."))
        cells = [new_markdown_cell(f"# {name}"), install]
        cells.append(answer if "solutions" in name else new_code_cell("..."))
        notebook = new_notebook(cells=cells)
        notebooks.normalise(notebook, folder)  # names the language
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    known = {"code": "", "date": "today", "minutes": 1, "with": "Python"}
    (folder / "runs.json").write_text(json.dumps(dict.fromkeys(names, known)))
    with pytest.MonkeyPatch.context() as patch:
        build = folder / "_build"
        patch.setattr(site, "ROOT", folder)
        patch.setattr(notebooks, "NOTEBOOKS", folder / "notebooks")
        patch.setattr(notebooks, "RUNS", folder / "runs.json")
        patch.setattr(site, "SOLUTIONS", folder / "notebooks" / "solutions")
        patch.setattr(site, "EXERCISES", folder / "notebooks" / "exercises")
        for name in ("source", "html", "published"):
            patch.setattr(site, name.upper(), build / name)
        patch.setattr("sys.argv", ["site", "--repo-url", "https://github.com/Some/gans"])
        assert site.main() == 0
    return build / "html"


@pytest.mark.parametrize("name", ["notebooks/01_a", "notebooks/exercises/01_exercises"])
def test_a_published_notebook_has_buttons_that_lead_to_its_file(published, name):
    soup = BeautifulSoup((published / f"{name}.html").read_text(), "html.parser")
    # a reader can mend its source
    links = {str(link.get("href")) for link in soup.find_all("a")}
    source = name.replace("exercises/", "solutions/")
    assert f"https://github.com/Some/gans/edit/main/{source}.ipynb" in links
    row = {link.text: link["href"] for link in soup.select("article .one-click a")}
    base = "https://colab.research.google.com/github/Some/gans/blob/gh-pages/"
    assert row["Open in Colab"] == f"{base}{name}.ipynb"
    base = "https://mybinder.org/v2/gh/Some/gans/gh-pages?urlpath=lab/tree/"
    assert row["Open in Binder"] == f"{base}{name}.ipynb"
    # the root of the branch gh-pages is the site's folder
    given = nbformat.read(published / f"{name}.ipynb", as_version=4)
    address = "https://some.github.io/gans/" + site.wheel_name()
    assert given.cells[1].source == f"%pip install -q {address}"
    download = nbformat.read(published / "_sources" / f"{name}.ipynb", as_version=4)
    assert download == given


def test_a_published_page_of_prose_has_links_but_no_buttons(published):
    text = (published / "book" / "index.html").read_text()
    soup = BeautifulSoup(text, "html.parser")
    assert not soup.select(".one-click")
    assert "mybinder.org" not in text
    links = {link.get("href") for link in soup.select("article a")}
    assert "https://some.github.io/gans/gans-from-scratch.zip" in links
    assert "https://some.github.io/gans/gans-from-scratch.pdf" in links
    assert any(str(link).endswith("/blob/gh-pages/notebooks/01_a.ipynb") for link in links)


def test_the_set_up_page_types_what_make_types():
    """Its commands for Linux are those with which `make` installs, and CI, from a clean clone."""
    page = (ROOT / "book" / "setup.md").read_text(encoding="utf-8")
    linux = re.search(r"### Linux.*?```bash\n(.*?)```", page, re.DOTALL)
    make = ["make", "--dry-run", "--always-make", "PYTHON=python3", ".venv/ready", "lab"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True)
    typed = [
        line.replace("--quiet --no-compile ", "").replace("--quiet ", "").strip()
        for line in done.stdout.splitlines()
        if re.match(r"(python3 -m venv|\.venv/bin/)", line)
    ]
    assert linux is not None and typed == linux[1].splitlines()
    for other, slash in (("macOS", "/bin/"), ("Windows", "\\Scripts\\")):
        commands = re.search(rf"### {other}.*?```\w+\n(.*?)```", page, re.DOTALL)
        assert commands is not None
        lines = commands[1].replace(slash, "/bin/").splitlines()
        assert lines[1:] == linux[1].splitlines()[1:]
