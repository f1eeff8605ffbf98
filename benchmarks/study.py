"""Which process trains which seeds? A study that outlives its processes, on one machine or many.

Alone, `run_study` trains every seed. Started by torchrun, each process takes its share of them. A
seed that is finished is kept in a file of its own at once, so that whoever starts again, torchrun
or a person, goes on with the others: none is lost, and none is trained twice.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch.distributed as dist

from benchmarks.project import Record
from gan_course.files import replace_file

Run = Callable[[Sequence[int]], Iterator[Record]]


def write(path: Path, content: object) -> None:
    """Write JSON in one piece: there is never half a file."""
    text = json.dumps(content, indent=1) + "\n"
    replace_file(path, lambda part: part.write_text(text, encoding="utf-8"))


def run_study(
    run: Run,
    seeds: Sequence[int],
    path: Path,
    study: dict[str, object],
    show: Callable[[Record], None] = lambda record: None,
) -> list[Record] | None:
    """Train the seeds that are not finished yet, together with all other processes of the study.

    Args:
        run: trains seeds, and gives one record a seed as each is finished.
        seeds: of the whole study, the same in every process.
        path: where the result will be; finished seeds wait in a folder beside it.
        study: what is studied, in words and numbers. A folder of another study is not touched.
        show: called with every record that this process makes.

    Returns:
        The records of all seeds in their order, in the first process; None in all others.

    Raises:
        ValueError: the folder beside the path belongs to another study.
    """
    rank, size = join()
    folder = path.with_name(path.name + ".seeds")
    about = folder / "study.json"
    theirs = json.loads(about.read_text(encoding="utf-8")) if about.exists() else study
    others = [f"{name} {theirs.get(name)!r}" for name in study if theirs.get(name) != study[name]]
    if others:
        raise ValueError(
            f"{folder} holds seeds of another study, with {', '.join(others)}: finish that one, "
            "choose another path, or delete the folder"
        )
    write(about, study)
    # every process has to know all that is finished, and some may see another disk
    finished = {seed for kept in exchange(kept_records(folder)) for seed in kept}
    left = [seed for seed in seeds if seed not in finished]
    for record in run(left[rank::size]):
        write(folder / f"{record['seed']}.json", record)
        show(record)
    records = {
        seed: record for kept in exchange(kept_records(folder)) for seed, record in kept.items()
    }
    return [records[seed] for seed in seeds] if rank == 0 else None


def clear(path: Path) -> None:
    """Remove the folder of finished seeds: the result is written, in every process's view."""
    exchange({})  # wait for the first process, which writes it
    if dist.is_initialized():
        # gloo's threads may kill a process that ends without this; torchrun would then start all
        # of them anew, and they would find no finished seed any more. The pause: torch 2.6 may
        # wait for ever where this comes right after an exchange
        time.sleep(1)
        dist.destroy_process_group()
    shutil.rmtree(path.with_name(path.name + ".seeds"), ignore_errors=True)


def kept_records(folder: Path) -> dict[int, Record]:
    """The finished seeds that this process can see."""
    files = (file for file in folder.glob("*.json") if file.stem.isdigit())
    return {int(file.stem): json.loads(file.read_text(encoding="utf-8")) for file in files}


def join() -> tuple[int, int]:
    """Which process this is, and of how many: 0 of 1, unless torchrun has started it."""
    if not dist.is_torchelastic_launched():
        return 0, 1
    if not dist.is_initialized():
        shared = None
        if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
            # its entries outlive a killed process: after a restart nobody may find the old ones
            place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
            attempt = os.environ["TORCHELASTIC_RESTART_COUNT"]
            store = dist.TCPStore(*place, is_master=False)  # type: ignore[attr-defined]
            shared = dist.PrefixStore(f"study/{attempt}", store)  # type: ignore[attr-defined]
        # records are passed on from CPU to CPU; the first to be ready waits for the last
        dist.init_process_group(
            "gloo",
            store=shared,
            rank=int(os.environ["RANK"]),
            world_size=int(os.environ["WORLD_SIZE"]),
            timeout=timedelta(days=7),
        )
    return dist.get_rank(), dist.get_world_size()


def exchange(mine: Any) -> list[Any]:
    """What every process gives, in the order of their ranks; all wait for each other here."""
    if not dist.is_initialized():
        return [mine]
    everyones: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everyones, mine)
    return everyones
