"""Is a file always whole, and is one from a stranger read, or refused, at a bounded cost?"""

from __future__ import annotations

import copy
import errno
import itertools
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import stat
import struct
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from gan_course import files
from gan_course.data import Scaler
from gan_course.files import (
    CHECKSUM,
    HEADER,
    LEFT_OVER,
    checksum,
    pack,
    read_zip,
    require_file,
    unpack,
    write_file,
)
from gan_course.networks import in_data_units, make_generator
from gan_course.saving import (
    ARCHITECTURE,
    load_generator,
    load_program,
    load_torchscript,
    save_generator,
    save_torchscript,
)

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 2**20
STATM = Path("/proc/self/statm")  # its first number: pages of memory that a process may use
TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.arange(6.0, 12.0).reshape(2, 3)}
TEXTS = {"about": "six numbers, twice", "unit": "°C"}
fork = multiprocessing.get_context("fork")


def in_child(work: Callable[[], Any], *, seconds: int = 60, megabytes: int = 500) -> Any:
    """What `work` returns in a process of its own, which gets this much more and is then killed."""
    here, there = fork.Pipe(duplex=False)

    def run() -> None:
        if STATM.exists():  # only Linux has it, and keeps to such a limit
            used = int(STATM.read_text().split()[0]) * resource.getpagesize()
            most = used + megabytes * MEGABYTE
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        there.send(work())

    child = start(run)
    there.close()
    try:
        if not here.poll(seconds + 60):  # it waits for something, which is no work
            pytest.fail("it hangs")
        return here.recv()
    except EOFError:
        child.join()
        pytest.fail(f"it died: {child.exitcode}, see above")
    finally:
        child.kill()
        child.join()


def start(work: Callable[[], Any]) -> Any:
    """A running process, a copy of this one."""
    child = fork.Process(target=work, daemon=True)
    with warnings.catch_warnings():  # newer Pythons warn of threads, which the copy has not
        warnings.simplefilter("ignore")
        child.start()
    return child


def answer(read: Callable[[Path], Any], path: Path) -> str:
    """How a reader refuses a file: the error's type and message; "read" where it does not."""
    try:
        read(path)
    except (ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "read"


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# --- in one piece, or not at all --------------------------------------------------------------


def test_folders_on_the_way_are_made_and_the_path_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    assert write_file(str(path), b"content") == path
    assert path.read_bytes() == b"content"
    assert names(path.parent) == ["file"]


def test_a_file_may_be_read_by_whoever_may_read_others(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_file(tmp_path / "file", b"")
    usual, mine = ((tmp_path / name).stat().st_mode for name in ("usual", "file"))
    assert stat.S_IMODE(mine) == stat.S_IMODE(usual)


NAMES = {  # by plain words: mutmut, which runs tests by their names, does not find others
    **{"pattern": "glob [a-z]*?.pt", "bracket": "[", "letters": "größe 模型 🙂", "dot": ".hidden"},
    **{"line": "a b\n", "long": "x" * 240, "option": "-rf", "format": "%s{0}"},
}


@pytest.mark.parametrize("kind", NAMES)
def test_any_name_will_do(kind: str, tmp_path: Path) -> None:
    name = NAMES[kind]
    left = tmp_path / f".{name}.0.part"
    other = tmp_path / ".glob a.0.part"  # which the first name would match, read as a pattern
    for part in (left, other):
        part.write_bytes(b"of a process that was killed")
        os.utime(part, (0, 0))
    path = write_file(tmp_path / name, pack(TENSORS, TEXTS))
    write_file(path, pack(TENSORS, TEXTS))
    assert unpack(path)[1] == TEXTS
    assert names(tmp_path) == sorted([other.name, name])


def test_a_link_goes_on_to_lead_where_it_led(tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    file, link = tmp_path / "large disk" / "file", tmp_path / "link"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert names(file.parent) == ["file"]


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    # root could replace /dev/null
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(OSError, match=f"no file has this name: .*{name}"):
            write_file(tmp_path / name, b"")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert names(tmp_path) == ["folder", "pipe"]


def is_one_of_ours(content: bytes) -> bool:
    return len(content) == 300_000 and len(set(content)) == 1


def write_for_ever(path: Path, first: int) -> None:
    for number in itertools.count(first):
        write_file(path, bytes([number % 256]) * 300_000)


def test_a_process_killed_in_the_middle_leaves_a_whole_file(tmp_path: Path) -> None:
    path, seen, moments = tmp_path / "file", set(), random.Random(0)
    write_file(path, b"\0" * 300_000)
    for first in range(1, 51):
        child = start(lambda first=first: write_for_ever(path, first))
        time.sleep(moments.uniform(0.005, 0.03))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        content = path.read_bytes()
        assert is_one_of_ours(content)
        seen.add(content[0])
    assert len(seen) > 1, "no process had the time to write"
    left = [part for part in tmp_path.iterdir() if part.suffix == ".part"]
    assert len(left) > 1, "no process was killed in the middle"
    # what they left behind is removed when it is old, and no earlier
    for part in left[1:]:
        os.utime(part, (time.time() - LEFT_OVER - 60,) * 2)
    os.utime(left[0], (time.time() - LEFT_OVER + 60,) * 2)
    write_file(path, b"")
    assert names(tmp_path) == [left[0].name, "file"]


def test_a_reader_who_interrupts_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"the old one")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"the old one"
    assert names(tmp_path) == ["file"]


def test_several_write_the_same_file_and_none_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"\0" * 300_000)
    child = start(lambda: write_for_ever(path, 1))

    def write_and_look(number: int) -> bool:
        write_file(path, bytes([number]) * 300_000)
        return is_one_of_ours(path.read_bytes())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(write_and_look, range(100)))
    child.kill()
    child.join()


