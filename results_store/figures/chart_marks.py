"""The marks of a chart's panel, drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from results_store.charts.chart import Band, Bars, Line, Mark, Panel, Points, Reference, Spans
from results_store.figures.group_looks import GroupLook, curves
from results_store.figures.quantity import Quantity
from results_store.figures.style import SMALL_PT

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["PanelMarks", "beside"]

_MAX_APART_PT, _ALL_APART_PT = 6.0, 16.0
"""How far groups stand from each other at one x, and all of them together."""
_NEIGHBOURS = 0.6
"""The share of the way to the next x that they may take."""

_NUM_LINE_MARKERS, _NUM_LARGE = 7, 25


def beside(panel: Panel) -> list[str]:
    """The groups that stand beside each other where they have the same x."""
    return list(dict.fromkeys(mark.group for mark in panel.marks if isinstance(mark, Line) and mark.low is not None))


class PanelMarks:
    """Draws the marks of one panel.

    Where values are compared at the same x (lines with an interval at each point), groups stand beside each other,
    and so do the seeds of a group: a few points of type, which is no other value.

    Args:
        axes: Where to draw.
        panel: What to draw.
        looks: How the groups look.
        width_in: Of the panel, about.
    """

    def __init__(self, axes: Axes, panel: Panel, looks: Mapping[str, GroupLook], width_in: float) -> None:
        self._axes = axes
        self._panel = panel
        self._looks = looks
        self._x = Quantity(title="", unit=panel.x.unit)
        self._y = Quantity(title="", unit=panel.y.unit)
        self._with_seeds = {mark.group for mark in panel.marks if isinstance(mark, Points) and mark.is_faint}
        self._beside = beside(panel)
        all_apart_pt = min(_ALL_APART_PT, _NEIGHBOURS * self._narrowest_pt(width_in))
        self._apart_pt = min(_MAX_APART_PT, all_apart_pt / max(1, len(self._beside)))
        self._curves = {group: curves([mark for mark in panel.marks if mark.group == group]) for group in looks}

    def _narrowest_pt(self, width_in: float) -> float:
        """About how far neighbouring values of x are from each other, in points of type."""
        values = {x for mark in self._panel.marks if isinstance(mark, Line) and mark.low is not None for x in mark.x}
        places = sorted(math.log(x) if self._panel.x.is_log and x > 0 else x for x in values)
        if len(places) < 2:
            return _ALL_APART_PT
        return 72 * width_in * min(b - a for a, b in pairwise(places)) / (places[-1] - places[0])

    def draw(self) -> None:
        """Draws all marks, later ones on top."""
        for order, mark in enumerate(self._panel.marks):
            self._draw(mark, self._looks[mark.group], 2 + 0.5 * order / len(self._panel.marks))

    def _draw(self, mark: Mark, look: GroupLook, zorder: float) -> None:
        match mark:
            case Points():
                self._points(mark, look, zorder)
            case Line():
                self._line(mark, look, zorder)
            case Band():
                self._axes.fill_between(
                    self._xs(mark.x),
                    self._ys(mark.low),
                    self._ys(mark.high),
                    step="post" if mark.is_step else None,
                    color=look.colour,
                    alpha=0.16,
                    linewidth=0,
                    zorder=1.5,
                )
            case Bars():
                self._axes.stairs(
                    mark.heights, self._xs(mark.edges), color=look.colour, alpha=0.4, fill=True, zorder=zorder
                )
            case Spans():
                for start, end in zip(self._xs(mark.starts), self._xs(mark.ends), strict=True):
                    self._axes.axvspan(start, end, color=look.colour, alpha=0.3, linewidth=0, zorder=1.4)
            case Reference():
                style: dict[str, Any] = {
                    "color": look.colour,
                    "linestyle": look.dashes,
                    "linewidth": 1.0,
                    "zorder": zorder,
                }
                if mark.y is not None:
                    self._axes.axhline(self._y.shown(mark.y), **style)
                if mark.x is not None:
                    self._axes.axvline(self._x.shown(mark.x), **style)

    def _line(self, mark: Line, look: GroupLook, zorder: float) -> None:
        xs, ys = self._xs(mark.x), self._ys(mark.y)
        offset_pt = self._place(mark.group)
        style: dict[str, Any] = {"color": look.colour, "zorder": zorder}
        if mark.is_step:
            style["drawstyle"] = "steps-post"
        if mark.is_faint:
            self._axes.plot(xs, ys, linewidth=0.6, alpha=0.45, **style)
            return
        if all(mark is not curve for curve in self._curves[mark.group]):
            self._axes.plot(xs, ys, linewidth=1.1, solid_capstyle="butt", **style)
            return
        if mark.low is not None and mark.high is not None:
            intervals = self._axes.vlines(xs, self._ys(mark.low), self._ys(mark.high), linewidth=1.1, **style)
            self._move([intervals], offset_pt)
        style["linestyle"] = look.dashes
        if mark.is_dashed:
            style["linewidth"] = 1.0
        elif not mark.is_step and look.has_marker:
            every = max(1, round(len(xs) / _NUM_LINE_MARKERS)) if mark.low is None else 1
            style |= {"marker": look.marker, "markersize": 4.2, "markeredgewidth": 0, "markevery": every}
        self._move(self._axes.plot(xs, ys, **{"linewidth": 1.4, **style}), offset_pt)

    def _points(self, mark: Points, look: GroupLook, zorder: float) -> None:
        places = list(zip(self._xs(mark.x), self._ys(mark.y), strict=True))
        style: dict[str, Any] = {"linestyle": "none", "marker": look.marker, "color": look.colour}
        if mark.is_faint:
            style |= {"markersize": 2.8, "alpha": 0.55, "markeredgewidth": 0, "zorder": zorder}
        elif mark.group in self._with_seeds:
            # Seeds stay in sight through the mark of their mean.
            style |= {"markersize": 7.0, "markerfacecolor": "none", "markeredgewidth": 1.2, "zorder": zorder + 0.5}
        else:
            size = 5.0 * min(1.0, math.sqrt(_NUM_LARGE / max(1, len(places))))
            style |= {"markersize": size, "markeredgecolor": "black", "markeredgewidth": 0.5, "zorder": zorder + 0.5}
        if mark.is_faint and mark.group in self._beside:
            for offset_pt, own in self._fanned(places).items():
                lines = self._axes.plot(*zip(*own, strict=True), **style)
                self._move(lines, self._place(mark.group) + offset_pt)
            return
        if not places:
            return
        self._axes.plot(*zip(*places, strict=True), **style)
        for place, count in Counter(places).items():
            if count > 1:
                self._axes.annotate(
                    f"{count}x", place, xytext=(3, 2), textcoords="offset points", fontsize=SMALL_PT, zorder=4
                )

    def _fanned(self, places: Sequence[tuple[float, float]]) -> dict[float, list[tuple[float, float]]]:
        """Points of one x beside each other, by how far they stand aside."""
        numbers = Counter(x for x, _ in places)
        met: Counter[float] = Counter()
        found: dict[float, list[tuple[float, float]]] = {}
        for x, y in places:
            step = min(1.2, 0.8 * self._apart_pt / numbers[x])
            offset = step * (met[x] - (numbers[x] - 1) / 2)
            met[x] += 1
            found.setdefault(offset, []).append((x, y))
        return found

    def _place(self, group: str) -> float:
        """How far a group stands aside, in points of type."""
        if group not in self._beside:
            return 0.0
        return self._apart_pt * (self._beside.index(group) - (len(self._beside) - 1) / 2)

    def _move(self, artists: Sequence[Artist], offset_pt: float) -> None:
        """Moves what is drawn aside; the limits of the axes have its values already."""
        from matplotlib.transforms import ScaledTranslation

        figure = self._axes.get_figure()
        assert figure is not None
        for artist in artists if offset_pt else ():
            artist.set_transform(self._axes.transData + ScaledTranslation(offset_pt / 72, 0, figure.dpi_scale_trans))

    def _xs(self, values: Sequence[float]) -> list[float]:
        return [self._x.shown(value) for value in values]

    def _ys(self, values: Sequence[float]) -> list[float]:
        return [self._y.shown(value) for value in values]
