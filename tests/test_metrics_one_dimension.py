"""Are the measures of project 3 what their formulas say, and its pictures what they were given?"""

from __future__ import annotations

import base64
import math
import re
from typing import Any

import ipywidgets
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from gan_course.metrics import ks_normal, moments, wasserstein_normal
from gan_course.plots import plot_against_normal, plot_network
from gan_course.widgets import STILL, WIDGET_MIME, film, film_against_normal, tune_normal

QUANTILES = torch.special.ndtri((torch.arange(2_000, dtype=torch.double) + 0.5) / 2_000)
MEASURES = [ks_normal, wasserstein_normal, moments]


@pytest.fixture(autouse=True)
def figures_are_closed() -> Any:
    plt.close("all")
    yield
    plt.close("all")


# --- measures ----------------------------------------------------------------------------------


def test_quantiles_are_as_near_as_can_be() -> None:
    assert ks_normal(QUANTILES) == pytest.approx(0.5 / 2_000)
    assert wasserstein_normal(QUANTILES) == pytest.approx(0, abs=1e-9)


def test_ks_is_the_largest_gap() -> None:
    values = torch.tensor([-1.0, 0.0, 0.5, 2.0], dtype=torch.double)
    share = torch.special.ndtr(values)
    steps = torch.arange(4) / 4
    gap = torch.maximum((share - steps).abs().max(), (share - steps - 0.25).abs().max())
    assert ks_normal(values) == pytest.approx(float(gap))
    assert ks_normal(torch.zeros(10)) == pytest.approx(0.5)


@pytest.mark.parametrize("shift", [-2.0, 0.3, 5.0])
def test_wasserstein_is_how_far_all_was_moved(shift: float) -> None:
    assert wasserstein_normal(QUANTILES + shift) == pytest.approx(abs(shift))


def test_wasserstein_of_a_stretch() -> None:
    # |2 x - x| on average is the mean of |x|, sqrt(2 / pi)
    assert wasserstein_normal(2 * QUANTILES) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-3)


def test_moments_by_hand() -> None:
    values = torch.tensor([1.0, 2.0, 6.0])
    found = moments(values)
    centred = np.array([-2.0, -1.0, 3.0])
    variance = np.mean(centred**2)
    assert found.mean == pytest.approx(3)
    assert found.std == pytest.approx(math.sqrt(variance))
    assert found.skewness == pytest.approx(np.mean(centred**3) / variance**1.5)
    assert found.excess_kurtosis == pytest.approx(np.mean(centred**4) / variance**2 - 3)


