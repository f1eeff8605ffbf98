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
    last_layer: str = "linear"  # of the generator: "linear", "relu" or "softmax"
    slope: float = 0.0  # of LeakyReLU left of zero; 0 is ReLU
    dropout: float = 0.0  # share of the discriminator's hidden outputs switched off
    # the data
    scaled: bool = False  # to [-1, 1], by the smallest and largest value of each column
    # the training
    batch_size: int = 128
    steps: int = 16_000  # updates of the generator, and as many of the discriminator
    generator_rate: float = 5e-4  # learning rates of Adam (Kingma and Ba 2015)
    discriminator_rate: float = 5e-4  # a larger one is the two time-scale rule, Heusel et al. 2017
    betas: tuple[float, float] = (0.9, 0.999)
    decay: bool = False  # both rates fall in a straight line, to 0 at the last step
    average: float = 0.0  # moving average of both networks' weights; the share that a step keeps
    # weight of the zero-centred gradient penalty, on real and on generated samples (R1 and R2,
    # Mescheder et al. 2018): at first, and what it falls to by the same share in each step
    penalty: tuple[float, float] | None = None

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
        if self.penalty is not None and not hasattr(self.penalty, "__len__"):
            pair = self.penalty, self.penalty
            raise TypeError(f"penalty must be its first and its last weight, {pair}")
        for name, value in list(vars(self).items()):
            if hasattr(value, "item"):  # a number of NumPy or PyTorch, which no file could hold
                object.__setattr__(self, name, value.item())
            if isinstance(value, list):  # equal to no tuple: it would seem to be another recipe
                raise TypeError(f"{name} must be a tuple, {tuple(value)}, got {value}")


# Projects 1 and 2 as they are commonly published; their loops stop by a score, see chapters 1, 2.
ORIGINAL = Settings(dropout=0.3)

# One recipe for any pattern of integers, as one-hot rows: the networks of project 2. With smaller
# rates a single value isn't alone in time, and rows of all hundred don't become sharp enough.
PATTERNS = Settings(
    latent_dim=100,
    generator_widths=(),
    discriminator_widths=(),
    last_layer="softmax",
    batch_size=64,
    steps=3_000,
    generator_rate=2e-2,
    discriminator_rate=2e-1,
    betas=(0.0, 0.99),
    decay=True,
    average=0.998,
)

# One recipe for points in the plane, on curves and in clouds: chapter 7 counts how often it works.
POINTS = Settings(
    latent_dim=3,
    noise="even",
    generator_widths=(64, 64),
    discriminator_widths=(128, 128),
    generator_waves=4,
    discriminator_waves=5,
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

# The same for a curve in about a second: smaller networks and batches, fewer waves and steps.
QUICK = replace(
    POINTS,
    generator_widths=(32, 32),
    discriminator_widths=(64, 64),
    generator_waves=2,
    discriminator_waves=3,
    batch_size=128,
    steps=1_000,
    generator_rate=8e-3,
    discriminator_rate=2e-2,
    average=0.99,
)
