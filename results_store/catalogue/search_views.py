"""The SQL of the views on searches."""


from __future__ import annotations

from collections.abc import Iterable

from results_store.catalogue.sources import identifier

__all__ = ["raw_candidates"]

# The earliest row of what was asked counts, and the latest of what was told, of the cell that was asked for. The last
# terms of the orders decide between rows of one moment: whichever it is, it is the same one in every order of files.
_RAW_CANDIDATES = """
WITH asked AS (
    SELECT * FROM raw.search WHERE event = 'asked'
    QUALIFY row_number() OVER (
        PARTITION BY search_id, candidate
        ORDER BY recorded_at, cell_id, round_index, parameters, config, seeds, trial_ids, num_duplicates, num_invalid
    ) = 1
), told AS (
    SELECT search_id, candidate, cell_id, seeds, trial_ids, state, objective_values, violations, reason, recorded_at
    FROM raw.search WHERE event = 'told'
    QUALIFY row_number() OVER (
        PARTITION BY search_id, candidate, cell_id
        ORDER BY recorded_at DESC, state, objective_values, violations, seeds, trial_ids, reason
    ) = 1
)
SELECT asked.search_id, asked.round_index, asked.candidate, asked.cell_id, asked.parameters, asked.config, asked.point,
    coalesce(told.seeds, asked.seeds) AS seeds, coalesce(told.trial_ids, asked.trial_ids) AS trial_ids,
    asked.objective_names, asked.objective_directions,
    told.state, told.objective_values, told.violations, coalesce(told.reason, '') AS reason,
    asked.num_duplicates, asked.num_invalid,
    asked.recorded_at AS asked_at, told.recorded_at AS told_at{leaves}
FROM asked LEFT JOIN told
    ON told.search_id = asked.search_id AND told.candidate = asked.candidate AND told.cell_id = asked.cell_id
"""


def raw_candidates(leaves: Iterable[str]) -> str:
    """One row per candidate of each search: as it was asked for, with what was told of it.

    Args:
        leaves: Columns of configurations.
    """
    return _RAW_CANDIDATES.format(leaves="".join(f", asked.{identifier(name)}" for name in leaves))
