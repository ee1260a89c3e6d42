"""A chart for plotly: traces and layout as plain data. Where its panels stand is for the page, which knows its width.

Traces and shapes carry the number of their group (as `meta` and `name`), so that the page's own legend, which can be
used without a mouse, can show and hide them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from results_store.charts import Axis, Band, Bars, Chart, Line, Mark, Panel, Points, Reference, Spans
from results_store.report.looks import PageLook, page_looks
from results_store.text import inert
from results_store.wording import unit_suffix

__all__ = ["figure_json"]

_DIGITS = 5
"""Significant digits of what is drawn: more cannot be seen."""

Trace = dict[str, Any]


def figure_json(chart: Chart) -> dict[str, Any]:
    """A chart's traces, layout and number of panels.

    Fractions are in percent. Texts are inert, and hold no markup that plotly would obey.
    """
    looks = page_looks(chart)
    layout: dict[str, Any] = {"shapes": [], "annotations": []}
    traces: list[Trace] = []
    for number, panel in enumerate(chart.panels, start=1):
        suffix = "" if number == 1 else str(number)
        layout[f"xaxis{suffix}"] = _axis(panel.x) | {"anchor": f"y{suffix}"}
        layout[f"yaxis{suffix}"] = _axis(panel.y) | {"anchor": f"x{suffix}"}
        if panel.title:
            place = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0, "y": 1}
            layout["annotations"].append(
                place
                | {"text": f"<b>{_plain(panel.title)}</b>", "showarrow": False, "xanchor": "left", "yanchor": "bottom"}
            )
        draw = _Panel(suffix, panel, looks)
        for _, marks in groupby(panel.marks, key=_kind):
            drawn = draw.marks(list(marks))
            traces += drawn[0]
            layout["shapes"] += drawn[1]
    return {"data": traces, "layout": layout, "panels": len(chart.panels)}


def _kind(mark: Mark) -> tuple[Any, ...]:
    """Neighbouring lines, and points, of one kind become one trace: hundreds of traces are slow."""
    if isinstance(mark, Line) and mark.low is None:
        return ("line", mark.group, mark.is_step, mark.is_faint, mark.is_dashed)
    if isinstance(mark, Points):
        return ("points", mark.group, mark.is_faint)
    return ("other", id(mark))


class _Panel:
    """Draws the marks of one panel."""

    def __init__(self, suffix: str, panel: Panel, looks: Mapping[str, PageLook]) -> None:
        self._axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        self._suffix = suffix
        self._colours = {group: look.colour for group, look in looks.items()}
        self._signs = {group: look.symbol for group, look in looks.items()}
        # Seeds stay in sight through the mark of what they come to.
        self._with_seeds = {mark.group for mark in panel.marks if isinstance(mark, Points) and mark.is_faint}
        self._to_x, self._to_y = _scale(panel.x), _scale(panel.y)
        self._numbers = {group: number for number, group in enumerate(looks)}
        self._hover = f"%{{x:.4~g}}{_plain(unit_suffix(panel.x.unit))}; %{{y:.4~g}}{_plain(unit_suffix(panel.y.unit))}"

    def marks(self, marks: Sequence[Mark]) -> tuple[list[Trace], list[dict[str, Any]]]:
        """Traces and shapes of marks of one kind."""
        first = marks[0]
        match first:
            case Points():
                return [self._points([mark for mark in marks if isinstance(mark, Points)])], []
            case Line():
                return [self._lines([mark for mark in marks if isinstance(mark, Line)])], []
            case Band():
                return self._band(first), []
            case Bars():
                return [self._bars(first)], []
            case Spans():
                return [], self._spans(first)
            case Reference():
                return [], [self._reference(first)]

    def _points(self, marks: Sequence[Points]) -> Trace:
        group, is_faint = marks[0].group, marks[0].is_faint
        is_open = not is_faint and group in self._with_seeds
        texts = [
            _plain(text)
            for mark in marks
            for text in (mark.texts if len(mark.texts) == len(mark.x) else [group] * len(mark.x))
        ]
        return self._trace(group) | {
            "type": "scatter",
            "mode": "markers",
            "x": [self._to_x(value) for mark in marks for value in mark.x],
            "y": [self._to_y(value) for mark in marks for value in mark.y],
            "text": texts,
            "hovertemplate": f"%{{text}}<br>{self._hover}<extra></extra>",
            "marker": {
                "color": self._colours[group],
                "symbol": f"{self._signs[group]}-open" if is_open else self._signs[group],
                "size": 6 if is_faint else 13 if is_open else 8,
                "opacity": 0.45 if is_faint else 0.9,
                "line": {"width": 2 if is_open else 0},
            },
        }

    def _lines(self, marks: Sequence[Line]) -> Trace:
        first = marks[0]
        x: list[float | None] = []
        y: list[float | None] = []
        texts: list[str] = []
        for mark in marks:
            gap = [None] if x else []
            x += [*gap, *(self._to_x(value) for value in mark.x)]
            y += [*gap, *(self._to_y(value) for value in mark.y)]
            texts += [*("" for _ in gap), *(_plain(mark.text or mark.group) for _ in mark.x)]
        trace = self._trace(first.group) | {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "text": texts,
            "hovertemplate": f"%{{text}}<br>{self._hover}<extra></extra>",
            "opacity": 0.4 if first.is_faint else 1,
            "line": {
                "color": self._colours[first.group],
                "width": 1 if first.is_faint else 1.8,
                "dash": "dash" if first.is_dashed else "solid",
                "shape": "hv" if first.is_step else "linear",
            },
        }
        if first.low is not None and first.high is not None:
            ends = list(zip(first.y, first.low, first.high, strict=True))
            trace["mode"] = "lines+markers"
            trace["marker"] = {"symbol": self._signs[first.group], "size": 7, "color": self._colours[first.group]}
            trace["error_y"] = {
                "type": "data",
                "symmetric": False,
                "array": [_rounded(self._to_y(high) - self._to_y(value)) for value, _, high in ends],
                "arrayminus": [_rounded(self._to_y(value) - self._to_y(low)) for value, low, _ in ends],
                "thickness": 1.2,
                "width": 4,
                "color": self._colours[first.group],
            }
        return trace

    def _band(self, mark: Band) -> list[Trace]:
        x = [self._to_x(value) for value in mark.x]
        edge = {"width": 0, "shape": "hv" if mark.is_step else "linear", "color": self._colours[mark.group]}
        common = self._trace(mark.group) | {"type": "scatter", "mode": "lines", "x": x, "line": edge}
        return [
            common | {"y": [self._to_y(value) for value in mark.low], "hoverinfo": "skip"},
            common
            | {
                "y": [self._to_y(value) for value in mark.high],
                "hoverinfo": "skip",
                "fill": "tonexty",
                "fillcolor": _transparent(self._colours[mark.group]),
            },
        ]

    def _bars(self, mark: Bars) -> Trace:
        edges = [self._to_x(value) for value in mark.edges]
        return self._trace(mark.group) | {
            "type": "bar",
            "x": [_rounded((low + high) / 2) for low, high in pairwise(edges)],
            "width": [_rounded(high - low) for low, high in pairwise(edges)],
            "y": [self._to_y(value) for value in mark.heights],
            "hovertext": _plain(mark.group),
            "hovertemplate": f"%{{hovertext}}<br>{self._hover}<extra></extra>",
            "opacity": 0.4,
            "marker": {"color": self._colours[mark.group]},
        }

    def _spans(self, mark: Spans) -> list[dict[str, Any]]:
        return [
            {
                "type": "rect",
                "name": f"{self._numbers[mark.group]}",
                "xref": f"x{self._suffix}",
                "yref": f"y{self._suffix} domain",
                "x0": self._to_x(start),
                "x1": self._to_x(end),
                "y0": 0,
                "y1": 1,
                "fillcolor": self._colours[mark.group],
                "opacity": 0.18,
                "line": {"width": 0},
                "layer": "below",
            }
            for start, end in zip(mark.starts, mark.ends, strict=True)
        ]

    def _reference(self, mark: Reference) -> dict[str, Any]:
        line = {"color": self._colours[mark.group], "dash": "dot", "width": 1.5}
        shape = {"type": "line", "name": f"{self._numbers[mark.group]}", "line": line}
        if mark.y is not None:
            y = self._to_y(mark.y)
            return shape | {
                "xref": f"x{self._suffix} domain",
                "yref": f"y{self._suffix}",
                "x0": 0,
                "x1": 1,
                "y0": y,
                "y1": y,
            }
        x = self._to_x(mark.x if mark.x is not None else 0.0)
        return shape | {
            "xref": f"x{self._suffix}",
            "yref": f"y{self._suffix} domain",
            "x0": x,
            "x1": x,
            "y0": 0,
            "y1": 1,
        }

    def _trace(self, group: str) -> Trace:
        return {**self._axes, "meta": self._numbers[group]}


def _axis(axis: Axis) -> dict[str, Any]:
    unit = "%" if axis.unit == "fraction" else axis.unit
    title = _plain(f"{axis.title} ({unit})" if unit and unit != "count" else axis.title)
    to_axis = _scale(axis)
    shown: dict[str, Any] = {"title": {"text": title, "standoff": 6}, "type": "log" if axis.is_log else "linear"}
    if axis.bounds is not None:
        ends = [to_axis(bound) for bound in axis.bounds]
        margin = 0.0 if axis.is_log else 0.02 * (ends[1] - ends[0])
        is_drawable = not axis.is_log or min(ends) > 0
        if is_drawable:
            shown["range"] = [math.log10(end) for end in ends] if axis.is_log else [ends[0] - margin, ends[1] + margin]
    if axis.ticks is not None:
        shown["tickvals"] = [to_axis(tick) for tick in axis.ticks]
        labels = axis.tick_labels
        shown["ticktext"] = [_plain(label) for label in labels] if labels else [f"{v:g}" for v in shown["tickvals"]]
    return shown


def _scale(axis: Axis) -> Callable[[float], float]:
    factor = 100 if axis.unit == "fraction" else 1
    return lambda value: _rounded(factor * value)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _transparent(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def _plain(text: str) -> str:
    """Text that plotly draws as it is: it would obey a few tags and entities, and templates in braces."""
    return inert(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")
