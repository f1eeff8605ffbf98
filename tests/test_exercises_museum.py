"""Is each bug of the museum named when it is still there, and each way to mend it accepted?

An answer that is a row of texts is the notebook's solution with the first text replaced by the
second, and so on: what is left after a slip of the pen.
"""

from __future__ import annotations

import pytest
import torch
from learners import accepted, each, judged, refused, slip
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import one_hot, softmax, softplus

from gan_course.exercises import museum
from gan_course.networks import sample
from gan_course.training import generator_loss


def ones(like):
    return torch.ones_like(like)


def zeros(like):
    return torch.zeros_like(like)


RIGHT, FAULTS = {}, {}  # of each exercise; at the end of a fault are the words that it must get
HAS_NO_RECORD = "the number is right, but it has no record: backward() can't start from it"
CUT = "the number is right, but its record is cut"

# --- 6.1 the generator's target ------------------------------------------------------------------


def used_up(a):
    loss = bce(a, ones(a))
    loss.backward()
    return loss


RIGHT["I"] = {
    "ones": (lambda a: bce(a, ones(a)),),
    "by hand": (lambda a: -a.log().mean(),),
    "the helper": (generator_loss,),
    "shape (1,)": (lambda a: bce(a, ones(a))[None],),
}
FAULTS["I"] = {
    "zeros": (lambda a: bce(a, zeros(a)), "for being found out, target 0: what does G want"),
    "minimax": (lambda a: -bce(a, zeros(a)), "that is log(1 - D(G(z))), which is flat"),
    "sign": (lambda a: a.log().mean(), "the sign is wrong"),
    "sum": (lambda a: bce(a, ones(a), reduction="sum"), "that is the sum over the batch"),
    "two sigmoids": (lambda a: bce_l(a, ones(a)), "these are probabilities already: this loss"),
    "item": (lambda a: bce(a, ones(a)).item(), HAS_NO_RECORD),
    "a new record": (lambda a: bce(a.detach(), ones(a)).requires_grad_(), CUT),
    "backward": (used_up, "its record is used up: leave backward() to the training step"),
}

# --- 6.2 two optimisers --------------------------------------------------------------------------


def sgd(network):
    return torch.optim.SGD([{"params": [w]} for w in network.parameters()], lr=0.1)


OF_G, OF_D, BOTH = "Adam(G.parameters()", "Adam(D.parameters()", "G_optimiser, D_optimiser"
ALL = "Adam([*G.parameters(), *D.parameters()]"
RIGHT["J"] = {
    "Adam": (),
    "a list": (f"return {BOTH}", f"return [{BOTH}]"),
    "SGD in groups": (lambda G, D: (sgd(G), sgd(D)),),
}
FAULTS["J"] = {
    "one for both": (OF_G, ALL, BOTH, "G_optimiser, G_optimiser", "weights are in both optimisers"),
    "one": (BOTH, "G_optimiser", "a single optimiser, expected two: G's, then D's"),
    "swapped": (BOTH, "D_optimiser, G_optimiser", "the two are swapped"),
    "a part": (OF_G, "Adam([G.weight]", "holds 1 of its network's 2 weight tensors and 0"),
    "one more": (OF_D, "Adam([*D.parameters(), torch.ones(1)]", "2 weight tensors and 1 others"),
    "three": (BOTH, "G_optimiser, D_optimiser, 1", "something else than two optimisers"),
    "networks": (BOTH, "G, D", "something else than optimisers, such as torch.optim.Adam"),
}

# --- 6.3 the discriminator's half of a step ------------------------------------------------------

