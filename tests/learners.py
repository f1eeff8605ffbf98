"""What tests of exercises share: answers as learners give them, and what has to become of them."""

import functools
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import binary_cross_entropy_with_logits as bce_l
from torch.nn.functional import one_hot
from torch.special import ndtr

from gan_course.exercises import check

SOLUTIONS = sorted((Path(__file__).parent.parent / "notebooks" / "solutions").glob("*.ipynb"))


def judged(exercise, *answers, **options):
    """The verdict, with the same random numbers each time, and no figure that stays open."""
    torch.manual_seed(1)  # not 0, the seed of the noise that checks draw
    np.random.seed(1)
    verdict = check(exercise, *answers, **options)
    plt.close("all")
    return verdict


def accepted(exercise, *answers, **options):
    verdict = judged(exercise, *answers, **options)
    assert verdict.status == "right", verdict
    assert verdict


def refused(message, exercise, *answers, **options):
    verdict = judged(exercise, *answers, **options)
    assert verdict.status == "wrong", verdict
    assert message in verdict.message
    for word in ("Traceback", "NoneType", "object at 0x", "grad_fn", "dtype", "tensor("):
        assert word not in verdict.message.replace("torch.tensor(", "")
    assert not verdict


def each(tables):
    """One case of a test for each entry of a table, {exercise: {name: entry}}."""
    return [
        pytest.param(exercise, entry, id=f"{exercise} {name}")
        for exercise, table in tables.items()
        for name, entry in table.items()
    ]


@functools.cache
def _cells():
    return [cell for path in SOLUTIONS for cell in nbformat.read(path, as_version=4).cells]


def cells_of(exercise, role):
    """The cells of the notebooks with solutions that have this role in the exercise."""
    wanted = {"exercise": exercise, "role": role}
    return [cell for cell in _cells() if wanted.items() <= cell.metadata.get("course", {}).items()]


def slip(exercise, *texts):
    """The function of the notebook's solution, with texts replaced: old, new, old, new, ..."""
    source = cells_of(exercise, "answer")[0].source
    for old, new in zip(texts[::2], texts[1::2], strict=True):
        assert old in source
        source = source.replace(old, new)
    names = {"torch": torch, "nn": nn, "bce": bce, "bce_l": bce_l, "one_hot": one_hot}
    exec(source, names)
    return names[source.partition("(")[0].removeprefix("def ")]


def as_handed_in(exercise, row):
    """A row of a table is an answer, or the texts that change the notebook's solution."""
    return [slip(exercise, *row) if isinstance(row, tuple) else row]


def table_tests(right, faults, answers=as_handed_in):
    """The two tests of a table of right answers and one of faults, {exercise: {name: row}}.

    At the end of each fault stand the words that it must get; `answers` makes answers of a row.
    """

    @pytest.mark.parametrize(("exercise", "row"), each(right))
    def passes(exercise, row):
        accepted(exercise, *answers(exercise, row))

    @pytest.mark.parametrize(("exercise", "row"), each(faults))
    def is_named(exercise, row):
        *answer, message = row
        texts = all(isinstance(one, str) for one in answer)
        refused(message, exercise, *answers(exercise, tuple(answer) if texts else answer[0]))

    return passes, is_named


class Made(nn.Module):
    """A generator that is what it is by construction: `make` gets shares u in (0, 1), shape (n,).

    The share of a sample comes from its noise: evenly spread where the noise is normal, or
    uniform with `share=torch.clone`.
    """

    def __init__(self, make, *layers, share=ndtr, latent_dim=2):
        super().__init__()
        self.make, self.share, self.layers = make, share, nn.Sequential(*layers)
        self.first = nn.Linear(latent_dim, 1, bias=False)
        nn.init.zeros_(self.first.weight)
        self.first.weight.data[0, 0] = 1

    def forward(self, noise):
        u = self.share(self.first(self.layers(noise))[:, 0])
        return self.make(u.clamp(1e-6, 1 - 1e-6))


class NoLinear(nn.Module):
    """A generator in which no layer tells that its noise has four numbers."""

    def __init__(self, make, share=ndtr):
        super().__init__()
        self.make, self.share, self.slope = make, share, nn.Parameter(torch.ones(()))

    def forward(self, noise):
        assert noise.shape[1] == 4
        return self.make(self.share(self.slope * noise[:, 2]))
