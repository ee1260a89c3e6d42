"""Memory of the driver: does it grow with the number of trials?

Every measurement is a process of its own, because a process seldom gives memory back.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Requirement, Spread
from benchmarks.studies import cluster, do_nothing_study, scratch, submit_s

PART = "memory"
GROWTH = Requirement(kind="less than", value=50.0)


@dataclass(frozen=True, kw_only=True)
class MemorySizes:
    """How much is measured: few trials against many."""

    num_few: int
    num_many: int
    num_rounds: int


FULL = MemorySizes(num_few=100, num_many=10_000, num_rounds=3)
QUICK = MemorySizes(num_few=5, num_many=50, num_rounds=1)


def _status_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"this system's /proc/self/status has no {field}; the part `memory` needs Linux")


def _driver(num_trials: int, num_workers: int) -> None:
    """Runs in the child: submits, and prints its own peak of resident memory."""
    with scratch() as folder, cluster(num_workers):
        before_mb = _status_mb("VmRSS")
        submit_s(do_nothing_study(folder, num_trials), folder / "store", num_workers=num_workers)
        print(json.dumps({"before_mb": before_mb, "peak_mb": _status_mb("VmHWM")}))


def _peaks(num_trials: int, num_workers: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", str(num_trials), str(num_workers)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root)
    peaks: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return peaks


def measure(sizes: MemorySizes, num_workers: int, tell: Callable[[str], None]) -> list[Figure]:
    """Few and many trials in turn."""
    runs: dict[int, list[dict[str, float]]] = {sizes.num_few: [], sizes.num_many: []}
    for index in range(sizes.num_rounds):
        for num_trials, peaks in runs.items():
            tell(f"memory: round {index + 1} of {sizes.num_rounds}, {num_trials} trials")
            peaks.append(_peaks(num_trials, num_workers))
    few, many = runs[sizes.num_few], runs[sizes.num_many]
    growth = [large["peak_mb"] - small["peak_mb"] for small, large in zip(few, many, strict=True)]
    figures = [
        Figure(
            part=PART,
            name=f"driver: growth from {sizes.num_few} to {sizes.num_many} do-nothing trials",
            unit="MB",
            spread=Spread.of(growth),
            required=GROWTH,
            note="peaks of resident memory, each in a fresh process",
        )
    ]
    for num_trials, peaks in runs.items():
        before = Spread.of([peak["before_mb"] for peak in peaks]).median
        figures.append(
            Figure(
                part=PART,
                name=f"driver: peak at {num_trials} trials",
                unit="MB",
                spread=Spread.of([peak["peak_mb"] for peak in peaks]),
                note=f"{before:.0f} MB before the submit, libraries and cluster connection included",
            )
        )
    return figures


if __name__ == "__main__":
    _driver(int(sys.argv[1]), int(sys.argv[2]))
