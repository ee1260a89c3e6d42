"""The whole driver under a simulated clock, executor and store: one random schedule of faults per seed.

`run_schedule(seed)` draws everything from one generator: trials, workers, nodes, durations, and every fault. It raises
AssertionError where a promise is broken: the run does not end, a trial is lost or computed without need, attempts are
not bounded, what the driver says is not what the store holds. The same seed is the same schedule, always.
"""

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from simulated_world import DriverKilled, Faults, SimulatedExecutor, SimulatedSignals, SimulatedStore, World

from orchestrator.driver.driver import Driver
from orchestrator.lifecycle.states import TrialState
from orchestrator.space.trial import Trial
from orchestrator.study.schema import Limits
from results_store.records import Provenance, TrialRecord

CELL = SimpleNamespace(config=SimpleNamespace(model_dump=lambda mode: {}), saves_weights=False)
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Outcome:
    """What came of a schedule, for tables of what was tried."""

    num_trials: int
    num_drivers: int
    num_published: int
    num_failed: int
    num_rows: int
    injected: Counter = field(default_factory=Counter)


class Plot:
    """The trials, who among them is bad, and the rest of what a schedule is made of."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world
        self.trials = [Trial(trial_id=f"t{index}", cell=CELL, seed=index) for index in range(rng.randint(1, 16))]
        ids = [trial.trial_id for trial in self.trials]
        chosen = iter(rng.sample(ids, len(ids)))
        self.max_attempts = rng.choice([1, 2, 3])
        self.has_timeout = rng.random() < 0.6
        self.poisonous = set(itertools.islice(chosen, rng.choice([0, 0, 1, 2])))
        self.raising = set(itertools.islice(chosen, rng.choice([0, 0, 1, 2])))
        self.hanging = set(itertools.islice(chosen, rng.choice([0, 0, 1]) if self.has_timeout else 0))
        self.duration_s = rng.choice([0.001, 0.01, 0.3, 20.0])
        self.nodes = [f"node{index}" for index in range(rng.choice([1, 1, 2, 3]))]
        self.bad_nodes = {self.nodes[0]} if len(self.nodes) > 1 and rng.random() < 0.3 else set()
        self.faults = Faults()
        self.executions = {}  # by executor: (trial_id, is_alone) of everything that began
        self.attempts = set()
        self.num_attempts = itertools.count()
        self.num_records = itertools.count()

    @property
    def guilty(self):
        return self.poisonous | self.raising | self.hanging

    def draw_faults(self):
        rng = self.rng
        rates = [0.0, 0.0, 0.05, 0.3]
        names = ["death", "start", "flaky", "late", "zombie", "skip", "busy"]
        faults = Faults(**{name: rng.choice(rates) for name in names}) if rng.random() < 0.8 else Faults()
        if faults.death and self.has_timeout:
            faults.hang = rng.choice([0.0, 0.1])
        if rng.random() < 0.15:
            faults.store = 0.05
        return faults

    def new_attempt_id(self):
        attempt_id = f"a{next(self.num_attempts)}"
        self.attempts.add(attempt_id)
        return attempt_id

    def executed(self, executor, stack):
        for task in stack.tasks:
            self.executions.setdefault(executor, []).append((task.trial_id, stack.publish_at_once))

    def record(self, task):
        return TrialRecord(
            trial_id=task.trial_id,
            attempt_id=task.attempt_id,
            trainable="simulated",
            trainable_version=1,
            seed=task.seed,
            status="completed",
            config={},
            metrics={},
            duration_s=1.0,
            stack_size=1,
            provenance=Provenance(
                git_commit=None,
                git_dirty=None,
                source_hash="",
                versions={},
                host="host",
                cpu="cpu",
                threads=1,
                finished_at=BIRTH + timedelta(seconds=next(self.num_records)),
            ),
        )


class Watcher:
    """An observer; keeps what the driver says."""

    def __init__(self):
        self.begin()

    def begin(self):
        """Another run."""
        self.failures, self.notices = [], []

    def update(self, counts):
        assert all(number >= 0 for number in counts.values())

    def failure(self, failure):
        self.failures.append(failure)

    def notice(self, text):
        self.notices.append(text)

    def nodes_that_lost(self, trial_id):
        lost = [failure for failure in self.failures if failure.kind == "lost"]
        return {failure.host.removeprefix("host-of-") for failure in lost if failure.attempt.trial_id == trial_id}


class Schedule:
    """One story: drivers, one after another and sometimes two at once, until the study is done."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.world = World(self.rng)
        self.store = SimulatedStore(self.world)
        self.plot = Plot(self.rng, self.world)
        self.num_drivers = 0
        self.may_run_twice = False
        self.num_failed = 0

    def run(self):
        for round_ in range(6):
            is_last = round_ == 5
            faults = Faults() if is_last else self.plot.draw_faults()
            self.plot.faults = self.store.faults = faults
            if is_last:
                self.plot.bad_nodes = set()
            outcome = self.drive(faults, disturbed=not is_last, may_have_guest=not is_last)
            if outcome is not None and outcome.stop_reason is None and self.missing() <= self.plot.guilty:
                break
        ids = {trial.trial_id for trial in self.plot.trials}
        stored = {row.trial_id for row in self.store.rows.values()}
        assert ids - self.plot.guilty == stored, f"lost: {ids - self.plot.guilty - stored}, or appeared from nowhere"
        assert self.store.rows.keys() <= self.plot.attempts
        return Outcome(
            num_trials=len(ids),
            num_drivers=self.num_drivers,
            num_published=len(stored),
            num_failed=self.num_failed,
            num_rows=len(self.store.rows),
            injected=self.world.injected,
        )

    def missing(self):
        return {trial.trial_id for trial in self.plot.trials} - {row.trial_id for row in self.store.rows.values()}

    def drive(self, faults, *, disturbed, may_have_guest):
        """One submit; None if its driver was killed."""
        rng = self.rng
        self.num_drivers += 1
        done = self.store.finished(trial.trial_id for trial in self.plot.trials)
        to_run = [trial for trial in self.plot.trials if trial.trial_id not in done]
        cuts = sorted(rng.sample(range(1, len(to_run)), rng.randrange(len(to_run)))) if to_run else []
        stacks = [to_run[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)] if to_run else []
        watcher = Watcher()
        executor = SimulatedExecutor(self.world, self.store, self.plot, watcher)
        moments_s = []
        limits = {"max_attempts": self.plot.max_attempts}
        if self.plot.has_timeout:
            limits["trial_timeout_s"] = self.plot.duration_s * 2
        if disturbed and rng.random() < 0.5:
            match rng.choice(["kill", "guest", "interrupt", "budget", "max_failed"]):
                case "kill":
                    executor.kill_in = rng.randint(1, 60)
                case "guest" if may_have_guest:
                    executor.interlude = (rng.randint(1, 40), self.guest)
                case "interrupt":
                    moments_s = [self.world.now_s + rng.uniform(0, 60) for _ in range(rng.choice([1, 2]))]
                case "budget":
                    limits["time_budget_s"] = rng.uniform(0.1, 60.0)
                case "max_failed":
                    limits["max_failed_trials"] = rng.randint(0, 2)
        driver = Driver(
            store=self.store,
            executor=executor,
            observer=watcher,
            signals=SimulatedSignals(self.world, moments_s),
            clock=SimpleNamespace(now_s=lambda: self.world.now_s),
            attempt_ids=self.plot.new_attempt_id,
        )
        num_runs = rng.choice([1, 1, 2, 3])
        cuts = sorted(rng.randint(0, len(stacks)) for _ in range(num_runs - 1))
        for start, end in zip([0, *cuts], [*cuts, None], strict=True):
            watcher.begin()
            rows_before = len(self.store.rows)
            num_failures_before = len(self.store.failures)
            run = stacks[start:end]
            try:
                outcome = driver.run(
                    run, limits=Limits(**limits), num_workers=rng.randint(1, 4), keep_workers=end is not None
                )
            except DriverKilled:
                self.may_run_twice = True  # what its workers publish while they die nobody notices
                self.check_executions(executor)
                return None
            if faults.zombie or faults.store or outcome.stop_reason is not None or self.num_guests:
                self.may_run_twice = True
            self.check_executions(executor)
            run_trials = [trial for stack in run for trial in stack]
            self.check(outcome, watcher, run_trials, self.store.failures[num_failures_before:], limits)
            assert len(self.store.rows) >= rows_before
            if outcome.stop_reason is not None:
                break
            self.pause()
        return outcome

    def pause(self):
        """Between two runs; now and then a long one."""
        until_s = self.world.now_s + self.rng.choice([0.0, 1.0, 1e5])
        while self.world.step(until_s):
            pass
        self.world.now_s = until_s

    num_guests = 0

    def guest(self):
        """A second driver on the same store, while the first stands still."""
        self.num_guests += 1
        self.world.injected["two drivers"] += 1
        self.may_run_twice = True
        self.drive(self.plot.faults, disturbed=True, may_have_guest=False)

    def check_executions(self, executor):
        executions = self.plot.executions.get(executor, [])
        alone = Counter(trial_id for trial_id, is_alone in executions if is_alone)
        shared = Counter(trial_id for trial_id, is_alone in executions if not is_alone)
        assert all(number <= self.plot.max_attempts for number in alone.values()), f"attempts are bounded: {alone}"
        assert all(number <= 3 for number in shared.values()), f"stacks are not repeated for ever: {shared}"

    def check(self, outcome, watcher, to_run, recorded, limits):
        counts, num_rows = outcome.counts, Counter(row.trial_id for row in self.store.rows.values())
        assert sum(counts.values()) == len(to_run), "every trial has one state"
        missing = [trial.trial_id for trial in to_run if not num_rows[trial.trial_id]]
        given_up = [failure.attempt.trial_id for failure in watcher.failures if failure.gave_up]
        self.num_failed += len(given_up)
        assert len(given_up) == len(set(given_up)) == counts[TrialState.FAILED], "who has failed is told once"
        assert counts[TrialState.PUBLISHED] <= len(to_run) - len(missing), "what counts as done is in the store"
        for failure in watcher.failures:
            assert failure.host.startswith("host-of-"), f"where it happened is known: {failure}"
            assert failure.cause
            assert failure.traceback, f"all that is known is recorded: {failure}"
        if outcome.stop_reason is None:
            assert counts[TrialState.PUBLISHED] + counts[TrialState.FAILED] == len(to_run), "no trial is forgotten"
            assert set(missing) <= set(given_up), "what is not in the store has failed"
            told = {failure.attempt.attempt_id for failure in watcher.failures}
            assert {record.attempt_id for record in recorded} >= told or self.num_guests, "failures are recorded"
            if self.plot.faults.are_few and not self.plot.bad_nodes:
                assert set(given_up) <= self.plot.guilty, "no innocent trial fails for its neighbours"
            if self.plot.faults.are_few and not (self.plot.bad_nodes or self.plot.poisonous or self.plot.hanging):
                assert {failure.kind for failure in watcher.failures} <= {"raised"}, "no worker is lost without a cause"
        elif outcome.stop_reason == "interrupted" or "budget" in outcome.stop_reason or "allows" in outcome.stop_reason:
            assert not outcome.is_broken
        else:
            assert outcome.is_broken, outcome.stop_reason
            assert self.plot.faults.store or self.plot.faults.start, outcome.stop_reason
        if not self.may_run_twice:
            assert all(number == 1 for number in num_rows.values()), "nothing in the store is run again"
            lost = {failure.attempt.attempt_id for failure in watcher.failures if failure.kind == "lost"}
            assert not lost & self.store.rows.keys(), "what is in the store is not lost"
            assert counts[TrialState.PUBLISHED] == len(to_run) - len(missing), "what is in the store counts"
        if "max_failed_trials" in limits and outcome.stop_reason is None:
            assert counts[TrialState.FAILED] <= limits["max_failed_trials"] or not (
                counts[TrialState.PENDING] + counts[TrialState.RUNNING]
            )


def run_schedule(seed: int) -> Outcome:
    """Lives through one random schedule of faults; raises AssertionError where a promise is broken."""
    return Schedule(seed).run()
