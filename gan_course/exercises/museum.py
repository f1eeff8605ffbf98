"""Is the bug mended? Exercises I to Q, of the museum of broken GANs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.utils import parameters_to_vector as flat
from torch.optim import Optimizer

from gan_course.data import Scaler
from gan_course.exercises.answers import (
    Checks,
    Mistakes,
    Wrong,
    answer_of,
    case,
    close,
    judge,
    judge_call,
    judge_shape,
    number_of,
    numbers_of,
)


def _mistakes(answers: Tensor, targets: Tensor, right: float) -> Mistakes:
    """What often goes wrong in a loss, of probabilities against targets."""
    return {
        "the sign is wrong: training makes a loss smaller": -right,
        "that is the sum over the batch, expected the mean": len(answers) * right,
        "the arguments of the loss are swapped: answers first, then targets": bce(targets, answers),
        "these are probabilities already: this loss puts a second sigmoid on them": bce_l(
            answers, targets
        ),
    }


def _judge_record(loss: Any, right: Tensor, *given: Tensor) -> None:
    """Raise unless backward() makes of the loss what it makes of the right one."""
    slopes: tuple[Tensor | None, ...] = ()
    if isinstance(loss, Tensor) and loss.requires_grad:
        with suppress(RuntimeError):  # where the learner's function has called backward()
            slopes = torch.autograd.grad(loss, given, allow_unused=True)
    if not slopes:
        leave = (
            "leave out .item(), .detach(), no_grad() and NumPy, and leave backward() to the step"
        )
        raise Wrong(f"the number is right, but backward() can't start from it: {leave}")
    for slope, wanted in zip(slopes, torch.autograd.grad(right, given), strict=True):
        if slope is None or not close(slope, wanted):
            leave = "leave out detach(), round() and clamp()"
            leave = "leave out detach(), torch.tensor(), .item()" if slope is None else leave
            raise Wrong(f"the number is right, but not what backward() makes of it: {leave}")


def _check_generator_loss(generator_loss: Any) -> str:
    for said in ([0.1, 0.4, 0.25, 0.6], [0.1, 0.3, 0.9]):
        answers = torch.tensor(said)[:, None].requires_grad_()
        given, right = answers.detach(), -answers.log().mean()
        fooled = float((1 - given).log().mean())
        mistakes = {
            "it is rewarded for being found out, target 0: what does G want to hear?": -fooled,
            "that is log(1 - D(G(z))), which is flat where D is sure: use the target 1": fooled,
            **_mistakes(given, torch.ones_like(given), right.item()),
        }
        what = f"the answers {said}"
        answer = judge_call(generator_loss, "generator_loss", (answers,), what, right, mistakes)
        _judge_record(answer, right, answers)
    return "the generator wants its samples to be called real: 1"


def _check_optimisers(optimisers: Any) -> str:
    networks = [nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, k)) for k in (2, 1)]
    found = answer_of(optimisers, "optimisers", *networks)
    if isinstance(found, Iterator):  # a generator expression, or map
        found = answer_of(tuple, "optimisers", found)
    two = isinstance(found, (tuple, list)) and len(found) == 2
    if not two or not all(isinstance(one, Optimizer) for one in found):
        raise Wrong("optimisers returns something else than two optimisers: G's, then D's")
    for group in (*found[0].param_groups, *found[1].param_groups):
        if group.get("maximize") or not 1e-8 < group["lr"] < 10:
            raise Wrong("nothing is learned with this rate, or with maximize: begin with 1e-3")
    held = [{id(w) for group in one.param_groups for w in group["params"]} for one in found]
    own = [{id(w) for w in network.parameters()} for network in networks]
    if held[0] & held[1]:
        raise Wrong("some weights are in both optimisers, expected each in one of them only")
    if held == own[::-1]:
        raise Wrong("the two are swapped: the first one has to hold the generator's weights")
    for name, has, wanted in zip(("first", "second"), held, own, strict=True):
        if has != wanted:
            its = f"{len(has & wanted)} of its network's {len(wanted)} weight tensors"
            raise Wrong(f"the {name} optimiser holds {its} and {len(has - wanted)} others")
    return "each optimiser has the weights of one network"


def _both(real: Tensor, fake: Tensor, loss: Callable[..., Tensor] = bce_l) -> Tensor:
    """The discriminator's loss: 1 is right for real samples, 0 for generated ones."""
    return loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake))


