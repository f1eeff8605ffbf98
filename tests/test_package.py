"""Is the package light to import, documented, typed, and layered as it says?"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gan_course

PACKAGE = Path(gan_course.__file__).parent
PROJECT = PACKAGE.parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
HEAVY = ("matplotlib", "ipywidgets", "IPython", "scipy", "safetensors")

# which modules of the package each one may import; plots may name what training returns
ALLOWED: dict[str, set[str]] = {
    "checks": set(),
    "records": {"checks"},
    "files": {"checks"},
    "checkpoints": {"checks", "files"},
    "data": {"checks"},
    "losses": {"checks"},
    "networks": {"checks", "data"},
    "training": {"checkpoints", "checks", "files", "losses", "networks"},
    "gan": {"checkpoints", "checks", "fast", "losses", "networks", "recipes"},
    "integers": {"checks"},
    "metrics": {"checks", "data", "integers"},
    "dirac": {"checks", "losses"},
    "recipes": {"checks"},
    "stacked": {"data", "networks", "recipes"},
    "draws": {"checks", "data", "recipes"},
    "fast": {"checks", "draws", "networks", "recipes", "stacked"},
    "ensemble": {
        "checkpoints",
        "checks",
        "data",
        "draws",
        "fast",
        "files",
        "networks",
        "recipes",
        "stacked",
    },
    "plots": {"checks", "gan", "training"},
    "panel": {"checks", "plots"},
    "widgets": {"checks", "gan", "metrics", "networks", "plots"},
    "saving": {"checks", "data", "files", "networks"},
    "needs": set(),
    "doctor": {"needs", "OLDEST_PYTHON"},
    "answers": set(),
    "repairs": {"answers"},
    "exercises": {"answers", "checks", "integers", "metrics", "networks", "repairs"},
}
OUTSIDE = {"torch", "numpy", "scipy", "matplotlib", "ipywidgets", "IPython", "safetensors"}
ORDER = [
    "checks",
    "files",
    "checkpoints",
    "data",
    "networks",
    "losses",
    "training",
    "dirac",
    "recipes",
    "stacked",
    "draws",
    "fast",
    "gan",
    "ensemble",
    "integers",
    "metrics",
    "plots",
    "panel",
    "widgets",
    "answers",
    "repairs",
    "exercises",
]


def fresh_python(program: str) -> Any:
    """Run a program in a Python of its own and read the JSON in its last line."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    *before, last = done.stdout.splitlines()
    print("\n".join(before))
    return json.loads(last)


@pytest.fixture(scope="module")
def imported() -> dict[str, Any]:
    """What changed in a fresh Python while it imported the package after torch."""
    return fresh_python(f"""
import importlib, json, sys, time, warnings
import torch
torch.manual_seed(7)
def state():
    return [torch.get_num_threads(), torch.initial_seed(), torch.get_rng_state().tolist(),
            str(torch.get_default_dtype()), str(torch.get_default_device()),
            torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
            len(warnings.filters)]
def heavy():
    return [name for name in {HEAVY!r} if name in sys.modules]
before, started = state(), time.perf_counter()
import gan_course
alone = [name for name in sys.modules if name.startswith("gan_course.")]
loaded = {{}}
for name in {MODULES!r}:
    importlib.import_module("gan_course." + name)
    loaded[name] = heavy()
print(f"importing every module after torch took {{time.perf_counter() - started:.3f}} s")
print(json.dumps({{"alone": alone, "loaded": loaded, "same": state() == before}}))
""")


def test_importing_the_package_loads_none_of_its_modules(imported: dict[str, Any]) -> None:
    assert imported["alone"] == ["gan_course.needs"]  # which asks whether torch and others are here


def test_importing_the_package_does_not_even_load_torch() -> None:
    program = "import gan_course, json, sys; print(json.dumps('torch' in sys.modules))"
    assert fresh_python(program) is False


