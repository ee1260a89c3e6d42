"""The canonical form of a configuration: what identity is computed over.

A field that could be left out without changing the configuration is left out. So a field added later with a default
keeps the ids of all trials that came before it, and a default written out is the same cell as the default left out.
"""

import json
import math
from typing import Any

from pydantic import BaseModel


def canonical_config(config: BaseModel) -> dict[str, Any]:
    """The smallest mapping that validates to an equal configuration.

    Keys are tried from the root downwards in alphabetical order, each by validating without it; so defaults that
    depend on other fields (epochs on the task) are found too. Law: validating the result gives `config` again.
    """
    model = type(config)
    data: dict[str, Any] = config.model_dump(mode="json")
    _drop_defaults(data, data, model, config)
    return data


def _drop_defaults(node: dict[str, Any], root: dict[str, Any], model: type[BaseModel], config: BaseModel) -> None:
    for key in sorted(node):
        value = node.pop(key)
        if _validates_to(root, model, config):
            continue
        node[key] = value
        if isinstance(value, dict):
            _drop_defaults(value, root, model, config)


def _validates_to(data: dict[str, Any], model: type[BaseModel], config: BaseModel) -> bool:
    try:
        return model.model_validate_json(json.dumps(data)) == config
    except ValueError:
        return False


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, shortest floats, -0.0 written as 0.0, no NaN or infinity."""
    return json.dumps(_normal(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _normal(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normal(inner) for inner in value]
    if isinstance(value, float):
        assert math.isfinite(value), f"{value} cannot stand in a configuration"
        return value + 0.0  # turns -0.0 into 0.0
    return value
