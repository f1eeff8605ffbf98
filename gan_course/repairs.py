"""Is the bug mended? Checks for the exercises of the museum of broken GANs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits
from torch.optim import Optimizer

from gan_course.answers import Wrong, answer_of, numbers_of


def _number(found: Any, name: str) -> float:
    number = numbers_of(found, f"what {name} returns")
    if number.numel() != 1:
        raise Wrong(f"{name} returns shape {tuple(number.shape)}, expected one number")
    return float(number.flatten()[0])


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-5)


def _judge_number(
    found: float, right: float, what: str, mistakes: Sequence[tuple[float, str]]
) -> None:
    """Raise unless the number is right; where it is a known mistake, say which one."""
    if _close(found, right):
        return
    for wrong, reason in mistakes:
        if _close(found, wrong):
            raise Wrong(reason)
    raise Wrong(f"for {what} you get {found:.4f}, expected {right:.4f}")


def _judge_record(loss: Any, *given: Tensor) -> None:
    """Raise unless backward() can start from the loss, and leads to all that it is made of."""
    if not (isinstance(loss, Tensor) and loss.requires_grad):
        raise Wrong(
            "the number is right, but it has no record: backward() can't start from it. Leave out "
            ".item() and .detach()"
        )
    try:
        slopes = torch.autograd.grad(loss, given, allow_unused=True)
    except RuntimeError:
        raise Wrong(
            "the number is right, but its record is used up: leave backward() to the training step"
        ) from None
    if any(slope is None for slope in slopes):
        raise Wrong(
            "the number is right, but its record is cut: backward() does not lead to all that you "
            "were given. Leave out .detach()"
        )


def _check_generator_loss(generator_loss: Any) -> str:
    answers = torch.tensor([[0.1], [0.4], [0.25], [0.6]], requires_grad=True)
    probabilities = answers.detach().double()
    logs = probabilities.log()
    answer = answer_of(generator_loss, "generator_loss", answers.clone())
    found = _number(answer, "generator_loss")
    fooled = float((1 - probabilities).log().mean())
    twice = float(binary_cross_entropy_with_logits(probabilities, torch.ones_like(probabilities)))
    mistakes = (
        (
            -fooled,
            "your generator is rewarded for being found out: the target is still 0. What does it "
            "want to hear from the discriminator?",
        ),
        (
            fooled,
            "that is log(1 - D(G(z))), the other form of its loss: it has the right direction, but "
            "is flat where the discriminator is sure. Use the target 1",
        ),
        (float(logs.mean()), "the sign is wrong: training makes a loss smaller"),
        (-float(logs.sum()), "that is the sum over the batch, expected the mean"),
        (twice, "these are probabilities already: this loss puts a second sigmoid on them"),
    )
    _judge_number(found, -float(logs.mean()), "the answers 0.1, 0.4, 0.25 and 0.6", mistakes)
    _judge_record(answer, answers)
    return "the generator wants its samples to be called real: 1"


def _check_optimisers(optimisers: Any) -> str:
    generator, discriminator = nn.Linear(2, 2), nn.Linear(2, 1)
    found = answer_of(optimisers, "optimisers", generator, discriminator)
    if isinstance(found, Optimizer):
        raise Wrong("optimisers returns a single optimiser, expected two: G's, then D's")
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong("optimisers returns something else than two optimisers: G's, then D's")
    if not all(isinstance(one, Optimizer) for one in found):
        raise Wrong("optimisers returns something else than optimisers, such as torch.optim.Adam")
    held = [{id(w) for group in one.param_groups for w in group["params"]} for one in found]
    own = [{id(w) for w in network.parameters()} for network in (generator, discriminator)]
    if found[0] is found[1] or held[0] & held[1]:
        raise Wrong("some weights are in both optimisers, expected each in one of them only")
    if held == own[::-1]:
        raise Wrong("the two are swapped: the first one has to hold the generator's weights")
    for name, has, wanted in zip(("first", "second"), held, own, strict=True):
        if has != wanted:
            raise Wrong(
                f"the {name} optimiser holds {len(has & wanted)} of its network's "
                f"{len(wanted)} weight tensors and {len(has - wanted)} others, expected all "
                "of them and no others"
            )
    return "each optimiser has the weights of one network"


def _check_step_d(step_d: Any) -> str:
    random = torch.Generator().manual_seed(0)
    real, noise = torch.randn(8, 2, generator=random) + 3, torch.randn(8, 2, generator=random)
    generator, discriminator = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    with torch.no_grad():
        for weight in (*generator.parameters(), *discriminator.parameters()):
            weight.copy_(0.1 * torch.randn(weight.shape, generator=random))
    before = _row(discriminator.parameters())
    one, other = discriminator(real), discriminator(generator(noise).detach())
    right_loss = binary_cross_entropy(one, torch.ones_like(one))
    right_loss = right_loss + binary_cross_entropy(other, torch.zeros_like(other))
    slopes = torch.autograd.grad(right_loss, list(discriminator.parameters()))
    expected = -torch.cat([slope.flatten() for slope in slopes])
    # what the last batch has left in the gradients points another way
    discriminator[0].weight.grad = torch.tensor([[-90.0, 90.0]])
    discriminator[0].bias.grad = torch.zeros(1)
    before_g = _row(generator.parameters())
    optimiser = torch.optim.SGD(discriminator.parameters(), lr=1e-3)
    steps: list[Any] = []
    optimiser.register_step_post_hook(lambda *step: steps.append(step))
    # a gradient that is emptied afterwards has been there all the same
    reached: list[Tensor] = []
    for weight in generator.parameters():
        weight.register_hook(reached.append)
    answer = answer_of(step_d, "step_D", generator, discriminator, optimiser, real, noise)
    loss = _number(answer, "step_D")
    if not torch.equal(_row(generator.parameters()), before_g):
        raise Wrong("step_D has changed the generator's weights, expected the discriminator's only")
    moved = _row(discriminator.parameters()) - before
    if float(moved.norm()) == 0 and not steps:
        raise Wrong("the discriminator's weights have not changed: who calls step()?")
    if float(moved.norm()) == 0:
        raise Wrong(
            "the discriminator's weights have not changed: step() found no gradients. Either "
            "nobody calls backward(), or they are emptied between backward() and step()"
        )
    if float(moved.norm()) > 10e-3 * float(expected.norm()):
        raise Wrong(
            "the discriminator has moved much too far: gradients of the last batch are still in "
            "it. What empties them?"
        )
    likeness = float(torch.cosine_similarity(moved, expected, dim=0))
    if likeness < -0.9:
        raise Wrong("it moves the wrong way: the targets are swapped (1 is for real samples)")
    if likeness < 0.99:
        raise Wrong(
            "the discriminator moves in another direction than its loss on real and generated "
            "samples asks for: target 1 for D(real), target 0 for D(G(noise))"
        )
    if len(steps) > 1:
        raise Wrong(f"the discriminator makes {len(steps)} steps, expected one: call step() once")
    if reached:
        raise Wrong(
            "gradients have reached the generator. With two optimisers that only costs time, with "
            "one it costs the training: cut it off by detach()"
        )
    if not (_close(loss, right_loss.item()) or _close(2 * loss, right_loss.item())):
        raise Wrong(f"step_D returns {loss:.4f} as its loss, expected {right_loss.item():.4f}")
    if isinstance(answer, Tensor) and answer.requires_grad:
        raise Wrong(
            "step_D returns its loss with the whole record, which then stays in memory: return the "
            "number alone, by .item()"
        )
    return "emptied, cut off, and one step in the right direction"


def _row(weights: Any) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in weights])


def _check_epoch_loss(epoch_loss: Any) -> str:
    cases: tuple[tuple[str, list[float]], ...] = (
        ("16 losses of ln 2", [math.log(2)] * 16),
        ("the losses 1, 2 and 6", [1.0, 2.0, 6.0]),
        ("a single loss of 0.5", [0.5]),
    )
    for what, losses in cases:
        count, total = len(losses), sum(losses)
        found = _number(answer_of(epoch_loss, "epoch_loss", list(losses)), "epoch_loss")
        mistakes = (
            (
                total / max(count - 1, 1),
                f"for {what} you get {found:.3f}: divided by {count - 1}, the number of the last "
                f"batch, and there are {count}",
            ),
            (total, f"for {what} you get {found:.3f}: that is their sum, expected the mean"),
            (total / (count + 1), f"for {what} you get {found:.3f}: divided by {count + 1}"),
            (losses[-1], f"for {what} you get {found:.3f}: that is the last one alone"),
        )
        _judge_number(found, total / count, what, mistakes)
    return "16 times ln 2 is ln 2 on average"


def _both(
    real: Tensor, fake: Tensor, loss: Callable[..., Tensor] = binary_cross_entropy_with_logits
) -> float:
    """The discriminator's loss: 1 is right for real samples, 0 for generated ones."""
    return float(loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake)))


