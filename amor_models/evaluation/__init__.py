"""Evaluation: pooled counts over a split, and the metrics that follow."""

from amor_models.evaluation.counts import Counts
from amor_models.evaluation.evaluate import BATCH_SIZE, entropy_rows, evaluate, sample_rows
from amor_models.evaluation.split import Split

__all__ = ["BATCH_SIZE", "Counts", "Split", "entropy_rows", "evaluate", "sample_rows"]
