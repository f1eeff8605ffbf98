"""Is the package light to import, layered as it says, and is its reference complete?"""

import ast
import importlib
import importlib.util
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gan_course

PACKAGE = Path(gan_course.__file__).parent
PROJECT = PACKAGE.parent
# Each room imports only from those before it. The first three behind the doctor are read by all.
ROOMS = (
    *("doctor", "data", "networks", "files", "training", "metrics", "plots", "dirac", "digits"),
    *("records", "many", "saving", "widgets", "panel", "exercises"),
)
MODULES = sorted(
    module.name for module in pkgutil.walk_packages([str(PACKAGE)], prefix="gan_course.")
)
HEAVY = ("matplotlib", "ipywidgets", "IPython", "scipy")


def room(module):
    """The room that a module belongs to: many, of gan_course.many.draws."""
    return module.split(".")[1]


# --- imports ----------------------------------------------------------------------------------


def test_importing_all_of_it_loads_no_heavy_library_and_changes_nothing():
    # importing the package alone is quick: it does not even load torch
    program = f"""
import importlib, json, sys, warnings
import gan_course
bare = "torch" not in sys.modules
import torch
torch.manual_seed(7)
def state():
    return [torch.get_num_threads(), torch.initial_seed(), torch.get_rng_state().tolist(),
            str(torch.get_default_dtype()), str(torch.get_default_device()),
            torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
            len(warnings.filters)]
before, loaded = state(), {{}}
for name in {MODULES!r}:
    importlib.import_module(name)
    loaded[name] = [heavy for heavy in {HEAVY!r} if heavy in sys.modules]
print(json.dumps({{"loaded": loaded, "same": state() == before, "bare": bare}}))
"""
    said = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=PROJECT)
    found = json.loads(said.splitlines()[-1])
    assert found == {"loaded": {name: [] for name in MODULES}, "same": True, "bare": True}


def imports(module):
    """Every module that a module imports, wherever in its file it does so, by its full name."""
    source = importlib.util.find_spec(module)
    assert source is not None
    for node in ast.walk(ast.parse(Path(str(source.origin)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "gan_course":
            yield from (f"gan_course.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            yield str(node.module)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_rooms_before_its_own(module):
    own = ROOMS.index(room(module))  # every module has a room
    others = {room(name) for name in imports(module) if name.startswith("gan_course.")}
    assert others - {room(module), "OLDEST_PYTHON"} <= set(ROOMS[:own])


def test_plots_draw_what_they_are_given():
    assert "gan_course.training" not in set(imports("gan_course.plots"))


def test_the_package_imports_the_declared_libraries_and_no_other_folder():
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.findall(r'"(\w+)>=', project.partition("dependencies = [")[2].partition("]")[0])
    roots = {name.split(".")[0] for module in MODULES for name in imports(module)}
    assert "scikit-learn>=" in project  # imported as sklearn; IPython comes with ipywidgets
    ours = {*declared, "sklearn", "IPython", "gan_course"}
    assert roots - set(sys.stdlib_module_names) <= ours


# --- what a reader leans on -------------------------------------------------------------------


def test_the_version_is_that_of_the_project():
    # by a pattern, as Python 3.10 can't read TOML
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.*)"$', text, flags=re.MULTILINE) == [gan_course.__version__]


def test_the_reference_lists_every_room_and_nothing_that_is_gone():
    pages = [page.read_text(encoding="utf-8") for page in (PROJECT / "book").glob("api*.md")]
    listed = re.findall(r"automodule:: (\S+)", " ".join(pages))
    assert set(listed) <= set(MODULES)
    assert {room(module) for module in listed} >= set(ROOMS) - {"doctor"}


def functions(module):
    """The public functions and methods that a module defines."""
    for name, value in vars(importlib.import_module(module)).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module:
            continue
        members = vars(value).items() if inspect.isclass(value) else [(name, value)]
        for member, function in members:
            function = getattr(function, "__func__", function)
            if inspect.isfunction(function) and not member.startswith("_"):
                yield f"{module}.{name}.{member}", function


@pytest.mark.parametrize("module", MODULES)
def test_the_arguments_in_a_docstring_are_those_of_the_function(module):
    for name, function in functions(module):
        block = (inspect.getdoc(function) or "").partition("Args:\n")[2].partition("\n\n")[0]
        named = re.findall(r"^    \*{0,2}(\w+):", block, flags=re.MULTILINE)
        assert set(named) <= set(inspect.signature(function).parameters), name
