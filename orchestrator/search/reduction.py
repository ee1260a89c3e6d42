"""From the replicates of a candidate to what the sampler is told of it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import assert_never

from orchestrator.search.candidates import Outcome
from orchestrator.search.section import Reduction, SearchSection
from orchestrator.search.space import Values
from orchestrator.trainables.contract import MetricValue, TrialStatus
from results_store.records import CandidateState
from results_store.statistics import mean_interval

Replicate = tuple[TrialStatus, Mapping[str, MetricValue]] | None
"""How one replicate ended, with its metrics; None for one that failed."""


def reduce_values(values: Sequence[float], reduction: Reduction, *, larger_is_better: bool) -> float:
    """One value for all replicates, whatever their order.

    Args:
        values: at least one finite number; at least two for a lower bound.
        reduction: how.
        larger_is_better: which side `worst` and `lower_bound` look at.
    """
    match reduction:
        case Reduction.MEAN:
            return _mean(values)
        case Reduction.MEDIAN:
            return statistics.median(values)
        case Reduction.WORST:
            return min(values) if larger_is_better else max(values)
        case Reduction.LOWER_BOUND:
            interval = mean_interval(values)
            bound = interval.low if larger_is_better else interval.high
            assert bound is not None, "one value has no interval"
            return bound
    assert_never(reduction)


def reduce_candidate(section: SearchSection, parameters: Values, replicates: Sequence[Replicate]) -> Outcome:
    """What the sampler is told of a candidate of which every replicate has ended.

    One replicate that failed, diverged, or does not report a metric that is asked for makes the candidate a failed
    one: a mean over the others would be a lie about it. A bound is compared with the replicates' reduction towards
    the side on which it would be broken.
    """
    assert replicates
    metrics: list[Mapping[str, MetricValue]] = []
    for index, replicate in enumerate(replicates):
        ended = "failed" if replicate is None else str(replicate[0])
        if replicate is None or replicate[0] is not TrialStatus.COMPLETED:
            return _failed(f"replicate {index + 1} of {len(replicates)} {ended}")
        metrics.append(replicate[1])
    values: list[float] = []
    for objective in section.objectives:
        if objective.metric is None:
            value = parameters[objective.name]
            assert isinstance(value, (int, float))
            values.append(float(value))
            continue
        numbers = _numbers(objective.metric, metrics)
        if numbers is None:
            return _failed(f"{objective.metric} is undefined")
        larger_is_better = objective.direction == "maximize"
        values.append(reduce_values(numbers, section.reduction, larger_is_better=larger_is_better))
    violations: list[float] = []
    for constraint in section.constraints:
        numbers = _numbers(constraint.metric, metrics)
        if numbers is None:
            return _failed(f"{constraint.metric} is undefined")
        if constraint.at_most is not None:
            violations.append(reduce_values(numbers, section.reduction, larger_is_better=False) - constraint.at_most)
        elif constraint.at_least is not None:
            violations.append(constraint.at_least - reduce_values(numbers, section.reduction, larger_is_better=True))
    return Outcome(state=CandidateState.COMPLETED, values=tuple(values), violations=tuple(violations))


def _numbers(metric: str, replicates: Sequence[Mapping[str, MetricValue]]) -> list[float] | None:
    values = [replicate.get(metric) for replicate in replicates]
    numbers = [float(value) for value in values if value is not None and math.isfinite(value)]
    return numbers if len(numbers) == len(values) else None


def _mean(values: Sequence[float]) -> float:
    mean = mean_interval(values).mean
    assert mean is not None
    return mean


def _failed(reason: str) -> Outcome:
    return Outcome(state=CandidateState.FAILED, reason=reason)
