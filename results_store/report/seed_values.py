"""The single values behind the numbers of a study's tables, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from results_store.charts.members import CellMembers
from results_store.records import MetricInfo, TrialState
from results_store.report.content import TextTable
from results_store.tables import Column, Table

__all__ = ["seed_tables", "shown_metrics"]

_MAX_METRICS = 4
"""Of a study without tables."""

_ABSENT = "—"


def shown_metrics(tables: Iterable[Table], metrics: Sequence[MetricInfo]) -> list[MetricInfo]:
    """The metrics whose replicates stand in a study's tables; those with a direction if it has no tables."""
    known = {metric.name: metric for metric in metrics}
    named = [column.name for table in tables for column in table.columns if column.has_replicates]
    found = [known[name] for name in dict.fromkeys(named) if name in known]
    if found:
        return found
    wanted = [metric for metric in metrics if metric.direction is not None and not metric.name.startswith("validation")]
    return wanted[:_MAX_METRICS]


def seed_tables(cells: Sequence[CellMembers], metrics: Sequence[MetricInfo]) -> list[TextTable]:
    """A table per metric: a line per cell with any number, a column per seed. Candidates of searches are left out."""
    shown = [cell for cell in cells if cell.phase != "search"]
    seeds = sorted({member.seed for cell in shown for member in cell.members})
    tables = []
    for metric in metrics:
        column = Column.of_metric(metric)
        lines = []
        for cell in shown:
            by_seed = {member.seed: member for member in cell.members}
            texts = []
            has_numbers = False
            for seed in seeds:
                member = by_seed.get(seed)
                value = None if member is None else member.values[metric.name]
                is_number = value is not None and math.isfinite(value)
                if member is not None and member.state != TrialState.COMPLETED:
                    texts.append(member.state)
                else:
                    texts.append(column.number(value) if value is not None and is_number else _ABSENT)
                has_numbers |= is_number
            if has_numbers:
                lines.append([cell.label, *texts])
        if lines:
            tables.append(
                TextTable(
                    title=f"{column.heading}, by seed",
                    header=["Variant", *(f"{seed}" for seed in seeds)],
                    is_numeric=[False, *(True for _ in seeds)],
                    lines=lines,
                )
            )
    return tables
