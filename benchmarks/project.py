"""What is a project? Its recipes, how a seed is trained and measured, and what it should reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gan_course.many import Ensemble, Settings, train
from gan_course.many.draws import Draw

Record = dict[str, Any]
GROUP = 20  # seeds that are trained at once: enough to be fast, few enough to see progress


@dataclass(frozen=True)
class Project:
    """One thing to learn, and the recipes that are compared on it."""

    recipes: tuple[str, ...]
    columns: dict[str, str]  # what the table shows: name -> format
    target: str  # in words
    reached: Callable[[Record], bool]
    # (recipe, seeds, fresh samples, device)
    run: Callable[[str, Sequence[int], int, str], Iterator[Record]]
    fresh: int = 20_000  # samples that a final generator is measured on
    settings: Mapping[str, Settings] = field(default_factory=dict)  # of recipes that have them


def train_together(
    data: Tensor | Draw,
    settings: Settings,
    seeds: Sequence[int],
    measure: Callable[[Ensemble], list[Record]],
    device: str,
) -> Iterator[Record]:
    """Train all seeds at once; the seconds are a seed's share."""
    started = time.perf_counter()
    ensemble = train(data, settings, seeds, device=device)
    records = measure(ensemble)
    seconds = round((time.perf_counter() - started) / len(records), 2)
    for seed, record in zip(ensemble.seeds, records, strict=True):
        yield {"seed": seed, "steps": settings.steps, **record, "seconds": seconds}


def train_one_by_one(run: Callable[[int], Record], seeds: Sequence[int]) -> Iterator[Record]:
    """Train seed after seed."""
    for seed in seeds:
        started = time.perf_counter()
        record = run(seed)
        yield {"seed": seed, **record, "seconds": round(time.perf_counter() - started, 1)}
