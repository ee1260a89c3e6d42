"""Training trials of one study within one submit, in one go or in several: workers, limits and the submission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from orchestrator.driver.clock import Clock
from orchestrator.driver.driver import Driver, Observer, RunOutcome, Spent
from orchestrator.driver.signals import StopSignals
from orchestrator.executors.capacity import Capacity
from orchestrator.executors.protocol import Executor
from orchestrator.lifecycle.states import TrialState
from orchestrator.plan.plan import longest_first
from orchestrator.plan.stacking import make_stacks, warning_of_memory
from orchestrator.space.trial import Trial
from orchestrator.study.study import Study
from orchestrator.study.submission import submission_record
from orchestrator.trainables.estimates import Estimates
from orchestrator.worker.assignment import WorkerSetup
from orchestrator.worker.provenance import git_state
from results_store import FolderStore


class StudyObserver(Observer, Protocol):
    """Who is told how a study goes."""

    def batch(self, name: str, num_trials: int) -> None:
        """A further batch of trials begins: what it is, and how many are to be run."""

    def progress(self, text: str) -> None:
        """How far the study as a whole is, from time to time."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a study is run with; None: chosen.

    Attributes:
        num_workers: how many workers.
        memory_per_worker_bytes: how much memory a worker may use.
        stack_size: how many trials at most are trained together.
    """

    num_workers: int | None = None
    memory_per_worker_bytes: int | None = None
    stack_size: int | None = None

    def bound(self, capacity: Capacity) -> Capacity:
        """The capacity with as much memory as was asked for."""
        asked = self.memory_per_worker_bytes
        return capacity if asked is None else replace(capacity, memory_per_worker_bytes=asked)


class StudyRun:
    """Trains what it is given; the study's limits hold for all calls together.

    The submission is recorded when there are workers, or when it is known that none is needed: a study that cannot be
    run leaves nothing in the store.
    """

    def __init__(
        self,
        study: Study,
        *,
        store: FolderStore,
        executor: Executor,
        signals: StopSignals,
        resources: Resources,
        observer: Observer,
        clock: Clock,
        warn: Callable[[str], None],
    ) -> None:
        self._study = study
        self._store = store
        self._executor = executor
        self._signals = signals
        self._resources = resources
        self._warn = warn
        self._clock = clock
        self._estimates = Estimates(study.trainable)
        self._driver = Driver(store=store, executor=executor, observer=observer, signals=signals, clock=clock)
        self._capacity: Capacity | None = None
        self._is_submitted = False
        self._has_warned = False
        self._spent = Spent()

    def submit(self) -> None:
        """Records the submission, once."""
        if not self._is_submitted:
            self._store.publish([submission_record(self._study)])
            self._is_submitted = True

    def grow(self, study: Study) -> None:
        """From now on the study has further cells, whose values have been measured: it is recorded anew.

        Args:
            study: the same study with more cells.
        """
        self._study = study
        self._is_submitted = False
        self.submit()

    def train(
        self, trials: Sequence[Trial], *, stop_after_epoch: int | None = None, keep_workers: bool = False
    ) -> RunOutcome:
        """Runs every trial to its end, or until it is told to stop.

        Args:
            trials: what to train; at least one.
            stop_after_epoch: trials that train longer are stopped after this epoch, and recorded as pruned.
            keep_workers: more is to be trained after these: workers stay warm.
        """
        capacity = self.open()
        ordered = longest_first(trials, self._estimates)
        self._warn_of_memory(ordered, capacity)
        stacks = make_stacks(ordered, self._estimates, capacity, self._resources.stack_size)
        outcome = self._driver.run(
            [stack.trials for stack in stacks],
            limits=self._study.file.limits,
            num_workers=capacity.num_workers,
            keep_workers=keep_workers,
            stop_after_epoch=stop_after_epoch,
            spent=self._spent,
        )
        self._spent = replace(self._spent, num_failed=self._spent.num_failed + outcome.counts[TrialState.FAILED])
        return outcome

    def stop_reason(self) -> str | None:
        """Why nothing more is to be begun, whatever happens between two runs; None: it may be."""
        if self._signals.reason is not None:
            return self._signals.reason
        budget_s, begun_s = self._study.file.limits.time_budget_s, self._spent.begun_s
        if budget_s is not None and begun_s is not None and self._clock.now_s() - begun_s >= budget_s:
            return f"the time budget of {budget_s:g} s is spent"
        return None

    def release(self) -> None:
        """Ends workers that were kept."""
        if self._capacity is not None:
            self._executor.release()

    def open(self) -> Capacity:
        """Gets the workers' executor ready, and records the submission, if that has not been done.

        Raises:
            ExecutionError: there are no workers to be had.
        """
        if self._capacity is None:
            study = self._study
            commit, is_dirty = git_state(study.trainable)
            setup = WorkerSetup(trainable=study.file.trainable, pins=study.pins, git_commit=commit, git_dirty=is_dirty)
            self._capacity = self._resources.bound(self._executor.open(setup, self._resources.num_workers))
            self._spent = Spent(begun_s=self._clock.now_s())
            if study.file.limits.trial_timeout_s is not None and not self._executor.can_stop_workers:
                self._warn(
                    f"{study.name}: limits.trial_timeout_s does nothing here: one process cannot stop its own training"
                )
        self.submit()
        return self._capacity

    def _warn_of_memory(self, trials: Sequence[Trial], capacity: Capacity) -> None:
        warning = None if self._has_warned else warning_of_memory(trials, self._estimates, capacity)
        if warning is not None:
            self._has_warned = True
            self._warn(f"{self._study.name}: {warning}")
