"""Publishing a file: at every moment it is absent or whole, and after the return it stays.

The order is: write a temporary file, fsync it, link it to its name, fsync the folder. Before the link a
reader sees nothing; after it, everything. A crash leaves at most a temporary file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from results_store.errors import StorePathError
from results_store.layout import Layout
from results_store.regular_file import open_regular
from results_store.schemas import Kind

__all__ = [
    "check_writable",
    "encode",
    "publish",
    "publish_file",
    "publish_weights",
    "refuse_other_folders",
    "temporary_file",
]

# File systems without hard links answer with one of these.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


def encode(table: pa.Table) -> bytes:
    """The bytes of the Parquet file that holds a table."""
    stream = pa.BufferOutputStream()
    # Most of a file of one row is metadata: without dictionaries and statistics it has half the size.
    has_repetition = table.num_rows > 1
    pq.write_table(
        table,
        stream,
        compression="zstd" if has_repetition else "none",
        use_dictionary=has_repetition,
        write_statistics=has_repetition,
        write_page_checksum=True,
        store_schema=False,
    )
    return bytes(stream.getvalue())


def publish(layout: Layout, kind: Kind, content: bytes) -> Path:
    """Publishes the bytes of a file under their hash; publishing the same bytes again changes nothing.

    Raises:
        StorePathError: The file system refused; then the file is absent or whole.
    """
    with temporary_file(layout) as temporary:
        _write(temporary, content)
        return _settle(temporary, layout.file(kind, layout.name_of(content)))


def publish_weights(layout: Layout, content: bytes) -> Path:
    """Publishes the bytes of a file of weights under their hash; doing so again changes nothing.

    Raises:
        StorePathError: The file system refused; then the file is absent or whole.
    """
    with temporary_file(layout) as temporary:
        _write(temporary, content)
        return _settle(temporary, layout.weights / layout.name_of_weights(content))


def publish_file(layout: Layout, kind: Kind, temporary: Path) -> Path:
    """Publishes a file that was written to the place of `temporary_file`, inside of its block.

    Raises:
        OSError: The file system refused; then the file is absent or whole.
    """
    with temporary.open("rb+") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(stream.fileno())
        return _settle(temporary, layout.file(kind, f"{digest}.parquet"))


@contextlib.contextmanager
def temporary_file(layout: Layout) -> Iterator[Path]:
    """A place for a file that is being written; whatever is there in the end is deleted.

    Raises:
        StorePathError: The file system refused, here or in the block.
    """
    temporary = layout.temporary / f"{os.getpid()}.{secrets.token_hex(16)}"
    layout.refuse_strangers()
    try:
        _make_folder(layout.temporary)
        try:
            yield temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise StorePathError(f"cannot write to the store {layout.root}: {error}") from error


def check_writable(layout: Layout) -> None:
    """Makes sure that the store can be written to, by writing to it.

    Raises:
        StorePathError: It cannot.
    """
    refuse_other_folders(layout)
    with temporary_file(layout) as probe:
        for folder in (*(layout.folder(kind) for kind in Kind), layout.weights):
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        _write(probe, b"probe")


def refuse_other_folders(layout: Layout) -> None:
    """A folder that holds other things and nothing of a store was hardly meant to become one.

    Raises:
        StorePathError: It is such a folder, or cannot be read.
    """
    try:
        names = [entry.name for entry in layout.root.iterdir()] if layout.root.exists() else []
    except OSError as error:
        raise StorePathError(f"cannot read the store {layout.root}: {error}") from error
    if names and not layout.entries & set(names) and not {".tmp", ".cache"} & set(names):
        raise StorePathError(f"{layout.root} is no store: it holds {sorted(names)[0]!r}; name another folder")


def _settle(temporary: Path, target: Path) -> Path:
    """Gives a file that is on disk its place, under the hash of its bytes."""
    _make_folder(target.parent)
    try:
        os.link(temporary, target)
    except FileExistsError:
        # The same bytes were published before. What stands there may have been damaged since.
        if not _is_whole(target):
            temporary.replace(target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        temporary.replace(target)
    _sync_folder(target.parent)
    return target


def _is_whole(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with open_regular(path) as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != path.stem:
                return False
            os.fsync(stream.fileno())  # its first writer may have been stopped before this
    except FileNotFoundError:
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    missing = [folder, *(parent for parent in folder.parents if not parent.exists())]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)
