"""A cell of a table: what it holds, and how that is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from results_store.query.formats import plain
from results_store.statistics import Interval, IntervalMethod, LearningTime, LogRankTest, Share, Survival
from results_store.tables.column import Column
from results_store.tables.summary import Centre, Middle, Replicates, Statistic
from results_store.wording import p_value

__all__ = ["ABSENT", "Cell", "Line", "Words", "words"]

ABSENT = "—"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value as it came from the query, or what its replicates came to.

    Attributes:
        value: The value, if there are no replicates.
        statistic: What the replicates came to.
        published: The published value beside it.
        num_undefined: How many replicates were completed and yet have no number, if others have one.
        replicates: The replicates themselves, in order of seed.
    """

    value: Any = None
    statistic: Statistic | None = None
    published: float | None = None
    num_undefined: int = 0
    replicates: Replicates = ()

    @property
    def interval(self) -> Interval | None:
        """The mean of the replicates with its interval, if that is what the cell shows."""
        return self.statistic if isinstance(self.statistic, Interval) else None

    def machine(self, name: str, key: str) -> dict[str, Any]:
        """What the cell holds in full precision, by name of column in CSV.

        Args:
            name: Name of the column in the query.
            key: What follows it, as far as there is no rule.
        """
        statistic = self.statistic
        match statistic:
            case Interval():
                found = {"mean": statistic.mean, "low": statistic.low, "high": statistic.high}
            case Middle():
                found = {key: statistic.value, f"{key}_low": statistic.low, f"{key}_high": statistic.high}
            case Centre():
                found = {key: statistic.value}
            case Share():
                found = {key: statistic.num_above, f"{key}_low": statistic.low, f"{key}_high": statistic.high}
            case Survival():
                found = {key: statistic.median, f"{key}_low": statistic.low, f"{key}_high": statistic.high}
                statistic = statistic.learned
            case LogRankTest():
                return {f"{name}_{key}_p": statistic.p_value}
            case None:
                return {} if self.replicates else _machine_value(name, self.value)
        counts = {"n": statistic.num_values, "missing": statistic.num_missing}
        return {f"{name}_{suffix}": value for suffix, value in (found | counts).items()}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table.

    Attributes:
        label: What the line is called.
        variant: The variant that it shows, if the query says it.
        cells: One cell per column.
        states: The states of its replicates, if the query says them.
        seeds: The seeds of its replicates, if the query says them.
    """

    label: str
    variant: str | None
    cells: Sequence[Cell]
    states: Sequence[str] = ()
    seeds: Sequence[int] = ()


class Words(NamedTuple):
    """A cell as text; what is empty is left out."""

    main: str
    interval: str = ""
    size: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def _machine_value(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, LearningTime):
        return {name: value.event, f"{name}_trained": value.trained}
    return {name: value}


def words(column: Column, cell: Cell) -> Words:
    """What is written in a cell."""
    statistic = cell.statistic
    match statistic:
        case Interval():
            return _mean(column, statistic)
        case Middle(value=float() as value, low=float() as low, high=float() as high):
            value_text, *ends = column.numbers(value, low, high)
            return Words(value_text, f"[{', '.join(ends)}]", _count(statistic.num_values, statistic.num_missing))
        case Centre(value=float() as value):
            return Words(column.number(value), "", _count(statistic.num_values, statistic.num_missing))
        case Share(share=float(), low=float() as low, high=float() as high):
            interval = f"[{100 * low:.1f}, {100 * high:.1f}]"
            count = _count(statistic.num_values, statistic.num_missing) if statistic.num_missing else ""
            return Words(f"{statistic.num_above}/{statistic.num_values}", interval, count)
        case Survival() if statistic.curve is not None:
            return _median(statistic)
        case LogRankTest(p_value=float() as found):
            return Words(p_value(found))
        case None if not cell.replicates:
            return Words(_value(column, cell.value))
    return Words(ABSENT)


def _mean(column: Column, interval: Interval) -> Words:
    if interval.mean is None:
        return Words(ABSENT)
    count = _count(interval.num_values, interval.num_missing)
    if interval.method is IntervalMethod.CONSTANT:
        return Words(column.number(interval.mean), "[all equal]", count)
    if interval.low is None or interval.high is None:
        return Words(column.number(interval.mean), "", count)
    mean, low, high = column.numbers(interval.mean, interval.low, interval.high)
    return Words(mean, f"[{low}, {high}]", count)


def _median(found: Survival) -> Words:
    main = "not reached" if found.median is None else f"{found.median:g}"
    interval = ""
    if found.low is not None:
        low = f"{'[' if found.is_low_included else '('}{found.low:g}"
        interval = f"{low}, ∞)" if found.high is None else f"{low}, {found.high:g}]"
    return Words(main, interval, _count(found.learned.num_values, found.learned.num_missing))


def _count(num_values: int, num_missing: int) -> str:
    return f"n={num_values}" + (f" of {num_values + num_missing}" if num_missing else "")


def _value(column: Column, value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, LearningTime):
        return f"{value.event:g}" if value.event is not None else f"never in {value.trained:g}"
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and column.unit != "fraction":
        return f"{value:,}"
    return column.number(value) if is_whole or isinstance(value, float) else plain(value)