def test_true_draws_have_the_moments_of_the_normal_distribution() -> None:
    torch.manual_seed(0)
    found = moments(torch.randn(100_000))
    assert list(vars(found).values()) == pytest.approx([0, 1, 0, 0], abs=0.05)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (torch.ones(3, 1), ValueError, r"values must be .* \(n,\), n >= \d, got \(3, 1\)"),
        (torch.ones(0), ValueError, r"n >= \d, got \(0,\)"),
        ([1.0, 2.0], TypeError, "values must be a float tensor .* got list"),
        (torch.arange(3), TypeError, "values must be a float tensor .* got dtype torch.int64"),
        (torch.tensor([0.0, math.nan]), ValueError, "NaN or infinity in 1 of its rows"),
    ],
)
def test_measures_name_what_is_wrong(measure: Any, values: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        measure(values)


def test_equal_values_have_no_shape() -> None:
    with pytest.raises(ValueError, match=r"values must differ from each other, got 2.0 only"):
        moments(torch.full((5,), 2.0))


def test_one_value_has_no_moments() -> None:
    with pytest.raises(ValueError, match=r"values must be .* n >= 2, got \(1,\)"):
        moments(torch.ones(1))


def test_gradients_do_not_matter_to_a_measure() -> None:
    assert ks_normal(QUANTILES.clone().requires_grad_()) == ks_normal(QUANTILES)


# --- pictures ----------------------------------------------------------------------------------


def test_bars_and_density_are_on_one_scale() -> None:
    axes = plot_against_normal(QUANTILES, title="Bell")
    area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert area == pytest.approx(1, abs=1e-3)
    (line,) = axes.lines
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert y == pytest.approx(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
    assert line.get_linestyle() == "--"
    assert axes.get_title() == "Bell"
    assert axes.get_xlim() == (-4, 4)


def test_numbers_outside_the_picture_count_for_the_area() -> None:
    axes = plot_against_normal(torch.tensor([0.0, 100.0]), limit=2)
    area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert area == pytest.approx(0.5)


def test_a_histogram_can_go_into_a_picture_that_is_there() -> None:
    _, mine = plt.subplots()
    assert plot_against_normal(QUANTILES, axes=mine) is mine
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("values", "limit", "error", "message"),
    [
        (torch.ones(2, 1), 4, ValueError, r"values must be .* \(n,\), got \(2, 1\)"),
        ([1.0], 4, ValueError, "values must be a tensor of shape .* got list"),
        (QUANTILES, 0, ValueError, "limit must be larger than 0"),
    ],
)
def test_histograms_name_what_is_wrong(values: Any, limit: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        plot_against_normal(values, limit=limit)


def test_a_network_is_drawn_column_by_column() -> None:
    axes = plot_network([2, 64, 1], ["LeakyReLU", "sigmoid"], title="D", most=8)
    lines, *columns = axes.collections
    counts = [len(np.asarray(column.get_offsets())) for column in columns]
    assert counts == [2, 8, 1]
    assert len(lines.get_paths()) == 2 * 8 + 8 * 1
    words = [text.get_text() for text in axes.texts]
    assert words == ["2", "\u22ee", "64", "1", "LeakyReLU", "sigmoid"]
    for column in columns:
        assert np.asarray(column.get_offsets())[:, 1].mean() == pytest.approx(0)


def test_a_network_can_be_drawn_into_a_picture_that_is_there() -> None:
    _, mine = plt.subplots()
    assert plot_network([1, 1], ["linear"], axes=mine) is mine


@pytest.mark.parametrize(
    ("widths", "between", "message"),
    [
        ([1, 2], [], "between must have one word fewer .* got 0 and 2"),
        ([1], [], "got 0 and 1"),
        ([1, 0], ["a"], r"widths\[1\] must be at least 1"),
    ],
)
def test_networks_name_what_does_not_fit(widths: Any, between: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_network(widths, between)


# --- the film ----------------------------------------------------------------------------------


def test_a_film_is_the_same_each_time_and_waits_to_be_played() -> None:
    frames = {"1": b"one", "50": b"two"}
    page = film("epoch", frames).data
    assert page == film("epoch", frames).data
    assert not re.search(r"https?:|<script|<link|autoplay|\bid=", page)
    assert page.count("<img") == 2
    (button,) = re.findall(r"<button[^>]*>", page)
    assert 'type="button"' in button
    assert "setInterval(go,300)" in button
    assert base64.b64encode(b"two").decode() in page


def test_the_film_of_histograms_goes_through_the_epochs_in_order() -> None:
    samples = torch.randn(50, 1)
    page = film_against_normal({50: samples, 1: samples + 1}).data
    assert re.findall(r'alt="Picture at epoch (\d+)"', page) == ["1", "50"]
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: film("epoch", {}), "frames must hold at least one picture"),
        (lambda: film("epoch", {"1": b"1"}, 0), "seconds must be larger than 0"),
        (lambda: film_against_normal({}), "snapshots must hold at least one epoch"),
        (lambda: film_against_normal({3: torch.ones(4, 2)}), r"snapshots\[3\] must be .*\(4, 2\)"),
    ],
)
def test_films_name_what_is_wrong(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# --- the GAN to tune ---------------------------------------------------------------------------


@pytest.fixture
def tuner(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is displayed by the widget, and the box that it names."""
    caught: dict[str, Any] = {}
    make_box = ipywidgets.VBox

    def keep(children: Any) -> Any:
        caught["box"] = make_box(children)
        return caught["box"]

    def display(bundle: Any, *, metadata: Any, raw: bool) -> None:
        caught.update(bundle=bundle, still=metadata[STILL], raw=raw)

    monkeypatch.setattr(ipywidgets, "VBox", keep)
    monkeypatch.setattr("IPython.display.display", display)
    return caught


def test_pressing_the_button_trains_with_the_chosen_settings(tuner: dict[str, Any]) -> None:
    state = torch.get_rng_state()
    tune_normal(steps=20, stills=(2e-4,))
    assert torch.equal(torch.get_rng_state(), state), "the notebook's own seed is left alone"
    *choices, button, image = tuner["box"].children
    assert tuner["bundle"][WIDGET_MIME]["model_id"] == tuner["box"].model_id
    first = bytes(image.value)
    button.click()
    assert bytes(image.value) == first, "the same settings, the same picture"
    names = ["rate of G", "rate of D", "widths", "batch size", "noise"]
    assert [choice.description for choice in choices] == names
    pictures = {first}
    for choice in choices:
        usual = choice.index
        choice.index = len(choice.options) - 1
        button.click()
        pictures.add(bytes(image.value))
        choice.index = usual
    assert len(pictures) == 1 + len(choices)
    assert (button.disabled, button.description) == (False, "Train")


def test_the_still_of_the_tuner_has_a_picture_a_rate(tuner: dict[str, Any]) -> None:
    tune_normal(steps=10, stills=(2e-4, 5e-3))
    alts = re.findall(r'alt="([^"]*)"', tuner["still"])
    assert alts == [f"Picture at learning rate of the generator {r}" for r in ("0.0002", "0.005")]
    assert "Run this notebook" in tuner["still"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 5}, "steps must be at least 10, got 5"),
        ({"stills": ()}, "stills must hold at least one learning rate"),
    ],
)
def test_the_tuner_names_what_is_wrong(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tune_normal(**settings)
