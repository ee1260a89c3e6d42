"""Problems of a study file: where, what is wrong, and what to do next."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Position:
    """A place in a text file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with a study file.

    Attributes:
        source: the file, or the `--set` argument, in which it stands.
        position: line and column, where the source is a file.
        key: the dotted key concerned, empty for the file as a whole.
        message: the rule, the value it got, and what to do next.
    """

    source: str
    position: Position | None = None
    key: str = ""
    message: str

    def __str__(self) -> str:
        place = self.source
        if self.position is not None:
            place += f":{self.position.line}:{self.position.column}"
        return ": ".join(printable(part) for part in (place, self.key, self.message) if part)


def printable(text: str) -> str:
    """The text on one line, with everything that a terminal would obey made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without repetitions, ordered by their place in the file."""

    def place(problem: Problem) -> tuple[str, int, int]:
        position = problem.position or Position(line=0, column=0)
        return problem.source, position.line, position.column

    return sorted(dict.fromkeys(problems), key=place)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known word, or the empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def display_path(path: Path) -> str:
    """The path as a user would type it: relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
