"""`--set key=value`: changes from the command line, which win over the study file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.error import YAMLError

from orchestrator.document.changes import Change, Origin, flatten, is_section
from orchestrator.document.problems import Problem
from orchestrator.document.yaml_document import parse_document
from orchestrator.errors import StudyError
from orchestrator.study.schema import StudyFile


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parsed `--set` arguments.

    Attributes:
        texts: the arguments as given.
        configuration: values for keys of the configuration, in every variant and at every grid point.
        study: values for keys of the study file itself, such as `seeds` or `limits.max_attempts`.
    """

    texts: tuple[str, ...] = ()
    configuration: tuple[Change, ...] = ()
    study: tuple[Change, ...] = ()


def parse_settings(texts: Sequence[str]) -> Settings:
    """Parses `key=value` arguments; the value is YAML.

    A key that begins with a field of the study file (`seeds`, `limits`, `grid`, …) replaces what stands there in the
    file (`grid={}` removes the grid); any other is a key of the configuration.

    Raises:
        StudyError: an argument has no `=`, or its value is no YAML.
    """
    configuration: list[Change] = []
    study: list[Change] = []
    for text in texts:
        key, equals, value_text = text.partition("=")
        key = key.strip()
        source = f"--set {text}"
        if not equals or not all(key.split(".")):
            raise StudyError([Problem(source=source, message="write key=value, for example training.epochs=5")])
        if not value_text.strip():
            raise StudyError([Problem(source=source, key=key, message="no value; write null for the default")])
        try:
            value = parse_document(f"value: {value_text}", source).data["value"]
        except (StudyError, YAMLError, KeyError) as error:
            raise StudyError([Problem(source=source, key=key, message="the value is no valid YAML")]) from error
        origin = Origin(setting=text)
        path = tuple(key.split("."))
        if path[0] in StudyFile.model_fields:
            study.append(Change(path=path, value=value, origin=origin))
        elif is_section(value):
            leaves = flatten(value, (), path)
            configuration += [Change(path=leaf.path, value=leaf.value, origin=origin) for leaf in leaves]
        else:
            configuration.append(Change(path=path, value=value, origin=origin))
    return Settings(texts=tuple(texts), configuration=tuple(configuration), study=tuple(study))


def apply_to_study(data: dict[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The study file's data with some values replaced; the data given stays as it is.

    Keys below `base`, `variants` and `grid` may be dotted themselves: `grid.model.attention.top_k=[3]` replaces an
    axis whether it was written nested or with dots.
    """
    result = data
    for change in changes:
        result = _replaced(result, change.path, change.value)
    return result


def _replaced(node: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    if not isinstance(node, Mapping):
        node = {}
    for length in range(len(path), 0, -1):
        key = ".".join(path[:length])
        if key in node:
            return {**node, key: _replaced(node[key], path[length:], value)}
    return {**node, path[0]: _replaced({}, path[1:], value)} if len(path) > 1 else {**node, path[0]: value}
