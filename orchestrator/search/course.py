"""The course of a search: its rounds, one after another, and the confirmation of its winners.

Pure: a generator yields what is to be recorded and what is to be trained. It begins from what the store's record holds,
so a search that was killed goes on where it was: what was asked keeps its parameters and is trained and told, and what
was told stays told. Where trials that were told have been withdrawn since, or damaged, their round is judged again as a
whole, since who goes on at a barrier depends on the others.
"""

import itertools
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass

from orchestrator.errors import ExecutionError
from orchestrator.search.candidates import Candidate, Outcome, ToldCandidate, told
from orchestrator.search.dominance import winners
from orchestrator.search.judging import Judged, Replicates, Train, judge, trials_for
from orchestrator.search.propose import propose
from orchestrator.search.search import Search
from orchestrator.search.section import Confirm
from orchestrator.search.space import Values
from results_store.records import CandidateEvent, CandidateState


@dataclass(frozen=True, kw_only=True)
class Known:
    """A candidate as it stands in the store's record.

    Attributes:
        number: its place in the search, from 0, in the order asked.
        parameters: the values of its active parameters.
        cell_id: its cell.
        judged: what was told of it; None while nothing was.
        is_sound: whether what was told rests on trials that are in the store.
    """

    number: int
    parameters: Values
    cell_id: str
    judged: Judged | None = None
    is_sound: bool = True


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A candidate in the record.

    Attributes:
        number: its place in the search.
        candidate: what it is.
        seeds: those that it is run with, or was; of a winner those that confirm it.
        outcome: what is told of it.
    """

    number: int
    candidate: Candidate
    seeds: tuple[int, ...]
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """Put these candidates into the store's record, all at once; answered by nothing.

    Attributes:
        event: what happened to them.
        entries: of one round, or all winners.
        num_duplicates: suggestions of their round that were known already.
        num_invalid: suggestions of their round that make no valid configuration.
    """

    event: CandidateEvent
    entries: tuple[Entry, ...]
    num_duplicates: int = 0
    num_invalid: int = 0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a search has ended.

    Attributes:
        outcomes: of its candidates, in the order asked.
        ended: why there are fewer than `max_trials`; None: there are not.
        winners: the numbers of the candidates that were confirmed, the most interesting first.
    """

    outcomes: tuple[Outcome, ...]
    ended: str | None
    winners: tuple[int, ...]


Course = Generator[Record | Train, Replicates | None, Summary]


NUM_SEEDS = 2**63
"""Seeds are whole numbers below."""


def fresh_seeds(search: Search, study_seeds: Sequence[int], number: int) -> tuple[int, ...]:
    """Seeds that the search does not use: the study's others first, then whole numbers beyond them."""
    used = set(search.replicate_seeds)
    largest = max((*study_seeds, *used))
    candidates = itertools.chain(study_seeds, range(largest + 1, NUM_SEEDS), range(largest))
    unused = (seed for seed in candidates if seed not in used)
    distinct = dict.fromkeys(itertools.islice(unused, number + len(study_seeds)))
    return tuple(itertools.islice(distinct, number))


def course(
    search: Search,
    known: Sequence[Known],
    *,
    study_seeds: Sequence[int] = (),
    confirmed: Collection[tuple[str, tuple[int, ...]]] = (),
) -> Course:
    """Runs a search to its end.

    Args:
        search: what is searched.
        known: its candidates in the store's record, in any order.
        study_seeds: the study's seeds; winners are confirmed on those that the search does not use.
        confirmed: cells, with their seeds, that stand in the record as confirmed for this study.
    """
    return _Course(search, known).run(study_seeds, confirmed)


