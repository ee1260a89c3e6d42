"""Training: milliseconds per step and trial against the baseline, and the share of the machine's speed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from amor_models.training import max_stack_size
from benchmarks.cases import BATCH_SIZE, MODELS, TASKS, Case
from benchmarks.figures import Figure, Requirement, Spread, geometric_mean, ratios
from benchmarks.lanes import Lane, OurLane, PlainLane
from benchmarks.products import PROJECTION, RECURRENCE, SQUARE, needed_madds

PART = "training"
GEOMETRIC_MEAN = Requirement(kind="at least", value=3.0)
EACH = Requirement(kind="at least", value=1.5)
"""Of the NeedleHaystack models; the geometric mean's aim is 6."""


@dataclass(frozen=True, kw_only=True)
class TrainingSizes:
    """How much is measured.

    Attributes:
        num_rounds: turns of each of the two sides, for each model.
        num_steps: optimiser steps per turn.
    """

    num_rounds: int
    num_steps: int
    stack_sizes: tuple[int, ...] = (1, 2, 4, 8)
    tasks: tuple[str, ...] = TASKS
    models: tuple[str, ...] = tuple(MODELS)


FULL = TrainingSizes(num_rounds=11, num_steps=4)
QUICK = TrainingSizes(num_rounds=2, num_steps=1, stack_sizes=(1, 2))


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """Measurements of one case, one per round.

    Attributes:
        plain_ms: of the baseline, per step.
        our_ms: per step and trial, by size of the stack.
        shares: of the speed of a large matrix product measured in the same round, by size of the stack.
        shares_of_time: of kinds of operations, largest first, in the best stack.
    """

    case: Case
    plain_ms: tuple[float, ...]
    our_ms: dict[int, tuple[float, ...]]
    shares: dict[int, tuple[float, ...]]
    shares_of_time: dict[str, float]
    madds_per_step: int
    needed_per_step: int

    @property
    def best_size(self) -> int:
        return _fastest(self.our_ms)

    @property
    def best_ratios(self) -> list[float]:
        return ratios(self.plain_ms, self.our_ms[self.best_size])


def _fastest(our_ms: Mapping[int, Sequence[float]]) -> int:
    """The size of stack with the smallest median time per trial."""
    return min(our_ms, key=lambda size: Spread.of(our_ms[size]).median)


def measure_case(case: Case, plain: Lane, ours: Lane, sizes: TrainingSizes) -> CaseResult:
    """Alternates: the baseline, then our stacks, in an order that rotates from round to round."""
    config = case.config()
    allowed = tuple(size for size in sizes.stack_sizes if size <= max_stack_size(config))
    plain.call("build", case)
    ours.call("build", case, allowed)
    plain.call("epoch_s")
    for size in allowed:
        ours.call("epoch_s", size)
    madds = ours.call("epoch_madds", 1) // case.num_steps
    plain_ms: list[float] = []
    our_ms: dict[int, list[float]] = {size: [] for size in allowed}
    shares: dict[int, list[float]] = {size: [] for size in allowed}
    turns: list[int | None] = [None, *allowed]
    for index in range(sizes.num_rounds):
        gflops = ours.call("sgemm_gflops", SQUARE)
        shift = index % len(turns)
        for turn in turns[shift:] + turns[:shift]:
            if turn is None:
                plain_ms.append(1e3 * plain.call("epoch_s") / case.num_steps)
            else:
                our_ms[turn].append(1e3 * ours.call("epoch_s", turn) / case.num_steps / turn)
                shares[turn].append(2e-6 * madds / our_ms[turn][-1] / gflops)
    best = _fastest(our_ms)
    return CaseResult(
        case=case,
        plain_ms=tuple(plain_ms),
        our_ms={size: tuple(values) for size, values in our_ms.items()},
        shares_of_time=ours.call("shares_of_time", best),
        shares={size: tuple(values) for size, values in shares.items()},
        madds_per_step=madds,
        needed_per_step=needed_madds(
            case.model,
            num_sequences=BATCH_SIZE,
            num_steps=config.task.seq_length - 1,
            vocab_size=config.total_vocab_size,
        ),
    )


