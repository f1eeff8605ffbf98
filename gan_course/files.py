"""How do tensors get to a file and back? In one piece, or not at all; and nothing is executed."""

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

CHECKSUM = "gan_course.sha256"  # the entry in a file's header that guards all others
LEFT_OVER = 3600.0  # seconds after which an unfinished file belongs to a process that was killed


def write_file(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file in one piece: whoever looks finds the old file or the new one, never a part.

    It is written beside its place first and then moved there. Folders on the way are made.

    Returns:
        The path.

    Raises:
        OSError: the file can't be written, such as on a full disk; an older one is as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # on the disk, before the name says so
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for old in target.parent.glob(f".{glob.escape(target.name)}.*.part"):  # of killed processes
        if time.time() - old.stat().st_mtime > LEFT_OVER:
            old.unlink(missing_ok=True)
    return target


def require_file(path: str | os.PathLike[str]) -> Path:
    """The path, if there is a file.

    Raises:
        FileNotFoundError: there is none.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"path must be an existing file, got {file}")
    return file


def pack(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file: tensors, and texts with a checksum in its header."""
    from safetensors.torch import save

    # cloned, as safetensors refuses tensors that share memory
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    return save(whole, metadata={**texts, CHECKSUM: _checksum(whole, texts)})


def unpack(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read what `pack` made. Nothing in the file is executed.

    Returns:
        The tensors, on the CPU, and the texts.

    Raises:
        FileNotFoundError: there is no file at `path`.
        ValueError: the file is damaged, or was not made by `pack`.
    """
    from safetensors import SafetensorError, safe_open

    path = require_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            texts = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no dict)
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"it is no whole safetensors file: {error}") from error
    checksum = texts.pop(CHECKSUM, None)
    if checksum is None:
        raise ValueError(f"its header has no entry {CHECKSUM!r}")
    if checksum != _checksum(tensors, texts):
        raise ValueError("it is damaged: what it holds does not fit to its checksum")
    return tensors, texts


def checksum(*tensors: Tensor) -> str:
    """A text that stands for these tensors: other numbers, shapes or types have another one."""
    return _checksum({str(k): value.detach().cpu() for k, value in enumerate(tensors)}, {})


def _checksum(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(
            value.contiguous().flatten().view(torch.uint8).numpy().tobytes()
            if value.numel()
            else b""
        )
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\n{text}\n".encode())
    return digest.hexdigest()
