"""The publisher: details before trials, many together, everything within its interval."""

import contextlib
import threading
import time
from datetime import UTC, datetime

import pytest

from orchestrator.errors import StopNow
from orchestrator.worker.publisher import Publisher
from results_store import Kind, Layout, MemoryStore, StorePathError
from results_store.records import EpochRecord, Provenance, TrialRecord


def trial(number, **changes):
    return TrialRecord(
        trial_id=f"t{number}",
        attempt_id=f"a{number}",
        trainable="x",
        trainable_version=1,
        seed=0,
        status="completed",
        config={},
        metrics={"score": 1.0},
        duration_s=0.1,
        stack_size=1,
        provenance=Provenance(
            git_commit=None,
            git_dirty=None,
            source_hash="",
            versions={},
            host="h",
            cpu="c",
            threads=1,
            finished_at=datetime.now(UTC),
        ),
        **changes,
    )


def epoch(number, epoch=1):
    return EpochRecord(trial_id=f"t{number}", attempt_id=f"a{number}", epoch=epoch, metrics={"train_loss": 1.0})


class RecordingStore(MemoryStore):
    def __init__(self):
        super().__init__()
        self.calls = []
        self.error = None

    def publish(self, records):
        if self.error is not None:
            raise self.error
        self.calls.append([type(record).__name__ for record in records])
        super().publish(records)


@pytest.fixture
def store():
    return RecordingStore()


@pytest.fixture
def publisher(store):
    publisher = Publisher(store, trial_interval_s=0.05)
    yield publisher
    publisher.close()


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_finished_trials_are_published_without_being_asked(store, publisher):
    publisher.add_trial(trial(0))
    wait_until(lambda: store.rows(Kind.TRIALS))
    wait_until(lambda: publisher.take_published() == ("a0",))


def test_details_come_first_and_trials_together(store):
    publisher = Publisher(store, trial_interval_s=60)
    for number in range(5):
        publisher.add_details([epoch(number)])
        publisher.add_trial(trial(number))
    publisher.flush()
    assert store.calls == [["EpochRecord"] * 5, ["TrialRecord"] * 5]
    assert publisher.take_published() == ("a0", "a1", "a2", "a3", "a4")
    assert publisher.take_published() == ()
    publisher.close()


def test_a_flush_a_moment_after_another_waits_for_company(store):
    publisher = Publisher(store, trial_interval_s=60)
    publisher.add_trial(trial(0))
    publisher.flush_if_due()
    publisher.add_trial(trial(1))
    publisher.flush_if_due()
    assert len(store.rows(Kind.TRIALS)) == 1
    publisher.flush()
    assert len(store.rows(Kind.TRIALS)) == 2
    publisher.close()


def test_an_error_in_the_thread_is_raised_by_the_next_flush(store, publisher):
    store.error = StorePathError("no space left")
    publisher.add_trial(trial(0))
    time.sleep(0.2)
    with pytest.raises(StorePathError, match="no space left"):
        publisher.flush()
    assert publisher.take_published() == ()


class FailingOnceStore(RecordingStore):
    """Fails at one of its calls, and is well afterwards."""

    def __init__(self, fails_at, error):
        super().__init__()
        self.fails_at, self.once = fails_at, error
        self.num_calls = 0

    def _call(self):
        self.num_calls += 1
        if self.num_calls == self.fails_at:
            raise self.once

    def publish(self, records):
        self._call()
        super().publish(records)

    def publish_weights(self, content):
        self._call()
        return super().publish_weights(content)


@pytest.mark.parametrize("error", [StorePathError("no space left"), RuntimeError("of a library"), StopNow()])
@pytest.mark.parametrize("fails_at", range(1, 7))
def test_no_row_is_there_without_its_details_and_weights_whichever_call_fails_once(fails_at, error):
    store = FailingOnceStore(fails_at, error)
    publisher = Publisher(store, trial_interval_s=60)
    contents = [f"weights {number}".encode() for number in range(2)]

    def flush():
        with contextlib.suppress(type(error)):
            publisher.flush()

    # Each trial has an epoch and its weights in one flush, another epoch and its row in the next.
    for number, content in enumerate(contents):
        publisher.add_details([epoch(number)])
        publisher.add_weights(content)
        flush()
        publisher.add_details([epoch(number, 2)])
        publisher.add_trial(trial(number, weights_file=Layout.name_of_weights(content)))
        flush()
    with pytest.raises(type(error)):
        publisher.flush()
    publisher.close()
    rows = store.rows(Kind.TRIALS)
    assert len(rows) < 2
    for row in rows:
        assert store.weights(row["weights_file"])
        epochs = [found["epoch"] for found in store.rows(Kind.EPOCHS) if found["attempt_id"] == row["attempt_id"]]
        assert epochs == [1, 2]
    assert publisher.take_published() == tuple(row["attempt_id"] for row in rows)


def test_nothing_is_lost_or_published_twice_between_threads(store, publisher):
    def add(start):
        for number in range(start, start + 50):
            publisher.add_trial(trial(number))
            time.sleep(0.001)

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    publisher.flush()
    published = publisher.take_published()
    assert sorted(published) == sorted(f"a{number}" for number in range(150))
    assert len(store.rows(Kind.TRIALS)) == 150