EMPTY, BACKWARD, STEP = "D_optimiser.zero_grad()", "loss.backward()", "D_optimiser.step()"
FAKE, RETURN, PASS = "fake = G(noise).detach()", "loss.item()", "pass"
RIGHT["K"] = {
    "as in the chapter": (),
    "no_grad": (FAKE, "with torch.no_grad(): fake = G(noise)"),
    "the mean of both parts": (BACKWARD, "loss = loss / 2; loss.backward()"),
    "backward twice": (BACKWARD, "bce(D(real), ones).backward(); bce(D(fake), zeros).backward()"),
    "a tensor without a record": (RETURN, "loss.detach()"),
}
FAULTS["K"] = {
    "heaped up": (EMPTY, PASS, "much too far, by gradients of the last batch"),
    "no detach": (".detach()", "", "gradients have reached the generator. With two optimisers"),
    "no backward": (BACKWARD, PASS, "step() found no gradients. Either nobody calls"),
    "two steps": (STEP, f"{STEP}; {STEP}", "the discriminator makes 2 steps, expected one"),
    "two half steps": (BACKWARD, "(loss / 2).backward()", STEP, f"{STEP}; {STEP}", "makes 2 steps"),
    "swapped": ("+", "-", "loss =", "loss = -", "it moves the wrong way: the targets are swapped"),
    "both real": ("D(fake), zeros", "D(fake), ones", "it moves another way than target 1 for"),
    "no step": (STEP, PASS, "weights have not changed: who calls step()?"),
    "changes G": (STEP, f"{STEP}; G.weight.data += 1", "has changed the generator's weights"),
    "another number": (RETURN, "3.0", "step_D returns 3.0000 as its loss, expected"),
    "with its record": (RETURN, "loss", "returns its loss with its record"),
}

# --- 6.4 the mean of an epoch --------------------------------------------------------------------


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
    "last": (lambda x: x[-1], "losses 1, 2 and 6 you get 6.000: that is the last one alone"),
    "always 16": (lambda x: sum(x) / 16, "losses 1, 2 and 6 you get 0.5625, expected 3.0000"),
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


def twice(real, fake):
    return with_logits(real.sigmoid(), fake.sigmoid())


RIGHT["M"] = {
    "with logits": (),
    "mean of both": (lambda r, f: with_logits(r, f) / 2,),
    "softplus": (lambda r, f: softplus(-r).mean() + softplus(f).mean(),),
}
FAULTS["M"] = {
    "twice": (twice, "a sigmoid too many: this loss puts one on what it is given"),
    "twice, mean": (lambda r, f: twice(r, f) / 2, "a sigmoid too many"),
    "rounded": (rounded, "you get 200, expected 400: the sigmoid rounds to 0 and 1"),
    "by hand": (logged, "logits of -200 for real and 200 for generated samples you get infinity"),
    "clamped": (clamped, "you get 32, expected 400: the sigmoid rounds to 0 or 1, and a clamp or"),
    "item": (lambda r, f: with_logits(r, f).item(), HAS_NO_RECORD),
    "half detached": (lambda r, f: with_logits(r, f.detach()), CUT),
    "swapped": (lambda r, f: with_logits(f, r), "the targets are swapped: 1 is for real"),
    "real only": (lambda r, f: bce_l(r, ones(r)), "for logits of 2 and -1 for real, 0.5 and -3"),
}

# --- 6.6 shapes ----------------------------------------------------------------------------------


def by_hand(a, t):
    return -(t * a.log() + (1 - t) * (1 - a).log()).mean()


def in_rows(a, t):
    return by_hand(a.reshape(-1), t.reshape(-1))


RIGHT["N"] = {
    "flatten": (),
    "reshape": (in_rows,),
    "a loop": (lambda a, t: sum(map(by_hand, a.flatten(), t.flatten())) / len(a),),
}
FIRST = "answers of shape (6,) and targets of shape (6, 1)"
FAULTS["N"] = {
    "as found": (by_hand, f"{FIRST} are stretched to (6, 6), still: each answer meets each target"),
    "PyTorch's": (bce, f"for {FIRST}: your loss failed: ValueError"),
    "squeezed": (lambda a, t: by_hand(a.squeeze(1), t.squeeze(1)), "your loss failed: IndexError"),
    "stretched": (lambda a, t: by_hand(a, t[:, None]), "stretched to (6, 6), by your code"),
    "item": (lambda a, t: in_rows(a, t).item(), HAS_NO_RECORD),
    "sign": (lambda a, t: -in_rows(a, t), "the sign is wrong"),
    "sum": (lambda a, t: 6 * in_rows(a, t), "that is the sum over the batch"),
}

# --- 6.7 dropout ---------------------------------------------------------------------------------

