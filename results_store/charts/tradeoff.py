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
_Measure = Callable[[ShownTrial], float]


def tradeoff(source: FigureSource) -> Chart:
    """Two panels: against 1 - gate rate, and against the share of dense attention's multiply-adds executed."""
    figure = source.figure
    metric = source.metric(figure.metric)
    cells = source.cells([figure.metric, *TRADEOFF_METRICS])
    shown = [cell for cell in cells if cell.having(figure.metric)]
    if not shown:
        raise source.missing(f"no completed trial has {figure.metric}", cells)
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
            *gap_sentences(cells, metric),
        ),
        alternative=" ".join(_said(cell, metric) for cell in shown),
        published=frozenset(published),
    )


def _has_attention(trial: ShownTrial) -> bool:
    return bool(trial.values.get(_DENSE))


def _saved(trial: ShownTrial) -> float:
    rate = trial.values.get(_GATE_RATE)
    if rate is None:
        return 0.0 if _has_attention(trial) else 1.0
    return 1 - rate


def _executed(trial: ShownTrial) -> float:
    executed, dense = trial.values.get(_EXECUTED), trial.values.get(_DENSE)
    return executed / dense if executed is not None and dense else 0.0


def _panel_marks(cells: Sequence[ShownCell], measure: _Measure, metric: MetricInfo) -> list[Mark]:
    seeds: list[Mark] = []
    means: list[Mark] = []
    intervals: list[Mark] = []
    for cell in cells:
        values = cell.having(metric.name)
        seeds.append(
            Points(
                group=cell.label,
                x=[measure(trial) for trial, _ in values],
                y=[value for _, value in values],
                texts=[f"{cell.label}, seed {trial.seed}: {spoken(value, metric.unit)}" for trial, value in values],
                is_faint=True,
            )
        )
        across, up = _intervals(cell, measure, metric)
        assert across.mean is not None
        assert up.mean is not None
        if across.low is not None and across.high is not None:
            intervals.append(Line(group=cell.label, x=(across.low, across.high), y=(up.mean, up.mean)))
        if up.low is not None and up.high is not None:
            intervals.append(Line(group=cell.label, x=(across.mean, across.mean), y=(up.low, up.high)))
        text = f"{cell.label}, mean: {spoken_interval(up.mean, up.low, up.high, metric.unit)}"
        means.append(Points(group=cell.label, x=[across.mean], y=[up.mean], texts=[text]))
    return [*intervals, *seeds, *means]


def _intervals(cell: ShownCell, measure: _Measure, metric: MetricInfo) -> tuple[Interval, Interval]:
    values = cell.having(metric.name)
    bounds = (0.0, 1.0) if metric.unit == "fraction" else None
    return (
        mean_interval([measure(trial) for trial, _ in values], bounds=(0.0, 1.0)),
        mean_interval([value for _, value in values], bounds=bounds),
    )


def _said(cell: ShownCell, metric: MetricInfo) -> str:
    saved, up = _intervals(cell, _saved, metric)
    executed, _ = _intervals(cell, _executed, metric)
    assert up.mean is not None
    assert saved.mean is not None
    assert executed.mean is not None
    return (
        f"{cell.label}: mean {spoken(up.mean, metric.unit)} at 1 - gate rate {spoken(saved.mean, 'fraction')}, "
        f"{spoken(executed.mean, 'fraction')} of the multiply-adds executed."
    )