def test_a_left_over_that_vanishes_meanwhile_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / ".file.0.part"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))
    write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"the old one")

    def write() -> tuple[int | None, str]:
        # for a process, a disk on which no file may grow beyond this is a full one
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with pytest.raises(OSError) as caught:
            write_file(path, bytes(5000))
        return caught.value.errno, str(caught.value)

    code, message = in_child(write)
    assert code == errno.EFBIG
    assert message.endswith(f"File too large: '{path}'")
    assert path.read_bytes() == b"the old one"
    assert names(tmp_path) == ["file"]


def test_a_read_only_folder_leaves_the_old_file() -> None:
    # beside pytest's folders, which nobody else may enter
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b"the old one")
        Path(folder).chmod(0o555)

        def write() -> str:
            if os.geteuid() == 0:  # root may write everywhere
                os.setuid(65534)
            return answer(lambda path: write_file(path, b"new"), path)

        assert in_child(write) == f"PermissionError: [Errno 13] Permission denied: '{path}'"
        assert names(Path(folder)) == ["file"]
        assert path.read_bytes() == b"the old one"
        Path(folder).chmod(0o755)


@pytest.mark.parametrize("place", ["/proc/nowhere/file", "/dev/null/file", "/dev/full"])
def test_a_place_where_no_file_can_be_is_an_oserror(place: str) -> None:
    with pytest.raises(OSError, match=r"/dev|/proc"):
        write_file(place, b"new")


# --- the same content, or refused -------------------------------------------------------------


