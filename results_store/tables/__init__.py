"""Tables: SQL over results, rendered with intervals, published values and footnotes."""

from results_store.tables.build import build_table
from results_store.tables.cell import Cell, Line
from results_store.tables.column import Column
from results_store.tables.importances import IMPORTANCES, importances_table
from results_store.tables.search import search_tables
from results_store.tables.summary import Summary, SummaryKind
from results_store.tables.table import Table

__all__ = [
    "IMPORTANCES",
    "Cell",
    "Column",
    "Line",
    "Summary",
    "SummaryKind",
    "Table",
    "build_table",
    "importances_table",
    "search_tables",
]
