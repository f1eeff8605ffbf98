"""Are wrong settings refused by name, and are the named ones what their names promise?"""

import re
from dataclasses import asdict, replace

import pytest
import torch

from gan_course.many import ORIGINAL, Settings, recipes, train

NAMED = {name: value for name, value in vars(recipes).items() if isinstance(value, Settings)}


@pytest.mark.parametrize("recipe", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("dim", [1, 7])
def test_a_recipe_trains_on_data_of_any_width(recipe, dim):
    samples = torch.rand(50, dim, generator=torch.Generator().manual_seed(0))
    result = train(samples, replace(recipe, steps=1), (0, 1))
    assert result.generate(4).shape == (2, 4, dim)


def test_the_original_has_the_published_networks_and_rates():
    published = {"noise": "normal", "last_layer": "linear", "slope": 0, "batch_size": 128}
    # as make_generator and make_discriminator build them, see test_networks.py
    published |= {"latent_dim": 2, "generator_widths": (16, 32), "dropout": 0.3}
    published |= {"discriminator_widths": (256, 128, 64), "betas": (0.9, 0.999)}
    published |= {"generator_rate": 5e-4, "discriminator_rate": 5e-4}
    assert published.items() <= asdict(ORIGINAL).items()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"noise": "pink"}, ValueError, "noise must be one of normal, uniform, even, got 'pink'"),
        ({"last_layer": "tanh"}, ValueError, "last_layer must be one of linear, relu, softmax"),
        ({"dropout": 30}, ValueError, "dropout must be at least 0 and below 1, got 30"),
        ({"penalty": 0.1}, TypeError, "penalty must be its first and its last weight, (0.1, 0.1)"),
        ({"betas": [0.5, 0.9]}, TypeError, "betas must be a tuple, (0.5, 0.9), got [0.5, 0.9]"),
    ],
    ids=str,
)
def test_a_setting_that_would_train_something_else_is_refused_by_name(settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Settings(**settings)
