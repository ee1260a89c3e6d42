"""What to try next: a pure function of a search and of what was told.

Each round makes a study of Optuna in memory, tells it the history in the order asked, and asks a fresh sampler, seeded
from the sampler's seed and the round's index. Nothing is kept between rounds. So a search that was killed and resumed
proposes what an undisturbed one would, on any machine, with any number of workers; and since all of a round is asked
before any of it is told, the order in which its trials end means nothing.
"""

import contextlib
import copy
import datetime
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from orchestrator.document.model import Scalar
from orchestrator.search.candidates import Candidate, Outcome, Proposals, ToldCandidate
from orchestrator.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from orchestrator.search.samplers import GENERATION, distribution, generations, make_sampler, round_seed, suggest
from orchestrator.search.search import Search
from orchestrator.search.section import SamplerName
from orchestrator.search.space import SearchedParameter, Values
from results_store.records import CandidateState
from results_store.search import quiet_optuna

MAX_ATTEMPTS = 20
"""Suggestions for one candidate before it is drawn at random instead."""

MAX_ATTEMPTS_OF_GP = 3
"""The same for gp, each of whose suggestions takes seconds."""

MAX_RANDOM_DRAWS = 200
"""Random points for one candidate before the search ends."""

MAX_LISTED_POINTS = 20_000
"""A finite space of no more points is gone through to find the ones that are left."""

STATES = {
    CandidateState.COMPLETED: TrialState.COMPLETE,
    CandidateState.FAILED: TrialState.FAIL,
    CandidateState.PRUNED: TrialState.PRUNED,
}


