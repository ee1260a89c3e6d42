"""What stands under a table: how its numbers were made, and every replicate that is not in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from results_store.records import TrialState
from results_store.statistics import ALPHA, IntervalMethod, LogRankTest, Share, Survival
from results_store.tables.cell import Cell, Line
from results_store.tables.column import Column
from results_store.tables.summary import Centre, Middle, SummaryKind

__all__ = ["footnotes"]

_METHODS = {
    IntervalMethod.STUDENT_T: "Student's t",
    IntervalMethod.PERCENTILE: "percentile bootstrap",
    IntervalMethod.BCA: "BCa bootstrap",
    IntervalMethod.STUDENTISED: "studentised bootstrap",
}


def footnotes(columns: Sequence[Column], lines: Sequence[Line]) -> list[str]:
    """The footnotes of what is shown, each of them once."""
    notes = [*_of_means(columns, lines), *_of_other_summaries(columns, lines)]
    for line in lines:
        notes += _missing(line, columns)
    return list(dict.fromkeys(notes))


def _shown(columns: Sequence[Column], lines: Sequence[Line]) -> Iterator[tuple[Column, Cell]]:
    for line in lines:
        yield from zip(columns, line.cells, strict=True)


def _of_means(columns: Sequence[Column], lines: Sequence[Line]) -> Iterator[str]:
    intervals = [(column, cell.interval) for column, cell in _shown(columns, lines) if cell.interval is not None]
    methods = {interval.method for _, interval in intervals}
    if not methods - {IntervalMethod.NONE}:
        return
    names = [name for method, name in _METHODS.items() if method in methods]
    if names:
        is_cut = any(column.unit == "fraction" and interval.method in _METHODS for column, interval in intervals)
        limits = ", percentages cut to 0 to 100" if is_cut else ""
        yield f"Means over n replicates. 95 % intervals of the mean: {', '.join(names)}{limits}."
    else:
        yield "Means over n replicates."
    if IntervalMethod.CONSTANT in methods:
        yield "“all equal”: the replicates do not differ, so there is no spread to make an interval of."
    if IntervalMethod.SINGLE in methods:
        yield "n=1: a single replicate has no interval."


def _of_other_summaries(columns: Sequence[Column], lines: Sequence[Line]) -> Iterator[str]:
    statistics = [(column.summary.kind, cell.statistic) for column, cell in _shown(columns, lines)]
    centres = {kind for kind, found in statistics if isinstance(found, Centre) and found.num_values}
    shares = {kind for kind, found in statistics if isinstance(found, Share) and found.num_values}
    medians = [found for _, found in statistics if isinstance(found, Survival) and found.curve is not None]
    has_tests = any(isinstance(found, LogRankTest) and found.p_value is not None for _, found in statistics)
    middles = [found for _, found in statistics if isinstance(found, Middle) and found.num_values]
    if middles:
        yield f"Medians of n replicates{_coverage([found.coverage for found in middles if found.low is not None])}."
    if SummaryKind.INTERQUARTILE_MEAN in centres:
        yield "Interquartile means of n replicates: without the lowest and the highest quarter, rounded down."
    if SummaryKind.SHARE_ABOVE in shares:
        yield "k/n seeds above a threshold: in brackets Wilson's 95 % interval of the share, in percent."
    if SummaryKind.LEARNED in shares:
        yield "k/n seeds that learned: in brackets Wilson's 95 % interval of the share, in percent."
    if medians:
        yield (
            "Median epochs by Kaplan and Meier: seeds that did not learn are censored at the end of their training. "
            "95 % intervals: where the curve's band (log-log) holds one half; ∞ where it has no end."
        )
    if any(found.median is None for found in medians):
        yield "“not reached”: more than half of the seeds had not learned by the end."
    if has_tests:
        yield f"Log-rank p against {lines[0].label}: two-sided, unpaired, not corrected for several comparisons."


def _coverage(levels: Sequence[float]) -> str:
    """What the intervals of medians are, and how often they hold the median where that is less than 95 %."""
    if not levels:
        return ""
    words = ". 95 % intervals of the median: order statistics"
    least = min(levels)
    return words if least >= 1 - ALPHA else f"{words}; {100 * least:.3g} % where replicates are too few for more"


def _missing(line: Line, columns: Sequence[Column]) -> Iterator[str]:
    counts = Counter(state for state in line.states if state != TrialState.COMPLETED)
    if counts:
        listed = ", ".join(f"{counts[state]} {state}" for state in sorted(counts))
        yield f"{line.label}: of {len(line.states)} replicates, {listed}."
    for column, cell in zip(columns, line.cells, strict=True):
        if cell.num_undefined:
            replicates = "replicate" if cell.num_undefined == 1 else "replicates"
            yield f"{line.label}: no {column.title} in {cell.num_undefined} completed {replicates}."
