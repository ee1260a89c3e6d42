"""Publishes a worker's rows in batches: finished trials within a second, many small ones together."""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from results_store import Store
from results_store.records import EntropyRecord, EpochRecord, GateRecord, TrialRecord

TRIAL_INTERVAL_S = 0.5
"""Finished trials wait at most this long for others to share a file with."""

EPOCH_INTERVAL_S = 10.0
"""Epoch rows of a running trial wait at most this long."""

DetailRecord = EpochRecord | EntropyRecord | GateRecord


class RecordSink(Protocol):
    """Who takes the records of a stack in training."""

    def add_details(self, records: Sequence[DetailRecord]) -> None:
        """Takes rows that belong to a trial that is still running."""

    def add_weights(self, content: bytes) -> None:
        """Takes the file of weights that the next row of a trial names."""

    def add_trial(self, record: TrialRecord) -> None:
        """Takes the row of a finished trial, after all its details."""


def publish_all(
    store: Store, weights: Iterable[bytes], details: Sequence[DetailRecord], trials: Sequence[TrialRecord]
) -> None:
    """Publishes what attempts have left: files of weights, then details, and last the rows, which commit them.

    Raises:
        StoreError: the store cannot be written; then none of the rows is there, and what is there does no harm.
    """
    for content in weights:
        store.publish_weights(content)
    for kind in (EpochRecord, EntropyRecord, GateRecord):
        of_kind = [record for record in details if isinstance(record, kind)]
        if of_kind:
            store.publish(of_kind)
    if trials:
        store.publish(trials)


class Publisher:
    """The `RecordSink` of a worker: publishes records from a thread of its own, or when told to.

    A trial's weights and detail rows are published before its own row, which is the commit record: a trial that is in
    the store is there as a whole. After an error nothing more is published: rows that are added later may need others
    that the error has cost. Thread-safe.
    """

    def __init__(self, store: Store, trial_interval_s: float = TRIAL_INTERVAL_S) -> None:
        self._store = store
        self._trial_interval_s = trial_interval_s
        self._changed = threading.Condition()
        self._publishing = threading.Lock()
        self._trials: list[TrialRecord] = []
        self._details: list[DetailRecord] = []
        self._weights: list[bytes] = []
        self._published: list[str] = []
        self._due_s: float | None = None
        self._last_flush_s = -float("inf")
        self._error: BaseException | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def add_details(self, records: Sequence[DetailRecord]) -> None:
        """Takes rows that belong to a trial that is still running."""
        with self._changed:
            self._details.extend(records)
            self._bring_forward(EPOCH_INTERVAL_S)

    def add_weights(self, content: bytes) -> None:
        """Takes the file of weights that the next row of a trial names; it waits for that row."""
        with self._changed:
            self._weights.append(content)

    def add_trial(self, record: TrialRecord) -> None:
        """Takes the row of a finished trial."""
        with self._changed:
            self._trials.append(record)
            self._bring_forward(self._trial_interval_s)

    def flush_if_due(self) -> None:
        """Publishes now, unless it was done a moment ago: then the thread will, together with what comes next."""
        if time.monotonic() - self._last_flush_s >= self._trial_interval_s:
            self.flush()

    def flush(self) -> None:
        """Publishes all that was added; on return it is durable.

        Raises:
            StoreError: the store cannot be written, now, in the thread, or at an earlier call.
        """
        self._publish()
        if self._error is not None:
            raise self._error

    def take_published(self) -> tuple[str, ...]:
        """Attempt ids published since the last call."""
        with self._changed:
            published, self._published = tuple(self._published), []
            return published

    def close(self) -> None:
        """Ends the thread; what was not flushed is dropped."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _bring_forward(self, interval_s: float) -> None:
        due_s = time.monotonic() + interval_s
        if self._due_s is None or due_s < self._due_s:
            self._due_s = due_s
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._is_closed and (self._due_s is None or time.monotonic() < self._due_s):
                    self._changed.wait(None if self._due_s is None else max(0.0, self._due_s - time.monotonic()))
                if self._is_closed:
                    return
            self._publish()

    def _publish(self) -> None:
        with self._publishing:
            with self._changed:
                trials, self._trials = self._trials, []
                details, self._details = self._details, []
                weights, self._weights = self._weights, []
                self._due_s = None
                self._last_flush_s = time.monotonic()
            if self._error is not None:
                return
            try:
                publish_all(self._store, weights, details, trials)
            except BaseException as error:  # whatever it was, what was taken may not be there
                self._error = error
                return
            with self._changed:
                self._published.extend(record.attempt_id for record in trials)
