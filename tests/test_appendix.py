"""Do the programs and the numbers on the appendix pages hold?"""

import contextlib
import io
import re
from pathlib import Path
from statistics import median

import pytest

from benchmarks import losses, multiples
from gan_course import networks
from gan_course.records import load_records

BOOK = Path(__file__).resolve().parent.parent / "book"


PAGES = ("appendix_files", "appendix_long_run", "appendix_same_numbers", "how_gans_train")


@pytest.mark.filterwarnings("ignore")  # TorchScript is deprecated, as the page says
@pytest.mark.parametrize("page", PAGES)
def test_the_programs_run_and_print_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(networks, "pick_device", lambda: "cpu")
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    printed, names, compared = io.StringIO(), {}, 0
    for kind, block in re.findall(r"```(python|text)\n(.*?)```", text, re.DOTALL):
        if kind == "text":
            assert printed.getvalue() == block
            printed, compared = io.StringIO(), compared + 1
        elif "google.colab" not in block:  # the page says that we couldn't try it
            with contextlib.redirect_stdout(printed):
                exec(block, names)
    assert compared >= 1 and printed.getvalue() == ""


def test_the_table_of_changes_says_what_was_measured():
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
    assert len({line.split(" | ")[3] for line in lines}) == 1  # "the same in every row"
    assert f"moves by at most {max(moves):.3f}. " in page
    assert f"differ by up to {max(alike) - min(alike):.3f}. " in page


def test_the_table_of_patterns_says_what_was_measured():
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


def test_the_tables_of_losses_say_what_was_measured():
    page = (BOOK / "appendix_losses.md").read_text(encoding="utf-8")
    records = load_records("losses")
    for name in losses.LOSSES:
        counted, typical = [name], [name]
        for target in losses.TARGETS:
            close, good, low, high = losses.count(records, name, target)
            counted.append(f"{close} ({100 * low:.0f} to {100 * high:.0f} %)")
            rows = [r for r in records if (r["loss"], r["target"]) == (name, target)]
            error = median(r["error"] for r in rows)
            words = f"{100 * error:.2f} %" if target == "sine" else f"{error:.4f}"
            typical.append(f"{good}; {words}")
        for cells in (counted, typical):
            assert f"| {' | '.join(cells)} |" in page