def _check_step_d(step_D: Any) -> str:
    torch.manual_seed(0)
    real, noise = torch.randn(8, 2) + 3, torch.randn(8, 2)
    generator, discriminator = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    copies = deepcopy((generator, discriminator))  # of which no weight has a .grad yet
    first = torch.optim.SGD(copies[1].parameters(), lr=1e-3)
    answer_of(step_D, "step_D", *copies, first, real[:5], noise[:5])
    weights = list(discriminator.parameters())
    before, before_g = flat(weights).detach(), flat(generator.parameters()).detach()
    sides = discriminator(real), discriminator(generator(noise).detach())
    right_loss, twice = _both(*sides, bce), _both(*sides)
    real_loss = bce(discriminator(real), torch.ones(8, 1))
    expected, by_real = (-flat(torch.autograd.grad(x, weights)) for x in (right_loss, real_loss))
    by_fake = expected - by_real
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
    moved = flat(weights).detach() - before
    likeness = float(torch.cosine_similarity(moved, expected, dim=0))
    if not torch.equal(flat(generator.parameters()), before_g):
        raise Wrong("it has changed the generator, expected the discriminator's weights only")
    if len(steps) != 1:
        raise Wrong(f"D_optimiser makes {len(steps)} steps, expected one: call its step() once")
    if float(moved.norm()) == 0:
        raise Wrong("step() found no gradients: no backward(), or they are emptied after it")
    if float(moved.norm()) > 10e-3 * float(expected.norm()):
        raise Wrong("it moves by gradients of the last batch, too: zero_grad() before backward()")
    if likeness < -0.9:
        raise Wrong("it moves the wrong way: targets swapped (1 is for real samples), or the sign")
    if float(torch.cosine_similarity(moved, by_real, dim=0)) > 0.99:
        fakes = "are they in the loss? And cut off G(noise), not D's answer"
        raise Wrong(f"nothing is learned from the fakes: {fakes}")
    if float(torch.cosine_similarity(moved, by_fake, dim=0)) > 0.99:
        raise Wrong("nothing is learned from the real ones: are they in the loss?")
    if likeness < 0.99:
        raise Wrong("it moves another way than target 1 for D(real) and 0 for D(fake) ask for")
    if reached:
        raise Wrong(
            "gradients have reached the generator. With two optimisers that only costs time, with "
            "one it costs the training: cut off what G returns, by detach(), which returns a new "
            "tensor"
        )
    mistakes = {
        "that is the part of the real ones alone": real_loss,
        "that is the part of the fakes alone": right - real_loss,
        "a sigmoid too many: this loss puts one on what it is given": twice,
        "that is the sum over the batch, expected the mean": len(real) * right,
    }
    if not (close(loss, right) or close(2 * loss, right)):
        known = [why for why, wrong in mistakes.items() if close(loss, wrong)]
        parts = "D(real) should be 1 and D(G(noise)) 0, with the noise that it is given"
        why = (known or [parts])[0]
        raise Wrong(f"step_D returns {loss:.4f} as its loss, expected {right:.4f}: {why}")
    if isinstance(answer, Tensor) and answer.requires_grad:
        raise Wrong("step_D returns its loss with its record, which fills memory: use .item()")
    return "emptied, cut off, and one step in the right direction"


def _check_epoch_loss(epoch_loss: Any) -> str:
    cases = {
        "16 losses of ln 2": [math.log(2)] * 16,
        "the losses 2, 6, 1 and 1": [2.0, 6.0, 1.0, 1.0],
        "a single loss of 0.5": [0.5],
    }
    for what, losses in cases.items():
        count, total = len(losses), sum(losses)
        last = f"divided by {count - 1}, the number of the last batch, and there are {count}"
        mistakes = {
            last: total / max(count - 1, 1),
            "that is their sum, expected the mean": total,
            "that is the last one alone": losses[-1],
            "that is the first one alone: is a `return` in the loop?": losses[0],
            "only one was added: is `return` in the loop, or the total set anew?": losses[0]
            / count,
            "only the last one was added: is the total set anew in the loop?": losses[-1] / count,
            f"divided by {count + 1}": total / (count + 1),
            "brackets: a division comes before + 1": total / max(count - 1, 1) + 1,
        }
        judge_call(epoch_loss, "epoch_loss", (losses,), what, total / count, mistakes)
    return "16 times ln 2 is ln 2 on average"


