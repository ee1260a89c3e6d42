"""Records to publish, and a store whose path has everything that paths can have."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from results_store import FolderStore
from results_store.records import (
    CandidateRecord,
    FailureRecord,
    MemberRecord,
    MetricInfo,
    Provenance,
    SubmissionRecord,
    TableRecord,
    TrialRecord,
)
from results_store.search import SearchInfo, SearchObjective

START = datetime(2026, 1, 1, tzinfo=UTC)

METRICS = (
    MetricInfo(name="test_accuracy", unit="fraction", title="Accuracy", direction="maximize"),
    MetricInfo(name="test_retrieval_accuracy", unit="fraction", title="Retrieval accuracy"),
    MetricInfo(name="test_gate_rate", unit="fraction", title="Gate rate"),
    MetricInfo(name="num_parameters", unit="count", title="Parameters"),
    MetricInfo(name="attention_madds_executed", unit="count"),
    MetricInfo(name="attention_madds_dense", unit="count"),
)


def make_config(model: str = "amor") -> dict[str, Any]:
    config: dict[str, Any] = {"task": {"name": "simple_retrieval"}, "model": {"name": model}}
    if model == "amor":
        config["model"] |= {"gate": {"name": "entropy", "scale": 1.5}, "attention": {"top_k": 3}}
    return config


def make_trial(trial_id: str, *, minutes: float = 0, **changes: Any) -> TrialRecord:
    provenance = Provenance(
        git_commit="c" * 40,
        git_dirty=False,
        source_hash="s" * 64,
        versions={"torch": "2.13"},
        host="host",
        cpu="cpu",
        threads=1,
        finished_at=START + timedelta(minutes=minutes),
    )
    fields: dict[str, Any] = {
        "trial_id": trial_id,
        "attempt_id": f"{trial_id}-1",
        "trainable": "amor",
        "trainable_version": 1,
        "seed": 0,
        "status": "completed",
        "config": make_config(),
        "metrics": {"test_accuracy": 0.5, "num_parameters": 7},
        "duration_s": 1.5,
        "stack_size": 1,
        "provenance": provenance,
    }
    return TrialRecord(**{**fields, **changes})


def make_failure(trial_id: str, **changes: Any) -> FailureRecord:
    fields: dict[str, Any] = {
        "trial_id": trial_id,
        "attempt_id": f"{trial_id}-1",
        "kind": "raised",
        "host": "host",
        "cause": "ValueError: no",
        "traceback": "Traceback …",
        "gave_up": True,
        "stack_size": 1,
        "failed_at": START,
    }
    return FailureRecord(**{**fields, **changes})


def make_submission(
    variants: dict[str, list[str]], *, study: str = "demo", minutes: float = 0, **changes: Any
) -> SubmissionRecord:
    """A study with these variants, each with the trials of its seeds in order."""
    members = [
        MemberRecord(variant=variant, cell_id=f"cell-{variant}", trial_id=trial_id, seed=seed, config=make_config())
        for variant, trial_ids in variants.items()
        for seed, trial_id in enumerate(trial_ids)
    ]
    fields: dict[str, Any] = {
        "submission_id": f"{study}-{minutes}",
        "study": study,
        "submitted_at": START + timedelta(minutes=minutes),
        "file_name": f"{study}.yaml",
        "file_text": "schema_version: 1\n",
        "trainable": "amor",
        "trainable_version": 1,
        "metrics": METRICS,
        "members": members,
        "tables": [TableRecord(name="all", sql="SELECT variant, count(*) AS n FROM results GROUP BY variant")],
    }
    return SubmissionRecord(**{**fields, **changes})


SEARCH = "5ea4c4" + "0" * 26


def make_candidate(event: str, number: int = 0, *, minutes: float = 0, **changes: Any) -> CandidateRecord:
    """A candidate that is judged by validation_accuracy, with a trial for each seed."""
    scale = changes.pop("scale", 1.0 + number)
    seeds = list(changes.get("seeds", (0, 1)))
    fields: dict[str, Any] = {
        "search_id": SEARCH,
        "round_index": 0,
        "cell_id": f"{number:032x}",
        "parameters": {"model.gate.scale": scale},
        "config": {"model": {"name": "amor", "gate": {"scale": scale}}},
        "point": f"model.gate.scale={scale:g}",
        "seeds": seeds,
        "trial_ids": [f"{number:016x}{seed:016x}" for seed in seeds],
        "objective_names": ["validation_accuracy"],
        "objective_directions": ["maximize"],
        "recorded_at": START + timedelta(minutes=minutes),
    }
    if event == "told":
        fields |= {"state": "completed", "objective_values": [0.5], "violations": []}
    return CandidateRecord(event=event, candidate=number, **{**fields, **changes})


def make_searches(**changes: Any) -> list[dict[str, Any]]:
    """One search as submissions record it."""
    fields: dict[str, Any] = {
        "search_id": SEARCH,
        "variants": ("searched",),
        "parameters": {"model.gate.scale": "{}"},
        "objectives": (SearchObjective(name="validation_accuracy", kind="metric", direction="maximize"),),
        "max_trials": 1000,
        "seeds": (0, 1),
    }
    return [dataclasses.asdict(SearchInfo(**{**fields, **changes}))]


@pytest.fixture
def weird_path(tmp_path: Path) -> Path:
    path = tmp_path / "we[i]rd 'store\" *?$x; é"
    path.mkdir()
    return path


@pytest.fixture
def store(weird_path: Path) -> FolderStore:
    return FolderStore(weird_path / "results")


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The makers of records: tests are no package, so they cannot import this file."""
    return SimpleNamespace(
        trial=make_trial,
        failure=make_failure,
        submission=make_submission,
        candidate=make_candidate,
        searches=make_searches,
        config=make_config,
        start=START,
        search=SEARCH,
    )
