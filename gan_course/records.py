"""What did the long measurements find? Records that `benchmarks` wrote, one a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gan_course.checks import require_choice

FOLDER = Path(__file__).parent / "measured"


def load_records(name: str) -> list[dict[str, Any]]:
    """The records of a measurement that ships with the course, such as "exponential_original".

    Returns:
        One dictionary a seed, with what `python -m benchmarks.quality` prints in its table.

    Raises:
        ValueError: there is none of that name.
    """
    require_choice("name", name, sorted(file.stem for file in FOLDER.glob("*.json")))
    path = FOLDER / f"{name}.json"
    records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["records"]
    return records
