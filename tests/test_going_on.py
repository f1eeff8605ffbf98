"""Does a training that was cut short go on as if nothing had happened, whatever cut it short?"""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from jupyter_client.manager import start_new_kernel
from killed import TRAININGS

from gan_course import files
from gan_course.files import load_run, replace_file, save_run
from gan_course.networks import Discriminator, Generator
from gan_course.training import GAN

HERE = Path(__file__).parent


class Lost(BaseException):
    """What a test cuts a training short with."""


def stop_at(saving):
    """Make a `replace_file` that is the last one to be done."""
    count = itertools.count(1)

    def save_and_stop(*given):
        path = replace_file(*given)
        if next(count) == saving:
            raise Lost
        return path

    return save_and_stop


@pytest.mark.parametrize("name", TRAININGS)
def test_what_goes_on_comes_to_the_very_same_numbers_and_is_then_only_read(
    name, tmp_path, monkeypatch
):
    train, file = TRAININGS[name], tmp_path / "run.pt"
    whole = train(None)
    with monkeypatch.context() as patch, pytest.raises(Lost):
        patch.setattr(files, "replace_file", stop_at(3))
        train(file)
    torch.rand(5)  # somebody else draws in between
    assert train(file) == whole
    finished = file.read_bytes()
    monkeypatch.setattr(torch.Tensor, "backward", None)
    monkeypatch.setattr(torch, "bmm", None)
    monkeypatch.setattr(torch.autograd, "grad", None)
    assert train(file) == whole
    assert file.read_bytes() == finished


@pytest.mark.slow  # a process loads PyTorch, and forks many
def test_a_process_that_is_killed_again_and_again_comes_to_the_same(tmp_path):
    command = [sys.executable, str(HERE / "killed.py"), str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["killed"] >= 8 and told["went on"] >= 2
    peace, fire = told["numbers"]
    assert fire == peace


@pytest.mark.slow  # a kernel loads PyTorch
def test_a_cell_of_a_notebook_that_was_stopped_goes_on_and_its_process_comes_to_the_same(tmp_path):
    cell = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import json; from pathlib import Path; from killed import TRAININGS, gan\n"
        f"numbers = gan(Path({str(tmp_path / 'run.pt')!r}), 60)"
    )
    tell = "\nprint(json.dumps([numbers, *(train(None) for train in TRAININGS.values())]))"
    environment = {**os.environ, "TQDM_DISABLE": "1", "PYTHONHASHSEED": "1"}
    said = []

    def listen(message):
        said.append(message["content"].get("text", ""))

    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=600, env=environment)
    try:
        request = client.execute(cell)
        while not (tmp_path / "run.pt").exists():
            time.sleep(0.01)
        manager.interrupt_kernel()  # the stop button
        reply = client.get_shell_msg(timeout=600)
        while reply["parent_header"]["msg_id"] != request:
            reply = client.get_shell_msg(timeout=600)
        # the cell ends as if it were done
        assert reply["content"]["status"] == "ok", reply["content"]["traceback"]
        reply = client.execute_interactive(cell + tell, output_hook=listen)
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    first, numbers = "".join(said).strip().splitlines()
    assert first.startswith("going on from")
    here = [train(None) for train in TRAININGS.values()]
    assert json.loads(numbers) == [TRAININGS["gan"](None, 60), *here]  # bit for bit


def small(path, epochs=3, **settings):
    """A training of three epochs, saved after each."""
    torch.manual_seed(1)
    owner = GAN(
        Generator(1, widths=(3,)),
        Discriminator(1, layers=(3, 1)),
        lambda n: torch.rand(n, 1),
        lambda n: torch.randn(n, 1),
    )
    return owner.fit(epochs, 1, every=1, checkpoint=path, **settings)


def test_a_training_may_go_on_for_longer_and_its_clock_goes_on(tmp_path):
    path = tmp_path / "run.pt"
    first = small(path, 3).epochs
    longer = small(path, 5).epochs
    assert longer[:3] == first and len(longer) == 5
    assert longer == small(tmp_path / "other.pt", 5).epochs

    watched = {"watch": torch.rand(4, 1), "score": lambda samples: 1.0, "patience": 4}
    assert small(tmp_path / "clock.pt", 3, **watched).stopped_at == 3
    assert small(tmp_path / "clock.pt", 9, **watched).stopped_at == 5  # best in 1, patience 4


def test_a_place_that_cannot_be_written_is_told_before_the_training(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        small(tmp_path / "file" / "run.pt", report=lambda epoch: pytest.fail("it has trained"))


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path):
    path = tmp_path / "new folder" / "run.pt"
    save_run(path, {"name": "first"}, 1)

    def half(part):
        part.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(path, half)
    assert list(path.parent.iterdir()) == [path]
    assert load_run(path, {"name": "first"}) == 1
