"""What charts say in words: axes, captions, and what stands for them where they cannot be seen."""

from __future__ import annotations

from collections.abc import Iterable

from results_store.charts.cells import ShownCell, ShownTrial, describe_gaps
from results_store.charts.chart import Axis
from results_store.records import MetricInfo
from results_store.wording import capital, shown_numbers, unit_suffix

__all__ = ["gap_sentences", "metric_axis", "seeds_sentence", "spoken", "spoken_interval"]


def metric_axis(metric: MetricInfo) -> Axis:
    """The axis of a metric."""
    return Axis(title=capital(metric.shown_title), unit=metric.unit)


def spoken(value: float, unit: str) -> str:
    """A number in a sentence: percent with one decimal, or four significant digits with the unit."""
    (shown,) = shown_numbers(unit, value)
    return shown + unit_suffix(unit)


def spoken_interval(value: float, low: float | None, high: float | None, unit: str) -> str:
    """A number with its interval."""
    if low is None or high is None:
        return spoken(value, unit)
    middle, lower, upper = shown_numbers(unit, value, low, high)
    return f"{middle}{unit_suffix(unit)} [{lower}, {upper}]"


def seeds_sentence(counts: Iterable[int]) -> str:
    """How many seeds the numbers rest on."""
    counts = list(counts)
    least, most = min(counts, default=0), max(counts, default=0)
    return f"n={most} seeds each." if least == most else f"n={least} to {most} seeds each."


def gap_sentences(cells: Iterable[ShownCell], metric: MetricInfo | None = None) -> list[str]:
    """A sentence for each label that lacks replicates: missing, failed or diverged ones, and those without a number."""
    trials: dict[str, list[ShownTrial]] = {}
    for cell in cells:
        trials.setdefault(cell.label, []).extend(cell.trials)
    sentences = []
    for label, own in trials.items():
        if gaps := describe_gaps(own):
            sentences.append(f"{label}: {gaps}.")
        if metric is None:
            continue
        values = [trial.values.get(metric.name) for trial in own if trial.is_completed]
        if num_undefined := values.count(None):
            noun = "trial" if num_undefined == 1 else "trials"
            sentences.append(f"{label}: no {metric.shown_title} in {num_undefined} completed {noun}.")
    return sentences
