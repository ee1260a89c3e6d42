"""What came of it: Parquet files, SQL views, tables and statistics."""

from results_store.catalogue import Problem, describe_problems
from results_store.claims import ClaimArm, ClaimTable, ClaimVerdict, ClaimVerdicts
from results_store.compaction import CompactionReport, KindReport, compact
from results_store.errors import (
    CompactionError,
    QueryError,
    RecordError,
    RetractionError,
    StoreError,
    StorePathError,
    SummariesError,
    UnknownNameError,
    WeightsError,
)
from results_store.layout import Layout
from results_store.query import FORMATS, OutputFormat, QueryResult, check_table_sql, write
from results_store.results import Results
from results_store.results import open_store as open  # noqa: A004 - `results_store.open(...)` reads well
from results_store.schemas import Kind
from results_store.stores import FolderStore, MemoryStore, Store
from results_store.tables import Table
from results_store.upkeep import DoctorReport, Finding, Retraction, doctor, retract

__all__ = [
    "FORMATS",
    "ClaimArm",
    "ClaimTable",
    "ClaimVerdict",
    "ClaimVerdicts",
    "CompactionError",
    "CompactionReport",
    "DoctorReport",
    "Finding",
    "FolderStore",
    "Kind",
    "KindReport",
    "Layout",
    "MemoryStore",
    "OutputFormat",
    "Problem",
    "QueryError",
    "QueryResult",
    "RecordError",
    "Results",
    "Retraction",
    "RetractionError",
    "Store",
    "StoreError",
    "StorePathError",
    "SummariesError",
    "Table",
    "UnknownNameError",
    "WeightsError",
    "check_table_sql",
    "compact",
    "describe_problems",
    "doctor",
    "open",
    "retract",
    "write",
]
