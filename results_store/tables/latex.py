"""A table as LaTeX for print.

A line of the table takes as many rows of the `tabular` as its tallest cell has: an interval stands in small print
below its number, a long label goes on below itself. Columns of one metric have a heading in common. A table that would
be wider than the text is scaled down; one that is longer than a page is a `longtable` in print that is small enough.
"""

from __future__ import annotations

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

_MAX_ROWS = 42
"""What a page holds beside caption and footnotes."""
_TEXT_WIDTH_PT = 345
"""That of LaTeX's article, the narrowest in use."""
_EM_PER_CHARACTER = 0.5
_SMALL_PRINT = 0.75
_SIZES = {"normalsize": 10, "small": 9, "footnotesize": 8, "scriptsize": 7, "tiny": 5}
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
    """The table as LaTeX, as a float or as a `longtable`."""
    texts = [
        [words(column, cell) for column, cell in zip(table.columns, line.cells, strict=True)] for line in table.lines
    ]
    counts = {text.size for line in texts for text in line if text.size}
    common = counts.pop() if len(counts) == 1 else ""
    groups = _groups(table, texts, common)
    head = _head(groups)
    body = _body([column for group in groups for column in group.columns], len(table.lines))
    notes = [*table.footnotes(), *([f"{common} throughout."] if common else [])]
    caption = rf"\caption{{{latex(table.title)}}}" if table.title else ""
    is_long = len(head) + len(body) > _MAX_ROWS
    return "\n".join((_long if is_long else _float)(groups, caption, head, body, _small_print(notes)))


def _groups(table: Table, texts: Sequence[Sequence[Words]], common: str) -> list[_Group]:
    labels = [_wrapped(line.label, _MAX_LABEL) for line in table.lines]
    first = _Printed(heading="", is_numeric=False, cells=labels, notes=[""] * len(labels))
    groups = [_Group(heading=table.label_title, columns=[first])]
    for place, column in enumerate(table.columns):
        own = [line[place] for line in texts]
        printed = [
            _Printed(
                heading=column.part or _OURS,
                is_numeric=table.is_numeric(place),
                cells=[_wrapped(text.main, _MAX_TEXT) for text in own],
                notes=[str(text._replace(main="", size="" if text.size == common else text.size)) for text in own],
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


def _wrapped(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, max(1, round(width))) or [""]


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


def _body(columns: Sequence[_Printed], num_lines: int) -> list[str]:
    """The rows of the lines, with a little space between lines that have several."""
    made: list[list[str]] = []
    for line in range(num_lines):
        cells = [
            [
                *map(latex, column.cells[line]),
                *([rf"{{\scriptsize {latex(note)}}}"] if (note := column.notes[line]) else []),
            ]
            for column in columns
        ]
        number = max(map(len, cells))
        rows = [_row([cell[row] if row < len(cell) else "" for cell in cells]) for row in range(number)]
        # A page does not end within a line.
        made.append([*(f"{row}*" for row in rows[:-1]), rows[-1]])
    space = [r"\addlinespace[2pt]"] if any(len(rows) > 1 for rows in made) else []
    return [row for number, rows in enumerate(made) for row in [*(space if number else []), *rows]]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _small_print(notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    return [r"\begin{minipage}{\linewidth}\footnotesize", *(rf"{latex(note)}\par" for note in notes), r"\end{minipage}"]


def _alignment(groups: Sequence[_Group]) -> str:
    return "".join("r" if column.is_numeric else "l" for group in groups for column in group.columns)


def _float(
    groups: Sequence[_Group], caption: str, head: Sequence[str], body: Sequence[str], notes: Sequence[str]
) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"\centering"
    yield r"\setlength{\tabcolsep}{4pt}"
    if caption:
        yield caption
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\begin{{tabular}}{{{_alignment(groups)}}}"
    yield from [r"\toprule", *head, r"\midrule", *body, r"\bottomrule"]
    yield r"\end{tabular}}"
    if notes:
        yield r"\par\smallskip"
        yield from notes
    yield from [r"\end{table}", ""]


def _long(
    groups: Sequence[_Group], caption: str, head: Sequence[str], body: Sequence[str], notes: Sequence[str]
) -> Iterator[str]:
    columns = [column for group in groups for column in group.columns]
    width_em = _EM_PER_CHARACTER * sum(column.width for column in columns)
    space_pt = 6 * len(columns)
    fitting = [name for name, size in _SIZES.items() if width_em * size + space_pt <= _TEXT_WIDTH_PT]
    yield rf"\begingroup\{fitting[0] if fitting else 'tiny'}"
    yield r"\setlength{\tabcolsep}{3pt}"
    yield rf"\begin{{longtable}}{{{_alignment(groups)}}}"
    if caption:
        yield rf"{caption}\\"
    yield from [r"\toprule", *head, r"\midrule", r"\endfirsthead"]
    yield from [r"\toprule", *head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot", *body]
    yield r"\end{longtable}"
    yield from [*([r"\noindent", *notes, r"\par"] if notes else []), r"\endgroup", ""]
