"""Stores like those of a run: ids of 32 hex digits, rows of every kind."""

import dataclasses
import shutil
import uuid
from types import SimpleNamespace

import pytest

from results_store import FolderStore
from results_store.records import EntropyRecord, EpochRecord, GateRecord, RetractionRecord


def hex_id(name: object) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(name)).hex


def attempt(trial: object) -> dict[str, str]:
    return {"trial_id": hex_id(trial), "attempt_id": hex_id(f"attempt of {trial}")}


def fill(store, make, numbers=range(6), study="demo", **changes):
    """A study whose every other trial has failed before it was trained, and one trial that is withdrawn.

    Its search has two candidates, whose trials are the first of the others.
    """
    trials = [hex_id(number) for number in numbers]
    variants = {"a": trials[::2], "b": trials[1::2]}
    search = {"search_id": hex_id(f"search of {study}")}
    searches = make.searches(**search)
    submission = make.submission(variants, study=study, submission_id=hex_id(study), searches=searches, **changes)
    seeds = {trial: seed for seed, trial in enumerate(trials)}
    members = [
        dataclasses.replace(member, cell_id=hex_id("cell"), seed=seeds[member.trial_id])
        for member in submission.members
    ]
    store.publish([dataclasses.replace(submission, members=members)])
    for number in numbers:
        ids = attempt(number)
        store.publish([EpochRecord(**ids, epoch=epoch, metrics={"train_loss": 0.5}) for epoch in range(2)])
        store.publish([EntropyRecord(**ids, values={"position": "local", "count": 3})])
        store.publish([GateRecord(**ids, values={"tokens": [1, 2], "gate": [True, False]})])
        if number % 2:
            failed = ids | {"attempt_id": hex_id(f"failed {number}")}
            store.publish([make.failure(**failed)])
        store.publish([make.trial(**ids, seed=seeds[ids["trial_id"]], metrics={"test_accuracy": number / 8})])
    for place in range(2):
        tried = trials[2 * place : 2 * place + 2]
        search |= {"cell_id": hex_id(f"cell {place}"), "config": make.config(), "trial_ids": tried}
        search |= {"seeds": [seeds[trial] for trial in tried], "study": study}
        store.publish([make.candidate("asked", place, **search)])
        store.publish([make.candidate(event, place, **search) for event in ("told", "confirmed")])
    withdrawn = attempt(numbers[-1])
    store.publish([RetractionRecord(**withdrawn, reason="wrong", retracted_at=make.start)])


@pytest.fixture(scope="session")
def template(tmp_path_factory, make):
    """Filled once, because every file of it is fsynced."""
    path = tmp_path_factory.mktemp("template") / "results"
    fill(FolderStore(path), make)
    return path


@pytest.fixture
def filled(template, store):
    shutil.copytree(template, store.path)
    return store


@pytest.fixture(scope="session")
def of() -> SimpleNamespace:
    return SimpleNamespace(id=hex_id, attempt=attempt, fill=fill)
