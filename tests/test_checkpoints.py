"""Does a training that was cut short go on as if nothing had happened, whatever cut it short?"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from jupyter_client.manager import start_new_kernel
from killed import TRAININGS
from torch import Tensor, nn

from gan_course import checkpoints
from gan_course.checkpoints import Checkpoint
from gan_course.ensemble import Diverged, train
from gan_course.gan import GAN, Discriminator, Generator
from gan_course.networks import make_discriminator, make_generator
from gan_course.recipes import QUICK
from gan_course.training import fit, normal_noise

HERE = Path(__file__).parent
CPU = torch.device("cpu")
SIZES = {"loop": 6, "gan": 6, "fast_gan": 6, "ensemble": 50, "fast": 50, "shared": 50}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


class Lost(BaseException):
    """What a test cuts a training short with."""


def stop_at(saving: int) -> Callable[..., None]:
    """Make a `Checkpoint.save` that is the last one to be done."""
    save, count = Checkpoint.save, 0

    def save_and_stop(*given: Any) -> None:
        nonlocal count
        save(*given)
        count += 1
        if count == saving:
            raise Lost

    return save_and_stop


@pytest.mark.parametrize("saving", [1, 2, 4])
@pytest.mark.parametrize("name", TRAININGS)
def test_what_goes_on_comes_to_the_very_same_numbers(
    name: str, saving: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, size = TRAININGS[name], SIZES[name]
    whole = training(None, size)
    checkpoint = Checkpoint(tmp_path / "run.safetensors", every=1)
    with monkeypatch.context() as patch, pytest.raises(Lost):
        patch.setattr(Checkpoint, "save", stop_at(saving))
        training(checkpoint, size)
    torch.rand(5)  # somebody else draws in between
    assert training(checkpoint, size) == whole


@pytest.mark.parametrize("name", TRAININGS)
def test_a_checkpoint_changes_nothing_in_a_training(name: str, tmp_path: Path) -> None:
    training, size = TRAININGS[name], SIZES[name]
    assert training(Checkpoint(tmp_path / "run", every=2), size) == training(None, size)


@pytest.mark.parametrize("name", TRAININGS)
def test_a_finished_training_is_read_and_not_trained_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, size = TRAININGS[name], SIZES[name]
    checkpoint = Checkpoint(tmp_path / "run", every=4 if size < 10 else 32)  # ends in between
    first = training(checkpoint, size)
    before = (tmp_path / "run").read_bytes()
    monkeypatch.setattr(torch.Tensor, "backward", None)
    monkeypatch.setattr(torch, "bmm", None)
    monkeypatch.setattr(torch.autograd, "grad", None)
    assert training(checkpoint, size) == first
    assert (tmp_path / "run").read_bytes() == before


def test_a_process_that_is_killed_fifty_times_comes_to_the_same(tmp_path: Path) -> None:
    """The other loops, cut short in one process, are above; `python tests/killed.py` kills them."""
    command = [sys.executable, str(HERE / "killed.py"), "gan", "50", "0.05", str(tmp_path)]
    done = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    killed, in_peace, under_fire = json.loads(done.stdout)
    assert killed >= 50
    assert under_fire == in_peace


def test_ctrl_c_stops_at_once_and_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    code = (
        "import signal, sys; from pathlib import Path; from killed import gan; "
        "from gan_course.checkpoints import Checkpoint; "
        # a shell switches Ctrl-C off for what it starts by &, such as these tests
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "print('ready', flush=True); gan(Checkpoint(Path(sys.argv[1]), every=1), 10**6)"
    )
    path = tmp_path / "run.safetensors"
    command = [sys.executable, "-c", code, str(path)]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)
    finally:
        process.kill()  # one that does not stop would slow down whatever comes next
    assert error.rstrip().endswith(b"KeyboardInterrupt")
    assert list(tmp_path.iterdir()) == [path]
    _, texts = checkpoints.unpack(path)
    assert checkpoints.STATE in texts


def test_a_notebook_goes_on_after_its_kernel_was_stopped_and_started_anew(tmp_path: Path) -> None:
    cell = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from killed import gan; from gan_course.checkpoints import Checkpoint\n"
        f"print(gan(Checkpoint({str(tmp_path / 'run')!r}, every=1), 150))"
    )
    manager, client = start_new_kernel(kernel_name="python3", env=ENVIRONMENT)
    try:
        request = client.execute(cell)
        while not (tmp_path / "run").exists():
            time.sleep(0.01)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=60)
        while reply["parent_header"]["msg_id"] != request:
            reply = client.get_shell_msg(timeout=60)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        said: list[str] = []

        def listen(message: dict[str, Any]) -> None:
            said.append(message["content"].get("text", ""))

        assert client.execute_interactive(cell, output_hook=listen)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert json.loads("".join(said)) == TRAININGS["gan"](None, 150)


def small(path: Path, **changed: Any) -> GAN:
    """A training of three epochs, saved after each."""
    torch.manual_seed(1)
    networks = Generator(1, widths=(3,)), Discriminator(1, layers=(3, 1))
    owner = GAN(*networks, lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1), **changed)
    owner.fit(3, 1, checkpoint=Checkpoint(path, every=1))
    return owner


def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    small(path)
    good = path.read_bytes()
    flipped = good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]
    for bad in (good[:-1], good[: len(good) // 2], b"", b"\0" * 100, good + b"1", flipped):
        path.write_bytes(bad)
        message = r"path must be a checkpoint, got .*run\.safetensors: .*\. Delete it, or choose"
        with pytest.raises(ValueError, match=message):
            small(path)
        assert path.read_bytes() == bad


def test_a_generator_is_no_checkpoint(tmp_path: Path) -> None:
    from gan_course.saving import save_generator

    save_generator(nn.Sequential(nn.Linear(1, 1)), tmp_path / "run")
    with pytest.raises(ValueError, match=r"path must be a checkpoint, got .*run"):
        small(tmp_path / "run")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"batch_size": 5}, "batch_size 32"),
        ({"average": 0.5}, r"average 0\.0"),
        ({"generator_rate": 0.1}, r"rates \[0\.001, 0\.0002\]"),
        ({"betas": (0.9, 0.999)}, r"betas \[\[0\.5, 0\.999\], \[0\.5, 0\.999\]\]"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_with_what_differs(
    changed: Any, what: str, tmp_path: Path
) -> None:
    small(tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    message = f"path must be a checkpoint of this training, got .*run of one with {what}. Delete"
    with pytest.raises(ValueError, match=message):
        small(tmp_path / "run", **changed)
    assert (tmp_path / "run").read_bytes() == before


def test_other_data_settings_or_seeds_are_another_training(tmp_path: Path) -> None:
    points, settings = torch.rand(20, 2), replace(QUICK, steps=3)
    checkpoint = Checkpoint(tmp_path / "run")
    train(points, settings, [1], checkpoint=checkpoint)
    for given, what in (
        ((points + 1, settings, [1]), "data '"),
        ((points, replace(settings, betas=(0.1, 0.2)), [1]), r"betas \[0\.5, 0\.99\]"),
        ((points, settings, [2]), r"seeds \[1\]"),
    ):
        with pytest.raises(ValueError, match=f"of one with {what}"):
            train(*given, checkpoint=checkpoint)
    with pytest.raises(ValueError, match=r"of one with training 'ensemble\.train'"):
        small(tmp_path / "run")


def test_other_sources_of_random_numbers_are_another_training(tmp_path: Path) -> None:
    small(tmp_path / "run")
    checkpoint = Checkpoint(tmp_path / "run", randoms=[torch.Generator()])
    gan = GAN(
        Generator(1, widths=(3,)),
        Discriminator(1, layers=(3, 1)),
        lambda n: torch.rand(n, 1),
        lambda n: torch.randn(n, 1),
    )
    with pytest.raises(ValueError, match="of one with 0 randoms"):
        gan.fit(3, 1, checkpoint=checkpoint)


def test_a_training_may_go_on_for_longer(tmp_path: Path) -> None:
    torch.manual_seed(1)
    whole = TRAININGS["loop"](None, 5)
    checkpoint = Checkpoint(tmp_path / "run", every=2)
    TRAININGS["loop"](checkpoint, 3)
    assert TRAININGS["loop"](checkpoint, 5) == whole


def test_the_clock_goes_on_where_it_stopped(tmp_path: Path) -> None:
    given = Generator(1), Discriminator(1), lambda n: torch.rand(n, 1), lambda n: torch.randn(n, 1)
    checkpoint = Checkpoint(tmp_path / "run", every=1)
    first = GAN(*given).fit(2, 1, timed=True, checkpoint=checkpoint).epochs
    more = GAN(*given).fit(3, 1, timed=True, checkpoint=checkpoint).epochs
    assert more[:2] == first
    assert first[1].seconds is not None and more[2].seconds is not None
    assert more[2].seconds > first[1].seconds


def test_a_folder_that_cannot_be_written_is_told_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    steps = GAN.train_step
    with pytest.raises(OSError, match="file"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(GAN, "train_step", lambda _: pytest.fail("it has begun to train"))
        small(tmp_path / "file" / "run")
    assert GAN.train_step is steps


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path: Path) -> None:
    """Real writing, in a process of its own, that is allowed files of 100 kB and no longer."""
    code = (
        "import resource, sys; from pathlib import Path; from killed import loop; "
        "from gan_course.checkpoints import Checkpoint; path = Path(sys.argv[1]); "
        "loop(Checkpoint(path, every=1), 2); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "loop(Checkpoint(path, every=1), 4)"
    )
    path = tmp_path / "run.safetensors"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=ENVIRONMENT, cwd=HERE, capture_output=True
    )
    assert b"OSError" in done.stderr and b"File too large" in done.stderr
    assert list(tmp_path.iterdir()) == [path]
    assert TRAININGS["loop"](Checkpoint(path, every=1), 4) == TRAININGS["loop"](None, 4)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"path": 3}, TypeError, "path must be a path such as 'files/run.safetensors', got int 3"),
        ({"path": ""}, ValueError, "path must be a path such as 'files/run.safetensors', got str"),
        ({"path": "a", "every": 0}, ValueError, "every must be at least 1, got 0"),
        ({"path": "a", "every": 1.5}, TypeError, "every must be a whole number"),
        (
            {"path": "a", "randoms": [1]},
            TypeError,
            r"randoms\[0\] must be a torch.Generator, got int",
        ),
        (
            {"path": "a", "randoms": torch.Generator()},
            TypeError,
            r"randoms must be .* like \[torch",
        ),
    ],
)
def test_a_wrong_argument_is_named(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Checkpoint(**given)


class OtherRandom:
    """The random numbers of a device that this machine may not have."""

    state = torch.tensor([1, 2], dtype=torch.uint8)

    def get_rng_state(self) -> Tensor:
        """As `torch.cuda` has it."""
        return self.state

    def set_rng_state(self, state: Tensor) -> None:
        """As `torch.cuda` has it."""
        self.state = state


def test_random_numbers_of_the_device_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    randoms = {torch.device("cuda"): OtherRandom()}
    monkeypatch.setattr(torch, "get_device_module", randoms.__getitem__)
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save({}, torch.device("cuda"), {})
    was, randoms[torch.device("cuda")].state = OtherRandom.state, torch.zeros(2)
    checkpoint.load({}, torch.device("cpu"))  # which has no use for them
    assert torch.equal(randoms[torch.device("cuda")].state, torch.zeros(2))
    checkpoint.load({}, torch.device("cuda"))
    assert torch.equal(randoms[torch.device("cuda")].state, was)


def test_any_state_comes_back(tmp_path: Path) -> None:
    state = {
        "numbers": [0.1 + 0.2, math.inf, -3, True, None],
        "text": "ünï",
        "by number": {0: torch.arange(3), 7: {"deep": [torch.tensor(True)]}},
        "empty": [{}, torch.empty(0, 2, dtype=torch.float64)],
    }
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save({}, CPU, state)
    back = checkpoint.load({}, CPU)
    assert repr(back) == repr(state)


def test_a_state_of_another_device_does_not_stop_a_training(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save({}, CPU, {"x": torch.ones(1)})
    # its random numbers are the other device's own: there are none to go on from
    back = checkpoint.load({}, torch.device("cuda"))
    assert back is not None and back["x"].device == CPU


# --- training that has diverged --------------------------------------------------------------


def spoil(layer: nn.Linear, value: float, calls: int) -> None:
    """Make a layer answer with a value from some call on."""
    seen = 0

    def answer(_: Any, __: Any, output: Tensor) -> Tensor:
        nonlocal seen
        seen += 1
        return output * value if seen > calls else output

    layer.register_forward_hook(answer)


def weights(network: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(network.parameters()).detach().clone()


# a factor for what D's first layer gives, and the calls after which: a step asks D three times
SPOILT = pytest.mark.parametrize(
    ("value", "calls", "what"),
    [
        (math.nan, 2 * 2 * 3 + 3, "the discriminator's answer is not a number"),
        (1e9, 2 * 2 * 3, r"the loss .* has exploded"),
    ],
)


@SPOILT
def test_fit_keeps_the_last_good_weights(
    value: float, calls: int, what: str, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    pair, seen = (make_generator(), make_discriminator()), []
    spoil(pair[1][0], value, calls)
    checkpoint = Checkpoint(tmp_path / "run", every=1)
    message = f"training diverged in epoch 3, after [12] of its steps: {what}.* try smaller"
    with pytest.raises(FloatingPointError, match=message):
        fit(
            *pair,
            [torch.rand(4, 2)] * 2,
            normal_noise(2),
            score=lambda _: 1.0,
            watch=torch.randn(2, 2),
            report=lambda *_: seen.append([weights(network) for network in pair]),
            report_every=1,
            checkpoint=checkpoint,
        )
    assert len(seen) == 2
    for network, good in zip(pair, seen[-1], strict=True):
        assert torch.equal(weights(network), good)
    tensors, _ = checkpoints.unpack(tmp_path / "run")
    assert any(torch.equal(part, pair[0][0].weight) for part in tensors.values())


@SPOILT
def test_a_gan_keeps_the_last_good_weights(value: float, calls: int, what: str) -> None:
    torch.manual_seed(1)
    gan = GAN(
        Generator(1),
        Discriminator(1),
        lambda n: torch.rand(n, 1),
        lambda n: torch.randn(n, 1),
        average=0.5,
    )
    assert gan.averaged is not None
    networks, seen = (gan.generator, gan.discriminator, gan.averaged), []
    spoil(gan.discriminator.layers[0], value, calls)
    message = f"training diverged in epoch 3, after [12] of its steps: {what}.* try smaller"
    with pytest.raises(FloatingPointError, match=message):
        gan.fit(9, 2, report=lambda _: seen.append(list(map(weights, networks))), report_every=1)
    assert len(seen) == 2
    for network, good in zip(networks, seen[-1], strict=True):
        assert torch.equal(weights(network), good)


def growing(step: int) -> Callable[[int, torch.Generator], Tensor]:
    """Data that run away after some steps' worth of draws of 16 steps each."""
    drawn = 0

    def data(count: int, random: torch.Generator) -> Tensor:
        nonlocal drawn
        drawn += count > 1
        scale = 1.0 if drawn <= step // 16 else 1e30
        return scale * torch.rand(count, 2, generator=random)

    return data


