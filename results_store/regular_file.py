"""Opening files that others may have put there: only regular ones, and never waiting for a pipe."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

__all__ = ["open_regular"]


def open_regular(path: Path) -> BufferedReader:
    """Opens a file for reading; a link, pipe, socket, device or folder of that name is refused at once.

    Raises:
        OSError: It is not there, no regular file, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return open(descriptor, "rb")  # noqa: PTH123 - a descriptor, not a path
