"""Columns of texts as LaTeX for print.

A line takes as many rows of the `tabular` as its tallest cell has: small print stands below its number, a long text
goes on below itself. Neighbours may have a heading in common. What would be wider than the text is scaled down; what is
longer than a page goes on in further floats of the same number. Needs the packages booktabs and graphicx.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from results_store.query.latex_text import latex

__all__ = ["PrintedColumn", "PrintedGroup", "latex_floats"]

_MAX_ROWS = 38
"""What a page holds beside the caption."""
_MAX_ROWS_OF_NOTES = 20
"""What stands in the float; more than that follows as text."""
_CHARACTERS_PER_ROW_OF_NOTES = 100
_SMALL_PRINT = 0.75
_MAX_CHARACTERS, _MIN_HEADING = 30, 10


@dataclass(frozen=True, kw_only=True)
class PrintedColumn:
    """A column as it is printed.

    Attributes:
        heading: Its own heading below that of its group; not shown in a group of one.
        is_numeric: Whether it is aligned to the right.
        cells: The rows of each cell.
        notes: What stands in small print below each cell.
    """

    heading: str = ""
    is_numeric: bool
    cells: Sequence[Sequence[str]]
    notes: Sequence[str]

    @classmethod
    def of_texts(
        cls, texts: Sequence[str], *, heading: str = "", is_numeric: bool, notes: Sequence[str] | None = None
    ) -> PrintedColumn:
        """A column of texts, of which long ones take several rows."""
        cells = [_wrapped(text, _MAX_CHARACTERS, may_break_words=True) for text in texts]
        return cls(heading=heading, is_numeric=is_numeric, cells=cells, notes=notes or [""] * len(cells))

    @property
    def width(self) -> float:
        """Of its widest cell, in characters."""
        rows = [len(row) for cell in self.cells for row in cell]
        return max([_MIN_HEADING, *rows, *(_SMALL_PRINT * len(note) for note in self.notes)])


@dataclass(frozen=True, kw_only=True)
class PrintedGroup:
    """Columns that have a heading in common, or a single column, which has no other heading."""

    heading: str
    columns: list[PrintedColumn]

    @property
    def is_single(self) -> bool:
        """Whether it is a single column."""
        return len(self.columns) == 1


def latex_floats(title: str, groups: Sequence[PrintedGroup], notes: Sequence[str]) -> str:
    """A `table`, or several for what is longer than a page.

    Args:
        title: The caption; none if empty.
        groups: The columns, all of the same number of lines.
        notes: Footnotes.
    """
    columns = [column for group in groups for column in group.columns]
    alignment = "".join("r" if column.is_numeric else "l" for column in columns)
    head = _head(groups)
    rows_of_notes = math.ceil(len(" ".join(notes)) / _CHARACTERS_PER_ROW_OF_NOTES)
    is_text = rows_of_notes > _MAX_ROWS_OF_NOTES
    lines = [_body(columns, line) for line in range(len(columns[0].cells))]
    parts = _parts(lines, len(head), 0 if is_text else rows_of_notes)
    made: list[str] = []
    for number, part in enumerate(parts):
        own_notes = notes if number == len(parts) - 1 and not is_text else []
        made += _float(alignment, _caption(title, number), head, part, own_notes)
    if is_text:
        made += [r"\begingroup\footnotesize\noindent", *map(latex, notes), r"\par\endgroup", ""]
    return "\n".join(made)


def _wrapped(text: str, width: float, *, may_break_words: bool = False) -> list[str]:
    return textwrap.wrap(text, max(1, round(width)), break_long_words=may_break_words) or [""]


def _head(groups: Sequence[PrintedGroup]) -> list[str]:
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


def _body(columns: Sequence[PrintedColumn], line: int) -> list[str]:
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
