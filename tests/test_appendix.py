"""Do the programs and the numbers on the appendix pages hold?"""

import contextlib
import io
import math
import re
import subprocess
import sys
from itertools import combinations
from statistics import median

import pytest
import torch
from conftest import BOOK
from scipy.stats import binomtest

from benchmarks import multiples
from gan_course import networks
from gan_course.records import load_records

PAGES = [
    pytest.param("appendix_files", marks=pytest.mark.slow),  # exports programs
    *("appendix_long_run", "appendix_same_numbers", "how_gans_train"),
]


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


@pytest.mark.slow
def test_two_processes_share_a_study_and_come_to_the_same_gan(tmp_path):
    page = (BOOK / "appendix_several_processes.md").read_text(encoding="utf-8")
    block = r"```\{code-block\} python\n:caption: `(.*?)`\n(.*?)```"
    scripts = dict(re.findall(block, page, re.DOTALL))
    # that the seeds are shared a few steps show as well
    study = scripts["study.py"].replace("import QUICK", "import Settings")
    scripts["study.py"] = study.replace("points, QUICK", "points, Settings(steps=16)")
    assert scripts["study.py"].count("Settings") == 2
    for name, script in scripts.items():
        (tmp_path / name).write_text(script, encoding="utf-8")
    for name in scripts:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        subprocess.run([*command, "--nproc-per-node", "2", name], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "one_gan.py"], cwd=tmp_path, check=True)
    one, two = (torch.load(tmp_path / f"by_{size}.pt", weights_only=True) for size in (1, 2))
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)
    shares = [torch.load(tmp_path / f"process_{rank}.pt", weights_only=True) for rank in (0, 1)]
    assert [tuple(samples.shape) for samples in shares] == [(4, 1_000, 2)] * 2


def test_the_table_of_changes_says_what_was_measured():
    page = (BOOK / "appendix_same_numbers.md").read_text(encoding="utf-8")
    records = load_records("reproduced")
    alike = [record["once more"] for record in records]
    lines, moved, off = [], [], []
    for change in [name for name in records[0] if name != "seed"]:
        rows = [record[change] for record in records]
        parted = [row["parted"] for row in rows if row["parted"]]
        moves = [abs(row["ks"] - own["ks"]) for row, own in zip(rows, alike, strict=True)]
        if change in ("no AVX", "a compiled step"):
            assert not any(row["equal"] for row in rows)
            assert all(10 <= row["parted"] <= 200 for row in rows)
            moved.append(median(moves))
        else:  # "the rows that say never"
            assert all(row["equal"] and row["parted"] is None for row in rows)
        off += [
            abs(row["fit_error"] - own["fit_error"]) for row, own in zip(rows, alike, strict=True)
        ]
        cells = [
            change,
            f"{sum(row['equal'] for row in rows)} of {len(rows)}",
            f"{min(parted)} to {max(parted)}" if parted else "never",
            f"{median(row['fit_error'] for row in rows):.2%}".replace("%", " %"),
            f"{max(moves):.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    assert "\n".join(lines) in page
    errors = [float(line.split(" | ")[3].removesuffix(" %")) for line in lines]
    assert max(errors) - min(errors) <= 0.05  # "nearly the same in every row"
    assert f"it moves by up to {100 * max(off):.2f} percentage points. " in page
    between = median(abs(a["ks"] - b["ks"]) for a, b in combinations(alike, 2))
    assert f"differ by {between:.3f}. " in page
    for typical in moved:  # "nearly as much as another seed would", where losses drift apart
        assert f"KS distance typically moves by {typical:.3f}, " in page
        assert between / 2 < typical < between


def test_the_table_of_patterns_says_what_was_measured():
    page = (BOOK / "appendix_patterns.md").read_text(encoding="utf-8")
    names = {"multiples": "multiples of 5", "odd": "odd numbers"}
    names |= {f"multiples_of_{n}": f"multiples of {n}" for n in (2, 3, 7)}
    names |= {"one_value": "one value", "two_values": "two values", "all_values": "all hundred"}
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
    ends = [binomtest(n, n).proportion_ci(method="wilson") for n in (20, 40, 100)]
    said = "20 of 20 fit true rates of {} % or more, 40 of 40 of {} %, 100 of 100 of {} %."
    assert said.format(*(f"{100 * end.low:.0f}" for end in ends)) in page
    assert f"have about {(100 / (2 * math.pi * multiples.FRESH)) ** 0.5:.3f}." in page
