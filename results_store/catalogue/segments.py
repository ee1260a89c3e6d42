"""Segments: copies of many small files in one, so that a query opens few files.

Opening a file costs DuckDB a quarter of a millisecond, whatever it holds: 5,000 trials published one by
one would cost more than a second in every query. A segment lies in the store's cache and may be deleted
at any time. It stands for its members only while every one of them is there and verified; as names are
hashes of contents, it then holds the very same rows. (`results_store/compaction/` merges the files themselves.)
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets

import duckdb

from results_store.catalogue.memory import StatKey, VerificationMemory
from results_store.catalogue.merging import groups_of_equal_types, merge
from results_store.catalogue.scan import NotTrustedError, Scan, VerifiedFile, verify
from results_store.layout import Layout
from results_store.leftovers import remove_leftovers
from results_store.schemas import Kind

__all__ = ["Segments", "key_of_segments"]

_MAX_ROWS_OF_SMALL_FILE = 1000
_MIN_MEMBERS = 256
_MAX_SEGMENTS = 8


class Segments:
    """The segments of a store; without them, or where they cannot be written, queries only take longer."""

    def __init__(self, layout: Layout, memory: VerificationMemory, connection: duckdb.DuckDBPyConnection) -> None:
        self._layout = layout
        self._memory = memory
        self._connection = connection

    def cover(self, kind: Kind, scan: Scan) -> Scan:
        """The files to read for the rows of a scan: large ones, segments, and what is in no segment yet."""
        present = {file.path.name for file in scan.files}
        members = {
            name: set(names) for name, names in self._memory.segments(kind.value).items() if present.issuperset(names)
        }
        trusted = {name: file for name in members if (file := self._trusted(kind, name)) is not None}
        covered = {name for segment in trusted for name in members[segment]}
        rest = [file for file in scan.files if file.path.name not in covered]
        small = [file for file in rest if file.num_rows <= _MAX_ROWS_OF_SMALL_FILE]
        if len(small) >= _MIN_MEMBERS:
            merged = list(trusted.values()) if len(trusted) >= _MAX_SEGMENTS else []
            for group in groups_of_equal_types([*merged, *small]):
                made = self._build(kind, group) if len(group) > 1 else None
                if made is None:
                    continue
                names = {file.path.name for file in group}
                # A segment that went into this one stands no longer for its members: this one does.
                members[made.path.name] = {
                    member for name in names for member in (members[name] if name in trusted else {name})
                }
                trusted = {name: file for name, file in trusted.items() if name not in names}
                trusted[made.path.name] = made
                rest = [file for file in rest if file.path.name not in names]
            self._memory.set_segments(kind.value, {name: members[name] for name in trusted})
            remove_leftovers(self._layout.segments(kind), trusted)
        return Scan(files=(*trusted.values(), *rest), problems=())

    def _trusted(self, kind: Kind, name: str) -> VerifiedFile | None:
        path = self._layout.segment(kind, name)
        try:
            known = self._memory.recall(key_of_segments(kind), name, StatKey.of(path.lstat()))
            if known is not None:
                return VerifiedFile(path=path, columns=known.columns, num_rows=known.num_rows)
            file, key = verify(path, kind)
        except (OSError, NotTrustedError):
            return None
        self._memory.remember(key_of_segments(kind), name, key, columns=file.columns, num_rows=file.num_rows)
        return file

    def _build(self, kind: Kind, files: list[VerifiedFile]) -> VerifiedFile | None:
        temporary = self._layout.segment(kind, f".{os.getpid()}.{secrets.token_hex(8)}")
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            merge(self._connection, kind, files, temporary)
            with temporary.open("rb") as stream:
                name = hashlib.file_digest(stream, "sha256").hexdigest() + ".parquet"
            temporary.replace(self._layout.segment(kind, name))
        except (OSError, duckdb.Error):
            with contextlib.suppress(OSError):
                temporary.unlink()
            return None
        made = self._trusted(kind, name)
        return made if made is not None and made.num_rows == sum(file.num_rows for file in files) else None


def key_of_segments(kind: Kind) -> str:
    """What the memory calls the folder of a kind's segments."""
    return f"segments/{kind.value}"
