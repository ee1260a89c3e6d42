"""Ctrl-C and SIGTERM as requests to stop."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from orchestrator.errors import StopNow
from orchestrator.lifecycle.events import StopRequested


class StopSignals:
    """Counts signals: the first Ctrl-C finishes what runs, the second stops now; SIGTERM stops now.

    Args:
        leaves_training: whether to leave a trial that trains in this very thread (`StopNow`) when stopping now. Only
            while a run trains: elsewhere it would be raised in the middle of a query.

    Attributes:
        reason: why it was interrupted, of the first signal; None: it was not.
    """

    def __init__(self, *, leaves_training: bool) -> None:
        self._leaves_training = leaves_training
        self._num_interrupts = 0
        self._pending: list[StopRequested] = []
        self._is_training = False
        self.reason: str | None = None

    @property
    def was_interrupted(self) -> bool:
        """Whether there has been a signal."""
        return self.reason is not None

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """While the block runs, trials train in this thread."""
        self._is_training = True
        try:
            yield
        finally:
            self._is_training = False

    def take(self) -> list[StopRequested]:
        """Requests since the last call."""
        requests, self._pending = self._pending, []
        return requests

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Handles the signals while the block runs; outside the main thread nothing is installed."""
        previous = {}
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                previous[number] = signal.signal(number, self._received)
        except ValueError:  # not in the main thread, so signals are its business
            previous = {}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self._num_interrupts += number == signal.SIGINT
        at_once = number == signal.SIGTERM or self._num_interrupts > 1
        reason = "terminated" if number == signal.SIGTERM else "interrupted"
        self.reason = self.reason or reason
        self._pending.append(StopRequested(at_once=at_once, reason=reason))
        leaves = self._leaves_training and self._is_training
        if at_once and (leaves or self._num_interrupts > 2):  # the third time something blocks
            raise StopNow
