"""Faults that are real: processes are killed, files are damaged. `python -m tests.chaos` runs them at full size."""

import sys
from pathlib import Path

SUPPORT = Path(__file__).parents[1] / "support"
if str(SUPPORT) not in sys.path:
    sys.path.insert(0, str(SUPPORT))  # trainables and kill points that only tests know
