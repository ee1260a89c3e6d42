"""What withdraws an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["RetractionRecord"]


@dataclass(frozen=True, kw_only=True)
class RetractionRecord:
    """The withdrawal of one attempt of a trial: its rows stay, and no view counts them any more.

    Attributes:
        trial_id: Identity of the trial.
        attempt_id: Identity of the attempt; other attempts of the trial count as before.
        reason: Why, in the words of who withdrew it.
        retracted_at: When, with a time zone.
    """

    trial_id: str
    attempt_id: str
    reason: str
    retracted_at: datetime
