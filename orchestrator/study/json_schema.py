"""The JSON Schema of study files, for editors: completion, documentation and checks while typing.

It describes the configuration of the default trainable; a study that names another one may hold any keys in `base`,
`variants` and `grid`. What JSON Schema cannot say (that variants exist, that cells are valid) is left to `validate`.
"""

from typing import Any

from orchestrator.search.section import SearchSection
from orchestrator.space.fields import Section, root_section, section_of
from orchestrator.space.grid import RESERVED
from orchestrator.space.measured import KEYS
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.loading import load_trainable

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFAULT_TRAINABLE = "amor"
DOTTED_KEY = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$"


def study_json_schema() -> dict[str, Any]:
    """The schema as JSON data (draft 2020-12)."""
    schema = StudyFile.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    definitions["Configuration"] = _section(root_section(load_trainable(DEFAULT_TRAINABLE).config_model), definitions)
    definitions["Measured"] = _measured()
    definitions["Grid"] = _grid()
    definitions["Search"] = _search(definitions)
    configured = {
        "properties": {
            "base": {"$ref": "#/$defs/Configuration"},
            "variants": {"additionalProperties": {"$ref": "#/$defs/Configuration"}},
        }
    }
    names_default = {"properties": {"trainable": {"const": DEFAULT_TRAINABLE}}}
    for name in ("grid", "search"):
        reference = {"$ref": f"#/$defs/{name.capitalize()}"}
        schema["properties"][name] = reference | _documentation(schema["properties"][name])
    return {"$schema": DIALECT, **schema, "if": names_default, "then": configured}


def _section(section: Section, definitions: dict[str, Any]) -> dict[str, Any]:
    """All keys of all alternatives: which of them apply depends on keys that may stand elsewhere."""
    properties: dict[str, Any] = {}
    for model in section.alternatives.values():
        own = model.model_json_schema(ref_template="#/$defs/{model}")
        for name, info in model.model_fields.items():
            inner = section_of(info)
            if inner is not None:
                described = _section(inner, definitions) | (
                    {"description": info.description} if info.description else {}
                )
            elif name == section.discriminator:
                described = {"enum": sorted(section.alternatives), "description": info.description or ""}
            else:
                _take_definitions(own, definitions)
                described = _or_measured(
                    {key: value for key, value in own["properties"][name].items() if key != "title"}
                )
            properties[name] = _either(properties[name], described) if name in properties else described
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {DOTTED_KEY: {}},
        "additionalProperties": False,
    }


def _or_measured(described: dict[str, Any]) -> dict[str, Any]:
    """A number with decimals may also be one that is measured in another cell."""
    options = described.get("anyOf", [described])
    if not any(option.get("type") == "number" for option in options):
        return described
    kept = ("default", "description")
    bare = [{key: value for key, value in option.items() if key not in kept} for option in options]
    rest = {key: described[key] for key in kept if key in described}
    return {"anyOf": [*bare, {"$ref": "#/$defs/Measured"}]} | rest


def _measured() -> dict[str, Any]:
    where = {
        "type": "object",
        "description": "The values that choose a cell of the variant, by configuration key, where it has several.",
    }
    properties = {
        "of": {"type": "string", "description": "The variant in whose cell it is measured, with all seeds."},
        "metric": {"type": "string", "description": "What is measured there; never on the test split."},
        "where": where,
    }
    assert tuple(properties) == KEYS, "every key of a measured value is described"
    return {
        "type": "object",
        "description": "The mean over the study's seeds of a metric in another cell, to four decimals.",
        "properties": properties,
        "required": ["of", "metric"],
        "additionalProperties": False,
    }


def _search(definitions: dict[str, Any]) -> dict[str, Any]:
    """The section `search`; its parameters may be written nested or with dots."""
    section = SearchSection.model_json_schema(ref_template="#/$defs/{model}")
    _take_definitions(section, definitions)
    parameters, fixed = section["properties"]["parameters"], section["properties"]["fixed"]
    above_parameters = {"type": "object", "not": {"required": ["type"]}}
    parameters["additionalProperties"] = {"anyOf": [parameters["additionalProperties"], above_parameters]}
    fixed["items"] = {"type": "object", "minProperties": 1}
    return {key: value for key, value in section.items() if key not in ("$defs", "title")}


def _take_definitions(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    for name, definition in schema.get("$defs", {}).items():
        definitions.setdefault(name, definition)


def _either(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """One schema for a key that several alternatives have; defaults that differ are no default."""
    if first == second:
        return first
    alike = {key: value for key, value in first.items() if second.get(key) == value}
    bare_first, bare_second = (
        {k: v for k, v in s.items() if k not in ("default", "description")} for s in (first, second)
    )
    if bare_first == bare_second:
        return bare_first | alike | _documentation(first)
    options = [*bare_first.get("anyOf", [bare_first]), bare_second]
    return {"anyOf": [option for i, option in enumerate(options) if option not in options[:i]]} | _documentation(first)


def _documentation(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}


def _grid() -> dict[str, Any]:
    condition = {
        "type": "object",
        "minProperties": 1,
        "description": "Keys and the value, or values, that they have.",
    }
    axes = {"anyOf": [{"type": "array", "minItems": 1}, {"type": "object"}]}
    reserved = {
        "zip": {"description": "Axes that walk together.", "anyOf": [{"type": "array"}, {"type": "object"}]},
        "exclude": {"description": "Grid points to leave out.", "type": "array", "items": condition},
        "when": {
            "description": "Axes that apply only where a condition holds.",
            "additionalProperties": condition,
        },
    }
    assert tuple(reserved) == RESERVED, "every reserved key of a grid is described"
    return {"type": "object", "properties": reserved, "additionalProperties": axes}