def test_no_module_loads_a_heavy_library(imported: dict[str, Any]) -> None:
    assert imported["loaded"] == {name: [] for name in MODULES}


def test_importing_changes_no_global_state(imported: dict[str, Any]) -> None:
    assert imported["same"]


def test_the_version_is_that_of_the_project() -> None:
    # by a pattern, as Python 3.10 can't read TOML
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.*)"$', text, flags=re.MULTILINE) == [gan_course.__version__]


# --- layers -----------------------------------------------------------------------------------


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file it does so, by its full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by a relative name"
            if node.module == "gan_course":
                found |= {f"gan_course.{alias.name}" for alias in node.names}
            else:
                found.add(str(node.module))
    return found


def siblings(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    names = imports(PACKAGE / f"{module}.py")
    return {name.split(".")[1] for name in names if name.startswith("gan_course.")}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_those_below_it(module: str) -> None:
    assert siblings(module) <= ALLOWED[module]


def test_the_allowed_imports_never_go_up() -> None:
    for module, below in ALLOWED.items():
        if module in ORDER:
            assert all(ORDER.index(name) < ORDER.index(module) for name in below), module


def test_no_module_is_without_a_place_or_a_test() -> None:
    assert set(MODULES) == set(ALLOWED)
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert set(MODULES) <= tested


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_the_declared_libraries_and_no_other_folder(module: str) -> None:
    roots = {name.split(".")[0] for name in imports(PACKAGE / f"{module}.py")}
    assert roots - set(sys.stdlib_module_names) <= {*OUTSIDE, "gan_course"}


# --- documentation and types ------------------------------------------------------------------


def own(module: str) -> Iterator[tuple[str, Any]]:
    """The public functions and classes that a module defines, and the classes' methods."""
    loaded = importlib.import_module(f"gan_course.{module}")
    for name, value in vars(loaded).items():
        if name.startswith("_") or getattr(value, "__module__", None) != loaded.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            yield name, value
            for method, member in vars(value).items():
                function = getattr(member, "__func__", getattr(member, "fget", member))
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{method}", function


PUBLIC = [
    pytest.param(value, id=f"{module}.{name}") for module in MODULES for name, value in own(module)
]


def test_there_is_something_public_in_each_module() -> None:
    assert len(PUBLIC) >= 40
    # the repairs are reached by their table, not by name
    assert {module for module in MODULES if not list(own(module))} == {"repairs"}
    assert importlib.import_module("gan_course.repairs").REPAIRS


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_first_line_says_which_question_it_answers(module: str) -> None:
    text = importlib.import_module(f"gan_course.{module}").__doc__
    assert text is not None
    assert text.splitlines()[0].endswith((".", "?"))


@pytest.mark.parametrize("value", PUBLIC)
def test_everything_public_has_a_docstring_of_its_own(value: Any) -> None:
    text = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    assert text is not None
    assert len(text.split()) >= 3
    assert not text.startswith(f"{value.__name__}("), "a docstring that dataclasses made up"


@pytest.mark.parametrize("value", [p for p in PUBLIC if inspect.isfunction(p.values[0])])
def test_every_public_function_is_typed(value: Callable[..., Any]) -> None:
    signature = inspect.signature(value)
    assert signature.return_annotation is not signature.empty
    for name, parameter in signature.parameters.items():
        if name not in ("self", "cls"):
            assert parameter.annotation is not parameter.empty, name


@pytest.mark.parametrize("value", [p for p in PUBLIC if inspect.isfunction(p.values[0])])
def test_the_arguments_in_a_docstring_are_those_of_the_function(value: Callable[..., Any]) -> None:
    text = inspect.getdoc(value) or ""
    _, found, rest = text.partition("Args:\n")
    if found:
        block = rest.partition("\n\n")[0].splitlines()
        named = [line.split(":")[0].strip() for line in block if line[4:5] != " "]
        assert named == [name for name in inspect.signature(value).parameters if name != "self"]
