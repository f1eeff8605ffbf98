"""Does the benchmark of speed measure what it says, and write down what it prints?"""

import itertools
import json
import re
from dataclasses import replace

import pytest
import torch

from benchmarks import curves, speed
from gan_course.many import CURVES, QUICK
from gan_course.many.fast import matrix_products

CPU = torch.device("cpu")


def multiplications_of(settings):
    """Counted by hand: each layer forward and back, for D's step and for G's."""
    n = settings.batch_size
    total = 0
    sizes = [2, 256, 128, 64, 1]
    for first, (a, b) in enumerate(itertools.pairwise(sizes)):
        total += 2 * n * a * b * (3 if first else 2)  # the data need no derivative
        total += n * a * b * 2  # G's loss goes through D, and leaves its weights alone
    sizes = [2, 16, 32, 2]
    for first, (a, b) in enumerate(itertools.pairwise(sizes)):
        total += n * a * b * (4 if first else 3)  # twice forward, once back
    return total


def test_the_products_of_a_step_are_counted_as_one_counts_them():
    expected = 2 * multiplications_of(speed.SAME_NETWORKS) / 1e6
    assert speed.mega_flop(speed.SAME_NETWORKS) == pytest.approx(expected)


def test_waves_and_blur_make_the_first_products_wider():
    settings = replace(CURVES, latent_dim=3, generator_waves=1, discriminator_waves=3)
    shapes = matrix_products(settings, 2)
    n = settings.batch_size
    assert (2 * n, 2 * (1 + 2 * 3) + 1, settings.discriminator_widths[0]) in shapes
    assert (2 * n, 3 * (1 + 2 * 1), settings.generator_widths[0]) in shapes


def test_ratios_are_those_of_the_rows():
    rows = [
        {"what": "original loop", "ms": 6.0, "fastest": 5.0, "slowest": 7.0},
        {"what": "x, fast", "ms": 1.5, "fastest": 1.4, "slowest": 1.6},
        {"what": "x, products alone", "ms": 1.0, "fastest": 1.0, "slowest": 1.0},
    ]
    table = speed.steps_table(rows, 6.0)
    assert [line.split()[-1] for line in table[1:]] == ["1.0", "4.0", "6.0"]
    assert speed.step_against_products(rows) == ["x, fast: 1.50 times its matrix products"]


def test_a_short_run_prints_its_table_and_writes_it_down(tmp_path, monkeypatch, capsys):
    def short_loop(*arguments):
        return None, {"steps": 16_000, "fit_error": 0.1, "ks": 0.1}

    threads = torch.get_num_threads()
    monkeypatch.setattr(curves, "run_loop", short_loop)
    monkeypatch.setattr(speed, "QUICK", replace(QUICK, steps=20))
    monkeypatch.setattr(speed, "MANY", 2)
    monkeypatch.setattr(speed, "TURNS", (3, 2))
    path = tmp_path / "speed.json"
    arguments = ["speed", "--json", str(path), "--repeats", "1", "--seeds", "2"]
    monkeypatch.setattr("sys.argv", arguments)
    try:
        speed.main()
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["machine"]["torch"] == torch.__version__
    assert [row["seed"] for row in content["records"]] == [0, 1]
    assert {row["threads"] for row in content["steps"]} == {1, 2}
    for row in content["steps"]:
        assert 0 < row["fastest"] <= row["ms"] <= row["slowest"]
        assert re.search(rf"{re.escape(row['what'])} +{row['ms']:.3f} ", printed)
    assert "median: " in printed
