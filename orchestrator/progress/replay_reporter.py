"""What a user is told on stderr while a trial is trained again."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from orchestrator.document.problems import printable
from orchestrator.progress.reporter import PLAIN_INTERVAL_S, console_on_stderr, duration, live_line
from orchestrator.replay.deviations import Deviation
from orchestrator.replay.recorded import SHOWN_DIGITS
from orchestrator.replay.run import RecordedRun


class ReplayReporter:
    """Tells how a replay goes: one live line on a terminal, plain lines otherwise; a `ReplayObserver`."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or console_on_stderr()
        self._live = live_line(self._console) if self._console.is_terminal else None
        self._num_epochs = 0
        self._num_trained = 0
        self._started_s = self._shown_s = time.monotonic()

    def begin(self, recorded: RecordedRun, deviations: Sequence[Deviation]) -> None:
        """Says what is replayed, how long that took when it was recorded, and what is different now."""
        trial = recorded.trial
        stack = "alone" if trial.stack_size == 1 else f"in a stack of {trial.stack_size}, which must not matter"
        self._say(
            f"replaying trial {trial.trial_id[:SHOWN_DIGITS]} ({trial.trainable} version {trial.trainable_version}, "
            f"seed {trial.seed}), {trial.status} on {trial.provenance.finished_at:%Y-%m-%d %H:%M:%S} UTC: "
            f"{len(recorded.epochs)} epochs, {duration(trial.duration_s)} {stack}"
        )
        if recorded.retracted is not None:
            self._warn(f"its row was retracted{f': {recorded.retracted}' if recorded.retracted else ''}")
        for deviation in deviations:
            self._warn(str(deviation))
        self._num_epochs = len(recorded.epochs)
        self._started_s = self._shown_s = time.monotonic()
        if self._live is not None:
            self._live.start()
            self._live.update(Text(self._line()), refresh=True)

    def epoch(self, number: int) -> None:  # noqa: ARG002  epochs may be numbered as a trainable likes
        """Shows how far it is: at once on a terminal, now and then elsewhere."""
        self._num_trained += 1
        if self._live is not None:
            self._live.update(Text(self._line()), refresh=True)
        elif time.monotonic() - self._shown_s >= PLAIN_INTERVAL_S:
            self._say(self._line())
            self._shown_s = time.monotonic()

    def close(self) -> None:
        """Takes the live line away."""
        if self._live is not None:
            self._live.stop()

    def _line(self) -> str:
        elapsed_s = time.monotonic() - self._started_s
        line = f"{self._num_trained} of {self._num_epochs} epochs, {duration(elapsed_s)}"
        if 0 < self._num_trained < self._num_epochs:
            line += f", about {duration(elapsed_s / self._num_trained * (self._num_epochs - self._num_trained))} left"
        return line

    def _warn(self, text: str) -> None:
        self._say(f"warning: {text}", style="yellow")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(printable(text), style=style), soft_wrap=True)
