"""Studies with claims, their submissions and their trials, made to measure."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from results_store import FolderStore
from results_store import open as open_results
from results_store.records import (
    ArmRecord,
    ClaimRecord,
    MemberRecord,
    MetricInfo,
    Provenance,
    RetractionRecord,
    StatementRecord,
    SubmissionRecord,
    TrialRecord,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = (
    MetricInfo(name="accuracy", unit="fraction", title="Accuracy"),
    MetricInfo(name="gap", unit="nats", title="Entropy gap"),
)


def arm(variant, *, published=None, position=None, **changes):
    """The arm of a variant's one cell."""
    return dataclasses.replace(
        ArmRecord(variant=variant, label=variant, cell_id=f"cell-{variant}", published=published, position=position),
        **changes,
    )


def statement(expect, *arms, metric="accuracy", **fields):
    found = [item if isinstance(item, ArmRecord) else arm(item) for item in arms]
    return StatementRecord(expect=expect, metric=metric, arms=tuple(found), **fields)


def claim(name, expect, *arms, family="study", **fields):
    return ClaimRecord(name=name, family=family, statement=statement(expect, *arms, **fields))


def conjunction(name, *parts, family="study"):
    return ClaimRecord(name=name, family=family, statement=StatementRecord(expect="all", parts=parts))


def submission(variants, claims, *, study="study", seeds=range(5), minutes=0.0, **changes):
    """A study of these variants (or a mapping from variants to cells), each run with these seeds."""
    cells = variants if isinstance(variants, dict) else {variant: f"cell-{variant}" for variant in variants}
    fields = {
        "submission_id": f"{study}-{minutes}",
        "study": study,
        "submitted_at": START + timedelta(minutes=minutes),
        "file_name": "study.yaml",
        "file_text": "",
        "trainable": "do_nothing",
        "trainable_version": 1,
        "metrics": METRICS,
        "members": [
            MemberRecord(variant=variant, cell_id=cell, trial_id=trial_id(cell, seed), seed=seed, config={})
            for variant, cell in cells.items()
            for seed in seeds
        ],
        "claims": claims,
    }
    return SubmissionRecord(**{**fields, **changes})


def trial_id(cell, seed):
    return f"{cell}-{seed}"


def trial(variant, seed, accuracy, *, minutes=1.0, status="completed", **metrics):
    provenance = Provenance(
        git_commit=None, git_dirty=None, source_hash="s", versions={}, host="h", cpu="c", threads=1,
        finished_at=START + timedelta(minutes=minutes),
    )  # fmt: skip
    identity = trial_id(f"cell-{variant}", seed)
    return TrialRecord(
        trial_id=identity, attempt_id=f"{identity}-{minutes}", trainable="do_nothing", trainable_version=1, seed=seed,
        status=status, config={}, metrics={"accuracy": accuracy, **metrics}, duration_s=1.0, stack_size=1,
        provenance=provenance,
    )  # fmt: skip


def retraction(record):
    return RetractionRecord(
        trial_id=record.trial_id, attempt_id=record.attempt_id, reason="wrong", retracted_at=START + timedelta(days=1)
    )


@pytest.fixture
def stores(tmp_path):
    """Makes stores: each list of records is one file."""
    numbers = itertools.count()

    def make(*files):
        store = FolderStore(tmp_path / f"store-{next(numbers)}")
        for records in files:
            store.publish(records)
        return open_results(store.path)

    return make


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(
        arm=arm, statement=statement, claim=claim, conjunction=conjunction, submission=submission, trial=trial,
        retraction=retraction, metrics=METRICS,
    )  # fmt: skip
