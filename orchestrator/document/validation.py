"""pydantic's errors in the words of a study file: one line each, at the right place."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.document.problems import suggestion

SHOWN_CHARACTERS = 60
REQUIRED = "this key is required"
MAPPING_EXPECTED = ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type")
"""What pydantic calls it when something else stands where keys and values should."""


def errors_of(error: ValidationError, data: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Key path and message of every error, with alternatives of one value folded into one line.

    Args:
        error: what pydantic found.
        data: the data that it validated; tells keys from the tags of unions in pydantic's locations.
    """
    by_path: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for details in error.errors():
        path = _key_path(details, data)
        if details["type"] in ("union_tag_not_found", "union_tag_invalid"):
            path = (*path, _discriminator(details))
        by_path.setdefault(path, []).append(details)
    for path, found in by_path.items():
        if any(_lies_below(other, path) for other in by_path):
            continue  # an alternative of a union that does not apply; the deeper error says more
        messages = dict.fromkeys(_message(details) for details in found)
        yield path, _alternatives(list(messages))


def _lies_below(other: Sequence[str | int], path: Sequence[str | int]) -> bool:
    return len(other) > len(path) and tuple(other[: len(path)]) == tuple(path)


def _key_path(details: ErrorDetails, data: Any) -> tuple[str | int, ...]:
    """Pydantic's location without the tags of unions, which are no keys of the data."""
    path: list[str | int] = []
    node = data
    location = details["loc"]
    for depth, part in enumerate(location):
        if isinstance(node, dict) and part in node:
            if _is_tag(node, part, location[depth + 1 :], details["type"]):
                continue
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[int(part)]
        elif not (depth == len(location) - 1 and details["type"] == "missing"):
            continue
        path.append(part)
    return tuple(path)


def _is_tag(node: dict[str, Any], part: str | int, below: Sequence[str | int], kind: str) -> bool:
    """Whether a part of a location that names a key is a tag after all: nothing can lie below a single value."""
    return bool(below) and not isinstance(node[str(part)], dict | list) and (below[0] in node or kind == "missing")


def _message(details: ErrorDetails) -> str:
    kind = details["type"]
    if kind in ("missing", "union_tag_not_found"):
        return REQUIRED
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return (
            f"should be letters, digits, '_', '.' and '-', with a letter or digit first (got {shown(details['input'])})"
        )
    got = f"(got {shown(details['input'])})"
    if kind in MAPPING_EXPECTED:
        return f"should be a mapping {got}"
    if kind == "union_tag_invalid":
        *others, last = details["ctx"]["expected_tags"].replace("'", "").split(", ")
        tags = f"{', '.join(others)} or {last}" if others else last
        return f"should be {tags} (got {shown(details['ctx']['tag'])})"
    if kind == "too_short":
        least = details["ctx"]["min_length"]
        return f"should have at least {least} item{'' if least == 1 else 's'} {got}"
    text = details["msg"].removeprefix("Input ").removeprefix("Value ")
    return f"{text[0].lower()}{text[1:]} {got}"


def _discriminator(details: ErrorDetails) -> str:
    """The key that tells the alternatives of a union apart; pydantic has it in quotes."""
    return str(details["ctx"]["discriminator"]).strip("'")


def _alternatives(messages: list[str]) -> str:
    """Messages about one value, one for each type that it may have, as one."""
    if len(messages) == 1:
        return messages[0]
    wanted = [message.rpartition(" (got ")[0].removeprefix("should be ") or message for message in messages]
    _, got, value = messages[0].rpartition(" (got ")
    return f"should be {' or '.join(wanted)}{got}{value}" if got else " or ".join(messages)


def shown(value: Any) -> str:
    """The value as a study file would write it, shortened."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message for a key that does not exist, with the nearest one that does."""
    names = sorted(known)
    return f"unknown key{suggestion(key, names) or ('; known: ' + ', '.join(names) if names else '')}"
