"""Is the bug mended? Exercises I to Q, of the museum of broken GANs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.optim import Optimizer

from gan_course.exercises.answers import (
    Mistake,
    Wrong,
    answer_of,
    case,
    close,
    judge_number,
    judge_shape,
    number_of,
    numbers_of,
)

SWAPPED = "the arguments of the loss are swapped: answers first, then targets"
TWICE = "these are probabilities already: this loss puts a second sigmoid on them"
FROZEN = "the generator is frozen afterwards: leave requires_grad as it is"


def _sign_and_sum(right: float, count: int) -> tuple[Mistake, Mistake]:
    return (
        (-right, "the sign is wrong: training makes a loss smaller"),
        (count * right, "that is the sum over the batch, expected the mean"),
    )


def _judge_record(loss: Any, *given: Tensor) -> None:
    """Raise unless backward() can start from the loss, and leads to all that it is made of."""
    but = "the number is right, but"
    if not (isinstance(loss, Tensor) and loss.requires_grad):
        no = "it has no record: backward() can't start from it"
        raise Wrong(f"{but} {no}. Leave out .item() and .detach()")
    try:
        slopes = torch.autograd.grad(loss, given, allow_unused=True)
    except RuntimeError:
        used_up = "its record is used up: leave backward() to the training step"
        raise Wrong(f"{but} {used_up}") from None
    if None in slopes:
        cut = "its record is cut: backward() does not lead to all that you were given"
        raise Wrong(f"{but} {cut}. Leave out .detach()")


def _check_generator_loss(generator_loss: Any) -> str:
    answers = torch.tensor([[0.1], [0.4], [0.25], [0.6]], requires_grad=True)
    answer = answer_of(generator_loss, "generator_loss", answers.clone())
    given = answers.detach()
    right, fooled = float(-given.log().mean()), float((1 - given).log().mean())
    judge_number(
        number_of(answer, "generator_loss"),
        right,
        "the answers 0.1, 0.4, 0.25 and 0.6",
        (-fooled, "it is rewarded for being found out, target 0: what does G want to hear?"),
        (fooled, "that is log(1 - D(G(z))), which is flat where D is sure: use the target 1"),
        *_sign_and_sum(right, 4),
        (float(bce(torch.ones_like(given), given)), SWAPPED),
        (float(bce_l(given, torch.ones_like(given))), TWICE),
    )
    _judge_record(answer, answers)
    return "the generator wants its samples to be called real: 1"


def _check_optimisers(optimisers: Any) -> str:
    networks = [nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, k)) for k in (2, 1)]
    found = answer_of(optimisers, "optimisers", *networks)
    if isinstance(found, Optimizer):
        raise Wrong("optimisers returns a single optimiser, expected two: G's, then D's")
    two = isinstance(found, (tuple, list)) and len(found) == 2
    if not two or not all(isinstance(one, Optimizer) for one in found):
        raise Wrong("optimisers returns something else than two optimisers: G's, then D's")
    for group in (*found[0].param_groups, *found[1].param_groups):
        if group.get("maximize"):
            raise Wrong("with maximize=True a loss grows: training makes it smaller")
        rate = group.get("lr", 1)
        if not 1e-8 < rate < 10:
            far = "far too large" if rate > 1 else "so small that hardly a weight moves"
            raise Wrong(f"the learning rate {rate:g} is {far}: begin with 1e-3")
    held = [{id(w) for group in one.param_groups for w in group["params"]} for one in found]
    own = [{id(w) for w in network.parameters()} for network in networks]
    if held[0] & held[1]:
        raise Wrong("some weights are in both optimisers, expected each in one of them only")
    if held == own[::-1]:
        raise Wrong("the two are swapped: the first one has to hold the generator's weights")
    for name, has, wanted in zip(("first", "second"), held, own, strict=True):
        if has != wanted:
            raise Wrong(
                f"the {name} optimiser holds {len(has & wanted)} of its network's {len(wanted)} "
                f"weight tensors and {len(has - wanted)} others, expected all and no others"
            )
    return "each optimiser has the weights of one network"


def _row(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([one.detach().flatten() for one in tensors])


def _both(real: Tensor, fake: Tensor, loss: Callable[..., Tensor] = bce_l) -> Tensor:
    """The discriminator's loss: 1 is right for real samples, 0 for generated ones."""
    return loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake))


