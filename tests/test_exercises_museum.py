"""Is each bug of the museum named when it is still there, and each way to mend it accepted?"""

import math
import sys

import numpy as np
import torch
from learners import judged, slip, table_tests
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import one_hot, softmax, softplus

from benchmarks.multiples import StraightThrough
from gan_course.data import Scaler
from gan_course.networks import sample
from gan_course.training import generator_loss

ones, zeros = torch.ones_like, torch.zeros_like
RIGHT, FAULTS = {}, {}
NO_RECORD = "the number is right, but backward() can't start from it: leave out .item(), .detach()"
SLOPES = "but not what backward() makes of it: leave out detach(), "

# --- I: the generator's target ------------------------------------------------------------------


def used_up(a):
    loss = bce(a, ones(a))
    loss.backward()
    return loss


RIGHT["I"] = {
    "by hand": lambda a: -a.log().mean(),
    "the helper": generator_loss,
    "shape (1,)": lambda a: bce(a, ones(a))[None],
}
FAULTS["I"] = {
    "zeros": (lambda a: bce(a, zeros(a)), "for being found out, target 0: what does G want"),
    "minimax": (lambda a: -bce(a, zeros(a)), "that is log(1 - D(G(z))), which is flat"),
    "sign": (lambda a: a.log().mean(), "the sign is wrong"),
    "sum": (lambda a: bce(a, ones(a), reduction="sum"), "that is the sum over the batch"),
    "two sigmoids": (lambda a: bce_l(a, ones(a)), "these are probabilities already: this loss"),
    "arguments swapped": (lambda a: bce(ones(a), a), "swapped: answers first, then targets"),
    "NumPy's": (
        lambda a: -np.log(a).mean(),
        "NumPy keeps no record: stay in torch where backward()",
    ),
    "of math": (
        lambda a: -math.log(a.detach()),
        "math and float() take single numbers: torch.log",
    ),
    "made anew": (lambda a: torch.tensor(bce(a, ones(a)).item(), requires_grad=True), SLOPES),
    "item": (lambda a: bce(a, ones(a)).item(), NO_RECORD),
    "a new record": (lambda a: bce(a.detach(), ones(a)).requires_grad_(), SLOPES),
    "rounded": (lambda a: bce(a, ones(a)).round(decimals=4), SLOPES),
    "four of them": (lambda a: bce(a, torch.ones(4, 1)), "the answers [0.1, 0.3, 0.9]: your gen"),
    "backward": (used_up, NO_RECORD),
    "one each": (lambda a: bce(a, ones(a), reduction="none"), "shape (4, 1), expected one number"),
    "the number 1": (lambda a: bce(a, 1), "targets are a tensor, too: torch.ones_like(answers)"),
    "a class": (lambda a: nn.BCELoss(a, ones(a)), "made first, then called: nn.…Loss()(answers"),
    "row of targets": (lambda a: bce(a, torch.ones(4)), "have different shapes: bring both"),
    "called": (torch.tensor(1.3), "of type Tensor, expected a function: its name alone, without ("),
}

# --- J: two optimisers --------------------------------------------------------------------------


def sgd(network):
    return torch.optim.SGD([{"params": [w]} for w in network.parameters()], lr=0.1)


OF_G, BOTH = "Adam(G.parameters()", "G_optimiser, D_optimiser"
ALL = "Adam([*G.parameters(), *D.parameters()]"
RIGHT["J"] = {
    "SGD in groups": lambda G, D: [sgd(G), sgd(D)],
    "one after the other": lambda G, D: map(sgd, (G, D)),
}
FAULTS["J"] = {
    "one for both": (OF_G, ALL, BOTH, "G_optimiser, G_optimiser", "weights are in both optimisers"),
    "one": (BOTH, "G_optimiser", "something else than two optimisers: G's, then D's"),
    "swapped": (BOTH, "D_optimiser, G_optimiser", "the two are swapped"),
    "a part": (OF_G, "Adam([G[0].weight]", "holds 1 of its network's 4 weight tensors and 0"),
    "rate 0": ("lr=1e-3", "lr=0", "nothing is learned with this rate"),
    "uphill": ("lr=1e-3", "maximize=True", "or with maximize: begin with 1e-3"),
    "a network for its weights": (OF_G, "Adam(G", "the weights of a network: G.parameters()"),
    "parameters without ( )": (OF_G, "Adam(G.parameters", "a method needs its ( ), as in G.par"),
    "all in one": (
        lambda G, D: torch.optim.Adam(G.parameters(), D.parameters()),
        "an optimiser takes the weights of one network: G.parameters()",
    ),
    "exit": (lambda G, D: sys.exit(), "your optimisers failed: SystemExit"),
}

