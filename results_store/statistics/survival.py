"""How long replicates take until they have learned, where some have not learned by the end of their training.

A replicate that never learned is censored at its last epoch: all that is known is that it would take longer. Censoring
has to have nothing to do with how near a replicate is to learning, as with epochs that are fixed beforehand.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from results_store.statistics.summaries import Share, wilson_share

if TYPE_CHECKING:
    from scipy.stats import CensoredData

__all__ = ["LearningTime", "LogRankTest", "Survival", "SurvivalCurve", "log_rank_test", "survival"]

# Products of fractions come out a little off one half.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class LearningTime:
    """When a replicate learned.

    Attributes:
        event: The epoch in which it had learned for the first time; None if it never had.
        trained: How many epochs it was trained; may be None if it learned.
    """

    event: float | None
    trained: float | None

    @property
    def is_known(self) -> bool:
        """Whether it says something: positive, finite numbers, and nothing learned after the training's end."""
        given = [number for number in (self.event, self.trained) if number is not None]
        is_sound = bool(given) and all(math.isfinite(number) and number > 0 for number in given)
        return is_sound and (self.event is None or self.trained is None or self.event <= self.trained)


@dataclass(frozen=True, kw_only=True)
class SurvivalCurve:
    """The share of replicates that have not learned yet: a step function, with a band for each of its points.

    Attributes:
        epochs: Where the curve has a step or replicates were censored, ascending, from 0.
        share: The share that has not learned after that epoch (Kaplan and Meier 1958); holds until the next one.
        low: Lower end of the band.
        high: Upper end of the band.
    """

    epochs: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Survival:
    """When the replicates of one cell learned; no member is ever NaN.

    Attributes:
        curve: The share that has not learned yet; None without any replicate.
        median: The first epoch after which at most half have not learned yet; None where the curve stays above.
        low: Lower end of the median's interval; with fewer than two replicates there is none.
        high: Upper end; None where it is beyond what was seen.
        learned: How many of the replicates learned at all, with Wilson's interval.
        is_low_included: Whether the lower end belongs to the interval: a replicate learned in that epoch. The upper end
            does, where there is one.
    """

    curve: SurvivalCurve | None
    median: float | None
    low: float | None
    high: float | None
    learned: Share
    is_low_included: bool = False


@dataclass(frozen=True, kw_only=True)
class LogRankTest:
    """Do two cells learn at the same pace?

    Attributes:
        p_value: Two-sided; None where a cell has no replicates.
        num_first: Replicates of the first cell.
        num_second: Replicates of the second cell.
    """

    p_value: float | None
    num_first: int
    num_second: int


def survival(times: Iterable[LearningTime | None], *, level: float = 0.95) -> Survival:
    """Kaplan and Meier's curve, its median and how many learned.

    The band is Greenwood's on the scale of log(-log S). Where that is undefined, it is Wilson's for none of n: before
    the first replicate has learned (n are those still trained) and after the last one (n are those that learned). The
    median's interval has the epochs at which the band holds one half (Brookmeyer and Crowley 1982): it begins at 0,
    or has no end, where the replicates are too few to say more.

    Args:
        times: The replicates in any order; None and what makes no sense are counted as missing.
        level: Wanted coverage, of the curve at each epoch and of the median.
    """
    given = list(times)
    known = _known(given)
    num_learned = sum(time.event is not None for time in known)
    learned = wilson_share(num_learned, len(known), num_missing=len(given) - len(known), level=level)
    if not known:
        return Survival(curve=None, median=None, low=None, high=None, learned=learned)
    curve = _curve(known, num_learned, level)
    median = _first(curve, curve.share)
    if len(known) < 2:
        return Survival(curve=curve, median=median, low=None, high=None, learned=learned)
    first_low = _first(curve, curve.low)
    low = curve.epochs[-1] if first_low is None else first_low
    return Survival(
        curve=curve,
        median=median,
        low=low,
        high=_first(curve, curve.high),
        learned=learned,
        is_low_included=first_low is not None and any(time.event == low for time in known),
    )


def log_rank_test(first: Iterable[LearningTime | None], second: Iterable[LearningTime | None]) -> LogRankTest:
    """The log-rank test of Mantel (1966) between two cells, two-sided and unpaired.

    Where nothing tells the cells apart, p is 1: nobody learned, or all who could learned in the same epoch. The test's
    normal approximation is too sure of itself with few replicates: no p lies below that of the rarest way to deal the
    replicates to the cells, one of the binomial coefficient (n1 + n2 over n1), two of them with cells of one size.

    Args:
        first: Replicates of the first cell; None and what makes no sense are left out.
        second: Replicates of the second cell.
    """
    arms = _known(first), _known(second)
    counts = {"num_first": len(arms[0]), "num_second": len(arms[1])}
    if not all(arms):
        return LogRankTest(p_value=None, **counts)
    from scipy.stats import logrank  # takes half a second to import

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        result = logrank(_censored_data(arms[0]), _censored_data(arms[1]))
    if not math.isfinite(result.statistic):  # a variance of zero
        return LogRankTest(p_value=1.0, **counts)
    extremes = 2 if len(arms[0]) == len(arms[1]) else 1
    least = extremes / math.comb(len(arms[0]) + len(arms[1]), len(arms[0]))
    return LogRankTest(p_value=max(float(result.pvalue), least), **counts)


def _known(times: Iterable[LearningTime | None]) -> list[LearningTime]:
    return [time for time in times if time is not None and time.is_known]


def _censored_data(times: Sequence[LearningTime]) -> CensoredData:
    from scipy.stats import CensoredData

    return CensoredData(
        uncensored=[time.event for time in times if time.event is not None],
        right=[time.trained for time in times if time.event is None],
    )


def _curve(times: Sequence[LearningTime], num_learned: int, level: float) -> SurvivalCurve:
    from scipy.special import ndtri  # both take a while to import
    from scipy.stats import ecdf

    curve = ecdf(_censored_data(times)).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        band: Any = curve.confidence_interval(confidence_level=level, method="log-log")
    square = float(ndtri((1 + level) / 2)) ** 2
    last_seen = [time.trained if time.event is None else time.event for time in times]
    epochs, share, low, high = [0.0], [1.0], [len(times) / (len(times) + square)], [1.0]
    found = zip(curve.quantiles, curve.probabilities, band.low.probabilities, band.high.probabilities, strict=True)
    for epoch, alive, lower, upper in found:
        if alive >= 1 - _ROUNDING:
            at_risk = sum(last is not None and last >= epoch for last in last_seen)
            ends = (at_risk / (at_risk + square), 1.0)
        elif alive <= _ROUNDING:
            ends = (0.0, square / (num_learned + square))
        else:
            ends = (float(lower), float(upper))
        epochs.append(float(epoch))
        share.append(min(1.0, max(0.0, float(alive))))
        low.append(min(low[-1], ends[0]))
        high.append(min(high[-1], ends[1]))
    return SurvivalCurve(epochs=tuple(epochs), share=tuple(share), low=tuple(low), high=tuple(high))


def _first(curve: SurvivalCurve, values: Sequence[float]) -> float | None:
    """The first epoch at which what falls is at most one half."""
    return next(
        (epoch for epoch, value in zip(curve.epochs, values, strict=True) if value <= 0.5 + _ROUNDING),
        None,
    )
