"""What is trained: tasks, backbones, gates, attention, models, training and evaluation."""

from amor_models.metrics import EPOCH_METRICS, METRICS, Metric

__all__ = ["EPOCH_METRICS", "METRICS", "Metric"]
