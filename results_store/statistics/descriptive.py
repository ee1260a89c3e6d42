"""Claims about the shape of a series: described with intervals paired by seed, without p-values.

A series has many comparisons, and which of them matters is often seen only afterwards: a p-value would promise too
much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from results_store.statistics.interval import Interval, IntervalMethod, mean_interval
from results_store.statistics.paired import paired_differences
from results_store.statistics.replicates import Gaps, Replicate, Replicates
from results_store.statistics.statements import Drop, Monotone

__all__ = ["Description", "drop_description", "monotone_description"]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a series shows.

    Attributes:
        holds: Whether it is as claimed; None if the intervals leave it open.
        reason: Why, in one line.
        interval: Of the difference from the begin to the end, or from before the drop to beyond it.
        gaps: The seeds that lack a number at some point.
    """

    holds: bool | None
    reason: str
    interval: Interval
    gaps: Gaps


def monotone_description(statement: Monotone, *, method: IntervalMethod, level: float, seed: int) -> Description:
    """Whether no step goes the wrong way.

    As claimed: no mean goes the wrong way by more than the tolerance, and the interval from begin to end lies on the
    claimed side of 0. Not as claimed: the interval of a step lies wholly beyond the tolerance on the wrong side, or
    that from begin to end wholly on the wrong side. Else open.
    """
    points, gaps = _common(statement.points)
    side = 1 if statement.is_rising else -1

    def step(earlier: Replicates, later: Replicates, allowed: float = 0.0) -> Interval:
        """How far it goes the claimed way, beyond what is allowed the other way."""
        one, other = (later, earlier) if side == 1 else (earlier, later)
        return mean_interval(paired_differences(one, other).minus(-allowed), method=method, level=level, seed=seed)

    steps = [step(one, other, statement.tolerance) for one, other in pairwise(points)]
    whole = step(points[0], points[-1])
    ends = mean_interval(paired_differences(points[-1], points[0]).values, method=method, level=level, seed=seed)
    wrong = next((place for place, item in enumerate(steps, 1) if item.high is not None and item.high < 0), None)
    backwards = next((place for place, item in enumerate(steps, 1) if item.mean is not None and item.mean < 0), None)
    holds: bool | None = None
    if wrong is not None:
        holds, reason = False, f"from point {wrong} to {wrong + 1} it goes the other way"
    elif whole.high is not None and whole.high < 0:
        holds, reason = False, "from begin to end it goes the other way"
    elif backwards is not None:
        reason = f"from point {backwards} to {backwards + 1} the mean goes the other way, within its interval"
    elif whole.low is None or whole.low <= 0:
        reason = "the interval from begin to end holds 0"
    else:
        holds, reason = True, "no step goes the other way"
    return Description(holds=holds, reason=reason, interval=ends, gaps=gaps)


def drop_description(statement: Drop, *, method: IntervalMethod, level: float, seed: int) -> Description:
    """Whether the metric drops beyond a position.

    The mean of the points up to it is compared with that of the points beyond it, seed by seed. As claimed: the
    interval of the difference lies beyond the margin, and the largest fall from one point to the next starts or ends at
    the position or holds it between. Not as claimed: the interval lies wholly below the margin. Else open.
    """
    points, gaps = _common(statement.points)
    num_before = sum(position <= statement.beyond for position in statement.positions)
    differences = paired_differences(_means(points[:num_before]), _means(points[num_before:]))
    interval = mean_interval(differences.values, method=method, level=level, seed=seed)
    beyond = mean_interval(differences.minus(statement.margin), method=method, level=level, seed=seed)
    falls = [mean_interval(paired_differences(one, other).values).mean or 0.0 for one, other in pairwise(points)]
    place = max(range(len(falls)), key=falls.__getitem__)
    start, end = statement.positions[place], statement.positions[place + 1]
    where = f"the largest fall is from {start:g} to {end:g}"
    holds: bool | None = None
    if beyond.high is not None and beyond.high < 0:
        holds, reason = False, f"the interval lies below the margin; {where}"
    elif beyond.low is None or beyond.low <= 0:
        reason = f"the interval does not lie beyond the margin; {where}"
    else:
        holds, reason = (True if start <= statement.beyond <= end else None), where
    return Description(holds=holds, reason=reason, interval=interval, gaps=gaps)


def _common(points: Sequence[Replicates]) -> tuple[list[Replicates], Gaps]:
    """The points at the seeds that have a number at all of them, and the other seeds, counted."""
    gaps, complete = Gaps(), []
    for seed in sorted(set().union(*points)):
        replicates = [point.get(seed) for point in points]
        gap = Gaps.of(*replicates)
        gaps += gap
        if gap.total == 0:
            complete.append(seed)
    return [{seed: point[seed] for seed in complete} for point in points], gaps


def _means(points: Sequence[Replicates]) -> Replicates:
    return {
        seed: Replicate(value=math.fsum((point[seed].number or 0.0) / len(points) for point in points))
        for seed in points[0]
    }
