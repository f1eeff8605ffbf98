"""Is every seed of a study trained once, whatever happens to its processes?"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from benchmarks.study import clear, run_study

ABOUT = {"recipe": "course", "seeds": 4}


def count_up(seeds):
    for seed in seeds:
        yield {"seed": seed, "squared": seed**2}


def stop_at(stop):
    def run(seeds):
        for record in count_up(seeds):
            if record["seed"] == stop:
                raise KeyboardInterrupt
            yield record

    return run


def test_a_study_goes_on_where_it_was_and_leaves_nothing_but_its_result(tmp_path):
    path, made = tmp_path / "new" / "r.json", []
    with pytest.raises(KeyboardInterrupt):
        run_study(stop_at(2), [3, 1, 2], path, ABOUT)
    records = run_study(count_up, [3, 1, 2], path, ABOUT, made.append)
    assert records == [{"seed": seed, "squared": seed**2} for seed in (3, 1, 2)]
    assert [record["seed"] for record in made] == [2]
    clear(path)
    assert list(path.parent.iterdir()) == []


def test_seeds_of_another_study_are_not_mixed_in(tmp_path):
    path = tmp_path / "r.json"
    run_study(count_up, range(4), path, ABOUT)
    with pytest.raises(
        ValueError, match=r"r\.json\.seeds holds seeds of another study, with recipe 'course':"
    ):
        run_study(count_up, range(4), path, {**ABOUT, "recipe": "original"})
    assert len(list((tmp_path / "r.json.seeds").glob("[0-9].json"))) == 4


# --- with real processes ----------------------------------------------------------------------

SEEDS = 6
# what benchmarks.quality does, but for the training
WORKER = """
import sys, time
from pathlib import Path
from benchmarks.study import clear, run_study, write

def run(seeds):
    for seed in seeds:
        time.sleep(2)  # long enough to be killed in the middle, on a busy machine too
        yield {"seed": seed}

def show(record):
    sys.stdout.write(f"trained seed {record['seed']}\\n")  # in one piece: two processes speak
    sys.stdout.flush()

path, count = Path(sys.argv[1]), int(sys.argv[2])
records = run_study(run, range(count), path, {}, show)
if records is not None:
    print("all are here", flush=True)
    write(path, records)
clear(path)
"""


def torchrun(path):
    """Two processes share the seeds."""
    worker = path.with_name("worker.py")
    worker.write_text(WORKER, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "--max-restarts", "2", str(worker), str(path), str(SEEDS)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )


def workers_of(launcher):
    """The processes that torchrun has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == launcher:
            found.append(int(folder.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the processes in /proc")
def test_two_processes_share_the_seeds_and_one_that_is_killed_is_replaced(tmp_path):
    """No finished seed is trained again. One run for all of it: it loads torch five times."""
    path = tmp_path / "killed.json"
    launcher = torchrun(path)
    folder, until = tmp_path / "killed.json.seeds", time.monotonic() + 200
    finished = set()
    while not {0, 1} <= finished:  # of either process the first; others are not
        assert time.monotonic() < until and launcher.poll() is None
        time.sleep(0.05)
        finished = {int(file.stem) for file in folder.glob("[0-9].json")}
    os.kill(workers_of(launcher.pid)[-1], signal.SIGKILL)
    output, _ = launcher.communicate(timeout=300)
    assert launcher.returncode == 0, output
    records = json.loads(path.read_text(encoding="utf-8"))
    assert [record["seed"] for record in records] == list(range(SEEDS)), output
    trained = [int(seed) for seed in re.findall(r"trained seed (\d+)", output)]
    assert sorted(trained) == list(range(SEEDS)), output
    assert output.count("all are here") == 1
    assert {file.name for file in tmp_path.iterdir()} == {path.name, "worker.py"}
    assert "SIGKILL" in output or "-9" in output  # it did happen
