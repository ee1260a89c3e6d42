"""Merging the small files of a store into few large ones.

The order for each batch of files is: read every byte of them again, write a merged file, compare its rows with
theirs, publish it as any other file, renew the store's generation, delete the files. So at every moment each row
is in a file that is whole:

- A compaction that dies leaves at most rows that are in two files, which every view counts once; the next one
  finds by the footer of the merged file which files it replaces, and deletes those whose rows it holds. A footer
  alone is not believed: other programs keep it when they write some of the rows to another file.
- A reader that lists the store meanwhile sees by the generation that it has to list again
  (`catalogue/generation.py`). One that listed it before runs its query again (`results.py`).
- A writer takes no notice. If it publishes bytes again whose file is being deleted, the file stays, or its rows
  are in the merged file, or both.
- Two compactions at once, where locks do not work: each deletes a file only after one that holds its rows was
  there and whole. The other may have deleted that one since, but then for the same reason: its rows are in yet
  another. This chain ends with a file that is there, because it cannot run in a circle: a merged file contains the
  hashes of those that it replaces.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from results_store.catalogue import Problem, Scan, VerifiedFile
from results_store.catalogue.generation import renew_generation
from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.scan import NotTrustedError, read_whole, scan_kind, verify
from results_store.compaction.batches import batches
from results_store.compaction.lock import only_one
from results_store.compaction.merged_file import holds, publish_merged, replaced_names
from results_store.compaction.report import CompactionReport, KindReport, Totals
from results_store.errors import CompactionError, StorePathError
from results_store.layout import Layout
from results_store.leftovers import remove_leftovers
from results_store.query import connect
from results_store.schemas import Kind, type_of_field
from results_store.stores.publishing import check_writable
from results_store.stores.quarantine import move_to_quarantine

__all__ = ["compact", "end_earlier_one"]


def compact(store: str | Path) -> CompactionReport:
    """Merges the small files of a store; every view shows the same rows before, during and after.

    Others may read and write the store meanwhile. It may be killed at any time; the next one goes on. Damaged and
    foreign files are moved to the store's quarantine; nothing else is deleted but files whose rows are in others.

    Args:
        store: Its folder.

    Raises:
        StorePathError: There is no such store, or it cannot be read or written.
        CompactionError: Another compaction is running, or files cannot be merged.
    """
    started_s = time.monotonic()
    layout = Layout(store)
    if not layout.is_there():
        raise StorePathError(f"there is no store at {layout.root}")
    check_writable(layout)
    reports: list[KindReport] = []
    quarantined: list[Problem] = []
    with only_one(layout), connect(layout.root) as connection:
        remove_leftovers(layout.temporary)
        memory = VerificationMemory(layout.verified)
        for kind in Kind:
            compaction = _KindCompaction(layout, kind, memory, connection)
            try:
                reports.append(compaction.run())
            finally:
                memory.save()
            quarantined += compaction.quarantined
    return CompactionReport(
        kinds=tuple(reports), quarantined=tuple(quarantined), duration_s=time.monotonic() - started_s
    )


def end_earlier_one(
    layout: Layout,
    kind: Kind,
    scan: Scan,
    memory: VerificationMemory,
    connection: duckdb.DuckDBPyConnection,
    *,
    deletes: bool,
) -> dict[Path, Path]:
    """Finds, and deletes, the files whose rows a compaction that died has merged; within `only_one`.

    Args:
        layout: The store.
        kind: Kind of the files.
        scan: The files of that kind.
        memory: What is known of them.
        connection: May read them.
        deletes: Whether to delete what is found.

    Returns:
        For each such file the merged one that holds its rows.

    Raises:
        StorePathError: A file cannot be deleted.
        CompactionError: Files cannot be compared.
    """
    compaction = _KindCompaction(layout, kind, memory, connection)
    for file in scan.files:
        compaction.add(file)
    replaced = compaction.replaced()
    if deletes:
        compaction.delete(replaced)
    return {layout.file(kind, name): layout.file(kind, merged) for name, merged in replaced.items()}


class _KindCompaction:
    """The compaction of the files of one kind.

    Attributes:
        quarantined: Files that were moved to the quarantine.
    """

    def __init__(
        self, layout: Layout, kind: Kind, memory: VerificationMemory, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self.quarantined: list[Problem] = []
        self._layout = layout
        self._kind = kind
        self._memory = memory
        self._connection = connection
        self._files: dict[str, VerifiedFile] = {}
        self._num_bytes: dict[Path, int] = {}
        self._left_alone: set[str] = set()

    def run(self) -> KindReport:
        scan = scan_kind(self._layout, self._kind, self._memory)
        self._quarantine(scan.problems)
        for file in scan.files:
            self.add(file)
        before = self._totals()
        self.delete(self.replaced())
        while found := batches(self._candidates(), self._num_bytes):
            for batch in found:
                self._merge(batch)
        return KindReport(kind=self._kind, before=before, after=self._totals())

    def replaced(self) -> dict[str, str]:
        """What a compaction that died has merged and not deleted, and the file that each went into.

        Where a footer says what is not true, both sides stay and are merged as any other.
        """
        leftovers: dict[str, str] = {}
        for name, replaced in replaced_names(self._connection, self._files.values()).items():
            present = replaced & self._files.keys()
            if not present or name not in self._files or self._read_again(self._files[name]) is None:
                continue
            named = [self._files[other] for other in sorted(present)]
            good = [
                file for file in named if self._read_again(file) is not None and file.path.name not in self._left_alone
            ]
            if good and holds(self._connection, self._kind, self._files[name], good):
                leftovers |= {file.path.name: name for file in good}
        return {other: name for other, name in leftovers.items() if other in self._files}

    def _merge(self, batch: Sequence[VerifiedFile]) -> None:
        good = []
        bytes_in_memory = 0
        for file in batch:
            size = self._read_again(file)
            if size is not None and file.path.name not in self._left_alone:
                good.append(file)
                bytes_in_memory += size
        if len(good) < 2:
            return
        path = publish_merged(self._layout, self._kind, good, self._connection, bytes_in_memory=bytes_in_memory)
        try:
            merged, key = verify(path, self._kind)
        except (NotTrustedError, OSError) as error:
            raise CompactionError(f"{path} was just written, and now {error}; no file was deleted") from error
        self._memory.remember(self._kind.value, path.name, key, columns=merged.columns, num_rows=merged.num_rows)
        self.add(merged)
        self.delete([file.path.name for file in good])

    def _read_again(self, file: VerifiedFile) -> int | None:
        """Reads every byte of a file, however often it was found good before.

        A damaged file goes to the quarantine; one with columns that other programs wrote is left alone.

        Returns:
            The size of its rows, decoded, in bytes; None if it cannot be used.
        """
        try:
            metadata, schema, _ = read_whole(file.path)
        except FileNotFoundError:
            self._drop(file.path.name)
            return None
        except OSError:
            self._drop(file.path.name)  # sound or not, it stays; who looks at the store is told
            return None
        except NotTrustedError as error:
            self._drop(file.path.name)
            self._quarantine([Problem(path=file.path, reason=str(error))])
            return None
        if not all(_is_ours(field.type) for field in schema) or len(schema) != len(file.columns):
            self._left_alone.add(file.path.name)
        sizes: list[int] = [metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)]
        return sum(sizes)

    def delete(self, names: Collection[str]) -> None:
        """Deletes files whose rows are in others that are there and whole."""
        if not names:
            return
        try:
            renew_generation(self._layout)
            for name in names:
                self._files[name].path.unlink(missing_ok=True)
                self._drop(name)
        except OSError as error:
            raise StorePathError(f"cannot write to the store {self._layout.root}: {error}") from error
        # Segments stand for files that are gone now.
        segments = self._layout.segments(self._kind)
        if segments.is_dir():  # `rmtree` would wait for a pipe of that name
            shutil.rmtree(segments, ignore_errors=True)

    def _quarantine(self, problems: Sequence[Problem]) -> None:
        self.quarantined += move_to_quarantine(self._layout, problems)

    def _candidates(self) -> list[VerifiedFile]:
        return [file for name, file in self._files.items() if name not in self._left_alone]

    def add(self, file: VerifiedFile) -> None:
        """Takes a file that was found good."""
        with contextlib.suppress(FileNotFoundError):
            self._num_bytes[file.path] = file.path.stat().st_size
            self._files[file.path.name] = file

    def _drop(self, name: str) -> None:
        self._num_bytes.pop(self._files.pop(name).path)

    def _totals(self) -> Totals:
        return Totals.of((file.num_rows, self._num_bytes[file.path]) for file in self._files.values())


def _is_ours(data_type: pa.DataType) -> bool:
    """Whether rows of ours have this very type, so that a merged file has it, too."""
    column_type = type_of_field(data_type)
    if column_type is None:
        return False
    if column_type.is_list:
        return bool(data_type.value_type == column_type.element.arrow)
    return bool(data_type == column_type.arrow)
