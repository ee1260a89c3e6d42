"""What training tells while it runs and when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from amor_models.metrics import METRICS

MetricValue = float | int | None


@dataclass(frozen=True, kw_only=True)
class EpochReport:
    """One finished epoch of one trial; epochs count from 1."""

    key: str
    epoch: int
    values: Mapping[str, MetricValue]


@dataclass(frozen=True, kw_only=True)
class FinalReport:
    """The end of one trial: all its metrics; a diverged trial has those that it reached."""

    key: str
    status: Literal["completed", "diverged"]
    values: Mapping[str, MetricValue]


@dataclass(frozen=True, kw_only=True)
class EntropyReport:
    """Histogram of the normalised entropy on the test split.

    Rows have `position` ("local" or "retrieval"), `bin_low`, `bin_high`, `count`.
    """

    key: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """A few test sequences with what the gate did.

    Rows have `sequence` (its index in the split) and, as lists over positions, `tokens` (inputs), `targets`,
    `needs_retrieval`, `gate` (None without a gate), and `entropy` (normalised; None where undefined).
    """

    key: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class WeightsReport:
    """The trained weights of one trial under the published names (`amor_models.replication`)."""

    key: str
    tensors: Mapping[str, NDArray[np.float32]]


Report = EpochReport | FinalReport | EntropyReport | GateReport | WeightsReport


def final_report(key: str, values: Mapping[str, MetricValue], *, diverged: bool = False) -> FinalReport:
    """A final report with every metric, None where there is no value."""
    complete = {metric.name: values.get(metric.name) for metric in METRICS}
    return FinalReport(key=key, status="diverged" if diverged else "completed", values=complete)
