"""Searches: what a study records of them, their candidates as values, and what Optuna makes of those."""

from results_store.search.export import export_journal
from results_store.search.history import SearchHistory, ToldCandidate, read_search, read_searches
from results_store.search.importances import Importance, ImportanceMethod, importances
from results_store.search.info import SearchConstraint, SearchInfo, SearchObjective, confirming_metric
from results_store.search.optuna_study import frozen_trials, optuna_study, quiet_optuna
from results_store.search.told import num_told

__all__ = [
    "Importance",
    "ImportanceMethod",
    "SearchConstraint",
    "SearchHistory",
    "SearchInfo",
    "SearchObjective",
    "ToldCandidate",
    "confirming_metric",
    "export_journal",
    "frozen_trials",
    "importances",
    "num_told",
    "optuna_study",
    "quiet_optuna",
    "read_search",
    "read_searches",
]