class _Course:
    def __init__(self, search: Search, known: Sequence[Known]) -> None:
        self._search = search
        self._round_size = search.section.round_size
        by_number = sorted((one for one in known if one.number < search.section.max_trials), key=lambda one: one.number)
        # What lies behind a gap was asked in an order that nobody knows any more.
        whole = [one for place, one in enumerate(by_number) if one.number == place]
        self._candidates = [_candidate(search, one) for one in whole]
        unsound = {one.number // self._round_size for one in whole if not one.is_sound}
        self._judged: list[Judged | None] = [
            None if one.number // self._round_size in unsound else one.judged for one in whole
        ]

    def run(self, study_seeds: Sequence[int], confirmed: Collection[tuple[str, tuple[int, ...]]]) -> Course:
        ended = None
        for round_index in itertools.count():
            if ended is not None or round_index * self._round_size >= self._search.section.max_trials:
                break
            ended = yield from self._round(round_index)
        confirm = self._search.section.confirm
        chosen = [] if confirm is None else (yield from self._confirm(confirm, study_seeds, confirmed))
        return Summary(
            outcomes=tuple(judged.outcome for judged in self._judged if judged is not None),
            ended=ended,
            winners=tuple(chosen),
        )

    def _round(self, round_index: int) -> Generator[Record | Train, Replicates | None, str | None]:
        """One round; says why there will be no further one, if there will not."""
        first = round_index * self._round_size
        end = min(first + self._round_size, self._search.section.max_trials)
        ended = None
        if len(self._candidates) < end:
            proposals = propose(self._search, self._history(first), round_index)
            asked = {candidate.cell.cell_id for candidate in self._candidates[first:]}
            new = [candidate for candidate in proposals.candidates if candidate.cell.cell_id not in asked]
            new = new[: end - len(self._candidates)]
            start = len(self._candidates)
            self._candidates += new
            self._judged += [None] * len(new)
            if len(self._candidates) < end:
                ended = proposals.ended
            if new:
                yield Record(
                    event=CandidateEvent.ASKED,
                    entries=tuple(self._entry(start + place) for place in range(len(new))),
                    num_duplicates=proposals.num_duplicates,
                    num_invalid=proposals.num_invalid,
                )
        numbers = range(first, min(end, len(self._candidates)))
        if any(self._judged[number] is None for number in numbers):
            yield from self._judge_round(numbers)
        return ended

    def _judge_round(self, numbers: Sequence[int]) -> Generator[Record | Train, Replicates | None, None]:
        """Judges a round as a whole: where some were told before the others were asked, they are judged with them."""
        judging = judge(self._search, [self._candidates[number] for number in numbers])
        try:
            wanted = next(judging)
            while True:
                replicates = yield wanted
                assert replicates is not None
                wanted = judging.send(replicates)
        except StopIteration as end:
            self._judged[numbers[0] : numbers[-1] + 1] = end.value
        yield self._told(numbers)

    def _confirm(
        self, confirm: Confirm, study_seeds: Sequence[int], confirmed: Collection[tuple[str, tuple[int, ...]]]
    ) -> Generator[Record | Train, Replicates | None, list[int]]:
        seeds = fresh_seeds(self._search, study_seeds, confirm.seeds)
        completed = {
            number: judged.outcome
            for number, judged in enumerate(self._judged)
            if judged is not None and judged.outcome.state is CandidateState.COMPLETED
        }
        numbers, directions = list(completed), [objective.direction for objective in self._search.section.objectives]
        chosen = [numbers[place] for place in winners(list(completed.values()), directions, confirm.top)]
        new = [number for number in chosen if (self._candidates[number].cell.cell_id, seeds) not in confirmed]
        if new:
            entries = [Entry(number=number, candidate=self._candidates[number], seeds=seeds) for number in new]
            yield Record(event=CandidateEvent.CONFIRMED, entries=tuple(entries))
        if chosen:
            trials = [trials_for(self._search, self._candidates[number], seeds) for number in chosen]
            yield Train(trials=tuple(trial for of_one in trials for trial in of_one))
        return chosen

    def _history(self, end: int) -> list[ToldCandidate]:
        """Everything told of the rounds before a candidate."""
        history: list[ToldCandidate] = []
        for first in range(0, end, self._round_size):
            of_round = self._judged[first : first + self._round_size]
            outcomes = [judged.outcome for judged in of_round if judged is not None]
            candidates = self._candidates[first : first + self._round_size]
            history += told(candidates, outcomes, first // self._round_size)
        return history

    def _told(self, numbers: Sequence[int]) -> Record:
        return Record(event=CandidateEvent.TOLD, entries=tuple(self._entry(number) for number in numbers))

    def _entry(self, number: int) -> Entry:
        judged = self._judged[number]
        return Entry(
            number=number,
            candidate=self._candidates[number],
            seeds=self._search.replicate_seeds if judged is None else judged.seeds,
            outcome=None if judged is None else judged.outcome,
        )


def _candidate(search: Search, known: Known) -> Candidate:
    """A candidate of the record as the installed trainable understands it."""
    candidate = search.candidate(known.parameters)
    if not isinstance(candidate, Candidate) or candidate.cell.cell_id != known.cell_id:
        raise ExecutionError(
            f"candidate {known.number} of search {search.search_id[:12]} makes another configuration than when it was "
            f"recorded: trainable {search.space.trainable.name!r} has changed; raise its version, which begins anew"
        )
    return candidate
