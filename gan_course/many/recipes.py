"""Which settings train a GAN? What is commonly published, and what works on every seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

NOISES = ("normal", "uniform", "even")
LAST_LAYERS = ("linear", "relu", "softmax")


@dataclass(frozen=True)
class Settings:
    """All that a recipe decides, and nothing about the data; `dataclasses.replace` changes one."""

    # the networks
    latent_dim: int = 2  # numbers in a noise vector
    noise: str = "normal"  # N(0, 1); "uniform" is U(-1, 1), "even" the same, even in each batch
    generator_widths: tuple[int, ...] = (16, 32)  # of the hidden layers
    discriminator_widths: tuple[int, ...] = (256, 128, 64)
    generator_waves: int = 0  # sines and cosines beside each input, see `layers.add_waves`
    discriminator_waves: int = 0
    octaves: bool = False  # each wave is twice as short as the one before
    last_layer: str = "linear"  # of the generator: "linear", "relu" or "softmax"
    slope: float = 0.0  # of LeakyReLU left of zero; 0 is ReLU
    dropout: float = 0.0  # share of the discriminator's hidden outputs switched off
    # the data
    scaled: bool = False  # to [-1, 1], by the smallest and largest value of each column
    clipped: bool = False  # what is generated is moved into that range, where it runs over
    # the training
    batch_size: int = 128
    steps: int = 16_000  # updates of the generator, and as many of the discriminator
    generator_rate: float = 5e-4  # learning rates of Adam (Kingma and Ba 2015)
    discriminator_rate: float = 5e-4  # a larger one is the two time-scale rule, Heusel et al. 2017
    betas: tuple[float, float] = (0.9, 0.999)
    decay: bool = False  # both rates fall in a straight line, to 0 at the last step
    average: float = 0.0  # moving average of both networks' weights; the share that a step keeps
    blur: tuple[float, float] | None = None  # the least and the most noise that D looks through
    # the generator's loss weighs a look by sigma to a power: the first one, and what it comes to
    blur_weight: tuple[float, float] = (1.0, 0.3)
    # weight of the zero-centred gradient penalty, on real and on generated samples (R1 and R2,
    # Mescheder et al. 2018): at first, and what it falls to by the same share in each step
    penalty: tuple[float, float] | None = None
    relativistic: bool = False  # D compares a real with a generated sample
    pack: int = 1  # samples that D judges together

    def __post_init__(self) -> None:
        """Refuse what would train something else than it says."""
        for name, known in (("noise", NOISES), ("last_layer", LAST_LAYERS)):
            if getattr(self, name) not in known:
                got = repr(getattr(self, name))
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {got}")
        for name in ("dropout", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 0 and below 1, got {getattr(self, name)}"
                )
        if self.clipped and not self.scaled:
            raise ValueError("clipped=True needs scaled=True, as it is the scale that is clipped")
        if self.batch_size % self.pack:
            raise ValueError(f"pack must divide the batch size {self.batch_size}, got {self.pack}")
        for name, value in list(vars(self).items()):
            if hasattr(value, "item"):  # a number of NumPy or PyTorch, which no file could hold
                object.__setattr__(self, name, value.item())
            if isinstance(value, list):  # equal to no tuple: it would seem to be another recipe
                raise TypeError(f"{name} must be a tuple, {tuple(value)}, got {value}")


# Projects 1 and 2 as they are commonly published; their loops stop by a score, see chapters 1, 2.
ORIGINAL = Settings(dropout=0.3)

# One recipe for any pattern of integers, as one-hot rows: the networks of project 2.
PATTERNS = Settings(
    latent_dim=100,
    generator_widths=(),
    discriminator_widths=(),
    last_layer="softmax",
    batch_size=64,
    steps=2_000,
    generator_rate=5e-4,
    discriminator_rate=1e-2,
    betas=(0.5, 0.999),
    decay=True,
)

# One recipe for curves, whose D looks through blur: that of the chapter on speed.
CURVES = Settings(
    latent_dim=3,
    noise="even",
    generator_widths=(64, 64),
    discriminator_widths=(128, 128),
    generator_waves=1,
    discriminator_waves=3,
    slope=0.2,
    scaled=True,
    clipped=True,
    batch_size=256,
    steps=4_000,
    generator_rate=4e-3,
    discriminator_rate=1.3e-2,
    betas=(0.5, 0.99),
    decay=True,
    average=0.998,
    blur=(0.001, 2.0),
)

# One recipe for points in the plane, on curves and in clouds: chapter 5 counts how often it works.
POINTS = Settings(
    latent_dim=3,
    noise="even",
    generator_widths=(64, 64),
    discriminator_widths=(128, 128),
    generator_waves=4,
    discriminator_waves=5,
    octaves=True,
    slope=0.2,
    scaled=True,
    batch_size=256,
    steps=3_000,
    generator_rate=4e-3,
    discriminator_rate=1.5e-2,
    betas=(0.0, 0.99),
    decay=True,
    average=0.998,
    penalty=(0.1, 1e-4),
)

# One GAN in about a second: smaller networks, smaller batches, larger rates, fewer steps. Enough
# for a curve that goes one way; one that turns back needs CURVES, see the chapter on speed.
QUICK = replace(
    CURVES,
    generator_widths=(32, 32),
    discriminator_widths=(64, 64),
    batch_size=128,
    steps=1_000,
    generator_rate=8e-3,
    discriminator_rate=2e-2,
    average=0.99,
)
