"""Renders the book: `python -m tools.site`. Sources are put together in `_build/source` first."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from gan_course import __version__
from tools.exercises import EXERCISES, SOLUTIONS, page
from tools.links import check
from tools.notebooks import ROOT, name_of, runs, sources, stale, which_run
from tools.styles import join

SOURCE = ROOT / "_build" / "source"
HTML = ROOT / "_build" / "html"
PUBLISHED = ROOT / "_build" / "published"
PLAYGROUND = Path("book/_static/playground")
ZIP = "gans-from-scratch.zip"  # what `make zip` makes and publishing puts beside the pages
PRINTED = "gans-from-scratch.pdf"  # the same for `make pdf`
COLAB = "https://colab.research.google.com/github"
INSTALL = re.compile(r"%pip install -q \.\.(/\.\.)?$")  # the course, from the folder around it
READING, LINES = 200, 30  # words of text a minute, lines of code


def tidy(repo_url: str) -> str:
    """The address of a GitHub repository in its plain form, https://github.com/OWNER/NAME.

    Raises:
        ValueError: it is not the address of one.
    """
    plain = repo_url.strip().rstrip("/").removesuffix(".git")
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", plain):
        raise ValueError(f"REPO_URL must look like https://github.com/OWNER/NAME, got {repo_url!r}")
    return plain


def pages_url(repo_url: str) -> str:
    """Where GitHub Pages shows a repository: https://OWNER.github.io/NAME.

    The repository OWNER.github.io is shown without a folder.
    """
    owner, name = repo_url.split("/")[-2:]
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def stamp(notebook: NotebookNode, wheel_url: str) -> NotebookNode:
    """Let the notebook's first code cell install the course's wheel, not the folder around it.

    Raises:
        ValueError: the first code cell does not install the course.
    """
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source, found = INSTALL.subn(f"%pip install -q {wheel_url}", first.source)
    if not found:
        raise ValueError("the first code cell must end with %pip install -q and a folder")
    return notebook


def reading_minutes(path: Path) -> int:
    """How long it takes to read a page or a notebook: its text, and code that isn't folded."""
    text, lines = path.read_text(encoding="utf-8"), 0
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        code = [cell for cell in cells if cell.cell_type == "code"]
        seen = [cell.source for cell in code if "hide-input" not in cell.metadata.get("tags", [])]
        lines = sum(bool(line.strip()) for source in seen for line in source.splitlines())
    text = re.sub(r"^:\w+:.*$", "", text, flags=re.MULTILINE)  # settings of a figure
    words = sum(any(map(str.isalnum, word)) for word in text.split())
    return max(1, round(words / READING + lines / LINES))


def substitutions(repo_url: str, branch: str) -> dict[str, str]:
    """What {{ name }} in a page stands for: minutes, and links to Colab, zip and PDF if any."""
    values = {"zip": "the file that `make zip` packs", "pdf": "the file that `make pdf` makes"}
    if repo_url:
        pages = pages_url(repo_url)
        values["zip"] = f"[the site as one file]({pages}/{ZIP})"
        values["pdf"] = f"[the printed book]({pages}/{PRINTED})"
    for path in (ROOT / "book").glob("*.md"):
        values[f"reading_{path.stem}"] = str(reading_minutes(path))
    known = runs()
    colab = repo_url.replace("https://github.com", COLAB)
    for path in sources():
        name = name_of(path)
        link = f"([Colab]({colab}/blob/{branch}/notebooks/{name}.ipynb))"
        key = name.split("_")[0].replace("/", "_")  # 01, exercises_01
        values[f"reading_{key}"] = str(reading_minutes(path))
        values[f"minutes_{key}"] = f"{known[name]['minutes']:g}"
        values[f"colab_{key}"] = link if repo_url else ""
    return values


