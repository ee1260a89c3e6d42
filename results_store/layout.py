"""The layout of a store in a folder: the one place that knows its paths and file names."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Collection
from pathlib import Path

from results_store.errors import StorePathError
from results_store.schemas import Kind

__all__ = ["Layout"]


class Layout:
    """Paths of a store.

    Args:
        root: The store's folder, which need not exist yet. Links on the way to it are resolved, because
            queries are confined to real paths.

    Raises:
        StorePathError: The path is no folder.
    """

    def __init__(self, root: str | Path) -> None:
        if "://" in str(root):
            raise StorePathError(f"{root}: only folders can be stores; give a path")
        try:
            self.root = Path(root).expanduser().resolve()
            exists, is_folder = self.root.exists(), self.root.is_dir()
        except (OSError, RuntimeError, ValueError) as error:
            raise StorePathError(f"{str(root)!r} cannot be a store: {error}") from error
        if exists and not is_folder:
            raise StorePathError(f"{self.root} is a file; a store is a folder")
        parent = next((parent for parent in self.root.parents if parent.exists()), self.root)
        if not parent.is_dir():
            raise StorePathError(f"{self.root} cannot be a store: {parent} is a file")

    def is_there(self) -> bool:
        """Whether there is a folder with anything in it: an empty one is no store yet.

        Raises:
            StorePathError: It cannot be read.
        """
        try:
            return self.root.is_dir() and any(self.root.iterdir())
        except OSError as error:
            raise StorePathError(f"cannot read the store {self.root}: {error}") from error

    def refuse_strangers(self, *, but_for: Collection[Path] = ()) -> None:
        """Refuses a store that is not what amor makes, as it would be found in the hands of somebody else.

        In a shared store somebody may put a link in the place of a folder. What is written, moved and deleted there
        would then be somewhere else; and a pipe in the place of a file would be waited for.

        Args:
            but_for: Paths that are not looked at.

        Raises:
            StorePathError: A folder of the store is a link or a file, or one of its files is none.
        """
        folders = [self.temporary, self.quarantine, self.verified.parent, self.generation.parent]
        folders += [self.segments(kind) for kind in Kind]
        folders += [self.segments(Kind.TRIALS).parent]
        folders += [self.folder(kind) for kind in Kind]
        folders += [self.weights]
        files = [self.verified, self.generation, self.compaction_lock]
        for path, is_right, wanted in [
            *((folder, stat.S_ISDIR, "folder") for folder in folders),
            *((file, stat.S_ISREG, "file") for file in files),
        ]:
            if path in but_for:
                continue
            try:
                mode = path.lstat().st_mode
            except OSError:  # not there yet; what else is wrong shows when it is used
                continue
            if not is_right(mode):
                kind = "a link" if stat.S_ISLNK(mode) else f"no {wanted}"
                raise StorePathError(f"{path} is {kind}; the store's own {wanted}s are never anything else: remove it")

    @property
    def temporary(self) -> Path:
        """Unfinished files, in the file system of the finished ones so that they can be linked."""
        return self.root / ".tmp"

    @property
    def verified(self) -> Path:
        """Remembers which files have been verified; may be deleted at any time."""
        return self.root / ".cache" / "verified.json"

    @property
    def generation(self) -> Path:
        """Changes before files of rows are deleted; see `catalogue/generation.py`."""
        return self.root / ".compaction" / "generation"

    @property
    def compaction_lock(self) -> Path:
        """Locked by the process that merges the store's files."""
        return self.root / ".compaction" / "lock"

    @property
    def entries(self) -> frozenset[str]:
        """Names of everything that the store keeps in its folder, but for hidden entries."""
        return frozenset({kind.value for kind in Kind} | {self.weights.name, self.quarantine.name})

    def segments(self, kind: Kind) -> Path:
        """Where copies of many small files are, each in one file; may be deleted at any time."""
        return self.root / ".cache" / "segments" / kind.value

    def segment(self, kind: Kind, name: str) -> Path:
        """A copy of many small files."""
        return self.segments(kind) / name

    @property
    def quarantine(self) -> Path:
        """Unreadable files, moved here and never deleted."""
        return self.root / "quarantine"

    def folder(self, kind: Kind) -> Path:
        """Where rows of a kind are."""
        return self.root / kind.value

    def file(self, kind: Kind, name: str) -> Path:
        """Path of a file of rows."""
        return self.folder(kind) / name

    @property
    def weights(self) -> Path:
        """Where the files of trained weights are."""
        return self.root / "weights"

    @staticmethod
    def name_of_weights(content: bytes) -> str:
        """Name of the file of weights that has this content."""
        return hashlib.sha256(content).hexdigest() + ".safetensors"

    @staticmethod
    def is_name_of_weights(name: str) -> bool:
        """Whether a file of weights can have this name."""
        return re.fullmatch(r"[0-9a-f]{64}\.safetensors", name) is not None

    @staticmethod
    def name_of(content: bytes) -> str:
        """Name of the file that has this content."""
        return hashlib.sha256(content).hexdigest() + ".parquet"

    @staticmethod
    def is_name(name: str) -> bool:
        """Whether a file of rows can have this name."""
        return re.fullmatch(r"[0-9a-f]{64}\.parquet", name) is not None
