"""The catalogue: which files of a store can be trusted, and the SQL views over them."""

from results_store.catalogue.problem import Problem, describe_problems
from results_store.catalogue.scan import Scan, VerifiedFile, foreign_entries, lost_retractions, scan_store
from results_store.catalogue.segments import Segments
from results_store.catalogue.views import VIEW_NAMES, ViewBuilder

__all__ = [
    "VIEW_NAMES",
    "Problem",
    "Scan",
    "Segments",
    "VerifiedFile",
    "ViewBuilder",
    "describe_problems",
    "foreign_entries",
    "lost_retractions",
    "scan_store",
]
