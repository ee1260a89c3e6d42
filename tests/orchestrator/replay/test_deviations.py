"""What was different when a trial was recorded."""

import dataclasses
from datetime import UTC, datetime

import pytest

from orchestrator.replay.deviations import Aspect, deviations
from results_store.records import Provenance

HERE = Provenance(
    git_commit="c" * 40,
    git_dirty=False,
    source_hash="s",
    versions={"python": "3.11", "torch": "2.13"},
    host="here",
    cpu="cpu",
    threads=1,
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("before", "aspect", "line"),
    [
        ({"cpu": "abacus"}, Aspect.ENVIRONMENT, "cpu: recorded abacus, here cpu"),
        ({"threads": 2}, Aspect.ENVIRONMENT, "threads: recorded 2, here 1"),
        ({"versions": {"torch": "2.12"}}, Aspect.ENVIRONMENT, "torch: recorded 2.12, here 2.13"),
        ({"versions": {"jax": "1"}}, Aspect.ENVIRONMENT, "jax: recorded 1, here not installed"),
        ({"source_hash": "t"}, Aspect.SOURCE, "source: recorded t, here s"),
        ({"git_commit": "d" * 40}, Aspect.SOURCE, "commit: recorded dddddddddddd, here cccccccccccc"),
        ({"git_commit": None}, Aspect.SOURCE, "commit: recorded unknown, here cccccccccccc"),
        ({"git_dirty": True}, Aspect.SOURCE, "uncommitted changes: recorded yes, here no"),
    ],
)
def test_what_differs(before, aspect, line):
    (found,) = deviations(dataclasses.replace(HERE, **before), HERE)
    assert (found.aspect, str(found)) == (aspect, line)


def test_changes_here_that_no_commit_has():
    (found,) = deviations(HERE, dataclasses.replace(HERE, git_dirty=True))
    assert str(found) == "uncommitted changes: recorded no, here yes"


@pytest.mark.parametrize("before", [{}, {"host": "there"}, {"versions": {}}, {"cpu": ""}, {"source_hash": ""}])
def test_what_does_not_count_or_was_not_recorded(before):
    assert deviations(dataclasses.replace(HERE, **before), HERE) == []
