"""`python -m benchmarks.searching`: what a sampler, racing and halving gain on studies/search/gate_pareto.yaml.

Every arm is the same study with another sampler or pruning, repeated with other sampler seeds, at equal training cost
(the number of whole trainings) unless its name says otherwise. It takes about an hour and a half on two cores; what is
in the store is not trained again, so it may be interrupted.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

import orchestrator
import results_store
from benchmarks.studies import cluster
from results_store.statistics import mean_interval

STUDY = Path(__file__).parents[1] / "studies" / "search" / "gate_pareto.yaml"
NUM_REPETITIONS = 5
WORST = (0.4, 0.5)
"""Retrieval accuracy and gate rate from which hypervolume is measured: what the backbone alone retrieves, and the
largest target rate that is searched; points beyond add nothing."""

RACING = "search.pruning={method: racing, first_seeds: 1, keep: 0.5}"
HALVING = "search.pruning={method: halving, first_epochs: 2, factor: 4}"
GRID = (
    "search=null",
    "grid={model.gate.scale: [1.0, 5.5, 30.0], model.gate.threshold: [0.3, 0.7], model.gate.target_rate: [0.05, 0.3], "
    "model.attention.top_k: [3, 16], training.balance_weight: [0.03, 3.0]}",
)
SINGLE = (
    "search.objectives=[{metric: validation_retrieval_accuracy, direction: maximize}]",
    "search.constraints=[{metric: validation_gate_rate, at_most: 0.1}]",
)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A way to spend the training.

    Attributes:
        settings: changes to the study.
        is_seeded: whether it has a sampler, whose seed is the repetition's.
        has_front: whether it has two objectives, and is judged by its front; otherwise by its best feasible candidate.
        first_of: the arm of whose run this is the beginning; then nothing is run for it.
        num_candidates: how many candidates that beginning has.
        is_apart: whether it has a store of its own: trials that others have trained whole would be cut for nothing.
    """

    name: str
    settings: tuple[str, ...] = ()
    sampler: str | None = "tpe"
    has_front: bool = True
    first_of: str | None = None
    num_candidates: int = 10**6
    is_apart: bool = False

    def study(self, repetition: int) -> str:
        """The name of one repetition in the store."""
        return f"gate-pareto.{(self.first_of or self.name).replace(' ', '_')}.{repetition}"

    def store(self, store: Path) -> Path:
        """Where its results are."""
        return store.with_name(f"{store.name}-{self.name.replace(' ', '_')}") if self.is_apart else store

    def all_settings(self, repetition: int) -> list[str]:
        """The changes for one repetition."""
        sampler = [] if self.sampler is None else [f"search.sampler={{name: {self.sampler}, seed: {repetition}}}"]
        confirm = [] if self.sampler is None else ["search.confirm=null"]
        return [f"name={self.study(repetition)}", "tables=[]", *self.settings, *sampler, *confirm]


ARMS = (
    Arm(name="random", sampler="random"),
    Arm(name="tpe"),
    Arm(name="tpe racing", settings=(RACING, "search.max_trials=72")),
    Arm(name="tpe racing, 48 candidates", first_of="tpe racing", num_candidates=48),
    Arm(name="grid", settings=GRID, sampler=None),
    Arm(name="single tpe", settings=SINGLE, has_front=False),
    Arm(name="single tpe halving", settings=(*SINGLE, HALVING), has_front=False, is_apart=True),
)

RUNS = """
    WITH searched AS (SELECT cell_id, candidate FROM candidates WHERE study = $study)
    SELECT results.* FROM results LEFT JOIN searched ON searched.cell_id = results.cell_id
    WHERE study = $study AND coalesce(candidate, 0) < $most
"""
CANDIDATES = f"""
    SELECT avg(validation_retrieval_accuracy), avg(validation_gate_rate),
        avg(test_retrieval_accuracy), avg(test_gate_rate)
    FROM ({RUNS}) GROUP BY cell_id HAVING count(*) FILTER (state = 'completed') = 3 ORDER BY min(member)
"""
"""Those that were trained whole, on all of their seeds."""
COST = f"""
    SELECT coalesce(sum(num_epochs), 0) FROM (
        SELECT max(epoch) AS num_epochs FROM raw.epochs WHERE trial_id IN (SELECT trial_id FROM ({RUNS}))
        GROUP BY attempt_id
    )
"""
"""Epochs, also of trials that were cut short and later trained from the start."""


