"""How do tensors get to a file and back? In one piece, or not at all; and nothing is executed."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import io
import json
import os
import secrets
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gan_course.checks import require_path, require_type

CHECKSUM = "gan_course.sha256"  # the entry in a file's header that guards all others
HEADER = 10_000_000  # bytes of names and texts in a file: they bound how long reading it takes
LEFT_OVER = 3600.0  # seconds after which an unfinished file belongs to a process that was killed
UNFOLDED = 2**26  # bytes that a zip file may hold beyond its own size: texts are compressed
PYTORCH_WRITES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_file(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file in one piece: whoever looks finds the old file or the new one, never a part.

    It is written beside its place first and then moved there. Folders on the way are made, and
    where `path` is a link, the file that it leads to is replaced.

    Returns:
        The path.

    Raises:
        TypeError: `path` is no path, or `content` is not bytes.
        ValueError: `path` is empty or has a NUL character.
        OSError: the file can't be written, such as on a full disk; an older one is as it was.
    """
    require_path("path", path)
    require_type("content", content, bytes)
    target = Path(path)
    place = Path(os.path.realpath(target))
    if place.exists() and not place.is_file():  # a device would be replaced, not written to
        raise OSError(errno.EEXIST, "Something that is no file has this name", str(target))
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # on the disk, before the name says so
        part.replace(place)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            # a full disk names no file, and others name the part, which nobody has heard of
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    _remove_left_overs(place)
    return target


def require_file(path: str | os.PathLike[str]) -> Path:
    """The path, if there is a file: no folder, and no device or pipe, which may have no end.

    Raises:
        TypeError: `path` is no path.
        ValueError: `path` is empty or has a NUL character.
        OSError: there is no such file (FileNotFoundError), or one can't look.
    """
    require_path("path", path)
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"path must be an existing file, got {file}")
    return file


def pack(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file: tensors, and texts with a checksum in its header.

    Raises:
        ValueError: the names and texts are more than `unpack` takes.
    """
    from safetensors.torch import save

    # cloned, as safetensors refuses tensors that share memory
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    content: bytes = save(whole, metadata={**texts, CHECKSUM: _checksum(whole, texts)})
    end = 8 + int.from_bytes(content[:8], "little")
    # safetensors writes texts in any order; sorted, equal content gives equal files
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # what follows begins at a multiple of 8 bytes
    if len(header) > HEADER:
        raise ValueError(
            f"texts, and the names of tensors, must fit into {HEADER} bytes, got {len(header)}"
        )
    return len(header).to_bytes(8, "little") + header + content[end:]


def unpack(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read what `pack` made. Nothing in the file is executed.

    Returns:
        The tensors, on the CPU, and the texts.

    Raises:
        TypeError: `path` is no path.
        OSError: there is no file at `path` (FileNotFoundError), or it can't be read.
        ValueError: `path` is empty or has a NUL character, or the file is damaged, or was not
            made by `pack`.
    """
    from safetensors import safe_open

    path = require_file(path)
    with path.open("rb") as start:
        header = int.from_bytes(start.read(8), "little")
    if header > HEADER:
        raise ValueError(f"its header must be at most {HEADER} bytes, got {header}")
    try:
        with safe_open(path, framework="pt") as file:
            texts = dict(file.metadata() or {})
            checksum = texts.pop(CHECKSUM, None)
            if checksum is None:
                raise ValueError(f"its header has no entry {CHECKSUM!r}")
            # cloned, as they are windows on the file: whoever changes it would change them
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118  (it is no dict)
        if checksum != _checksum(tensors, texts):
            raise ValueError("it is damaged: what it holds does not match its checksum")
    except (OSError, ValueError):
        raise
    except Exception as error:  # safetensors and torch raise whatever their parsers raise
        raise ValueError(f"it is no whole safetensors file: {error}") from error
    return tensors, texts


def checksum(*tensors: Tensor) -> str:
    """A text that stands for these tensors: other numbers, shapes or types have another one."""
    return _checksum({str(k): value.detach().cpu() for k, value in enumerate(tensors)}, {})


def read_zip(path: str | os.PathLike[str]) -> io.BytesIO:
    """The bytes of a zip file, such as TorchScript, after a look at whether it is sound.

    PyTorch does not look: from a damaged file it may load other weights without a word.

    Raises:
        TypeError: `path` is no path.
        OSError: there is no file at `path` (FileNotFoundError), or it can't be read.
        ValueError: `path` is empty or has a NUL character, or the file is no zip file, is damaged,
            or unfolds to far more than its size.
    """
    content = io.BytesIO(require_file(path).read_bytes())
    try:
        _require_sound_zip(content)
    except Exception as error:  # zipfile raises whatever its decompressors raise
        raise ValueError(f"it is no sound zip file: {error}") from error
    content.seek(0)
    return content


def _require_sound_zip(content: io.BytesIO) -> None:
    size = content.getbuffer().nbytes
    with zipfile.ZipFile(content) as file:
        entries = file.infolist()
        packed = sum(entry.compress_size for entry in entries)  # more, where entries overlap
        unfolded = sum(entry.file_size for entry in entries)
        if packed > size or unfolded > size + UNFOLDED:
            raise ValueError(f"its {size} bytes claim to hold {unfolded}")
        if any(entry.compress_type not in PYTORCH_WRITES for entry in entries):
            raise ValueError("it is compressed in a way that PyTorch never uses")
        broken = file.testzip()  # by now small enough to be read whole
    if broken is not None:
        raise ValueError(f"{broken} does not match its checksum")


def _checksum(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        if value.numel():  # an empty tensor has no bytes to look at
            digest.update(value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    digest.update(json.dumps(sorted(texts.items())).encode())
    return digest.hexdigest()


def _remove_left_overs(place: Path) -> None:
    """Remove unfinished files of processes that were killed, once they are old."""
    for part in place.parent.glob(f".{glob.escape(place.name)}.*.part"):
        with contextlib.suppress(OSError):  # a process that is not dead has moved it just now
            if time.time() - part.stat().st_mtime > LEFT_OVER:
                part.unlink()
