"""What is to come of a search: how many trials at most, and how long they take."""

from orchestrator.executors.capacity import Capacity
from orchestrator.plan.forecast import Forecast
from orchestrator.plan.plan import SearchPlan, longest_first
from orchestrator.plan.stacking import make_stacks
from orchestrator.search.judging import trials_for
from orchestrator.search.propose import propose
from orchestrator.search.search import Search
from orchestrator.search.section import Racing
from orchestrator.trainables.estimates import Estimates
from results_store import Results
from results_store.search import num_told


def plan_search(search: Search, results: Results, forecast: Forecast, capacity: Capacity) -> SearchPlan:
    """Plans a search against a store; later candidates are thought to take as long as those of the first round."""
    told = num_told(results, search.search_id)
    num_trials = _num_trials(search, search.section.max_trials - told)
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


def _num_trials(search: Search, num_candidates: int) -> int:
    """Trials of so many more candidates, and of the winners' confirmation, which may have been run before."""
    section = search.section
    if num_candidates <= 0:
        return 0
    per_candidate = float(section.replicates)
    if isinstance(section.pruning, Racing):
        first = section.pruning.first_seeds
        per_candidate = first + section.pruning.keep * (section.replicates - first)
    num_confirming = 0 if section.confirm is None else section.confirm.top * section.confirm.seeds
    return round(num_candidates * per_candidate) + num_confirming
