"""Statistics: what stands beside every mean, and what becomes of claims."""

from results_store.statistics.holm import holm_corrected
from results_store.statistics.interval import Interval, IntervalMethod, mean_interval
from results_store.statistics.median_interval import MedianInterval, median_interval
from results_store.statistics.paired import PairedDifferences, SignFlipTest, paired_differences, sign_flip_test
from results_store.statistics.replicates import Gaps, Replicate, Replicates
from results_store.statistics.shapes import shape_warning
from results_store.statistics.statements import Comparison, ComparisonKind, Conjunction, Drop, Monotone, Statement
from results_store.statistics.summaries import Share, interquartile_mean, median, share_above, wilson_share
from results_store.statistics.survival import (
    LearningTime,
    LogRankTest,
    Survival,
    SurvivalCurve,
    log_rank_test,
    survival,
)
from results_store.statistics.verdicts import ALPHA, Outcome, Verdict, decide_family

__all__ = [
    "ALPHA",
    "Comparison",
    "ComparisonKind",
    "Conjunction",
    "Drop",
    "Gaps",
    "Interval",
    "IntervalMethod",
    "LearningTime",
    "LogRankTest",
    "MedianInterval",
    "Monotone",
    "Outcome",
    "PairedDifferences",
    "Replicate",
    "Replicates",
    "Share",
    "SignFlipTest",
    "Statement",
    "Survival",
    "SurvivalCurve",
    "Verdict",
    "decide_family",
    "holm_corrected",
    "interquartile_mean",
    "log_rank_test",
    "mean_interval",
    "median",
    "median_interval",
    "paired_differences",
    "shape_warning",
    "share_above",
    "sign_flip_test",
    "survival",
    "wilson_share",
]