# --- K: the discriminator's half of a step ------------------------------------------------------

EMPTY, BACKWARD, STEP = "D_optimiser.zero_grad()", "loss.backward()", "D_optimiser.step()"
FAKE, RETURN, PASS = "fake = G(noise).detach()", "loss.item()", "pass"
OWN = f"D_optimiser = torch.optim.Adam(D.parameters()); {EMPTY}"
RIGHT["K"] = {
    "no_grad": (FAKE, "with torch.no_grad(): fake = G(noise)"),
    "the mean of both parts": (BACKWARD, "loss = loss / 2; loss.backward()"),
    "backward twice": (BACKWARD, "bce(D(real), ones).backward(); bce(D(fake), zeros).backward()"),
    "a tensor without a record": (RETURN, "loss.detach()"),
    "emptied later, by D": (EMPTY, PASS, BACKWARD, "D.zero_grad(); loss.backward()"),
}
FAULTS["K"] = {
    "heaped up": (EMPTY, PASS, "by gradients of the last batch"),
    "no detach": (".detach()", "", "gradients have reached the generator. With two optimisers"),
    "no backward": (BACKWARD, PASS, "step() found no gradients: no backward(), or they are"),
    "two steps": (STEP, f"{STEP}; {STEP}", "D_optimiser makes 2 steps, expected one"),
    "an optimiser of its own": (EMPTY, OWN, "D_optimiser makes 0 steps"),
    "sign": ("loss.backward", "(-loss).backward", "is for real samples), or the sign"),
    "both real": ("D(fake), zeros", "D(fake), ones", "it moves another way than target 1 for"),
    "changes G": (STEP, f"{STEP}; G.weight.data += 1", "it has changed the generator, expected"),
    "D's answer cut off": ("D(fake)", "D(fake).detach()", "cut off G(noise), not D's answer"),
    "another number": (RETURN, "3.0", "step_D returns 3.0000 as its loss, expected"),
    "with its record": (RETURN, "loss", "returns its loss with its record"),
    "fresh noise": ("G(noise)", "G(torch.randn(len(real), 2))", "with the noise that it is given"),
    "its noise called": ("G(noise)", "G(noise(8))", "a tensor is no function: use it without ( )"),
    "eight rows": ("torch.ones(len(real), 1)", "torch.ones(8, 1)", "have different shapes: bring"),
    "one part": (
        "loss = bce(D(real), ones)",
        "first = bce(D(real), ones); loss = first",
        RETURN,
        "first.item()",
        "that is the part of the real ones alone",
    ),
}

# --- L: the mean of an epoch --------------------------------------------------------------------


def by_enumerate(losses, start=0):
    total = 0
    for i, loss in enumerate(losses, start):  # noqa: B007
        total += loss
    return total / i


RIGHT["L"] = {
    "torch": lambda losses: torch.tensor(losses).mean(),
    "enumerate from 1": lambda losses: by_enumerate(losses, 1),
}
FAULTS["L"] = {
    "by i": (by_enumerate, "16 losses of ln 2: you get 0.7394, expected 0.6931: divided by 15"),
    "sum": (sum, "you get 11.09, expected 0.6931: that is their sum, expected the mean"),
    "one too many": (lambda x: sum(x) / (len(x) + 1), "expected 0.6931: divided by 17"),
    "last": (lambda x: x[-1], "6, 1 and 1: you get 1, expected 2.5: that is the last one alone"),
    "one": (lambda x: x[0] / len(x), "only one was added: is `return` in the loop"),
    "first": (lambda x: x[0], "that is the first one alone: is a `return` in the loop?"),
    "different ones": (lambda x: sum({*x}) / len({*x}), "you get 3, expected 2.5"),
    "emptied": (lambda x: sum(x.pop() for _ in range(len(x))) / 16, "changed what it was given"),
}

# --- M: one sigmoid -----------------------------------------------------------------------------


def endless(real, fake):
    return endless(real, fake)


def with_logits(real, fake):
    return bce_l(real, ones(real)) + bce_l(fake, zeros(fake))


def rounded(real, fake):
    real, fake = real.sigmoid(), fake.sigmoid()
    return bce(real, ones(real)) + bce(fake, zeros(fake))


