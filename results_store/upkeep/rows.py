"""Which rows make no sense, alone or beside each other."""

# ruff: noqa: S608 - everything that enters this SQL is a name of ours or goes through `literal`
from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from results_store.catalogue import Scan
from results_store.catalogue.sources import columns_of, literal, source
from results_store.records import FailureKind, TrialStatus
from results_store.schemas import Kind
from results_store.upkeep.search_rows import CONDITIONS, search_findings, search_notes
from results_store.upkeep.weights import lost_weights, notes_on_weights
from results_store.wording import counted

__all__ = ["RowChecks"]

_JSON = {
    Kind.TRIALS: {"config": "OBJECT", "versions": "OBJECT"},
    Kind.STUDIES: {
        "config": "OBJECT",
        "limits": "OBJECT",
        **dict.fromkeys(("metrics", "tables", "figures", "claims", "searches"), "ARRAY"),
    },
    Kind.SEARCH: {"config": "OBJECT", "parameters": "OBJECT"},
}
"""Columns that hold JSON, and what it is."""

_OF_MEMBERS = ("member", "variant", "cell_id", "trial_id", "seed")
_ONLY_SEARCHES = (
    "("
    + " AND ".join(f"{name} IS NULL" for name in _OF_MEMBERS)
    + " AND CASE WHEN json_valid(searches) THEN json_array_length(searches) > 0 ELSE false END)"
)
"""Whether the row of a submission is that of a study without members, which only searches."""


