"""What became of the trials that a study asks for."""

from __future__ import annotations

from enum import StrEnum

from results_store.records.attempt import TrialStatus

__all__ = ["TrialState"]


class TrialState(StrEnum):
    """The states of the view `results`, in the order in which they are listed."""

    COMPLETED = TrialStatus.COMPLETED.value
    DIVERGED = TrialStatus.DIVERGED.value
    FAILED = "failed"
    """Given up."""
    PENDING = "pending"
    """Still to be trained."""
    PRUNED = TrialStatus.PRUNED.value
    RETRACTED = "retracted"
    """Withdrawn by hand."""
    WAITING = "waiting"
    """Not known before a value is measured in another cell."""
