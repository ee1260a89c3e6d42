"""What a search costs beside training: asking for a round and telling of it, with 1,000 candidates told before.

The whole loop in one process, with trials that do nothing: their bookkeeping is in the figures, too.
"""

import contextlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    SELECT epoch(asked_at) FROM rounds WHERE round_index >= $first ORDER BY round_index
"""


@dataclass(frozen=True, kw_only=True)
class ProposalSizes:
    """How much is measured: rounds behind so many candidates that have been told."""

    num_told: int
    num_rounds: int


FULL = ProposalSizes(num_told=1000, num_rounds=10)
QUICK = ProposalSizes(num_told=16, num_rounds=2)


def _study(folder: Path, sampler: str, num_objectives: int) -> Path:
    """A search of four parameters."""
    objectives: list[dict[str, str]] = [{"metric": "score", "direction": "maximize"}]
    objectives += [{"parameter": "value", "direction": "minimize"}][: num_objectives - 1]
    search = {
        "sampler": {"name": sampler},
        "parameters": {
            "value": {"type": "float", "low": -3.0, "high": 3.0},
            "spread": {"type": "float", "low": 0.1, "high": 10.0, "log": True},
            "epochs": {"type": "int", "low": 0, "high": 3},
            "sleep_s": {"type": "categorical", "choices": [0.0, 1.0e-9, 2.0e-9]},
        },
        "objectives": objectives,
        "max_trials": 1,
        "round_size": ROUND_SIZE,
    }
    return write_study(folder / f"{sampler}.yaml", trainable="do_nothing", seeds=1, search=search)


def _submit(study: Path, store: Path, num_candidates: int) -> None:
    options = orchestrator.SubmitOptions(executor="inline")
    settings = [f"search.max_trials={num_candidates}"]
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):  # noqa: PTH123
        outcome = orchestrator.submit(study, store=store, settings=settings, options=options)
    if not outcome.is_complete:
        raise RuntimeError(f"the search did not come to its end: {outcome.studies}")


def _times_ms(folder: Path, sampler: str, num_objectives: int, sizes: ProposalSizes) -> list[float]:
    """Milliseconds per candidate, for each of the rounds but the last, whose end nothing marks."""
    store = folder / "store"
    study = _study(folder, sampler, num_objectives)
    _submit(study, store, sizes.num_told)
    _submit(study, store, sizes.num_told + (sizes.num_rounds + 1) * ROUND_SIZE)
    first = sizes.num_told // ROUND_SIZE
    begun = [moment for (moment,) in results_store.open(store).sql(BEGUN, {"first": first}).rows()]
    return [1000 * (end - start) / ROUND_SIZE for start, end in itertools.pairwise(begun)]


def measure(sizes: ProposalSizes, tell: Callable[[str], None]) -> list[Figure]:
    """Every sampler: a whole search up to there, and the rounds behind it."""
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
                note=f"{sizes.num_told} told, rounds of {ROUND_SIZE}; with the bookkeeping of trials that do nothing",
            )
        )
    return figures
