"""The SQL of the views on searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from results_store.catalogue.searches import SearchesOfStore
from results_store.catalogue.sources import identifier, literal
from results_store.schemas import ColumnType, Kind, common_type
from results_store.schemas.names import NAMES_OF_CANDIDATES
from results_store.search.info import confirming_metric

__all__ = ["ROUNDS", "candidates", "leaves_of_candidates", "raw_candidates", "standings"]

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

# Candidates as they stand in a study. A candidate is ranked if it has a value for each objective that the study knows.
# What is dominated is counted by comparing every pair where there are several objectives, else by a window: among
# thousands of candidates the pairs would take seconds. The infeasible, whose violation is above 0, are ranked by the
# window in both cases.
_STANDINGS = """
CREATE TABLE raw.standings AS
WITH mine AS (
    SELECT searches.number, searches.study, searches.variants, searches.signs,
        candidates.search_id, candidates.round_index, candidates.candidate, candidates.cell_id, candidates.parameters,
        candidates.point, candidates.trial_ids, candidates.objective_names, candidates.state,
        candidates.objective_values, candidates.violations, candidates.reason, candidates.num_duplicates,
        candidates.num_invalid, candidates.asked_at, candidates.told_at,
        coalesce(
            candidates.objective_names = searches.objective_names
                AND len(candidates.objective_values) = len(searches.signs)
                AND list_aggregate(candidates.objective_values, 'count') = len(searches.signs),
            false
        ) AS has_values
    FROM raw.searches AS searches JOIN raw.candidates AS candidates
        ON candidates.search_id = searches.search_id AND candidates.candidate < searches.max_trials
), ran AS (
    SELECT asked_for.number, asked_for.candidate, count(DISTINCT trials.trial_id) AS num_replicates
    FROM (SELECT number, candidate, unnest(trial_ids) AS trial_id FROM mine) AS asked_for
    JOIN trials ON trials.trial_id = asked_for.trial_id AND trials.status <> 'pruned'
    GROUP BY asked_for.number, asked_for.candidate
), withdrawn AS (
    SELECT DISTINCT asked_for.number, asked_for.candidate
    FROM (SELECT number, candidate, unnest(trial_ids) AS trial_id FROM mine) AS asked_for
    SEMI JOIN raw.retractions AS retractions ON retractions.trial_id = asked_for.trial_id
    ANTI JOIN trials ON trials.trial_id = asked_for.trial_id
), stated AS (
    SELECT mine.* EXCLUDE (state), coalesce(ran.num_replicates, 0) AS num_replicates,
        CASE
            WHEN told_at IS NULL OR state IS NULL THEN 'pending'
            WHEN state = 'completed' AND len(list_distinct(trial_ids)) > coalesce(ran.num_replicates, 0)
                THEN 'retracted'
            WHEN withdrawn.number IS NOT NULL THEN 'retracted'
            ELSE state
        END AS state
    FROM mine LEFT JOIN ran USING (number, candidate) LEFT JOIN withdrawn USING (number, candidate)
), judged AS (
    SELECT number, candidate, round_index, len(signs) AS num_objectives,
        coalesce(list_max(violations), 0) <= 0 AS is_feasible,
        coalesce(list_sum(list_filter(violations, lambda violation: violation > 0)), 0) AS violation{losses}
    FROM stated WHERE state = 'completed' AND has_values
), ordered AS (
    SELECT *, rank() OVER (
        PARTITION BY number
        ORDER BY violation, CASE WHEN is_feasible AND num_objectives = 1 THEN loss_1 END
    ) AS place
    FROM judged
){dominated}, confirmed AS (
    SELECT asked_for.study, asked_for.search_id, asked_for.candidate, asked_for.cell_id,
        count(*) FILTER (trials.status = 'completed') AS confirmed_n, count(*) AS confirmed_asked{means}
    FROM (
        SELECT DISTINCT study, search_id, candidate, cell_id, unnest(trial_ids) AS trial_id
        FROM raw.search WHERE event = 'confirmed'
    ) AS asked_for
    LEFT JOIN trials ON trials.trial_id = asked_for.trial_id
    GROUP BY asked_for.study, asked_for.search_id, asked_for.candidate, asked_for.cell_id
)
SELECT stated.*, ordered.is_feasible, {rank} AS rank, coalesce(ordered.is_feasible AND {rank} = 1, false) AS on_front,
    {dominated_in} AS dominated_in, CASE WHEN num_objectives = 1 AND is_feasible THEN loss_1 END AS loss,
    confirmed.* EXCLUDE (study, search_id, candidate, cell_id)
