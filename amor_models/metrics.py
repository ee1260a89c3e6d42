"""Which metrics exist: name, unit, direction, meaning.

All are pooled over the positions of a split, never averaged over batches. A metric that is undefined (the
gate rate of a model without a gate, or on impossible queries where there are none) is None.
"""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["fraction", "nats", "count", ""]
Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number that trials report.

    Attributes:
        name: column name.
        unit: "fraction" (0..1, shown in percent), "nats", "count", or "" for plain numbers.
        direction: what is better, or None where neither is.
        description: one sentence.
        title: heading for tables.
        is_of_test_split: whether it is measured on the test split, though its name does not say so.
    """

    name: str
    unit: Unit
    direction: Direction | None
    description: str
    title: str
    is_of_test_split: bool = False


_ENTROPY_OF = (
    "of the prediction (of the distribution that the gate reads, for AMOR with an entropy gate; "
    "undefined for AMOR with other gates, whose backbone has no trained output layer)"
)

# (name without the split, unit, direction, description without the split, title)
_SPLIT_METRICS: tuple[tuple[str, Unit, Direction | None, str, str], ...] = (
    ("accuracy", "fraction", "maximize", "Share of all targets predicted", "accuracy"),
    (
        "retrieval_accuracy",
        "fraction",
        "maximize",
        "Share predicted of the targets that need retrieval",
        "retrieval accuracy",
    ),
    (
        "local_accuracy",
        "fraction",
        "maximize",
        "Share predicted of the targets that need no retrieval",
        "local accuracy",
    ),
    ("cross_entropy_nats", "nats", "minimize", "Mean cross-entropy over all targets", "cross-entropy"),
    ("gate_rate", "fraction", "minimize", "Share of positions where the gate fires", "gate rate"),
    (
        "gate_precision",
        "fraction",
        "maximize",
        "Share of firing positions whose target needs retrieval",
        "gate precision",
    ),
    (
        "gate_recall",
        "fraction",
        "maximize",
        "Share of targets needing retrieval where the gate fires",
        "gate recall",
    ),
    ("gate_f1", "fraction", "maximize", "Harmonic mean of gate precision and recall", "gate F1"),
    (
        "gate_rate_possible",
        "fraction",
        None,
        "Gate rate at the answers of queries for stored keys (NeedleHaystack)",
        "gate rate, possible queries",
    ),
    (
        "gate_rate_impossible",
        "fraction",
        None,
        "Gate rate at the answers of queries for keys never stored (NeedleHaystack)",
        "gate rate, impossible queries",
    ),
    (
        "metacognitive_gap",
        "",
        None,
        "Gate rate on possible minus gate rate on impossible queries (NeedleHaystack)",
        "metacognitive gap",
    ),
    (
        "entropy_at_retrieval_nats",
        "nats",
        None,
        f"Mean entropy {_ENTROPY_OF} where the target needs retrieval",
        "entropy at retrieval",
    ),
    (
        "entropy_at_local_nats",
        "nats",
        None,
        f"Mean entropy {_ENTROPY_OF} where the target needs no retrieval",
        "entropy at local",
    ),
    (
        "entropy_gap_nats",
        "nats",
        None,
        "Entropy at retrieval minus entropy at local positions",
        "entropy gap",
    ),
    (
        "entropy_at_retrieval_normalised",
        "",
        None,
        "Entropy at retrieval divided by the logarithm of the vocabulary size",
        "entropy at retrieval, normalised",
    ),
    (
        "entropy_at_local_normalised",
        "",
        None,
        "Entropy at local positions divided by the logarithm of the vocabulary size",
        "entropy at local, normalised",
    ),
    (
        "entropy_gap_normalised",
        "",
        None,
        "The entropy gap divided by the logarithm of the vocabulary size",
        "entropy gap, normalised",
    ),
    (
        "entropy_retrieval_auroc",
        "",
        "maximize",
        "Chance that the same entropy is higher at a target that needs retrieval than at another one (ties count "
        "one half). A single entropy that is not a number leaves it undefined, while histograms leave that entropy out",
        "AUROC of entropy for retrieval need",
    ),
    (
        "entropy_error_auroc",
        "",
        "maximize",
        "Chance that the same entropy is higher where the prediction that it belongs to (the backbone's own, for AMOR) "
        "is wrong than where it is right (ties count one half). A single entropy that is not a number leaves it "
        "undefined, while histograms leave that entropy out",
        "AUROC of entropy for errors",
    ),
)


def _of_split(split: str) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            name=f"{split}_{name}",
            unit=unit,
            direction=direction,
            description=f"{description}, {split} split.",
            title=f"{split} {title}" if split != "test" else title,
        )
        for name, unit, direction, description, title in _SPLIT_METRICS
    )


SPLIT_METRIC_NAMES = tuple(name for name, *_ in _SPLIT_METRICS)

_TRAIN_LOSS = Metric(
    name="train_loss",
    unit="",
    direction="minimize",
    description="Mean loss over the sequences of the last epoch, balance term included, while training.",
    title="training loss",
)

RETRIEVAL_IS_LEARNED = 0.9
"""A model that passes this retrieval accuracy on the validation split has learned to retrieve."""

_EPOCHS = (
    Metric(
        name="epochs_to_retrieval",
        unit="count",
        direction="minimize",
        description=(
            f"First epoch whose validation retrieval accuracy passes {RETRIEVAL_IS_LEARNED:g}; undefined where none "
            "does: then it is more than epochs_trained."
        ),
        title="epochs to retrieval",
    ),
    Metric(
        name="epochs_trained",
        unit="count",
        direction=None,
        description="Passes over the training data: all, or up to where training.stop_after_retrieval ended it.",
        title="epochs trained",
    ),
)

_GATE_PARAMETERS = (
    Metric(
        name="gate_threshold",
        unit="",
        direction=None,
        description="The entropy gate's threshold on normalised entropy, as learned.",
        title="gate threshold",
    ),
    Metric(
        name="gate_scale",
        unit="",
        direction=None,
        description="The entropy gate's slope (threshold scale), as learned.",
        title="gate scale",
    ),
)

_COUNTS = (
    Metric(
        name="num_parameters",
        unit="count",
        direction="minimize",
        description="Parameters of the model, unused layers included.",
        title="parameters",
    ),
    Metric(
        name="attention_madds_executed",
        unit="count",
        direction="minimize",
        description=(
            "Multiply-adds of attention (projections, scores, weighted sums) executed in one pass over the "
            "test split, padding included; for full attention the causal half of the scores."
        ),
        title="attention multiply-adds",
        is_of_test_split=True,
    ),
    Metric(
        name="attention_madds_dense",
        unit="count",
        direction=None,
        description=(
            "Multiply-adds that the same attention takes when every query meets every position, "
            "one pass over the test split."
        ),
        title="attention multiply-adds, dense",
    ),
)

METRICS: tuple[Metric, ...] = (
    *_of_split("test"),
    *_of_split("validation"),
    _TRAIN_LOSS,
    *_EPOCHS,
    *_GATE_PARAMETERS,
    *_COUNTS,
)
"""What a finished trial reports."""

EPOCH_METRICS: tuple[Metric, ...] = (*_of_split("validation"), _TRAIN_LOSS, *_GATE_PARAMETERS)
"""What each epoch reports."""
