"""What does the panel say? Each finding: what is seen, what is likely behind it, what to try."""

from __future__ import annotations

import textwrap
from functools import partial
from typing import Any, NamedTuple

# The gradient is then 0 for logits above 17, and shrinks with the answer for logits below -28
ROUNDS = "BCELoss on a sigmoid that rounds to 0 or 1"


class Finding(NamedTuple):
    """One thing that is wrong: what is seen, what is likely behind it, what to try."""

    name: str
    symptom: str
    causes: str
    cure: str

    def told(self, **values: Any) -> Finding:
        """The same finding, with what was measured put into its symptom."""
        return self._replace(symptom=self.symptom.format(**values))

    def __str__(self) -> str:
        """Lines that fit into 74 characters, with the number before them."""
        fill = partial(textwrap.fill, width=71, break_long_words=False, break_on_hyphens=False)
        symptom = fill(self.symptom, subsequent_indent=" " * 3)
        causes = fill(f"   Likely: {self.causes}", subsequent_indent=" " * 5)
        return "\n".join([symptom, causes, fill(f"   Try: {self.cure}", subsequent_indent=" " * 5)])


# The snapshot itself ------------------------------------------------------------------------------

FAILED = Finding(
    "failed",
    "At step {step} the panel got no snapshot: {what}",
    "layers whose sizes don't fit, or networks in the wrong order (generator first).",
    "call each network by hand on one batch, and print the shapes.",
)
UNMEASURED = Finding(
    "quality fails",
    "At step {step} the quality could not be measured: {what}",
    "a quality function that expects another shape or other units, or returns no number.",
    "call it by hand on a few rows of `real`.",
)
DIVERGED = Finding(
    "diverged",
    "At step {step} samples or answers are not a number, or infinite: training has diverged.",
    "a learning rate that is too large, data that are not scaled, or a logarithm of 0 in a "
    "loss written by hand.",
    "a tenth of the learning rate, data scaled to [-1, 1], and PyTorch's ready-made losses. "
    "Start again: no step leads back from not-a-number.",
)
FLAT = Finding(
    "flat answers",
    "The discriminator answers with shape ({count},), expected ({count}, 1).",
    "a squeeze or flatten as its last layer. Against targets of shape (n, 1) a loss written by "
    "hand compares each answer with each target (broadcasting).",
    "leave the last axis where it is, and print both shapes before each loss.",
)

# The networks -------------------------------------------------------------------------------------

WAVERING_GENERATOR = Finding(
    "G wavers",
    "In evaluation mode the same noise gives different samples in two calls.",
    "a layer that is random on purpose, such as Gumbel-softmax (that is fine), or dropout that "
    "evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout instead of F.dropout.",
)
WAVERING_DISCRIMINATOR = Finding(
    "D wavers",
    "In evaluation mode the same samples get different answers in two calls.",
    "dropout that evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout instead of F.dropout.",
)
DROPOUT = Finding(
    "dropout on",
    "The generator was left in training mode, so its dropout is on: the same noise gives a "
    "different sample in each call.",
    "no eval() before sampling. (The panel itself uses evaluation mode.)",
    "gan_course.networks.sample, or generator.eval() before sampling and train() after it; and "
    "ask whether the generator needs dropout at all.",
)
LOGITS = Finding(
    "logits",
    "The discriminator's answers go outside of 0 to 1: they are logits. In the picture, the "
    "panel has put a sigmoid on them.",
    "no sigmoid as its last layer. That is right with BCEWithLogitsLoss, and wrong with BCELoss.",
    "one sigmoid, in one place: in the network, or in the loss.",
)
G_FROZEN = Finding(
    "G frozen",
    "The generator's weights have not changed at all.",
    "its optimiser got other weights or is never told to step(); its fakes are cut off by "
    f"detach() or no_grad() in its own step, too; or its gradient is 0: a clamp, or {ROUNDS}.",
    "after G_loss.backward(), print the gradient of one of its weights: None means that the loss "
    "doesn't depend on it, 0 that something in between is flat. BCEWithLogitsLoss is flat only "
    "where the discriminator already says what is wanted.",
)
D_FROZEN = Finding(
    "D frozen",
    "The discriminator's weights have not changed at all.",
    "its optimiser got other weights or is never told to step(), or its last layer is flat: a "
    f"clamp, or {ROUNDS}.",
    "after D_loss.backward(), print the gradient of one of its weights, and the weight before "
    "and after step().",
)

# The discriminator's answers ----------------------------------------------------------------------

