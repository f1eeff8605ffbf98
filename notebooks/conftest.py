"""What the kernels that run the notebooks as tests start with."""

import os

os.environ["TQDM_DISABLE"] = "1"  # progress bars differ from run to run
os.environ.setdefault("OMP_NUM_THREADS", "1")
