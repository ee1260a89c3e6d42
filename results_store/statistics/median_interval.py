"""An interval of the median that supposes nothing of how values are distributed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from results_store.statistics.summaries import median

__all__ = ["MedianInterval", "median_interval"]


@dataclass(frozen=True, kw_only=True)
class MedianInterval:
    """A median with its interval.

    Attributes:
        median: The median of the values that are numbers, or None without any.
        low: Lower end, or None with fewer than two values.
        high: Upper end.
        coverage: How often such an interval holds the median at least; less than asked for where values are too few.
        num_values: How many values are numbers.
    """

    median: float | None
    low: float | None
    high: float | None
    coverage: float
    num_values: int


def median_interval(values: Iterable[float | None], *, level: float = 0.95) -> MedianInterval:
    """The median and the narrowest pair of order statistics, as many from below as from above, that covers it.

    The k-th smallest and the k-th largest of n values hold the median unless fewer than k lie on one side of it: the
    chance of that is 2 P(B < k) at most, for B binomial with n and 1/2 (Thompson 1936). Five values or fewer never
    reach 95 %: the interval is then their range, and says how much that covers.

    Args:
        values: The replicates in any order; None, NaN and infinities are left out.
        level: Wanted coverage.
    """
    numbers = sorted(float(value) for value in values if value is not None and math.isfinite(value))
    if len(numbers) < 2:
        return MedianInterval(median=median(numbers), low=None, high=None, coverage=0.0, num_values=len(numbers))
    outside = coverage = 0.0
    place = 0
    for k in range(1, len(numbers) // 2 + 1):
        outside += 2 * math.comb(len(numbers), k - 1) / 2 ** len(numbers)
        if k > 1 and 1 - outside < level:
            break
        place, coverage = k - 1, 1 - outside
    return MedianInterval(
        median=median(numbers),
        low=numbers[place],
        high=numbers[-1 - place],
        coverage=coverage,
        num_values=len(numbers),
    )
