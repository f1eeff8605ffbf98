"""Do the chapters' own cells train as the package does? Same names, same losses, same weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import pytest
import torch

from gan_course import data, metrics, networks, training

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def cells(notebook: str) -> list[str]:
    """The code cells of a chapter."""
    content = json.loads((NOTEBOOKS / notebook).read_text(encoding="utf-8"))
    return ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]


def run_until(notebook: str, last: str) -> dict[str, Any]:
    """All names of a chapter whose cells were run to the one that begins a line with `last`.

    Of that cell, what stands before the last definition's end is run, not what calls it.
    """
    names: dict[str, Any] = {}
    for source in cells(notebook)[1:]:  # the first one asks the doctor
        is_last = f"\n{last}" in f"\n{source}"
        exec(source.partition("\n\n\noriginal = ")[0] if is_last else source, names)
        if is_last:
            return names
    raise AssertionError(f"no cell of {notebook} begins a line with {last!r}")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are drawn unseen, and files go into a folder that goes away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(networks, "pick_device", lambda: "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    matplotlib.use("Agg")


def weights(*of: torch.nn.Module) -> list[torch.Tensor]:
    return [weight.detach().clone() for network in of for weight in network.parameters()]


def equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.usefixtures("elsewhere")
def test_project_1_is_fit() -> None:
    chapter = run_until("01_exponential_curve.ipynb", "def train(")
    torch.manual_seed(0)
    for network in (chapter["discriminator"], chapter["generator"]):
        for layer in network:
            if isinstance(layer, torch.nn.Linear):
                layer.reset_parameters()  # first weights, as if the seed had just been set
    by_hand = chapter["train"](max_epochs=4, patience=1_000)

    torch.manual_seed(0)
    discriminator, generator = networks.make_discriminator(), networks.make_generator()
    history = training.fit(
        generator,
        discriminator,
        data.batches(chapter["points"], chapter["batch_size"]),
        data.normal_noise(chapter["latent_dim"]),
        score=lambda samples: metrics.curve_mse(samples, data.exponential),
        watch=chapter["watch"],
        epochs=4,
        optimisers=tuple(  # the same updates, but other roundings than without `fused`
            torch.optim.Adam(network.parameters(), lr=chapter["learning_rate"], fused=True)
            for network in (generator, discriminator)
        ),
    )
    assert [list(losses) for losses in history.losses] == by_hand["losses"]
    assert history.scores == pytest.approx(by_hand["quality"], rel=1e-6)
    ours = weights(generator, discriminator)
    assert equal(ours, weights(chapter["generator"], chapter["discriminator"]))
    torch.manual_seed(0)
    drawn = data.curve_points(data.exponential, 0, 50, chapter["observations"])
    assert torch.equal(drawn, chapter["points"])


@pytest.mark.usefixtures("elsewhere")
def test_the_arrows_of_project_1_lead_to_where_d_says_real_and_turn_with_the_target() -> None:
    chapter = run_until("01_exponential_curve.ipynb", "def train(")
    exec(next(cell for cell in cells("01_exponential_curve.ipynb") if "def push(" in cell), chapter)
    generator, discriminator = chapter["generator"], chapter["discriminator"].eval()
    fakes, arrows = chapter["push"](generator, discriminator)
    arrows = arrows / arrows.norm(dim=1, keepdim=True)
    assert bool((discriminator(fakes + 1e-2 * arrows) > discriminator(fakes)).all())
    chapter["generator_loss"] = chapter["fake_loss"]  # what the reader is asked to try
    same, turned = chapter["push"](generator, discriminator)
    assert torch.equal(same, fakes)
    assert torch.allclose(turned / turned.norm(dim=1, keepdim=True), -arrows, atol=1e-4)


@pytest.mark.usefixtures("elsewhere")
def test_project_2_encodes_and_decodes_as_the_package_does() -> None:
    chapter = run_until("02_multiples_of_five.ipynb", "def decode(")
    for integer in (0, 1, 75, 99):
        row = data.encode(integer, 100)
        assert torch.equal(chapter["encode"](integer, 100), row)
        assert chapter["decode"](row) == data.decode(row) == integer


@pytest.mark.usefixtures("elsewhere")
def test_the_class_of_project_3_is_the_packages() -> None:
    chapter = run_until("03_uniform_to_normal.ipynb", "def train(")

    def build(of: dict[str, Any]) -> Any:
        torch.manual_seed(0)
        pair = of["Generator"](1), of["Discriminator"](1, [64, 32, 1])
        return of["GAN"](*pair, chapter["noise"], chapter["data"])

    theirs, ours = build(chapter), build({**vars(networks), **vars(training)})
    torch.manual_seed(1)
    history, _ = chapter["train"](theirs, epochs=3)
    torch.manual_seed(1)
    assert ours.fit(epochs=3).losses == history
    for name in ("generator", "discriminator"):
        assert equal(weights(getattr(theirs, name)), weights(getattr(ours, name)))


SAME = {  # what a chapter defines, and where the package has it under the same name
    "01_exponential_curve.ipynb": "EarlyStopping Losses real_loss fake_loss generator_loss "
    "train_on_real train_on_fake train_generator train_step",
    "03_uniform_to_normal.ipynb": "Losses GAN",
}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("notebook", SAME)
def test_names_and_arguments_are_the_same(notebook: str) -> None:
    import inspect

    chapter = run_until(notebook, "def train(")
    for name in SAME[notebook].split():
        theirs, ours = chapter[name], getattr(training, name)
        assert list(inspect.signature(theirs).parameters) == list(
            inspect.signature(ours).parameters
        ), name
        if inspect.isclass(theirs):
            public = {key for key, value in vars(theirs).items() if inspect.isfunction(value)}
            assert {key for key in public if not key.startswith("_")} <= set(vars(ours)), name
