"""What a table can show of a cell's replicates, and what each of them comes to.

```
of numbers         mean, median (each with its interval), interquartile_mean, {share_above: 0.9}
of learning times  median (with its interval), learned, log_rank
```
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from results_store.statistics import (
    Interval,
    LearningTime,
    LogRankTest,
    Share,
    Survival,
    interquartile_mean,
    log_rank_test,
    mean_interval,
    median_interval,
    share_above,
    survival,
)

__all__ = ["Centre", "Middle", "Of", "Replicates", "Statistic", "Summary", "SummaryKind", "summarise"]

Replicates = Sequence[float | None] | Sequence[LearningTime | None]


class Of(StrEnum):
    """What the replicates of a column are."""

    NUMBERS = "numbers"
    LEARNING_TIMES = "learning times"

    @property
    def kinds(self) -> tuple[SummaryKind, ...]:
        """What can be shown of them."""
        if self is Of.NUMBERS:
            return SummaryKind.MEAN, SummaryKind.MEDIAN, SummaryKind.INTERQUARTILE_MEAN, SummaryKind.SHARE_ABOVE
        return SummaryKind.MEDIAN, SummaryKind.LEARNED, SummaryKind.LOG_RANK

    @property
    def default(self) -> tuple[Summary, ...]:
        """What is shown of them if the study asks for nothing else."""
        kinds = (SummaryKind.MEAN,) if self is Of.NUMBERS else self.kinds
        return tuple(Summary(kind=kind, of=self) for kind in kinds)


class SummaryKind(StrEnum):
    """What is made of the replicates."""

    MEAN = "mean"
    MEDIAN = "median"
    INTERQUARTILE_MEAN = "interquartile_mean"
    SHARE_ABOVE = "share_above"
    """How many lie above a threshold."""
    LEARNED = "learned"
    """How many learned at all."""
    LOG_RANK = "log_rank"
    """Whether they learn at another pace than those of the table's first line."""

    @property
    def has_unit(self) -> bool:
        """Whether it is a value like those of the replicates."""
        return self in (SummaryKind.MEAN, SummaryKind.MEDIAN, SummaryKind.INTERQUARTILE_MEAN)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One thing to show of the replicates.

    Attributes:
        kind: What it is.
        threshold: Of `share_above`: what a replicate must exceed.
        of: What the replicates are.
    """

    kind: SummaryKind = SummaryKind.MEAN
    threshold: float | None = None
    of: Of = Of.NUMBERS

    @classmethod
    def parse(cls, given: str | Mapping[str, float]) -> Summary:
        """A summary as a study file writes it: a name, or `{share_above: 0.9}`.

        Raises:
            ValueError: There is no such summary.
        """
        if isinstance(given, str):
            if given == SummaryKind.SHARE_ABOVE:
                raise ValueError("share_above takes a threshold: {share_above: 0.9}")
            return cls(kind=SummaryKind(given))
        threshold = given.get(SummaryKind.SHARE_ABOVE.value) if isinstance(given, Mapping) and len(given) == 1 else None
        if not isinstance(threshold, int | float) or not math.isfinite(threshold):
            raise ValueError(f"there is no summary {given!r}")
        return cls(kind=SummaryKind.SHARE_ABOVE, threshold=float(threshold))

    @property
    def key(self) -> str:
        """What follows the column's name in CSV."""
        return f"above_{self.threshold!r}" if self.kind is SummaryKind.SHARE_ABOVE else self.kind.value


@dataclass(frozen=True, kw_only=True)
class Centre:
    """An interquartile mean, which has no interval.

    Attributes:
        value: The number, or None without any replicate.
        num_values: How many replicates have a number.
        num_missing: How many have none.
    """

    value: float | None
    num_values: int
    num_missing: int


@dataclass(frozen=True, kw_only=True)
class Middle(Centre):
    """A median.

    Attributes:
        low: Where its interval begins, or None with fewer than two values.
        high: Where it ends.
        coverage: How often such an interval holds the median at least.
    """

    low: float | None
    high: float | None
    coverage: float


Statistic = Interval | Centre | Share | Survival | LogRankTest
"""What replicates came to. A `Survival` is shown as its median."""


def summarise(
    summary: Summary, replicates: Sequence[Any], *, first: Sequence[Any] | None, bounds: tuple[float, float] | None
) -> Statistic | None:
    """What the replicates come to.

    Args:
        summary: What is asked for.
        replicates: Numbers, or learning times; None where there is none.
        first: Those of the table's first line; None in that line itself.
        bounds: What numbers can be at all.

    Returns:
        None for what would be compared with itself.
    """
    match summary.kind:
        case SummaryKind.LEARNED:
            return survival(replicates).learned
        case SummaryKind.LOG_RANK:
            return None if first is None else log_rank_test(replicates, first)
        case SummaryKind.MEDIAN if summary.of is Of.LEARNING_TIMES:
            return survival(replicates)
        case SummaryKind.SHARE_ABOVE:
            assert summary.threshold is not None
            return share_above(replicates, summary.threshold)
        case SummaryKind.MEDIAN:
            found = median_interval(replicates)
            return Middle(
                value=found.median,
                low=found.low,
                high=found.high,
                coverage=found.coverage,
                num_values=found.num_values,
                num_missing=len(replicates) - found.num_values,
            )
        case SummaryKind.INTERQUARTILE_MEAN:
            num_values = sum(number is not None and math.isfinite(number) for number in replicates)
            value = interquartile_mean(replicates)
            return Centre(value=value, num_values=num_values, num_missing=len(replicates) - num_values)
    return mean_interval(replicates, bounds=bounds)