def logged(real, fake):
    return -(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean())


RIGHT["M"] = {
    "mean of both": lambda r, f: with_logits(r, f) / 2,
    "softplus": lambda r, f: softplus(-r).mean() + softplus(f).mean(),
}
FAULTS["M"] = {
    "twice": (lambda r, f: with_logits(r.sigmoid(), f.sigmoid()), "a sigmoid too many: this loss"),
    "rounded": (rounded, "exp overflows: you get 200, expected 400: BCELoss cuts off at 100"),
    "by hand": (logged, "a sigmoid rounds and exp overflows: you get inf, expected 400"),
    "half detached": (lambda r, f: with_logits(r, f.detach()), SLOPES),
    "swapped": (lambda r, f: with_logits(f, r), "the targets are swapped: 1 is for real"),
    "sum": (lambda r, f: 2 * with_logits(r, f), "is the sum over the batch, expected the mean"),
    "minus": (lambda r, f: -with_logits(r, f), "the sign is wrong"),
    "itself": (lambda r, f: endless(r, f), "it calls itself: the function that you call has"),
    "answers second": (
        lambda r, f: bce_l(ones(r), r) + bce_l(zeros(f), f),
        "the arguments of the loss are swapped",
    ),
    "real only": (lambda r, f: bce_l(r, ones(r)), "is one of the two parts alone: add the other"),
    "a pair": (lambda r, f: (bce_l(r, ones(r)), bce_l(f, zeros(f))), "expected one: add the two"),
    "logits as answers": (lambda r, f: bce(r, ones(r)), "these are logits: bce_l takes them"),
}

# --- N: shapes ----------------------------------------------------------------------------------


def by_hand(a, t):
    return -(t * a.log() + (1 - t) * (1 - a).log()).mean()


def in_rows(a, t):
    return by_hand(a.reshape(-1), t.reshape(-1))


RIGHT["N"] = {
    "reshape": in_rows,
    "like the targets": lambda a, t: bce(a.view_as(t), t),
    "a loop": lambda a, t: sum(map(by_hand, a.flatten(), t.flatten())) / len(a),
}
FIRST = "answers of shape (6,) and targets of shape (6, 1)"
FAULTS["N"] = {
    "as found": (by_hand, f"{FIRST}: you get 0.9709, expected 0.4231: they are stretched"),
    "PyTorch's": (bce, f"for {FIRST}: your loss failed: answers and targets have diff"),
    "answers alone": (lambda a, t: by_hand(a.flatten(), t), "and each answer meets each target"),
    "sorted": (lambda a, t: in_rows(a.flatten().sort()[0], t), "you get 1.157, expected 0.4231"),
    "squeezed": (lambda a, t: bce(a.flatten(), t.squeeze_()), "has changed what it was given"),
    "no ( )": (lambda a, t: bce(a.flatten, t), "the name of a method needs its ( )"),
}

# --- O: dropout ---------------------------------------------------------------------------------

MODE, UNDER = "G.train(was_training)", "still carry their record: draw under `with torch.no_grad"
LEAVES_OFF = ("return", "torch.set_grad_enabled(False); return")
RIGHT["O"] = {
    "the helper": sample,
    "numpy": ("return samples", "return samples.numpy()"),
    "detached": ("no_grad", "enable_grad", "return samples", "return samples.detach()"),
    "if it was": (MODE, "G.train() if was_training else G.eval()"),
}
FAULTS["O"] = {
    "as found": (lambda G, noise: G(noise), "is dropout still on?"),
    "left in evaluation": (MODE, "pass", "in training mode before, and is not after draw"),
    "always trained": ("was_training)", "True)", "in evaluation mode before, and is not after"),
    "the network alone": (MODE, "G.training = was_training", "in training mode before"),
    "with gradient": ("no_grad", "enable_grad", UNDER),
    "gradients left off": (*LEAVES_OFF, "gradients stay switched off after draw"),
    "frozen": ("G.eval()", "G.eval().requires_grad_(False)", "leave requires_grad as it is"),
    "no dropout any more": ("G.eval()", "G[1].p = 0", "G.eval() is all that dropout needs"),
    "no_grad without ( )": ("torch.no_grad()", "torch.no_grad", "torch.no_grad() with its ( )"),
    "one sample": ("G(noise)", "G(noise[:1])", "draw returns shape (1, 64), expected (5, 64)"),
    "the generator": ("return samples", "return G", "you return the generator, expected its"),
}

