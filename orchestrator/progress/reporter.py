"""Progress of a submit on stderr: one live line on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Mapping

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrator.document.problems import printable
from orchestrator.lifecycle.instructions import RecordFailure
from orchestrator.lifecycle.states import TrialState

PLAIN_INTERVAL_S = 15.0
"""Without a terminal, a line is written this often while something is running."""


class ProgressReporter:
    """Shows how a run goes; an `Observer` of the driver."""

    def __init__(self, study: str, num_done_before: int, num_to_run: int, console: Console) -> None:
        self._study = study
        self._num_done_before = num_done_before
        self._num_to_run = num_to_run
        self._console = console
        self._started_s = time.monotonic()
        self._shown: dict[TrialState, int] = {}
        self._shown_s = self._started_s  # the first plain line comes when there is something to tell
        self._batch = ""
        self._told_s = self._started_s
        self._live = live_line(console) if console.is_terminal else None
        if self._live is not None:
            self._live.start()

    def update(self, counts: Mapping[TrialState, int]) -> None:
        """Shows the counts: at once on a terminal, now and then elsewhere."""
        if self._live is not None:
            self._live.update(Text(self._line(counts)), refresh=True)
        elif dict(counts) != self._shown and time.monotonic() - self._shown_s >= PLAIN_INTERVAL_S:
            self._console.print(Text(self._line(counts)), soft_wrap=True)
            self._shown, self._shown_s = dict(counts), time.monotonic()

    def failure(self, failure: RecordFailure) -> None:
        """Shows each distinct error once, when it happens."""
        if failure.is_new:
            verb = "failed" if failure.kind == "raised" else "lost its worker"
            line = f"trial {failure.attempt.trial_id[:12]} {verb} on {failure.host}: {failure.cause}"
            hint = f"(amor show {failure.attempt.trial_id[:12]} tells more)"
            self._console.print(Text(printable(f"{line} {hint}"), style="red"), soft_wrap=True)

    def notice(self, text: str) -> None:
        """Shows what else the user should know."""
        self._console.print(Text(printable(f"{self._study}: {text}"), style="yellow"), soft_wrap=True)

    def batch(self, name: str, num_trials: int) -> None:
        """What is run now is a part of the study: further trials, counted for themselves."""
        self._batch = name
        self._num_to_run = num_trials
        self._shown = {}
        self._started_s = time.monotonic()

    def progress(self, text: str) -> None:
        """Shows how far the study is: at once on a terminal, now and then elsewhere."""
        if self._live is not None or time.monotonic() - self._told_s >= PLAIN_INTERVAL_S:
            self._console.print(Text(printable(f"{self._study}: {text}")), soft_wrap=True)
            self._told_s = time.monotonic()

    def close(self) -> None:
        """Takes the live line away."""
        if self._live is not None:
            self._live.stop()

    def _line(self, counts: Mapping[TrialState, int]) -> str:
        num_published = counts[TrialState.PUBLISHED]
        num_finished = num_published + counts[TrialState.FAILED]
        elapsed_s = time.monotonic() - self._started_s
        num_done = num_published + (0 if self._batch else self._num_done_before)
        parts = [
            f"{self._study}: {self._batch + '; trials: ' if self._batch else ''}{num_done} done",
            f"{counts[TrialState.RUNNING]} running",
            f"{counts[TrialState.PENDING]} to run",
        ]
        if counts[TrialState.FAILED]:
            parts.append(f"{counts[TrialState.FAILED]} failed")
        if num_finished:
            left_s = elapsed_s / num_finished * (self._num_to_run - num_finished)
            parts.append(f"about {duration(left_s)} left" if left_s >= 1 else duration(elapsed_s))
        return ", ".join(parts)


def live_line(console: Console) -> Live:
    """A line at the bottom of a terminal, written anew when it is told to."""
    return Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)


def console_on_stderr() -> Console:
    """The console for messages and progress."""
    return Console(file=sys.stderr, highlight=False)


def duration(seconds: float) -> str:
    """A duration for people: `42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
