"""Is each bug of the museum named when it is still there, and each way to mend it accepted?"""

from __future__ import annotations

import math

import pytest
import torch
from learners import accepted, each, judged, refused
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import dropout, softplus

from gan_course.exercises import museum
from gan_course.networks import sample
from gan_course.training import generator_loss


def ones(like):
    return torch.ones_like(like)


def zeros(like):
    return torch.zeros_like(like)


def used_up(a):
    loss = bce(a, ones(a))
    loss.backward()
    return loss


HAS_NO_RECORD = "the number is right, but it has no record: backward() can't start from it"
CUT = "the number is right, but its record is cut"
RIGHT, FAULTS = {}, {}  # the answers to each exercise; a fault has the words that it must get

# --- 6.1 the generator's target ------------------------------------------------------------------

RIGHT["6.1"] = {
    "ones": lambda a: bce(a, ones(a)),
    "by hand": lambda a: -a.log().mean(),
    "the helper": generator_loss,
    "module": lambda a: nn.BCELoss()(a, ones(a)),
    "shape (1,)": lambda a: bce(a, ones(a))[None],
}
FAULTS["6.1"] = {
    "zeros": (lambda a: bce(a, zeros(a)), "the target is still 0. What does it want to hear"),
    "minimax": (lambda a: -bce(a, zeros(a)), "that is log(1 - D(G(z))), the other form"),
    "sign": (lambda a: a.log().mean(), "the sign is wrong"),
    "sum": (lambda a: bce(a, ones(a), reduction="sum"), "that is the sum over the batch"),
    "two sigmoids": (lambda a: bce_l(a, ones(a)), "these are probabilities already: this loss"),
    "item": (lambda a: bce(a, ones(a)).item(), HAS_NO_RECORD),
    "detached": (lambda a: bce(a.detach(), ones(a)), HAS_NO_RECORD),
    "a new record": (lambda a: bce(a.detach(), ones(a)).requires_grad_(), CUT),
    "backward": (used_up, "its record is used up: leave backward() to the training step"),
    "none": (lambda a: bce(a, ones(a), reduction="none"), "returns shape (4, 1), expected one"),
    "one half": (lambda a: bce(a, ones(a) / 2), "for the answers 0.1, 0.4, 0.25 and 0.6 you get"),
    "NaN": (lambda a: math.nan, "what generator_loss returns holds NaN"),
    "no function": (0.7, "generator_loss is a float, expected a function"),
}

# --- 6.2 two optimisers --------------------------------------------------------------------------


def adam(*networks):
    return torch.optim.Adam([w for network in networks for w in network.parameters()])


def shared(G, D):
    both = adam(G, D)
    return both, both


def a_part(G, D):
    return torch.optim.Adam([G.weight]), adam(D)


def one_more(G, D):
    return adam(G), adam(D, nn.Linear(1, 1))


def sgd(network):
    return torch.optim.SGD([{"params": [w]} for w in network.parameters()], lr=0.1)


RIGHT["6.2"] = {
    "Adam": lambda G, D: (adam(G), adam(D)),
    "a list": lambda G, D: [adam(G), adam(D)],
    "SGD in groups": lambda G, D: (sgd(G), sgd(D)),
}
FAULTS["6.2"] = {
    "one for both": (shared, "some weights are in both optimisers"),
    "two with all": (lambda G, D: (adam(G, D), adam(G, D)), "some weights are in both optimisers"),
    "one": (lambda G, D: adam(G, D), "a single optimiser, expected two: G's, then D's"),
    "swapped": (lambda G, D: (adam(D), adam(G)), "the two are swapped"),
    "only a part": (a_part, "the first optimiser holds 1 of its network's 2 weight tensors and 0"),
    "one more": (one_more, "the second optimiser holds 2 of its network's 2 weight tensors and 2"),
    "three": (lambda G, D: (adam(G), adam(D), 1), "something else than two optimisers"),
    "networks": (lambda G, D: (G, D), "something else than optimisers, such as torch.optim.Adam"),
    "fails": (lambda G: adam(G), "your optimisers failed: TypeError"),
}

# --- 6.3 the discriminator's half of a step ------------------------------------------------------


