"""A step of training that the learner wrote: right ways, and the mistakes that are named."""

import pytest
import torch
from learners import accepted, each, judged, refused, slip
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce

from gan_course.exercises import check


def by_sgd(network, points, truth, learning_rate):
    optimiser = torch.optim.SGD(network.parameters(), lr=learning_rate)
    optimiser.zero_grad()
    loss = bce(network(points), truth)
    loss.backward()
    optimiser.step()
    return loss


def by_autograd(network, points, truth, learning_rate):
    loss = bce(network(points), truth)
    for p, slope in zip(
        network.parameters(), torch.autograd.grad(loss, list(network.parameters())), strict=True
    ):
        p.data = p.data - learning_rate * slope
    return loss.detach().numpy()


def layer_by_layer(network, points, truth, learning_rate):
    given = torch.where(truth == 1, network(points), 1 - network(points))
    loss = -given.log().mean()
    loss.backward()
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, nn.Linear):
                layer.weight -= learning_rate * layer.weight.grad
                layer.bias.sub_(learning_rate * layer.bias.grad)
                layer.weight.grad = layer.bias.grad = None  # cleared after use: as good as before
    return [loss.item()]


RIGHT = {
    "SGD": by_sgd,
    "autograd": by_autograd,
    "layer by layer": layer_by_layer,
    "rounded": slip("A", "loss.item()", "round(loss.item(), 3)"),
}

LOSS_UNDER_NO_GRAD = "    with torch.no_grad(): loss = nn.BCELoss()(network(points), truth)"
FAULTS = {
    "no zero_grad": (("    network.zero_grad()\n", ""), "the first step still pushed: clear them"),
    "uphill": (("p -=", "p +="), "first of two steps the parameters moved uphill"),
    "no biases": (
        ("for p in network.parameters()", "for p in [m.weight for m in network[::2]]"),
        "the biases did not move, only the weights",
    ),
    "no rate": (("learning_rate * p", "p"), "the learning rate was left out"),
    "a new tensor": (("p -= ", "p = p - "), "no parameter moved: p -= … changes p"),
    "half the rate": (("learning_rate *", "learning_rate / 2 *"), "times their slopes"),
    "the sum": (("BCELoss()", 'BCELoss(reduction="sum")'), ": return the mean, not the sum"),
    "swapped": (("network(points), truth", "truth, network(points)"), "gets the answers first"),
    "the loss afterwards": (
        ("loss.item()", "nn.BCELoss()(network(points), truth).item()"),
        ": return the loss from before the move",
    ),
    "squares": (
        ("nn.BCELoss", "nn.MSELoss"),
        "cross-entropy was 1.286 before the move, but step returns 0.472: that is the mean squared",
    ),
    "a second sigmoid": (("BCELoss", "BCEWithLogitsLoss"), ": your loss puts a second sigmoid on"),
    "return in the loop": (
        ("    return loss.item()", "            return loss.item()"),
        "Loop over network.parameters(), and return after the loop",
    ),
    "one layer": (
        ("network.parameters()", "network[0].parameters()"),
        "only some parameters moved: the check's network has more layers than the page's",
    ),
    "twice as far": (
        ("loss.backward()", "loss.backward(retain_graph=True); loss.backward()"),
        "the parameters moved, but not by learning_rate times their slopes",
    ),
    "no third part": (("-= learning_rate * p.grad", "-= 0"), "move, is part 3 still missing, or"),
    "detached": (("network(points)", "network(points).detach()"), ", or did you detach() it?"),
    "all without a record": (
        ("    loss = nn.BCELoss()(network(points), truth)", LOSS_UNDER_NO_GRAD),
        "no record of the loss: is all of it under `torch.no_grad()`, or",
    ),
    "cleared in between": (
        ("loss.backward()", "loss.backward(); network.zero_grad(set_to_none=False)"),
        "Or were the slopes cleared between backward and the move, is",
    ),
    "cleared too late": (
        (
            "    network.zero_grad()\n    loss.backward()",
            "    loss.backward()\n    network.zero_grad()",
        ),
        "something is None, as a .grad is before backward(), and after it was cleared",
    ),
    "recorded": (("with torch.no_grad()", "if True"), "so that the change isn't recorded"),
    "no return": (("    return loss.item()", ""), "your step returns None"),
    "all losses": (("loss.item()", "network(points)"), "step returns shape (8, 1), expected one"),
}


@pytest.mark.parametrize(("exercise", "step"), each({"A": RIGHT}))
def test_right_steps_pass(exercise, step):
    accepted(exercise, step)


@pytest.mark.parametrize(("exercise", "fault"), each({"A": FAULTS}))
def test_each_fault_of_a_step_is_named(exercise, fault):
    changes, message = fault
    refused(message, exercise, slip(exercise, *changes))


def test_a_loss_that_is_a_tensor_is_right_with_a_remark():
    assert ".item() makes a number of your loss" in judged("A", by_sgd).message
    assert ".item()" not in judged("A", layer_by_layer).message


def test_the_check_of_a_step_leaves_the_random_numbers_alone():
    state = torch.get_rng_state()
    assert check("A", by_sgd)
    assert torch.equal(torch.get_rng_state(), state)
