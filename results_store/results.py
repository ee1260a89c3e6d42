"""A store opened for reading: SQL over its views, the results of a study, its tables and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from results_store.catalogue import Problem
from results_store.charts import Chart, read_chart, read_figures
from results_store.claims import ClaimVerdicts, decide_claims
from results_store.errors import UnknownNameError
from results_store.figures import chart_figure, search_figure
from results_store.layout import Layout
from results_store.query import QueryResult, checked_select, translated_errors
from results_store.recorded import recorded_metrics, recorded_tables
from results_store.records import MetricInfo
from results_store.search import SearchHistory, SearchInfo, read_search, read_searches
from results_store.snapshot import Snapshot
from results_store.tables import IMPORTANCES, Table, build_table, importances_table
from results_store.text import inert
from results_store.weights import find_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results_store.report import Report

__all__ = ["Results", "open_store"]

Answer = TypeVar("Answer")

_MAX_LOOKS = 20
"""How many compactions may disturb one query."""


class Results:
    """The rows of a store as they were at the moment of opening.

    A compaction of the store does not disturb it: a query that finds its files merged looks at the store again,
    and then sees what was published since, too.

    Args:
        layout: The store.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._snapshot = Snapshot(layout)

    def __repr__(self) -> str:
        return f"results_store.open({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self._layout.root

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Damaged and foreign files, which no query reads."""
        return self._snapshot.problems

    def sql(self, query: str, parameters: Mapping[str, Any] | None = None) -> QueryResult:
        """Runs one SELECT over `results, trials, epochs, candidates, rounds, failures, studies, entropy, gates`.

        Args:
            query: The SELECT; named parameters are written `$name`.
            parameters: Their values.

        Raises:
            QueryError: The query is no single SELECT, reads outside of the store, or DuckDB reports an error.
        """
        statement = checked_select(query, self._snapshot.connection)
        with translated_errors():
            return QueryResult(_Question(self, statement.query, dict(parameters or {})))

    def _ask(self, question: Callable[[Snapshot], Answer]) -> Answer:
        """Asks of the files that are known; where some are gone, of those that are there now."""
        for _ in range(_MAX_LOOKS):
            snapshot = self._snapshot
            try:
                return question(snapshot)
            except duckdb.Error:
                if not self._look_again(snapshot):
                    raise
        return question(self._snapshot)

    def _look_again(self, snapshot: Snapshot) -> bool:
        """Whether files of a snapshot are gone; then there is another one."""
        if not snapshot.has_lost_files():
            return False
        if self._snapshot is snapshot:
            self._snapshot = Snapshot(self._layout)
        return True

    def explain(self, query: str, parameters: Mapping[str, Any] | None = None) -> str:
        """DuckDB's plan of a query that `sql` would run.

        Raises:
            QueryError: As for `sql`.
        """
        statement = checked_select(query, self._snapshot.connection)
        with translated_errors():
            return self._ask(lambda snapshot: snapshot.explain(statement.query, parameters or {}))

    def results(self, study: str) -> QueryResult:
        """The rows of the view `results` of one study, in the study's order of variants and seeds.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        self._submission(study)
        return self.sql("SELECT * FROM results WHERE study = $study ORDER BY member", {"study": study})

    def metrics(self, study: str) -> list[MetricInfo]:
        """The metrics of a study's trainable.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
            StoreError: What the store holds of them makes no sense.
        """
        return recorded_metrics(self._submission(study))

    def tables(self, study: str) -> list[str]:
        """Names of the tables that a study asks for, and `importances` if it has a search.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        submission = self._submission(study)
        names = [record.name for record in recorded_tables(submission)]
        has_more = bool(SearchInfo.parse(submission["searches"])) and IMPORTANCES not in names
        return [*names, IMPORTANCES] if has_more else names

    def table(self, study: str, name: str) -> Table:
        """A table of a study over the rows that are there.

        Args:
            study: Name of the study.
            name: One of the names that `tables` gives.

        Raises:
            UnknownNameError: There is no such study or table.
            QueryError: The table's query fails.
        """
        submission = self._submission(study)
        records = recorded_tables(submission)
        record = next((record for record in records if record.name == name), None)
        if record is None:
            if name == IMPORTANCES and SearchInfo.parse(submission["searches"]):
                return importances_table(read_searches(self, study))
            known = ", ".join(self.tables(study)) or "none"
            raise UnknownNameError(inert(f"study {study!r} has no table {name!r}; its tables: {known}"))
        metrics = recorded_metrics(submission)
        takes_study = "study" in checked_select(record.sql, self._snapshot.connection).named_parameters
        result = self.sql(record.sql, {"study": study} if takes_study else {})
        return build_table(result, record, metrics)

    def claims(self, *studies: str) -> ClaimVerdicts:
        """The verdicts on the claims of studies, decided on the rows that are there.

        Claims of one family are corrected together over all studies of the store, whichever are asked for.

        Args:
            studies: Names of studies; all that have claims if empty.

        Raises:
            UnknownNameError: There is no such study.
        """
        for study in studies:
            self._submission(study)
        return decide_claims(self, studies)

    def weights(self, trial_id: str) -> Path:
        """The file of a trial's trained weights; its bytes were read, and have the hash in its name.

        Args:
            trial_id: The whole id.

        Raises:
            WeightsError: The trial has none, or they are not there or damaged.
        """
        return find_weights(self, trial_id)

    def searches(self, study: str) -> tuple[SearchInfo, ...]:
        """What a study records of its searches.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        return SearchInfo.parse(self._submission(study)["searches"])

    def search(self, study: str, search: str | None = None) -> SearchHistory:
        """A search of a study: what was asked and told, and the replicates behind it.

        Args:
            study: Name of the study.
            search: A variant that is searched, the label of one of several searches, or the first digits of the
                search's id; may be left out where the study has one search.

        Raises:
            UnknownNameError: There is no such study or search, or there are several to choose from.
        """
        return read_search(self, study, search)

    def figure(self, study: str, name: str, search: str | None = None) -> Figure:
        """A figure of a study or of its search, which notebooks show and `savefig` writes.

        Args:
            study: Name of the study.
            name: One of the names that `figures` gives, or of a search's: `front, history, slices, importances`.
            search: As for `search`.

        Raises:
            UnknownNameError: There is no such study, search or figure, or there are several searches to choose from.
            MissingRowsError: The figure has nothing to show yet.
        """
        if search is None and name in self.figures(study):
            return chart_figure(self.chart(study, name))
        return search_figure(self.search(study, search), name)

    def figures(self, study: str) -> list[str]:
        """Names of the figures that a study itself asks for; those of its searches are not among them.

        Raises:
            UnknownNameError: No study of that name was submitted to this store.
        """
        return [figure.name for figure in read_figures(self, study)]

    def chart(self, study: str, name: str) -> Chart:
        """A figure of a study as data, whoever draws it.

        Args:
            study: Name of the study.
            name: One of the names that `figures` gives.

        Raises:
            UnknownNameError: There is no such study or figure.
            MissingRowsError: The figure has nothing to show yet.
        """
        return read_chart(self, study, name)

    def report(self, *studies: str, title: str = "", introduction: str = "") -> Report:
        """What came of studies: verdicts, tables, figures, failures, provenance; `html()` and `markdown()` write it.

        Args:
            studies: Their names, in the order of the report.
            title: Its heading; made of the studies if empty.
            introduction: Paragraphs below the heading, parted by empty lines; in Markdown they stand as they are, on
                the page as plain text, what is indented as it is written.

        Raises:
            UnknownNameError: A study was never submitted to this store.
            StoreError: What the store holds of a study makes no sense.
        """
        from results_store.report import build_report

        return build_report(self, studies, title, introduction)

    def _submission(self, study: str) -> dict[str, Any]:
        """The latest submission of a study: its row in the view `studies`."""
        found = self.sql("SELECT * FROM studies WHERE study = $study AND is_latest", {"study": study}).dicts()
        if not found:
            names = [row[0] for row in self.sql("SELECT DISTINCT study FROM studies ORDER BY study").rows()]
            known = f"it has: {', '.join(names)}" if names else "it has no studies yet"
            raise UnknownNameError(inert(f"no study {study!r} in the store {self.path}; {known}"))
        return found[0]


class _Question:
    """A query bound to the files of the store; a `Binding`."""

    def __init__(self, results: Results, query: str, parameters: dict[str, Any]) -> None:
        self._results = results
        self._query = query
        self._parameters = parameters
        self._bind()

    def _bind(self) -> None:
        self.relation = self._results._ask(lambda snapshot: snapshot.bind(self._query, self._parameters))
        self._snapshot = self._results._snapshot

    def renew(self) -> bool:
        is_lost = self._results._look_again(self._snapshot)
        if is_lost:
            self._bind()
        return is_lost


def open_store(store: str | Path) -> Results:
    """Opens a store for reading.

    Args:
        store: Its folder; one that is not there yet is an empty store, and is not made.

    Raises:
        StorePathError: It is a file, or cannot be read.
    """
    return Results(Layout(store))
