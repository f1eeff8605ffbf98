"""Seven losses compared: same networks, same steps, rates chosen for each by the same rule.

`python -m benchmarks.losses --json FILE` prints a table and writes one record for each loss, target
and seed, in a quarter of an hour of one core; where it was cut short it goes on with the next loss.

Written down before any seed that counts was trained:

- Targets: y = sin x on [-5, 5], eight Gaussians on a ring, two moons. Each seed has 2,048 training
  samples of its own, scaled to [-1, 1].
- Alike for all: networks (as in `POINTS`, but smaller), batches of 64, 2,000 updates of D and as
  many of G, by Adam with rates that fall to 0, and a moving average of G, which makes the samples.
  They are measured as G makes them: none is rejected.
- Choice: a loss has four settings, four pairs of rates, or two pairs times two weights of the
  penalty. One is chosen for all three targets, by 1,000 steps of the seeds 0, 1 and 2: that with
  the most close runs of nine; of equals, the one with the smallest product of their errors.
- Count: that setting on the seeds 100 to 119, once.
- A curve is close with a mean distance of at most 1 % of its range (the size of a dot in a plot), a
  KS distance of at most 0.05 from the x of the training data, and 48 of 50 bins; and good within
  the limits of `benchmarks.points`: 0.5 %, 0.03, 49 bins. 20,000 samples; its error: the distance.
- A cloud is close if at most 5 % of the real samples have no made one near, if at most 5 % more of
  the made samples than of real ones stray, and if the energy distance is at most 0.01 (a ring that
  lost one of its eight modes has as much); and good if `sample_quality` says so. 1,000 samples,
  and 1,000 real ones that were not trained on; the error is the energy distance.
- Tests: Fisher's exact test on close runs, for each target: each loss against the non-saturating
  one, and the relativistic one against the non-saturating one with the same penalty. These are 21
  tests, so two losses are said to differ where p is at most 0.05 / 21.

Two losses with a penalty were chosen and counted twice, by the same rule: in the first run their
gradients were misread (see `change`). The limits of a close run were set after some trials of
the seeds 0, 1 and 2.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from scipy.stats import binomtest, fisher_exact
from torch import Tensor, nn
from torch.nn.functional import relu, softplus
from torch.optim import Adam

from benchmarks.curves import COUNT, TASKS
from benchmarks.measures import EIGHT, eight, real_moons
from benchmarks.points import of_curve
from benchmarks.project import Record
from gan_course.data import Scaler, curve_points
from gan_course.files import replace_file
from gan_course.many.draws import Draw, draw_batches, draw_noise, from_data_set
from gan_course.many.layers import Waves
from gan_course.many.recipes import Settings
from gan_course.many.stacked import make_networks
from gan_course.metrics import sample_quality

TRIED, COUNTED, LIMIT = range(3), range(100, 120), 0.05 / 21
SHARED = Settings(
    latent_dim=3,
    noise="even",
    generator_widths=(32, 32),
    discriminator_widths=(64, 64),
    generator_waves=3,
    discriminator_waves=4,
    slope=0.2,
    batch_size=64,
    steps=2_000,
    betas=(0.0, 0.99),
    average=0.998,
)
TARGETS: dict[str, Draw] = {
    "sine": lambda n, random: curve_points(*TASKS["sine"], n, random=random),
    "ring": lambda n, random: eight(n, EIGHT, random),
    "moons": real_moons,
}


class Loss(NamedTuple):
    """What D and G pay for the logits of a real sample and a fake one, and for D's slopes."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Any, Tensor], Tensor]
    penalty: str = ""
    relative: bool = False  # G needs the logits of real samples


