"""From a round's candidates to what is told of them: what is trained, and who is given up at which barrier.

Pure: a generator yields the trials that it wants trained, and is sent how they ended. It decides when all of them have,
so neither the clock nor the order in which they end has a say.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.search.candidates import Candidate, Outcome
from orchestrator.search.dominance import most_promising
from orchestrator.search.reduction import Replicate, reduce_candidate
from orchestrator.search.search import Search
from orchestrator.search.section import Halving, Racing
from orchestrator.space.trial import Trial, trials_of
from orchestrator.trainables.contract import TrialStatus
from orchestrator.trainables.estimates import Estimates
from results_store.records import CandidateState

Replicates = Mapping[str, Replicate]
"""How trials have ended, by trial id."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Have these trials trained, as far as they are not; answered by the `Replicates`.

    Attributes:
        trials: without repetitions.
        stop_after_epoch: those that train longer are stopped after this epoch, and answered as pruned, with its
            metrics; None: all are trained to their end.
    """

    trials: tuple[Trial, ...]
    stop_after_epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A candidate that has been judged.

    Attributes:
        outcome: what is told of it.
        seeds: those that were run.
    """

    outcome: Outcome
    seeds: tuple[int, ...]


Judging = Generator[Train, Replicates, list[Judged]]


def judge(search: Search, candidates: Sequence[Candidate]) -> Judging:
    """Judges the candidates of one round, in their order."""
    match search.section.pruning:
        case None:
            return (yield from _whole(search, candidates))
        case Racing() as racing:
            return (yield from _race(search, candidates, racing))
        case Halving() as halving:
            return (yield from _halve(search, candidates, halving))


def num_racing_on(racing: Racing, num_candidates: int) -> int:
    """How many of a round's candidates get the other seeds: as written, since 0.28 * 25 is more than 7 in floats."""
    return math.ceil(Fraction(str(racing.keep)) * num_candidates)


def trials_for(search: Search, candidate: Candidate, seeds: Sequence[int]) -> list[Trial]:
    """A candidate's trials, in the order of the seeds."""
    return list(trials_of(search.space.trainable, candidate.cell, search.pins, seeds))


def reduced(search: Search, candidate: Candidate, trials: Sequence[Trial], replicates: Replicates) -> Outcome:
    """What is told of a candidate whose trials have ended so."""
    return reduce_candidate(search.section, candidate.parameters, [replicates[trial.trial_id] for trial in trials])


def _whole(search: Search, candidates: Sequence[Candidate]) -> Judging:
    outcomes = yield from _train(search, candidates, search.replicate_seeds)
    return [Judged(outcome=outcome, seeds=search.replicate_seeds) for outcome in outcomes]


def _race(search: Search, candidates: Sequence[Candidate], racing: Racing) -> Judging:
    """Every candidate gets the first seeds; those that are promising beside the others of the round get the rest."""
    first = search.replicate_seeds[: racing.first_seeds]
    outcomes = yield from _train(search, candidates, first)
    kept = _kept(search, outcomes, num_racing_on(racing, len(candidates)))
    whole = yield from _train(search, [candidates[place] for place in kept], search.replicate_seeds)
    results = dict(zip(kept, whole, strict=True))
    reason = f"not among the {len(kept)} best of its round after {len(first)} of {len(search.replicate_seeds)} seeds"
    return [
        Judged(outcome=results[place], seeds=search.replicate_seeds)
        if place in results
        else Judged(outcome=_pruned(outcome, reason), seeds=first)
        for place, outcome in enumerate(outcomes)
    ]


def _halve(search: Search, candidates: Sequence[Candidate], halving: Halving) -> Judging:
    """One in `factor` goes on at each cut, as long as there are epochs left; the others are trained to the end."""
    estimates = Estimates(search.space.trainable)
    results: dict[int, Outcome] = {}
    alive = list(range(len(candidates)))
    epochs = halving.first_epochs
    while len(alive) > 1 and all(_trains_on(estimates, candidates[place], epochs) for place in alive):
        of_alive = [trials_for(search, candidates[place], search.replicate_seeds) for place in alive]
        trials = tuple(trial for of_one in of_alive for trial in of_one)
        replicates = yield Train(trials=trials, stop_after_epoch=epochs)
        at_cut = {trial_id: _as_if_ended(replicate) for trial_id, replicate in replicates.items()}
        outcomes = [
            reduced(search, candidates[place], of_one, at_cut) for place, of_one in zip(alive, of_alive, strict=True)
        ]
        kept = [alive[index] for index in _kept(search, outcomes, math.ceil(len(alive) / halving.factor))]
        for place, of_one, outcome in zip(alive, of_alive, outcomes, strict=True):
            if not any(_was_stopped(replicates[trial.trial_id]) for trial in of_one):
                results[place] = outcome
            elif place not in kept:
                results[place] = _pruned(outcome, f"not among the {len(kept)} best after {epochs} epochs")
        alive = [place for place in kept if place not in results]
        epochs *= halving.factor
    outcomes = yield from _train(search, [candidates[place] for place in alive], search.replicate_seeds)
    results |= dict(zip(alive, outcomes, strict=True))
    return [Judged(outcome=results[place], seeds=search.replicate_seeds) for place in range(len(candidates))]


def _trains_on(estimates: Estimates, candidate: Candidate, epochs: int) -> bool:
    num_epochs = estimates.num_epochs(candidate.cell.config)
    return num_epochs is None or num_epochs > epochs


def _was_stopped(replicate: Replicate) -> bool:
    return replicate is not None and replicate[0] is TrialStatus.PRUNED


def _as_if_ended(replicate: Replicate) -> Replicate:
    return replicate if replicate is None or not _was_stopped(replicate) else (TrialStatus.COMPLETED, replicate[1])


def _train(
    search: Search, candidates: Sequence[Candidate], seeds: Sequence[int]
) -> Generator[Train, Replicates, list[Outcome]]:
    if not candidates:
        return []
    of_candidates = [trials_for(search, candidate, seeds) for candidate in candidates]
    replicates = yield Train(trials=tuple(trial for of_one in of_candidates for trial in of_one))
    return [
        reduced(search, candidate, of_one, replicates)
        for candidate, of_one in zip(candidates, of_candidates, strict=True)
    ]


def _kept(search: Search, outcomes: Sequence[Outcome], number: int) -> list[int]:
    """The places of the best so many; what has failed is not among them."""
    completed = [place for place, outcome in enumerate(outcomes) if outcome.state is CandidateState.COMPLETED]
    directions = [objective.direction for objective in search.section.objectives]
    best = most_promising([outcomes[place] for place in completed], directions, number)
    return [completed[place] for place in best]


def _pruned(outcome: Outcome, reason: str) -> Outcome:
    """What is told of a candidate that is given up; one that has failed stays failed."""
    if outcome.state is CandidateState.FAILED:
        return outcome
    return Outcome(state=CandidateState.PRUNED, reason=reason)
