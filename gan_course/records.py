"""What did the long measurements find? Records that `benchmarks` wrote, one a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "measured"


def load_records(name: str) -> list[dict[str, Any]]:
    """The records of a measurement that ships with the course, such as "exponential_original".

    Returns:
        One dictionary a seed, with what `python -m benchmarks.quality` prints in its table.
    """
    names = sorted(file.stem for file in FOLDER.glob("*.json"))
    if name not in names:  # there is no other list of them
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    records: list[dict[str, Any]] = content["records"]
    return records
