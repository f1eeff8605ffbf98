"""Which kind of file is this, how is one written whole, and how does a training go on from one?"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer
from torch.utils.data import TensorDataset

from gan_course.checks import as_samples

# --- kinds of files, and which call reads them ---------------------------------------------------

NUMBERS, SCRIPT, PROGRAM = "safetensors", "TorchScript", "an exported program"
RUN, SAVED = "a training to go on with", "a pickle, as torch.save writes it"
READERS = {
    NUMBERS: "load_generator(path) reads it",
    SCRIPT: 'torch.jit.load(path, map_location="cpu") reads it, but that runs code from the file: '
    "do it only if you trust its author",
    PROGRAM: "load_program(path, trusted=True) reads it",
    RUN: "fit(..., checkpoint=path) goes on from it",
    SAVED: "torch.load(path, weights_only=True) reads it",
}


def require_kind(path: str | os.PathLike[str], wanted: str, advice: str = "") -> Path:
    """The path of a file of that kind; else a ValueError says which kind it is, and `advice`."""
    path = Path(path).expanduser()
    kind = _kind(path)
    if kind != wanted:
        reader = f". {READERS[kind]}" if kind in READERS else ""
        raise ValueError(f"{path} must be {wanted}, but seems to be {kind}{reader}{advice}")
    return path


def _kind(path: Path) -> str:
    """What a file seems to be. Nothing in it is executed to find out."""
    with path.open("rb") as file:
        start = file.read(40)
    if start[8:9] == b"{":  # after eight bytes, which say how long it is, begins the header
        return NUMBERS
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2]: name for name in archive.namelist()}  # no folders
            if "constants.pkl" in names:
                return SCRIPT
            # what torch.export writes now, and what it wrote in torch 2.6
            if names.keys() & {"archive_format", "serialized_exported_program.json"}:
                return PROGRAM
            if "data.pkl" in names:
                # a key that save_run alone writes
                return RUN if b"randoms" in archive.read(names["data.pkl"]) else SAVED
        return "a zip file"
    if start.startswith(b"PK"):
        return "a zip file that was cut short"
    if start.startswith(b"\x80"):  # how a pickle begins
        return SAVED
    text = " ".join(start.decode("latin-1").split())
    if start.isascii() and text.isprintable():
        return f"a text that begins with {text!r}" if text else "empty"
    return "of no kind that this course knows"


def replace_file(path: str | os.PathLike[str], write: Callable[[Path], object]) -> Path:
    """Write to a file beside it and rename that, so that nobody ever sees a half-written one.

    Folders on the way are made, and `~` is your home. A failure leaves an older file as it was.
    """
    path = Path(path).expanduser()
    place = path.resolve()  # where it is a link, the file that it leads to is replaced
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")  # each process has its own
    try:
        write(part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return path


# --- going on where a training was cut short -----------------------------------------------------


def save_run(
    path: str | os.PathLike[str],
    about: dict[str, Any],
    state: Any,
    random: torch.Generator | None = None,
) -> None:
    """Keep the state of a training, and where PyTorch's random numbers are, in a file.

    Args:
        path: the file.
        about: what is trained, in numbers and texts; `load_run` refuses a file from another run.
        state: what the training needs to go on: tensors, numbers, texts, lists, dicts.
        random: a source of random numbers beside PyTorch's global one.
    """
    randoms = [torch.get_rng_state(), None if random is None else random.get_state()]
    if torch.cuda.is_available():
        randoms += torch.cuda.get_rng_state_all()
    kept = {"about": about, "randoms": randoms, "state": state}
    replace_file(path, lambda part: torch.save(kept, part))


def load_run(
    path: str | os.PathLike[str], about: dict[str, Any], random: torch.Generator | None = None
) -> Any:
    """The state that `save_run` kept, with the random numbers put to where they were.

    None where there is no file yet.

    Raises:
        ValueError: the file was not written by `save_run`, or comes from another training.
    """
    path = Path(path).expanduser()
    if not path.exists():
        return None
    require_kind(path, RUN, advice=". Choose another path for this training")
    advice = "Delete it, or choose another path, to train from the beginning"
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        theirs, randoms, state = kept["about"], kept["randoms"], kept["state"]
    except Exception as error:  # torch raises whatever its readers raise
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} can't be read: {reason}. {advice}") from None
    if theirs.keys() != about.keys():
        raise ValueError(f"{path} is of another kind of training than this one. {advice}")
    others = [name for name in about if theirs[name] != about[name]]
    if others:
        raise ValueError(
            f"{path} is of another training than this one: {', '.join(others)} differ. {advice}"
        )
    torch.set_rng_state(randoms[0])
    if random is not None:
        random.set_state(randoms[1])
    if torch.cuda.is_available() and randoms[2:]:
        torch.cuda.set_rng_state_all(randoms[2:])
    return state


class Checkpoint:
    """The file of a run of `fit`; where there is no path, it does nothing."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        about: dict[str, Any],
        trained: Sequence[Any],
        loader: Any,
    ) -> None:
        """Say what goes on: `trained` are the networks and the optimisers, `about` all else."""
        self.path, self.trained = path, trained
        self.random = getattr(loader, "generator", None)  # a DataLoader's own random numbers
        optimisers = [part for part in trained if isinstance(part, Optimizer)]
        groups = [group for optimiser in optimisers for group in optimiser.param_groups]
        self.about = {
            **about,
            "betas": [group.get("betas") for group in groups],
            "batch size": getattr(loader, "batch_size", None),
            "data": None if path is None else fingerprint(loader),
        }

    def save(self, *state: Any) -> None:
        """Keep the state, and that of all that is trained."""
        if self.path is not None:
            states = [part.state_dict() for part in self.trained]
            save_run(self.path, self.about, [states, *state], self.random)

    def load(self) -> list[Any] | None:
        """Put back what is trained; returns the rest of the state, or None without a file."""
        kept = None if self.path is None else load_run(self.path, self.about, self.random)
        if kept is None:
            return None
        for part, state in zip(self.trained, kept[0], strict=True):
            part.load_state_dict(state)
        return kept[1:]


def fingerprint(data: Any) -> list[Any] | None:
    """What tells one data set, or a DataLoader of one, from another, without keeping it.

    None for what is no single table of numbers: data that are drawn, a list of batches, a `Dataset`
    of your own. Of these a file can't tell whether they are the same.
    """
    data = getattr(data, "dataset", data)
    data = data.tensors[0] if isinstance(data, TensorDataset) else data
    if not hasattr(data, "__array__"):
        return None
    numbers = as_samples(data).detach().float().cpu().numpy()
    return [list(numbers.shape), hashlib.sha256(numbers.tobytes()).hexdigest()]
