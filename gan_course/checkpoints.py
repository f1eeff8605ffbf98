"""How does a training survive an interruption? It keeps all it needs to go on in a file."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.checks import require_count, require_path, require_sequence, require_type
from gan_course.files import pack, unpack, write_file

STATE = "gan_course.checkpoint"  # the entry in the file's header: all that is no tensor
State = dict[str, Any]  # of tensors, numbers, texts, None, and lists and dicts of these


@dataclass(frozen=True)
class Checkpoint:
    """A file that a training goes on from after Ctrl-C, a restarted kernel, or a lost machine.

    Hand it to `training.fit`, `GAN.fit` or `ensemble.train`. While they train they keep in the file
    both networks, both optimisers, what was reported so far and the state of PyTorch's random
    numbers; when they are called again with the same file, they go on from there, to the very
    same losses as without the interruption, on the same machine with the same versions. A training
    that is finished is only read; to train anew, delete the file.

    The file is a safetensors file that is written in one piece, so that a reader or a crash never
    meets half of it. What is in it, is never executed.

    Attributes:
        path: the file; it need not be there yet.
        every: epochs between two savings; in `ensemble.train`, steps.
        randoms: sources of random numbers that batches or noise draw from, beside PyTorch's
            global one, such as the `generator` of a DataLoader.

    Raises:
        TypeError: `path` is no path, `every` no whole number, or `randoms` no list of
            torch.Generators.
        ValueError: `path` is empty or has a NUL character, or `every` is below 1.
    """

    path: str | os.PathLike[str]
    every: int = 25
    randoms: Sequence[torch.Generator] = ()

    def __post_init__(self) -> None:
        require_path("path", self.path)
        require_count("every", self.every)
        require_sequence("randoms", self.randoms, "[torch.Generator()]")
        for position, random in enumerate(self.randoms):
            require_type(f"randoms[{position}]", random, torch.Generator, "a torch.Generator")

    def load(self, about: State, device: torch.device) -> State | None:
        """Read what `save` kept, and set all random numbers to where they were then.

        Args:
            about: what is trained, in numbers and texts. A file about something else is an error.
            device: where the training computes.

        Returns:
            The state, its tensors on the CPU; None where there is no file yet.

        Raises:
            ValueError: the file is damaged, no checkpoint, or of another training.
            OSError: the file can't be read.
        """
        path = Path(self.path)
        if not path.exists():
            return None
        advice = "Delete it, or choose another path, to train from the beginning"
        try:
            tensors, texts = unpack(path)
            kept = _join(json.loads(texts[STATE]), tensors)
            theirs, randoms, state = kept["about"], kept["randoms"], kept["state"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"path must be a checkpoint, got {path}: {error}. {advice}") from error
        about = _join(_split(about, {}), {})  # as a file gives it back
        others = [
            f"{name} {theirs.get(name)!r}" for name in about if theirs.get(name) != about[name]
        ]
        if others or len(randoms["own"]) != len(self.randoms):
            others = others or [f"{len(randoms['own'])} randoms"]
            raise ValueError(
                f"path must be a checkpoint of this training, got {path} of one with "
                f"{', '.join(others)}. {advice}"
            )
        torch.set_rng_state(randoms["cpu"])
        if device.type in randoms and device.type != "cpu":
            torch.get_device_module(device).set_rng_state(randoms[device.type])
        for random, was in zip(self.randoms, randoms["own"], strict=True):
            random.set_state(was)
        return state

    def save(self, about: State, device: torch.device, state: State) -> None:
        """Keep a state, and where all random numbers are.

        Args:
            about: what is trained, see `load`.
            device: where the training computes.
            state: what the training needs to go on.

        Raises:
            OSError: the file can't be written, such as on a full disk; an older one is as it was.
        """
        randoms: State = {"cpu": torch.get_rng_state()}
        if device.type != "cpu":
            randoms[device.type] = torch.get_device_module(device).get_rng_state()
        randoms["own"] = [random.get_state() for random in self.randoms]
        tensors: dict[str, Tensor] = {}
        kept = _split({"about": about, "randoms": randoms, "state": state}, tensors)
        write_file(self.path, pack(tensors, {STATE: json.dumps(kept)}))


@contextmanager
def undone_if_diverged(networks: Sequence[nn.Module], epoch: int, losses: Sized) -> Iterator[None]:
    """Train an epoch inside: where it diverges, the networks get back their weights from before.

    Args:
        networks: whose weights are put back.
        epoch: the number of the epoch, for the message.
        losses: one for each step that is done, for the message.

    Raises:
        FloatingPointError: one was raised inside; this one says when, and what to try.
    """
    good = [copy.deepcopy(network.state_dict()) for network in networks]
    try:
        yield
    except FloatingPointError as error:
        restore(networks, good)
        raise FloatingPointError(
            f"training diverged in epoch {epoch}, after {len(losses)} of its steps: {error}. "
            "The networks have their weights from before this epoch; "
            "try smaller learning rates, and data scaled to [-1, 1]"
        ) from error


def restore(parts: Iterable[Any], states: Iterable[State]) -> None:
    """Put networks and optimisers back to states that `state_dict` gave, in the same order."""
    for part, state in zip(parts, states, strict=True):
        part.load_state_dict(state)


def shapes(network: nn.Module) -> State:
    """What a network must have to take in another's weights: the shape of each."""
    return {name: list(value.shape) for name, value in network.state_dict().items()}


def _split(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON knows it; tensors go into `tensors`, and their names stay."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):  # JSON would turn keys that are numbers into texts
        return {"dict": [[key, _split(part, tensors)] for key, part in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_split(part, tensors) for part in value]
    return value


def _join(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What `_split` was given, tuples as lists."""
    if isinstance(value, dict) and "tensor" in value:
        return tensors[value["tensor"]]
    if isinstance(value, dict):
        return {key: _join(part, tensors) for key, part in value["dict"]}
    return [_join(part, tensors) for part in value] if isinstance(value, list) else value