def measure(sizes: TrainingSizes, tell: Callable[[str], None]) -> list[Figure]:
    """All models on all tasks, one process computing at a time."""
    results: list[CaseResult] = []
    with Lane(PlainLane) as plain, Lane(OurLane) as ours:
        products = {
            shape: Spread.of([ours.call("sgemm_gflops", shape) for _ in range(max(3, sizes.num_rounds))])
            for shape in (SQUARE, PROJECTION, RECURRENCE)
        }
        for task in sizes.tasks:
            for model in sizes.models:
                case = Case(task=task, model=model, num_steps=sizes.num_steps)
                tell(f"training: {case.name}")
                results.append(measure_case(case, plain, ours, sizes))
    figures = _headline(results)
    for result in results:
        figures += _figures_of(result)
    figures += [
        Figure(
            part=PART,
            name=f"matrix product {rows}x{inner}x{columns}",
            unit="GFLOP/s",
            spread=spread,
            note="torch.mm, float32, one thread",
        )
        for (rows, inner, columns), spread in products.items()
    ]
    return figures


def _headline(results: Sequence[CaseResult]) -> list[Figure]:
    figures = []
    for task in TASKS:
        of_task = [result.best_ratios for result in results if result.case.task == task]
        if of_task:
            # Round by round over all models, so that the mean has a spread of its own.
            means = [geometric_mean(values) for values in zip(*of_task, strict=True)]
            figures.append(
                Figure(
                    part=PART,
                    name=f"{task}: times as fast as the baseline, geometric mean of {len(of_task)} models",
                    unit="",
                    spread=Spread.of(means),
                    required=GEOMETRIC_MEAN if task == "needle_haystack" else None,
                    note="best stack of each model; paired by round",
                    details={"of_medians": geometric_mean([Spread.of(values).median for values in of_task])},
                )
            )
    return figures


def _figures_of(result: CaseResult) -> list[Figure]:
    case, best = result.case, result.best_size
    figures = [
        Figure(
            part=PART,
            name=f"{case.name}: times as fast as the baseline",
            unit="",
            spread=Spread.of(result.best_ratios),
            required=EACH if case.task == "needle_haystack" else None,
            note=f"stack of {best}, the best of {', '.join(map(str, result.our_ms))}",
            details={"best_stack": best}
            | {f"stack_of_{size}": ratios(result.plain_ms, values) for size, values in result.our_ms.items()},
        ),
        Figure(
            part=PART,
            name=f"{case.name}: baseline",
            unit="ms",
            spread=Spread.of(result.plain_ms),
            note=f"per step, batch {BATCH_SIZE}, one thread",
        ),
    ]
    figures += [
        Figure(
            part=PART,
            name=f"{case.name}: stack of {size}",
            unit="ms",
            spread=Spread.of(values),
            note="per step and trial" + (", the best" if size == best else ""),
        )
        for size, values in result.our_ms.items()
    ]
    rows, inner, columns = SQUARE
    figures.append(
        Figure(
            part=PART,
            name=f"{case.name}: share of the matrix-product speed",
            unit="fraction",
            spread=Spread.of(result.shares[best]),
            note=(
                f"{result.madds_per_step / 1e6:.0f} M multiply-adds in products per step (the equations, computed "
                f"densely: {result.needed_per_step / 1e6:.0f} M), of {rows}x{inner}x{columns}"
            ),
            details={
                "madds_executed_per_step": result.madds_per_step,
                "madds_of_the_equations_per_step": result.needed_per_step,
            },
        )
    )
    kind, share = next(iter(result.shares_of_time.items()))
    figures.append(
        Figure(
            part=PART,
            name=f"{case.name}: {kind}, of its time",
            unit="fraction",
            spread=Spread.of([share]),
            note=", ".join(f"{other} {100 * part:.0f} %" for other, part in list(result.shares_of_time.items())[1:]),
            details=result.shares_of_time,
        )
    )
    return figures
