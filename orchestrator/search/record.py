"""The record of a search in the store: what is read of it, and what is written into it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from optuna.distributions import distribution_to_json

from orchestrator.search.candidates import Outcome
from orchestrator.search.course import Known, Record
from orchestrator.search.judging import Judged, trials_for
from orchestrator.search.reduction import Replicate
from orchestrator.search.samplers import distribution
from orchestrator.search.search import Search, point_text, short_names
from orchestrator.search.space import Values
from orchestrator.trainables.contract import TrialStatus
from results_store import Results
from results_store.catalogue.sources import literal
from results_store.records import CandidateEvent, CandidateRecord, CandidateState
from results_store.search import SearchConstraint, SearchInfo, SearchObjective


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the store's record holds of a search.

    Attributes:
        known: its candidates.
        finished: trials of candidates that were told, as far as they stand in the store whole.
        confirmed: cells, each with the seeds on which a study has it confirmed.
    """

    known: tuple[Known, ...]
    finished: frozenset[str]
    confirmed: frozenset[tuple[str, tuple[int, ...]]]


def read_record(results: Results, search: Search, study: str) -> Recorded:
    """Reads what is recorded of a search, for one of the studies that it belongs to.

    What another program wrote there and makes no sense is left out, and asked for again.
    """
    candidates = results.sql(
        "SELECT * FROM raw.candidates WHERE search_id = $search ORDER BY candidate", {"search": search.search_id}
    ).dicts()
    confirmed = results.sql(
        """
        SELECT DISTINCT cell_id, seeds FROM raw.search
        WHERE search_id = $search AND event = $event AND study = $study
        """,
        {"search": search.search_id, "event": CandidateEvent.CONFIRMED.value, "study": study},
    ).rows()
    told = results.sql(_TOLD_TRIALS, {"search": search.search_id}).rows()
    unsound = {number for number, _, _, is_sound in told if not is_sound}
    known = [one for row in candidates if (one := _known(row, unsound)) is not None]
    return Recorded(
        known=tuple(known),
        finished=frozenset(trial_id for _, trial_id, is_finished, _ in told if is_finished),
        confirmed=frozenset((cell_id, tuple(seeds or ())) for cell_id, seeds in confirmed),
    )


_TOLD_TRIALS = """
    WITH told AS (
        SELECT candidate, state, unnest(trial_ids) AS trial_id FROM raw.candidates
        WHERE search_id = $search AND state IS NOT NULL
    ), withdrawn AS (SELECT DISTINCT trial_id FROM raw.retractions)
    SELECT candidate, told.trial_id, coalesce(status <> 'pruned', false) AS is_finished,
        CASE
            WHEN state = 'completed' THEN coalesce(status <> 'pruned', false)
            ELSE status IS NOT NULL OR withdrawn.trial_id IS NULL
        END AS is_sound
    FROM told LEFT JOIN trials ON trials.trial_id = told.trial_id
    LEFT JOIN withdrawn ON withdrawn.trial_id = told.trial_id
"""
"""A completed candidate rests on whole trials. One that failed may have none, unless they were withdrawn."""


def _known(row: Mapping[str, Any], unsound: Collection[int]) -> Known | None:
    try:
        parameters = json.loads(row["parameters"])
        judged = None if row["state"] is None else Judged(outcome=_outcome(row), seeds=tuple(row["seeds"]))
    except (ValueError, TypeError):
        return None
    if not isinstance(parameters, dict):
        return None
    return Known(
        number=row["candidate"],
        parameters=parameters,
        cell_id=row["cell_id"],
        judged=judged,
        is_sound=row["candidate"] not in unsound,
    )


def _outcome(row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        state=CandidateState(row["state"]),
        values=tuple(row["objective_values"] or ()),
        violations=tuple(row["violations"] or ()),
        reason=row["reason"] or "",
    )


def records_of(search: Search, record: Record, study: str) -> list[CandidateRecord]:
    """The rows of what is to be recorded now."""
    now = datetime.now(UTC)
    objectives = search.section.objectives
    return [
        CandidateRecord(
            search_id=search.search_id,
            event=record.event,
            round_index=entry.number // search.section.round_size,
            candidate=entry.number,
            cell_id=entry.candidate.cell.cell_id,
            parameters=entry.candidate.parameters,
            config=entry.candidate.cell.config.model_dump(mode="json"),
            point=point_of(search, entry.candidate.parameters),
            seeds=entry.seeds,
            trial_ids=[trial.trial_id for trial in trials_for(search, entry.candidate, entry.seeds)],
            objective_names=[objective.name for objective in objectives],
            objective_directions=[objective.direction for objective in objectives],
            state=None if entry.outcome is None else entry.outcome.state,
            objective_values=entry.outcome.values or None if entry.outcome is not None else None,
            violations=entry.outcome.violations or None if entry.outcome is not None else None,
            reason="" if entry.outcome is None else entry.outcome.reason,
            study=study if record.event is CandidateEvent.CONFIRMED else "",
            num_duplicates=record.num_duplicates,
            num_invalid=record.num_invalid,
            recorded_at=now,
        )
        for entry in record.entries
    ]


