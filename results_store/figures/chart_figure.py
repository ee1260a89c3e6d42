"""Any chart, drawn for print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from results_store.charts.chart import Axis, Chart, Line, Panel
from results_store.figures.chart_marks import PanelMarks, beside
from results_store.figures.group_looks import group_looks
from results_store.figures.quantity import Quantity, whole_ticks
from results_store.figures.style import (
    COLUMN_IN,
    PAGE_IN,
    SMALL_PT,
    TEXT_PT,
    add_legend,
    caption,
    caption_height_in,
    new_figure,
    plain_text,
    styled,
    text_width_in,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["chart_figure"]

_MAX_COLUMNS = 3
_BESIDE_IN = 0.6
"""What stands beside a panel."""
_LABEL_LENGTH = 60
_HANDLE_IN = 0.42
"""What a line of the legend takes besides its text."""


def chart_figure(chart: Chart) -> Figure:
    """A chart as a figure of the width of a column, or of a page where there are several panels."""
    with styled():
        figure = _drawn(chart)
        # Labels of ticks are made when they are drawn first; later the settings would be those of the user.
        figure.draw_without_rendering()
    return figure


def _drawn(chart: Chart) -> Figure:
    num_panels = len(chart.panels)
    width_in = COLUMN_IN if num_panels == 1 and not chart.is_wide else PAGE_IN
    num_columns = 2 if num_panels == 4 else min(num_panels, _MAX_COLUMNS)
    num_rows = math.ceil(num_panels / num_columns)
    heading = [chart.title if chart.title[-1:] in (".", "?", "!") else f"{chart.title}."] if chart.title else []
    sentences = [*heading, *chart.caption]
    if any(len(beside(panel)) > 1 for panel in chart.panels):
        sentences.append("Groups of one x are drawn beside each other.")
    looks = group_looks(chart)
    labels = [_fitting(group, width_in - _HANDLE_IN) for group in chart.groups]
    legend_columns = _legend_columns(labels, width_in)
    legend_in = 0.16 * math.ceil(len(labels) / legend_columns) + 0.1
    panel_in = 2.0 if chart.is_wide else 2.3
    height_in = panel_in * num_rows + legend_in + caption_height_in(width_in, sentences)
    figure = new_figure(width_in, height_in)
    is_shared = len({panel.y for panel in chart.panels}) == 1
    drawn: list[Axes] = []
    for index, panel in enumerate(chart.panels):
        axes = figure.add_subplot(num_rows, num_columns, index + 1, sharey=drawn[0] if drawn and is_shared else None)
        drawn.append(axes)
        PanelMarks(axes, panel, looks, width_in / num_columns - _BESIDE_IN).draw()
        _dress(axes, panel, width_in / num_columns, has_y_label=not is_shared or index % num_columns == 0)
    handles = [looks[group].handle(label) for group, label in zip(chart.groups, labels, strict=True)]
    add_legend(figure, handles, legend_columns)
    caption(figure, sentences)
    return figure


def _fitting(text: str, width_in: float) -> str:
    """A text in the small size, as much of it as there is room for."""
    length = _LABEL_LENGTH
    while length > 1 and text_width_in(plain_text(text, length)) > width_in:
        length -= 1
    return plain_text(text, length)


def _legend_columns(labels: Sequence[str], width_in: float) -> int:
    """As few rows as there is room for, and as few columns as these rows need."""
    widest = max((text_width_in(label) for label in labels), default=0.0) + _HANDLE_IN
    most = max(1, min(len(labels), int(width_in / widest)))
    num_rows = math.ceil(len(labels) / most)
    return math.ceil(len(labels) / max(1, num_rows)) or 1


def _dress(axes: Axes, panel: Panel, width_in: float, *, has_y_label: bool) -> None:
    """Titles, scales and ticks, when everything is drawn."""
    characters = int((width_in - 0.5) * 15)
    x = _quantity(panel.x)
    axes.set_xlabel(x.label(characters))
    if has_y_label:
        axes.set_ylabel(_quantity(panel.y).label(30))
    else:
        axes.tick_params(labelleft=False)
    if panel.title:
        axes.set_title(_fitting(panel.title, (width_in - 0.8) * SMALL_PT / TEXT_PT), fontsize=TEXT_PT)
    for axis, which in ((panel.x, "x"), (panel.y, "y")):
        if axis.bounds is not None:
            axes.set(**{f"{which}lim": [_quantity(axis).shown(end) for end in axis.bounds]})
    if panel.y.is_log:
        axes.set_yscale("log")
    if panel.x.is_log:
        x.dress(axes, characters)
    if panel.x.ticks is not None:
        ticks = [x.shown(tick) for tick in panel.x.ticks]
        names = panel.x.tick_labels or [f"{tick:g}" for tick in ticks]
        axes.set_xticks(ticks, labels=[plain_text(name, 20) for name in names])
    elif panel.x.unit == "count":
        whole_ticks(axes)
    if panel.x.bounds is None and not any(isinstance(mark, Line) and mark.is_step for mark in panel.marks):
        axes.margins(x=0.06)


def _quantity(axis: Axis) -> Quantity:
    return Quantity(title=axis.title, unit=axis.unit, is_log=axis.is_log)
