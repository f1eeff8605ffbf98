"""Renders the book: `python -m tools.site`. Sources are put together in `_build/source` first."""

from __future__ import annotations

import argparse
import json
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
from tools.notebooks import MINUTES, NOTEBOOKS, ROOT, run_all, sources
from tools.styles import join

SOURCE = ROOT / "_build" / "source"
HTML = ROOT / "_build" / "html"
PUBLISHED = ROOT / "_build" / "published"
PLAYGROUND = Path("book/_static/playground")
ZIP = "gans-from-scratch.zip"  # what `make zip` makes and publishing puts beside the pages
PRINTED = "gans-from-scratch.pdf"  # the same for `make pdf`
COLAB = "https://colab.research.google.com/github"
WHEEL_LINE = 'COURSE_WHEEL = ""'  # the line of each notebook's first cell that publishing fills


def pages_url(repo_url: str) -> str:
    """Where GitHub Pages shows a repository: https://OWNER.github.io/NAME.

    Raises:
        ValueError: it is not the address of a GitHub repository.
    """
    parts = repo_url.rstrip("/").removesuffix(".git").split("/")
    if len(parts) != 5 or parts[:3] != ["https:", "", "github.com"] or not all(parts[3:]):
        raise ValueError(f"REPO_URL must look like https://github.com/OWNER/NAME, got {repo_url!r}")
    return f"https://{parts[3].lower()}.github.io/{parts[4]}"


def stamp(notebook: NotebookNode, wheel_url: str) -> NotebookNode:
    """Write the wheel's address into the notebook's first code cell.

    Raises:
        ValueError: the first code cell has no line to fill.
    """
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    if WHEEL_LINE not in first.source:
        raise ValueError(f"the first code cell must have the line {WHEEL_LINE}")
    first.source = first.source.replace(WHEEL_LINE, f'COURSE_WHEEL = "{wheel_url}"')
    return notebook


def substitutions(repo_url: str, branch: str) -> dict[str, str]:
    """What {{ name }} in a page stands for: minutes, and links to Colab, zip and PDF if any."""
    values = {"zip": "the file that `make zip` packs", "pdf": "the file that `make pdf` makes"}
    if repo_url:
        pages = pages_url(repo_url)
        values["zip"] = f"[the site as one file]({pages}/{ZIP})"
        values["pdf"] = f"[the printed book]({pages}/{PRINTED})"
    minutes = json.loads(MINUTES.read_text(encoding="utf-8"))
    colab = repo_url.replace("https://github.com", COLAB)
    for path in sources():
        name = path.relative_to(NOTEBOOKS).with_suffix("").as_posix()
        key = name.split("_")[0].replace("/", "_")  # 01, exercises_01
        link = f"([Colab]({colab}/blob/{branch}/notebooks/{name}.ipynb))"
        values[f"minutes_{key}"] = f"{minutes[name]:g}"
        values[f"colab_{key}"] = link if repo_url else ""
    return values


def settings(repo_url: str) -> dict[str, Any]:
    """The book's settings from `_config.yml`, with buttons only if there is a place to go to."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    repository = config["repository"]
    repository["url"] = repo_url or repository["url"]
    if repository["url"]:
        config["launch_buttons"] = {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }
        config["html"]["use_repository_button"] = True
        config["html"]["baseurl"] = pages_url(repository["url"])
    else:
        del config["repository"]
    config["sphinx"]["config"]["myst_substitutions"] = substitutions(
        repository["url"], repository["branch"]
    )
    return config


def put_together(repo_url: str, wheel_url: str) -> None:
    """Lay out settings, pages and executed notebooks in `_build/source`, only what changed."""
    from tools.playground import trained_script  # loads torch, which takes seconds

    config = settings(repo_url)
    url = config.get("repository", {}).get("url", "")
    files = {Path("_config.yml"): yaml.safe_dump(config, sort_keys=False).encode()}
    for file in (ROOT / "book").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            files[file.relative_to(ROOT)] = file.read_bytes()
    files[PLAYGROUND / "trained.js"] = trained_script().encode()
    published = {}
    for path, notebook in zip(sources(), run_all(sources()), strict=True):
        name = path.relative_to(ROOT)
        notebook.metadata.pop("gan_course_seconds", None)
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
    """Run the notebooks that changed, render, check."""
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
    print(f"\nThe book is ready. Open it in a browser:\n  {index}\n  {index.as_uri()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
