"""Files that processes which died have left behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

__all__ = ["old_entries", "remove_leftovers"]

_MIN_AGE_S = 3600


def old_entries(folder: Path, used: Collection[str] = ()) -> tuple[Path, ...]:
    """What is old in a folder and not in use; a recent file may be another process's."""
    before = time.time() - _MIN_AGE_S
    old = []
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return ()  # whatever is there is somebody else's
        for path in sorted(folder.iterdir()):
            with contextlib.suppress(OSError):
                if path.name not in used and path.lstat().st_mtime < before:
                    old.append(path)
    return tuple(old)


def remove_leftovers(folder: Path, used: Collection[str] = ()) -> tuple[Path, ...]:
    """Deletes the old files of a folder but for those in use.

    Returns:
        What was deleted. A folder, or what cannot be deleted, stays.
    """
    removed = []
    for path in old_entries(folder, used):
        with contextlib.suppress(OSError):
            path.unlink()
            removed.append(path)
    return tuple(removed)
