"""Do the networks have the layers they promise, and does sampling leave them alone?"""

from __future__ import annotations

import copy
import math
import re
from typing import Any

import pytest
import torch
from torch import nn

from gan_course.data import Scaler
from gan_course.networks import (
    Unscale,
    Waves,
    add_waves,
    in_data_units,
    make_discriminator,
    make_generator,
    move_average,
    sample,
)

SCALER = Scaler(low=torch.tensor([0.0, 10.0]), high=torch.tensor([4.0, 30.0]))


def outline(network: nn.Sequential) -> list[str]:
    """Each layer as a short word: a linear one by its sizes, dropout by its share."""
    words = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            words.append(f"{layer.in_features}-{layer.out_features}")
        elif isinstance(layer, nn.Dropout):
            words.append(f"drop {layer.p}")
        else:
            words.append(type(layer).__name__)
    return words


def test_the_generator_of_project_1() -> None:
    assert outline(make_generator()) == ["2-16", "ReLU", "16-32", "ReLU", "32-2"]


def test_the_discriminator_of_project_1() -> None:
    hidden = ["2-256", "ReLU", "drop 0.3", "256-128", "ReLU", "drop 0.3", "128-64"]
    end = ["ReLU", "drop 0.3", "64-1", "Sigmoid"]
    assert outline(make_discriminator()) == hidden + end


def test_sizes_can_be_chosen() -> None:
    assert outline(make_generator(5, [7], 3)) == ["5-7", "ReLU", "7-3"]
    chosen = make_discriminator(3, (4,), dropout=0)
    assert outline(chosen) == ["3-4", "ReLU", "drop 0", "4-1", "Sigmoid"]


def test_no_widths_leave_one_linear_layer() -> None:
    assert outline(make_generator(widths=())) == ["2-2"]
    assert outline(make_discriminator(widths=())) == ["2-1", "Sigmoid"]


def test_shapes_go_from_noise_to_samples_to_probabilities() -> None:
    samples = make_generator(latent_dim=5, output_dim=3)(torch.randn(7, 5))
    assert samples.shape == (7, 3)
    probabilities = make_discriminator(input_dim=3)(samples)
    assert probabilities.shape == (7, 1)
    assert bool(((probabilities > 0) & (probabilities < 1)).all())


def test_the_global_seed_sets_the_first_weights() -> None:
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(make_generator()[0].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("make", "settings", "error", "message"),
    [
        (make_generator, {"latent_dim": 0}, ValueError, "latent_dim must be at least 1, got 0"),
        (make_generator, {"output_dim": 2.0}, TypeError, "output_dim must be a whole number"),
        (make_generator, {"widths": (8, 0)}, ValueError, "widths[1] must be at least 1, got 0"),
        (make_generator, {"widths": 8}, TypeError, "widths must be a sequence"),
        (make_discriminator, {"input_dim": -1}, ValueError, "input_dim must be at least 1"),
        (make_discriminator, {"widths": "8"}, TypeError, "widths must be a sequence"),
        (make_discriminator, {"dropout": 1}, ValueError, "at least 0 and below 1, got 1"),
        (make_discriminator, {"dropout": -0.1}, ValueError, "at least 0 and below 1, got -0.1"),
        (make_discriminator, {"dropout": None}, TypeError, "dropout must be a number"),
    ],
)
def test_builders_name_the_wrong_argument(
    make: Any, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make(**settings)


def test_unscale_does_what_the_scaler_does() -> None:
    samples = torch.randn(9, 2)
    torch.testing.assert_close(Unscale(SCALER)(samples), SCALER.unscale(samples))


def test_unscale_is_kept_in_files_but_not_trained() -> None:
    layer = Unscale(SCALER)
    assert set(layer.state_dict()) == {"low", "high"}
    assert list(layer.parameters()) == []


def test_unscale_keeps_its_own_copy_of_the_range() -> None:
    scaler = Scaler(torch.zeros(2), torch.ones(2))
    layer = Unscale(scaler)
    scaler.low.fill_(9)
    scaler.high.fill_(9)
    assert layer.low.tolist() == [0, 0]
    assert layer.high.tolist() == [1, 1]


def test_a_generator_in_data_units_shares_its_weights() -> None:
    generator = make_generator()
    whole = in_data_units(generator, SCALER)
    noise = torch.randn(6, 2)
    torch.testing.assert_close(whole(noise), SCALER.unscale(generator(noise)))
    assert whole[0].weight is generator[0].weight
    assert len(whole) == len(generator) + 1


def test_in_data_units_names_the_wrong_argument() -> None:
    with pytest.raises(TypeError, match=r"generator must be an nn\.Sequential, got Linear"):
        in_data_units(nn.Linear(2, 2), SCALER)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="scaler must be a Scaler, got tuple"):
        in_data_units(make_generator(), (0, 1))  # type: ignore[arg-type]


