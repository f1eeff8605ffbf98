"""Is each bug of the museum named when it is still there, and each way to mend it accepted?

An answer that is a row of texts is the notebook's solution with the first text replaced by the
second, and so on: what is left after a slip of the pen.
"""

from __future__ import annotations

import pytest
import torch
from learners import accepted, cells_of, each, judged, refused, slip
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import one_hot, softmax, softplus

from gan_course.data import Scaler
from gan_course.exercises import museum
from gan_course.networks import GumbelSoftmax, StraightThrough, sample
from gan_course.training import generator_loss


def ones(like):
    return torch.ones_like(like)


def zeros(like):
    return torch.zeros_like(like)


RIGHT, FAULTS = {}, {}  # of each exercise; at the end of a fault are the words that it must get
HAS_NO_RECORD = "the number is right, but it has no record: backward() can't start from it"
CUT = "the number is right, but its record is cut"

# --- I: the generator's target ------------------------------------------------------------------


def used_up(a):
    loss = bce(a, ones(a))
    loss.backward()
    return loss


RIGHT["I"] = {
    "ones": (lambda a: bce(a, ones(a)),),
    "by hand": (lambda a: -a.log().mean(),),
    "the helper": (generator_loss,),
    "shape (1,)": (lambda a: bce(a, ones(a))[None],),
    "a class": (lambda a: nn.BCELoss()(a, torch.ones(len(a), 1)),),
}
FAULTS["I"] = {
    "zeros": (lambda a: bce(a, zeros(a)), "for being found out, target 0: what does G want"),
    "minimax": (lambda a: -bce(a, zeros(a)), "that is log(1 - D(G(z))), which is flat"),
    "sign": (lambda a: a.log().mean(), "the sign is wrong"),
    "sum": (lambda a: bce(a, ones(a), reduction="sum"), "that is the sum over the batch"),
    "two sigmoids": (lambda a: bce_l(a, ones(a)), "these are probabilities already: this loss"),
    "item": (lambda a: bce(a, ones(a)).item(), HAS_NO_RECORD),
    "a new record": (lambda a: bce(a.detach(), ones(a)).requires_grad_(), CUT),
    "arguments swapped": (lambda a: bce(ones(a), a), "swapped: answers first, then targets"),
    "squares": (lambda a: ((a - 1) ** 2).mean(), "0.25 and 0.6 you get 0.4731, expected 1.2790"),
    "one minus": (lambda a: (1 - a).mean(), "you get 0.6625, expected 1.2790"),
    "smoothed": (lambda a: bce(a, 0.9 * ones(a)), "you get 1.1966, expected 1.2790"),
    "undecided": (lambda a: bce(a, ones(a) / 2), "you get 0.8670, expected 1.2790"),
    "base 10": (lambda a: -a.log10().mean(), "you get 0.5555, expected 1.2790"),
    "one each": (lambda a: bce(a, ones(a), reduction="none"), "shape (4, 1), expected one number"),
    "the number 1": (lambda a: bce(a, 1), "targets are a tensor, too: torch.ones_like(answers)"),
    "a class": (lambda a: nn.BCELoss(a, ones(a)), "made first, then called: nn.BCELoss()(answers"),
    "row of targets": (lambda a: bce(a, torch.ones(4)), "failed: the targets need the shape of"),
    "a loss": (nn.BCELoss(), "missing 1 required positional argument: 'target'"),
    "called": (torch.tensor(1.3), "is a Tensor, expected a function: its name alone, without ( )"),
    "float": (lambda a: float(bce(a, ones(a))), HAS_NO_RECORD),
    "backward": (used_up, "its record is used up: leave backward() to the training step"),
}

# --- J: two optimisers --------------------------------------------------------------------------


def sgd(network):
    return torch.optim.SGD([{"params": [w]} for w in network.parameters()], lr=0.1)


