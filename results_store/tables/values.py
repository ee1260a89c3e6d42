"""The single values behind a table: a line for each replicate instead of means and intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from results_store.tables.cell import Cell, Line
from results_store.tables.column import Column

__all__ = ["single_values"]


def single_values(columns: Sequence[Column], lines: Sequence[Line]) -> tuple[list[Column], list[Line]]:
    """Columns and lines of the single values.

    A replicate has its seed and its state, as far as the query says them; without seeds replicates are numbered. One
    without a number has a dash, and its state says why. A column that has fewer replicates than others of its line
    (as those of a search, beside those that confirm it) is blank behind its last one.
    """
    names = [column.name for column in columns]
    places = [place for place, column in enumerate(columns) if column.is_alone or column.name not in names[:place]]
    has_states = any(line.states for line in lines)
    has_seeds = any(line.seeds for line in lines) and all(len(line.seeds) == _num_replicates(line) for line in lines)
    first = Column(name="seed", title="Seed") if has_seeds else Column(name="replicate", title="Replicate")
    shown_columns = [
        first,
        *([Column(name="state", title="State")] if has_states else []),
        *(dataclasses.replace(columns[place], has_replicates=False, has_published=False) for place in places),
    ]
    shown_lines = []
    for line in lines:
        own = [line.cells[place] for place in places]
        for number in range(max(1, _num_replicates(line))):
            values: list[Any] = [_at(line.seeds, number) if has_seeds else number + 1]
            values += [_at(line.states, number)] if has_states else []
            values += [_at(cell.replicates, number) if cell.replicates else cell.value for cell in own]
            cells = [Cell(value=value) for value in values]
            shown_lines.append(Line(label=line.label, variant=line.variant, cells=cells))
    return shown_columns, shown_lines


def _num_replicates(line: Line) -> int:
    return max([len(line.states), len(line.seeds), *(len(cell.replicates) for cell in line.cells)])


def _at(items: Sequence[Any], place: int) -> Any:
    return items[place] if place < len(items) else ""
