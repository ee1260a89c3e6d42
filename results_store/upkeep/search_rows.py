"""Which rows of searches make no sense, alone or beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from results_store.records import CandidateEvent, CandidateState
from results_store.search.info import SearchInfo
from results_store.wording import counted

__all__ = ["CONDITIONS", "search_findings", "search_notes"]

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query over the views of rows."""


def _list(values: type[CandidateEvent] | type[CandidateState]) -> str:
    return ", ".join(f"'{value}'" for value in values)


CONDITIONS = (
    (f"event NOT IN ({_list(CandidateEvent)})", "event", "an unknown event"),
    (f"state NOT IN ({_list(CandidateState)})", "state", "an unknown state"),
    ("event = 'told' AND state IS NULL", "NULL", "event told and no state"),
    ("event = 'confirmed' AND coalesce(study, '') = ''", "NULL", "event confirmed and no study"),
    ("round_index < 0", "round_index", "a round_index below 0"),
    ("candidate < 0", "candidate", "a candidate below 0"),
    ("len(seeds) <> len(trial_ids)", "NULL", "not as many seeds as trial_ids"),
    (
        "len(list_filter(trial_ids, lambda trial: trial IS NULL OR NOT regexp_full_match(trial, '[0-9a-f]{32}'))) > 0",
        "trial_ids",
        "trial_ids that are not 32 hex digits",
    ),
    (
        "event = 'told' AND state = 'completed' AND ("
        "len(objective_values) IS DISTINCT FROM len(objective_names) "
        "OR list_aggregate(objective_values, 'count') <> len(objective_values))",
        "objective_values",
        "not a value for each objective",
    ),
)
"""Of a wrong row in the folder `search`: condition, the value to show, and what is wrong."""

_ORPHANS = """
    SELECT min(filename), search_id, count(DISTINCT candidate), min(candidate)
    FROM (SELECT * FROM search WHERE event <> 'asked') AS later
    ANTI JOIN (SELECT search_id, candidate FROM search WHERE event = 'asked') AS asked USING (search_id, candidate)
    GROUP BY search_id ORDER BY ALL
"""
_GAPS = """
    SELECT min(filename), search_id, count(DISTINCT candidate), max(candidate)::HUGEINT + 1 AS expected
    FROM search WHERE event = 'asked' AND candidate >= 0
    GROUP BY search_id HAVING count(DISTINCT candidate) <> expected ORDER BY ALL
"""


def search_findings(ask: Ask) -> Iterator[tuple[Path, str]]:
    """A file for each thing that makes no sense, and what it is.

    Raises:
        duckdb.Error: A file cannot be read.
    """
    again = "submitting its study again asks for what is missing"
    for path, search_id, number, first in ask(_ORPHANS):
        what = f"{counted(number, 'candidate')} of search {search_id} (#{first}, …)"
        yield Path(path), f"rows of {what} that no row asks for; {again}"
    for path, search_id, number, expected in ask(_GAPS):
        yield Path(path), f"search {search_id} has {number:,} of its {expected:,} candidates; {again}"
    for path, study, num_entries, searches in ask(
        """
        SELECT min(filename), study, json_array_length(searches), searches
        FROM studies WHERE json_valid(searches) AND json_type(searches) = 'ARRAY'
        GROUP BY study, searches ORDER BY ALL
        """
    ):
        if num_wrong := num_entries - len(SearchInfo.parse(searches)):
            yield Path(path), f"a submission of {study!r} with {num_wrong} of {num_entries} searches that make no sense"


def search_notes(ask: Ask) -> list[str]:
    """What is no fault, and nothing can be done about.

    Raises:
        duckdb.Error: A file cannot be read.
    """
    notes = []
    ((number,),) = ask(
        """
        SELECT count(*) FROM (
            SELECT search_id, candidate FROM search WHERE event = 'asked'
            GROUP BY ALL HAVING count(DISTINCT cell_id) > 1
        )
        """
    )
    if number:
        notes.append(
            f"search/ has {counted(number, 'candidate')} with two configurations, from two drivers or versions: "
            f"the one asked for first counts"
        )
    known = {
        info.search_id
        for (searches,) in ask("SELECT DISTINCT searches FROM studies")
        for info in SearchInfo.parse(searches)
    }
    others = [search_id for (search_id,) in ask("SELECT DISTINCT search_id FROM search") if search_id not in known]
    if others:
        notes.append(f"search/ has rows of {counted(len(others), 'search', 'searches')} that no study of the store has")
    return notes