def _check_logits_loss(discriminator_loss: Any) -> str:
    cases = (
        ("logits of 2 and -1 for real, 0.5 and -3 for generated samples", [2.0, -1.0], [0.5, -3.0]),
        ("logits of 0, an undecided discriminator", [0.0, 0.0], [0.0, 0.0]),
        ("logits of -200 for real and 200 for generated samples", [-200.0], [200.0]),
    )
    share = None
    for what, first, second in cases:
        real, fake = torch.tensor(first)[:, None], torch.tensor(second)[:, None]
        given = real.clone().requires_grad_(), fake.clone().requires_grad_()
        arguments = (one.clone() for one in given)
        answer = answer_of(discriminator_loss, "discriminator_loss", *arguments)
        if isinstance(answer, Tensor) and not bool(torch.isfinite(answer).all()):
            raise Wrong(
                f"for {what} you get infinity: the sigmoid rounds to 0, and a logarithm follows"
            )
        found = _number(answer, "discriminator_loss")
        probabilities = real.sigmoid(), fake.sigmoid()
        right, twice = _both(real, fake), _both(*probabilities)
        rounded = _both(*probabilities, loss=binary_cross_entropy)
        swapped = _both(fake, real)
        if share is None:
            # the mean of the two halves will do as well as their sum, but always the same of them
            halves = (value / 2 for value in (right, twice, swapped))
            share = 0.5 if any(_close(found, half) for half in halves) else 1.0
        too_many = "a sigmoid too many: this loss puts one on what it is given"
        cut = f"for {what} you get {found:.0f}, expected {share * right:.0f}: the sigmoid rounds to"
        use = "Use the loss that takes logits"
        mistakes = [
            (share * twice, too_many),
            (share * swapped, "the targets are swapped: 1 is for real samples"),
            (share * rounded, f"{cut} 0 and 1, and BCELoss cuts off at 100. {use}"),
        ]
        if found < share * right and right > 100:  # right before, so only the size is at fault
            small = "a clamp or a small number added to it cuts off the loss"
            mistakes.append((found, f"{cut} 0 or 1, and {small}. {use}"))
        _judge_number(found, share * right, what, mistakes)
        _judge_record(answer, *given)
    return "one sigmoid, and finite for any logit"


