"""What claims state, as data: of cells and their replicates, without names or files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from results_store.statistics.replicates import Replicates

__all__ = ["Comparison", "ComparisonKind", "Conjunction", "Drop", "Monotone", "Statement"]


class ComparisonKind(StrEnum):
    """What a comparison states."""

    GREATER = "greater"
    """The first arm exceeds the second by more than the margin."""
    LESS = "less"
    """The first arm is below the second by more than the margin."""
    EQUIVALENT = "equivalent"
    """The arms differ by less than the margin."""
    AT_LEAST = "at_least"
    """The arm exceeds a number by more than the margin."""
    AT_MOST = "at_most"
    """The arm is below a number by more than the margin."""
    RATIO = "ratio"
    """The first arm exceeds `ratio` times the second by more than the margin."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Means of two arms, paired by seed, or of one arm and a number.

    Attributes:
        kind: What is stated.
        first: The first arm, or the only one.
        second: The second arm; the number for `at_least` and `at_most`.
        margin: By how much; above zero for `equivalent`.
        ratio: What the second arm is multiplied by, for `ratio`.
    """

    kind: ComparisonKind
    first: Replicates
    second: Replicates | float
    margin: float = 0.0
    ratio: float = 1.0

    def __post_init__(self) -> None:
        is_number = isinstance(self.second, float | int)
        takes_number = self.kind in (ComparisonKind.AT_LEAST, ComparisonKind.AT_MOST)
        if is_number != takes_number:
            raise ValueError(f"{self.kind} compares an arm with {'a number' if takes_number else 'another arm'}")
        if isinstance(self.second, float | int) and not math.isfinite(self.second):
            raise ValueError(f"the number of {self.kind} is finite (got {self.second:g})")
        if not 0 <= self.margin < math.inf or (self.kind is ComparisonKind.EQUIVALENT and self.margin == 0):
            at_least = "above 0" if self.kind is ComparisonKind.EQUIVALENT else "0 or more"
            raise ValueError(f"the margin of {self.kind} is {at_least} and finite (got {self.margin:g})")
        if self.kind is not ComparisonKind.RATIO and self.ratio != 1:
            raise ValueError(f"{self.kind} takes no ratio (got {self.ratio:g})")
        if not math.isfinite(self.ratio):
            raise ValueError(f"a ratio is finite (got {self.ratio:g})")


@dataclass(frozen=True, kw_only=True)
class Conjunction:
    """All of several comparisons together.

    Attributes:
        parts: The comparisons.
    """

    parts: Sequence[Comparison]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a conjunction has at least one part")


@dataclass(frozen=True, kw_only=True)
class Monotone:
    """A metric that rises, or falls, along a series of cells. Descriptive: it has no p-value.

    Attributes:
        points: The cells, in the order of the series.
        is_rising: Whether it is said to rise, or to fall.
        tolerance: By how much a mean may go the wrong way from one cell to the next.
    """

    points: Sequence[Replicates]
    is_rising: bool
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ValueError(f"a series has at least two points (got {len(self.points)})")
        if not 0 <= self.tolerance < math.inf:
            raise ValueError(f"a tolerance is 0 or more and finite (got {self.tolerance:g})")


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A metric that drops beyond a position, by more than a margin. Descriptive: it has no p-value.

    Attributes:
        positions: Where the cells are, ascending.
        points: The cells.
        beyond: The last position before the drop; it lies between the positions of the cells.
        margin: By how much the mean before exceeds the mean beyond.
    """

    positions: Sequence[float]
    points: Sequence[Replicates]
    beyond: float
    margin: float = 0.0

    def __post_init__(self) -> None:
        if len(self.positions) != len(self.points):
            raise ValueError(f"{len(self.points)} points have {len(self.positions)} positions")
        if any(not one < other for one, other in pairwise(self.positions)):
            raise ValueError(f"positions ascend (got {', '.join(f'{position:g}' for position in self.positions)})")
        if not self.positions or not self.positions[0] <= self.beyond < self.positions[-1]:
            raise ValueError(f"there must be points up to {self.beyond:g} and beyond it")
        if not 0 <= self.margin < math.inf:
            raise ValueError(f"a margin is 0 or more and finite (got {self.margin:g})")


Statement = Comparison | Conjunction | Monotone | Drop
