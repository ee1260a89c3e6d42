"""Records to rows: flattens configurations into columns and finds each column's type."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from results_store.errors import RecordError
from results_store.records import (
    CandidateRecord,
    EntropyRecord,
    EpochRecord,
    FailureRecord,
    GateRecord,
    Record,
    RetractionRecord,
    SubmissionRecord,
    TrialRecord,
)
from results_store.schemas.columns import ColumnType, common_type, type_of_value
from results_store.schemas.kinds import Kind
from results_store.schemas.names import NAMES_OF_CANDIDATES, NAMES_OF_RESULTS

__all__ = ["check_submission", "config_columns", "kind_of", "to_table"]

_KINDS: dict[type, Kind] = {
    SubmissionRecord: Kind.STUDIES,
    TrialRecord: Kind.TRIALS,
    EpochRecord: Kind.EPOCHS,
    EntropyRecord: Kind.ENTROPY,
    GateRecord: Kind.GATES,
    FailureRecord: Kind.FAILURES,
    RetractionRecord: Kind.RETRACTIONS,
    CandidateRecord: Kind.SEARCH,
}


def kind_of(records: Sequence[Record]) -> Kind:
    """The kind of rows that records become.

    Raises:
        RecordError: There are none, or they are of several kinds.
    """
    kinds = {_KINDS[type(record)] for record in records}
    if len(kinds) != 1:
        names = ", ".join(sorted(kind.value for kind in kinds)) or "none"
        raise RecordError(f"records of exactly one kind can be published together, got: {names}")
    return kinds.pop()


def to_table(records: Sequence[Record]) -> tuple[Kind, pa.Table]:
    """Turns records of one kind into the rows of one file.

    A column that is None in every row is left out, unless its kind always has it.

    Raises:
        RecordError: Records of several kinds, a clash of names, or a value that no column can hold.
    """
    kind = kind_of(records)
    rows = [row for record in records for row in _rows_of(record)]
    types: dict[str, ColumnType | None] = dict(kind.fixed_columns)
    for row in rows:
        for name, value in row.items():
            if name in kind.fixed_columns:
                continue
            types[name] = common_type(types.get(name), type_of_value(value))
    arrays = {
        name: _array(name, [row.get(name) for row in rows], column_type)
        for name, column_type in types.items()
        if column_type is not None
    }
    return kind, pa.table(arrays)


def config_columns(config: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of a nested configuration by the names of their columns, lower case, joined by `_`.

    Raises:
        RecordError: Two leaves get the same name.
    """
    columns: dict[str, Any] = {}

    def visit(prefix: str, node: Mapping[str, Any]) -> None:
        for key, value in node.items():
            name = f"{prefix}_{key}" if prefix else str(key)
            if isinstance(value, Mapping):
                visit(name, value)
                continue
            column = re.sub(r"\W", "_", name).lower()
            if column in columns:
                raise RecordError(f"two fields of the configuration would share the column {column!r}")
            columns[column] = _scalar(value)

    visit("", config)
    return columns


def check_submission(record: SubmissionRecord, candidates: Iterable[Mapping[str, Any]] = ()) -> None:
    """Finds out before anything runs whether the rows of a study can be stored.

    Args:
        record: The submission.
        candidates: Configurations as its searches may propose them, of which the record knows the searched keys only.

    Raises:
        RecordError: There are neither members nor searches, or a metric or field has a name that is already taken.
    """
    if not record.members and not record.searches:
        raise RecordError(f"study {record.study!r} has no trials")
    metrics = {metric.name for metric in record.metrics}
    for name in sorted(metrics):
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise RecordError(
                f"metric {name!r}: names of metrics are lower-case letters, digits and underscores, "
                f"for they become columns"
            )
    _refuse_clash(metrics, Kind.TRIALS.fixed_columns.keys() | NAMES_OF_RESULTS, "metric")
    _refuse_clash(metrics, Kind.EPOCHS.fixed_columns.keys(), "metric")
    fields = {name for member in record.members for name in config_columns(member.config)}
    taken = Kind.TRIALS.fixed_columns.keys() | Kind.STUDIES.fixed_columns.keys() | NAMES_OF_RESULTS | metrics
    if record.searches:
        confirmed = {f"confirmed_{name}" for name in metrics}
        of_searches = NAMES_OF_CANDIDATES | Kind.SEARCH.fixed_columns.keys() | confirmed
        of_views = {name for name in metrics if f"confirmed_{name}" in NAMES_OF_CANDIDATES}
        _refuse_clash(metrics, of_searches | of_views, "metric")
        taken |= of_searches
        searched = {key: None for search in record.searches for key in search.get("parameters", {})}
        fields |= {name for config in (searched, *candidates) for name in config_columns(config)}
    _refuse_clash(fields, taken, "field")


