"""F6: what is gained by attention, against how much of it takes place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from results_store.charts.cells import ShownCell, ShownTrial
from results_store.charts.chart import Axis, Chart, Line, Mark, Panel, Points
from results_store.charts.published import published_groups, published_marks
from results_store.charts.source import FigureSource
from results_store.charts.wording import gap_sentences, metric_axis, seeds_sentence, spoken, spoken_interval
from results_store.records import MetricInfo
from results_store.statistics import Interval, mean_interval

__all__ = ["TRADEOFF_METRICS", "tradeoff"]

_GATE_RATE, _EXECUTED, _DENSE = "test_gate_rate", "attention_madds_executed", "attention_madds_dense"
TRADEOFF_METRICS = (_GATE_RATE, _EXECUTED, _DENSE)
"""The metrics that it needs besides its own."""

_BOUNDS = (-0.04, 1.04)
_Measure = Callable[[ShownTrial], float | None]


def tradeoff(source: FigureSource) -> Chart:
    """Two panels: against 1 - gate rate, and against the share of dense attention's multiply-adds executed."""
    figure = source.figure
    metric = source.metric(figure.metric)
    cells = source.cells([figure.metric, *TRADEOFF_METRICS])
    shown = [cell for cell in cells if any(_drawn(cell, measure, metric) for measure in (_saved, _executed))]
    if not shown:
        raise source.missing(f"no completed trial has {figure.metric} and tells of its attention", cells)
    groups = list(dict.fromkeys(cell.label for cell in shown))
    published = published_groups(figure.published, groups)
    y = metric_axis(metric)
    saved, executed = (_panel_marks(shown, measure, metric) for measure in (_saved, _executed))
    return Chart(
        name=figure.name,
        title=figure.title,
        panels=(
            Panel(
                x=Axis(title="1 - gate rate", unit="fraction", bounds=_BOUNDS),
                y=y,
                marks=(*published_marks(published, metric.unit, lambda rate: 1 - rate), *saved),
            ),
            Panel(
                x=Axis(title="Attention multiply-adds executed, of dense attention's", unit="fraction", bounds=_BOUNDS),
                y=y,
                marks=tuple(executed),
            ),
        ),
        groups=(*groups, *published),
        caption=(
            "Points: seeds; open marks: their mean with 95 % intervals in both directions (Student's t); "
            + seeds_sentence(len(cell.having(metric.name)) for cell in shown),
            "Left: attention without a gate counts as gate rate 100 %, a model without attention as 0 %. Right: a "
            "model without attention executes 0 %.",
            *(["Published values have a gate rate only."] if published else []),
            *_left_out(cells, _saved, metric, "on the left: it is not told how often they attend"),
            *_left_out(cells, _executed, metric, "on the right: their multiply-adds are not told"),
            *gap_sentences(cells, metric),
        ),
        alternative=" ".join(_said(cell, metric) for cell in shown),
        published=frozenset(published),
    )


def _saved(trial: ShownTrial) -> float | None:
    rate, dense = trial.values.get(_GATE_RATE), trial.values.get(_DENSE)
    if rate is not None:
        return 1 - rate
    return None if dense is None else 0.0 if dense else 1.0


def _executed(trial: ShownTrial) -> float | None:
    executed, dense = trial.values.get(_EXECUTED), trial.values.get(_DENSE)
    if dense == 0:
        return 0.0
    return None if executed is None or dense is None else executed / dense


def _drawn(cell: ShownCell, measure: _Measure, metric: MetricInfo) -> list[tuple[ShownTrial, float, float]]:
    """The replicates that have a place in both directions, with it."""
    places = [(trial, measure(trial), value) for trial, value in cell.having(metric.name)]
    return [(trial, across, value) for trial, across, value in places if across is not None]


def _left_out(cells: Sequence[ShownCell], measure: _Measure, metric: MetricInfo, where: str) -> list[str]:
    sentences = []
    for cell in cells:
        if number := len(cell.having(metric.name)) - len(_drawn(cell, measure, metric)):
            trials = "1 completed trial is" if number == 1 else f"{number} completed trials are"
            sentences.append(f"{cell.label}: {trials} left out {where}.")
    return sentences


def _panel_marks(cells: Sequence[ShownCell], measure: _Measure, metric: MetricInfo) -> list[Mark]:
    seeds: list[Mark] = []
    means: list[Mark] = []
    intervals: list[Mark] = []
    for cell in cells:
        drawn = _drawn(cell, measure, metric)
        across, up = _intervals(drawn, metric)
        if across.mean is None or up.mean is None:
            continue
        texts = [f"{cell.label}, seed {trial.seed}: {spoken(value, metric.unit)}" for trial, _, value in drawn]
        x, y = [at for _, at, _ in drawn], [value for _, _, value in drawn]
        seeds.append(Points(group=cell.label, x=x, y=y, texts=texts, is_faint=True))
        if across.low is not None and across.high is not None:
            intervals.append(Line(group=cell.label, x=(across.low, across.high), y=(up.mean, up.mean)))
        if up.low is not None and up.high is not None:
            intervals.append(Line(group=cell.label, x=(across.mean, across.mean), y=(up.low, up.high)))
        text = f"{cell.label}, mean: {spoken_interval(up.mean, up.low, up.high, metric.unit)}"
        means.append(Points(group=cell.label, x=[across.mean], y=[up.mean], texts=[text]))
    return [*intervals, *seeds, *means]


def _intervals(drawn: Sequence[tuple[ShownTrial, float, float]], metric: MetricInfo) -> tuple[Interval, Interval]:
    bounds = (0.0, 1.0) if metric.unit == "fraction" else None
    return (
        mean_interval([across for _, across, _ in drawn], bounds=(0.0, 1.0)),
        mean_interval([value for _, _, value in drawn], bounds=bounds),
    )


def _said(cell: ShownCell, metric: MetricInfo) -> str:
    parts: list[str] = []
    said = ""
    for measure, words in ((_saved, "1 - gate rate {}"), (_executed, "{} of the multiply-adds executed")):
        across, up = _intervals(_drawn(cell, measure, metric), metric)
        if across.mean is not None and up.mean is not None:
            mean = f"mean {spoken(up.mean, metric.unit)} at "
            parts.append(f"{'' if mean == said else mean}{words.format(spoken(across.mean, 'fraction'))}")
            said = mean
    return f"{cell.label}: {', '.join(parts)}."
