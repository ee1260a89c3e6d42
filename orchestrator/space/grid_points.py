"""Which configurations stand at a grid point that somebody names."""

from collections.abc import Mapping
from typing import Any

from orchestrator.document.changes import ConfigPath


def stands_at(leaves: Mapping[ConfigPath, Any], values: Mapping[ConfigPath, Any]) -> bool:
    """Whether a configuration has these values, of those keys among them that it uses."""
    return all(leaves[path] == value for path, value in values.items() if path in leaves)


def by_path(where: Mapping[str, Any]) -> dict[ConfigPath, Any]:
    """Values by path, of values by key as study files write them."""
    return {tuple(key.split(".")): value for key, value in where.items()}
