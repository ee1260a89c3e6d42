"""The process of a replay is prepared as the recorded run's was."""

from datetime import UTC, datetime

import pytest
import torch

from orchestrator.replay.reconstruction import Recipe
from orchestrator.replay.rerun import Rerun
from orchestrator.trainables.loading import load_trainable
from results_store.records import Provenance, TrialRecord


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def rerun(trainable, threads):
    provenance = Provenance(
        git_commit=None,
        git_dirty=None,
        source_hash="s",
        versions={},
        host="h",
        cpu="c",
        threads=threads,
        finished_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    trial = TrialRecord(
        trial_id="t",
        attempt_id="a",
        trainable=trainable,
        trainable_version=1,
        seed=0,
        status="completed",
        config={},
        metrics={},
        duration_s=0.0,
        stack_size=1,
        provenance=provenance,
    )
    return Rerun(trial, Recipe(reference=trainable, trainable=load_trainable(trainable), pins={}))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_it_has_as_many_threads_as_the_recorded_run_had(threads):
    assert rerun("do_nothing", threads).provenance().threads == threads
    assert torch.get_num_threads() == threads


def test_what_was_not_recorded_is_left_as_it_is():
    torch.set_num_threads(2)
    assert rerun("do_nothing", 0).provenance().threads == 2


def test_a_trainable_that_sets_them_has_the_last_word():
    assert rerun("amor", 2).provenance().threads == 1


def test_it_is_trained_alone_and_nothing_but_numbers_is_kept():
    epochs = []
    run = rerun("do_nothing", 1).train(epochs.append)
    assert epochs == [] == list(run.epochs)
    assert (run.trial.trial_id, run.trial.stack_size, list(run.trial.metrics)) == ("t", 1, ["score"])
