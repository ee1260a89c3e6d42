"""Orchestration: trials that do nothing, against Ray Tune on the same cluster."""

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Requirement, Spread, ratios
from benchmarks.studies import cluster, do_nothing_study, scratch, submit_s

PART = "orchestration"
AGAINST_TUNE = Requirement(kind="at least", value=10.0)


@dataclass(frozen=True, kw_only=True)
class OrchestrationSizes:
    """How much is measured; `num_tune_trials` may be fewer than ours, and the output says so."""

    num_rounds: int
    num_trials: int
    num_tune_trials: int


FULL = OrchestrationSizes(num_rounds=3, num_trials=1000, num_tune_trials=1000)
QUICK = OrchestrationSizes(num_rounds=1, num_trials=20, num_tune_trials=10)


def tune_s(folder: Path, num_trials: int, num_workers: int) -> float:
    """Runs Ray Tune over as many trials, its actors kept warm; seconds from the call to its return.

    Raises:
        RuntimeError: a trial is missing.
    """
    from ray import tune

    class DoNothing(tune.Trainable):
        """Reports a number and ends; its actor takes the next trial."""

        def setup(self, config: dict[str, Any]) -> None:
            self.seed = config["seed"]

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.seed = new_config["seed"]
            return True

        def step(self) -> dict[str, Any]:
            return {"score": float(self.seed), "done": True}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """Nothing to save."""

        def load_checkpoint(self, checkpoint: Any) -> None:
            """Nothing to load."""

    tuner = tune.Tuner(
        tune.with_resources(DoNothing, {"cpu": 1}),
        param_space={"seed": tune.grid_search(list(range(num_trials)))},
        tune_config=tune.TuneConfig(reuse_actors=True, max_concurrent_trials=num_workers),
        run_config=tune.RunConfig(name="nothing", storage_path=str(folder), verbose=0),
    )
    started_s = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):  # it prints even when told not to; the table is for stdout
        grid = tuner.fit()
    elapsed_s = time.perf_counter() - started_s
    if len(grid) != num_trials or grid.errors:
        raise RuntimeError(f"Ray Tune: {len(grid)} of {num_trials} trials, {len(grid.errors)} errors")
    return elapsed_s


def measure(sizes: OrchestrationSizes, num_workers: int, tell: Callable[[str], None]) -> list[Figure]:
    """Both, one after the other, in an order that alternates; each ends with its results on disk."""
    ours: list[float] = []
    tunes: list[float] = []
    with cluster(num_workers):
        for index in range(sizes.num_rounds):

            def run_ours() -> None:
                with scratch() as folder:
                    study = do_nothing_study(folder, sizes.num_trials)
                    ours.append(sizes.num_trials / submit_s(study, folder / "store", num_workers=num_workers))

            def run_tune() -> None:
                with scratch() as folder:
                    tunes.append(sizes.num_tune_trials / tune_s(folder, sizes.num_tune_trials, num_workers))

            tell(f"orchestration: round {index + 1} of {sizes.num_rounds}")
            for run in (run_ours, run_tune) if index % 2 == 0 else (run_tune, run_ours):
                run()
    scaled = "" if sizes.num_tune_trials == sizes.num_trials else f" (Tune ran {sizes.num_tune_trials}: scaled)"
    workers = f"{num_workers} workers"
    return [
        Figure(
            part=PART,
            name=f"{sizes.num_trials} do-nothing trials: times as many per second as Ray Tune{scaled}",
            unit="",
            spread=Spread.of(ratios(ours, tunes)),
            required=AGAINST_TUNE,
            note=f"{workers}, reuse_actors=True; without the cluster's start, with the workers'; paired by round",
        ),
        Figure(
            part=PART,
            name=f"amor, {sizes.num_trials} trials",
            unit="trials/s",
            spread=Spread.of(ours),
            note=f"{workers}, stacks of 1, rows durable in the store",
        ),
        Figure(
            part=PART,
            name=f"Ray Tune, {sizes.num_tune_trials} trials",
            unit="trials/s",
            spread=Spread.of(tunes),
            note=f"{workers}, its usual loggers",
        ),
    ]
