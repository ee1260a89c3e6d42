"""What the submissions of a study show of how its claims came about: seeds and claims that came after looking.

Whoever adds seeds until a claim holds, or makes a claim of what the results already show, decides something else than
what the p-value is about. Nobody is kept from it; it is said under the verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from results_store.claims.recorded import RecordedClaims
from results_store.claims.statement import arms_of, in_words
from results_store.records import ArmRecord, ClaimRecord, StatementRecord
from results_store.wording import counted, ranges

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["notes_on_history"]

_SUBMISSIONS = """
SELECT submission_id, submitted_at, trainable_version, claims FROM studies
WHERE study = $study ORDER BY submitted_at, submission_id
"""

# What counts is when a result was first there, also one that was withdrawn later.
_MEMBERS = """
WITH members AS (
    SELECT DISTINCT submission_id, cell_id, seed, trial_id FROM raw.studies
    WHERE study = $study AND cell_id IN (SELECT unnest($cells::VARCHAR[])) AND seed IS NOT NULL
), looked AS (
    SELECT trial_id, min(finished_at) AS finished_at FROM raw.trials SEMI JOIN members USING (trial_id)
    GROUP BY trial_id
)
SELECT submission_id, cell_id, seed, finished_at FROM members LEFT JOIN looked USING (trial_id)
"""

_Replicate = tuple[str, int]
"""A cell's id and a seed."""


@dataclass(frozen=True, kw_only=True)
class _Submission:
    """One submission of the study.

    Attributes:
        submitted_at: When, in UTC.
        version: The version of the trainable: another one makes other cells of the same configurations.
        recorded: Its claims.
        replicates: Which seeds it asks for of the cells that claims speak of.
    """

    submitted_at: datetime
    version: int | None
    recorded: RecordedClaims
    replicates: Collection[_Replicate]


def notes_on_history(
    results: Results, study: str, claims: Sequence[ClaimRecord], units: Mapping[str, str]
) -> Mapping[str, tuple[str, ...]]:
    """Notes on a study's claims, by the claim's name.

    Args:
        results: A store opened for reading.
        study: Name of the study.
        claims: The claims of its latest submission.
        units: Of its metrics, by name.
    """
    rows = results.sql(_SUBMISSIONS, {"study": study}).rows()
    if len(rows) < 2:
        return {}
    recorded = {submission_id: RecordedClaims.parse(text) for submission_id, _, _, text in rows}
    names = {claim.name for claim in claims}
    cells = {
        cell_id
        for found in recorded.values()
        for claim in found.claims
        if claim.name in names
        for cell_id in _cells(claim.statement)
    }
    replicates: dict[str, set[_Replicate]] = {submission_id: set() for submission_id in recorded}
    finished: dict[_Replicate, datetime] = {}
    for submission_id, cell_id, seed, finished_at in results.sql(
        _MEMBERS, {"study": study, "cells": sorted(cells)}
    ).rows():
        replicates.setdefault(submission_id, set()).add((cell_id, seed))
        if finished_at is not None:
            finished[cell_id, seed] = min(finished_at, finished.get((cell_id, seed), finished_at))
    submissions = [
        _Submission(
            submitted_at=submitted_at,
            version=version,
            recorded=recorded[submission_id],
            replicates=replicates[submission_id],
        )
        for submission_id, submitted_at, version, _ in rows
    ]
    return {
        claim.name: (*_on_seeds(claim, submissions, finished), *_on_claim(claim, submissions, finished, units))
        for claim in claims
    }