def _check_shapes(loss: Any) -> str:
    answers = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.6, 0.1])
    targets = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    right = float(binary_cross_entropy(answers, targets))
    stretched = float(binary_cross_entropy(answers[:, None].expand(6, 6), targets.expand(6, 6)))
    pairs = (
        (answers[:, None], targets[:, None]),
        (answers, targets[:, None]),
        (answers[:, None], targets),
        (answers, targets),
    )
    for one, other in pairs:
        shapes = f"answers {tuple(one.shape)} and targets {tuple(other.shape)}"
        given = one.clone().requires_grad_()
        try:
            answer = answer_of(loss, "loss", given.clone(), other.clone())
        except Wrong as fault:
            if fault.__cause__ is None:  # it did not fail: it is no function, or has no return
                raise
            raise Wrong(f"for {shapes}: {fault}") from fault
        found = _number(answer, "loss")
        what = f"answers of shape {tuple(one.shape)} and targets of shape {tuple(other.shape)}"
        own = one.shape == other.shape
        how = "stretched to (6, 6) by your code" if own else "still stretched to (6, 6)"
        mistakes = (
            (
                stretched,
                f"{what} are {how}: each answer is compared with each target",
            ),
            (-right, "the sign is wrong: a loss gets smaller as the answers get better"),
            (6 * right, "that is the sum over the batch, expected the mean"),
        )
        _judge_number(found, right, what, mistakes)
        _judge_record(answer, given)
    return "each answer is compared with its own target, whatever the shapes"


