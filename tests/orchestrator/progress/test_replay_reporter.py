"""How far a replay is: plain lines now and then, one live line on a terminal."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from orchestrator.progress import replay_reporter
from orchestrator.progress.replay_reporter import ReplayReporter
from orchestrator.replay.deviations import deviations
from orchestrator.replay.run import RecordedRun
from results_store.records import Provenance, TrialRecord


def provenance(cpu):
    return Provenance(
        git_commit=None,
        git_dirty=None,
        source_hash="s",
        versions={},
        host="h",
        cpu=cpu,
        threads=1,
        finished_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


RECORDED = RecordedRun(
    trial=TrialRecord(
        trial_id="0123456789abcdef",
        attempt_id="a",
        trainable="x",
        trainable_version=2,
        seed=7,
        status="completed",
        config={},
        metrics={},
        duration_s=200.0,
        stack_size=4,
        provenance=provenance("old\x1b[31m"),
    ),
    epochs={epoch: {} for epoch in range(4)},
)


class Time:
    now_s = 100.0

    def monotonic(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Time()
    monkeypatch.setattr(replay_reporter, "time", clock)
    return clock


def make(*, terminal):
    stream = io.StringIO()
    return ReplayReporter(Console(file=stream, force_terminal=terminal, width=120)), stream


def test_plain_lines_come_now_and_then(clock):
    reporter, stream = make(terminal=False)
    reporter.begin(RECORDED, deviations(RECORDED.trial.provenance, provenance("new")))
    for epoch in range(4):
        clock.now_s += 10
        reporter.epoch(epoch)
    reporter.close()
    assert stream.getvalue().splitlines() == [
        "replaying trial 0123456789ab (x version 2, seed 7), completed on 2026-01-02 03:04:05 UTC: 4 epochs, 3 min "
        "in a stack of 4, which must not matter",
        "warning: cpu: recorded old\\x1b[31m, here new",
        "2 of 4 epochs, 20 s, about 20 s left",
        "4 of 4 epochs, 40 s",
    ]


def test_a_terminal_has_a_live_line(clock):
    reporter, stream = make(terminal=True)
    reporter.begin(RECORDED, [])
    clock.now_s += 10
    reporter.epoch(1)
    assert "1 of 4 epochs, 10 s, about 30 s left" in stream.getvalue()
    reporter.close()