def _check_step_d(step_D: Any) -> str:
    random = torch.Generator().manual_seed(0)
    real, noise = torch.randn(8, 2, generator=random) + 3, torch.randn(8, 2, generator=random)
    generator, discriminator = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    weights = list(discriminator.parameters())
    with torch.no_grad():
        for weight in (*generator.parameters(), *weights):
            weight.copy_(0.1 * torch.randn(weight.shape, generator=random))
        generator.weight.mul_(10)  # other noise, other loss
    before, before_g = _row(weights), _row(generator.parameters())
    right_loss = _both(discriminator(real), discriminator(generator(noise).detach()), bce)
    expected = -_row(torch.autograd.grad(right_loss, weights))
    # what the last batch has left in the gradients points another way
    discriminator[0].weight.grad = torch.tensor([[-90.0, 90.0]])
    discriminator[0].bias.grad = torch.zeros(1)
    optimiser = torch.optim.SGD(weights, lr=1e-3)
    steps: list[Any] = []
    optimiser.register_step_post_hook(lambda *step: steps.append(step))
    # a gradient that is emptied afterwards has been there all the same
    reached: list[Tensor] = []
    for weight in generator.parameters():
        weight.register_hook(reached.append)
    answer = answer_of(step_D, "step_D", generator, discriminator, optimiser, real, noise)
    loss, right = number_of(answer, "step_D"), right_loss.item()
    moved = _row(weights) - before
    stands = float(moved.norm()) == 0
    likeness = float(torch.cosine_similarity(moved, expected, dim=0))
    if not torch.equal(_row(generator.parameters()), before_g):
        raise Wrong("step_D has changed the generator's weights, expected the discriminator's only")
    if stands and not steps:
        raise Wrong("the discriminator's weights have not changed: who calls step()?")
    if stands:
        raise Wrong(
            "the discriminator's weights have not changed: step() found no gradients. Either "
            "nobody calls backward(), or they are emptied between backward() and step()"
        )
    if not steps:
        raise Wrong("the optimiser that you were given makes no step: use this one")
    if float(moved.norm()) > 10e-3 * float(expected.norm()):
        empties = "zero_grad(), with its ( ) and before backward(), empties them"
        raise Wrong(f"it moves much too far, by gradients of the last batch: {empties}")
    if likeness < -0.9:
        swapped = "the targets are swapped (1 is for real samples), or the sign is wrong"
        raise Wrong(f"it moves the wrong way: {swapped}")
    if likeness < 0.99:
        raise Wrong("it moves another way than target 1 for D(real) and 0 for D(fake) ask for")
    if len(steps) > 1:
        raise Wrong(f"the discriminator makes {len(steps)} steps, expected one: call step() once")
    if reached:
        raise Wrong(
            "gradients have reached the generator. With two optimisers that only costs time, with "
            "one it costs the training: cut it off by detach(), which returns a new tensor"
        )
    if not all(weight.requires_grad for weight in generator.parameters()):
        raise Wrong(FROZEN)
    if not (close(loss, right) or close(2 * loss, right)):
        parts = "D(real) should be 1 and D(G(noise)) 0, with the noise that it is given"
        raise Wrong(f"step_D returns {loss:.4f} as its loss, expected {right:.4f}: {parts}")
    if isinstance(answer, Tensor) and answer.requires_grad:
        raise Wrong("step_D returns its loss with its record, which fills memory: use .item()")
    return "emptied, cut off, and one step in the right direction"


def _check_epoch_loss(epoch_loss: Any) -> str:
    cases = {
        "16 losses of ln 2": [math.log(2)] * 16,
        "the losses 2, 6 and 1": [2.0, 6.0, 1.0],
        "a single loss of 0.5": [0.5],
    }
    for what, losses in cases.items():
        count, total = len(losses), sum(losses)
        given = list(losses)
        with case(what):
            found = number_of(answer_of(epoch_loss, "epoch_loss", given), "epoch_loss")
            if given != losses:
                raise Wrong("epoch_loss has changed the list that it was given")
        got = f"for {what} you get {found:.3f}:"
        by_last = f"divided by {count - 1}, the number of the last batch, and there are {count}"
        judge_number(
            found,
            total / count,
            what,
            (total / max(count - 1, 1), f"{got} {by_last}"),
            (total, f"{got} that is their sum, expected the mean"),
            (total / (count + 1), f"{got} divided by {count + 1}"),
            (losses[-1], f"{got} that is the last one alone"),
        )
    return "16 times ln 2 is ln 2 on average"


