"""The claims of a submission as values: the one place that reads the JSON in the column `claims`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from results_store.claims.statement import statement_of
from results_store.numbers import finite_number
from results_store.records import ArmRecord, ClaimRecord, Expectation, StatementRecord

__all__ = ["RecordedClaims"]

_COMPARED = ("greater", "less", "equivalent", "ratio", "at_least", "at_most")


@dataclass(frozen=True, kw_only=True)
class RecordedClaims:
    """The claims of a submission.

    Attributes:
        claims: In the order of the study.
        earlier: Names of claims in the format that was used before cells were recorded: they cannot be decided.
        num_senseless: How many entries make no sense.
    """

    claims: Sequence[ClaimRecord]
    earlier: Sequence[str] = ()
    num_senseless: int = 0

    @staticmethod
    def parse(text: str | None) -> RecordedClaims:
        """Reads the column `claims` of a submission, whatever stands there; of two with one name the first counts."""
        try:
            entries = json.loads(text or "[]")
        except (ValueError, TypeError, RecursionError):
            return RecordedClaims(claims=(), num_senseless=1)
        if not isinstance(entries, list):
            return RecordedClaims(claims=(), num_senseless=1)
        claims: dict[str, ClaimRecord] = {}
        earlier: list[str] = []
        num_senseless = 0
        for entry in entries:
            try:
                name = _text(entry["name"])
                if "statement" not in entry and "expect" in entry:
                    earlier.append(name)
                    continue
                claim = ClaimRecord(name=name, family=_text(entry["family"]), statement=_statement(entry["statement"]))
                statement_of(claim.statement, lambda _metric, _arm: {})  # refuses what no claim can state
            except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
                num_senseless += 1
                continue
            claims.setdefault(name, claim)
        return RecordedClaims(claims=tuple(claims.values()), earlier=earlier, num_senseless=num_senseless)


def _statement(entry: Any, *, is_part: bool = False) -> StatementRecord:
    """Reads one statement; raises whatever comes of it where it has another shape."""
    expect = entry["expect"]
    if expect not in (_COMPARED if is_part else get_args(Expectation)):
        raise ValueError
    return StatementRecord(
        expect=expect,
        metric="" if expect == "all" else _text(entry["metric"]),
        arms=tuple(_arm(arm) for arm in _list(entry.get("arms", []))),
        margin=_number(entry.get("margin", 0.0)),
        ratio=_number(entry.get("ratio", 1.0)),
        value=_number_or_none(entry.get("value")),
        subject=_text(entry.get("subject", ""), may_be_empty=True),
        along=_text(entry.get("along", ""), may_be_empty=True),
        is_rising=bool(entry.get("is_rising", True)),
        beyond=_number_or_none(entry.get("beyond")),
        parts=tuple(_statement(part, is_part=True) for part in _list(entry.get("parts", []))),
    )


def _arm(entry: Any) -> ArmRecord:
    return ArmRecord(
        variant=_text(entry["variant"]),
        label=_text(entry["label"]),
        cell_id=None if (cell_id := entry["cell_id"]) is None else _text(cell_id),
        reason=_text(entry.get("reason", ""), may_be_empty=True),
        published=_number_or_none(entry.get("published")),
        position=_number_or_none(entry.get("position")),
    )


def _text(value: Any, *, may_be_empty: bool = False) -> str:
    """A text that SQL can hold."""
    if not isinstance(value, str) or "\0" in value or not (value or may_be_empty):
        raise TypeError
    value.encode()
    return value


def _number(value: Any) -> float:
    number = finite_number(value)
    if number is None:
        raise TypeError
    return number


def _number_or_none(value: Any) -> float | None:
    return None if value is None else _number(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
