"""Searches as an orchestrator would record them, without one."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from results_store.records import CandidateRecord, SubmissionRecord
from results_store.search import SearchInfo, SearchObjective

ACCURACY = SearchObjective(name="validation_accuracy", kind="metric", direction="maximize")
RATE = SearchObjective(name="validation_gate_rate", kind="metric", direction="minimize")
SCALE = SearchObjective(name="model.gate.scale", kind="parameter", direction="minimize")


def trial_ids(candidate: int, seeds: Any) -> list[str]:
    return [f"{candidate:016x}{seed:016x}" for seed in seeds]


@pytest.fixture(scope="session")
def of(make: SimpleNamespace) -> SimpleNamespace:
    """Makers of the records of a search; `minutes` is when."""

    def asked(number: int = 0, **changes: Any) -> CandidateRecord:
        return make.candidate("asked", number, **changes)

    def told(number: int = 0, *values: float, minutes: float = 10, **changes: Any) -> CandidateRecord:
        if values:
            changes = {"objective_values": list(values), **changes}
        return make.candidate("told", number, minutes=minutes, **changes)

    def confirmed(number: int = 0, *, minutes: float = 20, seeds: Any = (7, 8, 9), **changes: Any) -> CandidateRecord:
        return make.candidate("confirmed", number, minutes=minutes, seeds=seeds, **{"study": "demo", **changes})

    def by(*objectives: SearchObjective) -> dict[str, Any]:
        """What a candidate's record says of these objectives."""
        return {
            "objective_names": [objective.name for objective in objectives],
            "objective_directions": [objective.direction for objective in objectives],
        }

    def info(**changes: Any) -> SearchInfo:
        (entry,) = make.searches()
        fields = {"objectives": (ACCURACY,), "variants": ("searched",), **changes}
        return SearchInfo(**{**entry, **fields})

    def submission(*infos: SearchInfo, variants: Any = None, **changes: Any) -> SubmissionRecord:
        searches = [dataclasses.asdict(found) for found in infos or [info()]]
        return make.submission(variants or {}, searches=searches, **changes)

    return SimpleNamespace(
        asked=asked,
        told=told,
        confirmed=confirmed,
        by=by,
        info=info,
        submission=submission,
        trial_ids=trial_ids,
        search=make.search,
        accuracy=ACCURACY,
        rate=RATE,
        scale=SCALE,
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