def step(
    empty=True,
    detach=True,
    swap=False,
    moves=True,
    target=0.0,
    share=1.0,
    also_g=False,
    no_grad=False,
    returns=lambda loss: loss.item(),
    halves=False,
    backward=True,
    empty_late=None,
    steps=1,
):
    """A way to write the step, right unless it is told otherwise."""

    def step_d(G, D, optimiser, real, noise):
        if empty:
            optimiser.zero_grad()
        fake = G(noise)
        if detach:
            fake = fake.detach()
        if no_grad:
            with torch.no_grad():
                fake = G(noise)
        answers = D(fake), D(real)
        one, other = answers if swap else answers[::-1]
        loss = share * (bce(one, ones(one)) + bce(other, zeros(other) + target))
        if halves:
            bce(D(real), ones(one)).backward()
            bce(D(fake), zeros(one)).backward()
        elif backward:
            loss.backward()
        if also_g:
            with torch.no_grad():
                G.weight += 1
        if empty_late == "D":
            optimiser.zero_grad()
        if moves:
            for _ in range(steps):
                optimiser.step()
        if empty_late == "G":
            G.zero_grad()
        return returns(loss)

    return step_d


RIGHT["6.3"] = {
    "as in the chapter": step(),
    "no_grad": step(no_grad=True),
    "the mean of both parts": step(share=0.5),
    "backward twice": step(halves=True),
    "a tensor without a record": step(returns=lambda loss: loss.detach()),
}
FAULTS["6.3"] = {
    "heaped up": (step(empty=False), "gradients of the last batch are still in it"),
    "no detach": (step(detach=False), "gradients have reached the generator. With two optimisers"),
    "no detach, and G emptied": (step(detach=False, empty_late="G"), "have reached the generator"),
    "emptied too late": (step(empty_late="D"), "step() found no gradients. Either nobody calls"),
    "no backward": (step(backward=False), "step() found no gradients. Either nobody calls"),
    "two steps": (step(steps=2), "the discriminator makes 2 steps, expected one"),
    "two half steps": (step(steps=2, share=0.5), "the discriminator makes 2 steps, expected one"),
    "both missing": (step(empty=False, detach=False), "gradients of the last batch"),
    "swapped": (step(swap=True), "it moves the wrong way: the targets are swapped"),
    "both real": (step(target=1.0), "the discriminator moves in another direction"),
    "no step": (step(moves=False), "weights have not changed: who calls step()?"),
    "changes G": (step(also_g=True), "step_D has changed the generator's weights"),
    "another number": (step(returns=lambda loss: 3.0), "step_D returns 3.0000 as its loss, expec"),
    "no number": (step(returns=lambda loss: "done"), "what step_D returns is a str"),
    "with its record": (step(returns=lambda loss: loss), "returns its loss with the whole record"),
}

# --- 6.4 the mean of an epoch --------------------------------------------------------------------


def by_enumerate(losses, start=0):
    total = 0
    for i, loss in enumerate(losses, start):  # noqa: B007
        total += loss
    return total / i


