"""From written changes to one validated configuration, or to what is wrong with them and where it was written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestrator.document.changes import Change, ConfigPath, Origin, nested
from orchestrator.document.validation import errors_of
from orchestrator.space.fields import Selection, select
from orchestrator.space.measured import Measured, stand_in
from orchestrator.trainables.contract import Trainable

LAYERS = ("base", "variants", "grid", "search")
"""Sections of the study file that write values; later ones win."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with a value, and where the value was written."""

    origin: Origin
    path: ConfigPath
    message: str


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """One configuration.

    Attributes:
        selection: what of the written values it uses.
        config: validated, all defaults filled in, measured values by their stand-ins; None if something is wrong.
        findings: what is wrong.
    """

    selection: Selection
    config: BaseModel | None
    findings: tuple[Finding, ...]

    def measured(self) -> dict[ConfigPath, Measured]:
        """The values of the configuration that are measured elsewhere."""
        leaves = leaves_of(self.selection.data)
        return {path: value for path, value in leaves.items() if isinstance(value, Measured)}


def leaves_of(config: Mapping[str, Any], at: ConfigPath = ()) -> dict[ConfigPath, Any]:
    """The values of a nested mapping by path; lists are values."""
    leaves: dict[ConfigPath, Any] = {}
    for key, value in config.items():
        leaves.update(leaves_of(value, (*at, key)) if isinstance(value, Mapping) else {(*at, key): value})
    return leaves


def resolve(trainable: Trainable, changes: Mapping[ConfigPath, Change]) -> Resolved:
    """Validates merged changes against the trainable's configuration model."""
    selection = select(nested({path: change.value for path, change in changes.items()}), trainable.config_model)
    findings = list(_findings(selection.problems, changes))
    config: BaseModel | None = None
    try:
        config = trainable.config_model.model_validate_json(json.dumps(selection.data, default=stand_in), strict=True)
    except ValidationError as error:
        problems = [
            (tuple(str(part) for part in location), message) for location, message in errors_of(error, selection.data)
        ]
        decided = [
            (path, message)
            for path, message in problems
            if not any(path[: len(section)] == section for section in selection.undecided)
        ]
        findings += _findings(decided, changes)
    return Resolved(
        selection=selection, config=None if selection.problems else config, findings=tuple(dict.fromkeys(findings))
    )


def with_defaults(trainable: Trainable, written: Mapping[ConfigPath, Any]) -> Mapping[ConfigPath, Any]:
    """The written values, by path, and those that are at their default; only the written ones if they are invalid."""
    selection = select(nested(written), trainable.config_model)
    try:
        config = trainable.config_model.model_validate_json(json.dumps(selection.data, default=stand_in), strict=True)
    except ValidationError:
        return written  # reported when the point itself is resolved
    return {**leaves_of(config.model_dump(mode="json")), **written}


def _findings(problems: Sequence[tuple[ConfigPath, str]], changes: Mapping[ConfigPath, Change]) -> Iterator[Finding]:
    for path, message in problems:
        text = message
        if path in changes and isinstance(changes[path].value, Measured) and not message.startswith("unknown key"):
            rule = "" if message.startswith("unknown") else f": {message.partition(' (got ')[0]}"
            text = f"takes no measured value, which is a number with decimals{rule}"
        yield Finding(origin=_origin(path, changes, message), path=path, message=text)


def _origin(path: ConfigPath, changes: Mapping[ConfigPath, Change], message: str) -> Origin:
    """Where to point for an error at `path`: the value itself, else one below it that the message names, else near."""
    if path in changes:
        return changes[path].origin
    below = [change for name, change in changes.items() if name[: len(path)] == path]
    if below:
        named = [change for change in below if change.path[-1] in message.replace("'", " ").split()]
        change = _latest(named or below)
        if not path and not named:
            return Origin()
        return change.origin if named else _above(change, len(change.path) - len(path))
    return _origin(path[:-1], changes, message) if path else Origin()


def _above(change: Change, num_names: int) -> Origin:
    """Where the mapping stands that is written so many names above a value, as far as it was written nested."""
    written = list(change.origin.path)
    while (
        len(written) > 1 and isinstance(written[-1], str) and 0 < (length := len(written[-1].split("."))) <= num_names
    ):
        written.pop()
        num_names -= length
    return Origin(path=tuple(written), setting=change.origin.setting)


def _latest(changes: Sequence[Change]) -> Change:
    return max(
        changes,
        key=lambda change: LAYERS.index(str(change.origin.path[0])) if change.origin.path else len(LAYERS),
    )
