"""`python -m benchmarks.survival`: how often the log-rank test, intervals of a median epoch and of a share err.

The first two by simulation, the last by counting out.

Prints one Markdown table, which stands in docs/statistics.md. It measures no time, so other work may run beside it.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.verdicts import NUM_SEEDS, Row, Tell, percent, table
from results_store.statistics import LearningTime, log_rank_test, survival, wilson_share

LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Two cells of one model.

    Attributes:
        chance: That a run which has not learned yet learns in the next epoch.
        begin: The first epoch in which runs can learn.
        never: The share of runs that do not learn however long they are trained.
        trained: Epochs of the first and of the second cell.
    """

    chance: float
    begin: int = 3
    never: float = 0.0
    trained: tuple[int, int] = (15, 15)

    def draw(self, rng: np.random.Generator, size: int, trained: int) -> list[LearningTime]:
        """The replicates of one cell."""
        epochs = rng.geometric(self.chance, size) + self.begin - 1
        is_never = rng.random(size) < self.never
        return [
            LearningTime(event=None if nothing or epoch > trained else float(epoch), trained=float(trained))
            for epoch, nothing in zip(epochs, is_never, strict=True)
        ]

    @property
    def median(self) -> int:
        """The first epoch after which at most half of all runs have not learned."""
        assert self.never == 0
        return next(epoch for epoch in range(10_000) if (1 - self.chance) ** max(0, epoch + 1 - self.begin) <= 0.5)


NULL = {
    "half never learn, the others within few epochs": Arms(chance=0.3, never=0.5),
    "half have not learned by the end": Arms(chance=0.05),
    "all learn": Arms(chance=0.5, trained=(100, 100)),
    "one in five learns": Arms(chance=0.3, never=0.8),
    "half have not learned by the end, 15 against 30 epochs": Arms(chance=0.05, trained=(15, 30)),
}
SHARES = (0.5, 0.7, 0.9, 0.95)
MEDIANS = {
    "all learn, within few epochs": Arms(chance=0.4, trained=(100, 100)),
    "all learn, spread over many epochs": Arms(chance=0.05, trained=(200, 200)),
    "a quarter has not learned by the end": Arms(chance=0.1),
    "nearly half has not learned by the end": Arms(chance=0.055),
}


def rows(num_studies: int, tell: Tell) -> Iterator[Row]:
    """How often equal cells are found to differ, and how often the interval holds the true median."""
    for name, arms in NULL.items():
        tell(f"log-rank, {name}")
        measured = []
        for size in NUM_SEEDS:
            rng = np.random.default_rng(size)
            found = 0
            for _ in range(num_studies):
                first, second = (arms.draw(rng, size, trained) for trained in arms.trained)
                p_value = log_rank_test(first, second).p_value
                found += p_value is not None and p_value <= LEVEL
            measured.append(percent(found, num_studies))
        yield Row(what="log-rank p at most 5 %, equal cells", arms=name, measured=measured)
    for name, arms in MEDIANS.items():
        tell(f"median, {name}")
        measured = []
        for size in NUM_SEEDS:
            rng = np.random.default_rng(size)
            held = unbounded = 0
            for _ in range(num_studies):
                found_median = survival(arms.draw(rng, size, arms.trained[0]))
                low, high = found_median.low, found_median.high
                held += low is not None and low <= arms.median and (high is None or arms.median <= high)
                unbounded += high is None
            measured.append(f"{percent(held, num_studies)} (without an end {percent(unbounded, num_studies)})")
        yield Row(what="coverage, median epoch", arms=name, measured=measured)

    for share in SHARES:
        measured = []
        for size in NUM_SEEDS:
            intervals = [(number, wilson_share(number, size)) for number in range(size + 1)]
            held = sum(
                math.comb(size, number) * share**number * (1 - share) ** (size - number)
                for number, found in intervals
                if found.low is not None and found.high is not None and found.low <= share <= found.high
            )
            measured.append(f"{100 * held:.1f}")
        yield Row(
            what="coverage, Wilson's interval of a share", arms=f"{100 * share:g} % of all runs", measured=measured
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    options = parser.parse_args(arguments)
    started_s = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - started_s:6.0f} s] {text}", file=sys.stderr, flush=True)

    num_studies = 20 if options.quick else 10_000
    print(table(list(rows(num_studies, tell))), end="")
    tell(f"{num_studies} studies per case")
    return 0


if __name__ == "__main__":
    sys.exit(main())