WINS = Finding(
    "D wins",
    "The discriminator wins: it has long told real from generated samples with near certainty.",
    "the generator's targets are zeros where they should be ones; its steps are too few or too "
    "small; the data are not scaled; its last layer can't reach the data; or its gradient "
    f"vanishes: {ROUNDS}, or a loss of log(1 - D).",
    "check the generator's targets first: its loss is -log D, best from logits "
    "(BCEWithLogitsLoss). Then the same number of steps for both, a smaller learning rate for "
    "the discriminator, and scaled data.",
)
REVERSED = Finding(
    "D upside down",
    "The discriminator calls generated samples real, and real ones generated.",
    "its targets are swapped, or the generator's step changes the discriminator as well.",
    "target 1 for real and 0 for generated samples, and one optimiser for each network.",
)
BLIND = Finding(
    "D blind",
    "The discriminator gives the same answer to everything, though the samples are not right.",
    "it doesn't learn: a learning rate close to 0, a last layer whose gradient is 0 (a clamp, or "
    f"{ROUNDS}), targets that are all the same, or answers and targets paired wrongly by "
    "broadcasting.",
    "print the shapes of answers and targets, and the gradient of one of its weights.",
)
HALF_SURE = Finding(
    "D half sure",
    "The discriminator is sure about real samples and undecided about generated ones.",
    "the generator is trained both ways: no detach(), and one optimiser for both networks.",
    "two optimisers, each with the weights of one network, and detach() in the discriminator's "
    "half.",
)
LEANS = Finding(
    "D leans",
    "The discriminator calls nearly everything {side}, whether it is or not.",
    "a sigmoid too many (in the network, and again in BCEWithLogitsLoss), one part of its loss "
    "that weighs more, or one network that is changed by the other one's loss.",
    "one sigmoid, as many generated as real samples, and one optimiser for each network.",
)
UNSCALED = Finding(
    "not scaled",
    "The real samples reach up to {most:.3g} in size.",
    "raw units. Untrained networks make numbers near 0, and have far to go.",
    "gan_course.data.Scaler: train between -1 and 1, and scale back afterwards.",
)

# The samples --------------------------------------------------------------------------------------

ALL_EQUAL = Finding(
    "all equal",
    "All samples are equal, whatever the noise.",
    "the noise is lost on the way: dead ReLU layers, a saturated last layer, or total collapse.",
    "LeakyReLU instead of ReLU, a smaller learning rate; and print the hidden layers' output.",
)
HUDDLED = Finding(
    "collapsed",
    "The samples are too close together: in column {column} their standard deviation is "
    "{ratio:.0%} of the real one.",
    "mode collapse: the generator makes only what the discriminator takes for real at the moment; "
    "or it has hardly learned yet; or its loss is not about the discriminator's answers.",
    "more steps first. Then a faster discriminator, Adam with betas=(0.5, 0.99), or fresh "
    "noise for each batch if it is not fresh.",
)
STRAY = Finding(
    "far outside",
    "{share:.0%} of the samples lie far outside of the real range.",
    "the generator is driven away from the data (swapped targets, one optimiser for both, or "
    "gradients that are never cleared: zero_grad() forgotten), or data and samples are in "
    "different units.",
    "zero_grad() before each backward(). Then check the generator's targets, that each "
    "optimiser has the weights of one network, and that real and watch reach the networks in "
    "the units of training.",
)
OFF = Finding(
    "off the data",
    "{share:.0%} of the samples lie where no real samples are near.",
    "training is not finished; or the noise differs from that of training: drawn in another way, "
    "or not fresh for each batch.",
    "more steps first. Then draw fresh noise inside the step, and sample with the same kind.",
)
MISSING = Finding(
    "part missing",
    "Hardly any generated samples where real ones are: {where}.",
    "partial mode collapse, or training is not finished.",
    "more steps first. Then measure spread, not only fit; a faster discriminator; fresh noise "
    "for each batch.",
)
DEAD = Finding(
    "dead rows",
    "{share:.1%} of the rows are all zero, and argmax calls each of them a 0.",
    "ReLU as the last layer: it may set every number of a row to 0.",
    "softmax as the last layer.",
)
PAST_ITS_BEST = Finding(
    "past its best",
    "The quality was best at step {step} with {best:.3g}. In the last quarter of the run, its "
    "median is {now:.3g}.",
    "a score that is good for a lucky or collapsed batch (if the best was early), or training "
    "has become worse.",
    "look at the samples of the best step. A score has to measure spread as well as fit.",
)
