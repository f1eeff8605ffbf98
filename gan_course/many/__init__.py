"""How are many seeds trained and counted? Settings, recipes, stacked networks, and `train`."""

from gan_course.many.ensemble import Diverged, Ensemble, train
from gan_course.many.layers import add_waves
from gan_course.many.recipes import ORIGINAL, PATTERNS, POINTS, QUICK, Settings
from gan_course.many.rejection import rejection_sample

__all__ = [
    "ORIGINAL",
    "PATTERNS",
    "POINTS",
    "QUICK",
    "Diverged",
    "Ensemble",
    "Settings",
    "add_waves",
    "rejection_sample",
    "train",
]
