"""Do the networks have the layers they promise, and does sampling leave them alone?"""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import softmax

from gan_course.data import Scaler, decode_batch, encode_batch
from gan_course.networks import (
    Discriminator,
    Generator,
    GumbelSoftmax,
    StraightThrough,
    Unscale,
    in_data_units,
    make_discriminator,
    make_generator,
    sample,
)

SCALER = Scaler(low=torch.tensor([0.0, 10.0]), high=torch.tensor([4.0, 30.0]))


def outline(network):
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


def test_the_networks_of_project_1_and_of_chosen_sizes():
    assert outline(make_generator()) == ["2-16", "ReLU", "16-32", "ReLU", "32-2"]
    hidden = ["2-256", "ReLU", "drop 0.3", "256-128", "ReLU", "drop 0.3", "128-64"]
    end = ["ReLU", "drop 0.3", "64-1", "Sigmoid"]
    assert outline(make_discriminator()) == hidden + end
    assert outline(make_generator(5, [7], 3)) == ["5-7", "ReLU", "7-3"]
    chosen = make_discriminator(3, (4,), dropout=0)
    assert outline(chosen) == ["3-4", "ReLU", "drop 0", "4-1", "Sigmoid"]
    assert outline(make_generator(widths=())) == ["2-2"]


def test_shapes_go_from_noise_to_samples_to_probabilities():
    samples = make_generator(latent_dim=5, output_dim=3)(torch.randn(7, 5))
    assert samples.shape == (7, 3)
    probabilities = make_discriminator(input_dim=3)(samples)
    assert probabilities.shape == (7, 1)
    assert bool(((probabilities > 0) & (probabilities < 1)).all())


def test_unscale_is_kept_in_files_with_its_own_copy_of_the_range_but_not_trained():
    scaler = Scaler(torch.zeros(2), torch.ones(2))
    layer = Unscale(scaler)
    scaler.low.fill_(9)
    assert layer.low.tolist() == [0, 0]
    assert set(layer.state_dict()) == {"low", "high"}
    assert list(layer.parameters()) == []


def test_a_generator_in_data_units_shares_its_weights():
    generator = make_generator()
    whole = in_data_units(generator, SCALER)
    noise = torch.randn(6, 2)
    torch.testing.assert_close(whole(noise), SCALER.unscale(generator(noise)))
    assert whole[0].weight is generator[0].weight
    assert len(whole) == len(generator) + 1


@pytest.mark.parametrize("training", [True, False])
def test_samples_come_without_dropout_or_gradients_and_leave_all_as_it_was(training):
    generator = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train(training)
    noise = torch.randn(50, 2)
    state = torch.get_rng_state()
    samples = sample(generator, noise)
    assert torch.equal(torch.get_rng_state(), state)
    assert not samples.requires_grad
    torch.testing.assert_close(samples, generator[0](noise).detach())
    assert generator.training is training
    with pytest.raises(RuntimeError):  # noise of the wrong width
        sample(generator, torch.randn(1, 3))
    assert generator.training is training


# --- networks as classes -----------------------------------------------------------------------


def sizes(network):
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


def test_the_networks_have_the_sizes_of_the_chapter():
    assert sizes(Generator()) == [(1, 64), (64, 32), (32, 1)]
    assert sizes(Discriminator()) == [(1, 64), (64, 32), (32, 1)]
    assert sizes(Generator(5, widths=(7,), output_dim=3)) == [(5, 7), (7, 3)]
    assert sizes(Generator(100, widths=(), output_dim=100)) == [(100, 100)]
    assert sizes(Discriminator(2, [9, 1])) == [(2, 9), (9, 1)]


def test_the_networks_compute_what_a_stack_of_layers_does():
    generator, discriminator = Generator(slope=0.2), Discriminator(slope=0.2)
    z = 10 * torch.randn(16, 1)
    for network, end in ((generator, nn.Identity()), (discriminator, nn.Sigmoid())):
        first, second, third = network.layers
        leaky = nn.LeakyReLU(0.2)
        stack = nn.Sequential(first, leaky, second, leaky, third, end)
        assert torch.equal(network(z), stack(z))


def test_an_output_activation_comes_last():
    rows = Generator(4, nn.Softmax(dim=1), output_dim=6)(torch.randn(8, 4))
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(8))


def test_more_than_one_answer_is_refused():
    with pytest.raises(ValueError, match=r"layers must end with 1.* got \[64, 2\]"):
        Discriminator(1, [64, 2])


# --- last layers ------------------------------------------------------------------------------


def test_straight_through_is_one_hot_with_the_gradient_of_softmax():
    logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    direction = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    rows = StraightThrough()(logits)
    expected = encode_batch(logits.argmax(dim=1), 5)
    assert torch.allclose(rows, expected, atol=1e-6)
    assert torch.equal(decode_batch(rows.detach()), logits.argmax(dim=1))
    (by_layer,) = torch.autograd.grad((rows * direction).sum(), logits)
    (by_softmax,) = torch.autograd.grad((softmax(logits, dim=-1) * direction).sum(), logits)
    assert torch.allclose(by_layer, by_softmax)
    assert by_layer.abs().max() > 0.01


def test_gumbel_draws_with_the_probabilities_of_softmax():
    probabilities = torch.tensor([0.1, 0.3, 0.6])
    torch.manual_seed(0)
    layer = GumbelSoftmax().eval()  # the drawing goes on in evaluation mode
    rows = layer(probabilities.log().repeat(40_000, 1))
    assert torch.allclose(rows.sum(dim=1), torch.ones(40_000))
    assert torch.allclose(rows.max(dim=1).values, torch.ones(40_000))
    shares = decode_batch(rows).bincount(minlength=3) / 40_000
    assert torch.allclose(shares, probabilities, atol=5 * math.sqrt(0.25 / 40_000))


def test_gumbel_lets_a_gradient_through_and_keeps_its_temperature():
    gradients = []
    for temperature in (1.0, 0.2):
        torch.manual_seed(0)
        logits = torch.zeros(5, 4, requires_grad=True)
        layer = nn.Sequential(GumbelSoftmax(temperature))
        (layer(logits) * torch.arange(4.0)).sum().backward()
        assert logits.grad is not None
        gradients.append(logits.grad)
    assert gradients[0].abs().max() > 0.01
    assert not torch.allclose(gradients[0], gradients[1])