def propose(search: Search, history: Sequence[ToldCandidate], round_index: int) -> Proposals:
    """The candidates of one round; a whole round, whatever `max_trials` says.

    Where `max_trials` allows fewer, take the first ones and do not tell them: asked again with a larger `max_trials`,
    the same round continues behind them, as if it had never been cut.

    Args:
        search: what is searched.
        history: all candidates of all earlier rounds, in the order asked, each with what came of it.
        round_index: from 0.
    """
    assert all(candidate.round_index < round_index for candidate in history)
    assert all(one.round_index <= other.round_index for one, other in itertools.pairwise(history))
    is_gp = search.section.sampler.name is SamplerName.GP
    with quiet_optuna(), _one_thread() if is_gp else contextlib.nullcontext():
        return _Round(search, history, round_index).propose()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Has torch compute on one thread: how many there are decides the order of its sums, and so the last bits."""
    import torch  # takes seconds, and only gp computes with it

    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)


class _Round:
    def __init__(self, search: Search, history: Sequence[ToldCandidate], round_index: int) -> None:
        self._search = search
        self._sampler = search.section.sampler
        fixed = [_key(values) for values in search.fixed]
        num_drawn = sum(_key(candidate.parameters) not in fixed for candidate in history)
        self._study = optuna.create_study(
            directions=[objective.direction for objective in search.section.objectives],
            sampler=make_sampler(self._sampler, search.space, round_index, num_told=len(history), num_drawn=num_drawn),
        )
        self._study.add_trials(frozen_trials(search, history))
        self._outcomes: dict[str, Outcome | None] = {told.cell_id: told.outcome for told in history}
        self._cells_by_values = {_key(told.parameters): told.cell_id for told in history}
        self._random = random.Random(round_seed(self._sampler, round_index, "replacement"))
        self._max_attempts = MAX_ATTEMPTS_OF_GP if self._sampler.name is SamplerName.GP else MAX_ATTEMPTS
        self._num_duplicates = 0
        self._num_invalid = 0

    def propose(self) -> Proposals:
        candidates: list[Candidate] = []
        ended = None
        while len(candidates) < self._search.section.round_size and ended is None:
            candidate = self._fixed() or self._suggested() or self._drawn()
            if candidate is None:
                ended = self._why_ended(len(candidates))
            else:
                candidates.append(candidate)
        return Proposals(
            candidates=tuple(candidates),
            num_duplicates=self._num_duplicates,
            num_invalid=self._num_invalid,
            ended=ended,
        )

    def _fixed(self) -> Candidate | None:
        for values in self._search.fixed:
            if _key(values) not in self._cells_by_values:
                candidate = self._accept(values)
                if candidate is not None:
                    self._ask(values)
                    return candidate
        return None

    def _suggested(self) -> Candidate | None:
        """What the sampler suggests; what is known already is told and replaced."""
        for _ in range(self._max_attempts):
            trial = self._study.ask()
            values = self._search.space.walk(partial(suggest, trial))
            candidate = self._accept(values)
            if candidate is not None:
                return candidate
            self._tell(trial, values)
        return None

    def _drawn(self) -> Candidate | None:
        """A random point that is not known, where the sampler finds none."""
        space = self._search.space
        if space.max_points() <= MAX_LISTED_POINTS:
            points = [point for point in space.points() if _key(point) not in self._cells_by_values]
            self._random.shuffle(points)
        else:
            points = [space.walk(partial(_draw, self._random)) for _ in range(MAX_RANDOM_DRAWS)]
        for values in points:
            candidate = self._accept(values)
            if candidate is not None:
                self._ask(values)
                return candidate
        return None

    def _ask(self, values: Values) -> None:
        """Lets the sampler know of a candidate that it did not suggest."""
        self._study.enqueue_trial(dict(values))
        trial = self._study.ask()
        self._search.space.walk(partial(suggest, trial))

    def _accept(self, values: Values) -> Candidate | None:
        """The candidate with these values, unless it is known or invalid."""
        key = _key(values)
        if key in self._cells_by_values:
            self._num_duplicates += bool(self._cells_by_values[key])
            self._num_invalid += not self._cells_by_values[key]
            return None
        candidate = self._search.candidate(values)
        if not isinstance(candidate, Candidate):
            self._cells_by_values[key] = ""
            self._num_invalid += 1
            return None
        self._cells_by_values[key] = candidate.cell.cell_id
        if candidate.cell.cell_id in self._outcomes:
            self._num_duplicates += 1
            return None
        self._outcomes[candidate.cell.cell_id] = None
        return candidate

    def _tell(self, trial: optuna.Trial, values: Values) -> None:
        """Tells a suggestion that is no candidate: its known outcome, or that it failed.

        One that is proposed in this very round is left running, so that the sampler keeps away from it. NSGA-II counts
        completed trials to know when a generation is full; a duplicate must not fill its place.
        """
        cell_id = self._cells_by_values[_key(values)]
        outcome = self._outcomes.get(cell_id)
        if cell_id and outcome is None:
            return
        if outcome is None or not outcome.values or self._sampler.name is SamplerName.NSGA2:
            self._study.tell(trial, state=TrialState.FAIL)
            return
        for index, violation in enumerate(outcome.violations):
            trial.set_constraint(str(index), violation)
        self._study.tell(trial, outcome.values)

    def _why_ended(self, num_new: int) -> str:
        num_known = sum(outcome is not None for outcome in self._outcomes.values()) + num_new
        if self._search.space.max_points() <= MAX_LISTED_POINTS:
            return f"the space is exhausted: all its {num_known:,} valid configurations are candidates"
        num_tries = self._max_attempts + MAX_RANDOM_DRAWS
        return (
            f"no new valid configuration was found in {num_tries} tries, after {num_known:,} candidates; "
            "widen the ranges of `search.parameters`, or mend those that the trainable refuses"
        )


class _Told(FrozenTrial):
    """A finished trial, which nobody changes; Optuna copies each one deeply, most of the time of a round."""

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenTrial:
        return copy.copy(self)


def frozen_trials(search: Search, history: Sequence[ToldCandidate]) -> Iterator[FrozenTrial]:
    """The history as trials of Optuna, in the order asked."""
    distributions = {parameter.name: distribution(parameter) for parameter in search.space.parameters}
    of_generation = generations(search.section.sampler, history)
    genetic = search.section.sampler.name is SamplerName.NSGA2
    time = datetime.datetime.fromtimestamp(0, tz=datetime.UTC)
    for candidate, generation in zip(history, of_generation, strict=True):
        outcome = candidate.outcome
        trial = _Told(
            number=-1,
            trial_id=-1,
            state=STATES[outcome.state],
            value=None,
            values=outcome.values or None,
            datetime_start=time,
            datetime_complete=time,
            params=dict(candidate.parameters),
            distributions={name: distributions[name] for name in candidate.parameters},
            user_attrs={},
            system_attrs={GENERATION: generation} if genetic else {},
            intermediate_values={},
        )
        for index, violation in enumerate(outcome.violations):
            trial.set_constraint(str(index), violation)
        yield trial


def _key(values: Values) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(values.items()))


def _draw(source: random.Random, parameter: SearchedParameter) -> Scalar:
    """A random value of a parameter, whatever the sampler."""
    domain = parameter.domain
    if isinstance(domain, CategoricalParameter):
        return source.choice(domain.choices)
    if domain.log:
        drawn = math.exp(source.uniform(math.log(domain.low), math.log(domain.high)))
        drawn = min(max(drawn, domain.low), domain.high)
        return round(drawn) if isinstance(domain, IntParameter) else drawn
    if isinstance(domain, FloatParameter) and domain.step is None:
        return source.uniform(domain.low, domain.high)
    return domain.value_at(source.randrange(domain.num_steps() + 1))
