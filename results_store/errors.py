"""The errors that this package raises for its users.

StoreError                 root: something about stored results
├── StorePathError         the store is no folder, or cannot be read or written
├── RecordError            a record cannot be stored as it is
├── CompactionError        files of the store cannot be merged now
├── RetractionError        trials cannot be withdrawn as asked
├── ExportError            a figure or journal cannot be made or written
│   └── MissingRowsError   a figure has nothing to show yet
├── QueryError             a query was refused or failed
│   └── SummariesError     a table asks for summaries that its columns do not have
├── WeightsError           a trial's weights are not there, or damaged
└── UnknownNameError       no study, table, search or figure of that name in the store
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from results_store.text import inert

__all__ = [
    "CompactionError",
    "ExportError",
    "MissingRowsError",
    "QueryError",
    "RecordError",
    "RetractionError",
    "StoreError",
    "StorePathError",
    "SummariesError",
    "UnknownNameError",
    "WeightsError",
    "first_line",
    "query_error",
]


class StoreError(Exception):
    """Root of all errors of this package; its message is fit to be shown to a user as it is."""


class StorePathError(StoreError):
    """The store is not a folder, or cannot be read or written."""


class RecordError(StoreError, ValueError):
    """A record cannot be stored: a name clashes, a value has no column type."""


class CompactionError(StoreError, RuntimeError):
    """Files of the store cannot be merged now; every row is where it was."""


class RetractionError(StoreError, ValueError):
    """Trials cannot be withdrawn as asked; none of them was."""


class ExportError(StoreError, ValueError):
    """A figure or a journal cannot be made of what there is, or cannot be written where it should be."""


class MissingRowsError(ExportError):
    """A figure has nothing to show: what it is about has not been trained yet, or did not report it."""


class QueryError(StoreError, ValueError):
    """A query was refused before it ran, or DuckDB reported an error.

    The message is one line if the query was refused; DuckDB's own messages may show the place below it.

    Attributes:
        summary: The first line of the message.
        line: Line of the query where DuckDB saw the error, from 1, or None.
        column: Column in that line, from 1, or None.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.summary = message.partition("\n")[0]
        self.line = line
        self.column = column


class SummariesError(QueryError):
    """A table asks for summaries that the columns of its query do not have.

    Attributes:
        problems: What is wrong, by place: the column, and which of its summaries from 0, if it is one of them.
    """

    def __init__(self, table: str, problems: Mapping[tuple[str, int | None], str]) -> None:
        listed = "; ".join(f"{column}: {message}" for (column, _), message in problems.items())
        super().__init__(inert(f"the summaries of table {table!r}: {listed}"))
        self.problems = problems


def first_line(error: BaseException) -> str:
    """The first line of an error's message; of one without a message, its type."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def query_error(message: str) -> QueryError:
    """The error for a message of DuckDB, with the place that the message shows."""
    place = re.search(r"^(LINE (\d+): )(.*)\n( *)\^", message, re.MULTILINE)
    line = column = None
    if place is not None:
        line = int(place[2])
        # A long line is shown from its middle on, and then its column is unknown.
        column = None if place[3].startswith("...") else len(place[4]) - len(place[1]) + 1
    return QueryError(inert(message, keep="\n"), line=line, column=column)


class WeightsError(StoreError, LookupError):
    """The store holds no weights of a trial, or what it holds is damaged."""


class UnknownNameError(StoreError, LookupError):
    """The store holds no study, table, search or figure of the name asked for."""
