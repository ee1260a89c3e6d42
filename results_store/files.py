"""Writing what is made of a store to files."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from results_store.errors import ExportError
from results_store.text import inert

__all__ = ["write_file"]


def write_file(path: str | Path, content: bytes) -> None:
    """Writes a file, in the place of one that is there; a reader never sees half of it. Links are followed.

    Raises:
        ExportError: It cannot be written, or is no file: a folder, a device, a pipe.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "not a file")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExportError(inert(f"{path} cannot be written: {reason.lower()}")) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
