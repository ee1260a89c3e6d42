"""A table with its numbers, and how it is written as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from results_store.query.formats import latex, latex_table, markdown, markdown_table, plain
from results_store.statistics import Interval, IntervalMethod
from results_store.text import inert

__all__ = ["Cell", "Column", "Line", "Table"]

_ABSENT = "—"
_STATES = ("completed", "diverged", "failed", "pending", "pruned", "retracted", "waiting")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: Name in the query.
        title: Heading.
        unit: `fraction` is shown in percent.
        has_replicates: Whether its cells hold the replicates of a number.
        has_published: Whether published values are shown beside it.
    """

    name: str
    title: str
    unit: str = ""
    has_replicates: bool = False
    has_published: bool = False

    @property
    def heading(self) -> str:
        """Title and unit."""
        unit = "%" if self.unit == "fraction" else self.unit
        return f"{self.title} ({unit})" if unit and unit != "count" else self.title

    def number(self, value: float) -> str:
        """A number as it is shown: percent with one decimal, or four significant digits."""
        return self.numbers(value)[0]

    def numbers(self, *values: float) -> list[str]:
        """Numbers that belong together: percent with one decimal, or four significant digits of the largest."""
        if self.unit == "fraction":
            return [f"{100 * value:.1f}" for value in values]
        largest = max(map(abs, values))
        if largest != 0 and not 1e-4 <= largest < 1e15:
            return [f"{value:.4g}" for value in values]
        decimals = 0 if largest == 0 else max(0, 3 - math.floor(math.log10(largest)))
        return [f"{value:,.{decimals}f}" for value in values]

    def published_number(self, value: float) -> str:
        """A published number with all the digits that were published."""
        return f"{100 * value:.10g}" if self.unit == "fraction" else f"{value:.10g}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value as it came from the query, or the summary of its replicates.

    Attributes:
        value: The value, if there are no replicates.
        interval: The summary of the replicates.
        published: The published value beside it.
        num_undefined: How many replicates were completed and yet have no number.
    """

    value: Any = None
    interval: Interval | None = None
    published: float | None = None
    num_undefined: int = 0


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table.

    Attributes:
        label: What the line is called.
        variant: The variant that it shows, if the query says it.
        cells: One cell per column.
        states: The states of its replicates, if the query says them.
    """

    label: str
    variant: str | None
    cells: Sequence[Cell]
    states: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, ready to be written.

    Attributes:
        name: Its name in the study.
        title: Its heading.
        columns: Its columns but for the label of the line.
        lines: Its lines.
        sql: The query that it came from; empty for a table that came from none.
        label_title: Heading of the labels of the lines.
        notes: Footnotes besides those on replicates.
    """

    name: str
    title: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    sql: str = field(default="", repr=False)
    label_title: str = "Variant"
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """The table as Markdown, with its title and footnotes."""
        header, lines, numeric = self._text()
        parts = [f"**{markdown(self.title)}**\n\n" if self.title else ""]
        parts.append(markdown_table(header, lines, numeric=numeric))
        parts += [f"\n{markdown(note)}\n" for note in self.footnotes()]
        return "".join(parts)

    def latex(self) -> str:
        """The table as LaTeX with the rules of booktabs; footnotes follow as small print."""
        header, lines, numeric = self._text()
        parts = [r"\begin{table}", "\n", r"\centering", "\n"]
        if self.title:
            parts.append(rf"\caption{{{latex(self.title)}}}" + "\n")
        parts.append(latex_table(header, lines, numeric=numeric))
        notes = [rf"\par\smallskip{{\footnotesize {latex(note)}}}" + "\n" for note in self.footnotes()]
        return "".join([*parts, *notes, r"\end{table}", "\n"])

    def csv(self) -> str:
        """The numbers of the table in full precision: fractions stay fractions."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        rows = [self._machine_row(line) for line in self.lines]
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer.writerow([inert(name) for name in names])
        for row in rows:
            writer.writerow([inert(plain(row.get(name)), keep="\n\t") for name in names])
        return buffer.getvalue()

    def footnotes(self) -> list[str]:
        """What the numbers rest on: the kind of interval, and every replicate that is not in them."""
        notes = []
        intervals = [cell.interval for line in self.lines for cell in line.cells if cell.interval is not None]
        methods = {interval.method for interval in intervals}
        if intervals:
            notes.append(
                "Means over n replicates with 95 % intervals of the mean (Student's t, cut to possible values)."
            )
        if IntervalMethod.CONSTANT in methods:
            notes.append("“all equal”: the replicates do not differ, so there is no spread to make an interval of.")
        if IntervalMethod.SINGLE in methods:
            notes.append("n=1: a single replicate has no interval.")
        for line in self.lines:
            notes += _missing(line, self.columns)
        return [*notes, *self.notes]

    def _text(self) -> tuple[list[str], list[list[str]], list[bool]]:
        header, numeric = [self.label_title], [False]
        for column in self.columns:
            is_numeric = column.has_replicates or any(
                isinstance(line.cells[place].value, int | float)
                for place, shown in enumerate(self.columns)
                if shown is column
                for line in self.lines
            )
            header.append(column.heading)
            numeric.append(is_numeric)
            if column.has_published:
                header.append("Published")
                numeric.append(True)
        return header, [self._line(line) for line in self.lines], numeric

    def _line(self, line: Line) -> list[str]:
        shown = [line.label]
        for column, cell in zip(self.columns, line.cells, strict=True):
            shown.append(_cell_text(column, cell))
            if column.has_published:
                shown.append(_ABSENT if cell.published is None else column.published_number(cell.published))
        return shown

    def _machine_row(self, line: Line) -> dict[str, Any]:
        row: dict[str, Any] = {"label": line.label, "variant": line.variant}
        for column, cell in zip(self.columns, line.cells, strict=True):
            interval = cell.interval
            if interval is None:
                row[column.name] = cell.value
            else:
                row |= {
                    f"{column.name}_mean": interval.mean,
                    f"{column.name}_low": interval.low,
                    f"{column.name}_high": interval.high,
                    f"{column.name}_n": interval.num_values,
                    f"{column.name}_missing": interval.num_missing,
                }
            if column.has_published:
                row[f"{column.name}_published"] = cell.published
        if line.states:
            counts = Counter(line.states)
            row |= {f"replicates_{state}": counts[state] for state in _STATES}
        return row


