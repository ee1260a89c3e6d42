"""Searches as an orchestrator would record them, without one."""

import dataclasses
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from results_store.records import CandidateRecord, SubmissionRecord
from results_store.search import SearchInfo, SearchObjective

SEARCH = "5ea4c4" + "0" * 26

ACCURACY = SearchObjective(name="validation_accuracy", kind="metric", direction="maximize")
RATE = SearchObjective(name="validation_gate_rate", kind="metric", direction="minimize")
LENGTH = SearchObjective(name="task.length", kind="parameter", direction="maximize")


def make_info(**changes: Any) -> SearchInfo:
    fields: dict[str, Any] = {
        "search_id": SEARCH,
        "variants": ("searched",),
        "parameters": {"model.gate.scale": "{}"},
        "objectives": (ACCURACY,),
        "max_trials": 1000,
        "seeds": (0, 1),
    }
    return SearchInfo(**{**fields, **changes})


def trial_ids(candidate: int, seeds: Any) -> list[str]:
    return [f"{candidate:016x}{seed:016x}" for seed in seeds]


@pytest.fixture(scope="session")
def of(make: SimpleNamespace) -> SimpleNamespace:
    """Makers of the records of a search; `minutes` is when."""

    def candidate(event: str, number: int = 0, *, minutes: float = 0, seeds: Any = (0, 1), **changes: Any) -> Any:
        scale = changes.pop("scale", 1.0 + number)
        fields: dict[str, Any] = {
            "search_id": SEARCH,
            "event": event,
            "round_index": 0,
            "candidate": number,
            "cell_id": f"{number:032x}",
            "parameters": {"model.gate.scale": scale},
            "config": {"model": {"name": "amor", "gate": {"scale": scale}}},
            "point": f"model.gate.scale={scale:g}",
            "seeds": list(seeds),
            "trial_ids": trial_ids(number, seeds),
            "objective_names": ["validation_accuracy"],
            "objective_directions": ["maximize"],
            "recorded_at": make.start + timedelta(minutes=minutes),
        }
        return CandidateRecord(**{**fields, **changes})

    def asked(number: int = 0, **changes: Any) -> Any:
        return candidate("asked", number, **changes)

    def told(number: int = 0, *values: float, minutes: float = 10, violations: Any = (), **changes: Any) -> Any:
        fields: dict[str, Any] = {
            "state": "completed",
            "objective_values": list(values or (0.5,)),
            "violations": list(violations),
        }
        return candidate("told", number, minutes=minutes, **{**fields, **changes})

    def confirmed(number: int = 0, *, minutes: float = 20, seeds: Any = (7, 8, 9), **changes: Any) -> Any:
        return candidate("confirmed", number, minutes=minutes, seeds=seeds, **{"study": "demo", **changes})

    def submission(*infos: SearchInfo, variants: Any = None, **changes: Any) -> SubmissionRecord:
        searches = [dataclasses.asdict(info) for info in infos]
        made: SubmissionRecord = make.submission(variants or {}, searches=searches, **changes)
        return made

    return SimpleNamespace(
        asked=asked,
        told=told,
        confirmed=confirmed,
        submission=submission,
        info=make_info,
        trial_ids=trial_ids,
        search=SEARCH,
        accuracy=ACCURACY,
        rate=RATE,
        length=LENGTH,
    )


@pytest.fixture(scope="session")
def trials(make: SimpleNamespace) -> Any:
    """The trials of a candidate, one per seed; metrics are functions of the seed, or values."""

    def made(number: int = 0, seeds: Any = (0, 1), *, status: str = "completed", **metrics: Any) -> list[Any]:
        return [
            make.trial(
                trial_id,
                attempt_id=trial_id,
                seed=seed,
                status=status,
                config={"model": {"name": "amor", "gate": {"scale": 1.0 + number}}},
                metrics={name: value(seed) if callable(value) else value for name, value in metrics.items()},
            )
            for seed, trial_id in zip(seeds, trial_ids(number, seeds), strict=True)
        ]

    return made
