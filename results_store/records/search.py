"""What a search leaves behind: its candidates as they were asked for, told and confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from results_store.records.attempt import Value

__all__ = ["CandidateEvent", "CandidateRecord", "CandidateState"]


class CandidateEvent(StrEnum):
    """What happened to a candidate; each is a row of its own."""

    ASKED = "asked"
    """The sampler proposed it. Of several such rows of one candidate the earliest counts: what was asked stays."""
    TOLD = "told"
    """It was judged. Of several such rows the latest counts: trials may have been withdrawn since the first."""
    CONFIRMED = "confirmed"
    """It is one of the winners, which are run again on other seeds. All such rows count together."""


class CandidateState(StrEnum):
    """What came of a candidate."""

    COMPLETED = "completed"
    FAILED = "failed"
    """A replicate failed or diverged; it has no values."""
    PRUNED = "pruned"
    """Given up early; it has no values that stand beside those of others."""


@dataclass(frozen=True, kw_only=True)
class CandidateRecord:
    """One event in the life of a candidate. All rows of one round and event are published together.

    Attributes:
        search_id: Identity of the search.
        event: What happened.
        round_index: The round in which it was asked for, from 0.
        candidate: Its number in the search, from 0, in the order asked.
        cell_id: Identity of its configuration; candidates of one search are distinct cells.
        parameters: The searched values by dotted key; without those that are not active.
        config: The resolved configuration, nested; its leaves become columns.
        point: The parameters as a short text.
        seeds: The seeds that it is run with; of a winner those that confirm it.
        trial_ids: Its trials, in the order of `seeds`.
        objective_names: The metrics, or parameters, that it is judged by.
        objective_directions: `maximize` or `minimize` for each of them.
        state: What came of it; None while it is not told.
        objective_values: One per objective; only of a completed one.
        violations: By how much each constraint is broken, 0 or less where it is kept; only of a completed one.
        reason: Why it failed or was pruned, for people.
        study: The study that has it confirmed; empty otherwise, for a search may belong to several.
        num_duplicates: Suggestions of its whole round that were known already and replaced.
        num_invalid: Suggestions of its whole round that make no valid configuration and were replaced.
        recorded_at: When, with a time zone.
    """

    search_id: str
    event: str
    round_index: int
    candidate: int
    cell_id: str
    parameters: Mapping[str, Value]
    config: Mapping[str, Any]
    point: str
    seeds: Sequence[int]
    trial_ids: Sequence[str]
    objective_names: Sequence[str]
    objective_directions: Sequence[str]
    state: str | None = None
    objective_values: Sequence[float] | None = None
    violations: Sequence[float] | None = None
    reason: str = ""
    study: str = ""
    num_duplicates: int = 0
    num_invalid: int = 0
    recorded_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "event", str(CandidateEvent(self.event)))
        if self.state is not None:
            object.__setattr__(self, "state", str(CandidateState(self.state)))
