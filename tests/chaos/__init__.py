"""Faults that are real: processes are killed, files are damaged. `python -m tests.chaos` runs them at full size."""
