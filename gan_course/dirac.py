"""What happens in the smallest GAN there is? Two numbers that play against each other.

The Dirac-GAN (Mescheder, Geiger and Nowozin 2018): every real sample is the number 0. The
generator has one weight, theta, and always makes the number theta. The discriminator has one
weight, psi, and answers D(x) = sigmoid(psi * x). A position is the pair (theta, psi). The
equilibrium is (0, 0): the fakes are right, and the discriminator answers one half everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from gan_course.checks import as_samples
from gan_course.training import fake_loss, generator_loss, real_loss

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dirac_field(positions: Tensor, *, penalty: float = 0.0) -> Tensor:
    """Where both players push: minus the gradient of each one's own loss, by autograd.

    Args:
        positions: (theta, psi) in each row, shape (n, 2).
        penalty: weight gamma of the zero-centred gradient penalty on real samples, R1: gamma / 2
            times the squared slope of psi * x, where x is real.

    Returns:
        (d theta / dt, d psi / dt) in each row, shape (n, 2), float64.

    Mescheder et al. 2018, sections 2 and 3. Their psi has the opposite sign: there, a large
    answer means fake.
    """
    positions = as_samples(positions, "positions", columns=2).detach().double()
    return _field(positions.requires_grad_(), penalty).detach()


def _field(positions: Tensor, penalty: float) -> Tensor:
    """The field at positions of shape (n, 2) that need a gradient; keeps the graph."""
    theta, psi = positions[:, :1], positions[:, 1:]
    real = torch.zeros_like(theta).requires_grad_()
    real_scores, fake_scores = psi * real, psi * theta
    on_fake = torch.sigmoid(fake_scores)
    for_discriminator = real_loss(torch.sigmoid(real_scores)) + fake_loss(on_fake)
    if penalty:
        (slopes,) = torch.autograd.grad(real_scores.sum(), real, create_graph=True)
        for_discriminator = for_discriminator + penalty / 2 * (slopes**2).mean()
    # the losses are means over all positions, so n times their gradient is each position's own
    count = len(positions)
    (theta_up,) = torch.autograd.grad(count * generator_loss(on_fake), theta, create_graph=True)
    (psi_up,) = torch.autograd.grad(count * for_discriminator, psi, create_graph=True)
    return -torch.cat([theta_up, psi_up], dim=1)


def dirac_eigenvalues(*, penalty: float = 0.0) -> tuple[complex, complex]:
    """The two eigenvalues of the field's Jacobian at the equilibrium, by autograd.

    Close to the equilibrium the imaginary part says how fast the players circle round it, in
    radians per unit of time, and the real part how fast the circle grows, or shrinks where it is
    negative. One step of training takes as much time as its learning rate.

    Returns:
        Sorted by real part, then by imaginary part: (-gamma -+ sqrt(gamma^2 - 1)) / 2, where gamma
        is the penalty.

    Mescheder et al. 2018, section 3.
    """
    jacobian = torch.autograd.functional.jacobian(
        lambda position: _field(position[None], penalty)[0],
        torch.zeros(2, dtype=torch.double),
    )
    first, second = sorted(
        torch.linalg.eigvals(jacobian).tolist(), key=lambda value: (value.real, value.imag)
    )
    return first, second


def dirac_path(
    start: tuple[float, float],
    steps: int,
    rate: float,
    *,
    penalty: float = 0.0,
    alternating: bool = True,
    decay: bool = False,
    betas: tuple[float, float] | None = None,
) -> Tensor:
    """Train the two numbers.

    Args:
        start: theta and psi before the first step.
        steps: how often each of them changes.
        rate: learning rate of both.
        penalty: as for `dirac_field`.
        alternating: the generator answers the discriminator's new weight, as in the course's
            training; otherwise both change at once, each by what it saw before the step.
        decay: let the learning rate fall in a straight line, to 0 at the end.
        betas: of Adam; plain gradient steps where they are left out.

    Returns:
        The position before the first step and after each one, shape (steps + 1, 2), float64.

    Raises:
        FloatingPointError: the training has diverged.
    """
    players = [torch.tensor([value], dtype=torch.double, requires_grad=True) for value in start]
    optimisers: list[Optimizer] = [
        SGD([player], lr=rate) if betas is None else Adam([player], lr=rate, betas=betas)
        for player in players
    ]
    generator, discriminator = optimisers

    def push() -> Tensor:
        position = torch.cat([player.detach() for player in players])[None].requires_grad_()
        return _field(position, penalty).detach()[0]

    path = [torch.cat(players).detach()]
    for step in range(steps):
        if decay:
            for optimiser in optimisers:
                optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        before = push()
        players[1].grad = -before[1:]  # optimisers go against the gradient
        discriminator.step()
        players[0].grad = -(push() if alternating else before)[:1]
        generator.step()
        path.append(torch.cat(players).detach())
    if not bool(torch.isfinite(path[-1]).all()):
        raise FloatingPointError(f"diverged within {steps} steps; try a rate below {rate}")
    return torch.stack(path)


def average_path(path: Tensor, keep: float) -> Tensor:
    """The moving average of a path, as `training.moving_average` takes it of a network's weights.

    A step keeps the share `keep` of the average, less at first, step / (step + 9). The first
    average is the start itself.
    """
    averages = [path[0].double()]
    for step, position in enumerate(path[1:].double(), start=1):
        averages.append(torch.lerp(position, averages[-1], min(keep, step / (step + 9))))
    return torch.stack(averages)


def plot_dirac(
    *paths: Tensor,
    reach: float = 2.0,
    penalty: float = 0.0,
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw the field as grey streamlines and each path from its dot (start) to its cross (end).

    Args:
        paths: positions, each of shape (n, 2); for instance from `dirac_path`.
        reach: how far the picture goes to each side of the equilibrium, which is a star.
        penalty: as for `dirac_field`.
    """
    import matplotlib.pyplot as plt

    paths = tuple(as_samples(path, "path", columns=2) for path in paths)
    ticks = torch.linspace(-reach, reach, 25, dtype=torch.double)
    positions = torch.cartesian_prod(ticks, ticks)
    pushes = dirac_field(positions, penalty=penalty)
    # streamplot wants psi, the upward axis, along the rows
    right, up = pushes.reshape(25, 25, 2).transpose(0, 1).unbind(dim=2)
    if axes is None:
        _, axes = plt.subplots(figsize=(4, 4), layout="constrained")
    side = ticks.numpy()
    axes.streamplot(side, side, right.numpy(), up.numpy(), color="#B0B0B0", linewidth=0.7)
    axes.plot(0, 0, "*", color="black", markersize=17)  # below the crosses that may end on it
    for number, path in enumerate(paths):
        colour, style = (("#0072B2", "-"), ("#D55E00", "--"))[number % 2]
        theta, psi = path.T.detach().cpu().double().numpy()
        axes.plot(theta, psi, style, color=colour, linewidth=1.5)
        axes.plot(theta[0], psi[0], "o", color=colour, markersize=8)
        axes.plot(theta[-1], psi[-1], "X", color=colour, markersize=8, markeredgecolor="white")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title=title)
    axes.set(xlabel="what the generator makes, θ", ylabel="the discriminator's slope, ψ")
    return axes
