"""Published values as marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from results_store.charts.chart import Line, Mark, Points
from results_store.charts.wording import spoken_interval
from results_store.records import PublishedPoint

__all__ = ["published_groups", "published_marks"]


def published_groups(points: Sequence[PublishedPoint], ours: Sequence[str]) -> dict[str, list[PublishedPoint]]:
    """Published values by group, each in the order of x; a label that one of ours has is told apart from it."""
    found: dict[str, list[PublishedPoint]] = {}
    for point in sorted(points, key=lambda point: (point.x, point.y)):
        label = f"{point.label} (published)" if point.label in ours else point.label
        found.setdefault(label, []).append(point)
    order = dict.fromkeys(f"{point.label} (published)" if point.label in ours else point.label for point in points)
    return {label: found[label] for label in order}


def published_marks(
    groups: dict[str, list[PublishedPoint]], unit: str, place: Callable[[float], float] = float
) -> list[Mark]:
    """Points, and a line for the interval of each that has one.

    Args:
        groups: As `published_groups` gives them.
        unit: Of y.
        place: Where a published x stands on the axis.
    """
    marks: list[Mark] = []
    for label, points in groups.items():
        for point in points:
            if point.low is not None and point.high is not None:
                at = place(point.x)
                marks.append(Line(group=label, x=(at, at), y=(point.low, point.high)))
        texts = [f"{label}: {spoken_interval(point.y, point.low, point.high, unit)}" for point in points]
        marks.append(
            Points(group=label, x=[place(point.x) for point in points], y=[point.y for point in points], texts=texts)
        )
    return marks
