"""Queries: one SELECT, confined to the store, and its result in many formats."""

from results_store.query.connection import connect
from results_store.query.formats import FORMATS, OutputFormat, write
from results_store.query.guard import check_table_sql, checked_select
from results_store.query.result import QueryResult, translated_errors

__all__ = [
    "FORMATS",
    "OutputFormat",
    "QueryResult",
    "check_table_sql",
    "checked_select",
    "connect",
    "translated_errors",
    "write",
]
