"""Which trials are trained together: stacks of the fastest size, cut smaller where a worker would otherwise wait.

Pure: the same trials, estimates and workers give the same stacks. How well the workers finish together is judged by
simulating what the driver does.
"""

import bisect
import heapq
import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.executors.capacity import Capacity
from orchestrator.plan.schedule import Ending, simulate
from orchestrator.space.cells import Cell
from orchestrator.space.trial import Trial
from orchestrator.trainables.estimates import Estimates

MAX_STACK_SIZE = 16
"""The largest stack that is ever chosen; more can be asked for."""

SCALES = (1.0, 1.25, 0.75, 1.5, 0.5, 2.0, 0.0)
"""All fastest sizes are tried times one of these (at 0, every trial is alone), the least change first."""

WORTH = 0.01
"""A change of sizes costs CPU time for sure and saves time by estimate: it has to bring the end forward by this."""

CUTS_PER_WORKER = 2
MAX_SIMULATED = 50_000
"""Bounds of the search for cuts, per scale: its steps, and its steps times the number of stacks (about 0.05 s)."""

ROUNDING = 1e-9
"""Costs per trial that differ by no more, relatively, are equal."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Trials to be trained together.

    Attributes:
        trials: of equal stack keys, longest first.
        cost: expected time, in the units of `Trainable.cost`.
        place: of its first trial in the plan; decides between stacks of equal cost.
    """

    trials: tuple[Trial, ...]
    cost: float
    place: int


def make_stacks(
    trials: Sequence[Trial], estimates: Estimates, capacity: Capacity, stack_size: int | None = None
) -> list[Stack]:
    """Groups trials into stacks, longest first.

    Every trial is in one stack. A stack holds trials of equal keys, and more than one only if it is thought to fit
    into a worker's memory. Of equally long trials the order given decides: replicates of a cell are neighbours there
    and stay together.

    Args:
        trials: longest first.
        estimates: what the trainable says about them.
        capacity: the workers. Unless a size is asked for, none of them goes without a stack while there are trials
            enough, and the simulated end is no later than with every trial alone (or by a share of `WORTH` at most).
        stack_size: how many trials at most are in a stack, however the workers finish; None: chosen.

    Raises:
        TrainableError: the trainable raises, or answers against its contract.
    """
    stacking = _Stacking(trials, estimates, capacity)
    return stacking.chosen() if stack_size is None else stacking.asked(stack_size)


def warning_of_memory(trials: Sequence[Trial], estimates: Estimates, capacity: Capacity) -> str | None:
    """One line about trials that are thought to need more memory than a worker has, each of them alone."""
    usable = capacity.memory_per_worker_bytes
    if usable is None:
        return None
    cells = {trial.cell.cell_id: trial.cell for trial in trials}
    needed = {cell_id: estimates.memory_bytes(cell.config, 1) for cell_id, cell in cells.items()}
    num_larger = sum(needed[trial.cell.cell_id] > usable for trial in trials)
    if not num_larger:
        return None
    return (
        f"{num_larger} of {len(trials)} trials are thought to need up to {_amount(max(needed.values()))} of memory "
        f"each, more than the {_amount(usable)} of a worker; they are trained alone (--workers, "
        "--memory-per-worker)"
    )


def _amount(num_bytes: float) -> str:
    """In the unit that leaves up to three digits; nobody wants to count the zeros of an absurd estimate."""
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB", "EB"):
        if num_bytes < 999.5:
            return f"{num_bytes:.3g} {unit}"
        num_bytes /= 1000
    return "more than 1000 EB"


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Trials that may share a stack, longest first; their cells; how many of them fit into a worker's memory."""

    trials: list[Trial]
    cells: list[Cell]
    num_fitting: int

    def chunks(self, size: int) -> Iterator[tuple[Trial, ...]]:
        """As few as this size allows, of sizes that differ by one at most."""
        num_chunks = math.ceil(len(self.trials) / size)
        smaller, num_larger = divmod(len(self.trials), num_chunks)
        start = 0
        for index in range(num_chunks):
            end = start + smaller + (index < num_larger)
            yield tuple(self.trials[start:end])
            start = end


