"""What stands beside a mean when outcomes fall into two groups: median, interquartile mean, share above a threshold."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Share", "interquartile_mean", "median", "share_above", "wilson_share"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many replicates lie above a threshold, or have learned.

    Attributes:
        num_above: How many do.
        num_values: How many values are numbers.
        num_missing: How many are missing, NaN or infinite.
        share: `num_above` of `num_values`, or None without any.
        low: Lower end of Wilson's interval, or None without any value.
        high: Upper end.
    """

    num_above: int
    num_values: int
    num_missing: int
    share: float | None
    low: float | None
    high: float | None


def median(values: Iterable[float | None]) -> float | None:
    """The median of the values that are numbers; None without any."""
    numbers = _numbers(values)
    if not numbers:
        return None
    # Of the two in the middle the sum could overflow.
    low, high = statistics.median_low(numbers), statistics.median_high(numbers)
    return low / 2 + high / 2 if low != high else low


def interquartile_mean(values: Iterable[float | None]) -> float | None:
    """The mean without the lowest and the highest quarter, each rounded down to whole values; None without any.

    That is `scipy.stats.trim_mean(values, 0.25)`: with fewer than four values nothing is left out.
    """
    numbers = sorted(_numbers(values))
    if not numbers:
        return None
    cut = len(numbers) // 4
    kept = numbers[cut : len(numbers) - cut]
    return math.fsum(value / len(kept) for value in kept)


def share_above(values: Iterable[float | None], threshold: float, *, level: float = 0.95) -> Share:
    """The share of replicates strictly above a threshold, with Wilson's interval.

    Args:
        values: The replicates; None, NaN and infinities are counted as missing.
        threshold: What a value must exceed.
        level: Wanted coverage.
    """
    given = list(values)
    numbers = _numbers(given)
    num_above = sum(number > threshold for number in numbers)
    return wilson_share(num_above, len(numbers), num_missing=len(given) - len(numbers), level=level)


def wilson_share(num_above: int, num_values: int, *, num_missing: int = 0, level: float = 0.95) -> Share:
    """A share that was counted, with Wilson's interval (Wilson 1927).

    Args:
        num_above: How many are counted.
        num_values: Of how many.
        num_missing: How many there are besides of which nothing is known.
        level: Wanted coverage.
    """
    counts = {"num_above": num_above, "num_values": num_values, "num_missing": num_missing}
    if not num_values:
        return Share(share=None, low=None, high=None, **counts)
    from scipy.stats import binomtest  # takes half a second to import

    interval = binomtest(num_above, num_values).proportion_ci(confidence_level=level, method="wilson")
    return Share(share=num_above / num_values, low=float(interval.low), high=float(interval.high), **counts)


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [float(value) for value in values if value is not None and math.isfinite(value)]
