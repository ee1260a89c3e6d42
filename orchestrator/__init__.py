"""What to run, and running it: study files, identity, plan, lifecycle, executors, command line.

Names are loaded when they are first used: a worker, which needs a small part of this package, starts twice as fast
without the rest, and the command line obeys Ctrl-C from the start.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.driver.notebook import submit
    from orchestrator.driver.outcome import StudyOutcome, SubmitOutcome
    from orchestrator.driver.submit import SubmitOptions
    from orchestrator.errors import AmorError, ExecutionError, StudyError, TrainableError, UsageError
    from orchestrator.trainables.contract import (
        Details,
        Epoch,
        Finished,
        Metric,
        Trainable,
        TrialSpec,
        TrialStatus,
        Weights,
    )

__all__ = [
    "AmorError",
    "Details",
    "Epoch",
    "ExecutionError",
    "Finished",
    "Metric",
    "StudyError",
    "StudyOutcome",
    "SubmitOptions",
    "SubmitOutcome",
    "Trainable",
    "TrainableError",
    "TrialSpec",
    "TrialStatus",
    "UsageError",
    "Weights",
    "submit",
]

_CONTRACT = ("Details", "Epoch", "Finished", "Metric", "Trainable", "TrialSpec", "TrialStatus", "Weights")
_ERRORS = ("AmorError", "ExecutionError", "StudyError", "TrainableError", "UsageError")
_MODULES = {
    **dict.fromkeys(_CONTRACT, "orchestrator.trainables.contract"),
    **dict.fromkeys(_ERRORS, "orchestrator.errors"),
    "StudyOutcome": "orchestrator.driver.outcome",
    "SubmitOptions": "orchestrator.driver.submit",
    "SubmitOutcome": "orchestrator.driver.outcome",
    "submit": "orchestrator.driver.notebook",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
