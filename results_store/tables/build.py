"""From the result of a table's query to the table.

What the query of a table has to give:

- It is one SELECT; `$study` is the name of the study. It usually reads the view `results`.
- Each of its rows is a line. A column `variant` names the line and lets the study's `rows` choose, order
  and label lines; lines of one variant keep the query's order. A column `point` tells them apart: it is not
  shown, but stands behind the label; so does `search_point`, which tells searches of one variant apart.
- A column `footnote` is not shown, but makes footnotes; a row with one and without a variant is no line.
- A column of lists of numbers holds replicates, `list(metric ORDER BY seed)`: shown as mean, interval, n.
- A column `state` of lists of texts, `list(state ORDER BY seed)`, is not shown; it makes the footnotes.
- Any other column is shown as it is.
- A column with a metric's name, also after `confirmed_` or `told_`, has the metric's title and unit; another one is
  a fraction if its name ends in `_share`. The study's `titles` stand instead of titles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from results_store.errors import QueryError
from results_store.query import QueryResult
from results_store.records import MetricInfo, TableRecord
from results_store.statistics import mean_interval
from results_store.tables.table import Cell, Column, Line, Table

__all__ = ["build_table"]

_NOT_SHOWN = ("variant", "search_point", "point", "state", "footnote")


def build_table(result: QueryResult, record: TableRecord, metrics: Sequence[MetricInfo]) -> Table:
    """Makes a table of the result of its query.

    Args:
        result: What the query gave.
        record: What the study says about the table.
        metrics: The metrics of the study's trainable.

    Raises:
        QueryError: The query gives no column `variant`.
    """
    if "variant" not in result.columns:
        raise QueryError(f"the query of table {record.name!r} gives no column variant; it names the lines")
    rows = result.dicts()
    replicates = {
        field.name
        for field in result.arrow().schema
        if str(field.type).startswith(("list", "large_list")) and field.name != "state"
        if not str(field.type.value_type).startswith(("string", "large_string", "list", "struct"))
    }
    published = {name for row in record.rows for name in row.published}
    known = {metric.name: metric for metric in metrics}
    columns = [
        _column(
            name,
            known,
            title=record.titles.get(name),
            has_replicates=name in replicates,
            has_published=name in published,
        )
        for name in result.columns
        if name not in _NOT_SHOWN
    ]
    notes = dict.fromkeys(str(row["footnote"]) for row in rows if row.get("footnote") is not None)
    rows = [row for row in rows if row["variant"] is not None or row.get("footnote") is None]
    lines = [_line(row, _label(row, label), numbers, columns) for row, label, numbers in _chosen(rows, record)]
    title = record.title or record.name
    return Table(name=record.name, title=title, columns=columns, lines=lines, sql=record.sql, notes=list(notes))


def _label(row: Mapping[str, Any], label: str) -> str:
    if row.get("search_point"):
        label = f"{label}, {row['search_point']}"
    return f"{label} ({row['point']})" if row.get("point") else label


def _column(
    name: str, metrics: Mapping[str, MetricInfo], *, title: str | None, has_replicates: bool, has_published: bool
) -> Column:
    metric = metrics.get(name) or metrics.get(name.removeprefix("confirmed_").removeprefix("told_"))
    made = name.replace("_", " ")
    unit = "fraction" if name.endswith("_share") else ""
    if metric is not None:
        made, unit = metric.title or made, metric.unit
    title = title or made
    return Column(
        name=name,
        title=title[:1].upper() + title[1:],
        unit=unit,
        has_replicates=has_replicates,
        has_published=has_published,
    )


def _chosen(
    rows: Sequence[Mapping[str, Any]], record: TableRecord
) -> list[tuple[Mapping[str, Any], str, Mapping[str, float]]]:
    """The lines to show with their labels and published values."""
    if not record.rows:
        return [(row, str(row["variant"]), {}) for row in rows]
    chosen = []
    for wanted in record.rows:
        label = wanted.label or wanted.variant
        # A line that the query does not give stays in sight, empty but for what was published.
        found = [row for row in rows if row["variant"] == wanted.variant] or [{"variant": wanted.variant}]
        chosen += [(row, label, wanted.published) for row in found]
    return chosen


def _line(row: Mapping[str, Any], label: str, published: Mapping[str, float], columns: Sequence[Column]) -> Line:
    state = row.get("state")
    states = [str(item) for item in state] if isinstance(state, list) else []
    cells = []
    for column in columns:
        value = row.get(column.name)
        if column.has_replicates:
            bounds = (0.0, 1.0) if column.unit == "fraction" else None
            numbers = [_number(item) for item in value or []]
            cells.append(
                Cell(
                    interval=mean_interval(numbers, bounds=bounds),
                    published=published.get(column.name),
                    num_undefined=_num_undefined(numbers, states),
                )
            )
        else:
            if isinstance(value, float) and not math.isfinite(value):
                value = str(value)
            cells.append(Cell(value=value, published=published.get(column.name)))
    variant = row.get("variant")
    return Line(
        label=label,
        variant=None if variant is None else str(variant),
        cells=cells,
        states=states,
    )


def _num_undefined(numbers: Sequence[float | None], states: Sequence[str]) -> int:
    """How many completed replicates have no number; without states, nobody knows (the n tells how many have one)."""
    if len(states) != len(numbers):
        return 0
    return sum(
        state == "completed" and (number is None or not math.isfinite(number))
        for number, state in zip(numbers, states, strict=True)
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