RIGHT["6.4"] = {
    "len": lambda losses: sum(losses) / len(losses),
    "torch": lambda losses: torch.tensor(losses).mean(),
    "enumerate from 1": lambda losses: by_enumerate(losses, 1),
}
FAULTS["6.4"] = {
    "by i": (by_enumerate, "for 16 losses of ln 2 you get 0.739: divided by 15, the number of"),
    "sum": (sum, "for 16 losses of ln 2 you get 11.090: that is their sum, expected the mean"),
    "one too many": (lambda x: sum(x) / (len(x) + 1), "you get 0.652: divided by 17"),
    "last": (lambda x: x[-1], "losses 1, 2 and 6 you get 6.000: that is the last one alone"),
    "always 16": (lambda x: sum(x) / 16, "losses 1, 2 and 6 you get 0.5625, expected 3.0000"),
    "a text": (lambda x: "0.693", "what epoch_loss returns is a str, expected a tensor of numbers"),
    "median": (lambda x: sorted(x)[len(x) // 2], "you get 2.0000, expected 3.0000"),
    "one too few": (lambda x: sum(x[1:]) / len(x[1:]), "you get 4.0000, expected 3.0000"),
    "fails": (lambda x: sum(x) / 0, "your epoch_loss failed: ZeroDivisionError"),
}

# --- 6.5 one sigmoid -----------------------------------------------------------------------------


def rounded(real, fake):
    real, fake = real.sigmoid(), fake.sigmoid()
    return bce(real, ones(real)) + bce(fake, zeros(fake))


def logged(real, fake):
    return -(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean())


def clamped(real, fake):
    real, fake = (one.sigmoid().clamp(1e-7, 1 - 1e-7) for one in (real, fake))
    return bce(real, ones(real)) + bce(fake, zeros(fake))


def with_logits(real, fake):
    return bce_l(real, ones(real)) + bce_l(fake, zeros(fake))


RIGHT["6.5"] = {
    "with logits": with_logits,
    "mean of both": lambda r, f: with_logits(r, f) / 2,
    "softplus": lambda r, f: softplus(-r).mean() + softplus(f).mean(),
}
FAULTS["6.5"] = {
    "twice": (lambda r, f: with_logits(r.sigmoid(), f.sigmoid()), "a sigmoid too many"),
    "twice, mean": (lambda r, f: with_logits(r.sigmoid(), f.sigmoid()) / 2, "a sigmoid too many"),
    "rounded": (rounded, "you get 200, expected 400: the sigmoid rounds to 0 and 1"),
    "rounded, mean": (lambda r, f: rounded(r, f) / 2, "you get 100, expected 200: the sigmoid"),
    "by hand": (logged, "logits of -200 for real and 200 for generated samples you get infinity"),
    "clamped": (clamped, "you get 32, expected 400: the sigmoid rounds to 0 or 1, and a clamp or"),
    "clamped, mean": (lambda r, f: clamped(r, f) / 2, "you get 16, expected 200: the sigmoid"),
    "item": (lambda r, f: with_logits(r, f).item(), HAS_NO_RECORD),
    "half detached": (lambda r, f: with_logits(r, f.detach()), CUT),
    "swapped": (lambda r, f: with_logits(f, r), "the targets are swapped: 1 is for real"),
    "real only": (lambda r, f: bce_l(r, ones(r)), "for logits of 2 and -1 for real, 0.5 and -3"),
    "a word": (lambda r, f: "low", "what discriminator_loss returns is a str"),
}

# --- 6.6 shapes ----------------------------------------------------------------------------------


def by_hand(a, t):
    return -(t * a.log() + (1 - t) * (1 - a).log()).mean()


def one_way(a, t):
    return by_hand(a.reshape(-1, 1), t)


def stretched(a, t):
    return by_hand(a, t[:, None])


def squeezed(a, t):
    return by_hand(a.squeeze(1), t.squeeze(1))


def in_rows(a, t):
    return by_hand(a.reshape(-1), t.reshape(-1))


RIGHT["6.6"] = {
    "flatten": in_rows,
    "view as": lambda a, t: by_hand(a, t.view_as(a)),
    "a loop": lambda a, t: sum(map(by_hand, a.flatten(), t.flatten())) / len(a),
}
FIRST = "answers of shape (6,) and targets of shape (6, 1)"
FAULTS["6.6"] = {
    "as found": (by_hand, f"{FIRST} are stretched to (6, 6), still: each answer meets each"),
    "one way only": (one_way, "(6, 1) and targets of shape (6,) are stretched to (6, 6), still"),
    "PyTorch's": (bce, f"for {FIRST}: your loss failed: ValueError"),
    "squeezed": (squeezed, f"for {FIRST}: your loss failed: IndexError"),
    "stretched": (stretched, "targets of shape (6, 1) are stretched to (6, 6), by your code"),
    "no function": (0.7, "loss is a float, expected a function"),
    "item": (lambda a, t: in_rows(a, t).item(), HAS_NO_RECORD),
    "detached": (lambda a, t: in_rows(a.detach(), t), HAS_NO_RECORD),
    "sign": (lambda a, t: -in_rows(a, t), "the sign is wrong"),
    "sum": (lambda a, t: 6 * in_rows(a, t), "that is the sum over the batch"),
    "one for each": (lambda a, t: a - t, "loss returns shape (6, 1), expected one number"),
    "squares": (lambda a, t: ((a - t) ** 2).mean(), "you get 0.0"),
}

# --- 6.7 dropout ---------------------------------------------------------------------------------


def draw(back="as it was", grad=False, evaluate=True, column=False, fall=0.0):
    """A way to draw samples, right unless it is told otherwise."""

    def draw_samples(G, noise):
        was = G.training
        if evaluate:
            G.eval()
        with torch.set_grad_enabled(grad):
            samples = dropout(G(noise), fall)
        G.train(was if back == "as it was" else back)
        return samples[:, 0] if column else samples

    return draw_samples


def switched_off(G, noise):
    samples = draw()(G, noise)
    torch.set_grad_enabled(False)
    return samples


RIGHT["6.7"] = {"by hand": draw(), "the helper": sample, "numpy": lambda G, z: sample(G, z).numpy()}
FAULTS["6.7"] = {
    "as found": (lambda G, noise: G(noise), "dropout is still on"),
    "left in evaluation": (draw(back=False), "in training mode before, and is not afterwards"),
    "always trained": (draw(back=True), "was in evaluation mode before, and is not afterwards"),
    "with gradient": (draw(grad=True), "still carry their gradient's record"),
    "no_grad only": (draw(evaluate=False), "dropout is still on"),
    "gradients left off": (switched_off, "gradients stay switched off afterwards"),
    "one column": (draw(column=True), "shape (5,) for 5 noise vectors, expected (5, 64)"),
    "another dropout": (draw(fall=0.5), "dropout is still on"),
}

# --- 6.8 the last layer --------------------------------------------------------------------------


class Shares(nn.Module):
    """Softmax, written out."""

    def forward(self, rows):
        """From (n, 100) to (n, 100)."""
        return rows.exp() / rows.exp().sum(dim=1, keepdim=True)


class Layer(nn.Module):
    """A layer out of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, rows):
        """From (n, 100) to what the function makes of it."""
        return self.function(rows)


def hard(rows):
    return torch.nn.functional.one_hot(rows.argmax(dim=1), 100).float()


def shares_of_relu(rows):
    return rows.relu() / rows.relu().sum(dim=1, keepdim=True)


def shares_above_least(rows):
    rows = rows - rows.amin(dim=1, keepdim=True)
    return rows / rows.sum(dim=1, keepdim=True)


RIGHT_TODAY = "right today, but PyTorch has to guess the axis, and warns: say `dim=1`"


RIGHT["6.8"] = {
    "softmax": lambda: nn.Softmax(dim=1),
    "last axis": lambda: nn.Softmax(dim=-1),
    "a class": Shares,
    "in a row": lambda: nn.Sequential(nn.Linear(100, 100).eval(), nn.Softmax(dim=1))[1:],
}
FAULTS["6.8"] = {
    "ReLU": (nn.ReLU, "of 7 rows with negative numbers only are all zero"),
    "down the columns": (lambda: nn.Softmax(dim=0), "the columns add up to 1, expected the rows"),
    "sigmoid": (nn.Sigmoid, "the numbers of a row add up to"),
    "LeakyReLU": (nn.LeakyReLU, "your layer makes negative numbers"),
    "smallest": (lambda: Layer(lambda x: torch.softmax(-x, 1)), "at another place after your"),
    "argmax": (lambda: Layer(hard), "no gradient gets through your layer"),
    "no axis": (nn.Softmax, RIGHT_TODAY),
    "no axis within": (lambda: Layer(torch.nn.functional.softmax), RIGHT_TODAY),
    "a function": (lambda: torch.nn.functional.softmax, "returns a function, expected a layer"),
    "a lambda": (lambda: lambda x: torch.softmax(x, dim=1), "returns a function, expected a layer"),
    "shares of ReLU": (lambda: Layer(shares_of_relu), "for a row of negative numbers your layer"),
    "less the least": (lambda: Layer(shares_above_least), "for a row of equal numbers your layer"),
    "no return": (lambda: Layer(lambda x: None), "your layer returns None. Is there a `return`?"),
    "infinite": (lambda: Layer(lambda x: x / 0), "what your layer makes holds NaN or infinity"),
    "shape": (lambda: nn.Linear(100, 5), "makes shape (7, 5) of (7, 100)"),
    "a word": (lambda: "softmax", "last_layer returns a str, expected a layer (an nn.Module)"),
    "not called": (nn.Softmax(dim=1), "your last_layer failed"),
    "a class alone": (lambda: nn.Softmax, "returns the class Softmax, expected a layer: Softmax("),
}

# --- 6.9 scaling ---------------------------------------------------------------------------------


def scaled(columns=True, low_end=-1.0, keep=True, shift=0.0, pair=True):
    """A way to scale, right unless it is told otherwise."""

    def ends(data):
        if columns:
            return data.min(dim=0).values, data.max(dim=0).values
        return data.min(), data.max()

    def scale(data):
        low, high = ends(data)

        def back(samples):
            start, end = (low, high) if keep else ends(samples)
            return start + shift + (samples - low_end) / (1 - low_end) * (end - start)

        made = low_end + (1 - low_end) * (data - low) / (high - low)
        return (made, back) if pair else made

    return scale


def own_ends(data):
    made, back = scaled()(data)
    return made, lambda samples: back(scaled()(samples)[0])


def min_alone(data):
    low, high = data.min(dim=0), data.max(dim=0)
    return 2 * (data - low) / (high - low) - 1, lambda samples: low


def clamps(data):
    made, back = scaled()(data)
    return made, lambda samples: back(samples.clamp(-1, 1))


def clamps_years(data):
    made, back = scaled()(data)
    low, high = data.min(dim=0).values, data.max(dim=0).values
    return made, lambda samples: back(samples).clamp(low, high)


def in_place(data):
    made, back = scaled()(data)
    data.copy_(made)
    return data, back


def back_in_place(data):
    made, back = scaled()(data)
    return made, lambda samples: samples.copy_(back(samples))


RIGHT["6.9"] = {"by column": scaled(), "a list": lambda data: list(scaled()(data))}
FAULTS["6.9"] = {
    "as found": (scaled(columns=False, keep=False), "needs its own ends, min(dim=0).values"),
    "min alone": (min_alone, "`min(dim=0)` returns values *and* places: take `.values`"),
    "fails": (lambda d: d.nothing, "your scaled failed: AttributeError"),
    "clamps": (clamps, "your way back cuts off at the ends of the real data"),
    "clamps years": (clamps_years, "your way back cuts off at the ends of the real data"),
    "in place": (in_place, "scaled has changed the data that it was given: make new tensors"),
    "back in place": (back_in_place, "your way back has changed the samples that it was given"),
    "a way back without return": (lambda d: (scaled()(d)[0], lambda s: None), "way back returns"),
    "forgetful": (scaled(keep=False), "your way back does not lead back"),
    "0 to 1": (scaled(low_end=0.0), "column 0 from 0 to 1 and column 1 from 0 to 1, expected -1"),
    "shifted": (scaled(shift=1.0), "does not lead back to the data that you were given"),
    "one thing": (scaled(pair=False), "something else than two things"),
    "one column": (lambda d: (d[:, 0], None), "have shape (200,), expected (200, 2)"),
    "no way back": (lambda d: (scaled()(d)[0], 3), "way back is a int, expected a function"),
    "own ends": (own_ends, "your way back uses the ends of what it is given"),
    "learnt by heart": (lambda d: (scaled()(d)[0], lambda s: d), "samples have other ends"),
}


@pytest.mark.parametrize(("exercise", "answer"), each(RIGHT))
def test_a_mended_function_passes_however_it_is_written(exercise, answer):
    accepted(exercise, answer)


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    answer, message = fault
    refused(message, exercise, answer)


def test_gradients_that_an_answer_switches_off_are_on_again_after_the_check():
    judged("6.7", switched_off)
    assert torch.is_grad_enabled()


def test_each_exhibit_has_its_right_and_wrong_answers():
    assert set(RIGHT) == set(FAULTS) == set(museum.CHECKS)
