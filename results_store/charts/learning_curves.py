"""Learning curves: a metric after every epoch, a line for every seed of every cell of a study."""

# ruff: noqa: S608 - everything that enters this SQL is ours or goes through `identifier`

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from results_store.catalogue.sources import identifier
from results_store.charts.chart import Axis, Chart, Line, Panel, Points
from results_store.charts.members import CellMembers
from results_store.records import MetricInfo
from results_store.tables.column import Column
from results_store.wording import counted

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["learning_curves"]

_PREFERRED = ("validation_retrieval_accuracy",)
"""What claims about AMOR rest on, whatever else stands in a study's tables."""

_MAX_NAMED = 12
"""Cells that the words for a figure tell of."""


def learning_curves(
    results: Results, study: str, cells: Sequence[CellMembers], metrics: Sequence[MetricInfo], wanted: Sequence[str]
) -> Chart | None:
    """The learning curves of a study's cells, without those of candidates; None if no trial reports epochs.

    Args:
        results: The store.
        study: Name of the study.
        cells: Its cells.
        metrics: The metrics of its trainable.
        wanted: Metrics that the study is about, most important first; their counterparts on the validation split are
            looked for among those of epochs.
    """
    shown = [cell for cell in cells if cell.phase != "search"]
    metric = _chosen(results, study, metrics, wanted)
    if metric is None or not shown:
        return None
    curves = _curves(results, study, metric)
    has_points = any(cell.point for cell in shown)
    column = Column.of_metric(metric)
    y = Axis(title=column.title, unit=metric.unit, bounds=(0.0, 1.0) if metric.unit == "fraction" else None)
    panels = []
    for variant in dict.fromkeys(cell.variant for cell in shown):
        of_variant = [cell for cell in shown if cell.variant == variant]
        marks: list[Line | Points] = []
        for cell in of_variant:
            group = cell.point or cell.group if has_points else cell.group
            for member in cell.members:
                curve = curves.get(member.trial_id, [])
                text = f"{cell.label}, seed {member.seed}"
                if len(curve) == 1:
                    marks.append(Points(group=group, x=[curve[0][0]], y=[curve[0][1]], texts=[text]))
                elif curve:
                    marks.append(Line(group=group, x=[at for at, _ in curve], y=[v for _, v in curve], text=text))
        if marks:
            x = Axis(title="Epoch", unit="count")
            panels.append(Panel(x=x, y=y, marks=tuple(marks), title=of_variant[0].group))
    if not panels:
        return None
    drawn = [curves[member.trial_id] for cell in shown for member in cell.members if curves.get(member.trial_id)]
    return Chart(
        name="learning_curves",
        title=f"Learning curves: {column.title}",
        panels=tuple(panels),
        groups=tuple(dict.fromkeys(mark.group for panel in panels for mark in panel.marks)),
        caption=(
            f"{column.title} after every epoch, one line per seed: {len(drawn)} trials, one panel per variant.",
            *_missing(shown, curves),
        ),
        alternative=_in_words(shown, curves, metric),
    )


def _chosen(results: Results, study: str, metrics: Sequence[MetricInfo], wanted: Sequence[str]) -> MetricInfo | None:
    """The first metric of the study that its trials report after epochs."""
    reported = set(results.sql("SELECT * FROM epochs LIMIT 0").columns)
    known = {metric.name: metric for metric in metrics if metric.name in reported}
    counterparts = [other for name in wanted for other in (name.replace("test_", "validation_", 1), name)]
    directed = [metric.name for metric in metrics if metric.direction is not None]
    candidates = [name for name in dict.fromkeys([*_PREFERRED, *counterparts, *directed, *known]) if name in known]
    if not candidates:
        return None
    counts = ", ".join(f"count(epochs.{identifier(name)})" for name in candidates)
    of_study = "SELECT trial_id FROM results WHERE study = $study AND phase <> 'search'"
    found = results.sql(f"SELECT {counts} FROM epochs WHERE trial_id IN ({of_study})", {"study": study}).rows()[0]
    return next((known[name] for name, count in zip(candidates, found, strict=True) if count), None)


def _curves(results: Results, study: str, metric: MetricInfo) -> dict[str, list[tuple[float, float]]]:
    column = identifier(metric.name)
    rows = results.sql(
        f"SELECT trial_id, epoch, TRY_CAST({column} AS DOUBLE) FROM epochs WHERE trial_id IN "
        "(SELECT trial_id FROM results WHERE study = $study AND phase <> 'search') ORDER BY trial_id, epoch",
        {"study": study},
    ).rows()
    curves: dict[str, list[tuple[float, float]]] = {}
    for trial_id, epoch, value in rows:
        if value is not None and math.isfinite(value):
            curves.setdefault(trial_id, []).append((float(epoch), value))
    return curves


def _missing(cells: Sequence[CellMembers], curves: Mapping[str, object]) -> list[str]:
    missing = sum(not curves.get(member.trial_id) for cell in cells for member in cell.members)
    trials = "1 trial has" if missing == 1 else f"{missing} trials have"
    return [f"{trials} no curve: not there yet, failed, or without such a metric."] if missing else []


def _in_words(
    cells: Sequence[CellMembers], curves: Mapping[str, Sequence[tuple[float, float]]], metric: MetricInfo
) -> str:
    column = Column.of_metric(metric)
    ends = []
    for cell in cells:
        found = [curves[member.trial_id] for member in cell.members if curves.get(member.trial_id)]
        if found:
            last = [curve[-1][1] for curve in found]
            epochs = {curve[-1][0] for curve in found}
            after = f"epoch {max(epochs):g}" if len(epochs) == 1 else f"epochs {min(epochs):g} to {max(epochs):g}"
            low, high = column.numbers(min(last), max(last))
            ends.append(f"{cell.label}: {low} to {high} after {after} ({counted(len(last), 'seed')})")
    more = f"; and {len(ends) - _MAX_NAMED} more" if len(ends) > _MAX_NAMED else ""
    return f"{column.heading}, lowest and highest seed at the end. {'; '.join(ends[:_MAX_NAMED])}{more}."