def content_of(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """All that a file of `pack` holds, to the last bit."""
    tensors, texts = unpack(path)
    return {
        name: f"{value.dtype}{value.shape}".encode() + value.contiguous().numpy().tobytes()
        for name, value in tensors.items()
    }, texts


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    shared = torch.arange(4.0)
    tensors = {
        **TENSORS,
        "nothing": torch.zeros(0, 3),
        "one": torch.tensor(2.5, requires_grad=True),
        "turned": torch.arange(6).reshape(2, 3).T,
        "shared": shared,
        "half of it": shared[:2],
        "yes": torch.tensor([True, False]),
        "small": torch.ones(3, dtype=torch.bfloat16),
        "": torch.ones(1, dtype=torch.int8),
    }
    texts = {**TEXTS, "": "", "lines": "a\nb", "z" * 1000: "\0"}
    found, said = unpack(write_file(tmp_path / "file", pack(tensors, texts)))
    assert said == texts
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_equal_content_gives_equal_bytes() -> None:
    assert pack(TENSORS, TEXTS) == pack({k: v.clone() for k, v in TENSORS.items()}, {**TEXTS})


@pytest.mark.parametrize("more", range(17))
def test_tensors_begin_at_a_multiple_of_eight_bytes(more: int) -> None:
    content = pack(TENSORS, {"text": "x" * more})
    assert int.from_bytes(content[:8], "little") % 8 == 0


def test_a_header_may_be_so_long_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path / "file", pack(TENSORS, TEXTS))
    length = int.from_bytes(path.read_bytes()[:8], "little")
    monkeypatch.setattr(files, "HEADER", length)
    assert unpack(path)[1] == TEXTS
    assert pack(TENSORS, TEXTS) == path.read_bytes()
    monkeypatch.setattr(files, "HEADER", length - 1)
    message = f"its header must be at most {length - 1} bytes, got {length}"
    with pytest.raises(ValueError, match=message):
        unpack(path)
    with pytest.raises(ValueError, match=f"fit into {length - 1} bytes, got {length}"):
        pack(TENSORS, TEXTS)


def test_what_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^content must be bytes, got str"):
        write_file(tmp_path / "file", "text")  # type: ignore[arg-type]
    long = tmp_path / ("x" * 250)  # the file beside it, with a longer name, can't be made
    for path, number in ((tmp_path, errno.EEXIST), (long, errno.ENAMETOOLONG)):
        with pytest.raises(OSError) as caught:
            write_file(path, b"1")
        assert (caught.value.errno, caught.value.filename) == (number, str(path))
    assert list(tmp_path.iterdir()) == []


def test_a_checksum_is_of_all_tensors_in_their_order() -> None:
    a, b, c = torch.zeros(2), torch.ones(2), torch.zeros(2, 1)
    assert checksum(a, b) == checksum(a.clone(), b.clone())
    assert len({checksum(*some) for some in ((a, b), (b, a), (b, b), (c, b), (b,), ())}) == 6


def test_the_checksum_tells_names_from_texts() -> None:
    sums = set()
    for texts in ({"a": "b\nc\nd"}, {"a": "b", "c": "d"}, {"a\nb": "c\nd"}, {"a": "b\n", "c": "d"}):
        content = pack({}, texts)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        sums.add(header["__metadata__"][CHECKSUM])
    assert len(sums) == 4


def test_a_file_that_changes_later_changes_nothing_that_was_read(tmp_path: Path) -> None:
    path = write_file(tmp_path / "file", pack(TENSORS, TEXTS))
    tensors, _ = unpack(path)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert torch.equal(tensors["a"], TENSORS["a"])


def test_a_file_is_refused_at_every_length_but_its_own(tmp_path: Path) -> None:
    good, path = pack(TENSORS, TEXTS), tmp_path / "file"
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(ValueError, match=r"^it is no whole safetensors file: "):
            unpack(path)
    path.write_bytes(good + b"\0")
    with pytest.raises(ValueError, match=r"^it is no whole safetensors file: "):
        unpack(path)


