"""How far a search is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["num_told"]


def num_told(results: Results, search_id: str) -> int:
    """How many candidates of a search have been told of.

    Args:
        results: A store opened for reading.
        search_id: Identity of the search.
    """
    sql = "SELECT max(candidate) + 1 FROM raw.candidates WHERE search_id = $search AND state IS NOT NULL"
    return int(results.sql(sql, {"search": search_id}).rows()[0][0] or 0)
