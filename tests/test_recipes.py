"""Are wrong settings refused by name, and are the named ones what their names promise?"""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, astuple, fields, replace
from typing import Any

import pytest
import torch

from gan_course import recipes
from gan_course.ensemble import train
from gan_course.networks import make_discriminator, make_generator
from gan_course.recipes import LAST_LAYERS, NOISES, ORIGINAL, PATTERNS, Settings

NAMED = {name: value for name, value in vars(recipes).items() if isinstance(value, Settings)}
each_recipe = pytest.mark.parametrize("recipe", NAMED.values(), ids=NAMED)


def test_the_named_settings_are_found() -> None:
    assert {"ORIGINAL", "PATTERNS"} <= set(NAMED)
    assert len(set(NAMED.values())) == len(NAMED)  # no two of them are the same recipe


def test_settings_are_fixed_and_a_changed_one_is_new() -> None:
    with pytest.raises(FrozenInstanceError):
        ORIGINAL.steps = 5  # type: ignore[misc]
    assert replace(ORIGINAL, steps=5).steps == 5
    assert replace(ORIGINAL, steps=ORIGINAL.steps) == ORIGINAL
    assert hash(replace(ORIGINAL, steps=ORIGINAL.steps)) == hash(ORIGINAL)


def test_a_changed_setting_is_checked_too() -> None:
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        replace(ORIGINAL, steps=0)


# --- the named ones ---------------------------------------------------------------------------


@each_recipe
def test_a_recipe_is_made_of_plain_values(recipe: Settings) -> None:
    # so that it can be compared, and written into a file beside what was measured with it
    def plain(value: Any) -> bool:
        if isinstance(value, tuple):
            return all(plain(part) for part in value)
        return value is None or isinstance(value, (int, float, str))

    assert all(plain(value) for value in astuple(recipe))


TARGETS = ("curve", "exponential", "expo", "function", "low", "high", "dim", "multiple", "factor")


@each_recipe
def test_nothing_in_a_recipe_names_a_target(recipe: Settings) -> None:
    words = {word for field in fields(recipe) for word in field.name.split("_")} - {"latent"}
    assert words.isdisjoint(set(TARGETS) - {"dim"})
    assert {field.name for field in fields(recipe) if "dim" in field.name} == {"latent_dim"}
    texts = {value for value in astuple(recipe) if isinstance(value, str)}
    assert texts <= {*NOISES, *LAST_LAYERS}


@each_recipe
@pytest.mark.parametrize("dim", [1, 2, 7])
def test_a_recipe_trains_on_data_of_any_width(recipe: Settings, dim: int) -> None:
    samples = torch.rand(50, dim, generator=torch.Generator().manual_seed(0))
    result = train(samples, replace(recipe, steps=1), (0, 1))
    assert result.generate(4).shape == (2, 4, dim)


def sizes(network: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.parameters() if weight.ndim == 2]


def test_the_original_has_the_published_networks_and_rates() -> None:
    generator = make_generator(ORIGINAL.latent_dim, ORIGINAL.generator_widths)
    assert sizes(generator) == sizes(make_generator())
    published = make_discriminator()
    discriminator = make_discriminator(widths=ORIGINAL.discriminator_widths)
    assert sizes(discriminator) == sizes(published)
    assert {layer.p for layer in published if isinstance(layer, torch.nn.Dropout)} == {
        ORIGINAL.dropout
    }
    assert ORIGINAL.noise == "normal"
    assert ORIGINAL.last_layer == "linear"
    assert ORIGINAL.slope == 0
    assert ORIGINAL.batch_size == 128
    assert ORIGINAL.generator_rate == ORIGINAL.discriminator_rate == 5e-4
    assert ORIGINAL.betas == (0.9, 0.999)  # Adam's own


def test_the_original_has_none_of_the_cures() -> None:
    off = {"scaled", "clipped", "decay", "relativistic", "average", "penalty", "blur"}
    off |= {"generator_waves", "discriminator_waves"}
    assert {name for name in off if getattr(ORIGINAL, name)} == set()
    assert ORIGINAL.pack == 1


def test_the_recipe_of_patterns_has_the_networks_of_project_2() -> None:
    assert PATTERNS.generator_widths == PATTERNS.discriminator_widths == ()
    assert PATTERNS.last_layer == "softmax"  # one-hot rows are chances
    assert not PATTERNS.scaled


