"""What a search costs beside training: asking for a round and telling of it, with 1,000 candidates told before.

Everything is as in a real run, the record in the store included, but that all trials of the measured rounds are in the
store already: nothing is trained.
"""

import contextlib
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

import orchestrator
import results_store
from benchmarks.figures import Figure, Requirement, Spread
from benchmarks.studies import scratch, write_study

PART = "proposals"
PER_CANDIDATE = Requirement(kind="less than", value=20.0)
ROUND_SIZE = 8
SAMPLERS = (("random", 1), ("tpe", 1), ("tpe", 2), ("nsga2", 2))
"""With so many objectives."""

BEGUN = """
    SELECT epoch(asked_at) FROM rounds WHERE variant = 'searched' AND round_index >= $first ORDER BY round_index
"""


@dataclass(frozen=True, kw_only=True)
class ProposalSizes:
    """How much is measured: rounds behind so many candidates that have been told."""

    num_told: int
    num_rounds: int


FULL = ProposalSizes(num_told=1000, num_rounds=10)
QUICK = ProposalSizes(num_told=16, num_rounds=2)


def _study(folder: Path, sampler: str, num_objectives: int, num_candidates: int) -> Path:
    """A search of four parameters in one variant, and another that is not searched."""
    objectives: list[dict[str, str]] = [{"metric": "score", "direction": "maximize"}]
    objectives += [{"parameter": "value", "direction": "minimize"}][: num_objectives - 1]
    when = {"variant": "searched"}
    search = {
        "sampler": {"name": sampler},
        "parameters": {
            "value": {"type": "float", "low": -3.0, "high": 3.0, "when": when},
            "spread": {"type": "float", "low": 0.1, "high": 10.0, "log": True, "when": when},
            "epochs": {"type": "int", "low": 0, "high": 3, "when": when},
            "sleep_s": {"type": "categorical", "choices": [0.0, 1.0e-9, 2.0e-9], "when": when},
        },
        "objectives": objectives,
        "max_trials": num_candidates,
        "round_size": ROUND_SIZE,
    }
    variants = {"searched": {}, "other": {"value": 0.0, "spread": 1.0, "epochs": 0, "sleep_s": 0.0}}
    return write_study(folder / f"{sampler}.yaml", trainable="do_nothing", seeds=1, variants=variants, search=search)


def _submit(study: Path, store: Path, only: Sequence[str] = ()) -> None:
    options = orchestrator.SubmitOptions(executor="inline", only=tuple(only))
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):  # noqa: PTH123
        outcome = orchestrator.submit(study, store=store, options=options)
    if not outcome.is_complete:
        raise RuntimeError(f"the search did not come to its end: {outcome.studies}")


def _forget(store: Path, num_told: int) -> None:
    """Deletes what is recorded of the candidates behind so many; their trials stay."""
    for path in (store / "search").iterdir():
        if min(pq.read_table(path, columns=["candidate"])["candidate"].to_pylist()) >= num_told:
            path.unlink()


def _times_ms(folder: Path, sampler: str, num_objectives: int, sizes: ProposalSizes) -> list[float]:
    """Milliseconds per candidate, for each of the rounds but the last, whose end nothing marks."""
    store = folder / "store"
    study = _study(folder, sampler, num_objectives, sizes.num_told + (sizes.num_rounds + 1) * ROUND_SIZE)
    _submit(study, store, only=["searched"])
    _forget(store, sizes.num_told)
    _submit(study, store)  # the other variant is trained first: then rounds are recorded as they come
    first = sizes.num_told // ROUND_SIZE
    begun = [moment for (moment,) in results_store.open(store).sql(BEGUN, {"first": first}).rows()]
    return [1000 * (end - start) / ROUND_SIZE for start, end in itertools.pairwise(begun)]


def measure(sizes: ProposalSizes, tell: Callable[[str], None]) -> list[Figure]:
    """Every sampler: a whole search, of which the last rounds are asked for and told once more."""
    figures = []
    for sampler, num_objectives in SAMPLERS:
        objectives = "one objective" if num_objectives == 1 else f"{num_objectives} objectives"
        tell(f"{PART}: {sampler}, {objectives}")
        with scratch() as folder:
            times_ms = _times_ms(folder, sampler, num_objectives, sizes)
        figures.append(
            Figure(
                part=PART,
                name=f"{sampler}, {objectives}: asking for a candidate, and telling of it",
                unit="ms",
                spread=Spread.of(times_ms),
                required=PER_CANDIDATE,
                note=f"{sizes.num_told} told, rounds of {ROUND_SIZE}, reading and recording included",
            )
        )
    return figures
