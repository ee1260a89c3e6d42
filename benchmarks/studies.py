"""Study files that the benchmarks submit, and what a submit of them takes."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

import orchestrator
from orchestrator.executors.ray_cluster import RayCluster


@contextlib.contextmanager
def cluster(num_workers: int) -> Iterator[None]:
    """A local Ray cluster that submits join: its start is in no measurement."""
    os.environ.pop("RAY_ADDRESS", None)
    connection = RayCluster(None, num_workers=num_workers)
    connection.connect()
    try:
        yield
    finally:
        connection.close()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="amor-benchmarks-") as folder:
        yield Path(folder)


def write_study(path: Path, **content: Any) -> Path:
    """Writes a study file."""
    with path.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump({"schema_version": 1, "name": path.stem, **content}, stream)
    return path


def do_nothing_study(folder: Path, num_trials: int) -> Path:
    """One cell of as many seeds as there are to be trials."""
    variants: dict[str, Any] = {"only": {}}
    return write_study(folder / "nothing.yaml", trainable="do_nothing", seeds=num_trials, base={}, variants=variants)


def submit_s(study: Path, store: Path, *, num_workers: int, executor: Literal["ray", "inline"] = "ray") -> float:
    """Submits a study to an empty store, every trial alone; seconds from the call to its return.

    Raises:
        RuntimeError: a trial failed, or is missing.
    """
    options = orchestrator.SubmitOptions(executor=executor, num_workers=num_workers, stack_size=1)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):  # noqa: PTH123
        started_s = time.perf_counter()
        outcome = orchestrator.submit(study, store=store, options=options)
        elapsed_s = time.perf_counter() - started_s
    (of_study,) = outcome.studies
    if of_study.num_trained != of_study.num_trials:
        reason = of_study.stop_reason or f"{of_study.num_failed} failed"
        raise RuntimeError(f"{of_study.num_trained} of {of_study.num_trials} trials were trained: {reason}")
    return elapsed_s
