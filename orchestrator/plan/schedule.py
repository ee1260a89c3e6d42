"""What the driver's way of handing out stacks comes to: whoever is free takes the next one."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a simulated run ends.

    Attributes:
        time: when the last worker is done, in the units of the costs.
        last: indices of what the worker did that is done last, in order.
    """

    time: float
    last: tuple[int, ...]


def simulate(costs: Sequence[float], num_workers: int) -> Ending:
    """Hands out work of these costs, in this order, to so many workers."""
    free = [(0.0, worker) for worker in range(min(num_workers, max(1, len(costs))))]
    taken_by = []
    for cost in costs:
        time, worker = free[0]
        heapq.heapreplace(free, (time + cost, worker))
        taken_by.append(worker)
    time, last_worker = max(free)
    return Ending(time=time, last=tuple(index for index, worker in enumerate(taken_by) if worker == last_worker))
