"""What keys a configuration model knows, and which of them a given configuration uses.

A union of models told apart by a discriminator (`task.name`, `model.name`, `model.gate.name`) is one *section* with
several alternatives. A key of an alternative that is not chosen is known but unused, and is dropped; a key of no
alternative is unknown.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from orchestrator.document.changes import ConfigPath
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown, unknown_key


@dataclass(frozen=True, kw_only=True)
class Section:
    """A mapping within the configuration.

    Attributes:
        alternatives: model class by the discriminator's value; one entry under "" where there is nothing to choose.
        discriminator: the key that chooses, or None.
        default: the discriminator's value if it is not written, or None.
    """

    alternatives: Mapping[str, type[BaseModel]]
    discriminator: str | None = None
    default: str | None = None

    def known(self) -> set[str]:
        """All keys of all alternatives."""
        return {name for model in self.alternatives.values() for name in model.model_fields}


def root_section(model: type[BaseModel]) -> Section:
    """The section that a whole configuration is."""
    return Section(alternatives={"": model})


def section_of(info: FieldInfo) -> Section | None:
    """The section that a field holds, or None for a plain value."""
    models = list(_models_in(info.annotation))
    if not models:
        return None
    discriminator = info.discriminator or _discriminator_in(info.annotation)
    if not isinstance(discriminator, str):
        return Section(alternatives={"": models[0]}) if len(models) == 1 else None
    alternatives = {
        str(tag): model for model in models for tag in get_args(model.model_fields[discriminator].annotation)
    }
    default = info.get_default(call_default_factory=True) if not info.is_required() else PydanticUndefined
    chosen = str(getattr(default, discriminator)) if isinstance(default, BaseModel) else None
    return Section(alternatives=alternatives, discriminator=discriminator, default=chosen)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        for argument in get_args(annotation):
            yield from _models_in(argument)


def _discriminator_in(annotation: Any) -> str | None:
    for argument in get_args(annotation):
        if isinstance(argument, FieldInfo) and isinstance(argument.discriminator, str):
            return argument.discriminator
        found = _discriminator_in(argument) if get_origin(annotation) is not Literal else None
        if found:
            return found
    return None


@dataclass(kw_only=True)
class Selection:
    """What of a written configuration its model uses.

    Attributes:
        data: the used part, ready to be validated.
        unused: paths of leaves that other alternatives would use, with the reason.
        problems: path and message of unknown keys and unknown alternatives.
        undecided: sections of which the alternative is unknown, so that nothing can be said of their keys.
    """

    data: dict[str, Any] = field(default_factory=dict)
    unused: dict[ConfigPath, str] = field(default_factory=dict)
    problems: list[tuple[ConfigPath, str]] = field(default_factory=list)
    undecided: list[ConfigPath] = field(default_factory=list)


def select(written: Mapping[str, Any], model: type[BaseModel]) -> Selection:
    """Keeps what the model uses of a nested configuration; see the module's docstring."""
    selection = Selection()
    selection.data = _select(written, root_section(model), (), selection)
    return selection


def _select(written: Mapping[str, Any], section: Section, at: ConfigPath, selection: Selection) -> dict[str, Any]:
    chosen, why = _choose(written, section, at, selection)
    data: dict[str, Any] = {}
    if section.discriminator is not None and section.discriminator not in written and section.default is not None:
        data[section.discriminator] = section.default
    for key, value in written.items():
        path = (*at, key)
        if key not in section.known():
            selection.problems.append((path, unknown_key(key, section.known())))
        elif chosen is None:
            continue
        elif key not in chosen.model_fields:
            selection.unused.update(dict.fromkeys(_leaves(value, path), f"{why} has no {key!r}"))
        else:
            inner = section_of(chosen.model_fields[key])
            is_section = inner is not None and isinstance(value, Mapping)
            kept = _select(value, inner, path, selection) if is_section and inner else value
            if path not in selection.undecided:
                data[key] = kept
    return data


def _choose(
    written: Mapping[str, Any], section: Section, at: ConfigPath, selection: Selection
) -> tuple[type[BaseModel] | None, str]:
    if section.discriminator is None:
        return section.alternatives[""], ".".join(at) or "the configuration"
    tag = written.get(section.discriminator, section.default)
    kind = at[-1]
    if isinstance(tag, str) and tag in section.alternatives:
        return section.alternatives[tag], f"{kind} {tag!r}"
    if tag is None:
        selection.problems.append(((*at, section.discriminator), "this key is required"))
    else:
        near = suggestion(str(tag), section.alternatives)
        names = ", ".join(sorted(section.alternatives))
        selection.problems.append(
            ((*at, section.discriminator), f"unknown {kind} {shown(tag)}{near or '; known: ' + names}")
        )
    selection.undecided.append(at)
    return None, ""


def _leaves(value: Any, path: ConfigPath) -> Iterator[ConfigPath]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path


def all_paths(model: type[BaseModel]) -> Iterator[ConfigPath]:
    """Every path at which some configuration of the model has a field."""
    yield from dict.fromkeys(_paths(root_section(model), ()))


def _paths(section: Section, at: ConfigPath) -> Iterator[ConfigPath]:
    for alternative in section.alternatives.values():
        for name, info in alternative.model_fields.items():
            yield (*at, name)
            inner = section_of(info)
            if inner is not None:
                yield from _paths(inner, (*at, name))


def fields_at(model: type[BaseModel], path: ConfigPath) -> Iterator[FieldInfo]:
    """The fields that configurations of the model have at a path: one for each alternative of the sections above."""
    yield from _fields_at(root_section(model), path)


def _fields_at(section: Section, path: ConfigPath) -> Iterator[FieldInfo]:
    for alternative in section.alternatives.values():
        info = alternative.model_fields.get(path[0])
        inner = section_of(info) if info is not None and path[1:] else None
        if inner is not None:
            yield from _fields_at(inner, path[1:])
        elif info is not None and not path[1:]:
            yield info
