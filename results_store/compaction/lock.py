"""At most one compaction, or repair, at a time.

Publishing knows no lock, so that no writer ever waits for a dead one. Here a lock is a courtesy: nobody waits
for it, the kernel frees it with its process, and two compactions that run at once where locks do not work
(some network file systems) lose nothing; they only do work twice.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator

from results_store.errors import CompactionError, StorePathError
from results_store.layout import Layout

__all__ = ["only_one"]

_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Refuses a second compaction while the block runs.

    Raises:
        CompactionError: Another one is running.
        StorePathError: The file system refused.
    """
    try:
        layout.compaction_lock.parent.mkdir(exist_ok=True)
        descriptor = os.open(layout.compaction_lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorePathError(f"cannot write to the store {layout.root}: {error}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CompactionError(
                f"another compaction of the store {layout.root}, or amor doctor, is running"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise StorePathError(f"cannot lock the store {layout.root}: {error}") from error
        yield
    finally:
        os.close(descriptor)
