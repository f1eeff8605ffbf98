"""Project 4: do the chapters' networks, their distance and their study do what the pages say?"""

import re

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.linalg import sqrtm

import gan_course.digits
from benchmarks import digits
from gan_course.networks import Discriminator, sample
from gan_course.records import load_records
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
    right = chapter["read"](chapter["judge"], chapter["fresh"]) == chapter["fresh_labels"]
    assert float(right.float().mean()) > 0.95


def test_the_second_chapter_finds_in_the_package_what_the_first_one_wrote(chapter, monkeypatch):
    asked = []

    def first_ten(steps):
        asked.append(steps)
        return range(10)

    monkeypatch.setitem(chapter, "range", first_ten)
    monkeypatch.setattr(gan_course.digits, "range", first_ten, raising=False)
    names = ("real", "real_labels", "fresh", "fresh_labels")
    for name, ours in zip(names, gan_course.digits.digit_pictures(), strict=True):
        assert torch.equal(ours, chapter[name])
    few = chapter["real"][:200], chapter["real_labels"][:200]
    judges = [of["make_judge"](*few) for of in (chapter, vars(gan_course.digits))]
    assert asked[0] == asked[1]
    for theirs, ours in zip(*(judge.parameters() for judge in judges), strict=True):
        assert torch.equal(theirs, ours)
    made = []
    for of in (chapter, vars(gan_course.digits)):
        torch.manual_seed(3)
        generator = of["WithLabel"](chapter["picture_generator"](42))
        discriminator = Discriminator(74, [8, 1])
        gan = of["trained"](
            generator, discriminator, of["random_requests"], chapter["labelled"], 100
        )
        made.append(gan.generate_samples(of["ask"](torch.arange(10))))
    assert torch.equal(*made)
    ours, theirs = gan_course.digits.read(judges[0], few[0]), chapter["read"](judges[0], few[0])
    assert torch.equal(ours, theirs)


def test_a_hundred_pictures_lie_in_rows_with_a_white_line_between_them():
    axes = Figure().subplots()
    pictures = torch.arange(20.0)[:, None].expand(20, 64)
    gan_course.digits.draw(pictures, axes)
    (shown,) = (image.get_array() for image in axes.get_images())
    assert shown.shape == (20, 100)
    assert (shown[1:9, 1:9] == 0).all() and (shown[11:19, 91:99] == 19).all()
    assert (shown[:, 10] == -1).all() and (shown[10] == -1).all()


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
            return chapter["read"](chapter["judge"], torch.tensor(pictures)).numpy()

    record = digits.measures(chapter["labelled"], chapter, Reader())
    assert record["asked"] == record["second_reader"] > 0.97
    assert sum(record["requests"]) == 1_297
    assert sum(record["good"]) == round(1_297 * record["asked"])
    assert sum(record["shares"]) == pytest.approx(1)
    line = digits.line({"seed": 7, "seconds": 1.5, **record})
    assert line.startswith("seed 7: 9") and "as asked, each digit" in line
    plain = digits.measures(chapter["real"], chapter, Reader())
    assert "asked" not in plain and plain["shares"] == record["shares"]


def test_a_discriminator_that_sees_no_label_judges_the_picture_alone(chapter):
    short = dict(chapter, trained=lambda *given: given)
    generator, discriminator, _, rows, _ = digits.generator_only(short)(0, 100)
    other = rows.clone()
    other[:, 64:] = rows[:, 64:].flip(1)
    assert torch.equal(discriminator(rows), discriminator(other))
    assert generator(chapter["ask"](torch.arange(3))).shape == (3, 74)


def test_the_chapters_say_how_many_steps_were_counted():
    text = "".join((digits.NOTEBOOKS / name).read_text("utf-8") for name in digits.CHAPTERS)
    (table,) = re.findall(r"recipes = \{(.*?)\}", text)
    said = {name: int(steps) for name, steps in re.findall(r'(\w+)\\": (\w+)', table)}
    (convolutions,) = re.findall(r"= train_convolutions\(seed=0, steps=(\w+)\)", text)
    assert said | {"convolutions": int(convolutions)} == digits.RECIPES


def test_the_8_falls_short_on_as_many_seeds_as_the_chapter_says():
    text = (digits.NOTEBOOKS / digits.CHAPTERS[1]).read_text("utf-8")
    short = [
        sum(r["good"][8] < 0.98 * r["requests"][8] for r in load_records(f"digits_{name}"))
        for name in ("asked", "convolutions")
    ]
    assert short == [6, 9]
    assert "on six of ten seeds with *asked*, and on nine with *convolutions*" in text


def test_the_digits_that_ship_are_read_as_asked_as_often_as_their_card_says(chapter):
    card = trained_card("digits")
    torch.manual_seed(2024)
    wanted = torch.arange(10).repeat(1_000)
    made = sample(load_trained("digits"), chapter["ask"](wanted))
    good = chapter["read"](chapter["judge"], made) == wanted
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
        seen[other] = chapter["read"](chapter["judge"], made).reshape(200, 21)
    first = steps[(seen[4] == 4).int().argmax(dim=1)]
    assert 0.4 < float(first.median()) < 0.6
    assert float(first.quantile(0.95) - first.quantile(0.05)) > 0.2
    third = {other: (walk != 7) & (walk != other) for other, walk in seen.items()}
    assert float(third[6].any(dim=1).double().mean()) > 0.9
    assert float(third[4].any(dim=1).double().mean()) < 0.1


def test_noise_that_draws_one_digit_thick_draws_the_others_thick_and_slants_agree_less(chapter):
    """What the page says below the digit machine."""
    torch.manual_seed(2026)
    noise, places = torch.randn(2_000, 32), torch.arange(8.0)
    thick, slant = [], []
    for label in torch.eye(10):
        rows = torch.cat([noise, label.expand(2_000, 10)], dim=1)
        ink = (sample(load_trained("digits"), rows).reshape(-1, 8, 8) + 1) / 2
        thick.append(ink.sum(dim=(1, 2)))
        down, across = (
            places.view(shape)
            - (ink * places.view(shape)).sum(dim=(1, 2), keepdim=True) / thick[-1].view(-1, 1, 1)
            for shape in ((8, 1), (1, 8))
        )
        slant.append((ink * down * across).sum(dim=(1, 2)) / (ink * down**2).sum(dim=(1, 2)))
    others = ~torch.eye(10, dtype=torch.bool)
    both = [torch.corrcoef(torch.stack(kind))[others].mean() for kind in (thick, slant)]
    assert 0.6 < float(both[0]) < 0.8
    assert 0.4 < float(both[1]) < float(both[0]) - 0.1
