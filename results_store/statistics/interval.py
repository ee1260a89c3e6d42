"""The interval of a mean over replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Interval", "IntervalMethod", "mean_interval"]


class IntervalMethod(StrEnum):
    """How an interval came about."""

    STUDENT_T = "student_t"
    CONSTANT = "constant"
    """All values are equal: the interval is that value, and says nothing about rarer outcomes."""
    SINGLE = "single"
    """One value: it has no interval."""
    NONE = "none"
    """No value at all."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and its interval; no member is ever NaN.

    Attributes:
        mean: The mean of the values that are numbers, or None without any.
        low: Lower end, or None with fewer than two values.
        high: Upper end, or None with fewer than two values.
        num_values: How many values are numbers.
        num_missing: How many are missing, NaN or infinite.
        method: How the interval came about.
    """

    mean: float | None
    low: float | None
    high: float | None
    num_values: int
    num_missing: int
    method: IntervalMethod


def mean_interval(
    values: Iterable[float | None], *, level: float = 0.95, bounds: tuple[float, float] | None = None
) -> Interval:
    """The mean of replicates with Student's interval, which supposes that means are about normal.

    Args:
        values: The replicates in any order; None, NaN and infinities are counted as missing.
        level: Wanted coverage.
        bounds: What values can be at all, to which the interval is cut.
    """
    assert 0 < level < 1
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
    from scipy.special import stdtrit  # takes a tenth of a second to import, and no worker needs it

    # Scaled by the largest value, sums of squares cannot overflow; fsum makes the order irrelevant.
    scale = max(map(abs, numbers))
    scaled = [value / scale for value in numbers]
    mean = math.fsum(scaled) / len(scaled)
    variance = math.fsum((value - mean) ** 2 for value in scaled) / (len(scaled) - 1)
    half_width = float(stdtrit(len(scaled) - 1, (1 + level) / 2)) * math.sqrt(variance / len(scaled))
    low, high = bounds if bounds is not None else (-math.inf, math.inf)
    largest = math.nextafter(math.inf, 0)
    return Interval(
        mean=mean * scale,
        low=max((mean - half_width) * scale, low, -largest),
        high=min((mean + half_width) * scale, high, largest),
        method=IntervalMethod.STUDENT_T,
        **counts,
    )