class RowChecks:
    """Checks over the files of a store.

    Args:
        connection: May read the files; views of their rows are made on it.
        scans: Files that were found good.

    Raises:
        duckdb.Error: A file cannot be read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, scans: Mapping[Kind, Scan]) -> None:
        self._connection = connection
        for kind, scan in scans.items():
            rows = source(kind, scan, columns_of(kind, scan), "filename")
            connection.execute(f"CREATE VIEW {kind.value} AS {rows}")

    def findings(self) -> Iterator[tuple[Path, str]]:
        """A file for each thing that makes no sense, and what it is.

        Raises:
            duckdb.Error: A file cannot be read.
        """
        yield from self._single_rows()
        yield from self._rows_that_differ()
        yield from self._submissions()
        yield from self._configurations()
        yield from search_findings(self._all)

    def notes(self) -> list[str]:
        """What is no fault: rows of attempts that never got to their end.

        Raises:
            duckdb.Error: A file cannot be read.
        """
        notes = []
        for kind in (Kind.EPOCHS, Kind.ENTROPY, Kind.GATES):
            found = self._all(
                f"SELECT count(DISTINCT attempt_id) FROM {kind.value} ANTI JOIN trials USING (trial_id, attempt_id)"
            )
            if num_attempts := found[0][0]:
                notes.append(
                    f"{kind.value}/ has rows of {counted(num_attempts, 'attempt')} without a row in trials/: "
                    f"killed, or still running; no view shows them"
                )
        found = self._all("SELECT count(*) FROM retractions ANTI JOIN trials USING (trial_id, attempt_id)")
        if found[0][0]:
            notes.append(f"retractions/ has {counted(found[0][0], 'row')} of attempts that are not in the store")
        return notes + search_notes(self._all)

    def _single_rows(self) -> Iterator[tuple[Path, str]]:
        for kind, condition, shown, what in _conditions():
            found = self._all(
                f"SELECT filename, count(*), any_value({shown}::VARCHAR) FROM {kind.value} "
                f"WHERE {condition} GROUP BY filename ORDER BY filename"
            )
            for path, num_rows, value in found:
                example = "" if value is None else f" ({value:.60})"
                yield Path(path), f"{counted(num_rows, 'row')} with {what}{example}"

    def _rows_that_differ(self) -> Iterator[tuple[Path, str]]:
        keys = {Kind.TRIALS: "attempt_id", Kind.EPOCHS: "attempt_id, epoch"}
        for kind, key in keys.items():
            found = self._all(
                f"""
                WITH twice AS (SELECT {key} FROM {kind.value} GROUP BY ALL HAVING count(*) > 1),
                different AS (
                    SELECT * EXCLUDE (filename), min(filename) AS filename
                    FROM {kind.value} SEMI JOIN twice USING ({key}) GROUP BY ALL
                )
                SELECT min(filename), attempt_id, count(*) FROM different
                GROUP BY {key} HAVING count(*) > 1 ORDER BY ALL
                """
            )
            for path, attempt_id, num_rows in found:
                yield Path(path), f"attempt {attempt_id} has {num_rows} different rows where it can have one"

    def _submissions(self) -> Iterator[tuple[Path, str]]:
        shared = (
            "submitted_at, description, tags, trainable, trainable_version, "
            "file_name, file_text, settings, metrics, limits, tables, figures, claims, searches"
        )
        found = self._all(
            f"""
            SELECT min(filename), study, count(DISTINCT member), coalesce(max(member)::HUGEINT + 1, 0),
                count(DISTINCT hash({shared})),
                count(DISTINCT hash(member, variant, point, cell_id, trial_id, seed, config))
            FROM studies GROUP BY study, submission_id ORDER BY ALL
            """
        )
        for path, study, num_members, expected, num_texts, num_rows in found:
            if num_members != expected:
                yield Path(path), f"a submission of {study!r} has {num_members} of its {expected} members"
            if num_texts > 1 or num_rows > max(num_members, 1):
                yield Path(path), f"the rows of a submission of {study!r} contradict each other"

    def _configurations(self) -> Iterator[tuple[Path, str]]:
        """Trials that are recorded with two configurations; a field that one lacks is at its default there."""
        found = self._all(
            """
            WITH recorded AS (
                SELECT trial_id, config, seed, trainable, trainable_version, filename FROM trials
                UNION ALL SELECT trial_id, config, seed, trainable, trainable_version, filename FROM studies
                UNION ALL SELECT unnest(trial_ids), config, unnest(seeds), NULL, NULL, filename FROM search
            ), suspicious AS (
                SELECT trial_id,
                    min(seed) <> max(seed) OR min(trainable) <> max(trainable)
                        OR min(trainable_version) <> max(trainable_version) AS is_other
                FROM recorded WHERE trial_id IS NOT NULL GROUP BY trial_id
                HAVING min(config) <> max(config) OR is_other
            )
            SELECT trial_id, min(filename), list(DISTINCT config), any_value(is_other)
            FROM recorded JOIN suspicious USING (trial_id) GROUP BY trial_id ORDER BY ALL
            """
        )
        for trial_id, path, configs, is_other in found:
            if is_other:
                yield Path(path), f"trial {trial_id} is recorded with two seeds or trainables"
            elif (key := _contradiction(configs)) is not None:
                yield Path(path), f"trial {trial_id} is recorded with two configurations: they differ in {key}"

    def lost_weights(self, names: Collection[str]) -> Iterator[tuple[Path, str]]:
        """A file of rows for each that names weights which are not among the sound files `names`, and what is missing.

        Raises:
            duckdb.Error: A file cannot be read.
        """
        yield from lost_weights(self._all, names)

    def notes_on_weights(self, names: Collection[str]) -> list[str]:
        """What is no fault: sound files of weights that no row names.

        Raises:
            duckdb.Error: A file cannot be read.
        """
        return notes_on_weights(self._all, names)

    def _all(self, sql: str, *parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, *parameters).fetchall()


def _conditions() -> Iterator[tuple[Kind, str, str, str]]:
    """Kind, condition of a wrong row, the value to show, and what is wrong."""
    for kind in Kind:
        for name in sorted(kind.required_columns):
            but_for = f" AND NOT {_ONLY_SEARCHES}" if kind is Kind.STUDIES and name in _OF_MEMBERS else ""
            yield kind, f"{name} IS NULL{but_for}", "NULL", f"no {name}"
        for name in ("trial_id", "attempt_id", "cell_id", "submission_id", "search_id"):
            if name in kind.required_columns:
                condition = f"NOT regexp_full_match({name}, '[0-9a-f]{{32}}')"
                yield kind, condition, name, f"a {name} that is not 32 hex digits"
        for name, shape in _JSON.get(kind, {}).items():
            is_valid = f"json_valid({name})"
            yield kind, f"NOT {is_valid}", name, f"a {name} that is no JSON"
            has_shape = f"json_type({name}) = {literal(shape)}"
            yield (
                kind,
                f"CASE WHEN {is_valid} THEN NOT {has_shape} END",
                name,
                f"a {name} that is no JSON {shape.lower()}",
            )
    for kind, name, least in ((Kind.EPOCHS, "epoch", 0), (Kind.STUDIES, "member", 0), (Kind.TRIALS, "stack_size", 1)):
        yield kind, f"{name} < {least}", name, f"a {name} below {least}"
    yield Kind.TRIALS, f"status NOT IN ({_list(TrialStatus)})", "status", "an unknown status"
    is_no_file = "NOT regexp_full_match(weights_file, '[0-9a-f]{64}\\.safetensors')"
    yield Kind.TRIALS, is_no_file, "weights_file", "a weights_file that is no name of one"
    yield Kind.FAILURES, f"kind NOT IN ({_list(FailureKind)})", "kind", "an unknown kind"
    for condition, shown, what in CONDITIONS:
        yield Kind.SEARCH, condition, shown, what


def _list(values: type[StrEnum]) -> str:
    return ", ".join(literal(value) for value in values)


def _contradiction(configs: list[str]) -> str | None:
    """A key that two configurations have with different values, or None."""
    seen: dict[str, Any] = {}
    for text in configs:
        try:
            leaves = dict(_leaves(json.loads(text), ""))
        except ValueError:
            continue  # told already
        except RecursionError:
            return "their depth"
        for key, value in leaves.items():
            if seen.setdefault(key, value) != value:
                return key
    return None


def _leaves(node: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(node, dict):
        yield prefix, node
        return
    for key, value in node.items():
        yield from _leaves(value, f"{prefix}.{key}" if prefix else key)
