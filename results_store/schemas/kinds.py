"""The kinds of rows: their folder and the columns that each of them always has."""

from __future__ import annotations

from enum import Enum

from results_store.schemas.columns import ColumnType

__all__ = ["Kind"]

_TEXT, _COUNT, _REAL, _FLAG, _TIME, _TEXTS, _COUNTS, _REALS = (
    ColumnType.VARCHAR,
    ColumnType.BIGINT,
    ColumnType.DOUBLE,
    ColumnType.BOOLEAN,
    ColumnType.TIMESTAMP,
    ColumnType.VARCHARS,
    ColumnType.BIGINTS,
    ColumnType.DOUBLES,
)


class Kind(Enum):
    """A kind of row; the value is the name of its folder."""

    STUDIES = "studies"
    TRIALS = "trials"
    EPOCHS = "epochs"
    ENTROPY = "entropy"
    GATES = "gates"
    FAILURES = "failures"
    RETRACTIONS = "retractions"
    SEARCH = "search"

    @property
    def fixed_columns(self) -> dict[str, ColumnType]:
        """Columns that every row has, in the order in which they are shown; do not change the answer."""
        return _FIXED_COLUMNS[self]

    def default_of(self, name: str) -> str | None:
        """What a column reads as where a file lacks it, as a text that SQL can cast to its type; None for NULL."""
        return _DEFAULTS[self].get(name)

    @property
    def required_columns(self) -> frozenset[str]:
        """Columns without which a file is not of this kind."""
        return _REQUIRED_COLUMNS[self]

    def may_have(self, name: str, column_type: ColumnType) -> bool:
        """Whether a file of this kind may have such a column."""
        fixed = self.fixed_columns.get(name)
        return fixed is None or fixed == column_type


_ATTEMPT = {"trial_id": _TEXT, "attempt_id": _TEXT}

_FIXED_COLUMNS: dict[Kind, dict[str, ColumnType]] = {
    Kind.STUDIES: {
        "submission_id": _TEXT,
        "study": _TEXT,
        "submitted_at": _TIME,
        "member": _COUNT,
        "variant": _TEXT,
        "point": _TEXT,
        "cell_id": _TEXT,
        "trial_id": _TEXT,
        "seed": _COUNT,
        "config": _TEXT,
        "description": _TEXT,
        "tags": _TEXTS,
        "file_name": _TEXT,
        "file_text": _TEXT,
        "settings": _TEXTS,
        "trainable": _TEXT,
        "trainable_version": _COUNT,
        "metrics": _TEXT,
        "limits": _TEXT,
        "tables": _TEXT,
        "figures": _TEXT,
        "claims": _TEXT,
        "searches": _TEXT,
    },
    Kind.TRIALS: {
        **_ATTEMPT,
        "trainable": _TEXT,
        "trainable_version": _COUNT,
        "seed": _COUNT,
        "status": _TEXT,
        "config": _TEXT,
        "duration_s": _REAL,
        "stack_size": _COUNT,
        "git_commit": _TEXT,
        "git_dirty": _FLAG,
        "source_hash": _TEXT,
        "versions": _TEXT,
        "host": _TEXT,
        "cpu": _TEXT,
        "threads": _COUNT,
        "finished_at": _TIME,
    },
    Kind.EPOCHS: {**_ATTEMPT, "epoch": _COUNT},
    Kind.ENTROPY: dict(_ATTEMPT),
    Kind.GATES: dict(_ATTEMPT),
    Kind.FAILURES: {
        **_ATTEMPT,
        "kind": _TEXT,
        "host": _TEXT,
        "cause": _TEXT,
        "traceback": _TEXT,
        "gave_up": _FLAG,
        "stack_size": _COUNT,
        "failed_at": _TIME,
    },
    Kind.RETRACTIONS: {**_ATTEMPT, "reason": _TEXT, "retracted_at": _TIME},
    Kind.SEARCH: {
        "search_id": _TEXT,
        "event": _TEXT,
        "round_index": _COUNT,
        "candidate": _COUNT,
        "cell_id": _TEXT,
        "parameters": _TEXT,
        "config": _TEXT,
        "point": _TEXT,
        "seeds": _COUNTS,
        "trial_ids": _TEXTS,
        "objective_names": _TEXTS,
        "objective_directions": _TEXTS,
        "state": _TEXT,
        "objective_values": _REALS,
        "violations": _REALS,
        "reason": _TEXT,
        "study": _TEXT,
        "num_duplicates": _COUNT,
        "num_invalid": _COUNT,
        "recorded_at": _TIME,
    },
}

_REQUIRED_COLUMNS: dict[Kind, frozenset[str]] = {
    Kind.STUDIES: frozenset(
        {"submission_id", "study", "submitted_at", "member", "variant", "cell_id", "trial_id", "seed"}
    ),
    Kind.TRIALS: frozenset({"trial_id", "attempt_id", "seed", "status", "finished_at"}),
    Kind.EPOCHS: frozenset({"trial_id", "attempt_id", "epoch"}),
    Kind.ENTROPY: frozenset({"trial_id", "attempt_id"}),
    Kind.GATES: frozenset({"trial_id", "attempt_id"}),
    Kind.FAILURES: frozenset({"trial_id", "attempt_id", "failed_at"}),
    Kind.RETRACTIONS: frozenset({"trial_id", "attempt_id"}),
    Kind.SEARCH: frozenset({"search_id", "event", "candidate", "cell_id", "recorded_at"}),
}

# A column that is added to a kind some day is missing in older files. It reads there as what was true of every row
# then, if that is known; otherwise as NULL. Merged files hold what was read, so do not change a default.
_DEFAULTS: dict[Kind, dict[str, str]] = {
    Kind.STUDIES: {
        "point": "",
        "description": "",
        "tags": "[]",
        "settings": "[]",
        "metrics": "[]",
        "limits": "{}",
        "tables": "[]",
        "figures": "[]",
        "claims": "[]",
        "searches": "[]",
    },
    Kind.TRIALS: {"stack_size": "1"},
    Kind.EPOCHS: {},
    Kind.ENTROPY: {},
    Kind.GATES: {},
    Kind.FAILURES: {"traceback": "", "gave_up": "false", "stack_size": "1"},
    Kind.RETRACTIONS: {"reason": ""},
    Kind.SEARCH: {},
}