OF_G, OF_D, BOTH = "Adam(G.parameters()", "Adam(D.parameters()", "G_optimiser, D_optimiser"
ALL = "Adam([*G.parameters(), *D.parameters()]"
RIGHT["J"] = {
    "Adam": (),
    "a list": (f"return {BOTH}", f"return [{BOTH}]"),
    "SGD in groups": (lambda G, D: (sgd(G), sgd(D)),),
    "lists of weights": (OF_G, "Adam(list(G.parameters())"),
    "layer by layer": (OF_G, "Adam([*G[0].parameters(), *G[-1].parameters()]"),
}
FAULTS["J"] = {
    "one for both": (OF_G, ALL, BOTH, "G_optimiser, G_optimiser", "weights are in both optimisers"),
    "one": (BOTH, "G_optimiser", "a single optimiser, expected two: G's, then D's"),
    "swapped": (BOTH, "D_optimiser, G_optimiser", "the two are swapped"),
    "a part": (OF_G, "Adam([G[0].weight]", "holds 1 of its network's 4 weight tensors and 0"),
    "one more": (OF_D, "Adam([*D.parameters(), torch.ones(1)]", "4 weight tensors and 1 others"),
    "three": (BOTH, "G_optimiser, D_optimiser, 1", "something else than two optimisers"),
    "twice G": (OF_D, OF_G, "some weights are in both optimisers"),
    "D has both": (OF_D, ALL, "some weights are in both optimisers"),
    "one layer": (OF_D, "Adam(list(D.parameters())[-2:]", "holds 2 of its network's 4 weight"),
    "rate 0": ("lr=1e-3", "lr=0", "rate 0 is so small that hardly a weight moves: begin with 1e-3"),
    "rate 1e-12": ("lr=2e-3", "lr=1e-12", "the learning rate 1e-12 is so small that hardly"),
    "rate 1000": ("lr=1e-3", "lr=1000", "the learning rate 1000 is far too large: begin with"),
    "uphill": ("lr=1e-3", "maximize=True", "a loss grows: training makes it smaller"),
    "a dictionary": (f"return {BOTH}", "return {'G': G_optimiser}", "something else than two opt"),
    "classes": (BOTH, "torch.optim.Adam, torch.optim.Adam", "something else than two optimisers"),
    "weights": (BOTH, "G.parameters(), D.parameters()", "something else than two optimisers"),
    "a network for its weights": (OF_G, "Adam(G", "the weights of a network: G.parameters()"),
    "parameters without ( )": (OF_G, "Adam(G.parameters", "a method needs its ( ), as in G.par"),
    "all in one": (
        lambda G, D: torch.optim.Adam(G.parameters(), D.parameters()),
        "an optimiser takes the weights of one network: G.parameters()",
    ),
    "new networks": (OF_G, "Adam(nn.Linear(2, 2).parameters()", "0 of its network's 4 weight"),
    "one argument": (lambda G: (sgd(G), sgd(G)), "your optimisers failed: TypeError: "),
    "no return": ("return", "found =", "your optimisers returns None. Is there a `return`?"),
    "networks": (BOTH, "G, D", "something else than two optimisers: G's"),
}

# --- K: the discriminator's half of a step ------------------------------------------------------

