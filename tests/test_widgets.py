"""Do sliders and buttons redraw the picture, and does a page without a kernel work?"""

import base64
import html
import re

import ipywidgets
import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from conftest import seeded
from torch import nn

from gan_course import widgets
from gan_course.widgets import STILL, WIDGET_MIME, film_against_normal, flip_book

REAL = torch.tensor([[0.0, 0.0], [10.0, 5.0]])


def tags(page, name):
    """The attributes of each tag of a name, in an HTML page."""
    return [
        {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        for tag in re.findall(rf"<{name} ([^>]*)>", page)
    ]


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: its bundle, its metadata and the box of widgets that it names."""
    caught = {}

    def display(bundle, *, metadata, raw):
        caught.update(bundle=bundle, metadata=metadata, raw=raw)

    make_box = ipywidgets.VBox

    def make_and_keep(children):
        caught["box"] = make_box(children)
        return caught["box"]

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(ipywidgets, "VBox", make_and_keep)
    monkeypatch.setattr(widgets, "SMALL", {"figsize": (2, 2), "dpi": 30})  # drawn in a moment
    yield caught
    assert plt.get_fignums() == [], "each picture must be closed"


@pytest.fixture
def drawn(monkeypatch):
    """The axes of each picture."""
    pictures = []
    savefig = matplotlib.figure.Figure.savefig

    def keep(figure, *arguments, **settings):
        pictures.extend(figure.axes)
        savefig(figure, *arguments, **settings)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return pictures


def picture(shown):
    return bytes(shown["box"].children[-1].value)


def test_latent_sliders_redraw_the_sample_and_a_still_walks_along_z1(shown, drawn):
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 2))
    widgets.explore_latent(generator, REAL, limit=2.5)
    assert shown["raw"]
    assert shown["bundle"][WIDGET_MIME]["model_id"] == shown["box"].model_id
    (slider,) = tags(shown["metadata"][STILL], "input")
    stops = [float(value) for value in slider["data-values"].split(",")]
    assert stops == pytest.approx([-2.5 + k / 2 for k in range(11)])
    assert tags(shown["metadata"][STILL], "img")[0]["alt"] == "Picture at z1 (z2 stays 0) -2.5"

    z1, z2, _ = shown["box"].children
    assert (z1.min, z1.value, z1.max) == (z2.min, z2.value, z2.max) == (-2.5, 0, 2.5)
    z1.value, z2.value = 1.0, -0.5
    axes = drawn[-1]
    real, generated = (torch.as_tensor(s.get_offsets()).float() for s in axes.collections)
    assert torch.equal(real, REAL)
    # a fifth of the width beyond the real points on either side
    assert [*axes.get_xlim(), *axes.get_ylim()] == pytest.approx([-2, 12, -1, 6])
    torch.testing.assert_close(generated, generator(torch.tensor([[1.0, -0.5]])).detach())
    assert axes.get_title() == "G(+1.0, -0.5)"
    before = picture(shown)
    z2.value = 0.5
    assert picture(shown) != before


def test_a_flip_book_has_a_picture_and_a_stop_for_each_frame_and_shows_the_first():
    frames = {"a": b"one", "b": b"two", "c": b"three"}
    page = flip_book("letter", frames)
    images, (slider,) = tags(page, "img"), tags(page, "input")
    assert [image["alt"] for image in images] == [f"Picture at letter {k}" for k in frames]
    kept = [base64.b64decode(image["src"].partition("base64,")[2]) for image in images]
    assert kept == list(frames.values())
    assert ["display:block" in image["style"] for image in images] == [True, False, False]
    assert (slider["min"], slider["value"], slider["max"], slider["step"]) == ("0", "0", "2", "1")
    assert slider["data-values"].split(",") == ["a", "b", "c"]
    assert slider["aria-valuetext"] == "a"


def test_words_cannot_break_out_of_a_flip_book():
    name = '"><script>alert(1)</script>'
    page = flip_book(name, {name: b"1"})
    assert not re.search(r"https?:|<script|<link", page)
    assert tags(page, "img")[0]["alt"] == f"Picture at {name} {name}"


def test_a_film_of_histograms_goes_through_the_epochs_and_is_the_same_each_time():
    samples = torch.randn(50, 1)
    page = film_against_normal({50: samples, 1: samples + 1}).data
    assert re.findall(r'alt="Picture at epoch (\d+)"', page) == ["1", "50"]
    assert page == film_against_normal({50: samples, 1: samples + 1}).data
    assert '<button type="button"' in page
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flip_book("epoch", {}), "frames must hold at least one picture, got none"),
        (
            lambda: film_against_normal({3: torch.ones(4, 2)}),
            r"snapshots\[3\] must have shape \(n, 1\), got \(4, 2\)",
        ),
    ],
)
def test_what_cannot_be_shown_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_pressing_the_button_trains_with_the_chosen_settings(shown):
    state = torch.get_rng_state()
    widgets.tune_normal(steps=10, stills=(2e-4, 5e-3))
    assert torch.equal(torch.get_rng_state(), state), "the notebook's own seed is left alone"
    alts = [image["alt"] for image in tags(shown["metadata"][STILL], "img")]
    assert alts == [f"Picture at learning rate of the generator {r}" for r in ("0.0002", "0.005")]
    *choices, button, _ = shown["box"].children
    first = picture(shown)
    button.click()
    assert picture(shown) == first, "the same settings, the same picture"
    pictures = {first}
    for choice in choices:
        usual = choice.index
        choice.index = len(choice.options) - 1
        button.click()
        pictures.add(picture(shown))
        choice.index = usual
    assert len(pictures) == 1 + len(choices)
    assert (button.disabled, button.description) == (False, "Train")


class Asked(nn.Module):
    """Draws the label as the first ten pixels, and keeps what it was last asked for."""

    def forward(self, rows):
        self.rows = rows
        return torch.cat([rows[:, -10:], torch.zeros(len(rows), 54)], dim=1)


def test_digits_turn_with_the_noise_and_the_still_shows_all_ten(shown):
    generator = Asked()
    widgets.explore_digits(generator, latent_dim=3)
    still = shown["metadata"][STILL]
    assert tags(still, "input")[0]["data-values"].split(",")[:3] == ["0", "30", "60"]
    assert len(tags(still, "img")) == 12

    turn, digit, _ = shown["box"].children
    before = picture(shown)
    digit.value = 4
    assert picture(shown) != before
    for angle, noise in zip((0, 90), torch.randn(2, 3, generator=seeded()), strict=True):
        turn.value = angle
        rows = torch.cat([noise.expand(10, 3), torch.eye(10)], dim=1)
        torch.testing.assert_close(generator.rows, rows)
