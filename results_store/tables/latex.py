"""A table as LaTeX for print.

A line of the table takes as many rows of the `tabular` as its tallest cell has: an interval stands in small print
below its number, a long label goes on below itself. Columns of one metric have a heading in common. A table that would
be wider than the text is scaled down; one that is longer than a page goes on in further floats of the same number.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from results_store.query.latex_text import latex
from results_store.tables.cell import ABSENT, Words, words

if TYPE_CHECKING:
    from results_store.tables.table import Table

__all__ = ["PUBLISHED", "latex_of"]

PUBLISHED = "Published"
_OURS = "ours"

_MAX_ROWS = 38
"""What a page holds beside the caption."""
_CHARACTERS_PER_ROW_OF_NOTES = 100
_SMALL_PRINT = 0.75
_MAX_LABEL, _MAX_TEXT, _MIN_HEADING = 30, 40, 10


@dataclass(frozen=True, kw_only=True)
class _Printed:
    """A column as it is printed.

    Attributes:
        heading: Its own heading.
        is_numeric: Whether it is aligned to the right.
        cells: The rows of each cell.
        notes: What stands in small print below each cell.
    """

    heading: str
    is_numeric: bool
    cells: list[list[str]]
    notes: list[str]

    @property
    def width(self) -> float:
        """Of its widest cell, in characters."""
        rows = [len(row) for cell in self.cells for row in cell]
        return max([_MIN_HEADING, *rows, *(_SMALL_PRINT * len(note) for note in self.notes)])


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Columns that have a heading in common, or a single column, which has no other heading."""

    heading: str
    columns: list[_Printed]

    @property
    def is_single(self) -> bool:
        return len(self.columns) == 1


def latex_of(table: Table) -> str:
    """The table as LaTeX: a float, or several for a table that is longer than a page."""
    texts = [
        [words(column, cell) for column, cell in zip(table.columns, line.cells, strict=True)] for line in table.lines
    ]
    sizes = [{text.size for text in line if text.size} for line in texts]
    has_one_per_line = all(len(own) <= 1 for own in sizes)
    every = {size for own in sizes for size in own}
    if has_one_per_line:
        texts = [[text._replace(size="") for text in line] for line in texts]
    groups = _groups(table, texts)
    if has_one_per_line and len(every) > 1:
        groups.insert(1, _numbers_of_replicates(sizes))
    columns = [column for group in groups for column in group.columns]
    alignment = "".join("r" if column.is_numeric else "l" for column in columns)
    head = _head(groups)
    notes = [*table.footnotes(), *([f"{every.pop()} throughout."] if len(every) == 1 else [])]
    rows_of_notes = math.ceil(len(" ".join(notes)) / _CHARACTERS_PER_ROW_OF_NOTES)
    parts = _parts([_body(columns, line) for line in range(len(table.lines))], len(head), rows_of_notes)
    floats = [
        _float(alignment, _caption(table.title, number), head, part, notes if number == len(parts) - 1 else [])
        for number, part in enumerate(parts)
    ]
    return "\n".join(row for made in floats for row in made)


def _groups(table: Table, texts: Sequence[Sequence[Words]]) -> list[_Group]:
    labels = [_wrapped(line.label, _MAX_LABEL, may_break_words=True) for line in table.lines]
    first = _Printed(heading="", is_numeric=False, cells=labels, notes=[""] * len(labels))
    groups = [_Group(heading=table.label_title, columns=[first])]
    for place, column in enumerate(table.columns):
        own = [line[place] for line in texts]
        printed = [
            _Printed(
                heading=column.part or _OURS,
                is_numeric=table.is_numeric(place),
                cells=[_wrapped(text.main, _MAX_TEXT, may_break_words=True) for text in own],
                notes=[str(text._replace(main="")) for text in own],
            )
        ]
        if column.has_published:
            values = [line.cells[place].published for line in table.lines]
            cells = [[ABSENT if value is None else column.published_number(value)] for value in values]
            printed.append(_Printed(heading=PUBLISHED.lower(), is_numeric=True, cells=cells, notes=[""] * len(values)))
        if not column.is_alone and place and table.columns[place - 1].name == column.name:
            groups[-1].columns.extend(printed)
        else:
            heading = column.heading if len(printed) == 1 and column.is_alone else column.group
            groups.append(_Group(heading=heading, columns=printed))
    return groups