def _cell_text(column: Column, cell: Cell) -> str:
    interval = cell.interval
    if interval is None:
        if cell.value is None:
            return _ABSENT
        is_number = isinstance(cell.value, float) or (
            isinstance(cell.value, int) and not isinstance(cell.value, bool) and column.unit == "fraction"
        )
        if isinstance(cell.value, int) and not is_number and not isinstance(cell.value, bool):
            return f"{cell.value:,}"
        return column.number(cell.value) if is_number else plain(cell.value)
    if interval.mean is None:
        return _ABSENT
    total = interval.num_values + interval.num_missing
    count = f"n={interval.num_values}" + (f" of {total}" if interval.num_missing else "")
    if interval.method is IntervalMethod.CONSTANT:
        return f"{column.number(interval.mean)} [all equal] {count}"
    if interval.low is None or interval.high is None:
        return f"{column.number(interval.mean)} {count}"
    mean, low, high = column.numbers(interval.mean, interval.low, interval.high)
    return f"{mean} [{low}, {high}] {count}"


def _missing(line: Line, columns: Sequence[Column]) -> list[str]:
    notes = []
    counts = Counter(state for state in line.states if state != "completed")
    if counts:
        listed = ", ".join(f"{counts[state]} {state}" for state in sorted(counts))
        notes.append(f"{line.label}: of {len(line.states)} replicates, {listed}.")
    for column, cell in zip(columns, line.cells, strict=True):
        # A metric that no replicate has is not defined for this variant: the dash says so.
        if cell.interval is not None and cell.interval.num_values and cell.num_undefined:
            replicates = "replicate" if cell.num_undefined == 1 else "replicates"
            notes.append(f"{line.label}: no {column.title} in {cell.num_undefined} completed {replicates}.")
    return notes
