"""Time, as the driver sees it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that only go forward."""

    def now_s(self) -> float:
        """Seconds since some fixed moment."""


class SystemClock:
    """The machine's clock."""

    def now_s(self) -> float:
        """Seconds since the machine's own zero."""
        return time.monotonic()
