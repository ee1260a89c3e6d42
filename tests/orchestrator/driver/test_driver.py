"""The shell around the state machine: what it makes of time."""

from types import SimpleNamespace

import pytest

from orchestrator.driver.driver import Driver
from orchestrator.driver.signals import StopSignals
from orchestrator.lifecycle.events import StackTrained, WorkerLost, WorkerPlaced, WorkerStarted
from orchestrator.lifecycle.states import TrialState
from orchestrator.space.trial import Trial
from orchestrator.study.schema import Limits

CELL = SimpleNamespace(config=SimpleNamespace(model_dump=lambda mode: {}), saves_weights=False)
TIMEOUT_S = 10.0


class OneWorker:
    """An executor whose only worker replies after some polls, which are as far apart as a test says."""

    can_stop_workers = True

    def __init__(self, steps_s):
        self.now_s, self.num_stopped, self.steps_s = 0.0, 0, iter(steps_s)
        self.events, self.attempts = [], ()

    def start_worker(self, worker_id, avoid=()):
        self.events = [WorkerPlaced(worker_id=0, host="here", node=""), WorkerStarted(worker_id=0)]

    def run(self, worker_id, assignments):
        self.attempts = tuple(task.attempt_id for task in assignments[0].tasks)

    def stop_worker(self, worker_id):
        self.num_stopped += 1
        self.events = [WorkerLost(worker_id=0, cause="stopped")]

    def poll(self, timeout_s):
        events, self.events = self.events, []
        step_s = next(self.steps_s, None)
        if step_s is None and not events:
            return [StackTrained(worker_id=0, stack_id=0, published=self.attempts, duration_s=1.0)]
        self.now_s += step_s or 0.0
        return events

    def release(self):
        pass


def run(steps_s):
    executor = OneWorker(steps_s)
    quiet = SimpleNamespace(update=lambda counts: None, failure=lambda failure: None, notice=lambda text: None)
    driver = Driver(
        store=SimpleNamespace(published=lambda attempt_ids: set(attempt_ids)),
        executor=executor,
        observer=quiet,
        signals=StopSignals(leaves_training=False),
        clock=SimpleNamespace(now_s=lambda: executor.now_s),
    )
    limits = Limits(trial_timeout_s=TIMEOUT_S)
    outcome = driver.run([[Trial(trial_id="t", cell=CELL, seed=0)]], limits=limits, num_workers=1)
    assert outcome.counts[TrialState.PUBLISHED] == 1
    return executor


@pytest.mark.parametrize("pause_s", [TIMEOUT_S + 1, 1e6])
def test_while_the_driver_stands_still_no_worker_hangs(pause_s):
    assert run([0.2, 0.2, pause_s, 0.2]).num_stopped == 0


def test_while_the_driver_looks_a_silent_worker_hangs():
    assert run([0.2] * 60).num_stopped == 1
