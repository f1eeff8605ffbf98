"""Is what others made what it says, are workflows safe, is nothing secret, does no test go out?"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from detect_secrets import SecretsCollection
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

from tools.lock import HEADER, LOCK, TORCH, pins, torch, written

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent


def tracked() -> list[Path]:
    """The files that git keeps."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    return [ROOT / name for name in listed.split("\0") if name]


# --- packages ---------------------------------------------------------------------------------


def test_the_lock_pins_everything_with_hashes_and_names_no_host() -> None:
    lock = pins(LOCK.read_text(encoding="utf-8"))
    assert len(lock) > 150
    for pin, hashes in lock.items():
        assert re.match(r"[a-z0-9-]+(\[[a-z,-]+\])?==[\w.]+( ;|$)", pin), pin
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), pin
    assert not any(line.startswith("torch==") for line in lock)
    names = {re.split(r"[=\[]", pin)[0] for pin in lock}
    # what torch needs on every machine comes with hashes, before torch
    assert names >= {"filelock", "typing-extensions", "sympy", "networkx", "jinja2", "fsspec"}


def test_torch_is_pinned_in_a_place_of_its_own() -> None:
    assert torch() == "torch==2.13.0"
    assert list(pins(TORCH.read_text(encoding="utf-8"))) == [torch()]


def test_what_belongs_to_torchs_builds_is_taken_out_of_the_lock() -> None:
    lock = (
        "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\ntorch==2 \\\n    --hash=sha256:3\n"
    )
    lock += "nvidia-nccl-cu13==1 ; sys_platform == 'linux' \\\n    --hash=sha256:4\n"
    lock += "b==2 ; python_version < '3.11' \\\n    --hash=sha256:5\n"
    kept = written(pins(lock))
    assert pins(kept) == {
        "a==1": ["sha256:1", "sha256:2"],
        "b==2 ; python_version < '3.11'": ["sha256:5"],
    }
    assert kept.startswith(HEADER)
    assert written(pins(kept)) == kept


def test_the_lock_is_written_as_its_tool_writes_it() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert written(pins(text)) == text


def test_pip_refuses_a_file_with_another_hash(tmp_path: Path) -> None:
    """A package that has its name and version, but not its content."""
    wheel = tmp_path / "harmless-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        about = "harmless-1.0.dist-info"
        archive.writestr("harmless.py", "")
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n"
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    digest = sha256(wheel.read_bytes()).hexdigest()
    changed = ("0" if digest[0] != "0" else "1") + digest[1:]
    for told, accepted in ((digest, True), (changed, False)):
        lock = tmp_path / "lock.txt"
        lock.write_text(written({"harmless==1.0": [f"sha256:{told}"]}))
        # the options of the Makefile's rule, but no index
        assert "--require-hashes --requirement requirements.txt" in (ROOT / "Makefile").read_text()
        command = [sys.executable, "-m", "pip", "download", "--no-index", "--find-links", tmp_path]
        command += ["--dest", tmp_path / "got", "--require-hashes", "--requirement", lock]
        done = subprocess.run(command, text=True, capture_output=True)
        assert (done.returncode == 0) is accepted, done.stderr
        assert ("DO NOT MATCH THE HASHES" in done.stderr) is not accepted


# --- workflows --------------------------------------------------------------------------------


def test_workflows_are_valid_and_safe() -> None:
    for command in (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
        ["zizmor", "--offline", "--persona", "pedantic", "--no-progress", *WORKFLOWS],
    ):
        program, *options = command
        done = subprocess.run([BIN / program, *options], text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_unsafe_workflow_would_be_found(tmp_path: Path) -> None:
    unsafe = WORKFLOWS[0].read_text(encoding="utf-8").replace("persist-credentials", "lfs")
    (tmp_path / "unsafe.yml").write_text(unsafe)
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-progress", tmp_path / "unsafe.yml"],
        text=True,
        capture_output=True,
    )
    assert done.returncode != 0
    assert "artipacked" in done.stdout


def test_each_action_is_pinned_to_one_commit_that_says_its_version() -> None:
    uses = [
        line.split("uses: ")[1]
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses: " in line
    ]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", use) for use in uses), uses
    assert len(set(uses)) == len({use.split("@")[0] for use in uses})


# --- secrets ----------------------------------------------------------------------------------


# they look for random text and for words such as "password": each hash and picture is that
NOISY = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"}


@pytest.fixture
def detectors() -> Iterator[None]:
    """All detectors of the keys of services but the noisy ones."""
    names = {detector.__name__ for detector in get_mapping_from_secret_type_to_class().values()}
    assert names > NOISY
    with transient_settings({"plugins_used": [{"name": name} for name in names - NOISY]}):
        yield


def secrets(path: Path) -> set[str]:
    """The kinds of secrets in a file."""
    found = SecretsCollection()
    found.scan_file(str(path))
    return {secret.type for _, secret in found}


def test_no_file_holds_a_secret(detectors: None) -> None:
    vendored = ROOT / "book" / "_static" / "vendor"  # is public as it is
    own = [path for path in tracked() if vendored not in path.parents and path.is_file()]
    assert len(own) > 150
    assert {str(path): found for path in own if (found := secrets(path))} == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"),
        ("key = 'AKIA" + "QYLPMN5HHHFPZAM2'", "AWS Access Key"),
        ("token: ghp_" + "a1B2" * 9, "GitHub Token"),
        ("//registry.example.org/:_auth" + "Token=npm_" + "a1B2" * 9, "NPM tokens"),
    ],
)
def test_a_secret_would_be_found(detectors: None, tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "notes.yml").write_text(f"{text}\n")
    assert kind in secrets(tmp_path / "notes.yml")


# --- the network ------------------------------------------------------------------------------


def asyncio_connection() -> None:
    asyncio.run(asyncio.open_connection("example.org", 80))


OUTSIDE = ("192.0.2.1", 80)  # no machine has this address: it is kept for examples (RFC 5737)


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda: socket.create_connection(OUTSIDE, timeout=1),
        lambda: socket.create_connection(("2001:db8::1", 80), timeout=1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", OUTSIDE),
        lambda: socket.socket(socket.AF_INET).connect_ex(OUTSIDE),
        lambda: socket.gethostbyname("example.org"),
        lambda: urllib.request.urlopen("http://example.org"),
        # in a thread, as a browser of another test keeps the loop of this one
        lambda: ThreadPoolExecutor().submit(asyncio_connection).result(),
    ],
)
def test_a_test_that_leaves_this_machine_fails(reach_out: Callable[[], object]) -> None:
    with pytest.raises(pytest.fail.Exception, match="must not leave this machine"):
        reach_out()


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_test_may_speak_with_this_machine(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as server:
        socket.create_connection(server.getsockname()[:2]).close()
    with socket.create_server(("localhost", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


def test_a_test_may_use_a_unix_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))
