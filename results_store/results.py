"""A store opened for reading: SQL over its views, the results of a study, its tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from results_store.catalogue import Problem, ViewBuilder, scan_store
from results_store.catalogue.memory import VerificationMemory
from results_store.layout import Layout
from results_store.query import QueryResult, checked_select, connect, translated_errors

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
        self._problems = tuple(problem for scan in scans.values() for problem in scan.problems)
        self._connection = connect(layout.root)
        self._views = ViewBuilder(self._connection, scans, memory)

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
        return self._run(query, parameters or {})

    def explain(self, query: str, parameters: Mapping[str, Any] | None = None) -> str:
        """DuckDB's plan of a query that `sql` would run.

        Raises:
            QueryError: As for `sql`.
        """
        statement = checked_select(query, self._connection)
        self._views.make_for(query)
        with translated_errors():
            rows = self._connection.execute(f"EXPLAIN {statement.query}", dict(parameters or {})).fetchall()
        return "\n".join(str(row[-1]) for row in rows)

    def results(self, study: str) -> QueryResult:
        """The rows of the view `results` of one study, in the study's order of variants and seeds.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        self._submission(study)
        return self.sql("SELECT * FROM results WHERE study = $study", {"study": study})

    def _run(self, query: str, parameters: Mapping[str, Any]) -> QueryResult:
        statement = checked_select(query, self._connection)
        with translated_errors():
            self._views.make_for(query)
            cursor = self._connection.cursor()
            return QueryResult(cursor.sql(statement.query, params=dict(parameters)))


def open_store(store: str | Path) -> Results:
    """Opens a store for reading.

    Args:
        store: Its folder.

    Raises:
        StorePathError: There is no such folder, it is a file, or it cannot be read.
    """
    return Results(Layout(store))
