"""Searches: what a study records of them."""

from results_store.search.info import SearchConstraint, SearchInfo, SearchObjective, confirming_metric

__all__ = ["SearchConstraint", "SearchInfo", "SearchObjective", "confirming_metric"]
