"""Statistics: what stands beside every mean."""

from results_store.statistics.interval import Interval, IntervalMethod, mean_interval

__all__ = [
    "Interval",
    "IntervalMethod",
    "mean_interval",
]
