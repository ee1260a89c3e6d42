"""The SQL of the view `results`: the trials that each study's latest submission asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from results_store.catalogue.sources import identifier
from results_store.records import TrialState
from results_store.schemas import ColumnType, Kind, common_type
from results_store.schemas.names import NAMES_OF_RESULTS

__all__ = ["results"]

_RESULTS = """
WITH latest AS (
    SELECT study, arg_max(submission_id, {{moment: submitted_at, id: submission_id}}) AS submission_id
    FROM raw.studies GROUP BY study
), submitted AS (
    SELECT DISTINCT ON (study, member) * FROM raw.studies SEMI JOIN latest USING (study, submission_id)
    WHERE trial_id IS NOT NULL  -- a study that only searches has a row without members
), {members}, withdrawn AS (
    SELECT DISTINCT trial_id FROM raw.retractions
), given_up AS (
    SELECT DISTINCT trial_id FROM raw.failures WHERE gave_up
)
SELECT members.study, members.variant, members.point, members.cell_id,
    CASE
        WHEN len(members.measured_later) > 0 THEN '{states.WAITING}'
        WHEN trials.trial_id IS NOT NULL THEN trials.status
        WHEN withdrawn.trial_id IS NOT NULL THEN '{states.RETRACTED}'
        WHEN given_up.trial_id IS NOT NULL THEN '{states.FAILED}'
        ELSE '{states.PENDING}'
    END AS state,
    members.member, {phase} AS phase,
    {columns}
FROM members
LEFT JOIN trials ON trials.trial_id = members.trial_id
LEFT JOIN withdrawn ON withdrawn.trial_id = members.trial_id
LEFT JOIN given_up ON given_up.trial_id = members.trial_id
"""

_MEMBERS = "members AS (FROM submitted)"

# The trials of searches come after the others. A member beyond all numbers, as another program may write it, is not
# counted from. Trials that confirm may be asked for more than once: by two drivers, or by a later submission.
_MEMBERS_AND_SEARCHES = """of_studies AS (
    SELECT study, any_value(trainable) AS trainable, any_value(trainable_version) AS trainable_version,
        coalesce(max(member) FILTER (member < 4611686018427387904) + 1, 0) AS num_members
    FROM raw.studies SEMI JOIN latest USING (study, submission_id) GROUP BY study
), asked_for AS (
    SELECT searches.number, candidates.candidate, candidates.cell_id, 'search' AS phase,
        unnest(candidates.seeds) AS seed, unnest(candidates.trial_ids) AS trial_id
    FROM raw.searches AS searches JOIN raw.candidates AS candidates ON candidates.search_id = searches.search_id
    UNION
    SELECT searches.number, found.candidate, found.cell_id, 'confirm', unnest(found.seeds), unnest(found.trial_ids)
    FROM raw.searches AS searches JOIN raw.search AS found
        ON found.event = 'confirmed' AND found.search_id = searches.search_id AND found.study = searches.study
), searched AS (
    SELECT searches.study, named.variant, candidates.point, candidates.cell_id, asked_for.trial_id, asked_for.phase,
        of_studies.trainable, of_studies.trainable_version, asked_for.seed, candidates.config,
        of_studies.num_members - 1 + row_number() OVER (
            PARTITION BY searches.study
            ORDER BY searches.position, named.place, candidates.candidate, asked_for.phase DESC, asked_for.seed,
                asked_for.trial_id
        ) AS member{leaves_of_searches}
    FROM raw.searches AS searches
    JOIN of_studies ON of_studies.study = searches.study
    JOIN (
        SELECT number, unnest(variants) AS variant, generate_subscripts(variants, 1) AS place FROM raw.searches
    ) AS named ON named.number = searches.number
    JOIN raw.candidates AS candidates
        ON candidates.search_id = searches.search_id AND candidates.candidate < searches.max_trials
    JOIN asked_for ON asked_for.number = searches.number AND asked_for.candidate = candidates.candidate
        AND asked_for.cell_id = candidates.cell_id AND asked_for.trial_id IS NOT NULL
), members AS (
    SELECT study, variant, point, cell_id, trial_id, 'grid' AS phase, trainable, trainable_version, seed, config,
        member, measured_later{leaves_of_studies}
    FROM submitted
    UNION ALL BY NAME FROM searched
)"""


def results(
    studies: Mapping[str, ColumnType], trials: Mapping[str, ColumnType], search: Mapping[str, ColumnType] | None
) -> str:
    """Members of studies, and of their searches, with their trials.

    Args:
        studies: Columns of submissions.
        trials: Columns of trials.
        search: Columns of the rows of searches, or None where there are none: then nothing is asked of them.
    """
    leaves_of_studies = _leaves(Kind.STUDIES, studies)
    leaves_of_searches = _leaves(Kind.SEARCH, search or {})
    leaves = {
        name: common_type(leaves_of_studies.get(name), leaves_of_searches.get(name))
        for name in leaves_of_studies | leaves_of_searches
    }
    from_members = {"trial_id", "trainable", "trainable_version", "seed", "config"}
    others = sorted((trials.keys() | leaves.keys()) - Kind.TRIALS.fixed_columns.keys())
    chosen = []
    for name in [*Kind.TRIALS.fixed_columns, *(name for name in others if name.lower() not in NAMES_OF_RESULTS)]:
        column = identifier(name)
        if name in from_members or name not in trials:
            chosen.append(f"members.{column}")
        elif name in leaves:
            # What is a field of one study may be a metric of another's trainable.
            in_common = common_type(leaves[name], trials[name]) or ColumnType.VARCHAR
            both = [f"CAST({table}.{column} AS {in_common.value})" for table in ("members", "trials")]
            chosen.append(f"coalesce({', '.join(both)}) AS {column}")
        else:
            chosen.append(f"trials.{column}")
    members, phase = _MEMBERS, "'grid'"
    if search is not None:
        phase = "members.phase"
        members = _MEMBERS_AND_SEARCHES.format(
            leaves_of_searches=_cast(leaves_of_searches, leaves, "candidates."),
            leaves_of_studies=_cast(leaves_of_studies, leaves, ""),
        )
    return _RESULTS.format(members=members, phase=phase, states=TrialState, columns=", ".join(chosen))


def _leaves(kind: Kind, columns: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    return {
        name: column
        for name, column in columns.items()
        if name not in kind.fixed_columns and name.lower() not in NAMES_OF_RESULTS
    }


def _cast(names: Iterable[str], types: Mapping[str, ColumnType | None], prefix: str) -> str:
    """Columns in types that both sides have in common."""
    cast = []
    for name in names:
        column, column_type = identifier(name), types[name] or ColumnType.VARCHAR
        cast.append(f", CAST({prefix}{column} AS {column_type.value}) AS {column}")
    return "".join(cast)
