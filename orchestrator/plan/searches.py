"""What is to come of a search: how many trials at most, and how long they take."""

from collections.abc import Sequence

from orchestrator.executors.capacity import Capacity
from orchestrator.plan.forecast import Forecast
from orchestrator.plan.plan import SearchPlan, longest_first
from orchestrator.plan.stacking import make_stacks
from orchestrator.search.candidates import Candidate
from orchestrator.search.course import fresh_seeds
from orchestrator.search.dominance import winners
from orchestrator.search.judging import num_racing_on, trials_for
from orchestrator.search.propose import propose
from orchestrator.search.record import read_record
from orchestrator.search.search import Search
from orchestrator.search.section import Confirm, Racing
from orchestrator.study.study import Study
from orchestrator.trainables.estimates import Estimates
from results_store import Results
from results_store.records import CandidateState
from results_store.search import num_told


def plan_search(search: Search, study: Study, results: Results, forecast: Forecast, capacity: Capacity) -> SearchPlan:
    """Plans a search of a study against a store; later candidates are thought to take as long as the first."""
    told = num_told(results, search.search_id)
    num_trials = _num_trials(search, told) + _num_confirming(search, study, results, told)
    estimates = Estimates(search.space.trainable)
    first = [
        trial
        for candidate in propose(search, (), 0).candidates
        for trial in trials_for(search, candidate, search.replicate_seeds)
    ]
    seconds = forecast.total_s(
        [
            (trial.cell.leaves(), estimates.stack_cost(trial.cell.config, len(stack.trials)) / len(stack.trials))
            for stack in make_stacks(longest_first(first, estimates), estimates, capacity)
            for trial in stack.trials
        ]
    )
    hours = None if seconds is None or not first else seconds / len(first) * num_trials / 3600
    return SearchPlan(search=search, num_told=told, num_trials=num_trials, cpu_hours=hours)


def _num_candidates(search: Search) -> int:
    """How many candidates there are in the end, at most: a small space has fewer than `max_trials`."""
    return int(min(search.section.max_trials, search.space.max_points()))


def _num_trials(search: Search, num_told: int) -> int:
    """Trials of the candidates of which nothing was told, at most; racing rounds up in each round."""
    section = search.section
    end, size = _num_candidates(search), section.round_size
    if num_told >= end:
        return 0
    if not isinstance(section.pruning, Racing):
        return (end - num_told) * section.replicates
    num_first = section.pruning.first_seeds
    num_trials = (end - num_told) * num_first
    for start in range(num_told // size * size, end, size):
        # Of a round of which some were told before `max_trials` was raised, any may be among the best of the whole.
        num_kept = num_racing_on(section.pruning, min(size, end - start))
        num_trials += num_kept * (section.replicates - num_first)
    return num_trials


def _num_confirming(search: Search, study: Study, results: Results, num_told: int) -> int:
    """Trials that confirm the winners: at most so many while candidates are to come, else those not in the store."""
    confirm = search.section.confirm
    if confirm is None:
        return 0
    if num_told < _num_candidates(search):
        return min(confirm.top, _num_candidates(search)) * confirm.seeds
    trial_ids = _confirming_trials(search, study, results, confirm)
    sql = """
        SELECT count(DISTINCT trial_id) FROM trials
        WHERE status <> 'pruned' AND trial_id IN (SELECT unnest($wanted::VARCHAR[]))
    """
    return len(trial_ids) - int(results.sql(sql, {"wanted": list(trial_ids)}).rows()[0][0])


def _confirming_trials(search: Search, study: Study, results: Results, confirm: Confirm) -> Sequence[str]:
    """The trials of the winners, as the record of a search whose candidates were all told has them."""
    section = search.section
    told = [
        (one.parameters, one.judged.outcome)
        for one in read_record(results, search, study.name).known
        if one.number < section.max_trials
        and one.judged is not None
        and one.judged.outcome.state is CandidateState.COMPLETED
    ]
    directions = [objective.direction for objective in section.objectives]
    chosen = winners([outcome for _, outcome in told], directions, confirm.top)
    candidates = [search.candidate(told[place][0]) for place in chosen]
    seeds = fresh_seeds(search, study.file.seed_list(), confirm.seeds)
    return [
        trial.trial_id
        for candidate in candidates
        if isinstance(candidate, Candidate)
        for trial in trials_for(search, candidate, seeds)
    ]