def _refuse_clash(names: Any, taken: Any, what: str) -> None:
    clash = sorted(set(names) & set(taken))
    if clash:
        raise RecordError(f"{what} {clash[0]!r} would share a column with something else of that name; rename it")


def _rows_of(record: Record) -> list[dict[str, Any]]:
    match record:
        case TrialRecord():
            return [_trial_row(record)]
        case EpochRecord():
            return [_with(_fields(record, "metrics"), record.metrics, "metric")]
        case EntropyRecord():
            return [_with(_fields(record, "values"), record.values, "value")]
        case GateRecord():
            return [_with(_fields(record, "values"), record.values, "value")]
        case FailureRecord() | RetractionRecord():
            return [_fields(record)]
        case CandidateRecord():
            return [_candidate_row(record)]
        case SubmissionRecord():
            return _submission_rows(record)


def _fields(record: Record, *leave_out: str) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(record) if field.name not in leave_out]
    return {name: getattr(record, name) for name in names}


def _with(row: dict[str, Any], values: Mapping[str, Any], what: str) -> dict[str, Any]:
    _refuse_clash(values, row, what)
    return {**row, **{name: _scalar(value) for name, value in values.items()}}


def _scalar(value: Any) -> Any:
    """The value itself, or the plain one inside a scalar or an array of numpy."""
    return value.tolist() if hasattr(value, "tolist") else value


def _trial_row(record: TrialRecord) -> dict[str, Any]:
    row = _fields(record, "config", "metrics", "provenance")
    provenance = record.provenance
    row |= {field.name: getattr(provenance, field.name) for field in dataclasses.fields(provenance)}
    row |= {"versions": _json(provenance.versions), "config": _json(record.config)}
    row = _with(row, config_columns(record.config), "field")
    return _with(row, record.metrics, "metric")


def _candidate_row(record: CandidateRecord) -> dict[str, Any]:
    row = _fields(record)
    row |= {"parameters": _json(record.parameters), "config": _json(record.config)}
    _refuse_clash(config_columns(record.config), NAMES_OF_CANDIDATES, "field")
    return _with(row, config_columns(record.config), "field")


def _submission_rows(record: SubmissionRecord) -> list[dict[str, Any]]:
    check_submission(record)
    shared = _fields(record, "members", "metrics", "limits", "tables", "figures", "claims", "searches")
    shared |= {
        "metrics": _json([dataclasses.asdict(metric) for metric in record.metrics]),
        "limits": _json(record.limits),
        "tables": _json([dataclasses.asdict(table) for table in record.tables]),
        "claims": _json([dataclasses.asdict(claim) for claim in record.claims]),
        "figures": _json([dataclasses.asdict(figure) for figure in record.figures]),
        "searches": _json(list(record.searches)),
    }
    if not record.members:
        return [shared]  # a study that only searches has no members beforehand
    rows = []
    for position, member in enumerate(record.members):
        row = {field.name: getattr(member, field.name) for field in dataclasses.fields(member)}
        row |= {"member": position, "config": _json(member.config)}
        rows.append({**shared, **row, **config_columns(member.config)})
    return rows


def _array(name: str, values: list[Any], column_type: ColumnType) -> pa.Array:
    try:
        return pa.array([_adapt(value, column_type) for value in values], type=column_type.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError) as error:
        raise RecordError(f"column {name!r} cannot hold its values as {column_type.value}: {error}") from error


def _adapt(value: Any, column_type: ColumnType) -> Any:
    if value is None:
        return None
    if column_type.is_list:
        return [_adapt(item, column_type.element) for item in value]
    if column_type is ColumnType.VARCHAR and not isinstance(value, str):
        return _json(value)
    if column_type is ColumnType.VARCHAR:
        # A lone surrogate, as in a file name of undecodable bytes, has no UTF-8.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if column_type is ColumnType.TIMESTAMP:
        return _utc(value)
    if column_type is ColumnType.DOUBLE:
        return float(value)
    return value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise RecordError(f"a time without a zone is ambiguous: {value.isoformat()}; use datetime.now(UTC)")
    return value.astimezone(UTC).replace(tzinfo=None)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise RecordError(f"a value cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r:.100}")