def hypervolume(points: Sequence[tuple[float, float]]) -> float:
    """The area that points (retrieval accuracy, gate rate) dominate, from the worst point on."""
    area, best = 0.0, WORST[0]
    for accuracy, rate in sorted(points, key=lambda point: (point[1], -point[0])):
        if accuracy > best and rate < WORST[1]:
            area += (accuracy - best) * (WORST[1] - rate)
            best = accuracy
    return area


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The places of the points that no other dominates."""
    return [
        place
        for place, (accuracy, rate) in enumerate(points)
        if not any(a >= accuracy and r <= rate and (a, r) != (accuracy, rate) for a, r in points)
    ]


def _run(store: Path, num_repetitions: int, num_workers: int) -> None:
    options = orchestrator.SubmitOptions(num_workers=num_workers)
    runs = [
        (arm, repetition)
        for has_front in (True, False)
        for repetition in range(num_repetitions)
        for arm in ARMS
        if arm.has_front is has_front
        and arm.first_of is None
        and (arm.sampler is not None or not repetition)  # a grid draws nothing
    ]
    for arm, repetition in runs:
        outcome = orchestrator.submit(
            STUDY, store=arm.store(store), settings=arm.all_settings(repetition), options=options
        )
        if outcome.was_interrupted:
            raise KeyboardInterrupt


def _score(results: results_store.Results, arm: Arm, repetition: int) -> tuple[float, float, float]:
    """Quality on validation and on test, and the epochs trained."""
    parameters = {"study": arm.study(repetition), "most": arm.num_candidates}
    rows = results.sql(CANDIDATES, parameters).rows()
    num_epochs = float(results.sql(COST, parameters).rows()[0][0])
    validation = [(row[0], row[1]) for row in rows]
    test = [(row[2], row[3]) for row in rows]
    if arm.has_front:
        chosen = [test[place] for place in front(validation)]
        return hypervolume(validation), hypervolume(chosen), num_epochs
    feasible = [place for place, (_, rate) in enumerate(validation) if rate <= 0.1]
    best = max(feasible, key=lambda place: validation[place][0])
    return validation[best][0], test[best][0], num_epochs


def _print(store: Path, num_repetitions: int) -> None:
    table = Table(
        "arm",
        "n",
        "quality, validation",
        "quality, test",
        "epochs trained",
        "difference to the first of its kind, test",
    )
    first: dict[bool, list[float]] = {}
    for arm in ARMS:
        results = results_store.open(arm.store(store))
        done = {name for (name,) in results.sql("SELECT DISTINCT study FROM studies").rows()}
        repetitions = [repetition for repetition in range(num_repetitions) if arm.study(repetition) in done]
        scores = [_score(results, arm, repetition) for repetition in repetitions]
        if not scores:
            continue
        validation, test, epochs = (list(column) for column in zip(*scores, strict=True))
        base = first.setdefault(arm.has_front, test)
        others = test * len(base) if arm.sampler is None else test
        paired = [mine - other for mine, other in zip(others, base, strict=False)]
        table.add_row(
            arm.name,
            str(len(scores)),
            _shown(validation),
            _shown(test),
            f"{statistics.mean(epochs):,.0f}",
            "" if base is test else _shown(paired),
        )
    console = Console()
    console.width = max(console.width, 140)
    console.print(table)
    console.print(
        "quality: of two objectives the hypervolume of the front, from retrieval 40 % and gate rate 50 % on; of one\n"
        "the best retrieval accuracy at a gate rate of at most 10 %. Means over repetitions with 95 % intervals "
        "(Student's t).",
        highlight=False,
    )


def _shown(values: Sequence[float]) -> str:
    interval = mean_interval(values)
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.4f}"
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is missing and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.searching", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="folder of the results")
    parser.add_argument("--repetitions", type=int, default=NUM_REPETITIONS, help="sampler seeds per arm")
    parser.add_argument("--workers", type=int, default=2, help="workers; default 2")
    parser.add_argument("--print-only", action="store_true", help="train nothing")
    options = parser.parse_args(arguments)
    if not options.print_only:
        with cluster(options.workers):
            _run(options.store, options.repetitions, options.workers)
    _print(options.store, options.repetitions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
