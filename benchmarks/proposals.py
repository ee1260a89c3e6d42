"""What a search costs beside training: asking for a round and telling of it, with 1,000 candidates told before."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Requirement, Spread
from benchmarks.studies import scratch, write_study
from orchestrator.search.candidates import Outcome
from orchestrator.search.course import Course, Record, course
from orchestrator.search.judging import Replicates, Train
from orchestrator.search.record import read_record, records_of
from orchestrator.study.loading import load_study
from orchestrator.study.study import Study
from orchestrator.trainables.contract import TrialStatus
from results_store import FolderStore
from results_store import open as open_results

PART = "proposals"
PER_CANDIDATE = Requirement(kind="less than", value=20.0)
ROUND_SIZE = 8
SAMPLERS = ("random", "tpe", "nsga2", "qmc")


@dataclass(frozen=True, kw_only=True)
class ProposalSizes:
    """How much is measured: rounds behind so many candidates that have been told."""

    num_told: int
    num_rounds: int


FULL = ProposalSizes(num_told=1000, num_rounds=10)
QUICK = ProposalSizes(num_told=16, num_rounds=1)


def _study(folder: Path, sampler: str, num_objectives: int, num_candidates: int) -> Study:
    """A search of four parameters; nothing is trained."""
    objectives: list[dict[str, str]] = [{"metric": "score", "direction": "maximize"}]
    objectives += [{"parameter": "value", "direction": "minimize"}][: num_objectives - 1]
    search = {
        "sampler": {"name": sampler},
        "parameters": {
            "value": {"type": "float", "low": -3.0, "high": 3.0},
            "spread": {"type": "float", "low": 0.1, "high": 10.0, "log": True},
            "epochs": {"type": "int", "low": 1, "high": 1000, "log": True},
            "sleep_s": {"type": "categorical", "choices": [0.0, 1.0, 2.0]},
        },
        "objectives": objectives,
        "max_trials": num_candidates,
        "round_size": ROUND_SIZE,
    }
    return load_study(write_study(folder / f"{sampler}.yaml", trainable="do_nothing", seeds=1, search=search))


def _ended(train: Train) -> Replicates:
    """What training would have given."""
    return {
        trial.trial_id: (TrialStatus.COMPLETED, {"score": float(int(trial.trial_id[:8], 16)) / 2**32})
        for trial in train.trials
    }


def _live(running: Course, store: FolderStore, study: Study, num_told: int) -> list[float]:
    """Runs a search in which nothing is trained; seconds of each round behind so many candidates told."""
    (search,) = study.searches
    times: list[float] = []
    answer: Replicates | None = None
    told, begun_s = 0, time.perf_counter()
    try:
        while True:
            instruction = running.send(answer)
            answer = None
            if isinstance(instruction, Train):
                answer = _ended(instruction)
                continue
            store.publish(records_of(search, instruction, study.name))
            if _is_told(instruction):
                if told >= num_told:
                    times.append((time.perf_counter() - begun_s) / len(instruction.entries))
                told += len(instruction.entries)
                begun_s = time.perf_counter()
    except StopIteration:
        return times


def _is_told(record: Record) -> bool:
    return any(isinstance(entry.outcome, Outcome) for entry in record.entries)


def measure(sizes: ProposalSizes, tell: Callable[[str], None]) -> list[Figure]:
    """Every sampler with one objective and with two: a whole search up to there, then the rounds that count."""
    figures = []
    for sampler in SAMPLERS:
        for num_objectives in (1, 2):
            with scratch() as folder:
                num_candidates = sizes.num_told + sizes.num_rounds * ROUND_SIZE
                study = _study(folder, sampler, num_objectives, num_candidates)
                store = FolderStore(folder / "store")
                (search,) = study.searches
                recorded = read_record(open_results(store.path), search, study.name)
                times = _live(course(search, recorded.known), store, study, sizes.num_told)
                objectives = "one objective" if num_objectives == 1 else "two objectives"
                tell(f"{PART}: {sampler}, {objectives}")
                figures.append(
                    Figure(
                        part=PART,
                        name=f"{sampler}, {objectives}: asking for a candidate, and telling of it",
                        unit="ms",
                        spread=Spread.of([1000 * seconds for seconds in times]),
                        required=PER_CANDIDATE,
                        note=f"{sizes.num_told} told, rounds of {ROUND_SIZE}, record in the store included",
                    )
                )
    return figures
