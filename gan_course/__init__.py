"""Helpers of the course: each one is first written out in a chapter, then imported from here.

Samples flow one way: `data` -> `networks` -> `training` -> `metrics` -> `plots`; `saving` keeps a
trained generator and `widgets` puts sliders beside it. Importing the package loads none of them; it
only asks whether Python and the packages that it needs are here.
"""

import sys

__version__ = "0.1.0"
OLDEST_PYTHON = (3, 10)
DOCTORS_PYTHON = (3, 8)  # the oldest on which the doctor can say that it is too old

# "-m" stands there while Python looks for the doctor, who starts even where the course can't
if sys.argv[:1] != ["-m"] or sys.version_info < DOCTORS_PYTHON:
    if sys.version_info < OLDEST_PYTHON:
        raise ImportError(
            "gan_course needs Python 3.10 or newer, and this is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}: make lab PYTHON=python3.12"
        )
    from gan_course import needs

    needs.check()