def _check_logits_loss(discriminator_loss: Any) -> str:
    cases = (
        ("logits of 2 and -1 for real, 0.5 and -3 for generated samples", [2.0, -1.0], [0.5, -3.0]),
        ("logits of 0, an undecided discriminator", [0.0, 0.0], [0.0, 0.0]),
        ("logits of -200 for real and 200 for generated samples", [-200.0], [200.0]),
    )
    share = 0.0
    for what, first, second in cases:
        real, fake = (torch.tensor(one)[:, None].requires_grad_() for one in (first, second))
        answer = answer_of(discriminator_loss, "discriminator_loss", real.clone(), fake.clone())
        if isinstance(answer, Tensor) and not bool(torch.isfinite(answer).all()):
            why = "either exp overflows, or the sigmoid rounds to 0 and a logarithm follows"
            raise Wrong(f"for {what} your loss is not finite: {why}")
        if isinstance(answer, tuple):
            raise Wrong("discriminator_loss returns several losses: add the two")
        found = number_of(answer, "discriminator_loss")
        sure = real.sigmoid(), fake.sigmoid()
        losses = _both(real, fake), _both(*sure), _both(fake, real), _both(*sure, loss=bce)
        if not share:
            # the mean of the two halves will do as well as their sum, but always the same of them
            share = 0.5 if any(close(found, loss.item() / 2) for loss in losses[:3]) else 1.0
        right, twice, swapped, rounded = (share * loss.item() for loss in losses)
        cut = f"for {what} you get {found:.0f}, expected {right:.0f}:"
        use = "rounds, and BCELoss cuts off at 100. Use the loss that takes logits"
        ones, one_twice = torch.ones_like(real), (_both(sure[0], fake), _both(real, sure[1]))
        parts = bce_l(real, ones), bce_l(fake, 0 * ones)
        mistakes = [
            (rounded, f"{cut} the sigmoid {use}"),
            ((rounded + right) / 2, f"{cut} in one of the two parts a sigmoid {use} in both"),
            (twice, "a sigmoid too many: this loss puts one on what it is given"),
            *((loss.item(), "a sigmoid too many, in one of the two parts") for loss in one_twice),
            *((part.item(), "that is one of the two parts alone: add the other") for part in parts),
            (_both(real, -fake).item(), "both targets are 1: 0 is for generated samples"),
            ((bce_l(ones, real) + bce_l(0 * ones, fake)).item(), SWAPPED),
            (swapped, "the targets are swapped: 1 is for real samples"),
            *_sign_and_sum(right, len(first)),
        ]
        if found < right and right > 100:  # right before, so only the size is at fault
            small = "a clamp, or a small number added to the sigmoid, cuts off the loss"
            mistakes.append((found, f"{cut} {small}: leave it out"))
        judge_number(found, right, what, *mistakes)
        _judge_record(answer, real, fake)
    return "one sigmoid, and finite for any logit"


def _check_shapes(loss: Any) -> str:
    answers = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.25, 0.1])  # sorted they would meet other targets
    targets = torch.tensor([1.0, 0.9, 0.0, 0.0, 1.0, 0.0])
    right = float(bce(answers, targets))
    stretched = float(bce(answers[:, None].expand(6, 6), targets.expand(6, 6)))
    for other, one in product((targets[:, None], targets), (answers[:, None], answers)):
        what = f"answers of shape {tuple(one.shape)} and targets of shape {tuple(other.shape)}"
        given = one.clone().requires_grad_()
        with case(what):
            answer = answer_of(loss, "loss", given.clone(), other.clone())
            found = number_of(answer, "loss")
        who = "by your code" if one.shape == other.shape else "still"
        stretching = f"{what} are stretched to (6, 6), {who}: each answer meets each target"
        turned = float(bce(targets, answers)), SWAPPED
        twice = float(bce_l(answers, targets)), TWICE
        whole = "one of the targets is 0.9: your code makes a whole number of it"
        cut = [(float(bce(answers, way(targets))), whole) for way in (torch.round, torch.floor)]
        mistakes = (stretched, stretching), turned, twice, *cut, *_sign_and_sum(right, 6)
        judge_number(found, right, what, *mistakes)
        _judge_record(answer, given)
    return "each answer is compared with its own target, whatever the shapes"


