"""How the groups of a chart look: colour, marker and kind of line, the same in all of its panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results_store.charts.chart import Bars, Chart, Line, Mark, Points, Reference, Spans
from results_store.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.artist import Artist

__all__ = ["GroupLook", "curves", "group_looks"]

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY_BLUE, BLACK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_OF_PUBLISHED = ("*", "d", "p", "h")
_DASHES = (0, (4, 1.5))
# Where steps lie on each other, the one below shows through.
_OF_STEPS: tuple[Any, ...] = ("-", (0, (3, 1)), (0, (1, 1)), (0, (5, 1, 1, 1)))


@dataclass(frozen=True, kw_only=True)
class GroupLook:
    """How a group looks.

    Attributes:
        colour: Of everything that belongs to it.
        marker: Of its points; of its lines where a panel has several.
        has_area: Whether it is a histogram or a stretch.
        has_line: Whether it has a line that is no interval.
        has_marker: Whether it has points.
        dashes: The kind of its line, in matplotlib's words.
    """

    colour: str
    marker: str
    has_area: bool
    has_line: bool
    has_marker: bool
    dashes: Any

    def handle(self, label: str) -> Artist:
        """Its line in a legend."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        if self.has_area:
            return Patch(facecolor=self.colour, alpha=0.4, label=label)
        line: Any = self.dashes if self.has_line else "none"
        marker = self.marker if self.has_marker else ""
        return Line2D(
            [], [], color=self.colour, linestyle=line, marker=marker, markersize=4, linewidth=1.4, label=label
        )


def group_looks(chart: Chart) -> Mapping[str, GroupLook]:
    """The look of each group; published ones are grey, and more groups than colours are told apart by markers."""
    marks = {
        group: [mark for panel in chart.panels for mark in panel.marks if mark.group == group] for group in chart.groups
    }
    has_several = sum(any(isinstance(mark, Line) for mark in curves(own)) for own in marks.values()) > 1
    looks: dict[str, GroupLook] = {}
    num_ours = num_published = 0
    for group, own in marks.items():
        if group in chart.published:
            colour, marker = GREY, _OF_PUBLISHED[num_published % len(_OF_PUBLISHED)]
            num_published += 1
        else:
            colour = _COLOURS[num_ours % len(_COLOURS)]
            marker = _MARKERS[(num_ours + num_ours // len(_COLOURS)) % len(_MARKERS)]
            num_ours += 1
        lines = curves(own)
        is_marked = any(isinstance(line, Line) and not line.is_step and not line.is_dashed for line in lines)
        looks[group] = GroupLook(
            colour=colour,
            marker=marker,
            has_area=any(isinstance(mark, Bars | Spans) for mark in own),
            has_line=bool(lines),
            has_marker=any(isinstance(mark, Points) for mark in own) or (has_several and is_marked),
            dashes=_dashes(lines, len(looks)),
        )
    return looks


def _dashes(lines: Sequence[Line | Reference], place: int) -> Any:
    if any(isinstance(line, Reference) or line.is_dashed for line in lines):
        return _DASHES
    return _OF_STEPS[place % len(_OF_STEPS)] if any(isinstance(line, Line) and line.is_step for line in lines) else "-"


def curves(marks: Sequence[Mark]) -> list[Line | Reference]:
    """The lines of their own among the marks of a group: beside points, plain lines are the points' intervals."""
    has_points = any(isinstance(mark, Points) and not mark.is_faint for mark in marks)
    return [
        mark
        for mark in marks
        if isinstance(mark, Reference)
        or (isinstance(mark, Line) and not mark.is_faint and (mark.is_step or mark.is_dashed or not has_points))
    ]
