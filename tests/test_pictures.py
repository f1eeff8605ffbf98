"""Do the logo, the figures of project 1 and the welcome page's film show what the code does?"""

import re
from itertools import pairwise

import film
import logo
import nbformat
import pytest
import torch
from conftest import BOOK, HTML, ROOT, opened
from torch import nn

from gan_course.data import exponential
from gan_course.many import QUICK
from gan_course.metrics import bins_covered, fit_error
from gan_course.networks import make_discriminator, make_generator

CHAPTER = nbformat.read(ROOT / "notebooks" / "01_exponential_curve.ipynb", as_version=4)
CODE = "\n".join(cell.source for cell in CHAPTER.cells if cell.cell_type == "code")
TEXT = "\n".join(cell.source for cell in CHAPTER.cells if cell.cell_type == "markdown")
FILM = film.read()


def test_the_logo_and_the_icon_are_those_that_the_code_draws(tmp_path):
    for path in logo.draw_all(tmp_path):
        assert path.read_text() == (BOOK / "_static" / path.name).read_text(), path.name


def sizes(network):
    """The numbers between the layers."""
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    return [layers[0].in_features, *(layer.out_features for layer in layers)]


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


def to_data(points):
    """Places in the picture, back in data units."""
    low, high = torch.tensor([film.X_WINDOW, film.Y_WINDOW]).T
    width, height = FILM["size"]
    return low + (high - low) * (
        torch.tensor(points) / torch.tensor([width, -height]) + torch.tensor([0, 1])
    )


def test_the_film_goes_from_the_first_to_the_last_step_and_its_numbers_are_those_of_its_points():
    assert film.FILE.stat().st_size < 400_000
    assert [picture["step"] for picture in FILM["frames"]] == film.steps()
    assert film.steps()[-1] == FILM["steps"] == QUICK.steps
    for picture in FILM["frames"]:
        points = to_data(picture["points"])
        assert points.shape == (film.POINTS, 2)
        error = fit_error(points, exponential, film.LOW, film.HIGH)
        # places are whole numbers of a thousandth of the width: hence not to the last digit
        assert error == pytest.approx(float(picture["off"].removesuffix(" %")) / 100, abs=0.001)
        bins = bins_covered(points[:, 0], film.LOW, film.HIGH)
        assert abs(bins - picture["bins"]) <= 2


def test_the_film_shows_the_training_that_it_names():
    """Its beginning is trained anew; later, another machine's rounding would have its way."""
    for again, picture in zip(film.frames(until=8), FILM["frames"], strict=False):
        assert again["step"] == picture["step"]
        gap = torch.tensor(again["points"]) - torch.tensor(picture["points"])
        assert int(gap.abs().max()) <= 3


WELCOME = (HTML / "book/index.html").as_uri()


def numbers(page):
    return page.locator(".film-numbers").inner_text()


@pytest.mark.browser
def test_the_film_plays_shows_what_was_measured_and_obeys_the_keyboard(page):
    page.goto(WELCOME)
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

    button = page.locator(".film-player button")
    assert button.inner_text() == "Pause"
    button.focus()
    page.keyboard.press("Enter")
    assert button.inner_text() == "Play"
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
def test_who_wants_less_motion_gets_a_still(page):
    page.emulate_media(reduced_motion="reduce")
    page.goto(WELCOME)
    assert numbers(page).startswith(f"step {FILM['steps']:,} of")
    drawn = page.locator(".film-generated").get_attribute("d")
    page.wait_for_timeout(400)
    assert page.locator(".film-generated").get_attribute("d") == drawn
    assert page.locator(".film-player button").inner_text() == "Play"


@pytest.mark.browser
def test_without_scripts_and_on_paper_there_is_the_still(browser, page):
    image = "#fig-training img"
    plain = opened(browser, java_script_enabled=False)
    plain.goto(WELCOME)
    assert plain.locator(image).is_visible()
    plain.context.close()
    page.goto(WELCOME)
    page.emulate_media(media="print")
    assert page.locator(image).is_visible()
    assert not page.locator(".film-player").is_visible()
