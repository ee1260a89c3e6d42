"""A table with its numbers, and how it is written as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from results_store.query.formats import markdown, markdown_table, plain
from results_store.records import TrialState
from results_store.statistics import LearningTime
from results_store.tables.cell import ABSENT, Line, words
from results_store.tables.column import Column
from results_store.tables.footnotes import footnotes
from results_store.tables.latex import PUBLISHED, latex_of
from results_store.tables.values import single_values
from results_store.text import inert

__all__ = ["Table"]


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

    def texts(self) -> tuple[list[str], list[bool], list[list[str]]]:
        """The headings, which columns hold numbers, and the lines, as Markdown shows them."""
        header, numeric = [self.label_title], [False]
        for place, column in enumerate(self.columns):
            header.append(column.heading)
            numeric.append(self.is_numeric(place))
            if column.has_published:
                header.append(PUBLISHED)
                numeric.append(True)
        return header, numeric, [self._line(line) for line in self.lines]

    def markdown(self) -> str:
        """The table as Markdown, with its title and footnotes."""
        header, numeric, lines = self.texts()
        parts = [f"**{markdown(self.title)}**\n\n" if self.title else ""]
        parts.append(markdown_table(header, lines, numeric=numeric))
        parts += [f"\n{markdown(note)}\n" for note in self.footnotes()]
        return "".join(parts)

    def latex(self) -> str:
        """The table as LaTeX, no wider than the text; needs the packages booktabs and graphicx.

        Intervals stand below their numbers, published values beside ours under one heading, footnotes as small print.
        A table that is longer than a page becomes several floats with the same number.
        """
        return latex_of(self)

    def values(self) -> Table:
        """The same table with the single values instead of what they came to: a line for each replicate."""
        columns, lines = single_values(self.columns, self.lines)
        return dataclasses.replace(self, columns=columns, lines=lines)

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
        return [*footnotes(self.columns, self.lines), *self.notes]

    def is_numeric(self, place: int) -> bool:
        """Whether the column at a place, from 0, is one of numbers."""
        column = self.columns[place]
        return column.has_replicates or any(
            isinstance(line.cells[place].value, int | float | LearningTime) for line in self.lines
        )

    def _line(self, line: Line) -> list[str]:
        shown = [line.label]
        for column, cell in zip(self.columns, line.cells, strict=True):
            shown.append(str(words(column, cell)))
            if column.has_published:
                shown.append(ABSENT if cell.published is None else column.published_number(cell.published))
        return shown

    def _machine_row(self, line: Line) -> dict[str, Any]:
        row: dict[str, Any] = {"label": line.label, "variant": line.variant}
        for column, cell in zip(self.columns, line.cells, strict=True):
            row |= cell.machine(column.name, column.summary.key)
            if column.has_published:
                row[f"{column.name}_published"] = cell.published
        if line.states:
            counts = Counter(line.states)
            row |= {f"replicates_{state}": counts[state] for state in TrialState}
        return row