EMPTY, BACKWARD, STEP = "D_optimiser.zero_grad()", "loss.backward()", "D_optimiser.step()"
FAKE, RETURN, PASS = "fake = G(noise).detach()", "loss.item()", "pass"
RIGHT["K"] = {
    "as in the chapter": (),
    "no_grad": (FAKE, "with torch.no_grad(): fake = G(noise)"),
    "the mean of both parts": (BACKWARD, "loss = loss / 2; loss.backward()"),
    "backward twice": (BACKWARD, "bce(D(real), ones).backward(); bce(D(fake), zeros).backward()"),
    "a tensor without a record": (RETURN, "loss.detach()"),
    "emptied by D": (EMPTY, "D.zero_grad()"),
    "emptied later": (EMPTY, PASS, BACKWARD, "D_optimiser.zero_grad(); loss.backward()"),
}
FAULTS["K"] = {
    "heaped up": (EMPTY, PASS, "much too far, by gradients of the last batch"),
    "no detach": (".detach()", "", "gradients have reached the generator. With two optimisers"),
    "no backward": (BACKWARD, PASS, "step() found no gradients. Either nobody calls"),
    "two steps": (STEP, f"{STEP}; {STEP}", "the discriminator makes 2 steps, expected one"),
    "two half steps": (BACKWARD, "(loss / 2).backward()", STEP, f"{STEP}; {STEP}", "makes 2 steps"),
    "swapped": ("+", "-", "loss =", "loss = -", "it moves the wrong way: the targets are swapped"),
    "sign": ("loss.backward", "(-loss).backward", "for real samples), or the sign is wrong"),
    "too many targets": ("len(real)", "128", "the targets need the shape of the answers, as torch"),
    "both real": ("D(fake), zeros", "D(fake), ones", "it moves another way than target 1 for"),
    "no step": (STEP, PASS, "weights have not changed: who calls step()?"),
    "changes G": (STEP, f"{STEP}; G.weight.data += 1", "has changed the generator's weights"),
    "another number": (RETURN, "3.0", "step_D returns 3.0000 as its loss, expected"),
    "with its record": (RETURN, "loss", "returns its loss with its record"),
    "emptied too late": (BACKWARD, f"loss.backward(); {EMPTY}", "emptied between backward() and"),
    "emptied at the end": (EMPTY, PASS, STEP, f"{STEP}; {EMPTY}", "by gradients of the last batch"),
    "emptied without ( )": (EMPTY, EMPTY[:-2], "much too far, by gradients of the last batch"),
    "G emptied": (EMPTY, "G.zero_grad()", "much too far, by gradients of the last batch"),
    "step without ( )": (STEP, STEP[:-2], "weights have not changed: who calls step()?"),
    "answers cut off": ("D(fake)", "D(fake).detach()", "it moves another way than target 1 for"),
    "detached for nothing": (FAKE, "fake = G(noise); fake.detach()", "which returns a new tensor"),
    "frozen for ever": (FAKE, "fake = G.requires_grad_(False)(noise)", "frozen afterwards: leave"),
    "an optimiser of its own": (
        EMPTY,
        "D_optimiser = torch.optim.Adam(D.parameters()); D_optimiser.zero_grad()",
        "the optimiser that you were given makes no step",
    ),
    "all without a record": ("loss =", "with torch.no_grad(): loss =", "is all of it under `to"),
    "a text": (RETURN, "str(loss.item())", "what step_D returns is a str, expected one number"),
    "noise for fakes": ("D(fake)", "D(noise)", "D(G(noise)) 0, with the noise that it is given"),
    "fresh noise": ("G(noise)", "G(torch.randn(8, 2))", "with the noise that it is given"),
    "real alone": ("+ bce(D(fake), zeros)", "", "it moves another way than target 1 for D(real)"),
    "with logits": ("bce(", "bce_l(", "as its loss, expected 1."),
    "no return": ("return", "found =", "your step_D returns None. Is there a `return`?"),
}

# --- L: the mean of an epoch --------------------------------------------------------------------


def by_enumerate(losses, start=0):
    total = 0
    for i, loss in enumerate(losses, start):  # noqa: B007
        total += loss
    return total / i