def _on_seeds(
    claim: ClaimRecord, submissions: Sequence[_Submission], finished: Mapping[_Replicate, datetime]
) -> list[str]:
    """Seeds that a later submission added, or left out, when results of the claim's cells were there."""
    cells = _cells(claim.statement)
    asked_for = [{item for item in submission.replicates if item[0] in cells} for submission in submissions]
    now = asked_for[-1]
    notes = []
    seen: set[_Replicate] = set()
    for submission, wanted in zip(submissions, asked_for, strict=True):
        known_cells = {cell_id for cell_id, _ in seen}
        added = {seed for cell_id, seed in (wanted - seen) & now if cell_id in known_cells}
        looked_at = _finished_before(submission.submitted_at, seen, finished)
        if added and looked_at:
            what = f"when {counted(len(looked_at), 'seed')} of its cells had results"
            notes.append(f"{_seeds(added)} added after looking: on {_time(submission.submitted_at)}, {what}")
        seen |= wanted
    current_cells = {cell_id for cell_id, _ in now}
    left_out = {item for item in seen - now if item[0] in current_cells and item in finished}
    if left_out:
        notes.append(f"{_seeds({seed for _, seed in left_out})} left out, whose results were there")
    return notes


def _on_claim(
    claim: ClaimRecord,
    submissions: Sequence[_Submission],
    finished: Mapping[_Replicate, datetime],
    units: Mapping[str, str],
) -> list[str]:
    """Whether the claim was made, or got its present form, when results of its cells were there."""
    for earlier, later in reversed(list(pairwise(submissions))):
        if claim.name in earlier.recorded.earlier or earlier.recorded.num_senseless:
            continue  # what it was then cannot be told
        before = next((found for found in earlier.recorded.claims if found.name == claim.name), None)
        with_cells = earlier.version == submissions[-1].version
        is_same = before is not None and _is_same(before.statement, claim.statement, with_cells=with_cells)
        if before is not None and is_same and before.family == claim.family:
            continue
        cells = _cells(claim.statement) | (set() if before is None else _cells(before.statement))
        asked_for = {
            item
            for submission in submissions
            for item in submission.replicates
            if submission.submitted_at < later.submitted_at or submission is later
        }
        looked_at = _finished_before(later.submitted_at, {item for item in asked_for if item[0] in cells}, finished)
        if not looked_at:
            return []
        had = f"when {counted(len(looked_at), 'seed')} of its cells had results"
        return [f"{_change(before, claim, is_same, units)} on {_time(later.submitted_at)}, {had}"]
    return []


def _change(before: ClaimRecord | None, claim: ClaimRecord, is_same: bool, units: Mapping[str, str]) -> str:
    if before is None:
        return "claimed after looking:"
    if is_same:
        return f"moved after looking from family {before.family!r}:"
    one, other = in_words(before.statement, units), in_words(claim.statement, units)
    if one == other:
        return "its cells were configured anew after looking:"
    return f"changed after looking from “{one}”:"


def _is_same(one: StatementRecord, other: StatementRecord, *, with_cells: bool) -> bool:
    """Whether two statements say the same of the same cells, whatever those are called and was published of them."""
    return (
        _numbers(one) == _numbers(other)
        and len(one.arms) == len(other.arms)
        and len(one.parts) == len(other.parts)
        and all(_is_same_arm(*arms, with_cells=with_cells) for arms in zip(one.arms, other.arms, strict=True))
        and all(_is_same(*parts, with_cells=with_cells) for parts in zip(one.parts, other.parts, strict=True))
    )


def _numbers(statement: StatementRecord) -> tuple[object, ...]:
    numbers = (statement.margin, statement.ratio, statement.value, statement.beyond)
    return (statement.expect, statement.metric, statement.along, statement.is_rising, *numbers)


def _is_same_arm(one: ArmRecord, other: ArmRecord, *, with_cells: bool) -> bool:
    """A cell that is not known yet may be any of its variant's."""
    if with_cells and one.cell_id is not None and other.cell_id is not None:
        return one.cell_id == other.cell_id
    return one.variant == other.variant and one.position == other.position


def _cells(statement: StatementRecord) -> set[str]:
    return {arm.cell_id for _, arm in arms_of(statement) if arm.cell_id is not None}


def _finished_before(
    moment: datetime, replicates: Collection[_Replicate], finished: Mapping[_Replicate, datetime]
) -> set[int]:
    """The seeds of which a result was there at some moment."""
    return {item[1] for item in replicates if item in finished and finished[item] < moment}


def _seeds(seeds: Collection[int]) -> str:
    """Seeds in words: `seeds 5 to 9, 12`."""
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {ranges(seeds)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
