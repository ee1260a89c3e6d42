"""Provenance of a trainable: a hash of its source."""

import hashlib
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from orchestrator.trainables.contract import Trainable

DIGITS = 16


def source_hash(trainable: Trainable) -> str:
    """16 hex digits over the trainable's Python source: its package's folder and `Trainable.source_packages`.

    Provenance, not identity: rows of one trainable version that come from different source are worth a warning.
    """
    digest = hashlib.sha256()
    for name, file in sorted(_files(trainable)):
        digest.update(f"{name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:DIGITS]


def _files(trainable: Trainable) -> Iterator[tuple[str, Path]]:
    module = inspect.getmodule(type(trainable))
    if module is not None and module.__file__:
        file = Path(module.__file__)
        if module.__package__:
            yield from _package(module.__package__, file.parent)
        else:
            yield file.name, file
    for package in trainable.source_packages:
        origin = importlib.import_module(package).__file__
        if origin:
            yield from _package(package, Path(origin).parent)


def _package(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*.py"):
        yield f"{name}/{file.relative_to(folder)}", file
