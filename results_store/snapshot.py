"""The files of a store at one moment, and a connection that shows their rows as views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from results_store.catalogue import Segments, ViewBuilder, foreign_entries, lost_retractions, scan_store
from results_store.catalogue.memory import VerificationMemory
from results_store.layout import Layout
from results_store.query import connect
from results_store.text import inert

__all__ = ["Snapshot"]


class Snapshot:
    """What a store held at the moment of making this.

    A compaction may delete files of it later; then every query over them fails, and none gives fewer rows.

    Attributes:
        problems: Damaged and foreign files, which no query reads, and retractions among them in the quarantine.
        connection: Where the views are.

    Raises:
        StorePathError: The store's folders cannot be listed, or are no folders.
    """

    def __init__(self, layout: Layout) -> None:
        layout.refuse_strangers()
        memory = VerificationMemory(layout.verified)
        scans = scan_store(layout, memory)
        self.problems = (
            *foreign_entries(layout),
            *lost_retractions(layout),
            *(problem for scan in scans.values() for problem in scan.problems),
        )
        self.connection = connect(layout.root)
        self._views = ViewBuilder(self.connection, scans, memory, Segments(layout, memory, self.connection))

    def bind(self, query: str, parameters: dict[str, Any]) -> duckdb.DuckDBPyRelation:
        """A checked query as a relation that is computed when its rows are fetched.

        Raises:
            duckdb.Error: The query is wrong, or a file is gone.
        """
        self._views.make_for(query)
        cursor = self.connection.cursor()
        try:
            return cursor.sql(query, params=parameters)
        except duckdb.Error:
            cursor.execute(query, parameters)  # raises the same, with the place in the query
            raise

    def explain(self, query: str, parameters: Mapping[str, Any]) -> str:
        """DuckDB's plan of a checked query.

        Raises:
            duckdb.Error: The query is wrong, or a file is gone.
        """
        self._views.make_for(query)
        rows = self.connection.execute(f"EXPLAIN {query}", dict(parameters)).fetchall()
        return inert("\n".join(str(row[-1]) for row in rows), keep="\n")

    def has_lost_files(self) -> bool:
        """Whether a file that it reads is not there any more."""
        return not all(path.exists() for path in self._views.paths())
