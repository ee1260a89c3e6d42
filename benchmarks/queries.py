"""SQL: an aggregate by cell over a million rows, and over thousands of files of one row; before and after `compact`.

The million rows lie in files of a thousand, as workers leave them that publish short trials twice a second.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import results_store
from amor_models import METRICS
from benchmarks.figures import Figure, Requirement, Spread
from benchmarks.studies import scratch
from orchestrator.trainables.amor import AmorTrainable
from results_store import FolderStore, Kind, Layout
from results_store.records import Provenance, TrialRecord
from results_store.schemas import to_table
from results_store.stores.publishing import encode, publish

PART = "queries"
COMPACTED = Requirement(kind="less than", value=0.1)
SMALL_FILES = Requirement(kind="less than", value=1.0)
BY_CELL = """
    SELECT task_noise_length, model_gate_scale, model_attention_top_k, training_learning_rate,
        count(*) AS n, avg(test_retrieval_accuracy) AS mean, stddev_samp(test_retrieval_accuracy) AS deviation
    FROM trials
    GROUP BY ALL
"""
STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class QuerySizes:
    """How much is measured."""

    num_rows: int
    num_rows_per_file: int
    num_files: int
    num_seeds: int
    num_rounds: int


FULL = QuerySizes(num_rows=1_000_000, num_rows_per_file=1_000, num_files=5_000, num_seeds=100, num_rounds=15)
QUICK = QuerySizes(num_rows=5_000, num_rows_per_file=1_000, num_files=300, num_seeds=5, num_rounds=3)


def _config(cell: int) -> dict[str, Any]:
    """The cell with this number: a point of a grid of 10 x 10 x 10 x as many as it takes."""
    scale, top_k, noise_length, rate = cell % 10, cell // 10 % 10, cell // 100 % 10, cell // 1000
    raw = {
        "task": {"name": "needle_haystack", "noise_length": 20 + 10 * noise_length},
        "model": {"name": "amor", "gate": {"name": "entropy", "scale": 1.0 + scale}, "attention": {"top_k": 1 + top_k}},
        "training": {"learning_rate": 1e-4 * (1 + rate)},
    }
    return AmorTrainable.config_model.model_validate(raw).model_dump(mode="json")


def _record(cell: int, seed: int, generator: np.random.Generator) -> TrialRecord:
    """A trial that was never trained."""
    return TrialRecord(
        trial_id=generator.bytes(16).hex(),
        attempt_id=generator.bytes(16).hex(),
        trainable="amor",
        trainable_version=1,
        seed=seed,
        status="completed",
        config=_config(cell),
        metrics={metric.name: float(generator.random()) for metric in METRICS},
        duration_s=60.0,
        stack_size=1,
        provenance=Provenance(
            git_commit="0" * 40,
            git_dirty=False,
            source_hash="0" * 16,
            versions={"python": "3.11"},
            host="nowhere",
            cpu="none",
            threads=1,
            finished_at=STARTED_AT + timedelta(seconds=cell),
        ),
    )


def _ids(num_rows: int, generator: np.random.Generator) -> pa.Array:
    text = generator.bytes(16 * num_rows).hex()
    return pa.array([text[32 * row : 32 * row + 32] for row in range(num_rows)], pa.string())


def publish_sweep(store: Path, sizes: QuerySizes) -> None:
    """Publishes each cell with all its seeds, in random order, as random searches finish, in files of many rows."""
    generator = np.random.default_rng(0)
    num_cells = sizes.num_rows // sizes.num_seeds
    kind, of_cells = to_table([_record(cell, 0, generator) for cell in range(num_cells)])
    metrics = {metric.name for metric in METRICS}
    shuffled = generator.permutation(num_cells * sizes.num_seeds)
    for start in range(0, len(shuffled), sizes.num_rows_per_file):
        order = shuffled[start : start + sizes.num_rows_per_file]
        table = of_cells.take(pa.array(order % num_cells))
        columns: dict[str, Any] = {}
        for name in table.column_names:
            if name in ("trial_id", "attempt_id"):
                columns[name] = _ids(len(order), generator)
            elif name == "seed":
                columns[name] = pa.array(order // num_cells)
            elif name in metrics and pa.types.is_floating(table.schema.field(name).type):
                columns[name] = pa.array(generator.random(len(order)))
            else:
                columns[name] = table.column(name)
        publish(Layout(store), kind, encode(pa.table(columns)))


def publish_small_files(store: Path, sizes: QuerySizes) -> None:
    """Publishes one file per trial, as slow trials of a long study do."""
    generator = np.random.default_rng(1)
    folder = FolderStore(store)
    num_cells = max(1, sizes.num_files // sizes.num_seeds)
    for row in range(sizes.num_files):
        folder.publish([_record(row % num_cells, row // num_cells, generator)])


def _query_s(store: Path, num_rows: int) -> tuple[float, float]:
    """Seconds of opening a store and querying it into an Arrow table, and of the same query once more."""
    started_s = time.perf_counter()
    opened = results_store.open(store)
    table = opened.sql(BY_CELL).arrow()
    first_s = time.perf_counter() - started_s
    counted = sum(table["n"].to_pylist())
    if counted != num_rows or opened.problems:
        raise RuntimeError(f"the query saw {counted} of {num_rows} rows; problems: {opened.problems}")
    started_s = time.perf_counter()
    opened.sql(BY_CELL).arrow()
    return first_s, time.perf_counter() - started_s


def _queried(what: str, store: Path, num_rows: int, required: Requirement | None, num_rounds: int) -> list[Figure]:
    warm_up_s, _ = _query_s(store, num_rows)
    both = [_query_s(store, num_rows) for _ in range(num_rounds)]
    return [
        Figure(
            part=PART,
            name=f"{what}: open the store and aggregate by cell",
            unit="s",
            spread=Spread.of([first for first, _ in both]),
            required=required,
            note=f"after a first time of {warm_up_s:.2f} s, in which the files are verified",
            details={"first_time_s": warm_up_s},
        ),
        Figure(
            part=PART,
            name=f"{what}: the same query again",
            unit="s",
            spread=Spread.of([again for _, again in both]),
            note="in a store that is open, as in a notebook",
        ),
    ]


def _compacted(what: str, store: Path) -> Figure:
    report = results_store.compact(store)
    trials = next(kind for kind in report.kinds if kind.kind is Kind.TRIALS)
    return Figure(
        part=PART,
        name=f"{what}: the compaction itself",
        unit="s",
        spread=Spread.of([report.duration_s]),
        note=f"from {trials.before.num_files} files ({trials.before.num_bytes / 1e6:.0f} MB) "
        f"to {trials.after.num_files} ({trials.after.num_bytes / 1e6:.0f} MB)",
    )


def measure(sizes: QuerySizes, tell: Callable[[str], None]) -> list[Figure]:
    """Both stores; they are built first, which is in no measurement."""
    figures: list[Figure] = []
    num_files = math.ceil(sizes.num_rows / sizes.num_rows_per_file)
    stores: tuple[tuple[str, int, Callable[[Path, QuerySizes], None], Requirement | None, Requirement | None], ...] = (
        (f"SQL over {sizes.num_rows} rows in {num_files} files", sizes.num_rows, publish_sweep, None, COMPACTED),
        (f"SQL over {sizes.num_files} files of one row", sizes.num_files, publish_small_files, SMALL_FILES, None),
    )
    for name, num_rows, build, required, required_compacted in stores:
        with scratch() as folder:
            store = folder / "store"
            tell(f"queries: building the store of {name}")
            build(store, sizes)
            tell("queries: querying it, compacting it, querying it")
            figures += _queried(f"{name}, as published", store, num_rows, required, sizes.num_rounds)
            figures.append(_compacted(name, store))
            figures += _queried(f"{name}, compacted", store, num_rows, required_compacted, sizes.num_rounds)
    return figures
