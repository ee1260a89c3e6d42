"""From the result of a table's query to the table.

What the query of a table has to give:

- It is one SELECT; `$study` is the name of the study. It usually reads the view `results`.
- Each of its rows is a line. A column `variant` names the line and lets the study's `rows` choose, order
  and label lines; lines of one variant keep the query's order. A column `point` tells them apart: it is not
  shown, but stands behind the label; so does `search_point`, which tells searches of one variant apart.
- A column `footnote` is not shown, but makes footnotes; a row with one and without a variant is no line.
- A column of lists of numbers holds replicates, `list(metric ORDER BY seed)`: shown as mean, interval, n, or as what
  the study's `summaries` say.
- A column of lists of `{event, trained}` holds learning times, `list({'event': epochs_to_retrieval, 'trained':
  epochs_trained} ORDER BY seed)`; the event is NULL for a replicate that never learned. Shown as the median epoch, how
  many learned, and the log-rank test against the table's first line.
- A column `state` of lists of texts, `list(state ORDER BY seed)`, is not shown; it makes the footnotes. A column
  `seed`, `list(seed ORDER BY seed)`, is not shown either; it names single values.
- Any other column is shown as it is.
- A column with a metric's name, also after `confirmed_` or `told_`, has the metric's title and unit; another one is
  a fraction if its name ends in `_share`. The study's `titles` stand instead of titles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from results_store.errors import QueryError
from results_store.numbers import finite_number
from results_store.query import QueryResult
from results_store.records import MetricInfo, TableRecord, TrialState
from results_store.statistics import LearningTime
from results_store.tables.asked import asked_summaries
from results_store.tables.cell import Cell, Line
from results_store.tables.column import Column
from results_store.tables.summary import Of, Replicates, Summary, summarise
from results_store.tables.table import Table
from results_store.wording import capital

__all__ = ["build_table"]

_NOT_SHOWN = ("variant", "search_point", "point", "state", "seed", "footnote")


def build_table(result: QueryResult, record: TableRecord, metrics: Sequence[MetricInfo]) -> Table:
    """Makes a table of the result of its query.

    Args:
        result: What the query gave.
        record: What the study says about the table.
        metrics: The metrics of the study's trainable.

    Raises:
        QueryError: The query gives no column `variant`.
        SummariesError: The study asks for summaries that the query's columns do not have.
    """
    if "variant" not in result.columns:
        raise QueryError(f"the query of table {record.name!r} gives no column variant; it names the lines")
    rows = result.dicts()
    replicates = {field.name: of for field in result.arrow().schema if (of := _replicates_of(field.type)) is not None}
    hidden = _hidden(replicates)
    units = {name: _unit(name, metrics) for name in replicates if name not in hidden}
    summaries = asked_summaries(record, {name: replicates[name] for name in units}, units)
    columns = [
        column
        for name in result.columns
        if name not in hidden
        for column in _columns(name, record, metrics, summaries.get(name, ()))
    ]
    notes = dict.fromkeys(str(row["footnote"]) for row in rows if row.get("footnote") is not None)
    rows = [row for row in rows if row["variant"] is not None or row.get("footnote") is None]
    chosen = _chosen(rows, record)
    first = {name: _parsed(chosen[0][0].get(name)) for name in units} if chosen else {}
    lines = [
        _line(row, _label(row, label), numbers, columns, first if number else {})
        for number, (row, label, numbers) in enumerate(chosen)
    ]
    title = record.title or record.name
    return Table(name=record.name, title=title, columns=columns, lines=lines, sql=record.sql, notes=list(notes))


def _hidden(replicates: Mapping[str, Of]) -> list[str]:
    """What is not shown; a `seed` that is no list is a column like others."""
    return [name for name in _NOT_SHOWN if name != "seed" or name in replicates]


def _replicates_of(column: pa.DataType) -> Of | None:
    """What the lists of a column hold, if they are replicates."""
    if not pa.types.is_list(column) and not pa.types.is_large_list(column):
        return None
    item = column.value_type
    if pa.types.is_struct(item):
        fields = {item.field(place).name for place in range(item.num_fields)}
        return Of.LEARNING_TIMES if fields == {"event", "trained"} else None
    is_number = pa.types.is_integer(item) or pa.types.is_floating(item) or pa.types.is_decimal(item)
    return Of.NUMBERS if is_number or pa.types.is_boolean(item) or pa.types.is_null(item) else None


def _label(row: Mapping[str, Any], label: str) -> str:
    if row.get("search_point"):
        label = f"{label}, {row['search_point']}"
    return f"{label} ({row['point']})" if row.get("point") else label


def _metric(name: str, metrics: Sequence[MetricInfo]) -> MetricInfo | None:
    known = {metric.name: metric for metric in metrics}
    return known.get(name) or known.get(name.removeprefix("confirmed_").removeprefix("told_"))


def _unit(name: str, metrics: Sequence[MetricInfo]) -> str:
    metric = _metric(name, metrics)
    if metric is not None:
        return metric.unit
    return "fraction" if name.endswith("_share") else ""


def _columns(
    name: str, record: TableRecord, metrics: Sequence[MetricInfo], summaries: Sequence[Summary]
) -> list[Column]:
    """A column for each summary of the replicates; published values stand beside the first that is like them."""
    metric = _metric(name, metrics)
    title = record.titles.get(name) or (metric or MetricInfo(name=name)).shown_title
    has_published = any(name in row.published for row in record.rows)
    shown = summaries or (Summary(),)
    beside = next((summary for summary in shown if summary.kind.has_unit), shown[0])
    return [
        Column(
            name=name,
            title=capital(title),
            unit=_unit(name, metrics),
            has_replicates=bool(summaries),
            has_published=has_published and summary is beside,
            summary=summary,
            is_alone=len(shown) == 1,
        )
        for summary in shown
    ]


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


def _line(
    row: Mapping[str, Any],
    label: str,
    published: Mapping[str, float],
    columns: Sequence[Column],
    first: Mapping[str, Replicates],
) -> Line:
    states = [str(item) for item in _list(row.get("state"))]
    cells = []
    for column in columns:
        value = row.get(column.name)
        beside = published.get(column.name) if column.has_published else None
        if column.has_replicates:
            replicates = _parsed(value)
            bounds = (0.0, 1.0) if column.unit == "fraction" else None
            statistic = summarise(column.summary, replicates, first=first.get(column.name), bounds=bounds)
            num_undefined = _num_undefined(replicates, states)
            cells.append(
                Cell(statistic=statistic, published=beside, num_undefined=num_undefined, replicates=replicates)
            )
        else:
            if isinstance(value, float) and not math.isfinite(value):
                value = str(value)
            cells.append(Cell(value=value, published=beside))
    variant = row.get("variant")
    return Line(
        label=label,
        variant=None if variant is None else str(variant),
        cells=cells,
        states=states,
        seeds=[seed for seed in _list(row.get("seed")) if isinstance(seed, int)],
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _num_undefined(replicates: Replicates, states: Sequence[str]) -> int:
    """How many completed replicates have no number while others have one.

    Without states, nobody knows: the n tells how many have one.
    """
    if len(states) != len(replicates) or all(item is None for item in replicates):
        return 0
    return sum(state == TrialState.COMPLETED and item is None for state, item in zip(states, replicates, strict=True))


def _parsed(value: Any) -> Replicates:
    """The replicates of a cell; what is no finite number, or no learning time, is None."""
    return [_replicate(item) for item in _list(value)]


def _replicate(item: Any) -> Any:
    if isinstance(item, dict):
        time = LearningTime(event=_number(item["event"]), trained=_number(item["trained"]))
        return time if time.is_known else None
    return _number(item)


def _number(value: Any) -> float | None:
    """A replicate as a number: decimals and truth values are some too, NaN and infinities are none."""
    return None if value is None else finite_number(float(value))
