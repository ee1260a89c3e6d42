"""Files that processes which died have left behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

__all__ = ["remove_leftovers"]

_MIN_AGE_S = 3600


def remove_leftovers(folder: Path, used: Collection[str] = ()) -> tuple[Path, ...]:
    """Deletes the old files of a folder but for those in use; a recent one may be another process's.

    Returns:
        What was deleted. A folder, or what cannot be deleted, stays.
    """
    removed: list[Path] = []
    before = time.time() - _MIN_AGE_S
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            with contextlib.suppress(OSError):
                if path.name not in used and path.lstat().st_mtime < before:
                    path.unlink()
                    removed.append(path)
    return tuple(removed)
