"""Helpers of the course: each one is first written out in a chapter, then imported from here.

Samples flow one way: `data` -> `networks` -> `training` -> `metrics` -> `plots`; `saving` keeps a
trained generator and `widgets` puts sliders beside it. Importing the package loads none of them; it
only asks whether Python and the packages that it needs are here.
"""

import sys

__version__ = "0.1.0"
OLDEST_PYTHON = (3, 10)

as_program = sys.argv[:1] == ["-m"]  # so it is while Python looks for the doctor
if sys.version_info < OLDEST_PYTHON:
    raise (SystemExit if as_program else ImportError)(
        "gan_course needs Python 3.10 or newer, and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}: make lab PYTHON=python3.12"
    )
if not as_program:  # the doctor starts even where packages are missing
    from gan_course import doctor

    doctor.require_packages()