@pytest.mark.parametrize("fast", [False, True])
def test_the_error_of_an_ensemble_holds_the_last_good_generators(
    fast: bool, tmp_path: Path
) -> None:
    settings = replace(QUICK, steps=640, scaled=False, clipped=False, batch_size=8, average=0.0)
    path = tmp_path / "run"
    message = r"training diverged in step \d+ with seed 4: a loss .* after 256 good steps"
    with pytest.raises(Diverged, match=message) as caught:
        train(growing(320), settings, [4], fast=fast, checkpoint=Checkpoint(path, every=10**6))
    good = caught.value.ensemble
    assert good.losses.real.shape == (256, 1)
    short = train(growing(320), replace(settings, steps=256, decay=False), [4], fast=fast)
    assert bool(torch.isfinite(good.generate(100)).all())
    assert short.generate(5).shape == good.generate(5).shape
    tensors, _ = checkpoints.unpack(path)  # that of the beginning
    assert not any(part.shape == (3, 640, 1) for part in tensors.values())


def test_exploding_losses_name_the_seed() -> None:
    settings = replace(QUICK, steps=32, generator_rate=1e-9, discriminator_rate=100.0)
    message = r"training diverged in step \d+ with seed 2: a loss has exploded, to .* nats"
    with pytest.raises(Diverged, match=message):
        train(torch.rand(50, 2), settings, [2])