LEAVES_OFF = ("return", "torch.set_grad_enabled(False); return")
RIGHT["O"] = {
    "by hand": (),
    "the helper": (sample,),
    "numpy": ("return samples", "return samples.numpy()"),
}
FAULTS["O"] = {
    "as found": (lambda G, noise: G(noise), "dropout is still on"),
    "left in evaluation": ("G.train(was_training)", "pass", "in training mode before, and is not"),
    "always trained": ("was_training)", "True)", "was in evaluation mode before, and is not"),
    "with gradient": ("no_grad", "enable_grad", "still carry their gradient's record"),
    "no_grad only": ("G.eval()", "pass", "dropout is still on"),
    "gradients left off": (*LEAVES_OFF, "gradients stay off afterwards"),
}

# --- 6.8 the last layer --------------------------------------------------------------------------


class Layer(nn.Module):
    """A layer out of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, rows):
        """From (n, 100) to what the function makes of it."""
        return self.function(rows)


def of(function):
    return lambda: Layer(function)


def shares(rows):
    return rows / rows.sum(dim=1, keepdim=True)


GUESSES = "right today, but PyTorch has to guess the axis, and warns: say `dim=1`"
RIGHT["P"] = {
    "softmax": (),
    "last axis": (lambda: nn.Softmax(dim=-1),),
    "written out": (of(lambda rows: shares(rows.exp())),),
}
FAULTS["P"] = {
    "ReLU": (nn.ReLU, "of 7 rows with negative numbers only are all zero"),
    "down the columns": ("dim=1", "dim=0", "the columns add up to 1, expected the rows"),
    "sigmoid": (nn.Sigmoid, "the numbers of a row add up to"),
    "LeakyReLU": (nn.LeakyReLU, "your layer makes negative numbers"),
    "smallest": (of(lambda x: softmax(-x, 1)), "at another place after your"),
    "argmax": (of(lambda x: one_hot(x.argmax(1), 100).float()), "no gradient gets through your"),
    "no axis": ("dim=1", "", GUESSES),
    "a function": (lambda: softmax, "returns is a function, expected a layer (an nn.Module)"),
    "shares of ReLU": (of(lambda x: shares(x.relu())), "for a row of negative numbers your layer"),
    "less the least": (of(lambda x: shares(x - x.amin(1, True))), "for a row of equal numbers"),
    "no return": (of(lambda x: None), "your layer returns None. Is there a `return`?"),
    "shape": (lambda: nn.Linear(100, 5), "of (7, 100) your layer makes shape (7, 5)"),
    "a class": ("(dim=1)", "", "returns the class Softmax, expected a layer: Softmax(…)"),
}

# --- 6.9 scaling ---------------------------------------------------------------------------------

ENDS, MADE = "data.min(dim=0).values, data.max(dim=0).values", "2 * (data - low) / (high - low) - 1"
BACK, LINE = "low + (samples + 1) / 2 * (high - low)", "def back(samples):\n"
OWN = f"{LINE}        low, high = {ENDS.replace('data', 'samples')}\n"
SCALED_ANEW = "(samples - samples.amin(0)) / (samples.amax(0) - samples.amin(0))"
RIGHT["Q"] = {
    "by column": (),
    "a list": (f"return {MADE}, back", f"return [{MADE}, back]"),
}
FAULTS["Q"] = {
    "as found": (ENDS, "data.min(), data.max()", "needs its own ends, min(dim=0).values"),
    "min alone": (".values", "", "`min(dim=0)` returns values *and* places: take `.values`"),
    "clamps": ("(samples + 1)", "(samples.clamp(-1, 1) + 1)", "cuts off at the ends of the real"),
    "in place": (MADE, f"data.copy_({MADE})", "scaled has changed the data that it was given"),
    "no return in back": (f"return {BACK}", BACK, "way back returns None. Is there a `return`"),
    "forgetful": (LINE, OWN, "your way back does not lead back to the data"),
    "one thing": (", back", "", "something else than two things"),
    "one column": (MADE, "data[:, 0]", "have shape (200,), expected (200, 2)"),
    "own ends": ("(samples + 1) / 2", SCALED_ANEW, "uses the ends of what it is given"),
    "learnt by heart": (BACK, "data", "keep those of the data"),
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


def test_gradients_that_an_answer_switches_off_are_on_again_after_the_check():
    judged("O", slip("O", *LEAVES_OFF))
    assert torch.is_grad_enabled()


def test_each_exhibit_has_its_right_and_wrong_answers():
    assert set(RIGHT) == set(FAULTS) == set(museum.CHECKS)
