"""What to run, and running it: study files, identity, plan, lifecycle, executors, command line."""

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
    "submit",
]
