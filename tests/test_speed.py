"""Does the benchmark of speed measure what it says, and write down what it prints?"""

import json
import re
from dataclasses import replace

import pytest
import torch

from benchmarks import curves, speed
from gan_course.many import QUICK, ensemble, train


@pytest.mark.parametrize("settings", [QUICK, speed.SAME_NETWORKS], ids=("quick", "same networks"))
def test_jax_comes_to_the_same_losses(settings):
    pytest.importorskip("jax")
    ours = train(curves.data_set(speed.TASK), replace(settings, steps=16), (0, 3))
    theirs = speed.jax_loop(settings, 1)(16), speed.jax_loop(settings, 4)(16)[..., 3:]
    torch.testing.assert_close(
        torch.cat(theirs, dim=2), torch.stack(ours.losses), atol=1e-4, rtol=0
    )


@pytest.mark.slow
def test_a_short_run_prints_its_table_and_writes_it_down(tmp_path, monkeypatch, capsys):
    def short_loop(*arguments):
        return None, {"steps": 16_000, "fit_error": 0.1, "ks": 0.1}

    threads = torch.get_num_threads()
    monkeypatch.setattr(ensemble, "compiled", lambda steps: steps)  # it takes its time
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
