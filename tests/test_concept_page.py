"""Does the chapter "How a GAN is trained" say what the code says?

Every number and formula is read from the page's own text and compared with a computed value.
"""

import inspect
import math
import re
from statistics import mean

import figures
import matplotlib
import pytest
import torch
from conftest import BOOK
from torch.nn.functional import binary_cross_entropy, softplus

from gan_course.data import exponential
from gan_course.metrics import bins_covered, curve_mse, ks_uniform

PAGE = (BOOK / "how_gans_train.md").read_text(encoding="utf-8")
COLLAPSED = torch.tensor([[0.0, 1.0]]).repeat(1000, 1)  # of a generator that always makes this
GAME = figures.one_number_game()
RATE = inspect.signature(figures.one_number_game).parameters["rate"].default
RIGHT, WRONG = figures.right_and_wrong(GAME)


def bce(answer, target):
    """PyTorch's binary cross-entropy of one answer."""
    answers = torch.tensor([answer], dtype=torch.float64)
    return float(binary_cross_entropy(answers, torch.full_like(answers, target)))


def discriminator(x, sure=1.0):
    """That of the worked example, centred between the fakes and the real samples."""
    return torch.sigmoid(sure * (x - 4))


def gradient(target, at=2.0, sure=1.0):
    """Of binary cross-entropy at a fake, by autograd."""
    fake = torch.tensor([at], dtype=torch.float64, requires_grad=True)
    answers = discriminator(fake, sure)
    torch.autograd.backward(binary_cross_entropy(answers, torch.full_like(fake, target)))
    return float(fake.grad)


def answer(x, sure=1.0):
    """What the worked example's discriminator says about a number."""
    return float(discriminator(torch.tensor(x, dtype=torch.float64), sure))


LN2 = bce(0.5, 1)
SURE_ROW = r"\| {k} \| (\S+) \| (\S+) \| (\S+) \|"

# (what the page says, with a group round each number; the values computed for the groups)
CLAIMS = [
    (r"A real 6 gets (\d\.\d+)", lambda: [answer(6)]),
    (r"\$D\(2\) = (\d\.\d+)\$", lambda: [answer(2)]),
    (r"from 2 to (\d\.\d+), towards", lambda: [2 - gradient(1)]),
    (r"now gives it (\d\.\d+) instead of (\d\.\d+)", lambda: [answer(2 - gradient(1)), answer(2)]),
    (r"moves \*down\* to (\d\.\d+)", lambda: [2 - gradient(0)]),
    (r"\\frac\{1\}\{2\} = \\ln 2 = (\d\.\d+)\$", lambda: [LN2]),
    (r"you would see (\d\.\d+) three times", lambda: [LN2]),
    (r"two print \$2 \\ln 2 = (\d\.\d+)\$", lambda: [bce(0.5, 1) + bce(0.5, 0)]),
    *(
        # what the generator lowers: -ln D has the target 1; ln(1 - D) is minus the loss of target 0
        (
            SURE_ROW.format(k=k),
            lambda k=k: [answer(2, k), -gradient(1, sure=k), gradient(0, sure=k)],
        )
        for k in (1, 2, 3)
    ),
    (r"bounces back to (\d\.\d+)", lambda: [GAME[WRONG].error]),
    (r"dot marks step (\d+), .*? a square marks step (\d+),", lambda: [RIGHT, WRONG]),
    (r"learning rate of (0\.05), \$w\$ first", lambda: [RATE]),
    (
        r"In step (\d+) the generator's error is (\d\.\d+), and its loss is (\d\.\d+)",
        lambda: [RIGHT, GAME[RIGHT].error, GAME[RIGHT].generator_loss],
    ),
    (
        r"In step (\d+) its error is (\d\.\d+), and its loss is (\d\.\d+)",
        lambda: [WRONG, GAME[WRONG].error, GAME[WRONG].generator_loss],
    ),
    (
        r"first step its error was (\d\.\d+), and its loss was (\d\.\d+)",
        lambda: [GAME[0].error, GAME[0].generator_loss],
    ),
    (
        r"The discriminator's loss is (\d\.\d+) all three",
        lambda: [mean(state.discriminator_loss for state in (GAME[0], GAME[RIGHT], GAME[WRONG]))],
    ),
    (r"The mean squared error is (\d), and no", lambda: [curve_mse(COLLAPSED, exponential)]),
    (r"generator fills (\d+) of 50", lambda: [bins_covered(COLLAPSED[:, 0], 0, 50)]),
    (r"The collapsed generator gets (\d):", lambda: [ks_uniform(COLLAPSED[:, 0], 0, 50)]),
]