def _check_draw(draw: Any) -> str:
    noise = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    generator = nn.Sequential(nn.Linear(2, 64), nn.Dropout(0.5))
    right = numbers_of(generator.eval()(noise), "right")
    under = "draw under `with torch.no_grad():`"
    for training in (True, False):
        generator.train(training)
        with torch.enable_grad():  # which also puts back what the learner's function leaves off
            samples = answer_of(draw, "draw", generator, noise)
            left_on = torch.is_grad_enabled()
        found = numbers_of(samples, "what draw returns")
        judge_shape(found, (5, 64), "for 5 noise vectors draw returns")
        if isinstance(samples, list):
            raise Wrong.kind("what draw returns", samples, "a tensor, as G makes it")
        mode = "training" if training else "evaluation"
        if not torch.allclose(found, right, atol=1e-5):
            raise Wrong("these are not its samples for the noise given: is dropout still on?")
        if isinstance(samples, Tensor) and samples.requires_grad:
            raise Wrong(f"the samples still carry their gradient's record: {under}")
        if any(layer.training != training for layer in generator.modules()):
            raise Wrong(
                f"generator and layers were in {mode} mode before, and are not afterwards: "
                "G.train(mode) reaches them all, and nothing after `return` runs"
            )
        if generator[1].p != 0.5:
            raise Wrong("the dropout is gone for ever: G.eval() switches it off for a while")
        if not all(weight.requires_grad for weight in generator.parameters()):
            raise Wrong(FROZEN)
        if not left_on:
            raise Wrong(f"gradients stay off afterwards: {under}")
    return "no dropout, no gradients, and the mode as it was"


def _check_last_layer(last_layer: Any) -> str:
    layer = last_layer
    if not isinstance(last_layer, nn.Module):
        layer = answer_of(last_layer, "last_layer")
    if isinstance(layer, type):
        name = layer.__name__
        raise Wrong(f"last_layer returns the class {name}, expected a layer: {name}(…)")
    if not isinstance(layer, nn.Module):
        wanted = "a layer (an nn.Module), since nn.Sequential takes nothing else"
        raise Wrong.kind("what last_layer returns", layer, wanted)
    rows = torch.randn(7, 100, generator=torch.Generator().manual_seed(0)) - 4
    rows[0] = -5  # nothing above 0, and no favourite
    rows.requires_grad_()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        made = answer_of(layer, "layer", rows)
    if isinstance(made, Tensor) and made.shape == rows.shape and bool(made.isnan().any()):
        kind = "negative" if bool(made[1:].isnan().any()) else "equal"
        raise Wrong(f"for a row of {kind} numbers your layer makes NaN, as 0 divided by 0 does")
    found = numbers_of(made, "what your layer makes")
    judge_shape(found, (7, 100), "of (7, 100) your layer makes", "the same")
    dead = int((found == 0).all(dim=1).sum())
    off, off_in_columns = (bool(((found.sum(dim=axis) - 1).abs() > 1e-4).any()) for axis in (1, 0))
    if dead > 0:
        raise Wrong(f"{dead} of 7 rows are all zero, those without positive numbers: expected none")
    if (found < 0).any():
        raise Wrong("your layer makes negative numbers, and real rows have none")
    if off and not off_in_columns:
        raise Wrong("the columns add up to 1, expected the rows: the dim is the other one")
    if off:
        total = max(found.sum(dim=1).tolist(), key=lambda total: abs(total - 1))
        raise Wrong(
            f"the numbers of a row add up to {total:.4g}, expected 1: otherwise "
            "no place has to give way when another one grows"
        )
    if bool((found[1:].std(dim=1) == 0).any()):
        raise Wrong("a row of different numbers has equal ones after your layer, as a ReLU does it")
    if not torch.equal(found[1:].argmax(dim=1), rows[1:].argmax(dim=1)):
        raise Wrong("the largest number of a row is at another place after your layer")
    if not (isinstance(made, Tensor) and made.requires_grad):
        raise Wrong("no gradient gets through your layer, so the generator could not learn")
    if any("Implicit dimension" in str(warning.message) for warning in warned):
        raise Wrong("PyTorch has to guess the axis, and warns: say `dim=1`")
    if bool(answer_of(layer, "layer", -40 * rows).isnan().any()):
        raise Wrong("for a row of large numbers your layer makes NaN: exp overflows")
    flat = ", but all rows are almost flat: is a layer too many?" if found.max() < 0.02 else ""
    return f"each row adds up to 1, and every place keeps learning{flat}"


