"""Provenance of a trainable: a hash of its source."""

import hashlib
import importlib
import inspect
from pathlib import Path

from orchestrator.trainables.contract import Trainable

DIGITS = 16


def source_hash(trainable: Trainable) -> str:
    """16 hex digits over the Python source of the trainable's top-level package and of the packages it names.

    Provenance, not identity: rows of one trainable version that come from different source are worth a warning.
    A trainable may name further packages in an attribute `source_packages`.
    """
    module = inspect.getmodule(type(trainable))
    files: set[Path] = set()
    if module is not None and module.__file__:
        files.add(Path(module.__file__))
    for package in getattr(trainable, "source_packages", ()):
        origin = importlib.import_module(package).__file__
        if origin:
            files.update(Path(origin).parent.rglob("*.py"))
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:DIGITS]