def entropy(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(real) - log(1 - D(fake)), where D is the sigmoid of the logit."""
    return softplus(-real) + softplus(fake)


PLAIN = "non-saturating"
PENALISED, RELATIVISTIC = f"{PLAIN}, R1 + R2", "relativistic, R1 + R2"
LOSSES = {
    # Goodfellow et al. 2014: -log D(fake), and log(1 - D(fake))
    PLAIN: Loss(entropy, lambda _, fake: softplus(-fake)),
    "saturating": Loss(entropy, lambda _, fake: -softplus(fake)),
    # Mao et al. 2017, equation 9
    "least squares": Loss(lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda _, f: (f - 1) ** 2 / 2),
    # Lim and Ye 2017
    "hinge": Loss(lambda real, fake: relu(1 - real) + relu(1 + fake), lambda _, fake: -fake),
    # Gulrajani et al. 2017, equation 3
    "Wasserstein, GP": Loss(lambda real, fake: fake - real, lambda _, fake: -fake, "GP"),
    # Mescheder et al. 2018, equations 9 and 10
    PENALISED: Loss(entropy, lambda _, fake: softplus(-fake), "R1 + R2"),
    # Jolicoeur-Martineau 2019; with these penalties Huang et al. 2024
    RELATIVISTIC: Loss(lambda r, f: softplus(f - r), lambda r, f: softplus(r - f), "R1 + R2", True),
}
SHOWN = PLAIN, PENALISED
PAIRS = [(name, PLAIN) for name in LOSSES if name != PLAIN] + [(RELATIVISTIC, PENALISED)]
SLOW, EVEN, FAST, FASTER_D = (1e-3, 1e-3), (4e-3, 4e-3), (1e-3, 4e-3), (4e-3, 1.5e-2)
Weights = tuple[float, float] | None  # of the penalty, in the first step and in the last
GRIDS: dict[str, list[tuple[tuple[float, float], Weights]]] = {  # rates of G and of D
    "": [(rates, None) for rates in (SLOW, FAST, EVEN, FASTER_D)],
    "GP": list(product((EVEN, FASTER_D), ((10.0, 10.0), (0.1, 0.1)))),
    "R1 + R2": list(product((EVEN, FASTER_D), ((0.01, 0.01), (0.1, 1e-4)))),
}


def slopes_at(samples: Tensor, logits: Tensor) -> Tensor:
    """Squared length of the logit's gradient at each sample, (S, n, 2) -> (S, n)."""
    (slopes,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
    return slopes.square().sum(dim=2)


def change(optimiser: Adam, rate: float, losses: Tensor) -> None:
    """One step against the gradient of each seed's loss, (S,): their sum keeps them apart."""
    (group,) = optimiser.param_groups
    group["lr"] = rate
    slopes = torch.autograd.grad(losses.sum(), group["params"])
    for weight, slope in zip(group["params"], slopes, strict=True):
        # fused Adam reads a gradient in the weight's order of memory, whatever order it is in
        weight.grad = slope.contiguous()
    optimiser.step()


def train(loss: Loss, settings: Settings, data: Tensor, seeds: Sequence[int]) -> nn.Module:
    """Train a GAN for each data set, (S, n, 2); gives the averages of the stacked generators."""
    randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
    both_networks = generator, discriminator = make_networks(settings, data.shape[2], randoms)
    discriminator.insert(0, Waves(settings.discriminator_waves))
    average, draws = copy.deepcopy(generator), [from_data_set(rows) for rows in data]
    change_g, change_d = (
        Adam(n.parameters(), betas=settings.betas, fused=True) for n in both_networks
    )
    for step, batch in enumerate(draw_batches(settings, draws, randoms, None, "cpu")):
        done, real = step / settings.steps, batch.real
        with torch.no_grad():
            fake = generator(batch.noise[0])
        both = torch.cat([real, fake], dim=1).requires_grad_()
        logits = discriminator(both)
        losses = loss.discriminator(*logits.chunk(2, dim=1)).mean(dim=(1, 2))
        if settings.penalty is not None:
            first, last = settings.penalty
            if loss.penalty == "GP":  # anywhere between; from this noise G made none of the two
                share = (1 + batch.noise[1][..., :1]) / 2
                between = (share * real + (1 - share) * fake).requires_grad_()
                lengths = (slopes_at(between, discriminator(between)) + 1e-12).sqrt()
                cost = (lengths - 1).square().mean(dim=1)
            else:  # the mean over real and fake is half of R1 + R2
                cost = slopes_at(both, logits).mean(dim=1)
            losses = losses + first * (last / first) ** done * cost
        change(change_d, (1 - done) * settings.discriminator_rate, losses)
        with torch.no_grad():
            of_real = discriminator(real) if loss.relative else None
        losses = loss.generator(of_real, discriminator(generator(batch.noise[1])))
        change(change_g, (1 - done) * settings.generator_rate, losses.mean(dim=(1, 2)))
        taken = 1 - min(settings.average, (step + 1) / (step + 10))
        for mean, now in zip(average.parameters(), generator.parameters(), strict=True):
            mean.detach().lerp_(now.detach(), taken)
    return average


def measure(target: str, made: Tensor, real: Tensor, random: torch.Generator) -> Record:
    """What samples, (20,000, 2), are worth; `random` draws held-out real ones."""
    if not bool(made.isfinite().all()):
        return {"error": 1.0, "close": False, "good": False, "verdict": "diverged"}
    if target == "sine":
        found = of_curve(TASKS["sine"], made, real)
        close = found["off"] <= 0.01 and found["ks"] <= 0.05 and found["bins"] >= 48
        return {"error": found.pop("off"), "close": close, **found}
    quality = sample_quality(made[:1_000], real, TARGETS[target](1_000, random), random=random)
    coverage, astray = quality.coverage, quality.precision[1] - quality.precision[0]
    close = coverage >= 0.95 and astray <= 0.05 and quality.energy <= 0.01
    found = {"good": quality.verdict == "good", "coverage": coverage, "astray": astray}
    return {"error": quality.energy, "close": close, **found, "verdict": quality.verdict}


def run(name: str, settings: Settings, seeds: Sequence[int]) -> list[Record]:
    """One record for each target and seed."""
    runs, records = list(product(TARGETS, seeds)), []
    randoms = [torch.Generator().manual_seed(10_000 + seed) for _, seed in runs]
    data = [TARGETS[target](COUNT, r).float() for (target, _), r in zip(runs, randoms, strict=True)]
    scalers = [Scaler.fit(real) for real in data]
    scaled = torch.stack([s.scale(real) for s, real in zip(scalers, data, strict=True)])
    started = time.process_time()
    generators = train(LOSSES[name], settings, scaled, [seed for _, seed in runs])
    seconds = round((time.process_time() - started) / len(runs), 2)
    with torch.no_grad():
        made = generators(torch.stack([draw_noise(settings, 20_000, random) for random in randoms]))
    parts = zip(runs, scalers, made, data, randoms, strict=True)
    for (target, seed), scaler, rows, real, random in parts:
        samples = scaler.unscale(rows)
        found = measure(target, samples, real, random)
        found = {key: round(v, 5) if isinstance(v, float) else v for key, v in found.items()}
        records.append({"loss": name, "target": target, "seed": seed, "seconds": seconds, **found})
        if seed == COUNTED[0] and name in SHOWN:  # enough of them for a small picture
            records[-1]["points"] = [[round(v, 2) for v in row] for row in samples[:100].tolist()]
    return records


def choose(name: str) -> tuple[Settings, list[Record]]:
    """Try all four settings: the one that is chosen, and what each came to."""
    settings, tried = [], []
    for (g, d), weights in GRIDS[LOSSES[name].penalty]:
        one = replace(SHARED, generator_rate=g, discriminator_rate=d, penalty=weights)
        records = run(name, replace(one, steps=one.steps // 2), TRIED)
        close = {t: sum(r["close"] for r in records if r["target"] == t) for t in TARGETS}
        error = math.exp(sum(math.log(r["error"] + 1e-9) for r in records) / len(records))
        tried.append({"loss": name, "rates": (g, d), "penalty": weights, **close, "error": error})
        settings.append(one)
        print(tried[-1], flush=True)
    scores = [(sum(r[t] for t in TARGETS), -r["error"]) for r in tried]
    best = scores.index(max(scores))
    for number, record in enumerate(tried):
        record |= {"error": round(record["error"], 5), "chosen": number == best}
    return settings[best], tried


def count(records: Sequence[Record], name: str, target: str) -> tuple[int, int, float, float]:
    """Close runs, good ones, and the 95 % interval of the share that is close (Wilson)."""
    rows = [r for r in records if (r["loss"], r["target"]) == (name, target)]
    close, good = (sum(r[key] for r in rows) for key in ("close", "good"))
    interval = binomtest(close, len(rows)).proportion_ci(0.95, method="wilson")
    return close, good, float(interval.low), float(interval.high)


def p_value(records: Sequence[Record], pair: tuple[str, str], target: str) -> float:
    """Fisher's exact test: have both losses the same share of close runs?"""
    close = [count(records, name, target)[0] for name in pair]
    return float(fisher_exact([[n, len(COUNTED) - n] for n in close])[1])


def main() -> None:
    """Choose and count, loss by loss; write the records, print the table and the tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the records go")
    path = parser.parse_args().json
    torch.set_num_threads(1)
    content: dict[str, Any] = {"torch": torch.__version__, "settings": repr(SHARED)}
    content |= {"tried": [], "records": []}
    if path.exists():
        content = json.loads(path.read_text(encoding="utf-8"))
    for name in LOSSES:
        if name not in {record["loss"] for record in content["records"]}:
            settings, tried = choose(name)
            content["tried"] += tried
            content["records"] += run(name, settings, COUNTED)
            replace_file(path, lambda part: part.write_text(_lines(content), encoding="utf-8"))
    records = content["records"]
    for name, target in product(LOSSES, TARGETS):
        close, good, low, high = count(records, name, target)
        error = median(r["error"] for r in records if (r["loss"], r["target"]) == (name, target))
        print(
            f"{name:23}  {target:5}  {close:2} close, 95 % interval {low:4.0%} to {high:4.0%};",
            end="",
        )
        print(f" {good:2} good; median error {error:.4f}")
    for pair, target in product(PAIRS, TARGETS):
        p = p_value(records, pair, target)
        print(f"{target:5}  {' | '.join(pair)}: p = {p:.2g}{', differ' if p <= LIMIT else ''}")


def _lines(content: dict[str, Any]) -> str:
    """JSON with a line for each record."""
    text = json.dumps(content)
    return text.replace('{"loss"', '\n{"loss"') + "\n"


if __name__ == "__main__":
    main()
