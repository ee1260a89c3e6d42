"""What is recorded as a trial's duration: its share of the time that its stack took."""

import counting
import pytest
from counting import Counting
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup
from orchestrator.worker.worker import StackRun

UNIT_S = 10.0


class Durations:
    """A sink that keeps durations, and when the last trial ended."""

    def __init__(self, now_s):
        self._now_s = now_s
        self.of = {}
        self.ended_s = None

    def add_details(self, records):
        pass

    def add_trial(self, record):
        self.of[record.trial_id] = record.duration_s
        self.ended_s = self._now_s()


def durations(members, *, in_lockstep):
    """Trains a stack of (epochs, where it is stopped) by a clock that goes on with each epoch and end of a trial."""
    counting.WORK.clear()

    def now_s():
        return 1000 + UNIT_S * len(counting.WORK)

    tasks = tuple(
        AttemptTask(
            attempt_id=f"attempt {number}",
            trial_id=str(number),
            config={"epochs": epochs, "in_lockstep": in_lockstep},
            seed=number,
            stop_after_epoch=stop,
        )
        for number, (epochs, stop) in enumerate(members)
    )
    sink = Durations(now_s)
    setup = WorkerSetup(trainable="counting:Counting", pins={}, git_commit=None, git_dirty=None)
    StackRun(Assignment(stack_id=0, tasks=tasks), Counting(), setup, "source", sink, now_s).train()
    return sink


@given(
    st.lists(st.tuples(st.integers(1, 6), st.none() | st.integers(1, 6)), min_size=1, max_size=5),
    st.booleans(),
)
def test_the_durations_of_a_stack_sum_to_the_time_that_it_took(members, in_lockstep):
    sink = durations(members, in_lockstep=in_lockstep)
    assert len(sink.of) == len(members)
    assert sum(sink.of.values()) == pytest.approx(sink.ended_s - 1000)
    assert min(sink.of.values()) > 0


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_who_trains_longer_took_longer(epochs):
    sink = durations([(number, None) for number in epochs], in_lockstep=True)
    took = [sink.of[str(number)] for number in range(len(epochs))]
    for one, other in zip(epochs, took, strict=True):
        assert all(other < took[at] for at, more in enumerate(epochs) if more > one)


def test_trials_that_are_alone_at_the_end_bear_that_time_alone():
    # 2 + 2 epochs together and the end of the first; then 3 epochs and the end of the other.
    assert durations([(2, None), (5, None)], in_lockstep=True).of == {"0": 2.5 * UNIT_S, "1": 6.5 * UNIT_S}
