"""A YAML file as plain data, with the position of every key and value.

Read by ruamel.yaml as YAML 1.2: `no` is text, `1e-4` is a number, and a key written twice is an error.
"""

import errno
import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarint import ScalarInt
from ruamel.yaml.scalarstring import ScalarString

from orchestrator.document.problems import Position, Problem, display_path
from orchestrator.errors import StudyError

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the document's root to a value."""

PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))
MAX_BYTES = 4_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed YAML file.

    Attributes:
        source: the file's name as shown in messages.
        text: the file as read.
        data: dicts, lists, strings, numbers, booleans and None only.
        keys: the position of each key (or list item) by its path.
        values: the position of each value by its path.
    """

    source: str
    text: str
    data: dict[str, Any]
    keys: dict[KeyPath, Position]
    values: dict[KeyPath, Position]

    def key_position(self, path: KeyPath) -> Position | None:
        """Where the key stands; where it was not written, the nearest enclosing one."""
        return self._nearest(path, self.keys)

    def value_position(self, path: KeyPath) -> Position | None:
        """Where the value stands; where it was not written, the nearest enclosing key."""
        return self.values.get(path) or self._nearest(path, self.keys)

    def _nearest(self, path: KeyPath, positions: dict[KeyPath, Position]) -> Position | None:
        for length in range(len(path), 0, -1):
            if path[:length] in positions:
                return positions[path[:length]]
        return Position(line=1, column=1)


def read_document(path: Path) -> Document:
    """Reads a YAML file.

    Raises:
        StudyError: the file cannot be read, is no YAML, writes a key twice, or is no mapping.
    """
    source = display_path(path)
    try:
        text = read_text(path)
    except FileTooLargeError as error:
        raise StudyError([Problem(source=source, message=f"{error}; no study file")]) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError([Problem(source=source, message=f"cannot be read: {reason}")]) from error
    except UnicodeDecodeError as error:
        raise StudyError([Problem(source=source, message=f"is not UTF-8 text (byte {error.start})")]) from error
    return parse_document(text, source)


class FileTooLargeError(Exception):
    """A file is larger than any that people write by hand."""


def read_text(path: Path) -> str:
    """A file that people write by hand. A pipe would be waited for, and a device may have no end.

    Raises:
        OSError: it cannot be read, or is no file.
        FileTooLargeError: it has more than `MAX_BYTES`.
        UnicodeDecodeError: it is not UTF-8 text.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "not a file; save it to one")
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileTooLargeError(f"larger than {MAX_BYTES:,} bytes")
    return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def parse_document(text: str, source: str) -> Document:
    """Parses YAML text; see `read_document`."""
    try:
        root = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise StudyError([_duplicate(error, source)]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = None if mark is None else Position(line=mark.line + 1, column=mark.column + 1)
        message = f"is no valid YAML: {error.problem or error.context or 'syntax error'}"
        raise StudyError([Problem(source=source, position=position, message=message)]) from error
    except (YAMLError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # ruamel.yaml's own slips on odd documents, such as a mapping that is merged into itself
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        raise StudyError([Problem(source=source, message=f"is no valid YAML: {first_line}")]) from error
    if not isinstance(root, CommentedMap):
        message = "a study file is a mapping (schema_version, name, seeds, base, …)"
        raise StudyError([Problem(source=source, position=Position(line=1, column=1), message=message)])
    return _Reader(source, text).read(root)


def _duplicate(error: DuplicateKeyError, source: str) -> Problem:
    mark = error.problem_mark
    position = None if mark is None else Position(line=mark.line + 1, column=mark.column + 1)
    key = (error.problem or "").partition('"')[2].partition('"')[0]
    return Problem(source=source, position=position, key=key, message="this key is written twice in one mapping")


class _Reader:
    """Turns ruamel's nodes into plain data and notes where each stood."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        self._text = text
        self._keys: dict[KeyPath, Position] = {}
        self._values: dict[KeyPath, Position] = {}
        self._problems: list[Problem] = []
        self._num_nodes = 0

    def read(self, root: CommentedMap) -> Document:
        data = self._plain(root, ())
        if self._problems:
            raise StudyError(self._problems)
        return Document(source=self._source, text=self._text, data=data, keys=self._keys, values=self._values)

    def _plain(self, node: Any, path: KeyPath) -> Any:
        self._num_nodes += 1
        if getattr(getattr(node, "tag", None), "value", None) not in (None, *PLAIN_TAGS):
            self._problem(path, "tags such as !name are not allowed; a study file is plain data")
            return None
        if self._num_nodes > MAX_NODES or len(path) > MAX_DEPTH:
            message = f"too large: more than {MAX_NODES:,} values or {MAX_DEPTH} levels (aliases count each time)"
            raise StudyError([Problem(source=self._source, message=message)])
        if isinstance(node, CommentedMap):
            return {key: self._plain(value, (*path, key)) for key, value in self._entries(node, path)}
        if isinstance(node, CommentedSeq):
            for index in range(len(node)):
                line, column = node.lc.item(index)
                position = Position(line=line + 1, column=column + 1)
                self._keys[(*path, index)] = self._values[(*path, index)] = position
            return [self._plain(value, (*path, index)) for index, value in enumerate(node)]
        return self._scalar(node, path)

    def _entries(self, node: CommentedMap, path: KeyPath) -> Iterator[tuple[str, Any]]:
        for key, value in node.items():
            where = node.lc.data.get(key) if node.lc.data else None
            if where is not None:
                self._keys[(*path, key)] = Position(line=where[0] + 1, column=where[1] + 1)
                self._values[(*path, key)] = Position(line=where[2] + 1, column=where[3] + 1)
            if isinstance(key, str):
                yield str(key), value
            else:
                self._problem(path, f"keys are text; write '{key}' in quotes")

    def _scalar(self, node: Any, path: KeyPath) -> Any:
        if node is None or isinstance(node, bool):
            return node
        if isinstance(node, ScalarBoolean):
            return bool(node)
        if isinstance(node, (ScalarInt, int)):
            if abs(node) >= 2**63:
                self._problem(path, "whole numbers lie between -2^63 and 2^63")
                return None
            return int(node)
        if isinstance(node, (ScalarFloat, float)):
            if not math.isfinite(node):
                self._problem(path, f"numbers are finite (got {float(node)})")
                return None
            return float(node)
        if isinstance(node, (ScalarString, str)):
            return str(node)
        self._problem(path, f"values are text, numbers, true, false or null, not {type(node).__name__.lower()}")
        return None

    def _problem(self, path: KeyPath, message: str) -> None:
        position = self._values.get(path) or self._keys.get(path)
        key = ".".join(str(part) for part in path)
        self._problems.append(Problem(source=self._source, position=position, key=key, message=message))
