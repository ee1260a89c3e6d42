"""What a check of a store found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from results_store.text import inert

__all__ = ["READ_ONLY", "DoctorReport", "Finding"]

READ_ONLY = "nothing could be done: the store cannot be written to"
"""What was done about a finding where nothing can be."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        path: The file, or one of the files.
        what: What is wrong, as a part of a sentence.
        done: What was done about it, or why nothing was.
        is_repaired: Whether the next check will not find it again.
    """

    path: Path
    what: str
    done: str
    is_repaired: bool

    def __str__(self) -> str:
        return inert(f"{self.path}: {self.what}; {self.done}")


@dataclass(frozen=True, kw_only=True)
class DoctorReport:
    """What a check of a store found.

    Attributes:
        findings: What is wrong, repaired or not.
        notes: What is as it should be and yet worth knowing, such as what killed attempts have left.
        num_files: Number of files of rows and of weights that were read.
        num_rows: Number of rows in those that are sound.
        duration_s: Seconds that it took.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    num_files: int
    num_rows: int
    duration_s: float
