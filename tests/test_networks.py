"""Do the networks have the layers they promise, and does sampling leave them alone?"""

import pytest
import torch
from torch import nn

from gan_course.data import Scaler
from gan_course.networks import (
    Discriminator,
    Generator,
    in_data_units,
    make_discriminator,
    make_generator,
    sample,
)


def words(network):
    """Each layer as a short word: a linear one by its sizes, dropout by its share."""
    found = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            found.append(f"{layer.in_features}-{layer.out_features}")
        elif isinstance(layer, nn.Dropout):
            found.append(f"drop {layer.p}")
        else:
            found.append(type(layer).__name__)
    return " ".join(found)


HIDDEN = "2-256 ReLU drop 0.3 256-128 ReLU drop 0.3 128-64 ReLU drop 0.3"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (make_generator(), "2-16 ReLU 16-32 ReLU 32-2"),
        (make_generator(5, [7], 3), "5-7 ReLU 7-3"),
        (make_discriminator(), f"{HIDDEN} 64-1 Sigmoid"),
        (make_discriminator(3, (4,), dropout=0), "3-4 ReLU drop 0 4-1 Sigmoid"),
        (Generator().layers, "1-64 64-32 32-1"),
        (Generator(5, widths=(7,), output_dim=3).layers, "5-7 7-3"),
        (Discriminator().layers, "1-64 64-32 32-1"),
        (Discriminator(2, [9, 1]).layers, "2-9 9-1"),
    ],
)
def test_the_networks_of_the_projects_and_of_chosen_sizes(layers, expected):
    assert words(layers) == expected


def test_a_network_of_project_3_is_a_stack_of_leaky_layers_and_an_end():
    generator, discriminator = Generator(1, nn.Tanh(), slope=0.2), Discriminator(slope=0.2)
    z = 10 * torch.randn(16, 1)
    for network, end in ((generator, nn.Tanh()), (discriminator, nn.Sigmoid())):
        first, second, third = network.layers
        leaky = nn.LeakyReLU(0.2)
        stack = nn.Sequential(first, leaky, second, leaky, third, end)
        assert torch.equal(network(z), stack(z))


def test_a_generator_in_data_units_shares_its_weights_and_has_its_own_copy_of_the_range():
    generator, noise = make_generator(), torch.randn(6, 2)
    scaler = Scaler(low=torch.tensor([0.0, 10.0]), high=torch.tensor([4.0, 30.0]))
    expected = scaler.unscale(generator(noise))
    whole = in_data_units(generator, scaler)
    scaler.low.fill_(9)
    torch.testing.assert_close(whole(noise), expected)
    # the range is not trained
    assert [id(w) for w in whole.parameters()] == [id(w) for w in generator.parameters()]
    assert set(whole[-1].state_dict()) == {"low", "high"}


@pytest.mark.parametrize("training", [True, False])
def test_samples_come_without_dropout_or_gradients_and_leave_all_as_it_was(training):
    norm = nn.BatchNorm1d(2, affine=False).train(not training)  # a layer in a mode of its own
    generator = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train(training).append(norm)
    noise = torch.randn(50, 2)
    state = torch.get_rng_state()
    samples = sample(generator, noise)
    assert torch.equal(torch.get_rng_state(), state)
    assert not samples.requires_grad
    torch.testing.assert_close(samples, generator[0](noise).detach(), rtol=1e-4, atol=1e-4)
    with pytest.raises(RuntimeError):  # noise of the wrong width
        sample(generator, torch.randn(1, 3))
    assert generator.training is training and norm.training is not training
