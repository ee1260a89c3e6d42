"""Bootstrap intervals of a mean: percentile, bias-corrected and accelerated (BCa), studentised.

Every resample is drawn together with its mirror image in the sorted values. So the interval of the negated values is
the negated interval, whatever the seed, and a verdict does not depend on which arm is called the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["bca", "percentile", "studentised"]

_Ends = tuple[float, float]
_Array = npt.NDArray[np.float64]


def percentile(values: Sequence[float], *, level: float, seed: int, num_resamples: int) -> _Ends:
    """The quantiles of the means of resamples (Efron and Tibshirani 1993, chapter 13)."""
    tail = (1 - level) / 2
    return _quantiles(_resamples(values, seed, num_resamples).mean(axis=1), tail, 1 - tail)


def bca(values: Sequence[float], *, level: float, seed: int, num_resamples: int) -> _Ends | None:
    """Quantiles moved for bias and skewness (Efron and Tibshirani 1993, chapter 14); None where they are undefined."""
    from scipy.special import ndtr, ndtri  # takes a tenth of a second to import, and no worker needs it

    array = np.sort(np.asarray(values, dtype=np.float64))
    means = _resamples(values, seed, num_resamples).mean(axis=1)
    mean, tolerance = array.mean(), 1e-12 * np.abs(array).max()
    # A mean equal to the observed one is half below it: discrete data have many.
    below = (np.count_nonzero(means < mean - tolerance) + np.count_nonzero(means <= mean + tolerance)) / 2
    deviations = array - mean
    squares = float(np.sum(deviations**2))
    if not 0 < below < len(means) or squares == 0:
        return None
    acceleration = float(np.sum(deviations**3)) / (6 * squares**1.5)
    bias = float(ndtri(below / len(means)))

    def moved(tail: float) -> float:
        normal = bias + float(ndtri(tail))
        divisor = 1 - acceleration * normal
        return float(ndtr(bias + normal / divisor)) if divisor > 0 else math.nan

    tail = (1 - level) / 2
    low, high = moved(tail), moved(1 - tail)
    return _quantiles(means, low, high) if low <= high else None


def studentised(values: Sequence[float], *, level: float, seed: int, num_resamples: int) -> _Ends | None:
    """Student's interval with the quantiles of the resamples' own t (Efron and Tibshirani 1993, section 12.5).

    A resample of equal values has an infinite t. None where so many have that an end is infinite.
    """
    array = np.sort(np.asarray(values, dtype=np.float64))
    resamples = _resamples(values, seed, num_resamples)
    mean = math.fsum(values) / len(values)
    shifts = resamples.mean(axis=1) - mean
    errors = resamples.std(axis=1, ddof=1) / math.sqrt(len(values))
    tolerance = 1e-12 * np.abs(array).max()
    is_constant = errors <= tolerance
    infinite = np.where(np.abs(shifts) <= tolerance, 0.0, np.copysign(np.inf, shifts))
    ratios = np.where(is_constant, infinite, shifts / np.where(is_constant, 1.0, errors))
    tail = (1 - level) / 2
    # Without interpolation, for between a number and infinity there is nothing; both ends counted from their own side.
    low, high = (side * np.quantile(side * ratios, tail, method="inverted_cdf") for side in (1, -1))
    if not math.isfinite(low) or not math.isfinite(high):
        return None
    error = float(array.std(ddof=1)) / math.sqrt(len(values))
    return mean - float(high) * error, mean - float(low) * error


def _resamples(values: Sequence[float], seed: int, num_resamples: int) -> _Array:
    array = np.sort(np.asarray(values, dtype=np.float64))
    drawn = np.random.default_rng(seed).integers(0, len(array), size=((num_resamples + 1) // 2, len(array)))
    resamples: _Array = array[np.concatenate([drawn, len(array) - 1 - drawn])]
    return resamples


def _quantiles(sample: _Array, low: float, high: float) -> _Ends:
    ends = np.quantile(sample, [low, high])
    return float(ends[0]), float(ends[1])
