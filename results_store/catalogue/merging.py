"""Merging files: which of them go together, and the rows of many in one."""

# ruff: noqa: S608 - everything that enters this SQL goes through `identifier` or `literal`
from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from results_store.catalogue.scan import Scan, VerifiedFile
from results_store.catalogue.sources import columns_of, literal, source
from results_store.schemas import ColumnType, Kind

__all__ = ["ROWS_PER_GROUP", "groups_of_equal_types", "merge"]

ROWS_PER_GROUP = 122_880
"""DuckDB's own size of a row group: what one thread reads at a time."""


def groups_of_equal_types(files: Iterable[VerifiedFile]) -> list[list[VerifiedFile]]:
    """The files in groups within which no column has two types; a column may be missing.

    Only such files are merged. A column that files hold in different types gets in a query the narrowest type
    that holds them all, whichever these are then: 1 among numbers is 1.0, and among texts '1'. Were it merged
    with 0.5 and so written down as 1.0, the first text to come would make it '1.0'.
    """
    groups: list[tuple[dict[str, ColumnType], list[VerifiedFile]]] = []
    group_of: dict[frozenset[tuple[str, ColumnType]], list[VerifiedFile]] = {}
    for file in files:
        columns = frozenset(file.columns.items())
        if columns not in group_of:
            group = next((group for group in groups if _agree(group[0], columns)), None)
            if group is None:
                group = ({}, [])
                groups.append(group)
            types, members = group
            types.update(columns)
            group_of[columns] = members
        group_of[columns].append(file)
    return [members for _, members in groups]


def _agree(types: Mapping[str, ColumnType], columns: Iterable[tuple[str, ColumnType]]) -> bool:
    return all(types.get(name, column_type) is column_type for name, column_type in columns)


def merge(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    files: Iterable[VerifiedFile],
    target: Path,
    *,
    is_distinct: bool = False,
    rows_per_group: int = ROWS_PER_GROUP,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Writes the rows of files of equal types, in their order, to one file.

    Args:
        connection: May read the files and write the target.
        kind: Kind of the files.
        files: What to merge; not held in memory.
        target: A temporary name, for a reader would see half a file there.
        is_distinct: Whether equal rows become one; they are then held in memory.
        rows_per_group: Rows that are in memory at a time.
        notes: Names and texts for the footer of the file.

    Raises:
        duckdb.Error: A file cannot be read, or the target not be written.
    """
    scan = Scan(files=tuple(files), problems=())
    query = source(kind, scan, columns_of(kind, scan))
    if is_distinct:
        query = f"SELECT DISTINCT * FROM ({query})"
    footer = ", ".join(f"{literal(name)}: {literal(text)}" for name, text in (notes or {}).items())
    connection.execute(
        f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, "
        f"ROW_GROUP_SIZE {rows_per_group}{f', KV_METADATA {{{footer}}}' if footer else ''})"
    )
