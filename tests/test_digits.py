"""Project 4: do the chapter's networks, its distance and its study do what the page says?"""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from benchmarks import digits
from gan_course.networks import sample
from gan_course.saving import load_trained, trained_card


@pytest.fixture(scope="module")
def chapter():
    """The names of the cells that a study needs; the judge is trained in a few seconds."""
    names = {}
    with matplotlib.rc_context():  # the chapter sets a size of letters
        exec(digits.code(), names)
    return names


def test_no_held_out_picture_is_trained_on(chapter):
    places = torch.cat([chapter["train"], chapter["held_out"]])
    assert torch.equal(places.sort().values, torch.arange(1_797))
    assert float(chapter["real"].min()) == -1 and float(chapter["real"].max()) == 1
    right = chapter["read"](chapter["fresh"]) == chapter["fresh_labels"]
    assert float(right.float().mean()) > 0.95


def test_the_frechet_distance_is_that_of_its_formula(chapter):
    some, others = chapter["fresh"][:200], chapter["real"][:300]
    a, b = (chapter["features"](rows).numpy() for rows in (some, others))
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = np.real(sqrtm(cov_a @ cov_b))
    by_hand = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert chapter["frechet"](some, others) == pytest.approx(by_hand, rel=1e-3)
    assert chapter["frechet"](some, some) == pytest.approx(0, abs=1e-4)


def test_a_request_comes_back_with_its_label(chapter):
    wanted = torch.arange(10)
    requests = chapter["ask"](wanted)
    assert requests.shape == (10, 42)
    for network in (chapter["picture_generator"](42), chapter["convolution_generator"]()):
        rows = chapter["WithLabel"](network)(requests)
        assert rows.shape == (10, 74)
        assert torch.equal(rows[:, 64:].argmax(dim=1), wanted)
        assert float(rows[:, :64].detach().abs().max()) <= 1
    assert chapter["ConvolutionDiscriminator"]()(rows).shape == (10, 1)


def test_real_rows_are_as_asked_and_a_record_has_what_the_chapter_prints(chapter):
    class Reader:
        def predict(self, pictures):
            return chapter["read"](torch.tensor(pictures)).numpy()

    record = digits.measures(chapter["labelled"], chapter, Reader())
    assert record["asked"] == record["second_reader"] > 0.97
    assert sum(record["requests"]) == 1_297
    assert sum(record["good"]) == round(1_297 * record["asked"])
    assert sum(record["shares"]) == pytest.approx(1)
    line = digits.line({"seed": 7, "seconds": 1.5, **record})
    assert line.startswith("seed 7: 9") and "as asked, each digit" in line
    plain = digits.measures(chapter["real"], chapter, Reader())
    assert "asked" not in plain and plain["shares"] == record["shares"]


def test_the_digits_that_ship_are_read_as_asked_as_often_as_their_card_says(chapter):
    card = trained_card("digits")
    torch.manual_seed(2024)
    wanted = torch.arange(10).repeat(1_000)
    made = sample(load_trained("digits"), chapter["ask"](wanted))
    good = chapter["read"](made) == wanted
    assert float(good.double().mean()) == pytest.approx(card["asked"], abs=0.004)
    for digit, share in enumerate(card["asked_by_digit"]):
        assert float(good[wanted == digit].double().mean()) == pytest.approx(share, abs=0.02)


def test_a_mixed_label_turns_a_7_into_a_4_at_a_place_that_the_noise_decides(chapter):
    """What the page says beside the digit machine."""
    torch.manual_seed(2025)
    noise, steps = torch.randn(200, 32), torch.linspace(0, 1, 21)
    seen = {}
    for other in (4, 6):
        label = torch.zeros(21, 10)
        label[:, 7], label[:, other] = 1 - steps, steps
        label = label.expand(200, 21, 10)
        rows = torch.cat([noise[:, None].expand(200, 21, 32), label], dim=2)
        made = sample(load_trained("digits"), rows.reshape(-1, 42))
        seen[other] = chapter["read"](made).reshape(200, 21)
    first = steps[(seen[4] == 4).int().argmax(dim=1)]
    assert 0.4 < float(first.median()) < 0.6
    assert float(first.quantile(0.95) - first.quantile(0.05)) > 0.2
    third = {other: (walk != 7) & (walk != other) for other, walk in seen.items()}
    assert float(third[6].any(dim=1).double().mean()) > 0.9
    assert float(third[4].any(dim=1).double().mean()) < 0.1
