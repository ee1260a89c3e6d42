"""Files that processes which died have left behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

__all__ = ["remove_leftovers"]

_MIN_AGE_S = 3600


def remove_leftovers(folder: Path, used: Collection[str] = ()) -> None:
    """Deletes the old files of a folder but for those in use; a recent one may be another process's."""
    before = time.time() - _MIN_AGE_S
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return  # whatever is there is somebody else's
        for path in folder.iterdir():
            if path.name not in used and path.lstat().st_mtime < before:
                path.unlink()