FROM stated LEFT JOIN ordered USING (number, candidate){join_dominated}
LEFT JOIN confirmed USING (study, search_id, candidate, cell_id)
"""

_DOMINATED = """, several AS (
    SELECT * FROM ordered WHERE is_feasible AND num_objectives > 1
), dominated AS (
    SELECT worse.number, worse.candidate, count(*) AS num_better, min(better.round_index) AS dominated_in
    FROM several AS worse JOIN several AS better
        ON better.number = worse.number AND {no_worse} AND ({somewhere_better})
    GROUP BY worse.number, worse.candidate
)"""

_CANDIDATES = """
SELECT standings.study, standings.variant, standings.search_id, standings.round_index, standings.candidate,
    standings.cell_id, standings.point, standings.state, standings.num_replicates, standings.rank, standings.on_front,
    standings.is_feasible, standings.objective_values, standings.violations{values}, standings.confirmed_n,
    standings.confirmed_asked{leaves},
    standings.reason, standings.asked_at, standings.told_at, standings.parameters
FROM (SELECT *, unnest(variants) AS variant FROM raw.standings) AS standings
JOIN raw.candidates AS candidates USING (search_id, candidate)
"""

ROUNDS = """
WITH rounds AS (
    SELECT number, round_index, study, search_id, variants, signs,
        count(*) AS num_candidates,
        count(*) FILTER (state = 'completed') AS num_completed,
        count(*) FILTER (state = 'failed') AS num_failed,
        count(*) FILTER (state = 'pruned') AS num_pruned,
        count(*) FILTER (state = 'pending') AS num_pending,
        count(*) FILTER (state = 'retracted') AS num_retracted,
        coalesce(sum(len(trial_ids)) FILTER (told_at IS NOT NULL), 0)::BIGINT AS num_trials,
        max(num_duplicates) AS num_duplicates, max(num_invalid) AS num_invalid,
        min(asked_at) AS asked_at, CASE WHEN count(told_at) = count(*) THEN max(told_at) END AS told_at,
        min(loss) AS loss
    FROM raw.standings GROUP BY number, round_index, study, search_id, variants, signs
), moves AS (
    SELECT number, round_index, 1 AS change FROM raw.standings
    WHERE is_feasible AND len(signs) > 1 AND (dominated_in IS NULL OR dominated_in > round_index)
    UNION ALL
    SELECT number, dominated_in, -1 FROM raw.standings WHERE dominated_in > round_index
), changes AS (
    SELECT number, round_index, sum(change) AS change FROM moves GROUP BY ALL
), running AS (
    SELECT rounds.*, min(loss) OVER so_far * signs[1] + 0.0 AS best,
        CASE WHEN len(signs) > 1 THEN coalesce(sum(change) OVER so_far, 0)::BIGINT END AS front_size
    FROM rounds LEFT JOIN changes USING (number, round_index)
    WINDOW so_far AS (PARTITION BY number ORDER BY round_index)
)
SELECT study, variant, search_id, round_index, num_candidates, num_completed, num_failed, num_pruned, num_pending,
    num_retracted, num_trials, num_duplicates, num_invalid, asked_at, told_at, best, front_size
