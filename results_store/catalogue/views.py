"""The SQL views that users query.

Every view is made when a query first names it, because binding a view opens its files.
"""

# ruff: noqa: S608 - everything that enters this SQL is a name of ours or goes through `identifier`

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.results_view import results
from results_store.catalogue.scan import Scan
from results_store.catalogue.search_views import ROUNDS, candidates, leaves_of_candidates, raw_candidates, standings
from results_store.catalogue.searches import SearchesOfStore, make_searches
from results_store.catalogue.segments import Segments
from results_store.catalogue.sources import columns_of, source
from results_store.schemas import ColumnType, Kind

__all__ = ["VIEW_NAMES", "ViewBuilder"]

VIEW_NAMES = ("studies", "trials", "epochs", "failures", "results", "candidates", "rounds", "entropy", "gates")

_NEEDS = {
    "studies": (),
    "trials": (),
    "epochs": ("trials",),
    "failures": (),
    "results": ("trials",),
    "candidates": ("trials",),
    "rounds": ("trials",),
    "entropy": ("trials",),
    "gates": ("trials",),
}

# A query with one of these words may look at views that it does not name.
_REFLECTION = re.compile(
    r"\b(show|describe|information_schema|pg_catalog|sqlite_master|(duckdb|pragma)_\w+|query(_table)?\s*\()"
)

# What is in the schema `raw`; where such a name is missed, a view is made that nobody asks for.
_RAW_NAME = re.compile(r"\braw\"?\s*\.\s*\"?\w+")

_STUDIES = """
SELECT study, submission_id, any_value(submitted_at) AS submitted_at,
    row_number() OVER (
        PARTITION BY study ORDER BY any_value(submitted_at) DESC, submission_id DESC
    ) = 1 AS is_latest,
    any_value(description) AS description, any_value(tags) AS tags,
    any_value(trainable) AS trainable, any_value(trainable_version) AS trainable_version,
    count(DISTINCT variant) AS num_variants, count(DISTINCT cell_id) AS num_cells,
    count(DISTINCT trial_id) AS num_trials,
    any_value(file_name) AS file_name, any_value(file_text) AS file_text, any_value(settings) AS settings,
    any_value(metrics) AS metrics, any_value(limits) AS limits, any_value(tables) AS tables,
    any_value(figures) AS figures, any_value(claims) AS claims, any_value(searches) AS searches
FROM raw.studies
GROUP BY study, submission_id
"""


