"""Does the smallest GAN behave as Mescheder et al. 2018 work out by hand?"""

import cmath

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from gan_course.dirac import average_path, dirac_eigenvalues, dirac_field, dirac_path, plot_dirac
from gan_course.training import GAN, moving_average

START = (1.0, 0.5)


def some_positions():
    return torch.randn(40, 2, dtype=torch.double, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_the_field_is_that_of_the_paper(penalty):
    theta, psi = some_positions().T
    # f' of the paper at psi * theta is the sigmoid; for the generator, whose loss is the
    # non-saturating one, it is that of the other sign
    up = -theta * torch.sigmoid(psi * theta) - penalty * psi
    by_hand = [psi * torch.sigmoid(-psi * theta), up]
    field = dirac_field(some_positions(), penalty=penalty)
    torch.testing.assert_close(field, torch.stack(by_hand, dim=1))


@pytest.mark.parametrize("penalty", [0.0, 0.3, 2.5])
def test_eigenvalues_are_those_of_the_closed_form(penalty):
    root = cmath.sqrt(penalty**2 - 1)  # 4 f'(0)^2 is 1
    first, second = dirac_eigenvalues(penalty=penalty)
    assert first == pytest.approx((-penalty - root) / 2, abs=1e-9)
    assert second == pytest.approx((-penalty + root) / 2, abs=1e-9)


def test_the_path_with_adam_is_that_of_two_networks_trained_by_the_course():
    class Point(nn.Module):
        def __init__(self):
            super().__init__()
            self.theta = nn.Parameter(torch.tensor(START[0]))

        def forward(self, noise):
            return self.theta.expand(len(noise), 1)

    class Slope(nn.Module):
        def __init__(self):
            super().__init__()
            self.psi = nn.Parameter(torch.tensor(START[1]))

        def forward(self, samples):
            return torch.sigmoid(self.psi * samples)

    def zeros(num):
        return torch.zeros(num, 1)

    rates = {"discriminator_rate": 0.1, "generator_rate": 0.1, "betas": (0.5, 0.9)}
    gan = GAN(Point(), Slope(), zeros, zeros, **rates)
    averaged = moving_average(gan.generator, 0.8)
    path = dirac_path(START, 60, 0.1, betas=(0.5, 0.9))
    averages = average_path(path, 0.8)
    for step in range(1, 61):
        gan.train_step()
        now = [gan.generator.theta.item(), gan.discriminator.psi.item()]
        assert path[step].tolist() == pytest.approx(now, abs=1e-4)
        averaged.update_parameters(gan.generator)
        assert averages[step, 0].item() == pytest.approx(averaged.module.theta.item(), abs=1e-4)


def test_a_step_follows_the_field_and_the_generator_sees_the_new_discriminator():
    push = dirac_field(torch.tensor([START]), penalty=0.4)[0]
    after = dirac_path(START, 1, 0.1, penalty=0.4, alternating=False)[1]
    torch.testing.assert_close(after, torch.tensor(START).double() + 0.1 * push)
    path = dirac_path(START, 1, 0.1)
    psi = START[1] + 0.1 * dirac_field(torch.tensor([START]))[0, 1].item()
    theta = START[0] + 0.1 * dirac_field(torch.tensor([[START[0], psi]]))[0, 0].item()
    assert path[1].tolist() == pytest.approx([theta, psi])
    assert path[0].tolist() == list(START)
    falling = dirac_path((1, 0), 20, 0.3, decay=True, alternating=False)
    push = 0.3 / 20 * dirac_field(falling[-2:-1]).norm()  # the last is one 20th as long
    assert (falling[-1] - falling[-2]).norm().item() == pytest.approx(push.item())
    with pytest.raises(FloatingPointError, match="diverged within 120 steps; try a rate"):
        dirac_path(START, 120, 1_000.0, penalty=1.0)


def test_the_picture_has_each_path_with_its_start_and_end():
    paths = [dirac_path((1, 0), 5, 0.3), dirac_path((0, 1), 5, 0.3)]
    axes = plot_dirac(*paths, reach=1.5, title="two players")
    assert axes.get_title() == "two players"
    assert axes.get_xlim() == axes.get_ylim() == (-1.5, 1.5)
    _, *drawn = [line for line in axes.get_lines() if line.get_marker() != ""]
    assert len(drawn) == 6  # a line, a dot and a cross for each
    for path, line, dot, cross in zip(paths, drawn[::3], drawn[1::3], drawn[2::3], strict=True):
        assert torch.equal(torch.tensor(line.get_xydata()), path)
        assert dot.get_xydata()[0].tolist() == path[0].tolist()
        assert cross.get_xydata()[0].tolist() == path[-1].tolist()
    assert drawn[0].get_linestyle() != drawn[3].get_linestyle()


def test_the_arrows_of_the_picture_point_along_the_field(monkeypatch):
    _, axes = plt.subplots()
    kept = []
    monkeypatch.setattr(axes, "streamplot", lambda *args, **_: kept.extend(args))
    assert plot_dirac(penalty=0.5, reach=1, axes=axes) is axes
    side_x, side_y, right, up = (torch.as_tensor(value) for value in kept)
    for row, column in [(0, 0), (3, 20), (20, 3), (24, 12)]:
        position = torch.stack([side_x[column], side_y[row]])[None]
        push = dirac_field(position, penalty=0.5)[0]
        torch.testing.assert_close(torch.stack([right[row, column], up[row, column]]), push)
