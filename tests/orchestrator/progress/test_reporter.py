"""Progress: plain lines now and then, one live line on a terminal, each error once."""

import io

import pytest
from rich.console import Console

from orchestrator.lifecycle.instructions import Attempt, RecordFailure
from orchestrator.lifecycle.states import TrialState
from orchestrator.progress import reporter
from orchestrator.progress.reporter import ProgressReporter, duration


class Time:
    def __init__(self):
        self.now_s = 100.0

    def monotonic(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Time()
    monkeypatch.setattr(reporter, "time", clock)
    return clock


def counts(**numbers):
    return {state: numbers.get(state.value, 0) for state in TrialState}


def make(*, terminal):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120)
    return ProgressReporter("study", 2, 10, console), stream


def test_plain_lines_come_now_and_then_and_only_with_news(clock):
    progress, stream = make(terminal=False)
    for _ in range(4):
        clock.now_s += 10
        progress.update(counts(published=1, running=2, pending=7))
    assert stream.getvalue().splitlines() == ["study: 3 done, 2 running, 7 to run, about 3 min left"]
    clock.now_s += 20
    progress.update(counts(published=4, running=2, pending=3, failed=1))
    assert len(stream.getvalue().splitlines()) == 2
    assert "6 done, 2 running, 3 to run, 1 failed" in stream.getvalue()


def test_a_terminal_has_a_live_line(clock):
    progress, stream = make(terminal=True)
    progress.update(counts(running=1, pending=9))
    assert "study: 2 done, 1 running, 9 to run" in stream.getvalue()
    progress.close()


def test_each_distinct_error_is_shown_once_and_inert(clock):
    progress, stream = make(terminal=False)
    for is_new in (True, False):
        progress.failure(
            RecordFailure(
                attempt=Attempt(attempt_id="a", trial_id="0123456789abcdef"),
                kind="raised",
                host="here",
                cause="ValueError: \x1b[31mno",
                traceback="",
                stack_size=1,
                gave_up=True,
                is_new=is_new,
            )
        )
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("trial 0123456789ab failed on here: ValueError: \\x1b[31mno")


def test_a_notice_is_a_line_with_the_study_and_inert(clock):
    progress, stream = make(terminal=False)
    progress.notice("workers wait \x1b[31mfor a CPU")
    assert stream.getvalue() == "study: workers wait \\x1b[31mfor a CPU\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (120, "2 min"), (5400, "1 h 30 min"), (7260, "2 h 1 min")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text
