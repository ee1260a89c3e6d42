"""What the replicates say for and against a comparison, before any correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from results_store.statistics.interval import Interval, IntervalMethod, mean_interval
from results_store.statistics.paired import paired_differences, sign_flip_test
from results_store.statistics.replicates import Gaps, numbers
from results_store.statistics.shapes import shape_warning
from results_store.statistics.statements import Comparison, ComparisonKind

__all__ = ["Evidence", "Side", "comparison_evidence", "conjunction_evidence"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a claim.

    Attributes:
        p: Its p-value, uncorrected.
        has_interval: Whether the interval, too, lies wholly on this side.
    """

    p: float
    has_interval: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the replicates say.

    Attributes:
        interval: The mean difference with its interval; of a conjunction, its weakest part's.
        gaps: The seeds without a pair of numbers; of a conjunction, of all its parts together.
        supports: What speaks for the claim.
        refutes: What speaks for its contrary.
        warnings: What to bear in mind.
        parts: The parts of a conjunction.
    """

    interval: Interval
    gaps: Gaps
    supports: Side
    refutes: Side
    warnings: tuple[str, ...] = ()
    parts: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Bound:
    """Where the differences lie in respect of one number."""

    above: Side
    below: Side


def comparison_evidence(comparison: Comparison, *, method: IntervalMethod, level: float, seed: int) -> Evidence:
    """Tests a comparison and its contrary.

    Args:
        comparison: What is stated.
        method: How intervals are made.
        level: The level of the intervals.
        seed: Of resamples and sampled signs.
    """
    differences = paired_differences(comparison.first, comparison.second, ratio=comparison.ratio)

    def bound(margin: float) -> _Bound:
        return _bound(differences.minus(margin), method=method, level=level, seed=seed)

    margin = comparison.margin
    if comparison.kind is ComparisonKind.EQUIVALENT:
        upper, lower = bound(margin), bound(-margin)
        supports = _all_of([upper.below, lower.above])
        refutes = _any_of([upper.above, lower.below])
    elif comparison.kind in (ComparisonKind.LESS, ComparisonKind.AT_MOST):
        lower = bound(-margin)
        supports, refutes = lower.below, lower.above
    else:
        upper = bound(margin)
        supports, refutes = upper.above, upper.below
    return Evidence(
        interval=mean_interval(differences.values, method=method, level=level, seed=seed),
        gaps=differences.gaps,
        supports=supports,
        refutes=refutes,
        warnings=_warnings(comparison, differences.seeds),
    )


def conjunction_evidence(parts: Sequence[Evidence]) -> Evidence:
    """All parts together: their largest p-value for it; against it any part, for one that is false is enough."""
    weakest = max(parts, key=lambda part: part.supports.p)
    gaps = Gaps()
    for part in parts:
        gaps += part.gaps
    return Evidence(
        interval=weakest.interval,
        gaps=gaps,
        supports=_all_of([part.supports for part in parts]),
        refutes=_any_of([part.refutes for part in parts]),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
        parts=tuple(parts),
    )


def _bound(values: Sequence[float], *, method: IntervalMethod, level: float, seed: int) -> _Bound:
    interval = mean_interval(values, method=method, level=level, seed=seed)
    test = sign_flip_test(values, seed=seed)
    return _Bound(
        above=Side(p=test.greater, has_interval=interval.low is not None and interval.low > 0),
        below=Side(p=test.less, has_interval=interval.high is not None and interval.high < 0),
    )


def _all_of(sides: Sequence[Side]) -> Side:
    """Every one holds: an intersection-union test, whose level is that of its parts."""
    return Side(p=max(side.p for side in sides), has_interval=all(side.has_interval for side in sides))


def _any_of(sides: Sequence[Side]) -> Side:
    """At least one holds: there are as many chances to err as sides, so the smallest is multiplied by their number."""
    with_interval = [side for side in sides if side.has_interval]
    smallest = min(side.p for side in with_interval or sides)
    return Side(p=min(1.0, len(sides) * smallest), has_interval=bool(with_interval))


def _warnings(comparison: Comparison, seeds: Sequence[int]) -> tuple[str, ...]:
    first = numbers(comparison.first, seeds)
    second = None
    if not isinstance(comparison.second, float | int):
        second = [comparison.ratio * number for number in numbers(comparison.second, seeds)]
    warning = shape_warning(first, second)
    return () if warning is None else (warning,)