def settings(repo_url: str) -> dict[str, Any]:
    """The book's settings from `_config.yml`, with buttons only if there is a place to go to."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    repository = config["repository"]
    repository["url"] = tidy(repo_url or repository["url"]) if repo_url or repository["url"] else ""
    if repository["url"]:
        config["launch_buttons"] = {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }
        config["html"]["use_repository_button"] = config["html"]["use_issues_button"] = True
        config["html"]["use_edit_page_button"] = True
        # readers mend the sources, and not what was published from them
        edit = "{{ file_name | replace('notebooks/exercises', 'notebooks/solutions') }}"
        config["sphinx"]["config"]["html_context"] |= {
            "edit_page_url_template": f"{repository['url']}/edit/main/{edit}",
            "edit_page_provider_name": "GitHub",
        }
        config["html"]["baseurl"] = pages_url(repository["url"])
    else:
        del config["repository"]
    config["sphinx"]["config"]["myst_substitutions"] = substitutions(
        repository["url"], repository["branch"]
    )
    return config


def put_together(repo_url: str, wheel_url: str) -> None:
    """Lay out settings, pages and notebooks in `_build/source`, only what changed."""
    from tools.playground import digits_script, trained_script  # loads torch, which takes seconds

    config = settings(repo_url)
    url = config.get("repository", {}).get("url", "")
    files = {Path("_config.yml"): yaml.safe_dump(config, sort_keys=False).encode()}
    for file in (ROOT / "book").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            files[file.relative_to(ROOT)] = file.read_bytes()
    files[PLAYGROUND / "trained.js"] = trained_script().encode()
    files[PLAYGROUND / "digits_weights.js"] = digits_script().encode()
    published = {}
    for path in sources():
        name, notebook = path.relative_to(ROOT), nbformat.read(path, as_version=4)
        if url:
            stamp(notebook, wheel_url or f"{pages_url(url)}/{wheel_name()}")
        published[name] = nbformat.writes(notebook).encode()
        if path.parent == SOLUTIONS:  # the page of an exercise, with hints and solution folded
            target = (EXERCISES / path.name).relative_to(ROOT)
            files[target] = nbformat.writes(page(notebook)).encode()
        elif path.parent != EXERCISES:
            files[name] = published[name]
    for old in SOURCE.rglob("*"):
        if old.is_file() and old.relative_to(SOURCE) not in files:
            old.unlink()
    write(SOURCE, files)
    write(PUBLISHED, published)  # what Colab and the download button open


def write(folder: Path, files: dict[Path, bytes]) -> None:
    """Write what differs from what is there: Sphinx makes a page anew where its source is newer."""
    for name, content in files.items():
        target = folder / name
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def wheel_name() -> str:
    """The file name of the course's wheel."""
    return f"gan_course-{__version__}-py3-none-any.whl"


def render() -> int:
    """Build the site with every warning an error; returns the exit code."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [str(jupyter_book), "build", str(SOURCE), "--path-output", str(ROOT)]
    command += ["--toc", str(SOURCE / "book" / "_toc.yml"), "-W", "-n", "--keep-going", "-q"]
    code = subprocess.run(command, cwd=ROOT).returncode
    # Sphinx copies these only when some page has changed, too
    shutil.copytree(SOURCE / "book" / "_static", HTML / "_static", dirs_exist_ok=True)
    if not code:
        join(HTML)
    return code


def add_notebooks() -> None:
    """Put the notebooks into the site: where Colab finds them, and behind the download buttons."""
    shutil.copytree(PUBLISHED, HTML, dirs_exist_ok=True)
    # the page of an exercise is made from its solution, which the theme's button would give away
    for name in (path.relative_to(PUBLISHED) for path in PUBLISHED.rglob("*.ipynb")):
        if (HTML / "_sources" / name).is_file():
            shutil.copyfile(PUBLISHED / name, HTML / "_sources" / name)


def pack() -> Path:
    """Pack the built site into one file, without the source maps of the theme's scripts."""
    folder = HTML.with_name(ZIP).with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HTML, folder, ignore=shutil.ignore_patterns(".*", "*.map"))
    made = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
    return Path(made)


def main() -> int:
    """Render the pages and the notebooks with their committed outputs, check, say which run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo-url", default="", help="address of the published repository")
    parser.add_argument("--wheel-url", default="", help="address of the wheel, if not on its pages")
    arguments = parser.parse_args()
    put_together(arguments.repo_url, arguments.wheel_url)
    if code := render():
        print("\nThe book was not built: see the messages above.", file=sys.stderr)
        return code
    add_notebooks()
    # the notebooks show them where GitHub shows the published branch
    shutil.copytree(SOURCE / "book" / "figures", HTML / "book" / "figures", dirs_exist_ok=True)
    if broken := check(HTML):
        print("\nThese links are broken:", *broken, sep="\n", file=sys.stderr)
        return 1
    index = HTML / "index.html"
    print(
        f"\nThe notebooks show their run of {which_run()}; `make notebooks` trains all of it here."
    )
    if old := stale():
        print(f"Code is newer than the outputs of {', '.join(old)}: run `make notebooks`.")
    print(f"The book is ready. Open it in a browser:\n  {index}\n  {index.as_uri()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
