"""The states of a trial within one submit."""

from enum import Enum


class TrialState(Enum):
    """Where a trial stands.

    PENDING → RUNNING → TRAINED → PUBLISHED, and back to PENDING when an attempt is lost;
    RUNNING → FAILED when its trainable raises, or when too many attempts were lost.
    """

    PENDING = "pending"
    RUNNING = "running"
    TRAINED = "trained"
    PUBLISHED = "published"
    FAILED = "failed"

    @property
    def is_finished(self) -> bool:
        """Whether this submit has nothing more to do for the trial."""
        return self in (TrialState.PUBLISHED, TrialState.FAILED)