def test_samples_come_without_dropout_and_without_gradients() -> None:
    generator = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    noise = torch.randn(50, 2)
    samples = sample(generator, noise)
    assert not samples.requires_grad
    torch.testing.assert_close(samples, generator[0](noise).detach())


@pytest.mark.parametrize("training", [True, False])
def test_sampling_leaves_the_mode_as_it_was(training: bool) -> None:
    generator = make_generator().train(training)
    sample(generator, torch.randn(1, 2))
    assert generator.training is training
    with pytest.raises(RuntimeError):  # noise of the wrong width
        sample(generator, torch.randn(1, 3))
    assert generator.training is training


def test_sampling_draws_no_random_numbers() -> None:
    generator, noise = make_generator(), torch.randn(1, 2)
    state = torch.get_rng_state()
    sample(generator, noise)
    assert torch.equal(torch.get_rng_state(), state)


def test_noise_must_be_a_matrix() -> None:
    with pytest.raises(ValueError, match=r"noise must be .* \(n, dim\), got shape \(2,\)"):
        sample(make_generator(), torch.randn(2))


def test_waves_are_sines_and_cosines_of_rising_frequency() -> None:
    values = torch.tensor([[0.3, -0.8], [1.0, 0.0]])
    waves = add_waves(values, 3)
    assert waves.shape == (2, 2 + 2 * 2 * 3)
    for row, numbers in zip(waves.tolist(), values.tolist(), strict=True):
        expected = list(numbers)
        for k in (1, 2, 3):
            expected += [math.sin(k * math.pi / 2 * v) for v in numbers]
            expected += [math.cos(k * math.pi / 2 * v) for v in numbers]
        assert row == pytest.approx(expected, abs=1e-6)


def test_no_waves_leave_the_values_as_they_are() -> None:
    values = torch.randn(5, 2)
    assert torch.equal(add_waves(values, 0), values)


def test_waves_go_beside_the_last_dimension_of_any_shape() -> None:
    values = torch.randn(3, 5, 2)
    assert add_waves(values, 2).shape == (3, 5, 10)
    assert torch.equal(add_waves(values, 2)[1], add_waves(values[1], 2))


def test_the_lowest_wave_tells_one_end_of_the_range_from_the_other() -> None:
    ends = add_waves(torch.tensor([[-1.0], [1.0]]), 1)
    torch.testing.assert_close(ends, torch.tensor([[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]))


def test_a_layer_of_waves_adds_waves() -> None:
    values, layer = torch.randn(5, 2), Waves(3)
    assert torch.equal(layer(values), add_waves(values, 3))
    assert list(layer.parameters()) == []
    assert str(layer) == "Waves(3)"


@pytest.mark.parametrize(("count", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_layer_of_waves_needs_a_count(count: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="count must be"):
        Waves(count)


def averages(keep: float, steps: int) -> list[float]:
    """Of a weight that was 0 and is 1, 2, 3, ... after steps 1, 2, 3, ..."""
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    averaged, history = copy.deepcopy(network), []
    for step in range(1, steps + 1):
        nn.init.constant_(network.weight, step)
        move_average(averaged, network, step, keep)
        assert float(network.weight.detach()) == step  # the network's own stay
        assert averaged.weight.requires_grad
        history.append(float(averaged.weight.detach()))
    return history


def test_a_moving_average_keeps_its_share() -> None:
    expected, average = [], 0.0
    for step in range(1, 31):
        keep = min(0.6, step / (step + 9))  # 1/10 first, 0.6 from step 14 on
        average = keep * average + (1 - keep) * step
        expected.append(average)
    assert averages(0.6, 30) == pytest.approx(expected)


def test_first_weights_are_soon_forgotten() -> None:
    network, averaged = nn.Linear(2, 2), nn.Linear(2, 2)
    nn.init.constant_(averaged.weight, 1e3)
    nn.init.constant_(averaged.bias, 1e3)
    for step in range(1, 21):
        move_average(averaged, network, step, 0.999)
    torch.testing.assert_close(averaged.weight, network.weight, atol=1e-2, rtol=0)
    torch.testing.assert_close(averaged.bias, network.bias, atol=1e-2, rtol=0)


def test_an_average_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError):
        move_average(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), 1, 0.5)
