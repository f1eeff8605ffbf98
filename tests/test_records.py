"""Can the shipped measurements be read, and do they say what a reader is told to find there?"""

from __future__ import annotations

import json
import math
from statistics import median

import pytest

from gan_course import records
from gan_course.records import load_records

NAMES = sorted(file.stem for file in records.FOLDER.glob("*.json"))
LOOPS = ["exponential_original", "exponential_cure"]  # of chapter 1
COURSE = [name for name in NAMES if name.endswith("_course")]
WHOLE = ("seed", "stopped_at", "best_epoch", "bins")
NUMBERS = ("best_score", "mse", "fit_error", "ks", "outside", "seconds")


def test_both_recipes_were_measured() -> None:
    assert set(LOOPS) <= set(NAMES)


@pytest.mark.parametrize("name", COURSE)
def test_the_course_recipe_was_measured_on_many_seeds(name: str) -> None:
    easy = ("absolute_course", "exponential_course", "inverted_u_course")
    assert len(load_records(name)) == (40 if name in easy else 100)


@pytest.mark.parametrize("name", NAMES)
def test_records_are_those_of_the_file(name: str) -> None:
    content = json.loads((records.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert load_records(name) == content["records"]
    assert len(load_records(name)) >= 1


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_from_zero_on_has_one_record(name: str) -> None:
    seeds = [record["seed"] for record in load_records(name)]
    assert seeds == list(range(len(seeds)))


@pytest.mark.parametrize("name", LOOPS)
def test_a_record_holds_what_the_table_prints(name: str) -> None:
    for record in load_records(name):
        assert all(isinstance(record[key], int) for key in WHOLE)
        assert all(math.isfinite(record[key]) for key in NUMBERS)
        assert name.endswith(record["recipe"])


@pytest.mark.parametrize("name", LOOPS)
def test_a_record_is_possible(name: str) -> None:
    for record in load_records(name):
        assert 1 <= record["best_epoch"] <= record["stopped_at"]
        assert 0 <= record["ks"] <= 1
        assert 0 <= record["outside"] <= 1
        assert 0 <= record["bins"] <= 50


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError) as caught:
        load_records("sine")
    assert str(caught.value) == f"name must be one of {', '.join(NAMES)}, got 'sine'"


def test_what_chapter_5_says_of_its_ablation_is_so() -> None:
    def middle(name: str, measure: str) -> float:
        return median(record[measure] for record in load_records(f"sine_{name}")[:8])

    # "no seed works any more", by the limits of the chapter
    for name in ("no_blur", "no_blur_weight", "no_waves", "no_decay", "adam_defaults"):
        for record in load_records(f"sine_{name}"):
            assert record["fit_error"] > 0.005 or record["ks"] > 0.04 or record["bins"] < 49
    # "the worst thing to put in"
    added = ["plus_dropout", "plus_relativistic", "plus_packing", "plus_two_rates"]
    assert middle("plus_penalty", "fit_error") > 4 * max(middle(n, "fit_error") for n in added)
    # "the points outside", and little else
    assert middle("no_clipping", "outside") > 0.005 > middle("no_clipping", "fit_error")
    # "smaller batches cost little"
    assert middle("small_batches", "fit_error") < 1.2 * middle("course", "fit_error")


@pytest.mark.parametrize("name", [name for name in COURSE if "ks" in load_records(name)[0]])
def test_no_seed_of_the_course_recipe_goes_badly_wrong(name: str) -> None:
    for record in load_records(name):
        assert record["ks"] < 0.1
        assert record.get("fit_error", 0) < 0.01
        assert record.get("bins", 50) >= 48


def test_what_chapter_1_says_of_its_eight_seeds_is_so() -> None:
    original, cure = load_records("exponential_original"), load_records("exponential_cure")
    assert [r["seed"] for r in original] == [r["seed"] for r in cure] == list(range(8))
    # "every run stops a few dozen epochs after 1,000", which is its patience
    assert all(1_000 < r["stopped_at"] < 1_060 for r in original)
    assert all(r["stopped_at"] - r["best_epoch"] == 1_000 for r in original)
    # "hundreds to thousands of times the score of the best epoch", "dozens of times the luckiest"
    assert all(200 < r["mse"] / r["best_score"] < 10_000 for r in original)
    errors = [r["mse"] for r in original]
    assert 24 < max(errors) / min(errors) < 100
    # "the errors at the end are small for every seed"
    assert max(r["mse"] for r in cure) < min(errors)