RIGHT["L"] = {
    "len": (),
    "torch": (lambda losses: torch.tensor(losses).mean(),),
    "enumerate from 1": (lambda losses: by_enumerate(losses, 1),),
}
FAULTS["L"] = {
    "by i": (by_enumerate, "for 16 losses of ln 2 you get 0.739: divided by 15, the number of"),
    "sum": (sum, "for 16 losses of ln 2 you get 11.090: that is their sum, expected the mean"),
    "one too many": (lambda x: sum(x) / (len(x) + 1), "you get 0.652: divided by 17"),
    "last": (lambda x: x[-1], "losses 2, 6 and 1 you get 1.000: that is the last one alone"),
    "always 16": (lambda x: sum(x) / 16, "losses 2, 6 and 1 you get 0.5625, expected 3.0000"),
    "largest": (max, "for the losses 2, 6 and 1 you get 6.0000, expected 3.0000"),
    "first": (lambda x: x[0], "for the losses 2, 6 and 1 you get 2.0000, expected 3.0000"),
    "median": (lambda x: sorted(x)[len(x) // 2], "for the losses 2, 6 and 1 you get 2.0000, exp"),
    "whole": (lambda x: sum(x) // len(x), "for 16 losses of ln 2 you get 0.0000, expected 0.6931"),
    "rounded": (lambda x: round(sum(x) / len(x), 2), "for 16 losses of ln 2 you get 0.6900, exp"),
    "by two": (lambda x: sum(x) / 2, "for 16 losses of ln 2 you get 5.5452, expected 0.6931"),
    "last left out": (lambda x: sum(x[:-1]) / len(x), "for 16 losses of ln 2 you get 0.6498, exp"),
    "torch.mean": (lambda x: torch.mean(x), "16 losses of ln 2: your epoch_loss failed: TypeErr"),
    "emptied": (lambda x: sum(x.pop() for _ in range(len(x))) / 16, "the list that it was given"),
    "i of one": (lambda x: by_enumerate(x) if len(x) > 1 else by_enumerate(x, 0), "divided by 15"),
    "a list": (lambda x: x, "16 losses of ln 2: epoch_loss returns shape (16,), expected one num"),
    "no return": (lambda x: print(end=""), "for 16 losses of ln 2: your epoch_loss returns None"),
}

# --- M: one sigmoid -----------------------------------------------------------------------------


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


def twice(real, fake):
    return with_logits(real.sigmoid(), fake.sigmoid())


RIGHT["M"] = {
    "with logits": (),
    "mean of both": (lambda r, f: with_logits(r, f) / 2,),
    "softplus": (lambda r, f: softplus(-r).mean() + softplus(f).mean(),),
    "together": (lambda r, f: bce_l(torch.cat([r, f]), torch.cat([ones(r), zeros(f)])),),
}
FAULTS["M"] = {
    "twice": (twice, "a sigmoid too many: this loss puts one on what it is given"),
    "twice, mean": (lambda r, f: twice(r, f) / 2, "a sigmoid too many"),
    "rounded": (rounded, "you get 200, expected 400: the sigmoid rounds, and BCELoss"),
    "half rounded": (
        lambda r, f: bce(r.sigmoid(), ones(r)) + bce_l(f, zeros(f)),
        "you get 300, expected 400: in one of the two parts a sigmoid rounds, and BCELoss cuts off",
    ),
    "by hand": (logged, "200 for generated samples your loss is not finite: either exp"),
    "clamped": (clamped, "you get 32, expected 400: a clamp, or a small number added to the"),
    "item": (lambda r, f: with_logits(r, f).item(), HAS_NO_RECORD),
    "half detached": (lambda r, f: with_logits(r, f.detach()), CUT),
    "swapped": (lambda r, f: with_logits(f, r), "the targets are swapped: 1 is for real"),
    "sum": (lambda r, f: 2 * with_logits(r, f), "is the sum over the batch, expected the mean"),
    "minus": (lambda r, f: -with_logits(r, f), "the sign is wrong"),
    "probabilities": (lambda r, f: bce(r, ones(r)), "failed: RuntimeError: all elements of input"),
    "both 1": (lambda r, f: with_logits(r, -f), "both targets are 1: 0 is for generated samples"),
    "difference": (lambda r, f: bce_l(r, ones(r)) - bce_l(f, zeros(f)), "you get 0.2088, expected"),
    "hinge": (lambda r, f: (1 - r).relu().mean() + (1 + f).relu().mean(), "get 1.7500, expecte"),
    "critic": (lambda r, f: f.mean() - r.mean(), "you get -1.7500, expected 1.2314"),
    "smoothed": (lambda r, f: bce_l(r, 0.9 * ones(r)) + bce_l(f, zeros(f)), "get 1.2814, expect"),
    "half twice": (lambda r, f: with_logits(r.sigmoid(), f), "too many, in one of the two parts"),
    "exp": (lambda r, f: ((1 + (-r).exp()).log() + (1 + f.exp()).log()).mean(), "either exp ov"),
    "clamped logits": (lambda r, f: with_logits(r.clamp(-50, 50), f.clamp(-50, 50)), "0: a clamp,"),
    "a pair": (lambda r, f: (bce_l(r, ones(r)), bce_l(f, zeros(f))), "losses: add the two"),
    "no targets": (lambda r, f: bce_l(r), "missing 1 required positional argument: 'target'"),
    "real only": (lambda r, f: bce_l(r, ones(r)), "is one of the two parts alone: add the other"),
    "generated only": (lambda r, f: bce_l(f, zeros(f)), "of the two parts alone: add the other"),
    "arguments swapped": (lambda r, f: bce_l(ones(r), r) + bce_l(zeros(f), f), "answers first, th"),
}

# --- N: shapes ----------------------------------------------------------------------------------


def by_hand(a, t):
    return -(t * a.log() + (1 - t) * (1 - a).log()).mean()


def in_rows(a, t):
    return by_hand(a.reshape(-1), t.reshape(-1))


RIGHT["N"] = {
    "flatten": (),
    "reshape": (in_rows,),
    "like the targets": (lambda a, t: bce(a.view_as(t), t),),
    "columns": (lambda a, t: bce(a.reshape(-1, 1), t.reshape(-1, 1)),),
    "squeezed": (lambda a, t: by_hand(a.squeeze(), t.squeeze()),),
    "a loop": (lambda a, t: sum(map(by_hand, a.flatten(), t.flatten())) / len(a),),
}
FIRST = "answers of shape (6,) and targets of shape (6, 1)"
FAULTS["N"] = {
    "as found": (by_hand, f"{FIRST} are stretched to (6, 6), still: each answer meets each target"),
    "PyTorch's": (bce, f"for {FIRST}: your loss failed: the targets need the shape"),
    "squeezed": (lambda a, t: by_hand(a.squeeze(1), t.squeeze(1)), "your loss failed: IndexError"),
    "stretched": (lambda a, t: by_hand(a, t[:, None]), "stretched to (6, 6), by your code"),
    "item": (lambda a, t: in_rows(a, t).item(), HAS_NO_RECORD),
    "arguments swapped": (lambda a, t: bce(t.flatten(), a.flatten()), "first, then targets"),
    "answers alone": (lambda a, t: by_hand(a.flatten(), t), "stretched to (6, 6), by your code"),
    "targets alone": (lambda a, t: by_hand(a, t.flatten()), "stretched to (6, 6), by your code"),
    "one more axis": (
        lambda a, t: by_hand(a[..., None], t[..., None]),
        f"{FIRST} are stretched to",
    ),
    "rounded": (lambda a, t: in_rows(a, t.round()), "0.9: your code makes a whole number of it"),
    "as int": (lambda a, t: in_rows(a, t.int()), "0.9: your code makes a whole number of it"),
    "squares": (lambda a, t: ((a.view(-1) - t.view(-1)) ** 2).mean(), "0.1204, expected 0.4231"),
    "logits": (lambda a, t: bce_l(a.flatten(), t.flatten()), "are probabilities already: this"),
    "half of it": (lambda a, t: -(t.view(-1) * a.view(-1).log()).mean(), "get 0.2821, expected"),
    "sorted": (lambda a, t: in_rows(a.flatten().sort()[0], t), "you get 1.1572, expected 0.4231"),
    "both sorted": (
        lambda a, t: in_rows(a.flatten().sort()[0], t.flatten().sort()[0]),
        "expected 0.4231",
    ),
    "means": (lambda a, t: by_hand(a.mean(), t.mean()), "you get 0.6995, expected 0.4231"),
    "one each": (lambda a, t: a.flatten() - t.flatten(), "loss returns shape (6,), expected one"),
    "detached": (lambda a, t: in_rows(a.detach(), t), HAS_NO_RECORD),
    "sign": (lambda a, t: -in_rows(a, t), "the sign is wrong"),
    "sum": (lambda a, t: 6 * in_rows(a, t), "that is the sum over the batch"),
}

# --- O: dropout ---------------------------------------------------------------------------------

LEAVES_OFF = ("return", "torch.set_grad_enabled(False); return")
RIGHT["O"] = {
    "by hand": (),
    "the helper": (sample,),
    "numpy": ("return samples", "return samples.numpy()"),
    "detached": ("no_grad", "enable_grad", "return samples", "return samples.detach()"),
    "if it was": ("G.train(was_training)", "G.train() if was_training else G.eval()"),
    "train(False)": ("G.eval()", "G.train(False)"),
    "inference mode": ("no_grad", "inference_mode"),
}
FAULTS["O"] = {
    "as found": (lambda G, noise: G(noise), "is dropout still on?"),
    "left in evaluation": ("G.train(was_training)", "pass", "in training mode before, and are not"),
    "always trained": ("was_training)", "True)", "were in evaluation mode before, and are"),
    "with gradient": ("no_grad", "enable_grad", "still carry their gradient's record"),
    "no_grad only": ("G.eval()", "pass", "is dropout still on?"),
    "the network alone": (
        "G.train(was_training)",
        "G.training = was_training",
        "generator and layers were in train",
    ),
    "frozen": ("G.eval()", "G.eval().requires_grad_(False)", "the generator is frozen afterwards"),
    "eval without ( )": ("G.eval()", "G.eval", "is dropout still on?"),
    "no_grad without with": ("with torch.no_grad():", "if True:", "under `with torch.no_grad():`"),
    "the other mode": ("G.train(was_training)", "G.train(not was_training)", "in training mode"),
    "asked too late": ("G.train(was_training)", "G.train(G.training)", "were in training mode"),
    "no dropout any more": ("G.eval()", "G[1].p = 0", "the dropout is gone for ever: G.eval()"),
    "a list": ("return samples", "return samples.tolist()", "is a list, expected a tensor, as G"),
    "no_grad without ( )": ("torch.no_grad()", "torch.no_grad", "torch.no_grad() with its ( )"),
    "other noise": ("G(noise)", "G(torch.randn(5, 2))", "not its samples for the noise given"),
    "one sample": ("G(noise)", "G(noise[:1])", "draw returns shape (1, 64), expected (5, 64)"),
    "no return": ("return", "found =", "your draw returns None. Is there a `return`?"),
    "the generator": ("return samples", "return G", "draw returns is a Sequential, expected a t"),
    "gradients left off": (*LEAVES_OFF, "gradients stay off afterwards"),
}

# --- P: the last layer --------------------------------------------------------------------------


class Layer(nn.Module):
    """A layer out of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, rows):
        return self.function(rows)


def of(function):
    return lambda: Layer(function)


def shares(rows):
    return rows / rows.sum(dim=1, keepdim=True)


GUESSES = "PyTorch has to guess the axis, and warns: say `dim=1`"
RIGHT["P"] = {
    "softmax": (),
    "last axis": (lambda: nn.Softmax(dim=-1),),
    "written out": (of(lambda rows: shares((rows - rows.amax(1, True)).exp())),),
    "the layer itself": (nn.Softmax(dim=1),),
    "softplus": (of(lambda rows: shares(softplus(rows))),),
    "one-hot on the way forward": (StraightThrough,),
}
FAULTS["P"] = {
    "ReLU": (nn.ReLU, "6 of 7 rows are all zero, those without positive numbers"),
    "down the columns": ("dim=1", "dim=0", "the columns add up to 1, expected the rows"),
    "sigmoid": (nn.Sigmoid, "the numbers of a row add up to"),
    "LeakyReLU": (nn.LeakyReLU, "your layer makes negative numbers"),
    "smallest": (of(lambda x: softmax(-x, 1)), "at another place after your"),
    "argmax": (of(lambda x: one_hot(x.argmax(1), 100).float()), "no gradient gets through your"),
    "no axis": ("dim=1", "", GUESSES),
    "in numpy": (of(lambda x: softmax(x, 1).detach().numpy()), "no gradient gets through your"),
    "a function": (lambda: softmax, "returns is a function, expected a layer (an nn.Module)"),
    "shares of ReLU": (of(lambda x: shares(x.relu())), "for a row of negative numbers your layer"),
    "less the least": (of(lambda x: shares(x - x.amin(1, True))), "for a row of equal numbers"),
    "overflow": (of(lambda x: shares(x.exp())), "for a row of large numbers your layer makes NaN"),
    "no return": (of(lambda x: None), "your layer returns None. Is there a `return`?"),
    "shape": (lambda: nn.Linear(100, 5), "of (7, 100) your layer makes shape (7, 5)"),
    "softplus": (nn.Softplus, "the numbers of a row add up to 4.411, expected 1"),
    "a threshold": (lambda: nn.Threshold(0, 0.01), "a row add up to 1.091, expected 1"),
    "logarithms": (lambda: nn.LogSoftmax(1), "your layer makes negative numbers"),
    "tanh": (nn.Tanh, "your layer makes negative numbers, and real rows have none"),
    "ReLU first": (lambda: nn.Sequential(nn.ReLU(), nn.Softmax(1)), "layer, as a ReLU does it"),
    "drawn": (GumbelSoftmax, "the largest number of a row is at another place after your layer"),
    "squares": (of(lambda x: shares(x**2)), "the largest number of a row is at another place"),
    "over all": (of(lambda x: x.exp() / x.exp().sum()), "the numbers of a row add up to 0.0305, e"),
    "no kept axis": (of(lambda x: x.exp() / x.exp().sum(1)), "layer failed: RuntimeError: The"),
    "images": (nn.Softmax2d, "your layer failed: ValueError: Softmax2d: expected input"),
    "its name": (lambda: "softmax", "what last_layer returns is a str, expected a layer"),
    "a class": ("(dim=1)", "", "returns the class Softmax, expected a layer: Softmax(…)"),
}

# --- Q: scaling ---------------------------------------------------------------------------------

ENDS, MADE = "data.min(dim=0).values, data.max(dim=0).values", "2 * (data - low) / (high - low) - 1"
BACK, LINE = "low + (samples + 1) / 2 * (high - low)", "def back(samples):\n"
OWN = f"{LINE}        low, high = {ENDS.replace('data', 'samples')}\n"
SCALED_ANEW = "(samples - samples.amin(0)) / (samples.amax(0) - samples.amin(0))"
RIGHT["Q"] = {
    "by column": (),
    "a list": (f"return {MADE}, back", f"return [{MADE}, back]"),
    "amin": (ENDS, "data.amin(0), data.amax(0)"),
    "the helper": (lambda data: (Scaler.fit(data).scale(data), Scaler.fit(data).unscale),),
}
FAULTS["Q"] = {
    "as found": (ENDS, "data.min(), data.max()", "needs its own ends, min(dim=0).values"),
    "min alone": (".values", "", "`.values` *and* `.indices`: take what is asked for"),
    "clamps": ("(samples + 1)", "(samples.clamp(-1, 1) + 1)", "cuts off at the ends of the real"),
    "in place": (MADE, f"data.copy_({MADE})", "scaled has changed the data that it was given"),
    "no return in back": (f"return {BACK}", BACK, "way back returns None. Is there a `return`"),
    "forgetful": (LINE, OWN, "uses the ends of what it is given: keep those"),
    "nothing back": (BACK, "samples", "does not lead back to the data: ("),
    "the two swapped": (f"{MADE}, back", f"back, {MADE}", "swapped: first the scaled data, then"),
    "one thing": (", back", "", "something else than two things"),
    "one column": (MADE, "data[:, 0]", "have shape (200,), expected (200, 2)"),
    "own ends": ("(samples + 1) / 2", SCALED_ANEW, "uses the ends of what it is given"),
    "0 to 1": (MADE, MADE[4:-4], "column 0 from 0 to 1 and column 1 from 0 to 1, expected -1 to"),
    "along rows": (ENDS, "data.amin(1, True), data.amax(1, True)", "0 from 1 to 1 and column"),
    "no brackets": (MADE, "2 * data - low / (high - low) - 1", "expected -1 to 1 in both"),
    "without + 1": ("(samples + 1)", "samples", "does not lead back to the data: ("),
    "without / 2": (" / 2 *", " *", "your way back does not lead back to the data: ("),
    "upside down": (MADE, f"-({MADE})", "mirrored: the smallest number of a column must become"),
    "upside down, and back": (
        *(MADE, f"1 - {MADE[:-4]}", "(samples + 1)", "(1 - samples)"),
        "mirrored: the smallest number of a column must become -1",
    ),
    "columns exchanged": (
        *(MADE, f"({MADE}).flip(1)", "(samples + 1)", "(samples.flip(1) + 1)"),
        "scaled data is wrong: (2000, -5.373) becomes (-0.5046, -0.00581), expected (-0.00581, -0",
    ),
    "cut off further out": (
        "samples + 1",
        "samples.clamp(max=1.3) + 1",
        "(1990, 84.33), expected (1990, 94.27)",
    ),
    "mean and deviation": (ENDS, "data.mean(0), data.std(0)", "expected -1 to 1 in both"),
    "a number back": (f"return {BACK}", "return 0.5", "way back returns shape (), expected (200"),
    "way back called": (", back", ", back(data)", "way back is a Tensor, expected a function: its"),
    "no way back": (", back", ", None", "way back is None, expected a function: its name alone"),
    "learnt by heart": (BACK, "data", "way back returns shape (200, 2), expected (3, 2)"),
}


def answer_in(exercise, given):
    return given[0] if len(given) == 1 else slip(exercise, *given)


@pytest.mark.parametrize(("exercise", "given"), each(RIGHT))
def test_a_mended_function_passes_however_it_is_written(exercise, given):
    accepted(exercise, answer_in(exercise, given))


@pytest.mark.parametrize(("exercise", "fault"), each(FAULTS))
def test_each_fault_is_named(exercise, fault):
    *given, message = fault
    refused(message, exercise, answer_in(exercise, given))


@pytest.mark.parametrize("exercise", ["J", "Q"])
def test_two_starters_are_not_attempted(exercise):
    assert judged(exercise, lambda *_: (..., ...)).status == "not attempted"


def test_rows_that_are_almost_flat_get_a_remark():
    twice = judged("P", nn.Sequential(nn.Softmax(dim=1), nn.Softmax(dim=1)))
    assert twice.message.endswith("all rows are almost flat: is a layer too many?")
    assert "flat" not in judged("P", nn.Softmax(dim=1)).message


def test_gradients_that_an_answer_switches_off_are_on_again_after_the_check():
    judged("O", slip("O", *LEAVES_OFF))
    assert torch.is_grad_enabled()


def test_each_exhibit_has_its_right_and_wrong_answers():
    assert set(RIGHT) == set(FAULTS) == set(museum.CHECKS)


@pytest.mark.parametrize("exercise", museum.CHECKS)
def test_a_check_without_an_answer_is_told_as_the_notebook_writes_it(exercise):
    refused(f"give your answer, too: {cells_of(exercise, 'check')[0].source}", exercise)
