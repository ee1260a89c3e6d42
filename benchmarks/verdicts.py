"""`python -m benchmarks.verdicts`: how often verdicts are false, and how often intervals hold the mean; by simulation.

Prints one Markdown table, which stands in docs/statistics.md. It measures no time, so other work may run beside it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from results_store.statistics import (
    Comparison,
    ComparisonKind,
    IntervalMethod,
    Outcome,
    Replicate,
    Replicates,
    Statement,
    Verdict,
    decide_family,
    mean_interval,
)

Values = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Values]
Tell = Callable[[str], None]

NUM_SEEDS = (5, 10)
METHODS = (IntervalMethod.STUDENT_T, IntervalMethod.PERCENTILE, IntervalMethod.BCA, IntervalMethod.STUDENTISED)
MARGIN = 0.1
NUM_CLAIMS = 5


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is simulated."""

    num_studies: int
    num_intervals: int


FULL = Sizes(num_studies=10_000, num_intervals=2_000)
QUICK = Sizes(num_studies=20, num_intervals=10)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `measured` by number of seeds, in percent."""

    what: str
    arms: str
    measured: Sequence[str]


def normal(mean: float, deviation: float) -> Draw:
    return lambda rng, shape: rng.normal(mean, deviation, shape)


def mixture(low: float, high: float, share_low: float) -> Draw:
    """Runs that learn the task and runs that do not, each with a little noise."""
    return lambda rng, shape: np.where(rng.random(shape) < share_low, low, high) + rng.normal(0, 0.02, shape)


def exponential(mean: float) -> Draw:
    return lambda rng, shape: rng.exponential(mean, shape)


def minus(first: Draw, second: Draw) -> Draw:
    return lambda rng, shape: first(rng, shape) - second(rng, shape)


UNIMODAL = normal(0.65, 0.05)
BIMODAL = mixture(0.4, 0.9, 0.5)
RARE = mixture(0.4, 0.9, 0.1)
EXCHANGEABLE = {"unimodal": UNIMODAL, "bimodal, half fail": BIMODAL, "bimodal, 1 in 10 fails": RARE}
MEANS = {"unimodal": 0.65, "bimodal, half fail": 0.65, "bimodal, 1 in 10 fails": 0.85}

# Arms of equal mean and unequal shape.
UNEQUAL: dict[str, tuple[Draw, Draw]] = {
    "stable, unimodal 5 times as spread": (normal(0.65, 0.02), normal(0.65, 0.1)),
    "stable, bimodal (half fail)": (normal(0.65, 0.02), BIMODAL),
    "stable, bimodal (3 in 10 fail)": (normal(0.75, 0.02), mixture(0.4, 0.9, 0.3)),
    "stable, bimodal (1 in 10 fails)": (normal(0.85, 0.02), RARE),
}

# Paired differences with their means.
DIFFERENCES: dict[str, tuple[Draw, float]] = {
    "unimodal": (minus(UNIMODAL, UNIMODAL), 0.0),
    "bimodal (half of one arm fails)": (minus(normal(0.9, 0.02), BIMODAL), 0.25),
    "three modes (half of both arms fails)": (minus(BIMODAL, BIMODAL), 0.0),
    "skewed (exponential)": (exponential(0.1), 0.1),
    "bimodal (1 in 10 of one arm fails)": (minus(normal(0.9, 0.02), RARE), 0.05),
}


def arm(values: Sequence[float] | Values) -> Replicates:
    return {seed: Replicate(value=float(value)) for seed, value in enumerate(values)}


def percent(count: float, total: int) -> str:
    return f"{100 * count / total:.1f}" if total else "-"


@dataclass
class Counts:
    """How many studies hold a false support, a false refutation, a warning, and a warning beside a false verdict."""

    num_studies: int = 0
    num_supported: int = 0
    num_refuted: int = 0
    num_warned: int = 0
    num_false: int = 0
    num_false_warned: int = 0

    def add(self, results: Sequence[Verdict]) -> None:
        outcomes = {item.outcome for item in results}
        is_false = bool(outcomes & {Outcome.SUPPORTED, Outcome.REFUTED})
        is_warned = any(item.warnings for item in results)
        self.num_studies += 1
        self.num_supported += Outcome.SUPPORTED in outcomes
        self.num_refuted += Outcome.REFUTED in outcomes
        self.num_warned += is_warned
        self.num_false += is_false
        self.num_false_warned += is_false and is_warned

    @property
    def false_rates(self) -> str:
        return f"{percent(self.num_supported, self.num_studies)} / {percent(self.num_refuted, self.num_studies)}"

    @property
    def warned_rates(self) -> str:
        return f"{percent(self.num_warned, self.num_studies)} / {percent(self.num_false_warned, self.num_false)}"


Study = Callable[[np.random.Generator, int], list[Statement]]


def null_cases() -> Iterator[tuple[str, str, Study]]:
    """What is claimed, of which arms, and how a study of it is drawn; no claim is true, nor its contrary."""
    for name, draw in EXCHANGEABLE.items():
        yield "`greater`, exchangeable arms", name, claims(ComparisonKind.GREATER, draw, draw)
    for name, draw in EXCHANGEABLE.items():
        what = f"`greater`, exchangeable arms, family of {NUM_CLAIMS}"
        yield what, name, claims(ComparisonKind.GREATER, draw, draw, number=NUM_CLAIMS)
    for name, draw in EXCHANGEABLE.items():
        what = f"`equivalent` within {MARGIN:g}, arms {MARGIN:g} apart"
        yield what, name, claims(ComparisonKind.EQUIVALENT, draw, draw, shift=MARGIN, margin=MARGIN)
    for name, (first, second) in UNEQUAL.items():
        yield "`greater`, equal means, unequal shapes", name, claims(ComparisonKind.GREATER, first, second)
    for name, mean in MEANS.items():
        yield "`at_least` its own mean", name, claims(ComparisonKind.AT_LEAST, EXCHANGEABLE[name], mean)


def claims(
    kind: ComparisonKind, first: Draw, second: Draw | float, *, number: int = 1, shift: float = 0.0, margin: float = 0.0
) -> Study:
    def draw(rng: np.random.Generator, size: int) -> Statement:
        one = arm(first(rng, (size,)) + shift)
        other = second if isinstance(second, float) else arm(second(rng, (size,)))
        return Comparison(kind=kind, first=one, second=other, margin=margin)

    return lambda rng, size: [draw(rng, size) for _ in range(number)]


def null_rows(sizes: Sizes, tell: Tell) -> Iterator[Row]:
    """How often nothing is found to be something."""
    for what, arms, study in null_cases():
        tell(f"{what}, {arms}")
        counts = {size: Counts() for size in NUM_SEEDS}
        for size, counted in counts.items():
            rng = np.random.default_rng(size)
            for _ in range(sizes.num_studies):
                counted.add(decide_family(study(rng, size)))
        yield Row(
            what=f"false support / refutation, {what}",
            arms=arms,
            measured=[counted.false_rates for counted in counts.values()],
        )
        yield Row(
            what=f"warned: of all / of the false ones, {what}",
            arms=arms,
            measured=[counted.warned_rates for counted in counts.values()],
        )


def coverage_rows(sizes: Sizes, tell: Tell) -> Iterator[Row]:
    """How often each interval holds the mean of the paired differences, and how wide it is."""
    for name, (draw, mean) in DIFFERENCES.items():
        tell(f"coverage, {name}")
        cells: dict[IntervalMethod, list[str]] = {method: [] for method in METHODS}
        for size in NUM_SEEDS:
            samples = draw(np.random.default_rng(size), (sizes.num_intervals, size))
            reference = 0.0
            for method in METHODS:
                intervals = [mean_interval(sample, method=method, seed=seed) for seed, sample in enumerate(samples)]
                ends = np.array([(interval.low, interval.high) for interval in intervals])
                held = int(np.count_nonzero((ends[:, 0] <= mean) & (mean <= ends[:, 1])))
                width = float(np.median(ends[:, 1] - ends[:, 0]))
                reference = reference or width
                cells[method].append(f"{percent(held, len(samples))} (width {width / reference:.2f})")
        for method in METHODS:
            yield Row(what=f"coverage, {method.replace('_', ' ')}", arms=name, measured=cells[method])


def measure(sizes: Sizes, tell: Tell) -> list[Row]:
    """All lines of the table."""
    return [*null_rows(sizes, tell), *coverage_rows(sizes, tell)]


def table(rows: Sequence[Row]) -> str:
    """The lines as Markdown."""
    heads = ["what, in percent", "arms or differences", *(f"n = {size}" for size in NUM_SEEDS)]
    lines = [
        heads,
        ["---", "---", *("---:" for _ in NUM_SEEDS)],
        *([row.what, row.arms, *row.measured] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verdicts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    options = parser.parse_args(arguments)
    started_s = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - started_s:6.0f} s] {text}", file=sys.stderr, flush=True)

    sizes = QUICK if options.quick else FULL
    print(table(measure(sizes, tell)), end="")
    tell(f"{sizes.num_studies} studies and {sizes.num_intervals} intervals per case")
    return 0


if __name__ == "__main__":
    sys.exit(main())
