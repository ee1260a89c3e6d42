"""Reads what a replay is compared with: a trial's row and its epochs."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.replay.run import Metrics, RecordedRun
from results_store import Results
from results_store.records import Provenance, TrialRecord, TrialStatus
from results_store.schemas import Kind, config_columns

SHOWN_DIGITS = 12


def read_recorded(results: Results, trial_id: str) -> RecordedRun:
    """The row of a trial that counts; where all of its rows are withdrawn, the earliest of these.

    Raises:
        UsageError: there is no row, it is of a pruned run, or it lacks what a replay needs.
    """
    rows = results.sql("SELECT * FROM trials WHERE trial_id = $trial_id", {"trial_id": trial_id}).dicts()
    is_retracted = not rows
    if is_retracted:
        rows = results.sql(
            """
            SELECT * FROM raw.trials WHERE trial_id = $trial_id
            ORDER BY status = 'pruned', finished_at, attempt_id LIMIT 1
            """,
            {"trial_id": trial_id},
        ).dicts()
    if not rows:
        raise UsageError(_why_there_is_no_row(results, trial_id))
    trial = _trial_of(rows[0])
    if trial.status == TrialStatus.PRUNED:
        raise UsageError(
            f"trial {trial_id[:SHOWN_DIGITS]} was pruned: where it was cut off depended on other trials, "
            "so it cannot be trained again alone"
        )
    return RecordedRun(
        trial=trial,
        epochs=_epochs_of(results, trial.attempt_id),
        retracted=_reason(results, trial) if is_retracted else None,
    )


def _trial_of(row: Mapping[str, Any]) -> TrialRecord:
    short_id = row["trial_id"][:SHOWN_DIGITS]
    for name in ("attempt_id", "trainable", "trainable_version", "seed", "status", "config", "finished_at"):
        if row[name] is None:
            raise UsageError(f"trial {short_id} cannot be replayed: its row has no {name}")
    try:
        config = json.loads(row["config"])
        versions = json.loads(row["versions"] or "{}")
        fields = config_columns(config)
        status = TrialStatus(row["status"])
    except (ValueError, AttributeError, RecursionError) as error:  # a foreign file of other things in our columns
        raise UsageError(f"trial {short_id} cannot be replayed: its row was not written by amor: {error}") from error
    if not isinstance(versions, dict):
        raise UsageError(f"trial {short_id} cannot be replayed: its row was not written by amor: versions {versions!r}")
    return TrialRecord(
        trial_id=row["trial_id"],
        attempt_id=row["attempt_id"],
        trainable=row["trainable"],
        trainable_version=row["trainable_version"],
        seed=row["seed"],
        status=status,
        config=config,
        metrics=_numbers(row, leave_out=Kind.TRIALS.fixed_columns.keys() | fields.keys()),
        duration_s=row["duration_s"] or 0.0,
        stack_size=row["stack_size"] or 1,
        provenance=Provenance(
            git_commit=row["git_commit"],
            git_dirty=row["git_dirty"],
            source_hash=row["source_hash"] or "",
            versions=versions,
            host=row["host"] or "",
            cpu=row["cpu"] or "",
            threads=row["threads"] or 0,
            finished_at=row["finished_at"].replace(tzinfo=UTC),
        ),
    )


def _epochs_of(results: Results, attempt_id: str) -> dict[int, Metrics]:
    rows = results.sql(
        """
        SELECT DISTINCT ON (epoch) * FROM raw.epochs
        WHERE attempt_id = $attempt_id AND epoch IS NOT NULL ORDER BY epoch
        """,
        {"attempt_id": attempt_id},
    ).dicts()
    return {row["epoch"]: _numbers(row, leave_out=Kind.EPOCHS.fixed_columns.keys()) for row in rows}


def _numbers(row: Mapping[str, Any], leave_out: Any) -> Metrics:
    """The metrics among a row's columns; most others are of other trainables and empty here."""
    values = {name: _number(value) for name, value in row.items() if name not in leave_out}
    return {name: value for name, value in values.items() if value is not None}


def _number(value: Any) -> float | int | None:
    """A metric as it was reported.

    Where another trainable has a field of text by the metric's name, the column is text; DuckDB writes each number
    with as many digits as tell it from all others.
    """
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value if isinstance(value, float | int) and not isinstance(value, bool) else None


def _reason(results: Results, trial: TrialRecord) -> str:
    found = results.sql(
        "SELECT reason FROM raw.retractions WHERE trial_id = $trial_id AND attempt_id = $attempt_id",
        {"trial_id": trial.trial_id, "attempt_id": trial.attempt_id},
    ).rows()
    return next((str(reason) for (reason,) in found if reason), "")


def _why_there_is_no_row(results: Results, trial_id: str) -> str:
    short_id = trial_id[:SHOWN_DIGITS]
    failures = results.sql(
        "SELECT cause FROM failures WHERE trial_id = $trial_id ORDER BY failed_at DESC LIMIT 1", {"trial_id": trial_id}
    ).rows()
    what = f"its last attempt failed: {failures[0][0]}" if failures else "it has not been trained yet"
    return f"trial {short_id} has no row to compare with; {what} (amor show {short_id} tells more)"
