"""What does the panel say? Each finding: what is seen, what is likely behind it, what to try."""

from __future__ import annotations

import textwrap
from functools import partial
from typing import Any, NamedTuple


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


# The look itself ----------------------------------------------------------------------------------

FAILED = Finding(
    "failed",
    "At step {step} the panel could not look: {what}",
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
    "Start anew: no step leads back from not-a-number.",
)
FLAT = Finding(
    "flat answers",
    "The discriminator answers with shape ({count},), expected ({count}, 1).",
    "a squeeze or flatten at its end. Against targets of shape (n, 1) a loss written by hand "
    "compares each answer with each target (broadcasting).",
    "leave the last axis where it is, and print both shapes before each loss.",
)

# The networks -------------------------------------------------------------------------------------

WAVERING_GENERATOR = Finding(
    "G wavers",
    "In evaluation mode the same noise gives different samples in two calls.",
    "a layer that draws on purpose, such as Gumbel-softmax (then all is well), or dropout that "
    "evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout in place of F.dropout.",
)
WAVERING_DISCRIMINATOR = Finding(
    "D wavers",
    "In evaluation mode the same samples get different answers in two calls.",
    "dropout that evaluation mode can't switch off: F.dropout without training=self.training.",
    "nn.Dropout in place of F.dropout.",
)
DROPOUT = Finding(
    "dropout on",
    "As the generator was left, in training mode, its dropout is on: the same noise gives another "
    "sample in each call.",
    "no eval() before sampling. (The panel itself looks in evaluation mode.)",
    "gan_course.networks.sample, or generator.eval() before sampling and train() after it; and "
    "ask whether the generator needs dropout at all.",
)
LOGITS = Finding(
    "logits",
    "The discriminator's answers go outside of 0 to 1: they are logits. In the picture, the "
    "panel has put a sigmoid on them.",
    "no sigmoid at its end. That is right with BCEWithLogitsLoss, and wrong with BCELoss.",
    "one sigmoid, in one place: in the network, or in the loss.",
)
G_FROZEN = Finding(
    "G frozen",
    "The generator's weights have not changed at all.",
    "its optimiser got other weights or is never told to step(); its fakes are cut off by "
    "detach() or no_grad() in its own step, too; or the discriminator's answer is flat.",
    "after G_loss.backward(), print the gradient of one of its weights: None means that no way "
    "leads back to it, 0 that something on the way is flat (a clamp, a sigmoid at its end).",
)
D_FROZEN = Finding(
    "D frozen",
    "The discriminator's weights have not changed at all.",
    "its optimiser got other weights or is never told to step(), or its last layer is flat.",
    "after D_loss.backward(), print the gradient of one of its weights, and the weight before "
    "and after step(). A gradient of 0 comes from something flat, such as a clamp.",
)

# The discriminator's answers ----------------------------------------------------------------------

WINS = Finding(
    "D wins",
    "The discriminator wins: for long it has told real from generated without a doubt.",
    "the generator's targets are zeros where they should be ones; its steps are too few or too "
    "small; the data are not scaled; or its last layer can't reach the data.",
    "check the generator's targets first. Then the same number of steps for both, a smaller "
    "learning rate for the discriminator, and scaled data.",
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
    "it doesn't learn: a learning rate of next to 0, a last layer whose gradient is 0, targets "
    "that are all the same, or answers and targets paired wrongly by broadcasting.",
    "print the shapes of answers and targets, and the gradient of one of its weights.",
)
HALF_SURE = Finding(
    "D half sure",
    "The discriminator is sure about real samples and undecided about generated ones.",
    "the generator is pushed both ways: no detach(), and one optimiser for both networks.",
    "two optimisers, each with the weights of one network, and detach() in the discriminator's "
    "half.",
)
LEANS = Finding(
    "D leans",
    "The discriminator calls nearly everything {side}, whichever it is.",
    "a sigmoid too many (in the network, and again in BCEWithLogitsLoss), one part of its loss "
    "that weighs more, or one network that is changed by the other one's loss.",
    "one sigmoid, as many generated as real samples, and one optimiser for each network.",
)
UNSCALED = Finding(
    "not scaled",
    "The real samples reach up to {most:.3g} in size.",
    "raw units. Fresh networks make numbers near 0, and have far to go.",
    "gan_course.data.Scaler: train between -1 and 1, and scale back afterwards.",
)

# The samples --------------------------------------------------------------------------------------

ALL_EQUAL = Finding(
    "all equal",
    "All samples are equal, whatever the noise.",
    "the noise doesn't get through: dead ReLU layers, a saturated last layer, or total collapse.",
    "LeakyReLU in place of ReLU, a smaller learning rate, and a look at the hidden layers' output.",
)
HUDDLED = Finding(
    "collapsed",
    "The samples huddle: in column {column} their standard deviation is {ratio:.0%} of the "
    "real one.",
    "mode collapse: the generator has found one place that the discriminator likes; or it has "
    "hardly learned yet; or it is taught by something else than the discriminator's opinion.",
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
    "a training that is not finished; or noise that differs from the noise of the training: "
    "drawn in another way, or not fresh for each batch.",
    "more steps first. Then draw fresh noise inside the step, and sample with the same kind.",
)
MISSING = Finding(
    "part missing",
    "Hardly any generated samples where real ones are: {where}.",
    "partial collapse, or a training that is not finished.",
    "more steps first. Then measure spread, not only fit; a faster discriminator; fresh noise "
    "for each batch.",
)
DEAD = Finding(
    "dead rows",
    "{share:.1%} of the rows are all zero, and argmax calls each of them a 0.",
    "ReLU as the last layer: it may cut off every number of a row.",
    "softmax as the last layer.",
)
PAST_ITS_BEST = Finding(
    "past its best",
    "The quality was best at step {step} with {best:.3g}; lately it is {now:.3g}.",
    "a score that a lucky or collapsed batch can please (if the best was early), or a training "
    "that has become worse.",
    "look at the samples of the best step. A score has to ask for spread as well as for fit.",
)
