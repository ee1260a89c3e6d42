"""Finding the files that can be trusted: named by their hash, and with the columns of their kind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from results_store.catalogue.generation import generation
from results_store.catalogue.memory import StatKey, VerificationMemory
from results_store.catalogue.problem import Problem
from results_store.errors import StorePathError
from results_store.layout import Layout
from results_store.regular_file import open_regular
from results_store.schemas import ColumnType, Kind, type_of_field

__all__ = [
    "NotTrustedError",
    "Scan",
    "VerifiedFile",
    "foreign_entries",
    "lost_retractions",
    "read_whole",
    "scan_kind",
    "scan_store",
    "verify",
]

_MAX_LISTINGS = 100


@dataclass(frozen=True, kw_only=True)
class VerifiedFile:
    """A file whose bytes were found to be those that it was published with.

    Attributes:
        path: The file.
        columns: Its columns, as far as rows can have them.
        num_rows: Number of rows.
    """

    path: Path
    columns: Mapping[str, ColumnType]
    num_rows: int


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The files of one kind at one moment.

    Attributes:
        files: Those that can be trusted, by name.
        problems: Those that cannot.
    """

    files: tuple[VerifiedFile, ...]
    problems: tuple[Problem, ...]

    @property
    def num_rows(self) -> int:
        """Number of rows in all files."""
        return sum(file.num_rows for file in self.files)

    @property
    def fingerprint(self) -> str:
        """A hash of the files' names, and so of their contents."""
        return hashlib.sha256("\n".join(file.path.name for file in self.files).encode()).hexdigest()


class NotTrustedError(Exception):
    """A file is not what its name and place say; the message is the end of a sentence."""


def scan_store(layout: Layout, memory: VerificationMemory) -> dict[Kind, Scan]:
    """Looks at every file of every kind; reads those that were not verified before or have changed since.

    Raises:
        StorePathError: The store's folders cannot be listed.
    """
    scans = {kind: scan_kind(layout, kind, memory) for kind in Kind}
    memory.save()
    return scans


def foreign_entries(layout: Layout) -> tuple[Problem, ...]:
    """At most one problem: what lies in the store's folder beside its own."""
    try:
        names = sorted(name for name in (entry.name for entry in layout.root.iterdir()) if not name.startswith("."))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorePathError(f"cannot read the store {layout.root}: {error}") from error
    foreign = [name for name in names if name not in layout.entries]
    if not foreign:
        return ()
    others = f"; {len(foreign) - 1} more like it" if len(foreign) > 1 else ""
    return (Problem(path=layout.root / foreign[0], reason=f"it is not part of this store{others}"),)


def lost_retractions(layout: Layout) -> tuple[Problem, ...]:
    """Damaged retractions that were moved to the quarantine: what they withdrew counts until somebody acts."""
    folder = layout.quarantine / Kind.RETRACTIONS.value
    names: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    reason = "the trials that this retraction withdrew count again; retract them again, then delete it"
    return tuple(
        Problem(path=folder / name, reason=reason)
        for name in names
        if Layout.is_name(own := name.partition(".again")[0]) and not layout.file(Kind.RETRACTIONS, own).exists()
    )


def scan_kind(layout: Layout, kind: Kind, memory: VerificationMemory) -> Scan:
    """Looks at the files of one kind until no compaction has deleted any meanwhile; does not save the memory.

    Raises:
        StorePathError: The folder cannot be listed, or changes all the time.
    """
    try:
        for _ in range(_MAX_LISTINGS):
            before = generation(layout)
            scan = _scan(layout, kind, memory)
            if generation(layout) == before:
                return scan
    except OSError as error:
        raise StorePathError(f"cannot read the store {layout.root}: {error}") from error
    raise StorePathError(f"cannot read the store {layout.root}: its files are being merged all the time; try again")


def _scan(layout: Layout, kind: Kind, memory: VerificationMemory) -> Scan:
    files: list[VerifiedFile] = []
    problems: list[Problem] = []
    present: set[str] = set()
    folder = layout.folder(kind)
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        listed = []
    for entry in listed:
        if entry.name.startswith("."):
            continue  # leftovers of file systems and desktops
        path = folder / entry.name
        try:
            file = _look_at(path, entry, kind, memory)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(Problem.unreadable(path, error))
            continue
        except NotTrustedError as error:
            # Nobody knows any more what it withdrew, so that has to be said.
            is_retraction = kind is Kind.RETRACTIONS and Layout.is_name(entry.name)
            consequence = "; the trials that it withdrew count again" if is_retraction else ""
            problems.append(Problem(path=path, reason=f"{error}{consequence}"))
            continue
        present.add(entry.name)
        files.append(file)
    memory.keep_only(kind.value, present)
    return Scan(files=tuple(files), problems=tuple(problems))


def _look_at(path: Path, entry: os.DirEntry[str], kind: Kind, memory: VerificationMemory) -> VerifiedFile:
    if not Layout.is_name(entry.name):
        raise NotTrustedError("it is not a file of this store")
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise NotTrustedError("it is not a regular file")
    known = memory.recall(kind.value, entry.name, StatKey.of(status))
    if known is not None:
        return VerifiedFile(path=path, columns=known.columns, num_rows=known.num_rows)
    file, key = verify(path, kind)
    memory.remember(kind.value, entry.name, key, columns=file.columns, num_rows=file.num_rows)
    return file


def verify(path: Path, kind: Kind) -> tuple[VerifiedFile, StatKey]:
    """Reads a whole file and checks its name, its format and its columns.

    Raises:
        NotTrustedError: It is not what it should be.
        OSError: It cannot be read.
    """
    metadata, schema, key = read_whole(path)
    columns: dict[str, ColumnType] = {}
    for field in schema:
        column_type = type_of_field(field.type)
        if column_type is None:
            continue
        if not kind.may_have(field.name, column_type):
            raise NotTrustedError(f"its column {field.name!r} has the wrong type")
        columns[field.name] = column_type
    missing = sorted(kind.required_columns - columns.keys())
    if missing:
        raise NotTrustedError(f"it has no column {missing[0]!r}, which rows of {kind.value} have")
    return VerifiedFile(path=path, columns=columns, num_rows=metadata.num_rows), key


def read_whole(path: Path) -> tuple[pq.FileMetaData, pa.Schema, StatKey]:
    """Reads every byte of a file, compares them with its name, and tells what stands in its footer.

    Raises:
        NotTrustedError: The bytes are not those that the name stands for, or no Parquet file.
        OSError: It cannot be read.
    """
    with open_regular(path) as stream:
        # The status is of the file that was opened, whatever happens to its name meanwhile.
        key = StatKey.of(os.fstat(stream.fileno()))
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if path.name != f"{digest}.parquet":
            raise NotTrustedError("it is damaged: its content does not have the hash in its name")
        stream.seek(0)
        try:
            metadata = pq.read_metadata(stream)
            schema = metadata.schema.to_arrow_schema()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise NotTrustedError("it is not a Parquet file") from error
    return metadata, schema, key
