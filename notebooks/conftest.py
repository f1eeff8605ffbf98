"""What the kernels that run the notebooks as tests start with."""

import os

from nbval import plugin

os.environ["TQDM_DISABLE"] = "1"  # progress bars differ from run to run
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Coverage is asked of the unit tests, which reach nearly every line. In
# the kernels it would make each training a quarter slower.
plugin.setup_coverage = plugin.teardown_coverage = lambda *given: None
