"""Which metrics are measured on the test split: nothing that is chosen or configured may depend on them."""

from orchestrator.document.validation import shown
from orchestrator.trainables.contract import Trainable

TEST_SPLIT = "test_"
"""How the names of metrics of the test split begin."""


def metrics_of_test_split(trainable: Trainable) -> set[str]:
    """The names of a trainable's metrics that are measured on the test split."""
    return {
        metric.name for metric in trainable.metrics if metric.is_of_test_split or metric.name.startswith(TEST_SPLIT)
    }


def refusal_of_metric(name: str, trainable: Trainable, rule: str) -> str | None:
    """What is wrong with a metric where the test split must not be seen; None where it is of another one.

    Args:
        name: the metric.
        trainable: what reports it.
        rule: why it may not be used.
    """
    if name not in metrics_of_test_split(trainable):
        return None
    other = f"validation_{name.removeprefix(TEST_SPLIT)}"
    instead = f"; take {other!r}" if other in {metric.name for metric in trainable.metrics} else ""
    return f"{rule} (got {shown(name)}){instead}"