# --- P: the last layer --------------------------------------------------------------------------


class Layer(nn.Module):
    """A layer out of a function."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def of(function):
    return lambda: Layer(function)


def shares(rows):
    return rows / rows.sum(dim=1, keepdim=True)


RIGHT["P"] = {
    "the layer itself": nn.Softmax(dim=1),
    "written out": of(lambda rows: shares((rows - rows.amax(1, True)).exp())),
    "softplus": of(lambda rows: shares(softplus(rows))),
    "one-hot on the way forward": StraightThrough,
    "in place": lambda: nn.Sequential(nn.LeakyReLU(inplace=True), nn.Softmax(dim=1)),
}
FAULTS["P"] = {
    "ReLU": (nn.ReLU, "a row without positive numbers, or of equal ones"),
    "down the columns": ("dim=1", "dim=0", "the columns add up to 1, expected the rows"),
    "sigmoid": (nn.Sigmoid, "the numbers of a row add up to 2.354"),
    "argmax": (of(lambda x: one_hot(x.argmax(1), 100).float()), "no gradient gets through your"),
    "no axis": ("dim=1", "", "PyTorch has to guess the axis, and warns: say `dim=1`"),
    "a function": (lambda: softmax, "that is a function, expected a layer from torch.nn"),
    "shares of ReLU": (of(lambda x: shares(x.relu())), "without positive numbers: what your layer"),
    "overflow": (of(lambda x: shares(x.exp())), "for a row of large numbers, or one far below"),
    "of the whole batch": (of(lambda x: shares((x - x.max()).exp())), "or far above another, your"),
    "cut off": (of(lambda x: shares(x.clamp(max=80).exp())), "doesn't make the larger the larger"),
    "shape": (lambda: nn.Linear(100, 5), "of (7, 100) your layer makes shape (7, 5)"),
    "ReLU first": (lambda: nn.Sequential(nn.ReLU(), nn.Softmax(1)), "is at another place after"),
    "from the smallest on": (of(lambda x: shares(x - x.amin(1, True))), "layer divides 0 by 0"),
    "a class": ("(dim=1)", "", "is the class Softmax, expected a layer (nn.Module), made"),
}

# --- Q: scaling ---------------------------------------------------------------------------------

ENDS, MADE = "data.min(dim=0).values, data.max(dim=0).values", "2 * (data - low) / (high - low) - 1"
LINE = "def back(samples):\n"
OWN_ENDS = f"{LINE}        low, high = {ENDS.replace('data', 'samples')}\n"
RIGHT["Q"] = {
    "a list": (f"return {MADE}, back", f"return [{MADE}, back]"),
    "the helper": lambda data: (Scaler.fit(data).scale(data), Scaler.fit(data).unscale),
    "in one go": (MADE, "data * (2 / (high - low)) - (high + low) / (high - low)"),
}
FAULTS["Q"] = {
    "as found": (ENDS, "data.min(), data.max()", "column needs its own ends, min(dim=0).values"),
    "of one row": (ENDS, "data[data[:, 0].argmin()], data[data[:, 0].argmax()]", "scaled data: "),
    "but the first row": (ENDS, ENDS.replace("data", "data[1:]"), "the scaled data: you get"),
    "clamps": ("(samples + 1)", "(samples.clamp(-1, 1) + 1)", "it cuts off at the ends of the"),
    "in place": (MADE, f"data.copy_({MADE})", "scaled has changed what it was given"),
    "forgetful": (LINE, OWN_ENDS, "keep the ends of the data"),
    "the two swapped": (f"{MADE}, back", f"back, {MADE}", "the first of the two is a function"),
    "one thing": (", back", "", "something else than two things"),
    "0 to 1": (MADE, MADE[4:-4], "from -1 to 1, not from 0"),
    "upside down": (MADE, f"-({MADE})", "the smallest number of a column must become -1"),
    "no way back": (", back", ", None", "way back is None, expected a function: its name alone"),
}
test_a_mended_function_passes, test_each_fault_is_named = table_tests(RIGHT, FAULTS)


def test_three_dots_for_each_of_two_are_not_attempted():
    assert judged("J", lambda *_: (..., ...)).status == "not attempted"


def test_gradients_that_an_answer_switches_off_are_on_again_after_the_check():
    judged("O", slip("O", *LEAVES_OFF))
    assert torch.is_grad_enabled()
