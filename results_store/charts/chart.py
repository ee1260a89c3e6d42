"""A chart as data: panels with axes and marks, apart from what draws them.

What a chart shows is made of rows once; matplotlib draws it for print, plotly for the report. Values are as they are
stored: fractions, nats, counts; who draws shows fractions in percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Axis", "Band", "Bars", "Chart", "Line", "Mark", "Panel", "Points", "Reference", "Spans"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What a direction shows.

    Attributes:
        title: What it is called, without its unit.
        unit: "fraction" (shown in percent), "nats", "count", or "" for none.
        is_log: Whether it is logarithmic.
        bounds: Its range; None: that of what is drawn.
        ticks: Where its ticks are, if they are few and known.
        tick_labels: What they are called, if not by their numbers.
    """

    title: str
    unit: str = ""
    is_log: bool = False
    bounds: tuple[float, float] | None = None
    ticks: tuple[float, ...] | None = None
    tick_labels: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Points:
    """Single values, such as one per seed.

    Attributes:
        group: What they belong to: marks of one group have one colour, and one line in the legend.
        texts: What each is, for readers who ask.
        is_faint: Whether they stand behind a summary of themselves.
    """

    group: str
    x: Sequence[float]
    y: Sequence[float]
    texts: Sequence[str] = ()
    is_faint: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points in the order given.

    Attributes:
        is_step: Whether a value holds until the next point.
        is_faint: Whether it is one of many behind a summary.
        text: What the line is, if it is not the group's only one.
        low: Where the interval of each point begins, if they have one.
        high: Where it ends.
    """

    group: str
    x: Sequence[float]
    y: Sequence[float]
    is_step: bool = False
    is_faint: bool = False
    is_dashed: bool = False
    text: str = ""
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True, kw_only=True)
class Band:
    """The area between two lines."""

    group: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    is_step: bool = False


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A histogram: `edges` has one number more than `heights`."""

    group: str
    edges: Sequence[float]
    heights: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Stretches of the x-axis, such as the positions where something has to be retrieved."""

    group: str
    starts: Sequence[float]
    ends: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A straight line to compare with, across the panel: at `y`, or at `x`."""

    group: str
    y: float | None = None
    x: float | None = None


Mark = Points | Line | Band | Bars | Spans | Reference


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes with marks; later marks lie on top."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure, to be drawn.

    Attributes:
        name: Its name on the command line.
        title: Its heading.
        panels: Side by side.
        groups: All groups in the order of the legend and of the colours, which are the same in all panels.
        caption: Sentences on what is shown and what the numbers rest on: n, intervals, what is missing.
        alternative: One or two sentences that say in words what is to be seen, for those who cannot see it.
        published: Groups that are published values rather than ours; drawn in grey.
        is_wide: Whether a single panel needs the width of a page.
    """

    name: str
    title: str
    panels: tuple[Panel, ...]
    groups: tuple[str, ...]
    caption: tuple[str, ...] = ()
    alternative: str = ""
    published: frozenset[str] = frozenset()
    is_wide: bool = False
