"""How groups look on the page: as in print, and on a scale of brightness where they are more than colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results_store.charts import Chart
from results_store.figures.group_looks import group_looks

__all__ = ["PageLook", "page_looks"]

_MARKERS = {
    "o": ("circle", "●"),
    "s": ("square", "■"),
    "^": ("triangle-up", "▲"),
    "D": ("diamond", "◆"),
    "v": ("triangle-down", "▼"),
    "P": ("cross", "✚"),
    "X": ("x", "✖"),
    "*": ("star", "★"),
    "d": ("diamond-tall", "♦"),
    "p": ("pentagon", "⬟"),
    "h": ("hexagon", "⬢"),
}

# From matplotlib's cividis, which colour-blind readers see as one scale from dark to bright.
_RAMP = ((0, 34, 78), (67, 78, 108), (124, 123, 120), (180, 168, 105), (222, 199, 68))


@dataclass(frozen=True, kw_only=True)
class PageLook:
    """How a group looks.

    Attributes:
        colour: Of everything that belongs to it.
        symbol: Plotly's name of its marker.
        sign: The marker in the legend.
    """

    colour: str
    symbol: str
    sign: str


def page_looks(chart: Chart) -> Mapping[str, PageLook]:
    """The look of each group; published ones are grey."""
    looks = group_looks(chart)
    ours = [group for group in chart.groups if group not in chart.published]
    colours = {group: look.colour for group, look in looks.items()}
    if len({colours[group] for group in ours}) < len(ours):
        colours |= {group: _on_ramp(place / (len(ours) - 1)) for place, group in enumerate(ours)}
    found = {}
    for group, look in looks.items():
        symbol, sign = _MARKERS[look.marker]
        found[group] = PageLook(colour=colours[group], symbol=symbol, sign=sign)
    return found


def _on_ramp(place: float) -> str:
    """A colour of the ramp, from 0 to 1."""
    at = place * (len(_RAMP) - 1)
    before = min(int(at), len(_RAMP) - 2)
    share = at - before
    mixed = (round((1 - share) * a + share * b) for a, b in zip(_RAMP[before], _RAMP[before + 1], strict=True))
    return "#" + "".join(f"{part:02X}" for part in mixed)
