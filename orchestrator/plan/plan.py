"""What a submit would do: which trials are done, which are to be run, in what stacks, and for how long."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.executors.capacity import Capacity
from orchestrator.plan.claims import seed_warnings
from orchestrator.plan.forecast import Forecast
from orchestrator.plan.stacking import make_stacks
from orchestrator.search.search import Search
from orchestrator.space.trial import Trial, stand_in_trials
from orchestrator.study.measuring import Known, Wait
from orchestrator.study.study import Study
from orchestrator.trainables.estimates import Estimates
from results_store.wording import counted


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """A search against a store.

    Attributes:
        search: what is searched.
        num_told: candidates of which is known what came of them.
        num_trials: how many trials the others and the confirmation make at most; some may be in the store.
        cpu_hours: predicted CPU time of these at most, from past trials; None without any.
    """

    search: Search
    num_told: int
    num_trials: int
    cpu_hours: float | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study against a store.

    Attributes:
        study: what is asked for.
        done: ids of its trials that are in the store.
        shared: ids of its trials that other studies of the store have too.
        to_run: the trials to train, longest first.
        left_out: trials that are missing too, but that `--only` leaves alone.
        num_stacks: how many stacks `to_run`, and then `num_waiting`, are expected to make.
        cpu_hours: predicted CPU time of these stacks, from past trials; None without any.
        warnings: what the user should know beforehand.
        searches: what is to come of each search, beside these trials.
        num_waiting: how many trials are to be run when the values are measured that they wait for.
        waits: what they wait for.
        known: values that were measured for others, which wait no longer.
        without_weights: ids of the trials that ask for their weights to be kept and are in the store without.
    """

    study: Study
    done: frozenset[str]
    shared: frozenset[str]
    to_run: tuple[Trial, ...]
    left_out: tuple[Trial, ...]
    num_stacks: int
    cpu_hours: float | None
    warnings: tuple[str, ...]
    searches: tuple[SearchPlan, ...] = ()
    num_waiting: int = 0
    waits: tuple[Wait, ...] = ()
    known: tuple[Known, ...] = ()
    without_weights: tuple[str, ...] = ()

    def notice_of_weights(self) -> str | None:
        """What to do about trials without weights, in one line; None where there is none."""
        if not self.without_weights:
            return None
        return (
            f"recorded without the weights that the study asks for: {counted(len(self.without_weights), 'trial')} "
            f"(amor replay {self.without_weights[0][:12]} --save-weights trains one again and keeps them)"
        )


def make_plan(
    study: Study,
    *,
    done: Collection[str],
    shared: Collection[str],
    forecast: Forecast,
    source_hashes: Mapping[str, int],
    capacity: Capacity,
    stack_size: int | None = None,
    only: Sequence[str] = (),
    together: Sequence[Study] = (),
    waits: Sequence[Wait] = (),
    known: Sequence[Known] = (),
    without_weights: Sequence[str] = (),
) -> Plan:
    """Plans a study.

    Args:
        study: the study.
        done: ids of its trials that are in the store.
        shared: ids of its trials that other studies have too.
        forecast: predicts durations.
        source_hashes: number of the store's trials by source hash, for this trainable and version, with the
            present source among them (at least 0).
        capacity: the workers that are expected to run it.
        stack_size: the size of stacks that was asked for; None: chosen.
        only: variants to run; all if empty.
        together: the studies that are planned together, this one among them: claims of one family may span them.
        waits: what the study's waiting cells wait for.
        known: the values of those that wait no longer.
        without_weights: ids of its trials that are done, and lack the weights that they ask for.

    Raises:
        TrainableError: the trainable raises, or answers against its contract.
    """
    finished = frozenset(done)
    missing = [trial for trial in study.trials if trial.trial_id not in finished]
    wanted = [trial for trial in missing if not only or set(only) & set(trial.cell.variants)]
    chosen = {trial.trial_id for trial in wanted}
    estimates = Estimates(study.trainable)
    to_run = longest_first(wanted, estimates)
    stand_ins = [
        trial
        for cell in study.waiting
        if not only or set(only) & set(cell.variants)
        for trial in stand_in_trials(cell, study.file.seed_list())
    ]
    waiting = longest_first(stand_ins, estimates)
    stacks = [stack for part in (to_run, waiting) for stack in make_stacks(part, estimates, capacity, stack_size)]
    seconds = forecast.total_s(
        [
            (trial.cell.leaves(), estimates.stack_cost(trial.cell.config, len(stack.trials)) / len(stack.trials))
            for stack in stacks
            for trial in stack.trials
        ]
    )
    return Plan(
        study=study,
        done=finished,
        shared=frozenset(shared),
        to_run=tuple(to_run),
        left_out=tuple(trial for trial in missing if trial.trial_id not in chosen),
        num_stacks=len(stacks),
        cpu_hours=None if seconds is None else seconds / 3600,
        warnings=(*_source_warnings(study, source_hashes), *seed_warnings(study, together)),
        num_waiting=len(waiting),
        waits=tuple(wait for wait in waits if not only or wait.variant in only),
        known=tuple(value for value in known if not only or value.variant in only),
        without_weights=tuple(without_weights),
    )


def longest_first(trials: Sequence[Trial], estimates: Estimates) -> list[Trial]:
    """The trials by expected time, those of a cell together.

    Raises:
        TrainableError: the trainable raises, or answers against its contract.
    """
    cells = {trial.cell.cell_id: trial.cell for trial in trials}
    costs = {cell_id: estimates.cost(cell.config) for cell_id, cell in cells.items()}
    return sorted(trials, key=lambda trial: -costs[trial.cell.cell_id])


def _source_warnings(study: Study, source_hashes: Mapping[str, int]) -> list[str]:
    if len(source_hashes) < 2:
        return []
    counts = ", ".join(f"{count} from {source}" for source, count in sorted(source_hashes.items()) if count)
    return [
        f"trainable {study.trainable.name!r} version {study.trainable.version} has changed its source since trials "
        f"were stored ({counts}); if numbers changed, raise the version"
    ]
