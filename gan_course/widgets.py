"""Sliders for the hand. In a page without a kernel they turn into a flip-book of pictures."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gan_course.checks import as_samples
from gan_course.data import even_noise
from gan_course.metrics import ks_normal
from gan_course.networks import Discriminator, Generator, sample
from gan_course.plots import plot_against_normal, plot_points
from gan_course.training import GAN

if TYPE_CHECKING:
    import ipywidgets
    from IPython.display import HTML
    from matplotlib.figure import Figure

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
SMALL: dict[str, Any] = {"figsize": (5, 3.2), "dpi": 80, "layout": "constrained"}  # pictures
STILL = "gan_course_still"  # metadata entry that a renderer without a kernel shows instead


def explore_latent(generator: nn.Module, real: Tensor, limit: float = 2.5) -> None:
    """Show two sliders over the latent point z, and the sample that the generator makes of it.

    The generator maps (n, 2) to (n, 2), in the units of `real`, shape (n, 2), which is drawn
    behind. The sliders go from -limit to limit.
    """
    import ipywidgets

    real = as_samples(real, "real", columns=2)

    def draw(z1: float, z2: float) -> bytes:
        made = sample(generator, torch.tensor([[z1, z2]]))
        return _picture(real, made, f"G({z1:+.1f}, {z2:+.1f})", size=220)

    ends = {"min": -limit, "max": limit, "step": limit / 25, "continuous_update": True}
    sliders = [ipywidgets.FloatSlider(value=0.0, description=name, **ends) for name in ("z1", "z2")]
    stops = [limit * k / 5 for k in range(-5, 6)]
    still = flip_book("z1 (z2 stays 0)", {f"{z1:+.3g}": draw(z1, 0.0) for z1 in stops})
    _show(sliders, draw, still)


def flip_book(
    name: str,
    frames: Mapping[str, bytes],
    hint: str = "Drag the slider. Run this notebook for the full one.",
) -> str:
    """HTML that flips through pictures by a slider, with no kernel, no library and no network.

    The slider changes what is called `name`; `frames` are PNG pictures by its value.
    """
    if not frames:
        raise ValueError("frames must hold at least one picture, got none")
    pictures = "".join(
        f'<img alt="{html.escape(f"Picture at {name} {value}")}" '
        f'style="display:{"none" if position else "block"};max-width:100%" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for position, (value, png) in enumerate(frames.items())
    )
    values = html.escape(",".join(frames))
    flip = (
        "const box=this.closest('.flip-book'),v=this.dataset.values.split(',')[this.value];"
        "box.querySelectorAll('img').forEach((p,i)=>"
        "p.style.display=i==this.value?'block':'none');"
        "box.querySelector('output').textContent=v;this.setAttribute('aria-valuetext',v)"
    )
    first = html.escape(next(iter(frames)))
    return (
        f'<div class="flip-book">{pictures}<label>{html.escape(name)} '
        f'<input type="range" min="0" max="{len(frames) - 1}" value="0" step="1" '
        f'data-values="{values}" aria-valuetext="{first}" oninput="{html.escape(flip)}"> '
        f"<output>{first}</output></label>"
        f"<p><em>{html.escape(hint)}</em></p></div>"
    )


def _picture(real: Tensor, generated: Tensor, title: str, size: float = 34) -> bytes:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(**SMALL)
    plot_points(real, generated, title=title, axes=axes)
    axes.collections[-1].set_sizes([size])
    # the same window in every picture, a little wider than the data
    for column, set_limits in ((0, axes.set_xlim), (1, axes.set_ylim)):
        low, high = float(real[:, column].min()), float(real[:, column].max())
        set_limits(low - 0.2 * (high - low), high + 0.2 * (high - low))
    return _png(figure)


def _histogram(samples: Tensor, title: str) -> bytes:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(**SMALL)
    plot_against_normal(samples[:, 0], title=title, axes=axes)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def _show(sliders: list[Any], draw: Callable[..., bytes], still: str) -> None:
    import ipywidgets

    image = ipywidgets.Image(value=draw(*[slider.value for slider in sliders]), format="png")

    def redraw(change: Any) -> None:
        image.value = draw(*[slider.value for slider in sliders])

    for slider in sliders:
        slider.observe(redraw, names="value")
    _publish(ipywidgets.VBox([*sliders, image]), still)


def _publish(box: ipywidgets.VBox, still: str) -> None:
    from IPython.display import display

    # the same bundle with ipywidgets 7 and 8, plus what a page without a kernel shows instead
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display(
        {WIDGET_MIME: view, "text/plain": "sliders: run this notebook to move them"},
        metadata={STILL: still},
        raw=True,
    )


# --- project 3: a film, and a GAN to tune --------------------------------------------------------


def film(name: str, frames: Mapping[str, bytes]) -> HTML:
    """A `flip_book` with a button that plays it: works offline, by keyboard, and starts on demand.

    A notebook shows it if it is the last line of a cell; the same frames give the same HTML.
    """
    from IPython.display import HTML

    book = flip_book(name, frames, hint="Press the button, or drag the slider.")
    # playing is moving the slider; at the end the film stops, and begins anew when played again
    play = (
        "const b=this,s=b.closest('.film').querySelector('input');"
        "const stop=()=>{clearInterval(b.clock);b.clock=0;b.textContent='Play'};"
        "if(b.clock){stop();return}"
        "if(s.value==s.max)s.value=-1;b.textContent='Pause';"
        "const go=()=>{if(s.value==s.max){stop();return}"
        "s.value=+s.value+1;s.oninput()};"
        "b.clock=setInterval(go,300)"  # milliseconds
    )
    button = f'<button type="button" onclick="{html.escape(play)}">Play</button>'
    return HTML(f'<div class="film">{book}{button}</div>')


def film_against_normal(snapshots: Mapping[int, Tensor]) -> HTML:
    """A film of `History.snapshots`, each (n, 1), as histograms under the density of N(0, 1)."""
    frames = {}
    for epoch, samples in sorted(snapshots.items()):
        samples = as_samples(samples, f"snapshots[{epoch}]", columns=1)
        frames[str(epoch)] = _histogram(samples, f"Generated numbers at epoch {epoch}")
    return film("epoch", frames)


LATENT: dict[str, Callable[[int], Tensor]] = {
    "uniform, 0 to 1": lambda num: torch.rand(num, 1),
    "uniform, -1 to 1": lambda num: 2 * torch.rand(num, 1) - 1,
    "normal": lambda num: torch.randn(num, 1),
    "even, -1 to 1": even_noise,
}


def tune_normal(steps: int = 1_000, stills: Sequence[float] = (2e-4, 1e-3, 5e-3)) -> None:
    """Show settings of project 3's GAN, a button that trains with them, and what came of it.

    A press trains for so many steps, a multiple of 10; a thousand take a few seconds. `stills` are
    the learning rates of the generator that a static page shows.
    """
    import ipywidgets

    def train(
        generator_rate: float = 2e-4,
        discriminator_rate: float = 1e-3,
        widths: tuple[int, ...] = (64, 32),
        batch_size: int = 32,
        noise: Callable[[int], Tensor] = LATENT["uniform, 0 to 1"],
    ) -> bytes:
        with torch.random.fork_rng(devices=[]):  # leave the notebook's own random numbers alone
            torch.manual_seed(0)
            gan = GAN(
                Generator(widths=widths),
                Discriminator(layers=[*widths, 1]),
                noise,
                lambda num: torch.randn(num, 1),
                batch_size=batch_size,
                generator_rate=generator_rate,
                discriminator_rate=discriminator_rate,
            )
            gan.fit(epochs=steps // 10, batches=10)
            samples = gan.generate_samples(num=5_000)
        return _histogram(samples, f"After {steps} steps: KS {ks_normal(samples[:, 0]):.3f}")

    rates = [(f"{rate:g}", rate) for rate in (5e-5, 2e-4, 1e-3, 5e-3, 2e-2)]
    widths = {"16": (16,), "64, 32": (64, 32), "64, 64": (64, 64)}
    menu = ipywidgets.Dropdown
    choices = {
        "generator_rate": menu(options=rates, value=2e-4, description="rate of G"),
        "discriminator_rate": menu(options=rates, value=1e-3, description="rate of D"),
        "widths": menu(options=list(widths.items()), value=(64, 32), description="widths"),
        "batch_size": menu(options=[8, 32, 128, 512], value=32, description="batch size"),
        "noise": menu(options=list(LATENT.items()), description="noise"),
    }
    pictures = {f"{rate:g}": train(generator_rate=rate) for rate in stills}
    button = ipywidgets.Button(description="Train", button_style="primary")
    image = ipywidgets.Image(value=next(iter(pictures.values())), format="png")

    def press(_: Any) -> None:
        button.disabled, button.description = True, "training..."
        try:
            image.value = train(**{name: choice.value for name, choice in choices.items()})
        finally:
            button.disabled, button.description = False, "Train"

    button.on_click(press)
    _publish(
        ipywidgets.VBox([*choices.values(), button, image]),
        flip_book(
            "learning rate of the generator",
            pictures,
            hint="Drag the slider. Run this notebook to choose the other settings too and train.",
        ),
    )


# --- project 4: digits on request ----------------------------------------------------------------


def explore_digits(generator: nn.Module, latent_dim: int, *, seed: int = 0) -> None:
    """Show a slider over the noise and one over the digit, and the picture that is drawn.

    The generator maps noise and a one-hot digit, shape (n, latent_dim + 10), to pictures of 8 by 8
    pixels from -1 to 1, shape (n, 64). The noise walks on a circle through two vectors, which
    `seed` draws: each place on it is as likely as any other. Beside the digit are all ten.
    """
    import ipywidgets

    ends = torch.randn(2, latent_dim, generator=torch.Generator().manual_seed(seed))

    def draw(turn: float, digit: int | None = None) -> bytes:
        angle = math.radians(turn)
        noise = math.cos(angle) * ends[0] + math.sin(angle) * ends[1]
        made = sample(generator, torch.cat([noise.expand(10, latent_dim), torch.eye(10)], dim=1))
        return _digits(as_samples(made, "a picture", columns=64).reshape(10, 8, 8), digit)

    turn = ipywidgets.IntSlider(value=0, min=0, max=360, step=5, description="noise, °")
    digit = ipywidgets.IntSlider(value=7, min=0, max=9, description="digit")
    stops = range(0, 360, 30)
    _show([turn, digit], draw, flip_book("noise, in degrees", {f"{t}": draw(t) for t in stops}))


def _digits(pictures: Tensor, digit: int | None) -> bytes:
    """Pictures of 8 by 8 in two rows of five; before them a large one, if a digit is given."""
    import matplotlib.pyplot as plt

    names = [str(k) for k in range(10)]
    places = ["".join(names[:5]), "".join(names[5:])]
    figure, axes = plt.subplot_mosaic(
        "\n".join(places if digit is None else [f"xx{row}" for row in places]), **SMALL
    )
    for name, panel in axes.items():
        k = digit if name == "x" and digit is not None else int(name)
        panel.imshow(pictures[k].cpu().double().numpy(), cmap="gray_r", vmin=-1, vmax=1)
        panel.set(title="" if name == "x" else name, xticks=[], yticks=[])
    return _png(figure)
