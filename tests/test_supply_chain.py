"""Is what others made pinned, the same everywhere, and does no test go out for more?"""

import re
import socket

import pytest
from conftest import ROOT

LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,-]+\])?==([\w.]+)( ; [^\\]+)? \\$")


def test_the_lock_leaves_out_torchs_builds_and_names_no_host():
    names = {pin[1] for pin in map(PIN.match, LOCK.splitlines()) if pin}
    assert len(names) > 150
    assert not [n for n in names if re.match("torch$|triton|nvidia-|cuda-", n)], "see OF_TORCH"
    # what torch needs on every machine comes with hashes, before torch
    assert names >= {"filelock", "typing-extensions", "sympy", "networkx", "jinja2", "fsspec"}
    assert "://" not in LOCK


def lines(name):
    """The lines of a file of requirements that are no comment."""
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line for line in text if line and not line.startswith("#")}


def test_binder_installs_what_the_lock_pins_and_the_course_wants():
    of_311 = {None, " ; python_full_version == '3.11.*'", " ; python_full_version >= '3.11'"}
    pins = [pin for pin in map(PIN.match, LOCK.splitlines()) if pin and pin[3] in of_311]
    locked = {f"{pin[1]}=={pin[2]}" for pin in pins} | lines("requirements-torch.txt")
    binder = lines(".binder/requirements.txt")
    assert binder <= locked
    assert lines(".binder/runtime.txt") == {"python-3.11"}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(r'"(\w+)>=', project.partition("dependencies = [")[2].partition("]")[0])
    assert {pin.split("==")[0] for pin in binder} == set(wanted)


OUTSIDE = ("192.0.2.1", 80)  # no machine has this address: it is kept for examples (RFC 5737)


def test_a_test_that_leaves_this_machine_fails():
    with pytest.raises(pytest.fail.Exception, match="must not leave this machine"):
        socket.create_connection(OUTSIDE, timeout=1)
    with pytest.raises(pytest.fail.Exception, match="must not leave this machine"):
        socket.socket().connect(OUTSIDE)