def header_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, and what comes after it."""
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def with_header(header: bytes | dict[str, Any], data: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_swapped_tensors_are_refused(tmp_path: Path) -> None:
    header, data = header_of(pack(TENSORS, TEXTS))
    path = write_file(tmp_path / "file", with_header(header, data))
    assert content_of(path)  # written by hand, but the same
    header["a"], header["b"] = header["b"], header["a"]
    write_file(path, with_header(header, data))
    with pytest.raises(ValueError, match=r"^it is damaged: what it holds does not match"):
        unpack(path)


@pytest.mark.parametrize("change", ["text", "name", "shape", "dtype", "fewer", "more"])
def test_a_file_that_holds_something_else_is_refused(change: str, tmp_path: Path) -> None:
    header, data = header_of(pack(TENSORS, TEXTS))
    if change == "text":
        header["__metadata__"]["unit"] = "°F"
    elif change == "name":
        header["c"] = header.pop("b")
    elif change == "shape":
        header["a"]["shape"] = [3, 2]
    elif change == "dtype":
        header["a"]["dtype"] = "I32"
    elif change == "fewer":
        data = data[: header.pop("b")["data_offsets"][0]]
    else:
        header["c"] = {"dtype": "F32", "shape": [0], "data_offsets": [len(data), len(data)]}
    path = write_file(tmp_path / "file", with_header(header, data))
    with pytest.raises(ValueError, match=r"^it is damaged: what it holds does not match"):
        unpack(path)


Damage = Callable[[bytes, bytes, random.Random], bytes]


def flip(good: bytes, other: bytes, draw: random.Random) -> bytes:
    bad = bytearray(good)
    for _ in range(draw.choice([1, 1, 2, 8])):
        bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
    return bytes(bad)


def cut(good: bytes, other: bytes, draw: random.Random) -> bytes:
    return good[: draw.randrange(len(good))]


def insert(good: bytes, other: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(good) + 1)
    return good[:place] + draw.randbytes(draw.choice([1, 4, 64])) + good[place:]


def leave_out(good: bytes, other: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(good))
    return good[:place] + good[place + draw.choice([1, 4, 64, 500]) :]


def repeat(good: bytes, other: bytes, draw: random.Random) -> bytes:
    start, place, count = draw.randrange(len(good)), draw.randrange(len(good)), draw.choice([4, 64])
    return good[:place] + good[start : start + count] + good[place + count :]


def splice(good: bytes, other: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(min(len(good), len(other)))
    return other[:place] + good[place:]


def change_length(good: bytes, other: bytes, draw: random.Random) -> bytes:
    length = int.from_bytes(good[:8], "little") + draw.choice([-8, -1, 1, 8, 1000, 2**31, 2**63])
    return (length % 2**64).to_bytes(8, "little") + good[8:]


def change_digit(good: bytes, other: bytes, draw: random.Random) -> bytes:
    places = [match.start() for match in re.finditer(rb"[0-9]", good)]
    place = draw.choice(places)
    return good[:place] + draw.choice("0123456789").encode() + good[place + 1 :]


def swap_tensors(good: bytes, other: bytes, draw: random.Random) -> bytes:
    header, data = header_of(good)
    one, two = draw.sample([name for name in header if name != "__metadata__"], 2)
    header[one], header[two] = header[two], header[one]
    return with_header(header, data)


ANYWHERE: list[Damage] = [flip, cut, insert, leave_out, repeat, splice]
IN_HEADERS: list[Damage] = [change_length, change_digit, swap_tensors]


def fuzz(
    read: Callable[[Path], Any],
    good: bytes,
    other: bytes,
    kinds: list[Damage],
    path: Path,
    count: int = 1000,
) -> list[str]:
    """Damage a file in many ways: it is refused, or read as if nothing had happened.

    Returns what was said of those that were refused.
    """
    path.write_bytes(good)
    expected, refused = read(path), []
    for seed in range(count):
        draw = random.Random(seed)
        path.write_bytes(kinds[seed % len(kinds)](good, other, draw))
        try:
            found = read(path)
        except ValueError as error:
            refused.append(str(error))
        else:
            assert found == expected, f"seed {seed} is read as something else"
    return refused


def whole_generator(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    scaler = Scaler(low=torch.tensor([0.0, 1.0]), high=torch.tensor([50.0, 47.0]))
    return in_data_units(make_generator(), scaler)


def told(generator: nn.Module) -> tuple[str, list[bytes]]:
    """All that makes a generator what it is."""
    return str(generator), [value.numpy().tobytes() for value in generator.state_dict().values()]


def test_a_thousand_damaged_files_are_refused_or_harmless(tmp_path: Path) -> None:
    good = pack(TENSORS, TEXTS)
    other = pack({"a": torch.ones(4)}, {**TEXTS, "unit": "K"})
    kinds = ANYWHERE + IN_HEADERS
    refused = in_child(lambda: fuzz(content_of, good, other, kinds, tmp_path / "file"))
    assert len(refused) > 900
    assert sum("it is damaged" in message for message in refused) > 100
    assert all(message.startswith("it") for message in refused)


def test_a_thousand_damaged_generators_are_refused_or_harmless(tmp_path: Path) -> None:
    good = save_generator(whole_generator(), tmp_path / "good").read_bytes()
    other = save_generator(whole_generator(1), tmp_path / "other").read_bytes()

    def read(path: Path) -> Any:
        return told(load_generator(path))

    kinds = ANYWHERE + IN_HEADERS
    refused = in_child(lambda: fuzz(read, good, other, kinds, tmp_path / "file"))
    assert len(refused) > 900
    assert all(text.startswith("path must be a generator saved by") for text in refused)


def test_a_thousand_damaged_scripts_are_refused_or_harmless(tmp_path: Path) -> None:
    # PyTorch alone would load some of them with other weights; only entries have checksums, so
    # parts of another good file would not be noticed
    good = save_torchscript(whole_generator(), tmp_path / "good").read_bytes()
    kinds = [damage for damage in ANYWHERE if damage is not splice]

    def read(path: Path) -> Any:
        script = load_torchscript(path, trusted=True)
        return [value.numpy().tobytes() for value in script.state_dict().values()]

    refused = in_child(lambda: fuzz(read, good, good, kinds, tmp_path / "file"))
    assert len(refused) > 900
    assert all(message.startswith("path must be a TorchScript file, got") for message in refused)


# --- files that were made to do harm ----------------------------------------------------------

READERS: dict[str, Callable[[Path], Any]] = {
    "unpack": unpack,
    "read_zip": read_zip,
    "load_generator": load_generator,
    "load_torchscript": lambda path: load_torchscript(path, trusted=True),
    "load_program": lambda path: load_program(path, trusted=True),
}
each_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@each_reader
def test_what_is_no_file_is_refused_and_not_waited_for(read: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    places = [tmp_path / "pipe", tmp_path / "nowhere", tmp_path, Path("/dev/zero")]
    for place in [*places, Path("/dev/zero/file")]:
        message = in_child(lambda place=place: answer(read, place), seconds=5)
        assert message == f"FileNotFoundError: path must be an existing file, got {place}"


def test_a_file_is_returned_as_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert require_file(str(tmp_path / "file")) == tmp_path / "file"


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
HEADERS: dict[str, bytes | dict[str, Any]] = {
    "a checksum alone": {"__metadata__": {CHECKSUM: "0" * 64}},
    "another checksum": {"__metadata__": {CHECKSUM: "ß"}, "a": ENTRY},
    "a checksum that is a number": {"__metadata__": {CHECKSUM: 7}, "a": ENTRY},
    "a million names": json.dumps({str(i): EMPTY for i in range(200_000)}).encode(),
    "a shape of many numbers": b'{"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0%s]}}'
    % (b",1" * 1_000_000),
    "a shape of huge numbers": {"a": {**ENTRY, "shape": [2**62, 2**62, 2**62]}},
    "a number of many digits": b'{"a":{"shape":[%s]}}' % (b"9" * 1_000_000),
    "numbers below zero": {"a": {**ENTRY, "shape": [-1]}},
    "a tensor of terabytes": {"a": {**ENTRY, "shape": [2**40], "data_offsets": [0, 2**42]}},
    "tensors over each other": {"a": ENTRY, "b": ENTRY},
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 1_000_000,
    "the same name twice": b'{"a":%s,"a":%s}' % ((json.dumps(ENTRY).encode(),) * 2),
    "an unknown type": {"a": {**ENTRY, "dtype": "PICKLE"}},
    "a type of half bytes": {"a": {**ENTRY, "dtype": "F4", "shape": [8]}},
    "no text": b"\xff" * 100,
    "no object": b"[]",
    "nothing": b"",
}


def test_a_header_that_asks_for_much_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def refuse() -> dict[str, tuple[str, float]]:
        found = {}
        for name, header in HEADERS.items():
            path.write_bytes(with_header(header, bytes(4)))
            started = time.process_time()
            found[name] = answer(load_generator, path), time.process_time() - started
        return found

    for name, (message, seconds) in in_child(refuse).items():
        assert message.startswith(
            f"ValueError: path must be a generator saved by save_generator, got {path}: it"
        ), name
        assert seconds < 5, name


def test_a_header_of_a_hundred_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 100_000_000) + b'{"a":"')
        file.truncate(100_000_100)  # takes no room on most disks
    message = in_child(lambda: answer(unpack, path), seconds=2, megabytes=50)
    assert message == f"ValueError: its header must be at most {HEADER} bytes, got 100000000"


def test_no_file_is_written_that_would_not_be_read(tmp_path: Path) -> None:
    path = write_file(tmp_path / "file", pack({}, {"long": "x" * (HEADER - 200)}))
    assert len(unpack(path)[1]["long"]) == HEADER - 200
    with pytest.raises(ValueError, match=f"must fit into {HEADER} bytes, got "):
        pack({}, {"long": "x" * HEADER})


def with_layers(layers: Any, weights: dict[str, Tensor] | None = None) -> bytes:
    return pack(weights or {}, {ARCHITECTURE: json.dumps(layers)})


def test_layers_that_ask_for_much_are_refused_at_once(tmp_path: Path) -> None:
    huge = {"kind": "Linear", "in_features": 10**9, "out_features": 10**9}
    lists = {
        "a huge layer": [huge],
        "a thousand huge layers": [huge] * 1000,
        "huge numbers of other layers": [{"kind": "Unscale", "dim": 10**15}],
        "many layers": [{"kind": "Dropout", "p": 0.5}] * 200_000,
    }

    def refuse() -> dict[str, str]:
        return {
            name: answer(load_generator, write_file(tmp_path / "file", with_layers(layers)))
            for name, layers in lists.items()
        }

    for name, message in in_child(refuse, seconds=5).items():
        assert message.startswith("ValueError: path must be a generator"), name


def zip_with(path: Path, content: bytes, change: Callable[[zipfile.ZipFile], None]) -> Path:
    """A small zip file, whatever it says is inside, with a directory that was changed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", content)
        change(file)
    assert path.stat().st_size < 100_000
    return path


