"""Which metrics may be looked at before the end: nothing that is chosen or configured may depend on the test split."""

from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.trainables.contract import Trainable

TEST_SPLIT = "test_"
"""How the names of metrics of the test split begin."""


def refusal_of_metric(name: str, trainable: Trainable, rule: str) -> str | None:
    """What is wrong with a metric where the test split must not be seen; None where nothing is.

    Args:
        name: the metric.
        trainable: what reports it.
        rule: why none of the test split may be used.
    """
    of_test = {
        metric.name for metric in trainable.metrics if metric.is_of_test_split or metric.name.startswith(TEST_SPLIT)
    }
    if name not in of_test:
        usable = [metric.name for metric in trainable.metrics if metric.name not in of_test]
        near = suggestion(name, usable) or f"; known: {', '.join(usable)}"
        return None if name in usable else f"there is no metric {shown(name)}{near}"
    other = f"validation_{name.removeprefix(TEST_SPLIT)}"
    instead = f"; take {other!r}" if other in {metric.name for metric in trainable.metrics} else ""
    return f"{rule} (got {shown(name)}){instead}"