def _numbers_of_replicates(sizes: Sequence[set[str]]) -> _Group:
    cells = [["".join(own).removeprefix("n=")] for own in sizes]
    column = _Printed(heading="", is_numeric=True, cells=cells, notes=[""] * len(cells))
    return _Group(heading="n", columns=[column])


def _wrapped(text: str, width: float, *, may_break_words: bool = False) -> list[str]:
    return textwrap.wrap(text, max(1, round(width)), break_long_words=may_break_words) or [""]


def _head(groups: Sequence[_Group]) -> list[str]:
    """The rows of headings: those of groups, a rule below them, those of their columns."""
    upper = [_wrapped(group.heading, sum(column.width for column in group.columns)) for group in groups]
    lower = [
        [] if group.is_single else [_wrapped(column.heading, column.width) for column in group.columns]
        for group in groups
    ]
    num_lower = max([0, *(len(rows) for parts in lower for rows in parts)])
    num_upper = max(
        len(rows) - (num_lower if group.is_single else 0) for group, rows in zip(groups, upper, strict=True)
    )
    num_upper = max(1, num_upper)
    made: list[list[str]] = [[] for _ in range(num_upper + num_lower)]
    rules, begin = [], 1
    for group, heading, parts in zip(groups, upper, lower, strict=True):
        end = begin + len(group.columns) - 1
        if group.is_single:
            for row, text in zip(made, _at_the_bottom(heading, len(made)), strict=True):
                row.append(latex(text))
        else:
            for row, text in zip(made[:num_upper], _at_the_bottom(heading, num_upper), strict=True):
                row.append(rf"\multicolumn{{{len(group.columns)}}}{{c}}{{{latex(text)}}}")
            columns = [_at_the_bottom(rows, num_lower) for rows in parts]
            for row, texts in zip(made[num_upper:], zip(*columns, strict=True), strict=True):
                row += map(latex, texts)
            rules.append(rf"\cmidrule(lr){{{begin}-{end}}}")
        begin = end + 1
    rows = [_row(row) for row in made]
    return [*rows[:num_upper], *(["".join(rules)] if rules else []), *rows[num_upper:]]


def _at_the_bottom(rows: Sequence[str], number: int) -> list[str]:
    return [*[""] * (number - len(rows)), *rows]


def _body(columns: Sequence[_Printed], line: int) -> list[str]:
    """The rows of a line."""
    cells = []
    for column in columns:
        note = column.notes[line]
        small = [rf"{{\scriptsize {latex(note)}}}"] if note else []
        cells.append([*map(latex, column.cells[line]), *small])
    number = max(map(len, cells))
    rows = [_row([cell[row] if row < len(cell) else "" for cell in cells]) for row in range(number)]
    return [*(f"{row}[-2pt]" for row in rows[:-1]), rows[-1]]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _parts(lines: Sequence[list[str]], num_head: int, rows_of_notes: int) -> list[list[list[str]]]:
    """The lines that go on one page each; footnotes stand under the last of them."""
    parts: list[list[list[str]]] = [[]]
    room = _MAX_ROWS - num_head
    for number, rows in enumerate(lines):
        is_last = number == len(lines) - 1
        if parts[-1] and len(rows) + (rows_of_notes if is_last else 0) > room:
            parts.append([])
            room = _MAX_ROWS - num_head
        parts[-1].append(rows)
        room -= len(rows)
    return parts


def _caption(title: str, number: int) -> list[str]:
    if not number:
        return [rf"\caption{{{latex(title)}}}"] if title else []
    # The same number again.
    return [r"\addtocounter{table}{-1}", rf"\caption{{{latex(title)} (continued)}}"] if title else []


def _float(
    alignment: str, caption: Sequence[str], head: Sequence[str], lines: Sequence[list[str]], notes: Sequence[str]
) -> Iterator[str]:
    has_tall_lines = any(len(rows) > 1 for rows in lines)
    yield from [r"\begin{table}", r"\centering", r"\setlength{\tabcolsep}{4pt}", *caption]
    if caption:
        yield r"\vspace{4pt}"
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield from [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", *head, r"\midrule"]
    for number, rows in enumerate(lines):
        if number and has_tall_lines:
            yield r"\addlinespace[2pt]"
        yield from rows
    yield from [r"\bottomrule", r"\end{tabular}}"]
    if notes:
        yield r"\par\smallskip"
        yield from [r"\begin{minipage}{\linewidth}\footnotesize", *map(latex, notes), r"\end{minipage}"]
    yield from [r"\end{table}", ""]
