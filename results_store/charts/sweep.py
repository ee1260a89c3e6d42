"""F4: a metric along a key of the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from results_store.charts.cells import ShownCell
from results_store.charts.chart import Axis, Chart, Line, Mark, Panel, Points, Reference
from results_store.charts.published import published_groups, published_marks
from results_store.charts.source import FigureSource
from results_store.charts.wording import gap_sentences, metric_axis, seeds_sentence, spoken
from results_store.records import MetricInfo
from results_store.statistics import MedianInterval, median_interval

__all__ = ["sweep"]

_LEVEL = 0.95
_MAX_NARROW = 8
"""How many values of the key a column has room for."""


def sweep(source: FigureSource) -> Chart:
    """Every seed as a point, the median of each cell with its interval, and variants to compare with as lines."""
    figure = source.figure
    metric = source.metric(figure.metric)
    cells = source.cells([figure.metric], along=figure.along)
    compared_with = source.cells([figure.metric], variants=figure.references, along=figure.along)
    series = {label: own for label, own in _series(cells).items() if any(cell.having(figure.metric) for cell in own)}
    if not series:
        raise source.missing(f"no completed trial has {figure.metric}", cells)
    points: list[Mark] = []
    medians: list[Mark] = []
    said, counts, levels = [], [], []
    for label, own in series.items():
        points.append(_points(label, own, figure.along, metric))
        found = [
            (_x(cell), median_interval(value for _, value in cell.having(metric.name)))
            for cell in own
            if cell.having(metric.name)
        ]
        medians.append(_median_line(label, found))
        counts += [middle.num_values for _, middle in found]
        levels += [middle.coverage for _, middle in found if middle.low is not None]
        said.append(_said(label, found, metric))
    lines, line_labels = _references(compared_with, figure.metric)
    published = published_groups(figure.published, [*series, *line_labels])
    values = sorted({cell.x for own in series.values() for cell in own if cell.x is not None})
    x = Axis(
        title=figure.along.rpartition(".")[2].replace("_", " ").capitalize(),
        is_log=figure.log and values[0] > 0,
        ticks=tuple(values) if figure.log else None,
    )
    return Chart(
        name=figure.name,
        title=figure.title,
        panels=(
            Panel(
                x=x,
                y=metric_axis(metric),
                marks=(*lines, *points, *published_marks(published, metric.unit), *medians),
            ),
        ),
        groups=(*series, *line_labels, *published),
        caption=(
            f"Points: seeds; line: their median{_interval_words(levels)}; {seeds_sentence(counts)}",
            *(["Dashed: medians of the variants to compare with."] if line_labels else []),
            *gap_sentences([*cells, *compared_with], metric),
        ),
        alternative=" ".join(said),
        published=frozenset(published),
        is_wide=len(values) > _MAX_NARROW,
    )


def _series(cells: Sequence[ShownCell]) -> dict[str, list[ShownCell]]:
    """The cells of each line in the order of the key; those without the key have no place."""
    found: dict[str, list[ShownCell]] = {}
    for cell in cells:
        if cell.x is not None:
            found.setdefault(cell.label, []).append(cell)
    return {label: sorted(own, key=_x) for label, own in found.items()}


def _x(cell: ShownCell) -> float:
    assert cell.x is not None
    return cell.x


def _points(label: str, cells: Sequence[ShownCell], along: str, metric: MetricInfo) -> Points:
    single = [(cell, trial, value) for cell in cells for trial, value in cell.having(metric.name)]
    key = along.rpartition(".")[2]
    return Points(
        group=label,
        x=[_x(cell) for cell, _, _ in single],
        y=[value for _, _, value in single],
        texts=[
            f"{label}, {key}={_x(cell):g}, seed {trial.seed}: {spoken(value, metric.unit)}"
            for cell, trial, value in single
        ],
        is_faint=True,
    )


def _median_line(label: str, found: Sequence[tuple[float, MedianInterval]]) -> Line:
    medians = [(x, middle.median, middle.low, middle.high) for x, middle in found]
    known = [(x, at, low, high) for x, at, low, high in medians if at is not None]
    has_intervals = any(low is not None for _, _, low, _ in known)
    return Line(
        group=label,
        x=[x for x, _, _, _ in known],
        y=[at for _, at, _, _ in known],
        low=[at if low is None else low for _, at, low, _ in known] if has_intervals else None,
        high=[at if high is None else high for _, at, _, high in known] if has_intervals else None,
    )


def _references(cells: Sequence[ShownCell], metric: str) -> tuple[list[Mark], list[str]]:
    """Lines through medians; a straight one for a variant that does not use the key."""
    marks: list[Mark] = []
    for label, own in _series(cells).items():
        places = [(cell.x, median_interval(value for _, value in cell.having(metric)).median) for cell in own]
        known = [(x, at) for x, at in places if x is not None and at is not None]
        if known:
            xs, ys = zip(*known, strict=True)
            marks.append(Line(group=label, x=xs, y=ys, is_dashed=True))
    for cell in cells:
        middle = median_interval(value for _, value in cell.having(metric)).median
        if cell.x is None and middle is not None:
            marks.append(Reference(group=cell.label, y=middle))
    return marks, list(dict.fromkeys(mark.group for mark in marks))


def _interval_words(levels: Sequence[float]) -> str:
    """What the bars are; few seeds do not reach the level that is wanted."""
    if not levels:
        return ""
    least = min(levels)
    if least >= _LEVEL:
        return " with its 95 % interval (order statistics)"
    return f" with its 95 % interval (order statistics; {100 * least:.3g} % where seeds are too few for more)"


def _said(label: str, found: Sequence[tuple[float, MedianInterval]], metric: MetricInfo) -> str:
    ends = [found[0], found[-1]] if len(found) > 1 else list(found)
    parts = [f"{spoken(middle.median, metric.unit)} at {x:g}" for x, middle in ends if middle.median is not None]
    return f"{label}: median {', '.join(parts)}."
