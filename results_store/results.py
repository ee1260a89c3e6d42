"""A store opened for reading: SQL over its views, the results of a study, its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from results_store.catalogue import Problem, Segments, ViewBuilder, foreign_entries, scan_store
from results_store.catalogue.memory import VerificationMemory
from results_store.errors import UnknownNameError
from results_store.layout import Layout
from results_store.query import QueryResult, checked_select, connect, translated_errors
from results_store.records import MetricInfo, TableRecord, TableRow
from results_store.tables import Table, build_table
from results_store.text import inert

__all__ = ["Results", "open_store"]


class Results:
    """The rows of a store as they were at the moment of opening.

    Args:
        layout: The store.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        memory = VerificationMemory(layout.verified)
        scans = scan_store(layout, memory)
        self._problems = (
            *foreign_entries(layout),
            *(problem for scan in scans.values() for problem in scan.problems),
        )
        self._connection = connect(layout.root)
        self._views = ViewBuilder(self._connection, scans, memory, Segments(layout, memory, self._connection))

    def __repr__(self) -> str:
        return f"results_store.open({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self._layout.root

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Damaged and foreign files, which no query reads."""
        return self._problems

    def sql(self, query: str, parameters: Mapping[str, Any] | None = None) -> QueryResult:
        """Runs one SELECT over the views `trials, epochs, failures, studies, results, entropy, gates`.

        Args:
            query: The SELECT; named parameters are written `$name`.
            parameters: Their values.

        Raises:
            QueryError: The query is no single SELECT, reads outside of the store, or DuckDB reports an error.
        """
        statement = checked_select(query, self._connection)
        with translated_errors():
            self._views.make_for(query)
            return QueryResult(self._bind(statement.query, dict(parameters or {})))

    def _bind(self, query: str, parameters: dict[str, Any]) -> duckdb.DuckDBPyRelation:
        cursor = self._connection.cursor()
        try:
            return cursor.sql(query, params=parameters)
        except duckdb.Error:
            cursor.execute(query, parameters)  # raises the same, with the place in the query
            raise

    def explain(self, query: str, parameters: Mapping[str, Any] | None = None) -> str:
        """DuckDB's plan of a query that `sql` would run.

        Raises:
            QueryError: As for `sql`.
        """
        statement = checked_select(query, self._connection)
        with translated_errors():
            self._views.make_for(query)
            rows = self._connection.execute(f"EXPLAIN {statement.query}", dict(parameters or {})).fetchall()
        return "\n".join(str(row[-1]) for row in rows)

    def results(self, study: str) -> QueryResult:
        """The rows of the view `results` of one study, in the study's order of variants and seeds.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        self._submission(study)
        return self.sql("SELECT * FROM results WHERE study = $study ORDER BY member", {"study": study})

    def tables(self, study: str) -> list[str]:
        """Names of the tables that a study asks for.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        return [record.name for record in self._table_records(self._submission(study))]

    def table(self, study: str, name: str) -> Table:
        """A table of a study over the rows that are there.

        Raises:
            UnknownNameError: There is no such study or table.
            QueryError: The table's query fails.
        """
        submission = self._submission(study)
        records = self._table_records(submission)
        record = next((record for record in records if record.name == name), None)
        if record is None:
            known = ", ".join(record.name for record in records) or "none"
            raise UnknownNameError(inert(f"study {study!r} has no table {name!r}; its tables: {known}"))
        metrics = [MetricInfo(**metric) for metric in json.loads(submission["metrics"])]
        takes_study = "study" in checked_select(record.sql, self._connection).named_parameters
        result = self.sql(record.sql, {"study": study} if takes_study else {})
        return build_table(result, record, metrics)

    @staticmethod
    def _table_records(submission: Mapping[str, Any]) -> list[TableRecord]:
        return [
            TableRecord(**{**table, "rows": [TableRow(**row) for row in table["rows"]]})
            for table in json.loads(submission["tables"])
        ]

    def _submission(self, study: str) -> dict[str, Any]:
        """The latest submission of a study: its row in the view `studies`."""
        found = self.sql("SELECT * FROM studies WHERE study = $study AND is_latest", {"study": study}).dicts()
        if not found:
            names = [row[0] for row in self.sql("SELECT DISTINCT study FROM studies ORDER BY study").rows()]
            known = f"it has: {', '.join(names)}" if names else "it has no studies yet"
            raise UnknownNameError(inert(f"no study {study!r} in the store {self.path}; {known}"))
        return found[0]


def open_store(store: str | Path) -> Results:
    """Opens a store for reading.

    Args:
        store: Its folder; one that is not there yet is an empty store, and is not made.

    Raises:
        StorePathError: It is a file, or cannot be read.
    """
    return Results(Layout(store))
