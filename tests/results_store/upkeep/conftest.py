"""Stores like those of a run: ids of 32 hex digits, rows of every kind."""

import os
import uuid
from types import SimpleNamespace

import pytest

from results_store import Kind, Layout
from results_store.records import EntropyRecord, EpochRecord, GateRecord, RetractionRecord


def hex_id(name: object) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(name)).hex


def attempt(trial: object) -> dict[str, str]:
    return {"trial_id": hex_id(trial), "attempt_id": hex_id(f"attempt of {trial}")}


def fill(store, make, numbers=range(6)):
    """A study whose every other trial has failed before it was trained, and one trial that is withdrawn."""
    trials = [hex_id(number) for number in numbers]
    submission = make.submission({"a": trials}, submission_id=hex_id("submission"))
    members = [vars(member) | {"cell_id": hex_id("cell")} for member in submission.members]
    member = type(submission.members[0])
    store.publish([make.submission({}, submission_id=hex_id("submission"), members=[member(**m) for m in members])])
    for number in numbers:
        ids = attempt(number)
        store.publish([EpochRecord(**ids, epoch=epoch, metrics={"train_loss": 0.5}) for epoch in range(2)])
        store.publish([EntropyRecord(**ids, values={"position": "local", "count": 3})])
        store.publish([GateRecord(**ids, values={"tokens": [1, 2], "gate": [True, False]})])
        if number % 2:
            failed = ids | {"attempt_id": hex_id(f"failed {number}")}
            store.publish([make.failure(**failed)])
        store.publish([make.trial(**ids, seed=number, metrics={"test_accuracy": number / 8})])
    withdrawn = attempt(numbers[-1])
    store.publish([RetractionRecord(**withdrawn, reason="wrong", retracted_at=make.start)])


@pytest.fixture
def filled(store, make):
    fill(store, make)
    return store


@pytest.fixture(scope="session")
def of() -> SimpleNamespace:
    return SimpleNamespace(id=hex_id, attempt=attempt, fill=fill)


@pytest.fixture
def read_only(monkeypatch):
    """Makes a store read-only for everybody, also for root: what would change it fails with EROFS."""
    import errno

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    do_open = os.open

    def open_to_read(path, flags, *args, **kwargs):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse()
        return do_open(path, flags, *args, **kwargs)

    def begin():
        for name in ("mkdir", "link", "rename", "replace", "unlink", "rmdir", "write"):
            monkeypatch.setattr(os, name, refuse)
        monkeypatch.setattr(os, "open", open_to_read)

    return begin


def all_files(path):
    return sorted(file for kind in Kind for file in Layout(path).folder(kind).glob("*"))
