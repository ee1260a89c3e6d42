"""What one attempt of a trial leaves behind: its commit record, its epochs, samples, or its failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "EntropyRecord",
    "EpochRecord",
    "FailureKind",
    "FailureRecord",
    "GateRecord",
    "Provenance",
    "TrialRecord",
    "TrialStatus",
    "Value",
]

Value = bool | int | float | str | None
"""A single value of a row; samples may also hold lists of these."""


class TrialStatus(StrEnum):
    """How an attempt ended that published its row."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    PRUNED = "pruned"

    @property
    def is_finished(self) -> bool:
        """Whether the trial needs no further run. A pruned run never stands for a full trial."""
        return self is not TrialStatus.PRUNED


class FailureKind(StrEnum):
    """Why an attempt published no row."""

    LOST = "lost"
    RAISED = "raised"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where, when and by which code an attempt was made.

    Attributes:
        git_commit: Commit of the code that ran, or None outside of a checkout.
        git_dirty: Whether the checkout had uncommitted changes, or None outside of a checkout.
        source_hash: Hash of the trainable's source.
        versions: Versions of Python and of the libraries that matter, by name.
        host: Name of the machine.
        cpu: Model of the processor.
        threads: Number of threads that the training used.
        finished_at: When the attempt was finished, with a time zone.
    """

    git_commit: str | None
    git_dirty: bool | None
    source_hash: str
    versions: Mapping[str, str]
    host: str
    cpu: str
    threads: int
    finished_at: datetime


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """The commit record of an attempt: published last; with it the trial is done.

    Attributes:
        trial_id: Identity of the trial.
        attempt_id: Identity of this execution.
        trainable: Name of the trainable.
        trainable_version: Version of the trainable.
        seed: Seed of the trial.
        status: How the attempt ended.
        config: The resolved configuration, nested; its leaves become columns.
        metrics: Final metrics by name; None where a metric is not defined.
        duration_s: Seconds that the attempt took; where trials were trained together, its share of their time.
        stack_size: Number of trials that were trained together.
        provenance: Where, when and by which code.
        weights_file: Name of the file that holds the trained weights, published before this record; None: not kept.
    """

    trial_id: str
    attempt_id: str
    trainable: str
    trainable_version: int
    seed: int
    status: str
    config: Mapping[str, Any]
    metrics: Mapping[str, Value]
    duration_s: float
    stack_size: int
    provenance: Provenance
    weights_file: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", str(TrialStatus(self.status)))


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """The metrics of one attempt after one epoch."""

    trial_id: str
    attempt_id: str
    epoch: int
    metrics: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class EntropyRecord:
    """One bin of an attempt's histogram of prediction entropy; the values become columns."""

    trial_id: str
    attempt_id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class GateRecord:
    """One sample sequence with an attempt's gate decisions; the values become columns."""

    trial_id: str
    attempt_id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FailureRecord:
    """An attempt that was lost or raised.

    Attributes:
        trial_id: Identity of the trial.
        attempt_id: Identity of the execution that failed.
        kind: `lost` (its worker or node went away) or `raised` (the trainable raised).
        host: Name of the machine where it ran, as far as it is known.
        cause: What happened, in one line.
        traceback: The whole traceback, empty where there is none.
        gave_up: Whether the driver will not try the trial again in this submit.
        stack_size: Number of trials that were trained together.
        failed_at: When the failure was noticed, with a time zone.
    """

    trial_id: str
    attempt_id: str
    kind: str
    host: str
    cause: str
    traceback: str
    gave_up: bool
    stack_size: int
    failed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", str(FailureKind(self.kind)))
        object.__setattr__(self, "cause", " ".join(self.cause.split()))