FROM (SELECT *, unnest(variants) AS variant FROM running)
"""


def leaves_of_candidates(search: Iterable[str]) -> list[str]:
    """The columns of configurations, of those of the rows of searches; in order of name."""
    return sorted(
        name for name in search if name not in Kind.SEARCH.fixed_columns and name.lower() not in NAMES_OF_CANDIDATES
    )


def raw_candidates(leaves: Iterable[str]) -> str:
    """One row per candidate of each search: as it was asked for, with what was told of it.

    Args:
        leaves: Columns of configurations.
    """
    return _RAW_CANDIDATES.format(leaves="".join(f", asked.{identifier(name)}" for name in leaves))


def standings(searches: SearchesOfStore, trials: Mapping[str, ColumnType]) -> str:
    """Makes `raw.standings`: one row per study, search and candidate, ranked, with its confirming trials.

    Args:
        searches: The searches.
        trials: Columns of trials.
    """
    numbers = range(1, max(searches.num_objectives, 1) + 1)
    # A negative zero would be another value than zero; a search of fewer objectives is the same in the others.
    losses = "".join(f", coalesce(objective_values[{n}] * signs[{n}] + 0.0, 0.0) AS loss_{n}" for n in numbers)
    has_several = len(numbers) > 1
    dominated = _DOMINATED.format(
        no_worse=" AND ".join(f"better.loss_{n} <= worse.loss_{n}" for n in numbers),
        somewhere_better=" OR ".join(f"better.loss_{n} < worse.loss_{n}" for n in numbers),
    )
    several = "ordered.is_feasible AND num_objectives > 1"
    rank = f"CASE WHEN {several} THEN 1 + coalesce(num_better, 0) ELSE place END" if has_several else "place"
    means = {confirming_metric(metric, trials): None for metric in searches.objective_metrics}
    return _STANDINGS.format(
        losses=losses,
        dominated=dominated if has_several else "",
        rank=rank,
        dominated_in="dominated.dominated_in" if has_several else "NULL::BIGINT",
        join_dominated=" LEFT JOIN dominated USING (number, candidate)" if has_several else "",
        means="".join(f", {_mean(metric, trials)} AS {identifier(f'confirmed {metric}')}" for metric in means),
    )


def _mean(metric: str, trials: Mapping[str, ColumnType]) -> str:
    """The mean over all trials that were asked for; over those that came to a number only it would be a lie."""
    column_type = trials.get(metric)
    if column_type is None or column_type.is_list or column_type is ColumnType.TIMESTAMP:
        return "NULL::DOUBLE"
    number = f"TRY_CAST(trials.{identifier(metric)} AS DOUBLE)"
    stands = f"trials.status = 'completed' AND isfinite({number})"
    # Summed in one order: the last bit of a mean must not depend on which file was written first.
    mean = f"list_avg(list({number} ORDER BY trials.trial_id))"
    return f"CASE WHEN count(*) FILTER ({stands}) = count(*) THEN {mean} END"


def candidates(searches: SearchesOfStore, search: Mapping[str, ColumnType], trials: Mapping[str, ColumnType]) -> str:
    """One row per candidate and variant, of `raw.standings`.

    Args:
        searches: The searches.
        search: Columns of the rows of searches.
        trials: Columns of trials.
    """
    leaves = leaves_of_candidates(search)
    taken = set(NAMES_OF_CANDIDATES)

    def chosen(found: Iterable[tuple[str, str]]) -> str:
        columns = ""
        for name, value in found:
            if name.lower() not in taken:
                taken.add(name.lower())
                columns += f", {value} AS {identifier(name)}"
        return columns

    metrics = searches.objective_metrics
    values = {
        name: f"standings.objective_values[list_position(standings.objective_names, {literal(name)})]"
        for name in metrics
    }
    for name in values.keys() & leaves:
        # What one search is judged by may be a field of another's configurations.
        in_common = (common_type(ColumnType.DOUBLE, search[name]) or ColumnType.VARCHAR).value
        both = f"CAST({values[name]} AS {in_common}), CAST(candidates.{identifier(name)} AS {in_common})"
        values[name] = f"coalesce({both})"
    confirming = [confirming_metric(metric, trials) for metric in metrics]
    means = {f"confirmed_{name}": f"standings.{identifier(f'confirmed {name}')}" for name in confirming}
    others = {name: f"candidates.{identifier(name)}" for name in leaves}
    return _CANDIDATES.format(values=chosen(values.items()), leaves=chosen((means | others).items()))
