"""The rows of a kind as one SQL query over its verified files."""

# ruff: noqa: S608 - everything that enters this SQL goes through `identifier` or `literal`
from __future__ import annotations

from collections.abc import Iterable, Mapping

from results_store.catalogue.scan import Scan
from results_store.schemas import ColumnType, Kind, common_type

__all__ = ["columns_of", "identifier", "literal", "source"]


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def columns_of(kind: Kind, scan: Scan) -> dict[str, ColumnType]:
    """All columns of a kind: those that it always has, then those of any of its files in order of name.

    A column that files hold in different types gets the narrowest type that holds them all.
    """
    fixed = kind.fixed_columns
    others: dict[str, ColumnType] = {}
    seen: set[int] = set()
    for file in scan.files:
        if id(file.columns) in seen:  # files of equal columns share the mapping
            continue
        seen.add(id(file.columns))
        for name, column_type in file.columns.items():
            if name not in fixed:
                others[name] = common_type(others.get(name), column_type) or column_type
    return {**fixed, **dict(sorted(others.items()))}


def source(kind: Kind, scan: Scan, columns: Mapping[str, ColumnType], *extra: str) -> str:
    """A SELECT of the columns, and of DuckDB's virtual columns in `extra`, over the files of a scan.

    The schema is given, so that DuckDB need not compare the files' own and a column that a file lacks
    reads as the default of its kind.
    """
    names = ", ".join([*map(identifier, columns), *extra])
    if not scan.files:
        typed = [f"CAST(NULL AS {column.value}) AS {identifier(name)}" for name, column in columns.items()]
        typed += [f"NULL AS {name}" for name in extra]
        return f"SELECT {', '.join(typed)} WHERE false"
    files = ", ".join(literal(str(file.path)) for file in scan.files)
    return f"SELECT {names} FROM read_parquet([{files}], schema = MAP {{{_schema(kind, columns.items())}}})"


def _schema(kind: Kind, columns: Iterable[tuple[str, ColumnType]]) -> str:
    return ", ".join(
        f"{literal(name)}: {{name: {literal(name)}, type: {literal(column.value)}, "
        f"default_value: {'NULL' if (default := kind.default_of(name)) is None else literal(default)}}}"
        for name, column in columns
    )
