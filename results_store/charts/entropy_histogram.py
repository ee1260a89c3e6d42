"""F2: how the entropy is distributed at local and at retrieval positions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from results_store.charts.cells import ShownCell
from results_store.charts.chart import Axis, Bars, Chart, Line, Mark, Panel
from results_store.charts.source import FigureSource
from results_store.charts.wording import gap_sentences, seeds_sentence, spoken_interval
from results_store.numbers import finite_number

__all__ = ["entropy_histogram"]

_GROUPS = {"local": "local positions", "retrieval": "retrieval positions"}
_MEANS = {"local": "test_entropy_at_local_nats", "retrieval": "test_entropy_at_retrieval_nats"}


def entropy_histogram(source: FigureSource) -> Chart:
    """One panel per cell: every seed's density as a thin line, their mean as a filled histogram."""
    cells = source.cells(optional=tuple(_MEANS.values()))
    reports = source.reports("entropy", ("position", "bin_low", "bin_high", "count"), cells)
    panels, shown, sentences = [], [], []
    for cell in cells:
        histograms = {
            trial.seed: _Histogram(reports[trial.trial_id]) for trial in cell.completed if trial.trial_id in reports
        }
        if histograms:
            panels.append(_panel(cell, histograms))
            shown.append(len(histograms))
            sentences += _means(cell)
        elif cell.completed:
            sentences.append(f"{cell.label}: no trial reports an entropy.")
    if not panels:
        raise source.missing("no completed trial reports an entropy", cells)
    return Chart(
        name=source.figure.name,
        title=source.figure.title,
        panels=tuple(panels),
        groups=tuple(_GROUPS.values()),
        caption=(
            "Normalised entropy on the test split (1: uniform over the vocabulary) at positions whose target needs no "
            "retrieval and at those whose target needs it, each with area 1. Thin lines: seeds; filled: their mean; "
            + seeds_sentence(shown),
            *sentences,
            *gap_sentences(cells),
        ),
        alternative=" ".join(sentences) or "Histograms of normalised entropy at local and at retrieval positions.",
    )


class _Histogram:
    """The densities of one trial by kind of position."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._density: dict[str, dict[float, float]] = {}
        self.edges: set[float] = set()
        for position in _GROUPS:
            own = [
                (low, high, count)
                for row in rows
                if row["position"] == position
                for low, high, count in [tuple(finite_number(row[key]) for key in ("bin_low", "bin_high", "count"))]
                if low is not None and high is not None and count is not None and low < high and count > 0
            ]
            total = math.fsum(count for _, _, count in own)
            self._density[position] = {low: count / total / (high - low) for low, high, count in own}
            self.edges |= {edge for low, high, _ in own for edge in (low, high)}

    def heights(self, position: str, edges: Sequence[float]) -> list[float]:
        """The density between every two edges."""
        return [self._density[position].get(edge, 0.0) for edge in edges[:-1]]


def _panel(cell: ShownCell, histograms: Mapping[int, _Histogram]) -> Panel:
    edges = sorted({0.0, 1.0}.union(*(histogram.edges for histogram in histograms.values())))
    marks: list[Mark] = []
    for position, group in _GROUPS.items():
        of_seeds = {seed: histogram.heights(position, edges) for seed, histogram in histograms.items()}
        mean = [math.fsum(heights) / len(heights) for heights in zip(*of_seeds.values(), strict=True)]
        marks.append(Bars(group=group, edges=edges, heights=mean))
        marks += [
            Line(
                group=group,
                x=edges,
                y=[*heights, 0.0],
                is_step=True,
                is_faint=True,
                text=f"{cell.label}, seed {seed}, {group}",
            )
            for seed, heights in of_seeds.items()
        ]
    x = Axis(title="Normalised entropy", bounds=(0.0, 1.0))
    return Panel(x=x, y=Axis(title="Density"), marks=tuple(marks), title=cell.label)


def _means(cell: ShownCell) -> list[str]:
    parts = []
    for position, metric in _MEANS.items():
        interval = cell.interval(metric)
        if interval.mean is not None:
            parts.append(f"{position} {spoken_interval(interval.mean, interval.low, interval.high, 'nats')}")
    return [f"{cell.label}, mean entropy: {', '.join(parts)}."] if parts else []
