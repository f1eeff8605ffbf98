"""Do the logo, the figures of project 1 and the welcome page's film show what the code does?"""

import re
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from conftest import HTML, ROOT
from torch import nn

from gan_course.data import exponential
from gan_course.many import QUICK
from gan_course.metrics import bins_covered, fit_error
from gan_course.networks import make_discriminator, make_generator

BOOK = ROOT / "book"
sys.path.insert(0, str(BOOK))  # its scripts belong to no package

import figures  # noqa: E402
import film  # noqa: E402
import logo  # noqa: E402

CHAPTER = nbformat.read(ROOT / "notebooks" / "01_exponential_curve.ipynb", as_version=4)
CODE = "\n".join(cell.source for cell in CHAPTER.cells if cell.cell_type == "code")
TEXT = "\n".join(cell.source for cell in CHAPTER.cells if cell.cell_type == "markdown")
FILM = film.read()


# --- the logo -----------------------------------------------------------------------------------


def test_the_logo_and_the_icon_are_those_that_the_code_draws(tmp_path):
    for path in logo.draw_all(tmp_path):
        assert path.read_text() == (BOOK / "_static" / path.name).read_text(), path.name


# --- the networks of project 1 ------------------------------------------------------------------


def sizes(network):
    """The numbers between the layers, by sending one sample through."""
    values = torch.zeros(1, next(w for w in network.parameters()).shape[1])
    found = [values.shape[1]]
    for layer in network:
        values = layer(values)
        if isinstance(layer, nn.Linear):
            found.append(values.shape[1])
    return found


def texts(figure):
    """All that is written in a figure."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_sizes_in_the_figure_come_from_the_networks():
    written = [int(text) for text in texts(figures.network_layers()) if text.isdigit()]
    assert written == sizes(make_generator()) + sizes(make_discriminator())


def test_the_chapter_shows_the_networks_that_it_builds():
    match = re.search(r"!\[([^\]]+)\]\(\.\./book/figures/network_layers\.svg\)\n\n\*.+\*", TEXT)
    assert match, "the picture, and below it a caption in italics"
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", match[1])]
    generator, discriminator = sizes(make_generator()), sizes(make_discriminator())
    assert numbers == [*generator, *discriminator, make_discriminator()[2].p]
    # and they are the cells' own: same sizes in the same order
    built = re.findall(r"nn\.Linear\((\w+), (\d+)\)", CODE)
    expected = [(a, b) for s in (discriminator, generator) for a, b in pairwise(s)]
    cells = [(2 if a == "latent_dim" else int(a), int(b)) for a, b in built]
    assert cells[: len(expected)] == expected


def test_the_data_flow_has_the_shapes_of_the_chapter():
    assert f"observations = {figures.OBSERVATIONS}" in CODE
    shapes = figures.shapes()
    batch = int(re.search(r"batch_size = (\d+)", CODE)[1])
    assert shapes["points"] == (figures.OBSERVATIONS, 2)
    assert shapes["real"] == shapes["fake"] == (batch, 2)
    assert shapes["answers"] == (batch, 1)
    written = " ".join(texts(figures.data_flow()))
    page = (BOOK / "api.md").read_text(encoding="utf-8")
    alt = re.search(r"figures/data_flow\.svg\n:name: \S+\n:alt: (.+)", page)[1]
    for name, shape in shapes.items():
        said = f"{shape[0]} numbers" if name == "losses" else str(shape)
        assert said in written, name
        assert said in alt, name


def test_the_data_flow_names_modules_that_exist():
    written = [text for axes in figures.data_flow().axes for text in axes.texts]
    names = {text.get_text() for text in written if text.get_fontsize() == 14}
    assert {"data", "networks", "training", "metrics", "plots", "saving"} <= names
    assert {name for name in names if not (ROOT / "gan_course" / f"{name}.py").is_file()} == set()


# --- the film -----------------------------------------------------------------------------------


def to_data(points):
    """Places in the picture, back in data units."""
    low, high = torch.tensor([film.X_WINDOW, film.Y_WINDOW]).T
    width, height = FILM["size"]
    return low + (high - low) * (
        torch.tensor(points) / torch.tensor([width, -height]) + torch.tensor([0, 1])
    )


def test_the_film_is_small_and_goes_from_the_first_to_the_last_step():
    assert film.FILE.stat().st_size < 400_000
    taken = [picture["step"] for picture in FILM["frames"]]
    assert taken == film.steps()
    assert len(taken) >= 50
    assert taken[-1] == FILM["steps"] == QUICK.steps


def test_the_numbers_of_each_picture_are_those_of_its_points():
    for picture in FILM["frames"]:
        points = to_data(picture["points"])
        assert points.shape == (film.POINTS, 2)
        error = fit_error(points, exponential, film.LOW, film.HIGH)
        # places are whole numbers of a thousandth of the width: hence not to the last digit
        assert error == pytest.approx(float(picture["off"].removesuffix(" %")) / 100, abs=0.001)
        bins = bins_covered(points[:, 0], film.LOW, film.HIGH)
        assert abs(bins - picture["bins"]) <= 2


def test_the_real_points_lie_on_the_curve():
    assert fit_error(to_data(FILM["real"]), exponential, film.LOW, film.HIGH) < 0.001


def test_the_welcome_page_says_what_the_line_under_the_film_counts():
    page = " ".join((BOOK / "index.md").read_text(encoding="utf-8").split())
    assert f"how many of {FILM['strips']} equal strips of $x$ contain crosses" in page


def test_the_training_in_the_film_worked():
    first, last = FILM["frames"][0], FILM["frames"][-1]
    assert float(last["off"].removesuffix(" %")) < 1 < 10 < float(first["off"].removesuffix(" %"))
    assert first["bins"] < 10 < 48 <= last["bins"]


def test_the_film_shows_the_training_that_it_names():
    """Its beginning is trained anew; later, another machine's rounding would have its way."""
    for again, picture in zip(film.frames(until=8), FILM["frames"], strict=False):
        assert again["step"] == picture["step"]
        gap = torch.tensor(again["points"]) - torch.tensor(picture["points"])
        assert int(gap.abs().max()) <= 3


