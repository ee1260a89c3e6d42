"""From a recorded statement about cells to one about their replicates, and to words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from results_store.records import ArmRecord, StatementRecord
from results_store.statistics import (
    Comparison,
    ComparisonKind,
    Conjunction,
    Drop,
    Monotone,
    Replicates,
    Statement,
)
from results_store.wording import unit_suffix

if TYPE_CHECKING:
    ReplicatesOf = Callable[[str, ArmRecord], Replicates]

__all__ = ["arms_of", "in_words", "statement_of"]

_SIGNS = {"less": "<", "at_least": "≥", "at_most": "≤"}


def statement_of(record: StatementRecord, replicates_of: ReplicatesOf) -> Statement:
    """The statement that is decided.

    Args:
        record: What is stated of cells.
        replicates_of: The replicates of a metric in an arm's cell.

    Raises:
        ValueError: No claim can state this.
    """
    if record.expect == "all":
        return Conjunction(parts=[_comparison(part, replicates_of) for part in record.parts])
    if record.expect == "monotone":
        points = [replicates_of(record.metric, arm) for arm in record.arms]
        return Monotone(points=points, is_rising=record.is_rising, tolerance=record.margin)
    if record.expect == "drop":
        if record.beyond is None:
            raise ValueError("a drop has a position")
        return Drop(
            positions=_positions(record),
            points=[replicates_of(record.metric, arm) for arm in record.arms],
            beyond=record.beyond,
            margin=record.margin,
        )
    return _comparison(record, replicates_of)


def _positions(record: StatementRecord) -> list[float]:
    positions = [arm.position for arm in record.arms if arm.position is not None]
    if len(positions) < len(record.arms):
        raise ValueError("the points of a series have positions")
    return positions


def _comparison(record: StatementRecord, replicates_of: ReplicatesOf) -> Comparison:
    sides: list[Replicates | float] = [replicates_of(record.metric, arm) for arm in record.arms[1:]]
    if record.value is not None:
        sides.append(record.value)
    (second,) = sides
    first = replicates_of(record.metric, record.arms[0])
    return Comparison(
        kind=ComparisonKind(record.expect), first=first, second=second, margin=record.margin, ratio=record.ratio
    )


def arms_of(record: StatementRecord) -> list[tuple[str, ArmRecord]]:
    """All arms with the metrics that are compared, in the statement's order, each once."""
    found = [(record.metric, arm) for arm in record.arms]
    for part in record.parts:
        found += arms_of(part)
    return list(dict.fromkeys(found))


def in_words(record: StatementRecord, units: Mapping[str, str]) -> str:
    """The statement as people read it, such as `amor_oracle > full_attention + 5 pp`.

    Args:
        record: The statement.
        units: Of metrics, by name, as far as they are known.
    """
    if record.expect == "all":
        has_several = len({part.metric for part in record.parts}) > 1
        return " and ".join(
            f"{part.metric}: {in_words(part, units)}" if has_several else in_words(part, units) for part in record.parts
        )
    unit = units.get(record.metric, "")
    allowed = _with_unit(record.margin, unit, is_difference=True)
    if record.expect == "monotone":
        positions = ", ".join("?" if arm.position is None else f"{arm.position:g}" for arm in record.arms)
        words = f"{record.subject} {'rises' if record.is_rising else 'falls'} along {record.along} ({positions})"
        return f"{words}, but for {allowed} at most" if record.margin else words
    if record.expect == "drop":
        words = f"{record.subject} drops beyond {record.along} {record.beyond:g}"
        return f"{words} by more than {allowed}" if record.margin else words
    first = record.arms[0].label
    second = record.arms[1].label if record.value is None else _with_unit(record.value, unit)
    if record.expect == "equivalent":
        return f"{first} = {second} ± {allowed}"
    if record.expect == "ratio":
        second = f"{record.ratio:g} x {second}"
    is_below = record.expect in ("less", "at_most")
    margin = f" {'-' if is_below else '+'} {allowed}" if record.margin else ""
    return f"{first} {_SIGNS.get(record.expect, '>')} {second}{margin}"


def _with_unit(value: float, unit: str, *, is_difference: bool = False) -> str:
    """A number of the study file, with all digits that it has there but for the percent of fractions."""
    number = f"{100 * value:.10g}" if unit == "fraction" else f"{value:g}"
    return number + unit_suffix(unit, is_difference=is_difference)
