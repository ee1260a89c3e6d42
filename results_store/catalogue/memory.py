"""Remembers which files have been verified, so that each is read in full only once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from results_store.regular_file import open_regular
from results_store.schemas import ColumnType, Kind

__all__ = ["Known", "StatKey", "VerificationMemory"]

_VERSION = 2


class StatKey(NamedTuple):
    """What changes when a file is replaced or written to."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> StatKey:
        """The key of a file with this status."""
        return cls(status.st_ino, status.st_size, status.st_ctime_ns)


@dataclass(frozen=True)
class Known:
    """What verification found out about a file."""

    columns: Mapping[str, ColumnType]
    num_rows: int


class VerificationMemory:
    """A file in the store's cache. Without it everything is verified again, nothing else is lost.

    A store that cannot be written to, or a damaged memory, is no error for the same reason. The file begins with
    the hash of the rest: a flipped bit in it could make a file of another length or with other columns of one that
    is good.

    Args:
        path: The file.
        is_fresh: Whether to begin with nothing, whatever is there.

    Attributes:
        is_damaged: Whether there is a file that could not be used.
    """

    def __init__(self, path: Path, *, is_fresh: bool = False) -> None:
        self._path = path
        self.is_damaged = False
        self._changed = False
        self._schemas: list[dict[str, ColumnType]] = []
        self._number_of_schema: dict[tuple[tuple[str, ColumnType], ...], int] = {}
        self._files: dict[str, dict[str, list[int]]] = {}
        self._unique: dict[str, str] = {}
        self._segments: dict[str, dict[str, list[str]]] = {}
        if is_fresh:
            return
        try:
            with open_regular(path) as stream:
                self._load(_checked_json(stream.read()))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            self.is_damaged = not isinstance(error, FileNotFoundError)
            self._schemas, self._number_of_schema = [], {}
            self._files, self._unique, self._segments = {}, {}, {}

    def _load(self, content: Any) -> None:
        if content["version"] != _VERSION:
            return
        for columns in content["schemas"]:
            self._add_schema({name: ColumnType(column_type) for name, column_type in columns.items()})
        self._unique = {str(kind): str(fingerprint) for kind, fingerprint in content["unique"].items()}
        self._segments = {
            folder: {name: [str(member) for member in members] for name, members in segments.items()}
            for folder, segments in content["segments"].items()
        }
        for folder, files in content["files"].items():
            self._files[folder] = {name: self._checked(entry) for name, entry in files.items()}

    def _checked(self, entry: Any) -> list[int]:
        inode, size, changed_ns, schema, num_rows = (int(number) for number in entry)
        if not 0 <= schema < len(self._schemas):
            raise ValueError("a schema that is not listed")
        return [inode, size, changed_ns, schema, num_rows]

    def recall(self, folder: str, name: str, key: StatKey) -> Known | None:
        """What is known about a file, if it has not changed since."""
        entry = self._files.get(folder, {}).get(name)
        if entry is None or entry[:3] != list(key):
            return None
        schema, num_rows = entry[3:]
        return Known(self._schemas[schema], num_rows)

    def remember(
        self, folder: str, name: str, key: StatKey, *, columns: Mapping[str, ColumnType], num_rows: int
    ) -> None:
        """Notes a file that was found good."""
        entry = [*key, self._add_schema(dict(columns)), num_rows]
        self._files.setdefault(folder, {})[name] = entry
        self._changed = True

    def keep_only(self, folder: str, names: set[str]) -> None:
        """Forgets the files of a folder that are no longer there."""
        files = self._files.get(folder, {})
        for name in files.keys() - names:
            del files[name]
            self._changed = True

    def is_unique(self, kind: Kind, fingerprint: str) -> bool:
        """Whether this very set of files is known to hold no row twice."""
        return self._unique.get(kind.value) == fingerprint

    def remember_unique(self, kind: Kind, fingerprint: str) -> None:
        """Notes that a set of files holds no row twice."""
        self._unique[kind.value] = fingerprint
        self._changed = True

    def segments(self, folder: str) -> dict[str, list[str]]:
        """The segments of a folder with the files that they stand for."""
        return self._segments.get(folder, {})

    def set_segments(self, folder: str, segments: Mapping[str, Iterable[str]]) -> None:
        """Notes all segments of a folder."""
        self._segments[folder] = {name: sorted(members) for name, members in segments.items()}
        self._changed = True

    def save(self) -> None:
        """Writes the memory if it has changed."""
        if not self._changed:
            return
        content = {
            "version": _VERSION,
            "schemas": [{name: column.value for name, column in schema.items()} for schema in self._schemas],
            "files": self._files,
            "unique": self._unique,
            "segments": self._segments,
        }
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            # A store that does not exist is not brought into being by a look at it.
            if not self._path.parent.parent.is_dir():
                return
            self._path.parent.mkdir(exist_ok=True)
            text = json.dumps(content, separators=(",", ":")).encode()
            temporary.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return
        self._changed = False

    def _add_schema(self, columns: dict[str, ColumnType]) -> int:
        identity = tuple(columns.items())
        number = self._number_of_schema.get(identity)
        if number is None:
            number = self._number_of_schema[identity] = len(self._schemas)
            self._schemas.append(columns)
        return number


def _checked_json(content: bytes) -> Any:
    digest, _, text = content.partition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        raise ValueError("not what was written")
    return json.loads(text)
