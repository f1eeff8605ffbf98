"""Does the course work with the oldest and the newest packages? `make matrix`, or `nox -s oldest`.

Each session has the course's own dependencies and those of its extra `check`, no others, and runs
the package's unit tests, every chapter and every solution. With UV_TORCH_BACKEND=cpu it takes
builds of PyTorch without CUDA.
"""

import shutil
import sys

import nox

nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.envdir = "_build/nox"

# these test the site, a browser, the tools: things that no reader's machine has to do
OTHERS = (
    *("accessibility", "concept_page", "notebooks", "pdf", "pictures", "playground*", "site"),
    *("styles", "supply_chain", "tools*", "digit_machine"),
)
LOCK = ("--constraint=requirements.txt", "--constraint=requirements-torch.txt")


@nox.session(python="3.10")
def oldest(session: nox.Session) -> None:
    """The oldest packages that the course allows."""
    run(session, "--resolution=lowest-direct")


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """The newest packages."""
    run(session)


@nox.session(python="3.13")
def colab(session: nox.Session) -> None:
    """Colab's packages."""
    run(session, "--constraint=tools/colab.txt")


@nox.session(python=["3.11", "3.12"])
def lock(session: nox.Session) -> None:
    """The packages that the lock pins."""
    run(session, *LOCK)


def run(session: nox.Session, *options: str) -> None:
    """Install, test, and throw the environment away where all went well: it has gigabytes."""
    session.install(*options, "--requirements=pyproject.toml", "--extra=check")
    session.install("--no-deps", "--editable", ".")
    session.run("python", "-c", "import sys, torch; print(sys.version, torch.__version__)")
    ignored = [f"--ignore-glob=tests/test_{name}.py" for name in OTHERS]
    session.run(
        *("pytest", "-p", "no:cacheprovider", "--ignore=notebooks/exercises", *ignored),
        *session.posargs,
        env={"OMP_NUM_THREADS": "1"},
    )
    shutil.rmtree(session.virtualenv.location)


@nox.session(python=False)
def platforms(session: nox.Session) -> None:
    """Does the lock have a build of every package for Windows and for macOS, too?"""
    for platform in ("windows", "macos", "linux"):
        for python in ("3.10", "3.13"):
            target = ("--python-platform", platform, "--python-version", python)
            options = ("--dry-run", "--quiet", "--target", session.create_tmp())
            uv = (sys.executable, "-m", "uv", "pip", "install")
            session.run(*uv, *options, *target, "-r", "requirements.txt")
