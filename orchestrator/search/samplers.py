"""Optuna's samplers, each made to depend on the history of a search alone.

A sampler lives for one round. What Optuna would keep in its own state is derived from the history instead:

- random, tpe, gp: the random state, seeded from the sampler's seed and the round's index.
- nsga2: the generation of each trial, which Optuna keeps in system attributes: `generations` counts them.
- qmc: the number of the next point of the sequence, which Optuna keeps in a system attribute of the study.
- cmaes is not offered: Optuna pickles its whole state into system attributes of trials, and its package is no
  dependency of this one.
"""

import hashlib
import warnings
from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler

from orchestrator.document.model import Scalar
from orchestrator.identity.canonical import canonical_json
from orchestrator.search.candidates import ToldCandidate
from orchestrator.search.parameters import CategoricalParameter, IntParameter
from orchestrator.search.section import Sampler, SamplerName
from orchestrator.search.space import SearchedParameter, SearchSpace
from results_store.records import CandidateState

POPULATION_SIZE = 50
"""Of nsga2, where the study does not say; Optuna's own default."""

MAX_INDEPENDENT = 400
"""Candidates up to which tpe keeps Optuna's default for several objectives: one model per parameter. That is better on
Optuna's benchmarks (optuna/optuna#6766) but sorts the whole history once per parameter, 28 ms per candidate at 1,000
candidates and 4 parameters; one model of all parameters together takes 14 ms."""

GENERATION = "NSGAIISampler:generation"
"""The trial's system attribute in which Optuna's NSGA-II keeps its generation."""


def distribution(parameter: SearchedParameter) -> BaseDistribution:
    """The parameter's values in Optuna's words."""
    domain = parameter.domain
    if isinstance(domain, CategoricalParameter):
        return CategoricalDistribution(domain.choices)
    if isinstance(domain, IntParameter):
        return IntDistribution(domain.low, domain.high, log=domain.log, step=domain.step or 1)
    return FloatDistribution(domain.low, domain.high, log=domain.log, step=domain.step)


def suggest(trial: optuna.Trial, parameter: SearchedParameter) -> Scalar:
    """The sampler's value for a parameter of a running trial."""
    name, domain = parameter.name, parameter.domain
    if isinstance(domain, CategoricalParameter):
        choice: Scalar = trial.suggest_categorical(name, domain.choices)
        return choice
    if isinstance(domain, IntParameter):
        return trial.suggest_int(name, domain.low, domain.high, log=domain.log, step=domain.step or 1)
    return trial.suggest_float(name, domain.low, domain.high, log=domain.log, step=domain.step)


def round_seed(sampler: Sampler, round_index: int, purpose: str = "sampler") -> int:
    """A seed for one round: 32 bits of a hash, so that neighbouring rounds and seeds have nothing in common."""
    content = canonical_json(["search", sampler.seed, round_index, purpose])
    return int.from_bytes(hashlib.sha256(content.encode("ascii")).digest()[:4], "big")


def make_sampler(
    sampler: Sampler, space: SearchSpace, round_index: int, *, num_told: int, num_drawn: int
) -> BaseSampler:
    """The sampler of one round.

    Args:
        sampler: what the study asks for.
        space: what is searched.
        round_index: from 0.
        num_told: candidates of earlier rounds.
        num_drawn: those of them that the sampler proposed, fixed points left out.
    """
    seed = round_seed(sampler, round_index)
    match sampler.name:
        case SamplerName.RANDOM:
            return RandomSampler(seed=seed)
        case SamplerName.TPE:
            return TPESampler(seed=seed, multivariate=True if num_told > MAX_INDEPENDENT else None, constant_liar=True)
        case SamplerName.NSGA2:
            return NSGAIISampler(seed=seed, population_size=sampler.population_size or POPULATION_SIZE)
        case SamplerName.GP:
            return GPSampler(seed=seed, warn_independent_sampling=False)
        case SamplerName.QMC:
            return _Sequence(round_seed(sampler, 0, "sequence"), seed, space, num_drawn)


def generations(sampler: Sampler, history: Sequence[ToldCandidate]) -> list[int]:
    """The generation of NSGA-II in which each candidate was proposed, by Optuna's rule.

    A round belongs to one generation, since all of it is asked for before any of it is told: to the last one as long
    as that has fewer completed candidates than a population, else to the next.
    """
    population_size = sampler.population_size or POPULATION_SIZE
    found: list[int] = []
    generation = num_completed = num_new = round_index = 0
    for candidate in history:
        if candidate.round_index != round_index:
            round_index, num_completed, num_new = candidate.round_index, num_completed + num_new, 0
            if num_completed >= population_size:
                generation, num_completed = generation + 1, 0
        found.append(generation)
        num_new += candidate.outcome.state is CandidateState.COMPLETED
    return found


class _Sequence(QMCSampler):
    """Scrambled Sobol points, counted from the history."""

    def __init__(self, sequence_seed: int, seed: int, space: SearchSpace, num_drawn: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            super().__init__(
                scramble=True,
                seed=sequence_seed,
                independent_sampler=RandomSampler(seed=seed),
                warn_independent_sampling=False,
            )
        self._space = {parameter.name: distribution(parameter) for parameter in space.parameters}
        self._next = num_drawn

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: optuna.trial.FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """The whole space, also for the first point, which Optuna would draw at random."""
        return self._space

    def _find_sample_id(self, study: optuna.Study, search_space: dict[str, BaseDistribution]) -> int:  # noqa: ARG002
        number = self._next
        self._next += 1
        return number