def _judge_untouched(what: str, given: Tensor, kept: Tensor) -> None:
    if not torch.equal(given, kept):
        raise Wrong(f"{what} that it was given: make new tensors, without `-=` and the like")


def _same(found: Tensor, right: Tensor) -> bool:
    return torch.allclose(found, right.double(), rtol=1e-3, atol=1e-3)


def _judge_rows(what: str, given: Tensor, made: Tensor, right: Tensor, why: str = "") -> None:
    for rows in zip(given, made, right, strict=True):
        if not _same(*rows[1:]):
            one, found, wanted = ("({:.4g}, {:.4g})".format(*row.tolist()) for row in rows)
            raise Wrong(f"{what}: {one} becomes {found}, expected {wanted}{why}")


def _check_scaled(scaled: Any) -> str:
    x = torch.rand(200, generator=torch.Generator().manual_seed(0))
    data = torch.stack([1975 + 50 * x, 100 * x**2 - 30], dim=1)
    given = data.clone()
    answer = answer_of(scaled, "scaled", given)
    _judge_untouched("scaled has changed the data", given, data)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("scaled returns something else than two things: scaled data, and a way back")
    if callable(answer[0]) and not callable(answer[1]):
        raise Wrong("the two are swapped: first the scaled data, then the way back")

    def back(samples: Tensor) -> Tensor:
        made = numbers_of(answer_of(answer[1], "way back", samples), "what your way back returns")
        judge_shape(made, (len(samples), 2), "your way back returns")
        return made

    found = numbers_of(answer[0], "your scaled data")
    judge_shape(found, (200, 2), "your scaled data have")
    ends = [float(end) for end in (*found.min(dim=0).values, *found.max(dim=0).values)]
    if not all(close(end, wanted) for end, wanted in zip(ends, (-1, -1, 1, 1), strict=True)):
        told = " and ".join(f"column {k} from {ends[k]:.3g} to {ends[k + 2]:.3g}" for k in range(2))
        both = close(min(ends), -1) and close(max(ends), 1)
        hint = ": each column needs its own ends, min(dim=0).values" if both else ""
        raise Wrong(f"your scaled data run in {told}, expected -1 to 1 in both{hint}")
    low, high = data.min(dim=0).values, data.max(dim=0).values
    right = 2 * (data - low) / (high - low) - 1
    mirrored = ". They are mirrored: the smallest number of a column must become -1"
    why = mirrored if _same(found.abs(), right.abs()) else ""
    _judge_rows("a row of your scaled data is wrong", data, found, right, why)
    some = torch.tensor([[0.0, 0.0], [0.5, 1.2], [-0.4, 1.5]])  # generated samples: other ends
    given = some.clone()
    again, new, part = back(answer[0]), back(given), back(given[:2])
    _judge_untouched("your way back has changed the samples", given, some)
    if not _same(part, new[:2]):
        raise Wrong("your way back uses the ends of what it is given: keep those of the data")
    _judge_rows("your way back does not lead back to the data", found, again, data)
    right = low + (some + 1) / 2 * (high - low)
    cut = ": it cuts off at the ends of the real data"
    why = cut if _same(new, right.clamp(low, high)) else ""
    _judge_rows("your way back is wrong for generated samples", some, new, right, why)
    return "from -1 to 1 in each column, and back"


CHECKS: dict[str, Callable[..., str]] = {
    "I": _check_generator_loss,
    "J": _check_optimisers,
    "K": _check_step_d,
    "L": _check_epoch_loss,
    "M": _check_logits_loss,
    "N": _check_shapes,
    "O": _check_draw,
    "P": _check_last_layer,
    "Q": _check_scaled,
}
