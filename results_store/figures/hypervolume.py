"""The hypervolume of points: how much of the space between the origin and them they dominate."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["hypervolume"]


def hypervolume(points: Sequence[Sequence[float]]) -> float:
    """The volume of all boxes that have the origin for one corner and a point for the opposite one.

    Cut into slices along the last coordinate: exact, and quick for two or three coordinates and some hundred points.

    Args:
        points: Each of as many coordinates, none negative.
    """
    if not points:
        return 0.0
    if len(points[0]) == 1:
        return float(max(point[0] for point in points))
    ordered = sorted(points, key=lambda point: point[-1], reverse=True)
    volume = 0.0
    for index, point in enumerate(ordered):
        below = ordered[index + 1][-1] if index + 1 < len(ordered) else 0.0
        if point[-1] > below:
            volume += (point[-1] - below) * hypervolume([one[:-1] for one in ordered[: index + 1]])
    return volume
