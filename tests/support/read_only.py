"""A folder that cannot be written to, also not by root, whom permissions do not bind."""

import contextlib
import errno
import io
import os
from pathlib import Path
from unittest import mock


@contextlib.contextmanager
def read_only(folder):
    """While the block runs, whatever would change something below the folder fails with EROFS."""
    root = os.path.realpath(folder)

    def refused_below(do, would_write):
        def call(path, *args, **kwargs):
            is_path = isinstance(path, str | Path)
            if is_path and os.path.realpath(path).startswith(root) and would_write(*args, **kwargs):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return do(path, *args, **kwargs)

        return call

    with contextlib.ExitStack() as patches:

        def patch(module, name, would_write=lambda *args, **kwargs: True):
            do = getattr(module, name)
            patches.enter_context(mock.patch.object(module, name, refused_below(do, would_write)))

        for name in ("mkdir", "link", "rename", "replace", "unlink", "rmdir"):
            patch(os, name)
        patch(os, "open", lambda flags, *_, **__: flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        patch(io, "open", lambda mode="r", *_, **__: mode.strip("bt") != "r")
        yield