class ViewBuilder:
    """Makes views on a connection.

    Views of users are in the schema `main`. The schema `raw` holds the rows of every file as they were
    published, also those of attempts that do not count.

    Args:
        connection: Where to make them.
        scans: The files of each kind.
        memory: Remembers which sets of files hold no row twice.
        segments: Copies of many small files in one.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scans: Mapping[Kind, Scan],
        memory: VerificationMemory,
        segments: Segments,
    ) -> None:
        self._connection = connection
        self._segments = segments
        self._to_read: dict[Kind, Scan] = {}
        self._scans = scans
        self._memory = memory
        self._made: set[str] = set()
        self._of_studies: SearchesOfStore | None = None
        self._columns = {kind: columns_of(kind, scan) for kind, scan in scans.items()}
        connection.execute("CREATE SCHEMA raw")

    def make_for(self, sql: str) -> None:
        """Makes the views that a query may look at."""
        text = sql.lower()
        everything = _REFLECTION.search(text) is not None
        beside_raw = _RAW_NAME.sub("", text)
        for name in VIEW_NAMES:
            if everything or name in beside_raw:
                self._make(name)
        for kind in Kind:
            if everything or ("raw" in text and kind.value in text):
                self._make_raw(kind)
        if everything or ("raw" in text and "candidates" in text):
            self._make_raw_candidates()
        self._memory.save()

    def paths(self) -> Iterator[Path]:
        """All files that the views may read."""
        for scans in (self._scans, self._to_read):
            for scan in scans.values():
                yield from (file.path for file in scan.files)

    def _declare_metrics(self) -> None:
        """Gives `trials` the columns of metrics that no trial has reported yet.

        So the queries of a study's tables can be run from its first minute.
        """
        if "metrics" in self._made:
            return
        self._made.add("metrics")
        self._make_raw(Kind.STUDIES)
        declared = self._connection.execute("SELECT DISTINCT metrics FROM raw.studies").fetchall()
        known = self._columns[Kind.TRIALS]
        missing = {
            name: ColumnType.DOUBLE for (metrics,) in declared for name in _metric_names(metrics) if name not in known
        }
        fixed = Kind.TRIALS.fixed_columns
        others = {name: column for name, column in (known | missing).items() if name not in fixed}
        self._columns[Kind.TRIALS] = {**fixed, **dict(sorted(others.items()))}

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        self._made.add(name)
        for needed in _NEEDS[name]:
            self._make(needed)
        self._connection.execute(f"CREATE VIEW {name} AS {self._definition(name)}")

    def _make_raw(self, kind: Kind) -> None:
        name = f"raw.{kind.value}"
        if name in self._made:
            return
        self._made.add(name)
        query = self._source(kind, self._columns[kind])
        self._connection.execute(f"CREATE VIEW {name} AS {query}")

    def _make_raw_candidates(self) -> None:
        if "raw.candidates" in self._made:
            return
        self._made.add("raw.candidates")
        self._make_raw(Kind.SEARCH)
        query = raw_candidates(leaves_of_candidates(self._columns[Kind.SEARCH]))
        self._connection.execute(f"CREATE VIEW raw.candidates AS {query}")

    def _source(self, kind: Kind, columns: Mapping[str, ColumnType], *extra: str) -> str:
        if kind not in self._to_read:
            self._to_read[kind] = self._segments.cover(kind, self._scans[kind])
        return source(kind, self._to_read[kind], columns, *extra)

    def _definition(self, name: str) -> str:
        match name:
            case "studies":
                self._make_raw(Kind.STUDIES)
                return _STUDIES
            case "trials":
                return self._trials()
            case "epochs":
                return self._epochs()
            case "failures":
                self._make_raw(Kind.FAILURES)
                return "SELECT DISTINCT * FROM raw.failures"
            case "results":
                return self._results()
            case "candidates":
                return self._candidates()
            case "rounds":
                return self._rounds()
            case _:
                self._make_raw(Kind(name))
                return f"SELECT DISTINCT * FROM raw.{name} SEMI JOIN trials USING (trial_id, attempt_id)"

    def _trials(self) -> str:
        """One row per trial: no withdrawn one, a pruned run only if there is no full one, then the earliest.

        Rows that do not count are looked for once, not in every query: a window over a million rows
        costs seconds, and nearly always there is none.
        """
        self._declare_metrics()
        columns = self._columns[Kind.TRIALS]
        withdraws = bool(self._scans[Kind.RETRACTIONS].files)
        if not withdraws and self._is_unique(Kind.TRIALS, "trial_id"):
            return self._source(Kind.TRIALS, columns)  # not by way of raw.trials: each view costs milliseconds
        self._make_raw(Kind.RETRACTIONS)
        key = {name: columns[name] for name in ("trial_id", "attempt_id", "status", "finished_at")}
        self._connection.execute(
            f"""
            CREATE TABLE raw.discounted AS
            WITH attempts AS ({self._source(Kind.TRIALS, key, "filename", "file_row_number")}),
            retracted AS (SELECT (trial_id, attempt_id) FROM raw.retractions),
            standing AS (
                SELECT *, (trial_id, attempt_id) IN (FROM retracted) AS withdrawn FROM attempts
            )
            SELECT filename, file_row_number FROM standing
            QUALIFY withdrawn OR row_number() OVER (
                PARTITION BY trial_id
                ORDER BY withdrawn, status = 'pruned', finished_at, attempt_id, filename, file_row_number
            ) > 1
            """
        )
        every_row = self._source(Kind.TRIALS, columns, "filename", "file_row_number")
        return f"""
            SELECT * EXCLUDE (filename, file_row_number)
            FROM ({every_row}) ANTI JOIN raw.discounted USING (filename, file_row_number)
        """

    def _epochs(self) -> str:
        self._make_raw(Kind.EPOCHS)
        rows = "SELECT * FROM raw.epochs SEMI JOIN trials USING (trial_id, attempt_id)"
        if self._is_unique(Kind.EPOCHS, "(trial_id, attempt_id, epoch)"):
            return rows
        return f"SELECT DISTINCT ON (trial_id, attempt_id, epoch) * FROM ({rows})"

    def _results(self) -> str:
        for kind in (Kind.STUDIES, Kind.FAILURES, Kind.RETRACTIONS):
            self._make_raw(kind)
        search = None
        if self._scans[Kind.SEARCH].files:
            self._make_raw_candidates()
            self._searches()
            search = self._columns[Kind.SEARCH]
        return results(self._columns[Kind.STUDIES], self._columns[Kind.TRIALS], search)

    def _candidates(self) -> str:
        self._make_standings()
        return candidates(self._searches(), self._columns[Kind.SEARCH], self._columns[Kind.TRIALS])

    def _rounds(self) -> str:
        self._make_standings()
        return ROUNDS

    def _make_standings(self) -> None:
        """Ranks candidates once, not in every query: comparing all with all takes a while."""
        if "standings" in self._made:
            return
        self._made.add("standings")
        self._make_raw_candidates()
        self._make_raw(Kind.RETRACTIONS)
        self._connection.execute(standings(self._searches(), self._columns[Kind.TRIALS]))

    def _searches(self) -> SearchesOfStore:
        if self._of_studies is None:
            self._make_raw(Kind.STUDIES)
            self._of_studies = make_searches(self._connection)
        return self._of_studies

    def _is_unique(self, kind: Kind, key: str) -> bool:
        scan = self._scans[kind]
        if scan.num_rows <= 1 or self._memory.is_unique(kind, scan.fingerprint):
            return True
        names: dict[str, ColumnType] = {name: column for name, column in kind.fixed_columns.items() if name in key}
        found = self._connection.execute(
            f"SELECT count(*) = count(DISTINCT {key}) FROM ({self._source(kind, names)})"
        ).fetchone()
        if found is None or not found[0]:
            return False
        self._memory.remember_unique(kind, scan.fingerprint)
        return True


def _metric_names(metrics: str | None) -> list[str]:
    """The metrics that a submission declares; none if another program wrote there what is no such list."""
    try:
        return [name for metric in json.loads(metrics or "[]") if isinstance(name := metric["name"], str)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
