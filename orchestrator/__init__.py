"""What to run, and running it: study files, identity, plan, lifecycle, executors, command line.

`submit` and what belongs to it are loaded when they are first used: a worker, which needs a small part of this
package, starts twice as fast without them.
"""

import importlib
from typing import TYPE_CHECKING, Any

from orchestrator.errors import AmorError, ExecutionError, StudyError, TrainableError, UsageError
from orchestrator.trainables.contract import (
    Details,
    Epoch,
    Finished,
    Metric,
    Trainable,
    TrialSpec,
    TrialStatus,
)

if TYPE_CHECKING:
    from orchestrator.driver.notebook import submit
    from orchestrator.driver.outcome import StudyOutcome, SubmitOutcome
    from orchestrator.driver.submit import SubmitOptions

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
    "submit",
]

_LOADED_ON_USE = {
    "StudyOutcome": "orchestrator.driver.outcome",
    "SubmitOptions": "orchestrator.driver.submit",
    "SubmitOutcome": "orchestrator.driver.outcome",
    "submit": "orchestrator.driver.notebook",
}


def __getattr__(name: str) -> Any:
    module = _LOADED_ON_USE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