def _check_logits_loss(discriminator_loss: Any) -> str:
    cases = {
        "logits of 2 and -1 for real, 0.5 and -3 for generated samples": ([2.0, -1.0], [0.5, -3.0]),
        "logits of 0, an undecided discriminator": ([0.0, 0.0], [0.0, 0.0]),
        "logits of -200 and 200, where a sigmoid rounds and exp overflows": ([-200.0], [200.0]),
    }
    share = 0.0
    for what, logits in cases.items():
        real, fake = (torch.tensor(one)[:, None].requires_grad_() for one in logits)
        sure, ones = (real.sigmoid(), fake.sigmoid()), torch.ones_like(real)
        loss = _both(real, fake)
        whole = loss.item()
        if not share:
            # the mean of the two halves will do as well as their sum, but always the same of them
            answer = answer_of(discriminator_loss, "discriminator_loss", real.clone(), fake.clone())
            if isinstance(answer, (tuple, list)):
                raise Wrong("discriminator_loss returns several losses, expected one: add the two")
            half = close(number_of(answer, "discriminator_loss"), whole / 2)
            share = 0.5 if half else 1.0
        mistakes = {
            "BCELoss cuts off at 100. Use the loss that takes logits": _both(*sure, bce),
            "a sigmoid too many: this loss puts one on what it is given": _both(*sure),
            "that is one of the two parts alone: add the other": bce_l(real, ones),
            "the targets are swapped: 1 is for real samples": _both(fake, real),
            "the arguments of the loss are swapped: answers first, then targets": bce_l(ones, real)
            + bce_l(0 * ones, fake),
            "the target of the generated samples is 0": bce_l(real, ones) + bce_l(fake, ones),
            "the second part is about fake_logits": _both(real, real),
            "the sign is wrong: training makes a loss smaller": -whole,
            "that is the sum over the batch, expected the mean": len(real) * whole,
        }
        answer = judge_call(
            discriminator_loss, "discriminator_loss", (real, fake), what, share * whole, mistakes
        )
        if whole > 2:  # at 0 right formulas may have other slopes, as that of abs
            _judge_record(answer, share * loss, real, fake)
    return "one sigmoid, and finite for any logit"


def _check_shapes(loss: Any) -> str:
    many = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.25, 0.1])  # sorted they would meet other targets
    wanted = torch.tensor([1.0, 0.9, 0.0, 0.0, 1.0, 0.0])
    for count, tall, wide in product((6, 4), (True, False), (True, False)):
        answers, targets = many[:count], wanted[:count]
        other, one = (
            (targets[:, None] if tall else targets),
            (answers[:, None] if wide else answers),
        )
        right = float(bce(answers, targets))
        every = bce(answers[:, None].expand(count, count), targets.expand(count, count))
        what = f"answers of shape {tuple(one.shape)} and targets of shape {tuple(other.shape)}"
        given = one.clone().requires_grad_()
        mistakes = {
            f"they are stretched to ({count}, {count}), and each answer meets each target": every,
            **_mistakes(answers, targets, right),
        }
        answer = judge_call(loss, "loss", (given, other), what, right, mistakes)
        _judge_record(answer, bce(given.flatten(), targets), given)
    return "each answer is compared with its own target, whatever the shapes"


def _check_draw(draw: Any) -> str:
    noise = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    generator = nn.Sequential(nn.Linear(2, 64), nn.Dropout(0.5))
    right = generator.eval()(noise)
    described = str(generator)
    for training in (True, False):
        generator.train(training)
        samples = answer_of(draw, "draw", generator, noise)
        if samples is generator:
            raise Wrong("you return the generator, expected its samples")
        if str(generator) != described:
            raise Wrong("it is another generator afterwards: G.eval() is all that dropout needs")
        found = numbers_of(samples, "what draw returns")
        judge_shape(found, (5, 64), "for 5 noise vectors draw returns")
        if not close(found, right):
            raise Wrong("these are not its samples for the noise given: is dropout still on?")
        if isinstance(samples, Tensor) and samples.requires_grad:
            raise Wrong("the samples still carry their record: draw under `with torch.no_grad():`")
    return "no dropout, no gradients, and the mode as it was"


