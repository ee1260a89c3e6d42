"""Which files are merged into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from results_store.catalogue import VerifiedFile
from results_store.catalogue.merging import groups_of_equal_types

__all__ = ["batches"]

# A file of this many rows is left alone. Queries over a million rows took the same time in files of 250,000,
# 500,000 and 1,000,000 rows; smaller files make the next compaction cheaper, which merges the last one again.
_LARGE_ROWS = 250_000
# So is one of this many bytes: rows of gate decisions are long.
_LARGE_BYTES = 256 * 2**20
# Each of them is open for a moment, and named in the merged file.
_MAX_FILES = 4096


def batches(files: Iterable[VerifiedFile], num_bytes: Mapping[Path, int]) -> list[list[VerifiedFile]]:
    """Batches of two or more small files, until each makes a large one or there are no more.

    When there is nothing to merge, at most one small file is left of each group of equal types: so merging until
    there is nothing leaves nothing to the next compaction.

    Args:
        files: Files of one kind.
        num_bytes: Their sizes.
    """
    small = [file for file in files if file.num_rows < _LARGE_ROWS and num_bytes[file.path] < _LARGE_BYTES]
    found = []
    for group in groups_of_equal_types(small):
        batch: list[VerifiedFile] = []
        rows = size = 0
        for file in group:
            batch.append(file)
            rows, size = rows + file.num_rows, size + num_bytes[file.path]
            if rows >= _LARGE_ROWS or size >= _LARGE_BYTES or len(batch) == _MAX_FILES:
                found.append(batch)
                batch, rows, size = [], 0, 0
        found.append(batch)
    return [batch for batch in found if len(batch) > 1]
