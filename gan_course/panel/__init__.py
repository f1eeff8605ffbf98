"""What is wrong with this training? A panel beside any run: answers, losses, samples, diagnosis."""

from gan_course.panel.panel import Panel, Snapshot
from gan_course.panel.words import Finding

__all__ = ["Finding", "Panel", "Snapshot"]
