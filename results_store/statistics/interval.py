"""The interval of a mean over replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from results_store.statistics import bootstrap

__all__ = ["Interval", "IntervalMethod", "mean_interval"]

_NUM_RESAMPLES = 9_999
_MIN_RESAMPLED = 3


class IntervalMethod(StrEnum):
    """How an interval came about."""

    STUDENT_T = "student_t"
    """Supposes that means are about normal."""
    PERCENTILE = "percentile"
    BCA = "bca"
    STUDENTISED = "studentised"
    CONSTANT = "constant"
    """All values are equal: the interval is that value, and says nothing about rarer outcomes."""
    SINGLE = "single"
    """One value: it has no interval."""
    NONE = "none"
    """No value at all."""


_FALLBACKS = (IntervalMethod.CONSTANT, IntervalMethod.SINGLE, IntervalMethod.NONE)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and its interval; no member is ever NaN.

    Attributes:
        mean: The mean of the values that are numbers, or None without any.
        low: Lower end, or None with fewer than two values.
        high: Upper end, or None with fewer than two values.
        num_values: How many values are numbers.
        num_missing: How many are missing, NaN or infinite.
        method: How the interval came about, which may be another way than the one asked for.
    """

    mean: float | None
    low: float | None
    high: float | None
    num_values: int
    num_missing: int
    method: IntervalMethod


def mean_interval(
    values: Iterable[float | None],
    *,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    method: IntervalMethod = IntervalMethod.STUDENT_T,
    seed: int = 0,
) -> Interval:
    """The mean of replicates, or of paired differences, with its interval.

    One value has none, equal values have themselves. A bootstrap falls back to Student's t with fewer than three
    values and where it is undefined; the interval says so.

    Args:
        values: The replicates in any order; None, NaN and infinities are counted as missing.
        level: Wanted coverage.
        bounds: What values can be at all, to which the interval is cut.
        method: Student's t or a bootstrap; docs/statistics.md has their measured coverage.
        seed: Of the bootstrap.
    """
    assert 0 < level < 1
    assert method not in _FALLBACKS, "a fallback is what comes out, not what can be asked for"
    given = list(values)
    numbers = [float(value) for value in given if value is not None and math.isfinite(value)]
    counts = {"num_values": len(numbers), "num_missing": len(given) - len(numbers)}
    if not numbers:
        return Interval(mean=None, low=None, high=None, method=IntervalMethod.NONE, **counts)
    if min(numbers) == max(numbers):
        value = numbers[0]
        if len(numbers) == 1:
            return Interval(mean=value, low=None, high=None, method=IntervalMethod.SINGLE, **counts)
        return Interval(mean=value, low=value, high=value, method=IntervalMethod.CONSTANT, **counts)
    # Scaled by the largest value, sums of squares cannot overflow; fsum makes the order irrelevant.
    scale = max(map(abs, numbers))
    scaled = [value / scale for value in numbers]
    mean = math.fsum(scaled) / len(scaled)
    ends = _bootstrap_ends(scaled, method, level, seed)
    if ends is None:
        method, ends = IntervalMethod.STUDENT_T, _student_ends(scaled, mean, level)
    low, high = bounds if bounds is not None else (-math.inf, math.inf)
    largest = math.nextafter(math.inf, 0)
    return Interval(
        mean=mean * scale,
        low=max(ends[0] * scale, low, -largest),
        high=min(ends[1] * scale, high, largest),
        method=method,
        **counts,
    )


def _student_ends(values: Sequence[float], mean: float, level: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # takes a tenth of a second to import, and no worker needs it

    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half_width = float(stdtrit(len(values) - 1, (1 + level) / 2)) * math.sqrt(variance / len(values))
    return mean - half_width, mean + half_width


def _bootstrap_ends(
    values: Sequence[float], method: IntervalMethod, level: float, seed: int
) -> tuple[float, float] | None:
    if method is IntervalMethod.STUDENT_T or len(values) < _MIN_RESAMPLED:
        return None
    way = {
        IntervalMethod.PERCENTILE: bootstrap.percentile,
        IntervalMethod.BCA: bootstrap.bca,
        IntervalMethod.STUDENTISED: bootstrap.studentised,
    }[method]
    return way(values, level=level, seed=seed, num_resamples=_NUM_RESAMPLES)