def _check_last_layer(last_layer: Any) -> str:
    ready = isinstance(last_layer, nn.Module)
    layer = last_layer if ready else answer_of(last_layer, "last_layer")
    if callable(layer) and not isinstance(layer, (nn.Module, type)):
        raise Wrong("that is a function, expected a layer from torch.nn, as nn.ReLU() is one")
    if not isinstance(layer, nn.Module):
        raise Wrong.kind("what last_layer returns", layer, "a layer (nn.Module), made with ( )")

    def use(rows: Tensor) -> Any:
        return answer_of(lambda: layer(rows.clone()), "layer")  # which may work in place

    rows = torch.randn(7, 100, generator=torch.Generator().manual_seed(0)) - 4
    rows[0] = -5  # nothing above 0, and no favourite
    rows.requires_grad_()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        made = use(rows)
    bad = made.isnan().nonzero()[:, :1] if isinstance(made, Tensor) else torch.ones(0)
    if len(bad) and not bad.any():  # in the first row only
        raise Wrong("for a row of equal numbers your layer divides 0 by 0")
    with case("rows without positive numbers"):
        found = numbers_of(made, "what your layer makes")
    judge_shape(found, (7, 100), "of (7, 100) your layer makes", "the same")
    if bool((found == 0).all(dim=1).any()):
        raise Wrong("a row without positive numbers, or of equal ones, comes out all zero")
    if bool((found < 0).any()):
        raise Wrong("your layer makes negative numbers, and real rows have none")
    totals, ones = found.sum(dim=1), torch.ones(100)
    if not close(totals, ones[:7]) and close(found.sum(dim=0), ones):
        raise Wrong("the columns add up to 1, expected the rows: the dim is the other one")
    if not close(totals, ones[:7]):
        raise Wrong(f"the numbers of a row add up to {totals[1]:.4g}, expected 1")
    if not torch.equal(found[1:].argmax(dim=1), rows[1:].argmax(dim=1)):
        lost = "does it make numbers below 0 equal, or turn the order round?"
        raise Wrong(f"the largest number of a row is at another place after your layer: {lost}")
    if not (isinstance(made, Tensor) and made.requires_grad):
        raise Wrong("no gradient gets through your layer, so the generator could not learn")
    if any("Implicit dimension" in str(warning.message) for warning in warned):
        raise Wrong("PyTorch has to guess the axis, and warns: say `dim=1`")
    hard = torch.zeros(5, 100)
    hard[0, [3, 7]], hard[1, [3, 7]] = torch.tensor([[100.0, 200.0], [20.0, 30.0]])
    hard[2], hard[3], hard[3, 7], hard[4] = -50, 200, 210, torch.linspace(-160, 160, 100)
    hard[2, 7] = -49
    found = numbers_of(use(hard).nan_to_num(2), "what your layer makes")
    if not close(found.sum(dim=1), torch.ones(5)):
        far = "a row of large numbers, or one far below 0 or far above another"
        raise Wrong(
            f"for {far}, your layer makes NaN, or a sum that isn't 1: exp overflows, or is 0"
        )
    if not torch.equal(found.argmax(dim=1), hard.argmax(dim=1)):
        raise Wrong(
            "of 20 and 30, or of 100 and 200, your layer doesn't make the larger the larger"
        )
    return "each row adds up to 1, and every place keeps learning"


def _check_scaled(scaled: Any) -> str:
    x = torch.rand(200, generator=torch.Generator().manual_seed(0))
    x[0], x[-1] = 1, 0  # all ends are in these rows, and one column falls
    data = torch.stack([1975 + 50 * x, 70 - 100 * x**2], dim=1)
    points = [[0.0, 0.0], [0.5, 1.25], [-0.4, 1.5]]  # generated samples: other ends
    some = torch.tensor(points)
    scaler, others = Scaler.fit(data), Scaler.fit(some)
    together = Scaler(data.min().expand(2), data.max().expand(2))
    answer = answer_of(scaled, "scaled", data.clone())
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("scaled returns something else than two things: scaled data, and a way back")
    if callable(answer[0]):
        raise Wrong(
            "the first of the two is a function, expected the scaled data: then the way back"
        )
    with case("the scaled data"):
        right = scaler.scale(data)
        mistakes = {
            "each column needs its own ends, min(dim=0).values": together.scale(data),
            "these are the ends of rows: those of columns are min(dim=0).values": Scaler.fit(data.T)
            .scale(data.T)
            .T,
            "the smallest number of a column must become -1": -right,
            "from -1 to 1, not from 0": (right + 1) / 2,
        }
        judge(numbers_of(answer[0], "the first thing"), right, mistakes)
    answer_of(scaled, "scaled", some.clone())  # which must not change this way back
    mistakes = {
        "keep the ends of the data": others.unscale(some),
        "it cuts off at the ends of the data": scaler.unscale(some.clamp(-1, 1)),
    }
    what = f"generated samples, {points}"
    judge_call(answer[1], "way back", (some,), what, scaler.unscale(some), mistakes)
    return "from -1 to 1 in each column, and back"


CHECKS: Checks = {
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
