"""Parallel efficiency: the same trials on one worker and on several."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import results_store
from benchmarks.figures import Figure, Requirement, Spread, ratios
from benchmarks.studies import cluster, scratch, submit_s, write_study

PART = "scaling"
EFFICIENCY = Requirement(kind="at least", value=0.95)


@dataclass(frozen=True, kw_only=True)
class ScalingSizes:
    """How much is measured.

    Attributes:
        num_trials: a multiple of the number of workers, all of the same cost, so that the ideal is a whole division.
        num_train: training sequences.
    """

    num_rounds: int
    num_trials: int
    num_train: int
    epochs: int
    num_evaluated: int = 500


FULL = ScalingSizes(num_rounds=5, num_trials=8, num_train=640, epochs=2)
QUICK = ScalingSizes(num_rounds=1, num_trials=2, num_train=32, epochs=1, num_evaluated=16)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One submit, by the store's own rows.

    Attributes:
        span_s: from the start of the first trial to the end of the last: without the start of processes.
        busy_s: the trials' durations together.
    """

    span_s: float
    busy_s: float


def _run(sizes: ScalingSizes, num_workers: int) -> Run:
    with scratch() as folder:
        study = write_study(
            folder / "scaling.yaml",
            seeds=sizes.num_trials,
            randomness={"train_data": 42, "validation_data": 43, "test_data": 44},
            base={
                "task": {
                    "name": "needle_haystack",
                    "num_train": sizes.num_train,
                    "num_validation": sizes.num_evaluated,
                    "num_test": sizes.num_evaluated,
                },
                "model": {"name": "amor", "gate": {"name": "entropy"}},
                "training": {"epochs": sizes.epochs},
            },
            variants={"amor_entropy": {}},
        )
        submit_s(study, folder / "store", num_workers=num_workers)
        return _of_store(folder / "store")


def _of_store(store: Path) -> Run:
    sql = """
        SELECT epoch(max(finished_at)) - min(epoch(finished_at) - duration_s * stack_size), sum(duration_s)
        FROM trials
    """
    ((span_s, busy_s),) = results_store.open(store).sql(sql).rows()
    return Run(span_s=span_s, busy_s=busy_s)


def measure(sizes: ScalingSizes, num_workers: int, tell: Callable[[str], None]) -> list[Figure]:
    """One worker and all workers in turn, in an order that alternates."""
    runs: dict[str, list[Run]] = {"one": [], "all": []}
    with cluster(num_workers):
        for index in range(sizes.num_rounds):
            tell(f"scaling: round {index + 1} of {sizes.num_rounds}")
            for name in ("one", "all") if index % 2 == 0 else ("all", "one"):
                runs[name].append(_run(sizes, 1 if name == "one" else num_workers))
    ones, alls = runs["one"], runs["all"]
    efficiency = ratios([run.span_s for run in ones], [num_workers * run.span_s for run in alls])
    slower = ratios([run.busy_s for run in alls], [run.busy_s for run in ones])
    idle = [1 - run.busy_s / (num_workers * run.span_s) for run in alls]
    trials = f"{sizes.num_trials} trials of amor_entropy on NeedleHaystack"
    return [
        Figure(
            part=PART,
            name=f"{num_workers} workers against one: share of the ideal",
            unit="fraction",
            spread=Spread.of(efficiency),
            required=EFFICIENCY,
            note=f"{trials}, first start to last end; paired by round",
        ),
        Figure(
            part=PART,
            name=f"a trial's time beside another one, against alone (of {num_workers} workers)",
            unit="",
            spread=Spread.of(slower),
            note="above 1x: what the cores share (cache, memory, neighbours), not the orchestrator",
        ),
        Figure(
            part=PART,
            name=f"workers idle between first start and last end ({num_workers} workers)",
            unit="fraction",
            spread=Spread.of(idle),
            note="what the orchestrator leaves unused",
        ),
        Figure(
            part=PART,
            name="one worker",
            unit="s",
            spread=Spread.of([run.span_s for run in ones]),
            note=trials,
        ),
    ]
