"""The result of a query: columns, rows, and the same as pandas or Arrow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from results_store.errors import QueryError, query_error
from results_store.text import inert

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QueryResult", "translated_errors"]

_ROWS_PER_BATCH = 4096


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turns errors of DuckDB into `QueryError` with DuckDB's message."""
    try:
        yield
    except duckdb.PermissionException as error:
        first_line = str(error).splitlines()[0].removeprefix("Permission Error: ")
        raise QueryError(inert(f"{first_line}; a query reads nothing but its store")) from None
    except (duckdb.Error, pa.ArrowException) as error:
        raise query_error(str(error)) from None


class QueryResult:
    """The rows that a query gives. Rows are computed when they are asked for, and then kept.

    Args:
        relation: The query, bound to its connection.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation
        self._table: pa.Table | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._relation.columns)

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table.

        Raises:
            QueryError: The query failed while it ran.
        """
        if self._table is None:
            with translated_errors():
                self._table = self._relation.to_arrow_table()
        return self._table

    def reader(self) -> pa.RecordBatchReader:
        """The rows a few thousand at a time, in bounded memory; reading may raise DuckDB's errors.

        Raises:
            QueryError: The query failed before its first row.
        """
        if self._table is not None:
            return self._table.to_reader(_ROWS_PER_BATCH)
        with translated_errors():
            return self._relation.to_arrow_reader(_ROWS_PER_BATCH)

    def df(self) -> pd.DataFrame:
        """All rows as a pandas data frame."""
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        table = self.arrow()
        if not table.num_columns:
            return []
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def dicts(self) -> list[dict[str, Any]]:
        """All rows as dictionaries by name of column; of columns of one name, the last."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]
