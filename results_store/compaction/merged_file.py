"""A merged file: made, compared with the files that it replaces, and published."""

# ruff: noqa: S608 - everything that enters this SQL goes through `identifier` or `literal`
from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import duckdb

from results_store.catalogue import Scan, VerifiedFile
from results_store.catalogue.merging import ROWS_PER_GROUP, merge
from results_store.catalogue.sources import columns_of, identifier, literal, source
from results_store.errors import CompactionError, first_line
from results_store.layout import Layout
from results_store.schemas import Kind
from results_store.stores.publishing import publish_file, temporary_file

__all__ = ["holds", "publish_merged", "replaced_names"]

_REPLACES = "amor.replaces"
_BYTES_PER_GROUP = 256 * 2**20


def publish_merged(
    layout: Layout,
    kind: Kind,
    files: Sequence[VerifiedFile],
    connection: duckdb.DuckDBPyConnection,
    *,
    bytes_in_memory: int,
) -> Path:
    """Publishes the rows of files in one, with rows that are equal in every value once.

    The footer of the file names the files that it replaces. So a file that was merged can be told from one that
    was not, whenever that is asked; and as the names are hashes, no file can ever replace itself, not even by way
    of others.

    Args:
        layout: The store.
        kind: Kind of the files.
        files: Files of equal types, found good a moment ago.
        connection: May read the store's files.
        bytes_in_memory: Size of all their rows, decoded.

    Returns:
        The file. Its rows were read back and compared with those of `files` before it got its name.

    Raises:
        CompactionError: DuckDB cannot read or write a file, or the rows differ. Nothing was published.
        StorePathError: The file system refused. The file is absent or whole.
    """
    num_rows = sum(file.num_rows for file in files)
    bytes_per_row = max(1, bytes_in_memory // max(1, num_rows))
    scan = Scan(files=tuple(files), problems=())
    try:
        with temporary_file(layout) as temporary:
            expected = _digest(connection, kind, scan)
            merge(
                connection,
                kind,
                files,
                temporary,
                is_distinct=expected[0] < num_rows,
                rows_per_group=max(2048, min(ROWS_PER_GROUP, _BYTES_PER_GROUP // bytes_per_row)),
                notes={_REPLACES: ",".join(file.path.stem for file in files)},
            )
            written = VerifiedFile(path=temporary, columns=columns_of(kind, scan), num_rows=num_rows)
            if _digest(connection, kind, Scan(files=(written,), problems=())) != expected:
                raise CompactionError(f"files of {kind.value} were merged into other rows than theirs; nothing changed")
            return publish_file(layout, kind, temporary)
    except duckdb.Error as error:
        raise CompactionError(f"cannot merge files of {kind.value}: {first_line(error)}") from error


def _digest(connection: duckdb.DuckDBPyConnection, kind: Kind, scan: Scan) -> tuple[int, int | None]:
    """Number and sum of the hashes of all rows, equal ones counted once."""
    columns = columns_of(kind, scan)
    row = connection.execute(
        f"""
        SELECT count(DISTINCT digest), sum(DISTINCT digest::HUGEINT)
        FROM (SELECT hash({", ".join(map(identifier, columns))}) AS digest FROM ({source(kind, scan, columns)}))
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def replaced_names(connection: duckdb.DuckDBPyConnection, files: Iterable[VerifiedFile]) -> dict[str, set[str]]:
    """For each merged file, by name, the names of the files that it says it replaces.

    A footer is no proof: other programs copy it to files of other rows. `holds` tells whether it is true.

    Raises:
        CompactionError: A file cannot be read.
    """
    paths = ", ".join(literal(str(file.path)) for file in files)
    if not paths:
        return {}
    # Of foreign files neither key nor value need be text.
    query = f"SELECT file_name, value FROM parquet_kv_metadata([{paths}]) WHERE key = '{_REPLACES}'::BLOB"
    try:
        found = connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise CompactionError(f"cannot read the footers of files: {first_line(error)}") from error
    return {
        Path(path).name: {f"{stem}.parquet" for stem in value.decode("ascii", "replace").split(",")}
        for path, value in found
    }


def holds(
    connection: duckdb.DuckDBPyConnection, kind: Kind, merged: VerifiedFile, files: Collection[VerifiedFile]
) -> bool:
    """Whether a file has every column of others, in its type, and every row of them.

    Values are compared, not hashes of rows: who wrote a footer that lies could make these collide, too. So the rows
    of one side are held in memory.

    Args:
        connection: May read the files.
        kind: Kind of all of them.
        merged: What says that it holds the rows of others.
        files: The others; at least one.

    Raises:
        CompactionError: A file cannot be read.
    """
    claimant, others = Scan(files=(merged,), problems=()), Scan(files=tuple(files), problems=())
    columns = columns_of(kind, claimant)
    if any(columns.get(name) is not file.columns[name] for file in files for name in file.columns):
        return False
    is_same_row = " AND ".join(f"one.{name} IS NOT DISTINCT FROM other.{name}" for name in map(identifier, columns))
    query = f"""
        SELECT EXISTS (
            FROM ({source(kind, others, columns)}) AS one
            ANTI JOIN ({source(kind, claimant, columns)}) AS other ON {is_same_row}
        )
    """
    try:
        row = connection.execute(query).fetchone()
    except duckdb.Error as error:
        raise CompactionError(f"cannot compare files of {kind.value}: {first_line(error)}") from error
    assert row is not None
    return not row[0]
