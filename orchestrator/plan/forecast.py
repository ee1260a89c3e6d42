"""Predicts how long trials take, from the trials that a store holds."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.document.changes import ConfigPath

Leaves = Mapping[ConfigPath, Any]


@dataclass(frozen=True, kw_only=True)
class PastCell:
    """A cell of which trials were run, in stacks of one size.

    Attributes:
        leaves: its configuration's values.
        cost: the expected cost of a trial in such a stack (its share of `Trainable.stack_cost`).
        duration_s: the median duration of its trials, of which each is a share of its stack's time.
    """

    leaves: Leaves
    cost: float
    duration_s: float


class Forecast:
    """Takes the past cells most alike (by the number of equal values) and scales by expected cost."""

    def __init__(self, past: Sequence[PastCell]) -> None:
        self._past = [cell for cell in past if cell.cost > 0]

    def total_s(self, trials: Sequence[tuple[Leaves, float]]) -> float | None:
        """Seconds of CPU time for trials given as (values, share of their stack's cost); None without a past."""
        if not self._past:
            return None
        known: dict[str, float] = {}
        total = 0.0
        for leaves, cost in trials:
            key = repr(sorted(leaves.items(), key=repr))
            if key not in known:
                known[key] = self._seconds_per_cost(leaves)
            total += known[key] * cost
        return total

    def _seconds_per_cost(self, leaves: Leaves) -> float:
        alike = [sum(cell.leaves.get(path) == value for path, value in leaves.items()) for cell in self._past]
        best = max(alike)
        return statistics.median(
            cell.duration_s / cell.cost for cell, score in zip(self._past, alike, strict=True) if score == best
        )