class _Stacking:
    """One run of `make_stacks`."""

    def __init__(self, trials: Sequence[Trial], estimates: Estimates, capacity: Capacity) -> None:
        self._trials = trials
        self._estimates = estimates
        self._capacity = capacity
        self._costs: dict[tuple[str, int], float] = {}
        self._places = {trial.trial_id: place for place, trial in enumerate(trials)}

    def asked(self, stack_size: int) -> list[Stack]:
        """Stacks of up to this size."""
        groups = self._groups(stack_size)
        return self._in_order(groups, [group.num_fitting for group in groups])

    def chosen(self) -> list[Stack]:
        """The fastest sizes, all scaled alike and then cut where a worker would wait: whatever ends earliest."""
        groups = self._groups(MAX_STACK_SIZE)
        fastest = [self._fastest(group) for group in groups]
        # A group that stacking makes slower is not stacked to balance the others.
        scaled = (
            tuple(
                1 if size == 1 else max(1, min(group.num_fitting, round(scale * size)))
                for group, size in zip(groups, fastest, strict=True)
            )
            for scale in SCALES
        )
        best: list[Stack] = []
        best_time = math.inf
        earliest_time = sum(map(self._least_work, groups)) / self._capacity.num_workers
        for sizes in dict.fromkeys(scaled):
            start = self._one_for_each_worker(self._in_order(groups, sizes))
            stacks, time = self._cut_where_one_waits(start)
            if not best or time < best_time * (1 - WORTH):
                best, best_time = stacks, time
            if best_time * (1 - WORTH) <= earliest_time:
                break  # as always where there are many more trials than workers
        return best

    def _groups(self, largest: int) -> list[_Group]:
        """The trials by stack key; each alone that has none, or that is too large for a worker even alone."""
        keys: dict[str, Hashable | None] = {}
        by_key: dict[Hashable, list[Trial]] = {}
        for trial in self._trials:
            cell = trial.cell
            if cell.cell_id not in keys:
                is_too_large = self._memory([cell], 1) > self._usable
                keys[cell.cell_id] = None if is_too_large else self._estimates.stack_key(cell.config)
            key = keys[cell.cell_id]
            with self._estimates.comparing_keys():
                alike = by_key.setdefault(trial.trial_id if key is None else ("stack", key), [])
            alike.append(trial)
        return [self._group(trials, min(largest, len(trials))) for trials in by_key.values()]

    def _group(self, trials: list[Trial], largest: int) -> _Group:
        cells = list({trial.cell.cell_id: trial.cell for trial in trials}.values())
        num_fitting = largest
        if largest > 1:
            fitting = bisect.bisect_right(
                range(1, largest + 1), self._usable, key=lambda size: self._memory(cells, size)
            )
            num_fitting = max(1, fitting)
        return _Group(trials=trials, cells=cells, num_fitting=num_fitting)

    @property
    def _usable(self) -> float:
        usable = self._capacity.memory_per_worker_bytes
        return math.inf if usable is None else usable

    def _memory(self, cells: Sequence[Cell], size: int) -> float:
        return max(self._estimates.memory_bytes(cell.config, size) for cell in cells)

    def _cost(self, cells: Sequence[Cell], size: int) -> float:
        longest = 0.0
        for cell in cells:
            key = (cell.cell_id, size)
            if key not in self._costs:
                self._costs[key] = self._estimates.stack_cost(cell.config, size)
            longest = max(longest, self._costs[key])
        return longest

    def _fastest(self, group: _Group) -> int:
        """The size with the least time per trial; the smallest of equals."""
        fastest, least = 1, self._cost(group.cells, 1)
        for size in range(2, group.num_fitting + 1):
            per_trial = self._cost(group.cells, size) / size
            if per_trial < least * (1 - ROUNDING):
                fastest, least = size, per_trial
        return fastest

    def _least_work(self, group: _Group) -> float:
        """What its trials cost if each is in a stack of the size that is fastest for its cell: no stacks cost less."""
        sizes = range(1, group.num_fitting + 1)
        least = {cell.cell_id: min(self._cost([cell], size) / size for size in sizes) for cell in group.cells}
        return sum(least[trial.cell.cell_id] for trial in group.trials)

    def _stack(self, trials: tuple[Trial, ...]) -> Stack:
        cells = {trial.cell.cell_id: trial.cell for trial in trials}
        cost = self._cost(list(cells.values()), len(trials))
        return Stack(trials=trials, cost=cost, place=self._places[trials[0].trial_id])

    def _in_order(self, groups: Sequence[_Group], sizes: Sequence[int]) -> list[Stack]:
        chunks = (chunk for group, size in zip(groups, sizes, strict=True) for chunk in group.chunks(size))
        return sorted(map(self._stack, chunks), key=_longest_first)

    def _halves(self, stack: Stack) -> list[Stack]:
        middle = (len(stack.trials) + 1) // 2
        return [self._stack(stack.trials[:middle]), self._stack(stack.trials[middle:])]

    def _one_for_each_worker(self, stacks: list[Stack]) -> list[Stack]:
        """Cuts the longest stacks until every worker has one, or every trial is alone."""
        num_missing = min(self._capacity.num_workers, len(self._trials)) - len(stacks)
        if num_missing <= 0:
            return stacks
        alone = [stack for stack in stacks if len(stack.trials) == 1]
        larger = [(*_longest_first(stack), stack) for stack in stacks if len(stack.trials) > 1]
        heapq.heapify(larger)
        for _ in range(num_missing):
            *_, longest = heapq.heappop(larger)
            for half in self._halves(longest):
                if len(half.trials) == 1:
                    alone.append(half)
                else:
                    heapq.heappush(larger, (*_longest_first(half), half))
        return sorted([*alone, *(stack for *_, stack in larger)], key=_longest_first)

    def _ending(self, stacks: Sequence[Stack]) -> Ending:
        return simulate([stack.cost for stack in stacks], self._capacity.num_workers)

    def _cut_where_one_waits(self, stacks: list[Stack]) -> tuple[list[Stack], float]:
        """Cuts the longest stack of the worker that ends last, again and again; the best on the way, and its end.

        Several workers may end last together, so a step that gains nothing does not end the search.
        """
        best, tried = stacks, stacks
        ending = self._ending(stacks)
        best_time = ending.time
        num_steps = min(CUTS_PER_WORKER * self._capacity.num_workers, MAX_SIMULATED // max(1, len(stacks)))
        for _ in range(num_steps):
            index = next((index for index in ending.last if len(tried[index].trials) > 1), None)
            if index is None:
                break
            halves = self._halves(tried[index])
            tried = sorted([*tried[:index], *tried[index + 1 :], *halves], key=_longest_first)
            ending = self._ending(tried)
            if ending.time < best_time * (1 - WORTH):
                best, best_time = tried, ending.time
        return best, best_time


def _longest_first(stack: Stack) -> tuple[float, int]:
    return (-stack.cost, stack.place)
