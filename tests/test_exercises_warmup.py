"""A step of training that the learner wrote: right ways, and the mistakes that are named."""

import torch
from learners import judged, table_tests
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce


def by_sgd(network, points, truth, learning_rate):
    optimiser = torch.optim.SGD(network.parameters(), lr=learning_rate)
    optimiser.zero_grad()
    loss = bce(network(points), truth)
    loss.backward()
    optimiser.step()
    return loss


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
    return loss.item()


EMPTY, BACK = "    network.zero_grad()\n", "    loss.backward()\n"
RIGHT = {
    "SGD": by_sgd,
    "layer by layer": layer_by_layer,
}
FAULTS = {
    "no zero_grad": (EMPTY, "", "second of two steps: the slopes of the first step still pushed"),
    "uphill": ("p -=", "p +=", "first of two steps: the parameters moved uphill"),
    "no rate": ("learning_rate * p", "p", "the learning rate was left out"),
    "a new tensor": ("p -= ", "p = p - ", "no parameter moved: p -= … changes p"),
    "half the rate": ("learning_rate *", "learning_rate / 2 *", "by learning_rate times their"),
    "of 128": (
        "nn.BCELoss()(network(points), truth)",
        'nn.BCELoss(reduction="sum")(network(points), truth) / 128',
        "divide by len(points)",
    ),
    "the sum": ("BCELoss()", 'BCELoss(reduction="sum")', ": return the mean, not the sum"),
    "swapped": ("network(points), truth", "truth, network(points)", "gets the answers first"),
    "a second sigmoid": ("BCELoss", "BCEWithLogitsLoss", ": your loss puts a second sigmoid on"),
    "one layer": ("network.p", "network[0].p", "only some parameters moved: the check's network"),
    "detached": ("network(points)", "network(points).detach()", ", or did you detach() it?"),
    "cleared too late": (EMPTY + BACK, BACK + EMPTY, "something is None, as a .grad is before"),
    "recorded": ("with torch.no_grad()", "if True", "so that the change isn't recorded"),
    "without truth": (
        "network(points), truth",
        "network(points), 0 * truth + 1",
        "if all were real",
    ),
    "afterwards": ("loss.item()", "nn.BCELoss()(network(points), truth)", "loss after the step"),
}
test_right_steps_pass, test_each_fault_of_a_step_is_named = table_tests({"A": RIGHT}, {"A": FAULTS})


def test_a_loss_that_is_a_tensor_is_right_with_a_remark():
    assert ".item() makes a number of your loss" in judged("A", by_sgd).message
    assert ".item()" not in judged("A", layer_by_layer).message
