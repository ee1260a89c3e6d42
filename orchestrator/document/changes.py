"""Changes to a configuration, written nested or with dots, as flat leaves that remember where they stand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.document.yaml_document import KeyPath

MEASURED_BY = "of"
"""A mapping with this key is one value, not several: a number that is measured in another cell."""

ConfigPath = tuple[str, ...]
"""Field names from the configuration's root to a value, such as ("model", "gate", "name")."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a value was written.

    Attributes:
        path: its place in the study file; for `--set` the empty path.
        setting: the text of the `--set` argument, or None for the study file.
    """

    path: KeyPath = ()
    setting: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value given to one field of the configuration."""

    path: ConfigPath
    value: Any
    origin: Origin


def flatten(changes: Mapping[str, Any], at: KeyPath, prefix: ConfigPath = ()) -> Iterator[Change]:
    """The leaves of a mapping whose keys may be nested, dotted, or both.

    Args:
        changes: the mapping as written.
        at: its place in the study file.
        prefix: the configuration path at which the mapping applies.
    """
    for key, value in changes.items():
        path = (*prefix, *key.split("."))
        if is_section(value):
            yield from flatten(value, (*at, key), path)
        else:
            yield Change(path=path, value=value, origin=Origin(path=(*at, key)))


def is_section(value: Any) -> bool:
    """Whether a value as written holds values of other keys, rather than being one."""
    return isinstance(value, Mapping) and bool(value) and MEASURED_BY not in value


def merge(layers: Iterable[Iterable[Change]]) -> dict[ConfigPath, Change]:
    """One change per path: later layers win; a value at a path replaces all values below it, and above it.

    An empty mapping changes nothing where there are values below it.
    """
    merged: dict[ConfigPath, Change] = {}
    for layer in layers:
        for change in layer:
            for length in range(1, len(change.path)):
                merged.pop(change.path[:length], None)
            if change.path not in merged:
                below = [path for path in merged if path[: len(change.path)] == change.path]
                if below and change.value == {}:
                    continue
                for path in below:
                    del merged[path]
            merged[change.path] = change
    return merged


def nested(changes: Mapping[ConfigPath, Any]) -> dict[str, Any]:
    """The nested mapping of path -> value; paths must not contradict each other (see `merge`)."""
    root: dict[str, Any] = {}
    for path, value in changes.items():
        node = root
        for name in path[:-1]:
            node = node.setdefault(name, {})
        node[path[-1]] = value
    return root
