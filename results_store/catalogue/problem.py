"""Files that were left out, and how to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results_store.text import inert

__all__ = ["Problem", "describe_problems"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A file in the store that no query reads.

    Attributes:
        path: The file.
        reason: Why it was left out, as the end of a sentence.
        is_unreadable: Whether the file system refused to read it: it may be sound, and readable again soon (too many
            open files, a server that is away), so it must stay where it is.
    """

    path: Path
    reason: str
    is_unreadable: bool = False

    @classmethod
    def unreadable(cls, path: Path, error: OSError) -> Problem:
        """Of a file that the file system refused to read."""
        return cls(path=path, reason=f"it cannot be read: {error.strerror or error}", is_unreadable=True)

    def __str__(self) -> str:
        return inert(f"left out {self.path}: {self.reason}")


def describe_problems(problems: Sequence[Problem], *, max_lines: int = 5) -> list[str]:
    """One line per file, and a last one that counts the files beyond `max_lines`."""
    lines = [str(problem) for problem in problems[:max_lines]]
    if len(problems) > max_lines:
        lines.append(f"left out {len(problems) - max_lines} more files of the store")
    return lines
