"""How fast can these GANs train? Derivatives written out, and memory that stays where it is."""

from __future__ import annotations

import copy
import math
import warnings
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, logsigmoid, pad
from torch.optim.adam import adam

from gan_course.many.draws import Batch
from gan_course.many.layers import add_waves, blur_level
from gan_course.many.recipes import Settings
from gan_course.many.stacked import StackedLinear

LANE = 16  # widths are filled up with zeros to a multiple: matrices then start at full 64 bytes


def why_not(settings: Settings) -> str | None:
    """What in the settings has no derivative here, in words; None where nothing has."""
    for name in ("dropout", "penalty", "relativistic", "octaves"):
        if getattr(settings, name):
            return f"the fast step has no {name}"
    return "the fast step judges samples one by one, pack is not 1" if settings.pack > 1 else None


def weights_of(network: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Weight (S, inputs, outputs) and bias (S, 1, outputs) of each layer: its own memory."""
    linear = (layer for layer in network.modules() if isinstance(layer, StackedLinear))
    return [(layer.weight.data, layer.bias.data) for layer in linear]


class Layers:
    """The linear layers of S networks, and what is between them.

    All weights lie in one tensor, `weights`, and the slopes of the loss by them, its derivatives,
    in another, `all_slopes`, so that one call changes them all.
    """

    def __init__(self, network: nn.Module, slope: float) -> None:
        self.slope = slope
        first = weights_of(network)
        shapes = []
        for number, (weight, _) in enumerate(first):
            copies, inputs, outputs = weight.shape
            inputs += -inputs % LANE if number else 0
            outputs += -outputs % LANE
            shapes += [(copies, inputs, outputs), (copies, 1, outputs)]
        device, self.outputs = first[-1][0].device, first[-1][0].shape[2]
        self.weights = torch.zeros(sum(map(math.prod, shapes)), device=device)
        self.all_slopes = torch.zeros_like(self.weights)
        self.pieces = _pieces(self.weights, shapes)
        self.slopes = _pieces(self.all_slopes, shapes)
        self.turned = [weight.mT for weight, _ in self.pieces]
        self.shapes, self.seen = shapes, [torch.empty(0)] * len(first)
        for (weight, bias), (our_weight, our_bias) in zip(first, self.pieces, strict=True):
            _, inputs, outputs = weight.shape
            our_weight[:, :inputs, :outputs] = weight
            our_bias[..., :outputs] = bias
        self.memory: dict[tuple[str, int, int], Tensor] = {}

    def _room(self, purpose: str, number: int, rows: int, width: int) -> Tensor:
        """Memory for a result of a layer: asked for once, as new memory costs more than a sum."""
        key = purpose, number, rows
        if key not in self.memory:
            shape = len(self.pieces[0][0]), rows, width
            self.memory[key] = torch.empty(shape, device=self.weights.device)
        return self.memory[key]

    def forward(self, values: Tensor) -> Tensor:
        """From (S, n, inputs) to (S, n, outputs, filled up); what each layer sees is kept.

        The next call with as many rows writes into the same memory.
        """
        for number, (weight, bias) in enumerate(self.pieces):
            if number:
                values = leaky_relu(values, self.slope, inplace=True)
            self.seen[number] = values
            outputs = self._room("outputs", number, values.shape[1], weight.shape[2])
            values = torch.baddbmm(bias, values, weight, out=outputs)
        return values

    def backward(self, slopes: Tensor, rows: slice = slice(None)) -> None:
        """Set the derivatives of all weights from those of the outputs, (S, n, outputs).

        `rows` says which of the inputs they belong to.
        """
        for number in reversed(range(len(self.pieces))):
            seen = self.seen[number][:, rows]
            weight_slopes, bias_slopes = self.slopes[number]
            torch.bmm(seen.mT, slopes, out=weight_slopes)
            torch.sum(slopes, dim=1, keepdim=True, out=bias_slopes)
            if number:
                slopes = self._through(number, slopes, seen)

    def input_slopes(self, slopes: Tensor) -> Tensor:
        """The derivatives of the loss by the inputs, (S, n, inputs), from those by the outputs."""
        for number in reversed(range(1, len(self.pieces))):
            slopes = self._through(number, slopes, self.seen[number])
        return torch.bmm(slopes, self.turned[0])

    def _through(self, number: int, slopes: Tensor, seen: Tensor) -> Tensor:
        """Back through a layer and the LeakyReLU before it, which leaves signs as they are."""
        turned = self.turned[number]
        room = self._room("slopes", number, slopes.shape[1], turned.shape[2])
        slopes = torch.bmm(slopes, turned, out=room)
        back = torch.ops.aten.leaky_relu_backward.grad_input
        back(slopes, seen, self.slope, True, grad_input=slopes)
        return slopes

    def write(self, ours: Tensor, network: nn.Module) -> None:
        """Change the weights of a network to those of a tensor that is laid out as `weights` is."""
        pairs = zip(weights_of(network), _pieces(ours, self.shapes), strict=True)
        for (weight, bias), (our_weight, our_bias) in pairs:
            _, inputs, outputs = weight.shape
            weight.copy_(our_weight[:, :inputs, :outputs])  # without what fills them up
            bias.copy_(our_bias[..., :outputs])


def _pieces(flat: Tensor, shapes: list[tuple[int, int, int]]) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each layer, as views of one tensor."""
    parts = flat.split([math.prod(shape) for shape in shapes])
    views = [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
    return list(zip(views[::2], views[1::2], strict=True))


class Inputs(NamedTuple):
    """All that some steps need to know, step by step: each of shape (steps, ...)."""

    real: Tensor  # (steps, S, n, inputs of D)
    noise: Tensor  # (steps, S, 2n, inputs of G): of the batch for D's step, of that for G's
    shift: Tensor  # (steps, S, 2n, dim): the blur that is added to what is generated
    level: Tensor  # (steps, S, 2n, 1): how much that is, for D
    weight: Tensor  # (steps, S, n): of each look in the generator's loss; their sum is 1
    rates: Tensor  # (steps, 3): learning rates of D and G, and what the average takes up


class FastTraining:
    """Trains stacked networks as `ensemble.PlainTraining` does, to rounding, in less time."""

    def __init__(
        self, generator: nn.Sequential, discriminator: nn.Sequential, settings: Settings
    ) -> None:
        """Take over the first weights of both stacked networks, which stay as they are.

        `why_not` must have nothing against the settings.
        """
        self.settings, self.networks = settings, (generator, discriminator)
        self.generator = Layers(generator, settings.slope)
        self.discriminator = Layers(discriminator, settings.slope)
        self.copies = len(self.discriminator.pieces[0][0])
        self.dim = self.generator.outputs
        self.waves = settings.discriminator_waves
        device = self.generator.weights.device
        self.on_gpu = device.type == "cuda"
        self.change_d = _Adam(self.discriminator, settings.betas)
        self.change_g = _Adam(self.generator, settings.betas)
        n = settings.batch_size
        outputs = self.discriminator.shapes[-1][2]
        self.logit_slopes = torch.zeros(self.copies, 2 * n, outputs, device=device)
        self.part = 1 / n  # of the discriminator's loss, a sample's
        self.goal = torch.zeros(self.copies, 2 * n, device=device)
        self.goal[:, :n] = self.part
        self.signs = torch.tensor([[1.0], [-1.0], [1.0]], device=device)  # real, fake, generator
        self.recorded: dict[int, tuple[Any, Inputs, Tensor] | None] = {}
        self.why_not_recorded: str | None = None
        self.average = self.generator.weights
        if settings.average:
            self.average = self.average.clone()

    def averaged(self) -> tuple[nn.Sequential, nn.Sequential]:
        """The generators' moving average, and the discriminators as they are now."""
        networks = copy.deepcopy(self.networks)
        self.generator.write(self.average, networks[0])
        self.discriminator.write(self.discriminator.weights, networks[1])
        return networks

    def state_dict(self) -> dict[str, Any]:
        """What it needs to go on."""
        state = {"average": self.average}
        for name, change in (("d", self.change_d), ("g", self.change_g)):
            state |= {f"{name}_weights": change.layers.weights, f"{name}_mean": change.mean}
            state |= {f"{name}_square": change.square, f"{name}_steps": change.steps}
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there; the memory stays where it is."""
        for name, value in self.state_dict().items():
            value.copy_(state[name])

    @torch.no_grad()
    def run(self, batch: Batch, first: int, steps: int) -> Tensor:
        """Do some steps, as `ensemble.PlainTraining.run` does."""
        inputs = self.inputs(batch, first, steps)
        return self._replay(inputs) if self.on_gpu else self.follow(inputs)

    def _replay(self, inputs: Inputs) -> Tensor:
        """Do these steps as one CUDA graph: recorded once, then started by a single call.

        The first time they are done one by one, as whatever is made once, such as Adam's memory,
        must be there before anything is recorded.
        """
        steps = len(inputs.real)
        if self.recorded.get(steps) is None:
            if steps in self.recorded and self.why_not_recorded is None:
                self._record(inputs)
            else:
                self.recorded[steps] = None
        recording = self.recorded[steps]
        if recording is None:
            return self.follow(inputs)
        graph, place, losses = recording
        for there, numbers in zip(place, inputs, strict=True):
            there.copy_(numbers)
        graph.replay()
        return losses.clone()

    def _record(self, inputs: Inputs) -> None:
        place = Inputs(*(numbers.clone() for numbers in inputs))
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                losses = self.follow(place)
        except RuntimeError as error:
            self.why_not_recorded = str(error).splitlines()[0]
            message = f"steps are started one by one, as they can't be recorded: {error}"
            warnings.warn(message, stacklevel=2)
        else:
            self.recorded[len(inputs.real)] = graph, place, losses

    def follow(self, inputs: Inputs) -> Tensor:
        """One step after another: their losses, shape (3, steps, S)."""
        rates = inputs.rates.unbind() if self.on_gpu else inputs.rates.tolist()
        parts = zip(*(numbers.unbind() for numbers in inputs[:-1]), rates, strict=True)
        logits = torch.stack([self.step(*part) for part in parts]).unflatten(2, (3, -1))
        return -logsigmoid(logits * self.signs).mean(dim=-1).movedim(2, 0)

    def inputs(self, batch: Batch, first: int, steps: int) -> Inputs:
        """Everything that does not depend on the weights, for all these steps at once."""
        settings, n = self.settings, self.settings.batch_size

        def by_step(numbers: Tensor) -> Tensor:  # (..., steps n, k) -> (steps, ..., n, k)
            return numbers.unflatten(-2, (steps, n)).movedim(-3, 0).contiguous()

        def pairs(numbers: Tensor) -> Tensor:  # (2, S, steps n, k) -> (steps, S, 2n, k)
            return by_step(numbers).transpose(1, 2).flatten(2, 3)

        done = torch.arange(first, first + steps, dtype=torch.float64)
        share = 1 - done / settings.steps
        falling = share if settings.decay else torch.ones_like(share)
        taken = 1 - torch.minimum((done + 1) / (done + 10), torch.tensor(settings.average))
        rates = [settings.discriminator_rate * falling, settings.generator_rate * falling, taken]
        noise = add_waves(pairs(batch.noise), settings.generator_waves)
        real = batch.real
        shift = level = real.new_zeros(steps, self.copies, 2 * n, 0)
        weight = real.new_full((steps, self.copies, n), 1 / n)
        if batch.sigma is None or batch.blur is None or settings.blur is None:
            real = add_waves(real, self.waves)
        else:
            sigma, blur = batch.sigma, batch.sigma * batch.blur
            levels = blur_level(sigma, settings.blur)
            real = torch.cat([add_waves(real + blur[0], self.waves), levels[0]], dim=-1)
            shift, level = pairs(blur[1:]), pairs(levels[1:])
            begin, end = settings.blur_weight
            power = (end + (begin - end) * share).to(sigma)[:, None, None]
            weight = torch.exp(power * torch.log(by_step(sigma[2])[..., 0]))
            weight = weight / weight.sum(dim=-1, keepdim=True)
        rate = torch.stack(rates, dim=1).to(real)
        return Inputs(by_step(real), noise, shift, level, weight, rate)

    def step(
        self,
        real: Tensor,
        noise: Tensor,
        shift: Tensor,
        level: Tensor,
        weight: Tensor,
        rates: Tensor | list[float],
    ) -> Tensor:
        """Change every discriminator, then every generator, once.

        Returns D's logits on real, on fake and in the generator's step, shape (S, 3n).

        The same formulas as in `ensemble.train_step`; only their derivatives are new.
        """
        n, rate = self.settings.batch_size, rates
        # D's step does not change G, so that both of its batches go through G in one call
        raw = self.generator.forward(noise)[..., : self.dim]
        made = self._last_layer(raw)
        shifted = made + shift if shift.shape[-1] else made

        seen = torch.cat([real, self._look(shifted[:, :n], level[:, :n])], dim=1)
        logits = self.discriminator.forward(seen)[..., 0]
        # the derivative of -log sigmoid(v) is sigmoid(v) - 1, that of -log sigmoid(-v) sigmoid(v)
        torch.sub(torch.sigmoid(logits) * self.part, self.goal, out=self.logit_slopes[..., 0])
        self.discriminator.backward(self.logit_slopes)
        self.change_d.step(rate[0])

        seen = self._look(shifted[:, n:], level[:, n:])
        answers = self.discriminator.forward(seen)[..., 0]
        slopes = self.logit_slopes[:, n:]
        torch.sub(torch.sigmoid(answers) * weight, weight, out=slopes[..., 0])
        slopes = self._back_through_look(self.discriminator.input_slopes(slopes), seen)
        slopes = self._back_through_last_layer(slopes, made[:, n:])
        self.generator.backward(pad(slopes, (0, -self.dim % LANE)), slice(n, None))
        self.change_g.step(rate[1])
        if self.settings.average:
            self.average.lerp_(self.generator.weights, rate[2])

        return torch.cat([logits, answers], dim=1)

    def _look(self, samples: Tensor, level: Tensor) -> Tensor:
        """What D sees of samples: themselves, their waves, how much they are blurred."""
        waves = add_waves(samples, self.waves)
        return torch.cat([waves, level], dim=-1) if level.shape[-1] else waves

    def _back_through_look(self, slopes: Tensor, seen: Tensor) -> Tensor:
        dim = self.dim
        total = slopes[..., :dim].clone()
        for k in range(1, self.waves + 1):
            sine, cosine = (slice(dim * (2 * k + i), dim * (2 * k + i + 1)) for i in (-1, 0))
            total.addcmul_(slopes[..., sine], seen[..., cosine], value=math.pi / 2 * k)
            total.addcmul_(slopes[..., cosine], seen[..., sine], value=-math.pi / 2 * k)
        return total

    def _last_layer(self, raw: Tensor) -> Tensor:
        if self.settings.last_layer == "softmax":
            return torch.softmax(raw, dim=-1)
        return torch.relu(raw) if self.settings.last_layer == "relu" else raw

    def _back_through_last_layer(self, slopes: Tensor, made: Tensor) -> Tensor:
        if self.settings.last_layer == "softmax":
            return made * (slopes - (slopes * made).sum(dim=-1, keepdim=True))
        return slopes * (made > 0) if self.settings.last_layer == "relu" else slopes


class _Adam:
    """Adam (Kingma and Ba 2015) for all weights of some layers, by PyTorch's function.

    `torch.optim.Adam` calls the same function, after looking through all its weights.
    """

    def __init__(self, layers: Layers, betas: tuple[float, float]) -> None:
        self.layers, self.betas = layers, betas
        self.mean, self.square = (torch.zeros_like(layers.weights) for _ in range(2))
        # on a GPU a graph counts the steps by itself
        self.steps = torch.zeros((), device=layers.weights.device)

    def step(self, rate: float | Tensor) -> None:
        """Change the weights against their slopes."""
        adam(
            [self.layers.weights],
            [self.layers.all_slopes],
            [self.mean],
            [self.square],
            [],
            [self.steps],
            fused=True,
            capturable=self.steps.is_cuda,
            amsgrad=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


def matrix_products(settings: Settings, dim: int) -> list[tuple[int, int, int]]:
    """The matrix products of one step of one GAN, each as (rows, inner, columns).

    A product takes 2 rows inner columns multiplications and additions. They are the least that a
    step has to do, whatever else it does: D forward and back on real and fake samples, G forward
    for both networks' batches, D forward and back to its inputs for G's loss, G back. A sample
    holds `dim` numbers.
    """
    n = settings.batch_size
    seen = dim * (1 + 2 * settings.discriminator_waves) + (settings.blur is not None)
    latent = settings.latent_dim * (1 + 2 * settings.generator_waves)
    found = []
    for first, (inputs, outputs) in enumerate(pairwise([seen, *settings.discriminator_widths, 1])):
        found += [(2 * n, inputs, outputs), (inputs, 2 * n, outputs)]
        found += [(2 * n, outputs, inputs)] if first else []
        found += [(n, inputs, outputs), (n, outputs, inputs)]
    for first, (inputs, outputs) in enumerate(pairwise([latent, *settings.generator_widths, dim])):
        found += [(2 * n, inputs, outputs), (inputs, n, outputs)]
        found += [(n, outputs, inputs)] if first else []
    return found
