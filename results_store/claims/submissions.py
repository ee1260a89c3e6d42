"""The submissions of a store's studies in order of time: which claims each held, and which results were there when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from results_store.claims.recorded import RecordedClaims
from results_store.claims.statement import arms_of
from results_store.records import ClaimRecord, StatementRecord

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["History", "Replicate", "Submission", "cells_of", "cells_of_claims", "moment", "read_histories"]

_SUBMISSIONS = """
SELECT study, submission_id, submitted_at, trainable_version, claims FROM studies
ORDER BY study, submitted_at, submission_id
"""

# What counts is when a result was first there, also one that was withdrawn later.
_MEMBERS = """
WITH members AS (
    SELECT DISTINCT study, submission_id, cell_id, seed, trial_id FROM raw.studies
    WHERE study IN (SELECT unnest($studies::VARCHAR[])) AND cell_id IN (SELECT unnest($cells::VARCHAR[]))
        AND seed IS NOT NULL
), looked AS (
    SELECT trial_id, min(finished_at) AS finished_at FROM raw.trials SEMI JOIN members USING (trial_id)
    GROUP BY trial_id
)
SELECT study, submission_id, cell_id, seed, finished_at FROM members LEFT JOIN looked USING (trial_id)
"""

Replicate = tuple[str, int]
"""A cell's id and a seed."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One submission of a study.

    Attributes:
        submitted_at: When, in UTC.
        version: The version of the trainable: another one makes other cells of the same configurations.
        recorded: Its claims.
        replicates: Which seeds it asks for of the cells that claims speak of.
    """

    submitted_at: datetime
    version: int | None
    recorded: RecordedClaims
    replicates: Collection[Replicate]

    def is_silent_about(self, name: str) -> bool:
        """Whether it cannot be told what it says, if anything, under a claim's name."""
        return name in self.recorded.earlier or self.recorded.num_senseless > 0


@dataclass(frozen=True, kw_only=True)
class History:
    """The submissions of one study.

    Attributes:
        submissions: In order of time; at least one.
        finished: When the first result of a replicate was there.
    """

    submissions: Sequence[Submission]
    finished: Mapping[Replicate, datetime]

    def seeds_seen(self, cells: Collection[str], place: int) -> set[int]:
        """The seeds of which a result of these cells was there before a submission.

        Args:
            cells: Their ids; what counts is what this submission, or one before it, asks for.
            place: Which submission.
        """
        asked_for = {
            (cell_id, seed)
            for cell_id in cells
            for seed, first in self._first_asked_for.get(cell_id, {}).items()
            if first <= place
        }
        return self.seeds_finished(asked_for, place)

    @cached_property
    def _first_asked_for(self) -> Mapping[str, Mapping[int, int]]:
        """By cell and seed, the place of the first submission that asks for it."""
        first: dict[str, dict[int, int]] = {}
        for place, submission in enumerate(self.submissions):
            for cell_id, seed in submission.replicates:
                first.setdefault(cell_id, {}).setdefault(seed, place)
        return first

    def seeds_finished(self, replicates: Collection[Replicate], place: int) -> set[int]:
        """The seeds of these replicates of which a result was there before a submission."""
        submitted_at = self.submissions[place].submitted_at
        return {item[1] for item in replicates if item in self.finished and self.finished[item] < submitted_at}


def read_histories(results: Results) -> Mapping[str, History]:
    """The histories of all studies of a store, by name.

    Args:
        results: A store opened for reading.
    """
    rows = results.sql(_SUBMISSIONS).rows()
    recorded = {(study, submission_id): RecordedClaims.parse(text) for study, submission_id, _, _, text in rows}
    cells = cells_of_claims([claim for found in recorded.values() for claim in found.claims])
    counts = Counter(study for study, _ in recorded)
    with_history = sorted(study for study, count in counts.items() if count > 1)
    replicates: dict[tuple[str, str], set[Replicate]] = {key: set() for key in recorded}
    finished: dict[str, dict[Replicate, datetime]] = {study: {} for study in counts}
    members = results.sql(_MEMBERS, {"studies": with_history, "cells": sorted(cells)}).rows() if with_history else []
    for study, submission_id, cell_id, seed, finished_at in members:
        replicates.setdefault((study, submission_id), set()).add((cell_id, seed))
        if finished_at is not None:
            own = finished[study]
            own[cell_id, seed] = min(finished_at, own.get((cell_id, seed), finished_at))
    submissions: dict[str, list[Submission]] = {study: [] for study in counts}
    for study, submission_id, submitted_at, version, _ in rows:
        submissions[study].append(
            Submission(
                submitted_at=submitted_at,
                version=version,
                recorded=recorded[study, submission_id],
                replicates=replicates[study, submission_id],
            )
        )
    return {study: History(submissions=own, finished=finished[study]) for study, own in submissions.items()}


def cells_of(statement: StatementRecord) -> set[str]:
    """The ids of the cells that a statement speaks of, as far as they are known."""
    return {arm.cell_id for _, arm in arms_of(statement) if arm.cell_id is not None}


def cells_of_claims(claims: Collection[ClaimRecord]) -> set[str]:
    """The ids of the cells that claims speak of, as far as they are known."""
    return {cell_id for claim in claims for cell_id in cells_of(claim.statement)}


def moment(time: datetime) -> str:
    """A time in words."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
