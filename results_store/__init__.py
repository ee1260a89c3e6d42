"""What came of it: Parquet files, SQL views, tables and statistics."""

from results_store.catalogue import Problem, describe_problems
from results_store.errors import QueryError, RecordError, StoreError, StorePathError, UnknownNameError
from results_store.layout import Layout
from results_store.query import QueryResult
from results_store.results import Results
from results_store.results import open_store as open  # noqa: A004 - `results_store.open(...)` reads well
from results_store.schemas import Kind
from results_store.stores import FolderStore, MemoryStore, Store

__all__ = [
    "FolderStore",
    "Kind",
    "Layout",
    "MemoryStore",
    "Problem",
    "QueryError",
    "QueryResult",
    "RecordError",
    "Results",
    "Store",
    "StoreError",
    "StorePathError",
    "UnknownNameError",
    "describe_problems",
    "open",
]