def test_a_film_survives_writing_and_reading(tmp_path):
    file = tmp_path / "training.js"
    file.write_text("\n".join(film.lines(FILM)) + "\n", encoding="utf-8")
    assert film.read(file) == FILM
    assert file.read_bytes() == film.FILE.read_bytes()


@pytest.fixture
def open_page(browser):
    contexts = []

    def opened(name="book/index.html", *, width=390, theme="light", **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.goto((Path(HTML) / name).as_uri())  # works without a server
        if settings.get("java_script_enabled", True):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        return page

    yield opened
    for context in contexts:
        context.close()


def numbers(page):
    return page.locator(".film-numbers").inner_text()


@pytest.mark.browser
def test_the_film_plays_and_shows_what_was_measured(open_page):
    page = open_page()
    seen = set()
    for _ in range(4):
        seen.add(numbers(page))
        page.wait_for_function(
            "t => document.querySelector('.film-numbers').innerText != t", arg=numbers(page)
        )
    assert len(seen) == 4
    said = {
        f"step {p['step']:,} of {FILM['steps']:,}: {p['off']} off the curve, "
        f"crosses in {p['bins']} of {FILM['strips']} strips"
        for p in FILM["frames"]
    }
    assert seen <= said
    assert not page.locator("#fig-training img").is_visible()
    label = page.locator(".film-player svg").get_attribute("aria-label")
    assert label == page.locator("#fig-training img").get_attribute("alt")
    # no text that changes ten times a second is read out
    assert page.locator("#fig-training :is(output, [aria-live], [role=status])").count() == 0


@pytest.mark.browser
def test_the_film_is_paused_and_moved_on_by_keyboard(open_page):
    page = open_page()
    button = page.locator(".film-player button")
    assert button.inner_text() == "Pause"
    button.focus()
    page.keyboard.press("Enter")
    assert button.inner_text() == "Play"
    stopped = numbers(page)
    page.wait_for_timeout(400)
    assert numbers(page) == stopped
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert numbers(page).startswith(f"step {FILM['steps']:,} of")
    slider = page.locator(".film-player input")
    assert slider.get_attribute("aria-valuetext") == numbers(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(400)
    assert numbers(page).startswith(f"step {FILM['frames'][-2]['step']} of")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert button.inner_text() == "Pause"


@pytest.mark.browser
def test_who_wants_less_motion_gets_a_still(open_page):
    page = open_page(reduced_motion="reduce")
    assert numbers(page).startswith(f"step {FILM['steps']:,} of")
    drawn = page.locator(".film-generated").get_attribute("d")
    page.wait_for_timeout(400)
    assert page.locator(".film-generated").get_attribute("d") == drawn
    assert page.locator(".film-player button").inner_text() == "Play"


@pytest.mark.browser
def test_without_scripts_and_on_paper_there_is_the_still(open_page):
    image = "#fig-training img"
    page = open_page(java_script_enabled=False)
    assert page.locator(image).is_visible()
    page = open_page()
    assert not page.locator(image).is_visible()
    page.emulate_media(media="print")
    assert page.locator(image).is_visible()
    assert not page.locator(".film-player").is_visible()
