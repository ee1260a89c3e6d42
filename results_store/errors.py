"""The errors that this package raises for its users.

StoreError                 root: something about stored results
├── StorePathError         the store is no folder, or cannot be read or written
├── RecordError            a record cannot be stored as it is
├── QueryError             a query was refused or failed
└── UnknownNameError       no study or table of that name in the store
"""

from __future__ import annotations

__all__ = ["QueryError", "RecordError", "StoreError", "StorePathError", "UnknownNameError"]


class StoreError(Exception):
    """Root of all errors of this package; its message is fit to be shown to a user as it is."""


class StorePathError(StoreError):
    """The store is not a folder, or cannot be read or written."""


class RecordError(StoreError, ValueError):
    """A record cannot be stored: a name clashes, a value has no column type."""


class QueryError(StoreError, ValueError):
    """A query was refused before it ran, or DuckDB reported an error."""


class UnknownNameError(StoreError, LookupError):
    """The store holds no study or table of the name asked for."""
