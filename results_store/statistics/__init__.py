"""Statistics: what stands beside every mean."""

from results_store.statistics.interval import Interval, IntervalMethod, mean_interval
from results_store.statistics.summaries import Share, interquartile_mean, median, share_above

__all__ = [
    "Interval",
    "IntervalMethod",
    "Share",
    "interquartile_mean",
    "mean_interval",
    "median",
    "share_above",
]
