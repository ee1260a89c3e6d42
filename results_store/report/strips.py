"""The single values behind a table's numbers, as places on a strip that all lines of a column share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from results_store.report.content import Strip
from results_store.tables import Cell, Table

__all__ = ["strips"]


def strips(table: Table) -> list[list[Strip | None]]:
    """For each line, and each column as it is shown: labels and published values have none, replicates one."""
    by_column: list[list[Strip | None]] = [[None] * len(table.lines)]
    for place, column in enumerate(table.columns):
        is_first = table.columns.index(next(other for other in table.columns if other.name == column.name)) == place
        cells = [line.cells[place] for line in table.lines] if is_first else []
        by_column.append(_column([(_numbers(cell), cell.published) for cell in cells]) or [None] * len(table.lines))
        if column.has_published:
            by_column.append([None] * len(table.lines))
    return [list(line) for line in zip(*by_column, strict=True)]


def _numbers(cell: Cell) -> list[float]:
    return [value for value in cell.replicates if isinstance(value, int | float) and math.isfinite(value)]


def _column(cells: Sequence[tuple[Sequence[float], float | None]]) -> list[Strip | None]:
    scale = [value for values, _ in cells for value in values]
    scale += [published for _, published in cells if published is not None and scale]
    if not scale:
        return [None] * len(cells)
    low, high = min(scale), max(scale)

    def place(value: float) -> float:
        return (value - low) / (high - low) if 0 < high - low < math.inf else 0.5

    return [
        Strip(
            values=[place(value) for value in values],
            published=None if published is None else place(published),
        )
        if values
        else None
        for values, published in cells
    ]
