"""Sliders for the hand. In a page without a kernel they turn into a flip-book of pictures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gan_course.checks import require_count, require_matrix, require_number
from gan_course.networks import sample
from gan_course.plots import plot_points

if TYPE_CHECKING:
    import ipywidgets

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
STILL = "gan_course_still"  # metadata entry that a renderer without a kernel shows instead


def explore_epochs(real: Tensor, snapshots: Mapping[int, Tensor], frames: int = 12) -> None:
    """Show a slider through the epochs of training, with the generated points of each.

    Args:
        real: shape (n, 2), drawn behind.
        snapshots: samples by epoch, each (m, 2), as in `History.snapshots`.
        frames: pictures in the flip-book of a static page.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: there are no snapshots, or `frames` is below 1.
    """
    import ipywidgets

    require_matrix("real", real, columns=2)
    require_count("frames", frames)
    if not snapshots:
        raise ValueError("snapshots must hold at least one epoch, got none")
    epochs = sorted(snapshots)
    slider = ipywidgets.SelectionSlider(options=epochs, value=epochs[0], description="epoch")

    def draw(epoch: int) -> bytes:
        return _picture(real, snapshots[epoch], f"Generated points at epoch {epoch}")

    step = max(1, (len(epochs) + frames - 1) // frames)
    shown = sorted({*epochs[::step], epochs[-1]})
    still = flip_book("epoch", {str(epoch): draw(epoch) for epoch in shown})
    _show([slider], draw, still)


def explore_latent(generator: nn.Module, real: Tensor, limit: float = 2.5) -> None:
    """Show two sliders over the latent point z, and the sample that the generator makes of it.

    Args:
        generator: maps (n, 2) to (n, 2), in the units of `real`.
        real: shape (n, 2), drawn behind.
        limit: the sliders go from -limit to limit.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: `real` has the wrong shape, or `limit` is not above 0.
    """
    import ipywidgets

    require_matrix("real", real, columns=2)
    require_number("limit", limit, above=0)
    device = next(generator.parameters()).device

    def draw(z1: float, z2: float) -> bytes:
        z = torch.tensor([[z1, z2]], device=device)
        return _picture(real, sample(generator, z), f"G({z1:+.1f}, {z2:+.1f})", size=220)

    sliders = [
        ipywidgets.FloatSlider(
            value=0.0,
            min=-limit,
            max=limit,
            step=limit / 25,
            description=name,
            continuous_update=True,
        )
        for name in ("z1", "z2")
    ]
    stops = [round(limit * k / 5, 2) for k in range(-5, 6)]
    still = flip_book("z1 (z2 stays 0)", {f"{z1:+.1f}": draw(z1, 0.0) for z1 in stops})
    _show(sliders, draw, still)


def flip_book(name: str, frames: Mapping[str, bytes]) -> str:
    """HTML that flips through pictures by a slider, with no kernel, no library and no network.

    Args:
        name: what the slider changes.
        frames: PNG pictures by the slider's value.

    Raises:
        ValueError: there are no frames.
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
        "<p><em>Drag the slider. Run this notebook for the full one.</em></p></div>"
    )


def _picture(real: Tensor, generated: Tensor, title: str, size: float = 34) -> bytes:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.2), dpi=80, layout="constrained")
    plot_points(real, generated, title=title, axes=axes)
    axes.collections[-1].set_sizes([size])  # type: ignore[attr-defined]  # it is a scatter
    # the same window in every picture, a little wider than the data
    for column, set_limits in ((0, axes.set_xlim), (1, axes.set_ylim)):
        low, high = float(real[:, column].min()), float(real[:, column].max())
        set_limits(low - 0.2 * (high - low), high + 0.2 * (high - low))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def _show(sliders: list[Any], draw: Callable[..., bytes], still: str) -> ipywidgets.VBox:
    import ipywidgets
    from IPython.display import display

    image = ipywidgets.Image(value=draw(*[slider.value for slider in sliders]), format="png")

    def redraw(change: Any) -> None:
        image.value = draw(*[slider.value for slider in sliders])

    for slider in sliders:
        slider.observe(redraw, names="value")
    box = ipywidgets.VBox([*sliders, image])
    # the same bundle with ipywidgets 7 and 8, plus what a page without a kernel shows instead
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display(
        {WIDGET_MIME: view, "text/plain": "sliders: run this notebook to move them"},
        metadata={STILL: still},
        raw=True,
    )
    return box