def says(text, value):
    """Is `text` the value, rounded to as many places as the page shows?"""
    places = len(text.partition(".")[2])
    return float(text) == round(float(value), places) + 0.0


@pytest.mark.parametrize(("pattern", "compute"), CLAIMS, ids=[claim[0] for claim in CLAIMS])
def test_number_on_the_page(pattern, compute):
    matches = re.findall(pattern, PAGE)
    assert len(matches) == 1, f"the page must say this once, found {len(matches)} times"
    groups = matches[0] if isinstance(matches[0], tuple) else (matches[0],)
    values = compute()
    for text, value in zip(groups, values, strict=True):
        assert says(text, value), f"the page says {text}, the code {value}"


def formula(label):
    """Turn the right side of the page's labelled formula into a Python function."""
    code = re.search(r"\$\$\n[^$]*? = ([^$]*?)\n\$\$ \(" + label + r"\)", PAGE)[1]
    code = re.sub(r"\\frac\{1\}\{(1 \+ e\^\{.*?\})\}", r"1 / (\1)", code)
    code = re.sub(r"e\^\{(.*?)\}", r"exp(\1)", code)
    code = code.replace("D(G(z))", "fake").replace("D(x)", "real").replace(r"\ln(", "log(")
    code = re.sub(r"\\ln (\w+)", r"log(\1)", code)
    code = re.sub(r"(\b[ta]|\)) (?=log|z_)", r"\1 * ", code)  # a product is a space
    return lambda **values: float(eval(code, {"exp": math.exp, "log": math.log, **values}))


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.97])
def test_the_formulas_of_the_page_are_those_of_the_code(p):
    assert formula("discriminator")(x=10 * p) == pytest.approx(answer(10 * p))
    for t in (0, 1):
        assert formula("bce")(p=p, t=t) == pytest.approx(bce(p, t))
    both = bce(p, 1) + bce(0.2, 0)
    assert formula("discriminator-loss")(real=p, fake=0.2) == pytest.approx(both)
    assert formula("generator-loss")(fake=p) == pytest.approx(bce(p, 1))
    between = float(torch.lerp(torch.tensor(-1.5), torch.tensor(0.7), p))
    assert formula("interpolation")(a=p, z_A=-1.5, z_B=0.7) == pytest.approx(between)


def test_one_number_game_agrees_with_torch():
    """The real number is 0, the fake begins at 1. -ln D of a logit is its softplus, sign turned."""
    real, fake, slope = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    for state in GAME:
        slope.requires_grad_()
        fake.requires_grad_()
        fooled = softplus(-slope * fake)
        judged = softplus(-slope * real) + softplus(slope * fake)
        expected = [abs(fake.item()), slope.item(), fooled.item(), judged.item()]
        got = [state.error, state.slope, state.generator_loss, state.discriminator_loss]
        assert got == pytest.approx(expected, abs=1e-9)
        slope = (slope - RATE * torch.autograd.grad(judged, slope)[0]).detach()
        fake = (fake - RATE * torch.autograd.grad(softplus(-slope * fake), fake)[0]).detach()


def test_right_and_wrong_have_the_same_loss():
    assert GAME[RIGHT].generator_loss == pytest.approx(GAME[WRONG].generator_loss, abs=0.005)
    assert GAME[WRONG].error > 100 * GAME[RIGHT].error
    for step in (0, RIGHT, WRONG):  # "all three times"
        assert GAME[step].discriminator_loss == pytest.approx(2 * LN2, abs=0.005)
    # "so far all fakes were above 0", "$w$ is negative", "$w$ rises", "passes through 0"
    errors, slopes = [state.error for state in GAME], [state.slope for state in GAME]
    assert errors[: RIGHT + 1] == sorted(errors[: RIGHT + 1], reverse=True)
    assert max(slopes[1 : WRONG + 1]) < 0 < slopes[WRONG + 1]
    assert slopes[RIGHT + 1 : WRONG] == sorted(slopes[RIGHT + 1 : WRONG])


def test_figures_are_reproduced_byte_for_byte(tmp_path):
    drawn = figures.draw_all(tmp_path)
    assert {path.name for path in drawn} == {path.name for path in (BOOK / "figures").iterdir()}
    for path in drawn:
        committed = BOOK / "figures" / path.name
        drawn_with = re.search(r"Matplotlib v([\d.]+\d)", committed.read_text(encoding="utf-8"))
        if drawn_with[1] != matplotlib.__version__:
            pytest.skip(f"drawn with matplotlib {drawn_with[1]}, here is {matplotlib.__version__}")
        assert path.read_bytes() == committed.read_bytes(), f"{path.name} is out of date"
