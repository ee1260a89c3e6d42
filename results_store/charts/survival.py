"""How long seeds take until they retrieve: the share that does not yet, by epoch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from results_store.charts.cells import ShownCell, ShownTrial
from results_store.charts.chart import Axis, Band, Chart, Line, Mark, Panel, Points
from results_store.charts.source import FigureSource
from results_store.charts.wording import gap_sentences
from results_store.statistics import LearningTime, SurvivalCurve, log_rank_test
from results_store.statistics import survival as survival_of
from results_store.wording import capital, p_value

__all__ = ["SURVIVAL_METRICS", "survival"]

_LEARNED, _TRAINED = "epochs_to_retrieval", "epochs_trained"
SURVIVAL_METRICS = (_LEARNED, _TRAINED)
"""The metrics that it needs: the epoch of the event, none where it never came, and how long was trained."""

_MAX_PAIRS = 6


def survival(source: FigureSource) -> Chart:
    """Steps of Kaplan and Meier's curve with its band, and a mark where seeds stop that have not learned."""
    figure = source.figure
    cells = source.cells(SURVIVAL_METRICS)
    event = source.metric(_LEARNED)
    times = {cell.label: [_time(trial) for trial in cell.completed] for cell in cells}
    known = {label: [time for time in own if time.is_known] for label, own in times.items()}
    curves = {label: curve for label, own in known.items() if (curve := survival_of(own).curve) is not None}
    if not curves:
        raise source.missing(f"no completed trial reports {_TRAINED}", cells)
    bands: list[Mark] = []
    lines: list[Mark] = []
    for label, curve in curves.items():
        bands.append(Band(group=label, x=curve.epochs, low=curve.low, high=curve.high, is_step=True))
        lines.append(Line(group=label, x=curve.epochs, y=curve.share, is_step=True))
        lines += _censored(label, cells, curve)
    last = max(curve.epochs[-1] for curve in curves.values())
    return Chart(
        name=figure.name,
        title=figure.title,
        panels=(
            Panel(
                x=Axis(title="Epoch", unit="count", bounds=(0.0, 1.03 * last)),
                y=Axis(title="Seeds that have not learned yet", unit="fraction", bounds=(0.0, 1.04)),
                marks=(*bands, *lines),
            ),
        ),
        groups=tuple(curves),
        caption=(
            *([f"{capital(event.shown_title)}: {event.description}"] if event.description else []),
            "Steps: Kaplan and Meier's estimate; band: 95 %; points: seeds that had not learned when their training "
            "ended.",
            f"Learned: {'; '.join(_learned(label, known[label]) for label in curves)}.",
            *_log_ranks({label: known[label] for label in curves}),
            *_unknown(times, known),
            *gap_sentences(cells),
        ),
        alternative=" ".join(f"{_learned(label, known[label])}." for label in curves),
    )


def _time(trial: ShownTrial) -> LearningTime:
    return LearningTime(event=trial.values.get(_LEARNED), trained=trial.values.get(_TRAINED))


def _censored(label: str, cells: Sequence[ShownCell], curve: SurvivalCurve) -> list[Mark]:
    """A point for each seed that had not learned, where it ended."""
    ended = [
        (trial.seed, time.trained)
        for cell in cells
        if cell.label == label
        for trial in cell.completed
        if (time := _time(trial)).is_known and time.event is None and time.trained is not None
    ]
    if not ended:
        return []
    return [
        Points(
            group=label,
            x=[epoch for _, epoch in ended],
            y=[_share_after(curve, epoch) for _, epoch in ended],
            texts=[f"{label}, seed {seed}: not learned in {epoch:g} epochs" for seed, epoch in ended],
        )
    ]


def _share_after(curve: SurvivalCurve, epoch: float) -> float:
    return next(share for at, share in zip(reversed(curve.epochs), reversed(curve.share), strict=True) if at <= epoch)


def _learned(label: str, times: Sequence[LearningTime]) -> str:
    return f"{label} {sum(time.event is not None for time in times)} of {len(times)} seeds"


def _log_ranks(times: Mapping[str, Sequence[LearningTime]]) -> list[str]:
    """Each pair, or each with the first where there are many pairs."""
    pairs = list(itertools.combinations(times, 2))
    if len(pairs) > _MAX_PAIRS:
        pairs = [(first, second) for first, second in pairs if first == next(iter(times))]
    tests = [(pair, log_rank_test(times[pair[0]], times[pair[1]]).p_value) for pair in pairs]
    parts = [f"{first} and {second}: p {p_value(p)}" for (first, second), p in tests if p is not None]
    return [f"Log-rank tests, two-sided, uncorrected: {'; '.join(parts)}."] if parts else []


def _unknown(times: Mapping[str, Sequence[LearningTime]], known: Mapping[str, Sequence[LearningTime]]) -> list[str]:
    missing = {label: len(own) - len(known[label]) for label, own in times.items()}
    return [f"{label}: {count} completed without these numbers." for label, count in missing.items() if count]
