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
from results_store.records.claims import ArmRecord, ClaimRecord, Expectation, StatementRecord
from results_store.records.figure import FigureKind, FigureRecord, FigureVariant, PublishedPoint
from results_store.records.retraction import RetractionRecord
from results_store.records.search import CandidateEvent, CandidateRecord, CandidateState
from results_store.records.submission import (
    Direction,
    MemberRecord,
    MetricInfo,
    SubmissionRecord,
    TableRecord,
    TableRow,
)
from results_store.records.trial_state import TrialState

Record = (
    TrialRecord
    | EpochRecord
    | EntropyRecord
    | GateRecord
    | FailureRecord
    | RetractionRecord
    | SubmissionRecord
    | CandidateRecord
)

__all__ = [
    "ArmRecord",
    "CandidateEvent",
    "CandidateRecord",
    "CandidateState",
    "ClaimRecord",
    "Direction",
    "EntropyRecord",
    "EpochRecord",
    "Expectation",
    "FailureKind",
    "FailureRecord",
    "FigureKind",
    "FigureRecord",
    "FigureVariant",
    "GateRecord",
    "MemberRecord",
    "MetricInfo",
    "Provenance",
    "PublishedPoint",
    "Record",
    "RetractionRecord",
    "StatementRecord",
    "SubmissionRecord",
    "TableRecord",
    "TableRow",
    "TrialRecord",
    "TrialState",
    "TrialStatus",
    "Value",
]
