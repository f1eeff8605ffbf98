"""Helpers of the course: each one is first written out in a chapter, then imported from here.

Samples flow one way: `data` -> `networks` -> `training` -> `metrics` -> `plots`; `saving` keeps a
trained generator and `widgets` puts sliders beside it. Importing the package loads none of them.
"""

__version__ = "0.1.0"
