"""F3 and learning curves: a metric of every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results_store.charts.cells import ShownCell
from results_store.charts.chart import Axis, Band, Chart, Line, Mark, Panel
from results_store.charts.published import published_groups, published_marks
from results_store.charts.source import FigureSource
from results_store.charts.wording import gap_sentences, metric_axis, seeds_sentence, spoken
from results_store.numbers import finite_number
from results_store.statistics import Interval, mean_interval

__all__ = ["metric_by_epoch"]


def metric_by_epoch(source: FigureSource) -> Chart:
    """Every seed as a thin line; their mean with a band, as far as all of them were trained."""
    figure = source.figure
    metric = source.metric(figure.metric)
    cells = source.cells()
    reports = source.reports("epochs", ("epoch", figure.metric), cells)
    curves = {cell.label: _curves(cell, reports, figure.metric) for cell in cells}
    drawn = {label: of_seeds for label, of_seeds in curves.items() if of_seeds}
    if not drawn:
        raise source.missing(f"no completed trial reports {figure.metric} by epoch", cells)
    bounds = (0.0, 1.0) if metric.unit == "fraction" else None
    behind: list[Mark] = []
    means: list[Mark] = []
    said = []
    is_cut = False
    for label, of_seeds in drawn.items():
        behind += [
            Line(group=label, x=list(curve), y=list(curve.values()), is_faint=True, text=f"{label}, seed {seed}")
            for seed, curve in of_seeds.items()
        ]
        common = sorted(set.intersection(*(set(curve) for curve in of_seeds.values())))
        is_cut |= any(len(curve) > len(common) for curve in of_seeds.values())
        intervals = {
            epoch: mean_interval([curve[epoch] for curve in of_seeds.values()], bounds=bounds) for epoch in common
        }
        means += _mean_marks(label, intervals)
        ends = [interval.mean for interval in intervals.values() if interval.mean is not None]
        if ends:
            said.append(
                f"{label}: mean {spoken(ends[0], metric.unit)} in epoch {common[0]}, "
                f"{spoken(ends[-1], metric.unit)} in epoch {common[-1]}."
            )
    published = published_groups(figure.published, list(drawn))
    has_bands = any(isinstance(mark, Band) for mark in means)
    band = ", band: its 95 % interval (Student's t)" if has_bands else ""
    undrawn = [
        f"{cell.label}: no {metric.shown_title} by epoch."
        for cell in cells
        if cell.completed and not curves[cell.label]
    ]
    return Chart(
        name=figure.name,
        title=figure.title,
        panels=(
            Panel(
                x=Axis(title="Epoch", unit="count"),
                y=metric_axis(metric),
                marks=(*behind, *means, *published_marks(published, metric.unit)),
            ),
        ),
        groups=(*drawn, *published),
        caption=(
            f"Thin lines: seeds; thick line: mean over seeds{band}; {seeds_sentence(map(len, drawn.values()))}",
            *(["The mean ends where the first seed does; seeds need not be trained equally long."] if is_cut else []),
            *undrawn,
            *gap_sentences(cells),
        ),
        alternative=" ".join(said),
        published=frozenset(published),
    )


def _curves(
    cell: ShownCell, reports: Mapping[str, Sequence[Mapping[str, object]]], metric: str
) -> dict[int, dict[int, float]]:
    """Of every completed seed that has any, the values by epoch."""
    curves: dict[int, dict[int, float]] = {}
    for trial in cell.completed:
        values = {
            int(epoch): value
            for row in reports.get(trial.trial_id, ())
            if (epoch := finite_number(row["epoch"])) is not None and (value := finite_number(row[metric])) is not None
        }
        if values:
            curves[trial.seed] = dict(sorted(values.items()))
    return curves


def _mean_marks(label: str, intervals: Mapping[int, Interval]) -> list[Mark]:
    means = {epoch: interval for epoch, interval in intervals.items() if interval.mean is not None}
    marks: list[Mark] = []
    banded = [
        (epoch, interval.low, interval.high)
        for epoch, interval in means.items()
        if interval.low is not None and interval.high is not None
    ]
    if banded:
        xs, lows, highs = zip(*banded, strict=True)
        marks.append(Band(group=label, x=xs, low=lows, high=highs))
    if means:
        marks.append(Line(group=label, x=list(means), y=[one.mean for one in means.values() if one.mean is not None]))
    return marks
