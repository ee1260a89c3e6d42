"""Withdrawing trials: their rows stay on disk, and no view counts them any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from results_store.errors import RetractionError, StorePathError
from results_store.layout import Layout
from results_store.records import RetractionRecord
from results_store.results import Results, open_store
from results_store.stores.folder import FolderStore
from results_store.text import inert

__all__ = ["Retraction", "retract"]

_ATTEMPTS = """
    SELECT DISTINCT trial_id, attempt_id, list_contains($gone::VARCHAR[], attempt_id) AS is_gone
    FROM raw.trials
    WHERE trial_id IN (SELECT unnest($wanted::VARCHAR[])) AND attempt_id IS NOT NULL
    ORDER BY ALL
"""

_GONE = """
    SELECT DISTINCT attempt_id FROM raw.retractions
    WHERE trial_id IN (SELECT unnest($wanted::VARCHAR[])) AND attempt_id IS NOT NULL
"""


@dataclass(frozen=True, kw_only=True)
class Retraction:
    """What was withdrawn.

    Attributes:
        trial_id: The trial.
        attempt_ids: Its attempts that counted until now, or would have if another one had not.
        reason: Why.
    """

    trial_id: str
    attempt_ids: tuple[str, ...]
    reason: str


def retract(store: str | Path, trial_ids: Sequence[str], *, why: str) -> tuple[Retraction, ...]:
    """Withdraws every attempt of these trials that is in the store now; all of them, or none.

    A withdrawn trial has the state `retracted` and is not done: the next submit that asks for it trains it again,
    and the new attempt counts. Two processes may withdraw the same trial at once; it is then withdrawn.

    Args:
        store: Its folder.
        trial_ids: Whole ids of trials.
        why: The reason, which is kept with it.

    Raises:
        RetractionError: There is no reason, or a trial is unknown, was never trained, or is withdrawn already.
        StorePathError: There is no such store, or it cannot be read or written.
    """
    reason = why.strip()
    if not reason:
        raise RetractionError("a retraction needs a reason: say why these rows are wrong")
    wanted = list(dict.fromkeys(trial_ids))
    if not wanted:
        raise RetractionError("no trial to retract: name one or more trial ids")
    layout = Layout(store)
    if not layout.is_there():
        raise StorePathError(f"there is no store at {layout.root}")
    found = _attempts(open_store(store), wanted)
    now = datetime.now(UTC)
    FolderStore(store).publish(
        [
            RetractionRecord(trial_id=trial_id, attempt_id=attempt_id, reason=reason, retracted_at=now)
            for trial_id in wanted
            for attempt_id in found[trial_id]
        ]
    )
    return tuple(Retraction(trial_id=trial_id, attempt_ids=found[trial_id], reason=reason) for trial_id in wanted)


def _attempts(results: Results, wanted: list[str]) -> dict[str, tuple[str, ...]]:
    """For each trial its attempts that are not withdrawn; at least one.

    Raises:
        RetractionError: A trial has none.
    """
    gone = [row[0] for row in results.sql(_GONE, {"wanted": wanted}).rows()]
    rows = results.sql(_ATTEMPTS, {"wanted": wanted, "gone": gone}).rows()
    found: dict[str, tuple[str, ...]] = {}
    for trial_id in wanted:
        attempts = [row for row in rows if row[0] == trial_id]
        if not attempts:
            raise RetractionError(inert(f"trial {trial_id} was never trained: there is nothing to retract"))
        found[trial_id] = tuple(attempt_id for _, attempt_id, is_gone in attempts if not is_gone)
        if not found[trial_id]:
            raise RetractionError(inert(f"trial {trial_id} is retracted already; amor submit trains it again"))
    return found