class _Dropping(nn.Module):
    """A generator with dropout that is plain to see, and a part that was put to evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.dropout = nn.Linear(2, 64), nn.Dropout(0.5)

    def forward(self, noise: Tensor) -> Tensor:
        """From (n, 2) to (n, 64)."""
        dropped: Tensor = self.dropout(self.linear(noise))
        return dropped


def _check_draw(draw: Any) -> str:
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(5, 2, generator=random)
    for training in (True, False):
        generator = _Dropping().train(training)
        with torch.enable_grad():  # which also puts back what the learner's function leaves off
            samples = answer_of(draw, "draw", generator, noise)
            left_on = torch.is_grad_enabled()
        found = numbers_of(samples, "what draw returns")
        left = generator.training
        right = numbers_of(generator.eval()(noise), "right")
        if found.shape != right.shape:
            raise Wrong(
                f"draw returns shape {tuple(found.shape)} for 5 noise vectors, "
                f"expected {tuple(right.shape)}"
            )
        if not torch.allclose(found, right, atol=1e-5):
            raise Wrong("dropout is still on: the same noise gives another sample in each call")
        if isinstance(samples, Tensor) and samples.requires_grad:
            raise Wrong("the samples still carry their gradient's record: draw under no_grad()")
        if left != training:
            mode = "training" if training else "evaluation"
            raise Wrong(f"the generator was in {mode} mode before, and is not afterwards")
        if not left_on:
            raise Wrong(
                "gradients stay switched off afterwards, for everything else as well: draw under "
                "`with torch.no_grad():`, which switches them on again"
            )
    return "no dropout, no gradients, and the mode as it was"


def _check_last_layer(last_layer: Any) -> str:
    layer = answer_of(last_layer, "last_layer")
    if isinstance(layer, type):
        name = layer.__name__
        raise Wrong(f"last_layer returns the class {name}, expected a layer: {name}(…)")
    if not isinstance(layer, nn.Module):
        raise Wrong(
            f"last_layer returns a {type(layer).__name__}, expected a layer (an nn.Module), since "
            "nn.Sequential takes nothing else"
        )
    random = torch.Generator().manual_seed(0)
    rows = torch.randn(7, 100, generator=random) - 4
    rows[0] = -5  # nothing above 0, and no favourite
    rows = rows.requires_grad_()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        made = answer_of(layer, "layer", rows)
    if isinstance(made, Tensor) and made.shape == rows.shape and bool(made.isnan().any()):
        kind = "negative" if bool(made[1:].isnan().any()) else "equal"
        raise Wrong(f"for a row of {kind} numbers your layer makes NaN, as 0 divided by 0 does")
    found = numbers_of(made, "what your layer makes")
    if found.shape != (7, 100):
        raise Wrong(f"your layer makes shape {tuple(found.shape)} of (7, 100), expected the same")
    dead = int((found == 0).all(dim=1).sum())
    if dead:
        raise Wrong(f"{dead} of 7 rows with negative numbers only are all zero, expected none")
    if bool((found < 0).any()):
        raise Wrong("your layer makes negative numbers, and real rows have none")
    if not torch.allclose(found.sum(dim=1), torch.ones(7).double(), atol=1e-4):
        if torch.allclose(found.sum(dim=0), torch.ones(100).double(), atol=1e-4):
            raise Wrong("the columns add up to 1, expected the rows: the dim is the other one")
        raise Wrong(
            f"the numbers of a row add up to {float(found[1].sum()):.2f}, expected 1: otherwise "
            "no place has to give way when another one grows"
        )
    if not torch.equal(found[1:].argmax(dim=1), rows[1:].argmax(dim=1)):
        raise Wrong("the largest number of a row is at another place after your layer")
    if not made.requires_grad:
        raise Wrong("no gradient gets through your layer, so the generator could not learn")
    if any("Implicit dimension" in str(warning.message) for warning in warned):
        raise Wrong("right today, but PyTorch has to guess the axis, and warns: say `dim=1`")
    return "each row adds up to 1, and every place keeps learning"


def _judge_untouched(what: str, given: Tensor, kept: Tensor) -> None:
    if not torch.equal(given, kept):
        raise Wrong(f"{what} that it was given: make new tensors, without `-=` and the like")


def _check_scaled(scaled: Any) -> str:
    random = torch.Generator().manual_seed(0)
    x = torch.rand(200, generator=random)
    data = torch.stack([1975 + 50 * x, 100 * x**2 - 30], dim=1)
    given = data.clone()
    try:
        answer = answer_of(scaled, "scaled", given)
    except Wrong as fault:
        if "torch.return_types" in str(fault):
            raise Wrong("`min(dim=0)` returns values *and* places: take `.values`") from fault
        raise
    _judge_untouched("scaled has changed the data", given, data)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("scaled returns something else than two things: scaled data, and a way back")
    found, back = numbers_of(answer[0], "your scaled data"), answer[1]
    if found.shape != data.shape:
        raise Wrong(f"your scaled data have shape {tuple(found.shape)}, expected (200, 2)")
    ends = [float(end) for end in (*found.min(dim=0).values, *found.max(dim=0).values)]
    told = " and ".join(f"column {k} from {ends[k]:.3g} to {ends[k + 2]:.3g}" for k in range(2))
    if not all(_close(end, wanted) for end, wanted in zip(ends, (-1, -1, 1, 1), strict=True)):
        both = _close(min(ends), -1) and _close(max(ends), 1)
        hint = ": each column needs its own ends, min(dim=0).values" if both else ""
        raise Wrong(f"your scaled data run in {told}, expected -1 to 1 in both{hint}")
    returned = numbers_of(answer_of(back, "way back", answer[0]), "what your way back returns")
    if returned.shape != data.shape or not torch.allclose(returned, data.double(), rtol=1e-3):
        raise Wrong("your way back does not lead back to the data that you were given")
    some = torch.tensor([[0.0, 0.0], [0.5, 1.2]])  # generated samples, with other ends
    given = some.clone()
    found = numbers_of(answer_of(back, "way back", given), "what your way back returns")
    _judge_untouched("your way back has changed the samples", given, some)
    low, high = data.min(dim=0).values.double(), data.max(dim=0).values.double()
    right = low + (some + 1) / 2 * (high - low)
    cut = right.clamp(low, high)
    if found.shape == cut.shape and torch.allclose(found, cut, rtol=1e-3):
        raise Wrong(
            "your way back cuts off at the ends of the real data: a generated sample of 1.2 lies "
            "outside them, and has to stay there"
        )
    if found.shape != right.shape or not torch.allclose(found, right, rtol=1e-3):
        raise Wrong(
            "your way back uses the ends of what it is given; generated samples have other ends. "
            "Keep those of the real data"
        )
    return "from -1 to 1 in each column, and back"


REPAIRS: dict[str, Callable[..., str]] = {
    "6.1": _check_generator_loss,
    "6.2": _check_optimisers,
    "6.3": _check_step_d,
    "6.4": _check_epoch_loss,
    "6.5": _check_logits_loss,
    "6.6": _check_shapes,
    "6.7": _check_draw,
    "6.8": _check_last_layer,
    "6.9": _check_scaled,
}
