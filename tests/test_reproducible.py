"""Does the same seed come to the same numbers in another process?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from killed import TRAININGS

CODE = "import json, killed as k; print(json.dumps([f(None) for f in k.TRAININGS.values()]))"


@pytest.mark.slow  # another process loads PyTorch
def test_two_processes_come_to_the_same_numbers_bit_for_bit():
    paths = (str(Path(__file__).parent), str(Path(__file__).parent.parent))
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", CODE]
    there = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert json.loads(there.stdout) == [train(None) for train in TRAININGS.values()]