def point_of(search: Search, parameters: Values) -> str:
    """What tells a candidate from others of its variant, for people, such as `epochs=1, scale=5.32147, top_k=3`."""
    names = short_names(parameter.path for parameter in search.space.parameters)
    by_name = {parameter.name: names[parameter.path] for parameter in search.space.parameters}
    own = point_text({by_name[name]: value for name, value in parameters.items()})
    return ", ".join(filter(None, (search.point, own)))


def search_info(search: Search) -> SearchInfo:
    """What a submission records of a search."""
    section = search.section
    return SearchInfo(
        search_id=search.search_id,
        variants=search.variants,
        point=search.point,
        parameters={
            parameter.name: distribution_to_json(distribution(parameter)) for parameter in search.space.parameters
        },
        objectives=[
            SearchObjective(
                name=objective.name,
                kind="metric" if objective.metric is not None else "parameter",
                direction=objective.direction,
            )
            for objective in section.objectives
        ],
        constraints=[
            SearchConstraint(metric=constraint.metric, at_most=constraint.at_most, at_least=constraint.at_least)
            for constraint in section.constraints
        ],
        sampler=section.sampler.model_dump(mode="json", exclude_none=True),
        max_trials=section.max_trials,
        round_size=section.round_size,
        seeds=search.replicate_seeds,
        reduction=section.reduction.value,
        pruning=None if section.pruning is None else section.pruning.model_dump(mode="json"),
        confirm=None if section.confirm is None else section.confirm.model_dump(mode="json"),
    )


def read_replicates(
    results: Results, trial_ids: Sequence[str], metrics: Sequence[str], stop_after_epoch: int | None = None
) -> dict[str, Replicate]:
    """How trials have ended, as far as they have.

    Args:
        results: the store.
        trial_ids: the trials.
        metrics: those that are asked for; None where a trial has not reported one.
        stop_after_epoch: trials that have come to this epoch have ended, too: they are pruned, with the metrics of the
            first epoch from there on that they have reported. So are those that were trained on since: what is decided
            after this epoch must not depend on what came later.
    """
    wanted = {"wanted": list(trial_ids)}
    # Chosen by name, for the column of a metric that no trial has reported yet is not there.
    names = ", ".join(map(literal, ("trial_id", "status", *metrics)))
    columns = f"COLUMNS(lambda name: name IN ({names}))"
    rows = results.sql(
        f"""
        SELECT {columns} FROM trials
        WHERE status IN ('completed', 'diverged', 'pruned') AND trial_id IN (SELECT unnest($wanted::VARCHAR[]))
        """,  # noqa: S608  the names of metrics, as literals
        wanted,
    ).dicts()
    found = {row["trial_id"]: row for row in rows}
    if stop_after_epoch is not None:
        stopped = results.sql(
            f"""
            WITH standing AS (
                SELECT trial_id, attempt_id, finished_at FROM raw.trials
                WHERE trial_id IN (SELECT unnest($wanted::VARCHAR[]))
                    AND (trial_id, attempt_id) NOT IN (SELECT (trial_id, attempt_id) FROM raw.retractions)
            ), reached AS (
                SELECT epochs.*, finished_at FROM raw.epochs AS epochs JOIN standing USING (trial_id, attempt_id)
                WHERE epoch >= $epoch
            )
            SELECT 'pruned' AS ended, {columns} FROM reached
            QUALIFY row_number() OVER (PARTITION BY trial_id ORDER BY epoch, finished_at, attempt_id) = 1
            """,  # noqa: S608  the names of metrics, as literals
            {**wanted, "epoch": stop_after_epoch},
        ).dicts()
        shorter = {trial_id: row for trial_id, row in found.items() if row["status"] != TrialStatus.PRUNED}
        found = shorter | {row["trial_id"]: row | {"status": row["ended"]} for row in stopped}
    return {
        trial_id: (TrialStatus(row["status"]), {metric: row.get(metric) for metric in metrics})
        for trial_id, row in found.items()
    }
