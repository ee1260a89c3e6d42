"""A table as LaTeX for print: intervals below their numbers, published values beside ours, n once for each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from results_store.tables.cell import ABSENT, Words, words
from results_store.tables.latex_floats import PrintedColumn, PrintedGroup, latex_floats

if TYPE_CHECKING:
    from results_store.tables.table import Table

__all__ = ["PUBLISHED", "latex_of"]

PUBLISHED = "Published"
_OURS = "ours"


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
        cells = ["".join(own).removeprefix("n=") for own in sizes]
        groups.insert(1, PrintedGroup(heading="n", columns=[PrintedColumn.of_texts(cells, is_numeric=True)]))
    notes = [*table.footnotes(), *([f"{every.pop()} throughout."] if len(every) == 1 else [])]
    return latex_floats(table.title, groups, notes)


def _groups(table: Table, texts: Sequence[Sequence[Words]]) -> list[PrintedGroup]:
    labels = PrintedColumn.of_texts([line.label for line in table.lines], is_numeric=False)
    groups = [PrintedGroup(heading=table.label_title, columns=[labels])]
    for place, column in enumerate(table.columns):
        own = [line[place] for line in texts]
        printed = [
            PrintedColumn.of_texts(
                [text.main for text in own],
                heading=column.part or _OURS,
                is_numeric=table.is_numeric(place),
                notes=[str(text._replace(main="")) for text in own],
            )
        ]
        if column.has_published:
            values = [line.cells[place].published for line in table.lines]
            shown = [ABSENT if value is None else column.published_number(value) for value in values]
            printed.append(PrintedColumn.of_texts(shown, heading=PUBLISHED.lower(), is_numeric=True))
        if not column.is_alone and place and table.columns[place - 1].name == column.name:
            groups[-1].columns.extend(printed)
        else:
            heading = column.heading if len(printed) == 1 and column.is_alone else column.group
            groups.append(PrintedGroup(heading=heading, columns=printed))
    return groups
