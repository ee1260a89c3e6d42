"""What is trained: tasks, backbones, gates, attention, models, training and evaluation."""

from typing import TYPE_CHECKING, Any

from amor_models.metrics import EPOCH_METRICS, METRICS, Metric

if TYPE_CHECKING:
    from amor_models.saved_weights import load_weights

__all__ = ["EPOCH_METRICS", "METRICS", "Metric", "load_weights"]


def __getattr__(name: str) -> Any:
    if name != "load_weights":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from amor_models.saved_weights import load_weights  # torch takes time to import

    return load_weights


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
