"""The numbers of a chart in tables, for those who cannot or do not want to look at it."""

from __future__ import annotations

from collections.abc import Sequence

from results_store.charts import Axis, Band, Bars, Chart, Line, Panel, Points, Reference, Spans
from results_store.report.content import TextTable
from results_store.tables import Column

__all__ = ["chart_tables"]

_MAX_COLUMNS = 120
_ABSENT = ""


def chart_tables(chart: Chart) -> list[TextTable]:
    """Two tables per panel at most: its lines side by side, a column per place on the x-axis; and its other marks."""
    tables = []
    for number, panel in enumerate(chart.panels, start=1):
        title = panel.title or (chart.title if len(chart.panels) == 1 else f"Panel {number}")
        lines = [mark for mark in panel.marks if isinstance(mark, Line)]
        places = sorted({x for mark in lines for x in mark.x})
        is_wide = len(lines) > 1 and len(places) <= _MAX_COLUMNS and all(len(set(m.x)) == len(m.x) for m in lines)
        if is_wide:
            tables.append(_lines_table(title, panel, lines, places))
        rows = _rows(panel, is_without_lines=is_wide)
        if rows:
            header = ["Series", "What", _column(panel.x).heading, _column(panel.y).heading]
            tables.append(TextTable(title=title, header=header, is_numeric=[False, False, True, True], lines=rows))
    return tables


def _lines_table(title: str, panel: Panel, lines: Sequence[Line], places: Sequence[float]) -> TextTable:
    x, y = _column(panel.x), _column(panel.y)
    texts = []
    for mark in lines:
        at = {
            place: _with_ends(
                y, value, None if mark.low is None else mark.low[i], None if mark.high is None else mark.high[i]
            )
            for i, (place, value) in enumerate(zip(mark.x, mark.y, strict=True))
        }
        texts.append([mark.text or mark.group, *(at.get(place, _ABSENT) for place in places)])
    return TextTable(
        title=f"{title}: {y.heading} by {x.heading}",
        header=[x.heading, *(_place(panel.x, x, place) for place in places)],
        is_numeric=[False, *(True for _ in places)],
        lines=texts,
    )


def _rows(panel: Panel, *, is_without_lines: bool) -> list[list[str]]:
    x, y = _column(panel.x), _column(panel.y)
    rows: list[list[str]] = []
    for mark in panel.marks:
        match mark:
            case Points():
                texts = mark.texts if len(mark.texts) == len(mark.x) else [""] * len(mark.x)
                for text, at, value in zip(texts, mark.x, mark.y, strict=True):
                    rows.append([mark.group, text, _place(panel.x, x, at), _place(panel.y, y, value)])
            case Line():
                if not is_without_lines:
                    for i, (at, value) in enumerate(zip(mark.x, mark.y, strict=True)):
                        low = None if mark.low is None else mark.low[i]
                        high = None if mark.high is None else mark.high[i]
                        rows.append([mark.group, mark.text, _place(panel.x, x, at), _with_ends(y, value, low, high)])
            case Band():
                for at, low, high in zip(mark.x, mark.low, mark.high, strict=True):
                    rows.append([mark.group, "range", _place(panel.x, x, at), " to ".join(y.numbers(low, high))])
            case Bars():
                for left, right, height in zip(mark.edges[:-1], mark.edges[1:], mark.heights, strict=True):
                    rows.append([mark.group, "bar", " to ".join(x.numbers(left, right)), y.number(height)])
            case Spans():
                for start, end in zip(mark.starts, mark.ends, strict=True):
                    rows.append([mark.group, "stretch", " to ".join(x.numbers(start, end)), _ABSENT])
            case Reference():
                at_x = _ABSENT if mark.x is None else x.number(mark.x)
                at_y = _ABSENT if mark.y is None else y.number(mark.y)
                rows.append([mark.group, "line across", at_x, at_y])
    return rows


def _column(axis: Axis) -> Column:
    return Column(name=axis.title, title=axis.title, unit=axis.unit)


def _place(axis: Axis, column: Column, value: float) -> str:
    """A value, by the name of its tick if it has one."""
    if axis.ticks is not None and axis.tick_labels is not None and value in axis.ticks:
        return axis.tick_labels[axis.ticks.index(value)]
    is_whole = column.unit != "fraction" and value == int(value) and abs(value) < 1e15
    return f"{int(value):,}" if is_whole else column.number(value)


def _with_ends(column: Column, value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return column.number(value)
    mean, lower, upper = column.numbers(value, low, high)
    return f"{mean} [{lower}, {upper}]"
