"""The result of a query: columns, rows, and the same as pandas or Arrow."""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb
import pyarrow as pa

from results_store.errors import QueryError, first_line, query_error
from results_store.text import inert

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Binding", "QueryResult", "translated_errors"]

Answer = TypeVar("Answer")

_ROWS_PER_BATCH = 4096
_MAX_BYTES_IN_MEMORY = 64 * 2**20
_MAX_RENEWALS = 20
"""How many compactions may disturb one query."""


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turns errors of DuckDB, and values that Python has no type for, into `QueryError`."""
    try:
        yield
    except duckdb.PermissionException as error:
        refusal = first_line(error).removeprefix("Permission Error: ")
        raise QueryError(inert(f"{refusal}; a query reads nothing but its store")) from None
    except (duckdb.Error, pa.ArrowException, OSError) as error:  # Arrow's own name for OSError is ArrowIOError
        message = str(error)
        if isinstance(error, (duckdb.IOException, duckdb.InternalException)) or ".parquet" in message:
            message += "\namor doctor finds files that cannot be read"
        raise query_error(message) from None
    except OverflowError as error:
        message = f"a value is outside of what Python can hold ({error}); cast its column to VARCHAR"
        raise QueryError(inert(message)) from None


class Binding(Protocol):
    """A query that is bound to files, which may be merged into others before its rows are fetched."""

    relation: duckdb.DuckDBPyRelation

    def renew(self) -> bool:
        """Binds the query to the files that are there now, unless all of the old ones still are; whether it did."""
        ...


class QueryResult:
    """The rows that a query gives. Rows are computed when they are asked for, and then kept.

    Args:
        binding: The query.
    """

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._columns = list(binding.relation.columns)
        self._table: pa.Table | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table.

        Raises:
            QueryError: The query failed while it ran.
        """
        if self._table is None:
            self._table = self._fetched(lambda relation: relation.to_arrow_table())
        return self._table

    def reader(self) -> pa.RecordBatchReader:
        """The rows a few thousand at a time, in bounded memory.

        The query has run to its end by then, and what does not fit into memory lies in a temporary file: a query
        whose files were merged halfway is run again, and nobody has seen the first half.

        Raises:
            QueryError: The query failed while it ran.
        """
        if self._table is not None:
            return self._table.to_reader(_ROWS_PER_BATCH)
        return self._fetched(_spooled)

    def _fetched(self, fetch: Callable[[duckdb.DuckDBPyRelation], Answer]) -> Answer:
        with translated_errors():
            for _ in range(_MAX_RENEWALS):
                try:
                    return fetch(self._binding.relation)
                except (duckdb.Error, pa.ArrowException, OSError):
                    if not self._binding.renew():
                        raise
            return fetch(self._binding.relation)

    def df(self) -> pd.DataFrame:
        """All rows as a pandas data frame."""
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples.

        Raises:
            QueryError: The query failed while it ran, or a value is a date or interval beyond Python's.
        """
        table = self.arrow()
        if not table.num_columns:
            return []
        with translated_errors():
            return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def dicts(self) -> list[dict[str, Any]]:
        """All rows as dictionaries by name of column; of columns of one name, the last."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]


def _spooled(relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
    """Runs a query to its end, with its rows in memory as long as they are few."""
    spool = tempfile.SpooledTemporaryFile(max_size=_MAX_BYTES_IN_MEMORY)  # noqa: SIM115 - lives as long as the reader
    try:
        batches = relation.to_arrow_reader(_ROWS_PER_BATCH)
        with pa.ipc.new_stream(spool, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        spool.seek(0)
        reader = pa.ipc.open_stream(spool)
    except BaseException:
        spool.close()
        raise
    weakref.finalize(reader, spool.close)
    return reader