# --- what is refused --------------------------------------------------------------------------

COUNTS = ("latent_dim", "batch_size", "steps", "pack")
WAVES = ("generator_waves", "discriminator_waves")
RATES = ("generator_rate", "discriminator_rate")
SHARES = ("dropout", "average", "slope")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        *(({name: 0}, ValueError, f"{name} must be at least 1, got 0") for name in COUNTS),
        *(
            ({name: value}, TypeError, f"{name} must be a pair of numbers like (0.5, 0.9)")
            for name in ("betas", "blur", "blur_weight")
            for value in (0.5, (0.5,), (0.1, 0.2, 0.3))
        ),
        ({"betas": None}, TypeError, "betas must be a pair of numbers like (0.5, 0.9), got"),
        *(
            ({name: "no"}, TypeError, f"{name} must be True or False, got str 'no'")
            for name in ("scaled", "clipped", "decay", "relativistic")
        ),
        *(({name: 2.0}, TypeError, f"{name} must be a whole number") for name in COUNTS),
        *(({name: -1}, ValueError, f"{name} must be at least 0, got -1") for name in WAVES),
        *(({name: None}, TypeError, f"{name} must be a whole number") for name in WAVES),
        ({"generator_widths": (8, 0)}, ValueError, "generator_widths[1] must be at least 1"),
        ({"discriminator_widths": 8}, TypeError, "discriminator_widths must be a sequence"),
        ({"noise": "pink"}, ValueError, f"noise must be one of {', '.join(NOISES)}, got 'pink'"),
        ({"last_layer": "tanh"}, ValueError, "last_layer must be one of linear, relu, softmax"),
        *(({name: 0}, ValueError, f"{name} must be larger than 0, got 0") for name in RATES),
        *(({name: "1"}, TypeError, f"{name} must be a number, got str '1'") for name in RATES),
        *(({name: 1}, ValueError, f"{name} must be at least 0 and below 1") for name in SHARES),
        *(({name: -0.1}, ValueError, f"{name} must be at least 0 and below") for name in SHARES),
        *(({name: None}, TypeError, f"{name} must be a number") for name in SHARES),
        ({"betas": (1.0, 0.9)}, ValueError, "betas[0] must be at least 0 and below 1, got 1.0"),
        ({"betas": (0.5, 1.5)}, ValueError, "betas[1] must be at least 0 and below 1, got 1.5"),
        ({"betas": (0.5, None)}, TypeError, "betas[1] must be a number"),
        ({"penalty": -0.5}, ValueError, "penalty must be at least 0, got -0.5"),
        ({"penalty": "1"}, TypeError, "penalty must be a number"),
        ({"blur_weight": (-0.5, 1)}, ValueError, "blur_weight[0] must be at least 0, got -0.5"),
        ({"blur_weight": (1, "1")}, TypeError, "blur_weight[1] must be a number"),
        ({"blur_weight": None}, TypeError, "blur_weight must be a pair of numbers"),
        ({"penalty": float("nan")}, ValueError, "penalty must be finite, got nan"),
        ({"batch_size": 10, "pack": 3}, ValueError, "pack must divide the batch size 10, got 3"),
        ({"clipped": True}, ValueError, "clipped=True needs scaled=True"),
        ({"blur": (0.0, 1.0)}, ValueError, "blur[0] must be larger than 0, got 0.0"),
        ({"blur": (0.5, 0.5)}, ValueError, "blur[1] must be larger than 0.5, got 0.5"),
        ({"blur": (0.5, "1")}, TypeError, "blur[1] must be a number"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Settings(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        *({"noise": noise} for noise in NOISES),
        *({"last_layer": last_layer} for last_layer in LAST_LAYERS),
        *({name: 0} for name in (*WAVES, *SHARES, "penalty")),
        {"blur_weight": (0, 0)},
        *({name: 1} for name in COUNTS),
        {"generator_widths": (), "discriminator_widths": ()},
        {"betas": (0, 0)},
        {"blur": None},
        {"scaled": True, "clipped": True},
        {"batch_size": 12, "pack": 12},
    ],
    ids=str,
)
def test_settings_at_the_end_of_their_range_are_taken(settings: dict[str, Any]) -> None:
    chosen = Settings(**settings)
    assert {name: getattr(chosen, name) for name in settings} == settings
