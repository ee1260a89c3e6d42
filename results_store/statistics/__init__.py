"""Statistics: what stands beside every mean."""

from results_store.statistics.holm import holm_corrected
from results_store.statistics.interval import Interval, IntervalMethod, mean_interval
from results_store.statistics.paired import PairedDifferences, SignFlipTest, paired_differences, sign_flip_test
from results_store.statistics.replicates import Gaps, Replicate, Replicates
from results_store.statistics.summaries import Share, interquartile_mean, median, share_above

__all__ = [
    "Gaps",
    "Interval",
    "IntervalMethod",
    "PairedDifferences",
    "Replicate",
    "Replicates",
    "Share",
    "SignFlipTest",
    "holm_corrected",
    "interquartile_mean",
    "mean_interval",
    "median",
    "paired_differences",
    "share_above",
    "sign_flip_test",
]
