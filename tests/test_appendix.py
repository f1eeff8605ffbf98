"""Do the programs and the numbers on the appendix pages hold?"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks import multiples
from gan_course.records import load_records

BOOK = Path(__file__).resolve().parent.parent / "book"


def blocks(page: str, language: str) -> list[str]:
    """A page's fenced blocks of a language."""
    text = (BOOK / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.filterwarnings("ignore")  # TorchScript is deprecated, as the page says
@pytest.mark.parametrize("page", ["appendix_files.md", "appendix_same_numbers.md"])
def test_the_programs_run_and_print_what_the_page_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed, names = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(printed):
        for program in blocks(page, "python"):
            exec(program, names)
    assert [printed.getvalue()] == blocks(page, "text")


def test_the_table_of_changes_says_what_was_measured() -> None:
    page = (BOOK / "appendix_same_numbers.md").read_text(encoding="utf-8")
    records = load_records("reproduced")
    alike = [record["once more"]["ks"] for record in records]
    lines, moves = [], []
    for change in [name for name in records[0] if name != "seed"]:
        rows = [record[change] for record in records]
        parted = [row["parted"] for row in rows if row["parted"]]
        moves.append(max(abs(row["ks"] - ks) for row, ks in zip(rows, alike, strict=True)))
        cells = [
            change,
            f"{sum(row['equal'] for row in rows)} of {len(rows)}",
            f"{min(parted)} to {max(parted)}" if parted else "never",
            f"{median(row['fit_error'] for row in rows):.2%}".replace("%", " %"),
            f"{moves[-1]:.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    assert "\n".join(lines) in page
    assert f"moves by at most {max(moves):.3f}. " in page
    assert f"differ by up to {max(alike) - min(alike):.3f}. " in page


def test_the_table_of_patterns_says_what_was_measured() -> None:
    page = (BOOK / "appendix_same_numbers.md").read_text(encoding="utf-8")
    names = {"multiples": "multiples of 5", "odd": "odd numbers"}
    names |= {f"multiples_of_{n}": f"multiples of {n}" for n in (2, 3, 7)}
    for name, words in names.items():
        records = load_records(f"{name}_course")
        tv = [record["tv"] for record in records]
        cells = [
            words,
            f"{sum(map(multiples.reached, records))} of {len(records)}",
            f"{min(record['validity'] for record in records):.3%}".replace("%", " %"),
            f"{median(tv):.3f}",
            f"{max(tv):.3f}",
        ]
        assert f"| {' | '.join(cells)} |" in page
