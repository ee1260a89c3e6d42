"""What a compaction did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from results_store.catalogue import Problem
from results_store.schemas import Kind

__all__ = ["CompactionReport", "KindReport", "Totals"]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How much there is of a kind.

    Attributes:
        num_files: Number of sound files.
        num_rows: Number of rows in them; an attempt that was published twice counts twice.
        num_bytes: Their size on disk.
    """

    num_files: int
    num_rows: int
    num_bytes: int

    @classmethod
    def of(cls, files: Iterable[tuple[int, int]]) -> Totals:
        """Of files with these numbers of rows and bytes."""
        pairs = list(files)
        return cls(
            num_files=len(pairs), num_rows=sum(rows for rows, _ in pairs), num_bytes=sum(size for _, size in pairs)
        )


@dataclass(frozen=True, kw_only=True)
class KindReport:
    """What was there of one kind before and after; files that others published meanwhile are in neither."""

    kind: Kind
    before: Totals
    after: Totals


@dataclass(frozen=True, kw_only=True)
class CompactionReport:
    """What a compaction did.

    Attributes:
        kinds: One report for each kind of rows, in the order of `Kind`.
        quarantined: Damaged and foreign files that were moved to the store's quarantine.
        duration_s: Seconds that it took.
    """

    kinds: tuple[KindReport, ...]
    quarantined: tuple[Problem, ...]
    duration_s: float
