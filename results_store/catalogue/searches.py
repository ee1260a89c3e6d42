"""The searches of each study's latest submission as a table, `raw.searches`, which the other views build upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from results_store.search.info import SearchInfo

__all__ = ["SearchesOfStore", "make_searches"]

_SUBMITTED = """
WITH latest AS (
    SELECT study, arg_max(submission_id, {moment: submitted_at, id: submission_id}) AS submission_id
    FROM raw.studies GROUP BY study
)
SELECT study, submission_id, max(searches) FROM raw.studies SEMI JOIN latest USING (study, submission_id)
GROUP BY ALL ORDER BY ALL
"""

_TABLE = """
CREATE TABLE raw.searches (
    number BIGINT,  -- of the search in its study: what the views join by
    study VARCHAR,
    submission_id VARCHAR,
    position BIGINT,
    search_id VARCHAR,
    variants VARCHAR[],
    max_trials BIGINT,
    objective_names VARCHAR[],
    signs DOUBLE[]  -- by which the values of an objective become what is to be small
)
"""


@dataclass(frozen=True, kw_only=True)
class SearchesOfStore:
    """What the definitions of views need to know of them.

    Attributes:
        objective_metrics: Metrics that some search is judged by, in order of name.
        num_objectives: The most that one search has; 0 without searches.
    """

    objective_metrics: Sequence[str]
    num_objectives: int


def make_searches(connection: duckdb.DuckDBPyConnection) -> SearchesOfStore:
    """Makes the table `raw.searches` of the view `raw.studies`.

    Raises:
        duckdb.Error: A file cannot be read.
    """
    submitted = connection.execute(_SUBMITTED).fetchall()
    found = [
        (study, submission_id, position, info)
        for study, submission_id, searches in submitted
        for position, info in enumerate(SearchInfo.parse(searches))
    ]
    connection.execute(_TABLE)
    if found:
        rows = [
            (
                number,
                study,
                submission_id,
                position,
                info.search_id,
                list(info.variants),
                info.max_trials,
                [objective.name for objective in info.objectives],
                [1.0 if objective.direction == "minimize" else -1.0 for objective in info.objectives],
            )
            for number, (study, submission_id, position, info) in enumerate(found)
        ]
        connection.executemany("INSERT INTO raw.searches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    infos = [info for *_, info in found]
    return SearchesOfStore(
        objective_metrics=sorted({name for info in infos for name in info.objective_metrics}),
        num_objectives=max((len(info.objectives) for info in infos), default=0),
    )
