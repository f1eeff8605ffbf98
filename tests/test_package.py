"""Is the package light to import, layered as it says, and is its reference complete?"""

import ast
import functools
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import gan_course
from gan_course.doctor import needed

PACKAGE = Path(gan_course.__file__).parent
PROJECT = PACKAGE.parent
# Each room imports only from those before it.
ROOMS = (
    *("doctor", "checks", "data", "networks", "files", "training", "metrics", "plots"),
    *("dirac", "digits", "records", "many", "saving", "widgets", "panel", "exercises"),
)
MODULES = sorted(
    module.name for module in pkgutil.walk_packages([str(PACKAGE)], prefix="gan_course.")
)
HEAVY = {"matplotlib", "ipywidgets", "IPython", "scipy", "sklearn"}


def room(module):
    """The room that a module belongs to: many, of gan_course.many.draws."""
    return module.split(".")[1]


@functools.cache
def source(module):
    """What is written in a module."""
    return ast.parse(Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8"))


def imports(nodes):
    """Every module that is imported by some statements, by its full name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "gan_course":
            yield from (f"gan_course.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports by a relative name"
            yield str(node.module)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_rooms_before_its_own(module):
    own = ROOMS.index(room(module))  # every module has a room
    everywhere = imports(ast.walk(source(module)))
    others = {room(name) for name in everywhere if name.startswith("gan_course.")}
    assert others - {room(module), "OLDEST_PYTHON"} <= set(ROOMS[:own])
    # importing is quick: heavy libraries are imported where they are used
    assert not HEAVY & {name.split(".")[0] for name in imports(source(module).body)}


def test_the_package_imports_the_declared_libraries_and_no_other_folder():
    everywhere = (name for module in MODULES for name in imports(ast.walk(source(module))))
    roots = {name.split(".")[0] for name in everywhere}
    # scikit-learn is imported as sklearn; IPython comes with ipywidgets
    ours = {*needed(), "sklearn", "IPython", "gan_course"}
    assert roots - set(sys.stdlib_module_names) <= ours


def test_the_reference_lists_every_room_and_nothing_that_is_gone():
    pages = [page.read_text(encoding="utf-8") for page in (PROJECT / "book").glob("api*.md")]
    listed = re.findall(r"automodule:: (\S+)", " ".join(pages))
    assert set(listed) <= set(MODULES)
    assert {room(module) for module in listed} >= set(ROOMS) - {"doctor", "checks"}


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