def add_gigabytes(file: zipfile.ZipFile) -> None:
    """List the same megabytes again and again, under other names."""
    for number in range(200):
        entry = copy.copy(file.filelist[0])
        entry.filename = f"archive/data/{number}"
        file.filelist.append(entry)


def lie_about_the_size(file: zipfile.ZipFile) -> None:
    file.filelist[0].file_size = 10


def lie_about_the_place(file: zipfile.ZipFile) -> None:
    file.filelist[0].header_offset = 2**40


def hide_the_compression(file: zipfile.ZipFile) -> None:
    file.filelist[0].compress_type = zipfile.ZIP_LZMA


def list_it_often(file: zipfile.ZipFile) -> None:
    file.filelist.extend(file.filelist * 50)


MEGABYTES, NOISE = bytes(2**24), random.Random(0).randbytes(10_000)
BOMBS: dict[str, tuple[bytes, Callable[[zipfile.ZipFile], None], str]] = {
    "gigabytes": (MEGABYTES, add_gigabytes, "bytes claim to hold 3372220416"),
    "entries over each other": (NOISE, list_it_often, "bytes claim to hold 510000"),
    "a wrong size": (MEGABYTES, lie_about_the_size, "data.pkl"),
    "a wrong place": (MEGABYTES, lie_about_the_place, "it is no sound zip file"),
    "another compression": (MEGABYTES, hide_the_compression, "a way that PyTorch never uses"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_zip_bomb_is_refused_before_it_unfolds(bomb: str, tmp_path: Path) -> None:
    content, change, message = BOMBS[bomb]
    path = zip_with(tmp_path / "bomb", content, change)
    found = in_child(lambda: answer(read_zip, path), seconds=5, megabytes=50)
    assert found.startswith("ValueError: it is no sound zip file: ")
    assert message in found


def test_a_zip_file_may_hold_so_much_more_than_its_size_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zip_with(tmp_path / "file", bytes(1_000), lambda _: None)
    size = path.stat().st_size
    monkeypatch.setattr(files, "UNFOLDED", 1_000 - size)
    assert read_zip(path).read() == path.read_bytes()
    monkeypatch.setattr(files, "UNFOLDED", 999 - size)
    with pytest.raises(ValueError, match=f"its {size} bytes claim to hold 1000"):
        read_zip(path)
    monkeypatch.setattr(files, "UNFOLDED", 10**9)
    for name in ("entries over each other", "another compression"):
        content, change, message = BOMBS[name]
        with pytest.raises(ValueError, match=message):
            read_zip(zip_with(tmp_path / "bomb", content, change))


@pytest.mark.parametrize("name", ["load_torchscript", "load_program"])
def test_no_program_is_unfolded_that_is_a_zip_bomb(name: str, tmp_path: Path) -> None:
    path = zip_with(tmp_path / "bomb", MEGABYTES, add_gigabytes)
    found = in_child(lambda: answer(READERS[name], path), seconds=5, megabytes=50)
    assert found.startswith("ValueError: path must be a")
    assert found.endswith("bytes claim to hold 3372220416")


def test_texts_in_a_zip_may_be_compressed(tmp_path: Path) -> None:
    path = zip_with(tmp_path / "fine", MEGABYTES, lambda _: None)
    assert read_zip(path).read() == path.read_bytes()


# --- nothing in the repository unpickles ------------------------------------------------------


def texts_of_the_course() -> dict[str, str]:
    """All that a reader may run or copy, by its path."""
    found = {}
    for folder in ("gan_course", "tools", "benchmarks", "book", "notebooks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md"):
                found[str(path)] = path.read_text(encoding="utf-8")
            elif path.suffix == ".ipynb":
                cells = nbformat.read(path, as_version=4).cells
                found[str(path)] = "\n\n".join(cell.source for cell in cells)
    return found


# torch.load without weights_only=True before the next call, and others that run what they read
UNPICKLES = re.compile(
    r"torch\.load\((?!\)|[^()]*weights_only=True)|weights_only=False|allow_pickle=True|"
    r"\bc?[pP]ickle\.(load|Unpickler)|joblib|read_pickle|\bshelve\b|\bmarshal\b|torch\.hub|\bdill\b"
)


def test_nothing_of_the_course_unpickles_a_file() -> None:
    texts = texts_of_the_course()
    assert len(texts) > 60
    assert sum(text.count("weights_only=True") for text in texts.values()) >= 2
    assert {path: m.group() for path, text in texts.items() if (m := UNPICKLES.search(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        'torch.load("a.pt")',
        'torch.load("a.pt", map_location="cpu")',
        'torch.load("a.pt", weights_only=False)',
        "pickle.load(file)",
        "pickle.loads(content)",
        'np.load("a.npy", allow_pickle=True)',
        'joblib.load("a")',
    ],
)
def test_that_search_finds_what_unpickles(line: str) -> None:
    assert UNPICKLES.search(line)


def test_that_search_lets_weights_pass() -> None:
    assert not UNPICKLES.search('torch.load("a.pt", weights_only=True)')


def test_files_of_the_library_save_are_none_of_ours(tmp_path: Path) -> None:
    path = write_file(tmp_path / "file", save({"a": torch.zeros(1)}, metadata={"about": "me"}))
    with pytest.raises(ValueError, match=re.escape(f"its header has no entry '{CHECKSUM}'")):
        unpack(path)
