"""Runs the searches of a study side by side: their courses say what to train, the store says what came of it.

All searches come to their barriers together, so that the rounds of several fill the workers between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.driver.driver import RunOutcome
from orchestrator.driver.outcome import SearchOutcome
from orchestrator.driver.study_run import StudyObserver, StudyRun
from orchestrator.search.candidates import Outcome
from orchestrator.search.course import Course, Record, Summary, course
from orchestrator.search.judging import Replicates, Train
from orchestrator.search.record import read_record, read_replicates, records_of
from orchestrator.search.reduction import Replicate
from orchestrator.search.search import Search
from orchestrator.space.trial import Trial, by_id
from orchestrator.study.study import Study
from orchestrator.trainables.contract import TrialStatus
from orchestrator.trainables.estimates import Estimates
from results_store import FolderStore
from results_store import open as open_results
from results_store.records import CandidateEvent, CandidateRecord, CandidateState


@dataclass(kw_only=True)
class Tally:
    """What has come of a study's trials so far; each is in one of the sets.

    Attributes:
        done_before: stood in the store when they were wanted.
        trained: were trained to their end now.
        diverged: those of the trained ones that diverged.
        stopped: were stopped after an epoch now, and not trained on.
        failed: failed now.
        left: were wanted when the run was stopped.
        stop_reason: why it was stopped early.
        is_broken: it could not go on; the reason is an error.
    """

    done_before: set[str] = field(default_factory=set)
    trained: set[str] = field(default_factory=set)
    diverged: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    stop_reason: str | None = None
    is_broken: bool = False


@dataclass(kw_only=True)
class _Running:
    """One search on its way.

    Attributes:
        outcomes: of its candidates by number; None while one is not told.
        wanted: what it waits for; None: it has ended.
        summary: how it has ended.
    """

    search: Search
    course: Course
    outcomes: dict[int, Outcome | None]
    wanted: Train | None = None
    summary: Summary | None = None


class SearchLoop:
    """Runs searches of a study to their ends, or until it is stopped.

    Args:
        study: the study.
        searches: those of its searches that are to be run.
        store: holds their record.
        run: trains trials.
        observer: is told how it goes.

    What is recorded before there are workers is held back until there are: a study that cannot be run leaves nothing.
    """

    def __init__(
        self, study: Study, searches: Sequence[Search], *, store: FolderStore, run: StudyRun, observer: StudyObserver
    ) -> None:
        self._study = study
        self._store = store
        self._run = run
        self._observer = observer
        self.tally = Tally()
        self._progress = ""
        self._held: list[CandidateRecord] = []
        self._has_begun = False
        self._estimates = Estimates(study.trainable)
        self._results = open_results(store.path)
        self._running = [self._begun(search) for search in searches]

    def run(self, others: Sequence[Trial] = ()) -> None:
        """Trains everything; `tally` and `outcomes` say what came of it.

        Args:
            others: trials of the study that belong to no search, and are missing; they are trained with the first ones.
        """
        self._run_all(others)
        self._run.submit()
        self._publish_held()

    def _run_all(self, others: Sequence[Trial]) -> None:
        for running in self._running:
            if not self._may_go_on():
                return
            self._advance(running, None)
        waiting = [running for running in self._running if running.wanted is not None]
        while (waiting or others) and self._may_go_on():
            replicates = self._train(waiting, others)
            if replicates is None:
                return
            others = ()
            for running, replied in zip(waiting, replicates, strict=True):
                if not self._may_go_on():
                    return
                self._advance(running, replied)
            self._tell()
            waiting = [running for running in waiting if running.wanted is not None]

    def _may_go_on(self) -> bool:
        """Proposing takes time, too: it is not begun after Ctrl-C, or when the time is spent."""
        self.tally.stop_reason = self.tally.stop_reason or self._run.stop_reason()
        return self.tally.stop_reason is None

    def outcomes(self) -> tuple[SearchOutcome, ...]:
        """What has come of each search, in their order."""
        return tuple(_outcome(running) for running in self._running)

    def _begun(self, search: Search) -> _Running:
        recorded = read_record(self._results, search, self._study.name)
        self.tally.done_before |= recorded.finished
        return _Running(
            search=search,
            course=course(
                search,
                recorded.known,
                study_seeds=self._study.file.seed_list(),
                confirmed=recorded.confirmed,
            ),
            outcomes={
                one.number: None if one.judged is None else one.judged.outcome
                for one in recorded.known
                if one.number < search.section.max_trials
            },
        )

    def _advance(self, running: _Running, answer: Replicates | None) -> None:
        """Carries out what a search has recorded, until it waits for trials, or has ended."""
        try:
            instruction = next(running.course) if answer is None else running.course.send(answer)
            while isinstance(instruction, Record):
                self._held += records_of(running.search, instruction, self._study.name)
                self._note(running, instruction)
                instruction = next(running.course)
            running.wanted = instruction
        except StopIteration as end:
            running.wanted, running.summary = None, end.value
        if self._has_begun:
            self._publish_held()

    def _publish_held(self) -> None:
        for event in CandidateEvent:  # one file for each
            self._store.publish([record for record in self._held if record.event == event])
        self._held.clear()

    @staticmethod
    def _note(running: _Running, record: Record) -> None:
        if record.event is not CandidateEvent.CONFIRMED:
            for entry in record.entries:
                running.outcomes[entry.number] = entry.outcome

    def _train(self, waiting: Sequence[_Running], others: Sequence[Trial]) -> list[Replicates] | None:
        """Has everything trained that is waited for, and answers each search; None if the run was stopped."""
        wanted = [running.wanted for running in waiting if running.wanted is not None]
        stops = sorted({train.stop_after_epoch for train in wanted} | ({None} if others else set()), key=_whole_first)
        found: dict[tuple[int | None, str], Replicate] = {}
        for stop in stops:
            trials = by_id(trial for train in wanted if train.stop_after_epoch == stop for trial in train.trials)
            of_stop = self._train_alike(trials, others if stop is None else (), stop)
            if of_stop is None:
                return None
            found |= {(stop, trial_id): replicate for trial_id, replicate in of_stop.items()}
        return [
            {trial.trial_id: found[train.stop_after_epoch, trial.trial_id] for trial in train.trials}
            for train in wanted
        ]

    def _train_alike(
        self, trials: dict[str, Trial], others: Sequence[Trial], stop_after_epoch: int | None
    ) -> Replicates | None:
        """Trains what is missing of these trials and says how all of them have ended; None if it was stopped."""
        ended = self._ended(trials, stop_after_epoch)
        missing = by_id([*(trial for trial_id, trial in trials.items() if trial_id not in ended), *others])
        tally = self.tally
        now = tally.trained | tally.stopped | tally.failed
        tally.done_before |= {trial_id for trial_id in ended if trial_id not in now}
        if not missing:
            return ended
        if not self._has_begun:
            self._run.open()
            self._has_begun = True
            self._publish_held()
        self._observer.batch(self._name_of_batch(stop_after_epoch), len(missing))
        run = self._run.train(list(missing.values()), stop_after_epoch=stop_after_epoch, keep_workers=True)
        self._results = open_results(self._store.path)  # once per barrier: what others publish meanwhile may come twice
        after = self._read([*missing], stop_after_epoch)
        self._count(after, run, set(missing))
        if tally.stop_reason is not None:
            return None
        return {trial_id: ended.get(trial_id) or after.get(trial_id) for trial_id in trials}

    def _ended(self, trials: Mapping[str, Trial], stop_after_epoch: int | None) -> dict[str, Replicate]:
        """How those of the trials have ended that need no further run."""
        found = self._read(list(trials), stop_after_epoch)
        return {
            trial_id: replicate
            for trial_id, replicate in found.items()
            if replicate is not None and self._is_enough(replicate[0], trials[trial_id], stop_after_epoch)
        }

    def _is_enough(self, status: TrialStatus, trial: Trial, stop_after_epoch: int | None) -> bool:
        """Whether a trial has come as far as is wanted, and says so.

        One that was trained to its end beyond the epoch of a cut, and whose row of that epoch is damaged, would stand
        there with its final metrics beside the others' early ones.
        """
        if stop_after_epoch is None:
            return status is not TrialStatus.PRUNED
        if status is not TrialStatus.COMPLETED:
            return True
        num_epochs = self._estimates.num_epochs(trial.cell.config)
        return num_epochs is None or num_epochs <= stop_after_epoch

    def _read(self, trial_ids: list[str], stop_after_epoch: int | None) -> dict[str, Replicate]:
        section = self._study.searches[0].section
        metrics = [objective.metric for objective in section.objectives if objective.metric is not None]
        metrics += [constraint.metric for constraint in section.constraints]
        return read_replicates(self._results, trial_ids, metrics, stop_after_epoch)

    def _count(self, ended: dict[str, Replicate], run: RunOutcome, trial_ids: set[str]) -> None:
        tally = self.tally
        tally.failed |= run.failed
        tally.stop_reason, tally.is_broken = run.stop_reason, run.is_broken
        tally.failed -= ended.keys()
        for trial_id, replicate in ended.items():
            if replicate is None:
                continue
            tally.done_before.discard(trial_id)
            was_stopped = replicate[0] is TrialStatus.PRUNED
            (tally.stopped if was_stopped else tally.trained).add(trial_id)
            if not was_stopped:
                tally.stopped.discard(trial_id)
            if replicate[0] is TrialStatus.DIVERGED:
                tally.diverged.add(trial_id)
        gone = trial_ids - ended.keys() - run.failed
        if run.stop_reason is not None:
            tally.left |= gone
        elif gone:
            tally.stop_reason = (
                f"{len(gone)} trials that were published are not in the store any more: "
                "retracted meanwhile, or their files are damaged or gone"
            )
            tally.is_broken = True

    def _name_of_batch(self, stop_after_epoch: int | None) -> str:
        told, most = self._num_told()
        if all(running.wanted is None or _is_complete(running) for running in self._running):
            return f"{told} candidates told; winners are confirmed"
        epochs = "" if stop_after_epoch is None else f", {stop_after_epoch} epochs of each"
        return f"{told} of {most} candidates told{epochs}"

    def _num_told(self) -> tuple[int, int]:
        told = sum(outcome is not None for running in self._running for outcome in running.outcomes.values())
        return told, sum(running.search.section.max_trials for running in self._running)

    def _tell(self) -> None:
        told, most = self._num_told()
        states = [state for running in self._running for state in _states(running)]
        text = f"{told} of {most} candidates told"
        for state in (CandidateState.PRUNED, CandidateState.FAILED):
            if state in states:
                text += f", {states.count(state)} {state}"
        if text != self._progress:
            self._progress = text
            self._observer.progress(text)


def _whole_first(stop_after_epoch: int | None) -> int:
    return 0 if stop_after_epoch is None else stop_after_epoch


def _is_complete(running: _Running) -> bool:
    """Whether every candidate that there will be has been told, so that what it waits for confirms winners."""
    outcomes = running.outcomes.values()
    return len(outcomes) >= running.search.section.max_trials and None not in outcomes


def _states(running: _Running) -> list[CandidateState]:
    return [outcome.state for outcome in running.outcomes.values() if outcome is not None]


def _outcome(running: _Running) -> SearchOutcome:
    states = _states(running)
    failed = [one for one in running.outcomes.values() if one is not None and one.state is CandidateState.FAILED]
    return SearchOutcome(
        search_id=running.search.search_id,
        variants=running.search.variants,
        point=running.search.point,
        max_trials=running.search.section.max_trials,
        num_completed=states.count(CandidateState.COMPLETED),
        num_failed=states.count(CandidateState.FAILED),
        num_pruned=states.count(CandidateState.PRUNED),
        num_confirmed=0 if running.summary is None else len(running.summary.winners),
        ended=None if running.summary is None else running.summary.ended,
        reason=failed[0].reason if failed else None,
    )
