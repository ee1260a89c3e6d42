"""What planning asks of a store: what is done, what is shared, how long things took, which source made them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.errors import TrainableError
from orchestrator.executors.capacity import Capacity
from orchestrator.plan.forecast import Forecast, PastCell
from orchestrator.plan.plan import Plan, make_plan
from orchestrator.space.resolution import leaves_of
from orchestrator.study.measuring import measure
from orchestrator.study.study import Study
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.estimates import Estimates
from orchestrator.trainables.source import source_hash
from results_store import FolderStore, Results
from results_store.records import TrialStatus
from results_store.weights import kept_weights

MAX_PAST_CELLS = 1000


def plan_study(
    study: Study,
    store: FolderStore,
    results: Results,
    *,
    capacity: Capacity,
    stack_size: int | None = None,
    only: Sequence[str] = (),
    together: Sequence[Study] = (),
) -> Plan:
    """Plans a study against a store; see `make_plan`. What waits for values that are known there waits no longer."""
    measurement = measure(study, results)
    study = measurement.study
    trial_ids = {trial.trial_id for trial in study.trials}
    forecast = _forecast(results, study.trainable)
    done = store.finished(trial_ids)
    plan = make_plan(
        study,
        done=done,
        shared=trial_ids & _trials_of_other_studies(results, study.name),
        forecast=forecast,
        source_hashes=_source_hashes(results, study.trainable),
        capacity=capacity,
        stack_size=stack_size,
        only=only,
        together=together,
        waits=measurement.waits,
        known=measurement.known,
        without_weights=_without_weights(study, done, results),
    )
    if not study.searches:
        return plan
    from orchestrator.plan.searches import plan_search  # Optuna takes time to import

    searches = [search for search in study.searches if not only or set(only) & set(search.variants)]
    return replace(plan, searches=tuple(plan_search(search, study, results, forecast, capacity) for search in searches))


def _trials_of_other_studies(results: Results, study: str) -> set[str]:
    rows = results.sql("SELECT DISTINCT trial_id FROM results WHERE study <> $study", {"study": study}).rows()
    return {str(row[0]) for row in rows}


def _without_weights(study: Study, done: Mapping[str, str], results: Results) -> list[str]:
    """Completed trials of a study that lack the weights that they ask for, in its order."""
    asking = [trial.trial_id for trial in study.trials if trial.cell.saves_weights]
    completed = [trial_id for trial_id in asking if done.get(trial_id) == TrialStatus.COMPLETED]
    kept = kept_weights(results, completed) if completed else {}
    return [trial_id for trial_id in completed if trial_id not in kept]


def _forecast(results: Results, trainable: Trainable) -> Forecast:
    rows = results.sql(
        """
        SELECT config, stack_size, median(duration_s) FROM trials
        WHERE trainable = $name AND trainable_version = $version AND status = 'completed'
            AND stack_size >= 1 AND duration_s IS NOT NULL AND config IS NOT NULL
        GROUP BY config, stack_size ORDER BY max(finished_at) DESC LIMIT $most
        """,
        {"name": trainable.name, "version": trainable.version, "most": MAX_PAST_CELLS},
    ).rows()
    estimates = Estimates(trainable)
    past = []
    for config_text, stack_size, duration_s in rows:
        try:
            data = json.loads(config_text)
            config = trainable.config_model.model_validate_json(config_text)
            cost = estimates.stack_cost(config, stack_size) / stack_size
        except (ValueError, RecursionError, TrainableError):
            continue  # written when the configuration had other fields, or beyond estimating: of no use for a forecast
        past.append(PastCell(leaves=leaves_of(data), cost=cost, duration_s=duration_s))
    return Forecast(past)


def _source_hashes(results: Results, trainable: Trainable) -> dict[str, int]:
    rows = results.sql(
        """
        SELECT source_hash, count(*) FROM trials
        WHERE trainable = $name AND trainable_version = $version GROUP BY source_hash
        """,
        {"name": trainable.name, "version": trainable.version},
    ).rows()
    return {source_hash(trainable): 0} | {str(source): int(count) for source, count in rows}
