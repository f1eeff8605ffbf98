"""Project 4: real digits, a judge that reads them, requests, and the training that all share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot, pad

from gan_course.data import Noise
from gan_course.training import GAN

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def digit_pictures() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Real pictures, shape (1297, 64), with their labels, and 500 held-out ones with theirs.

    They are scikit-learn's digits of 8 by 8 pixels (Alpaydin and Kaynak 1998), from -1 to 1.
    """
    from sklearn.datasets import load_digits  # loaded only when it is used: it takes a while

    digits = load_digits()
    pictures = torch.tensor(digits.data).float() / 8 - 1  # 0 to 16 -> -1 to 1
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:1_297], order[1_297:]
    return pictures[train], labels[train], pictures[held_out], labels[held_out]


def make_judge(pictures: Tensor, labels: Tensor, seed: int = 0) -> nn.Sequential:
    """Train a network to read digits: pictures (n, 64) -> ten scores each, (n, 10)."""
    torch.manual_seed(seed)
    judge = nn.Sequential(
        *(nn.Linear(64, 128), nn.ReLU()),
        *(nn.Linear(128, 32), nn.ReLU()),
        nn.Linear(32, 10),
    )
    optimiser = torch.optim.Adam(judge.parameters(), lr=2e-3)
    for _ in range(1_500):
        some = torch.randint(len(pictures), (64,))
        noisy = pictures[some] + 0.3 * torch.randn_like(pictures[some])
        loss = cross_entropy(judge(noisy), labels[some])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return judge


def read(judge: nn.Module, pictures: Tensor) -> Tensor:
    """Which digit a judge sees in each picture: (n, 64) -> (n,)."""
    with torch.no_grad():
        digits: Tensor = judge(pictures).argmax(dim=1)
    return digits


def share(good: int, of: int) -> str:
    """A share in words, with its 95 % interval (Wilson's): 98.8% (97.4% to 99.4%)."""
    from scipy.stats import binomtest

    ends = binomtest(good, of).proportion_ci(0.95, method="wilson")
    return f"{good / of:.1%} ({ends.low:.1%} to {ends.high:.1%})"


def draw(pictures: Tensor, axes: Axes, columns: int = 10) -> None:
    """Draw pictures, shape (n, 64), as one large picture, with a white line between digits."""
    tiles = pad(pictures.reshape(-1, 8, 8), (1, 1, 1, 1), value=-1)
    lines = tiles.reshape(-1, columns, 10, 10).transpose(1, 2).reshape(-1, 10 * columns)
    axes.imshow(lines.numpy(), cmap="gray_r", vmin=-1, vmax=1)
    axes.set_axis_off()


def noise(num: int) -> Tensor:
    """`num` noise vectors for digits, shape (num, 32)."""
    return torch.randn(num, 32)


def ask(wanted: Tensor) -> Tensor:
    """Requests: noise, and after it the digit that is wanted, one-hot; (n,) -> (n, 42)."""
    return torch.cat([noise(len(wanted)), one_hot(wanted, 10)], dim=1)


def random_requests(num: int) -> Tensor:
    """`num` requests, each for a digit drawn at random, shape (num, 42)."""
    return ask(torch.randint(10, (num,)))


class WithLabel(nn.Module):
    """A generator whose samples are pictures with their labels: requests (n, 42) -> (n, 74)."""

    def __init__(self, network: nn.Module) -> None:
        """`network` makes the pictures alone: (n, 42) -> (n, 64)."""
        super().__init__()
        self.network = network

    def forward(self, request: Tensor) -> Tensor:
        """Make the picture, and pass the label on."""
        return torch.cat([self.network(request), request[:, 32:]], dim=1)


def trained(
    generator: nn.Module, discriminator: nn.Module, noise: Noise, data: Any, steps: int
) -> GAN:
    """A GAN by the recipe of project 4; `noise` and `data` are as for `GAN`."""
    gan = GAN(
        generator,
        discriminator,
        noise,
        data,
        batch_size=64,
        generator_rate=2e-3,
        discriminator_rate=2e-3,
    )
    gan.fit(epochs=steps // 100, batches=100, decay=True, average=0.995)
    return gan
