"""What statistics are made of: the replicates of a cell, by seed, and how many of them have no number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from results_store.records import TrialState

__all__ = ["Gaps", "Replicate", "Replicates", "numbers"]


@dataclass(frozen=True, kw_only=True)
class Replicate:
    """One metric of one trial.

    Attributes:
        value: The metric; None or NaN if it has none.
        state: The trial's state in the view `results`: only a completed one counts.
    """

    value: float | None
    state: str = TrialState.COMPLETED

    @property
    def number(self) -> float | None:
        """The metric, if the trial is completed and the metric a number."""
        is_number = self.state == TrialState.COMPLETED and self.value is not None and math.isfinite(self.value)
        return self.value if is_number else None


Replicates = Mapping[int, Replicate]
"""The replicates of a cell, by seed."""


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """How many seeds have no number, each counted once under the first reason that holds.

    Attributes:
        num_missing: Not run, failed, pruned or retracted, or a seed that only one of two arms has.
        num_diverged: Diverged.
        num_undefined: Completed, and the metric is no number.
    """

    num_missing: int = 0
    num_diverged: int = 0
    num_undefined: int = 0

    def __add__(self, other: Gaps) -> Gaps:
        return Gaps(
            num_missing=self.num_missing + other.num_missing,
            num_diverged=self.num_diverged + other.num_diverged,
            num_undefined=self.num_undefined + other.num_undefined,
        )

    @property
    def total(self) -> int:
        """All seeds without a number."""
        return self.num_missing + self.num_diverged + self.num_undefined

    @classmethod
    def of(cls, *replicates: Replicate | None) -> Gaps:
        """The gap of one seed in all the cells that need it; None stands for a trial that is not there."""
        states = {"missing" if replicate is None else replicate.state for replicate in replicates}
        if states - {TrialState.COMPLETED, TrialState.DIVERGED}:
            return cls(num_missing=1)
        if TrialState.DIVERGED in states:
            return cls(num_diverged=1)
        return cls(num_undefined=int(any(replicate is None or replicate.number is None for replicate in replicates)))

    def __str__(self) -> str:
        named = (("missing", self.num_missing), ("diverged", self.num_diverged), ("undefined", self.num_undefined))
        return ", ".join(f"{count} {name}" for name, count in named if count)


def numbers(replicates: Replicates, seeds: Iterable[int] | None = None) -> list[float]:
    """The numbers of a cell at some seeds, or at all of its own, by seed."""
    found = (replicates[seed].number for seed in sorted(replicates if seeds is None else seeds))
    return [number for number in found if number is not None]
