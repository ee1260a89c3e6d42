"""Records: the only way rows come into a store."""

from results_store.records.attempt import (
    EntropyRecord,
    EpochRecord,
    FailureKind,
    FailureRecord,
    GateRecord,
    Provenance,
    TrialRecord,
    TrialStatus,
    Value,
)
from results_store.records.submission import (
    Direction,
    MemberRecord,
    MetricInfo,
    SubmissionRecord,
    TableRecord,
    TableRow,
)

Record = TrialRecord | EpochRecord | EntropyRecord | GateRecord | FailureRecord | SubmissionRecord

__all__ = [
    "Direction",
    "EntropyRecord",
    "EpochRecord",
    "FailureKind",
    "FailureRecord",
    "GateRecord",
    "MemberRecord",
    "MetricInfo",
    "Provenance",
    "Record",
    "SubmissionRecord",
    "TableRecord",
    "TableRow",
    "TrialRecord",
    "TrialStatus",
    "Value",
]
