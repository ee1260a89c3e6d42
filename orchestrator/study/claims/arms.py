"""The arms of claims as a study file writes them, and the cells that they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.document.changes import ConfigPath
from orchestrator.document.model import Scalar
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.cells import Cell
from orchestrator.space.grid_points import by_path, stands_at
from orchestrator.study.claims.schema import (
    Arm,
    Claim,
    Comparison,
    ConjunctionClaim,
    PlacedArm,
    SeriesClaim,
    TwoArms,
)


@dataclass(frozen=True, kw_only=True)
class WrittenArm:
    """An arm, with its claim's grid point.

    Attributes:
        variant: the variant.
        where: values by configuration key: the claim's, the part's, the arm's own; the last one wins.
        own_where: the arm's own ones.
        at: where it stands in the file.
        at_variant: where its variant stands.
        at_where: where its grid point stands; the arm itself if it has none.
    """

    variant: str
    where: Mapping[str, Scalar]
    own_where: Mapping[str, Scalar]
    at: KeyPath
    at_variant: KeyPath
    at_where: KeyPath


def parts_of(claim: Claim, at: KeyPath) -> Iterator[tuple[Comparison | SeriesClaim, Mapping[str, Scalar], KeyPath]]:
    """A claim's parts (itself, unless it is a conjunction), what they inherit of the grid point, and their places."""
    if isinstance(claim, ConjunctionClaim):
        for index, part in enumerate(claim.of):
            yield part, claim.where, (*at, "of", index)
    else:
        yield claim, {}, at


def written_arms(
    statement: Comparison | SeriesClaim, inherited: Mapping[str, Scalar], at: KeyPath
) -> tuple[WrittenArm, ...]:
    """The arms of a statement.

    Args:
        statement: a comparison, or a claim about a series, of which an arm may be several cells.
        inherited: the grid point of the conjunction that it is a part of.
        at: where it stands in the file.
    """
    arms: Sequence[tuple[Arm, KeyPath]]
    if isinstance(statement, TwoArms):
        arms = [(arm, (*at, "compare", place)) for place, arm in enumerate(statement.compare)]
    elif isinstance(statement.variant, list):
        arms = [(arm, (*at, "variant", place)) for place, arm in enumerate(statement.variant)]
    else:
        arms = [(statement.variant, (*at, "variant"))]
    at_where = (*at, "where") if statement.where else None
    return tuple(_written(arm, {**inherited, **statement.where}, place, at_where) for arm, place in arms)


def _written(arm: Arm, where: Mapping[str, Scalar], at: KeyPath, at_where: KeyPath | None) -> WrittenArm:
    own: Mapping[str, Scalar] = {}
    at_variant = at
    if isinstance(arm, PlacedArm):
        own, at_variant = arm.where, (*at, "variant")
    return WrittenArm(
        variant=arm.variant if isinstance(arm, PlacedArm) else arm,
        where={**where, **own},
        own_where=own,
        at=at,
        at_variant=at_variant,
        at_where=(*at, "where") if own else at_where or at,
    )


@dataclass(frozen=True, kw_only=True)
class FoundCell:
    """A cell with the values of its configuration by path."""

    cell: Cell
    leaves: Mapping[ConfigPath, Any]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A point of a series: a cell of an arm, and where it stands."""

    position: float
    arm: WrittenArm
    found: FoundCell


class ArmCells:
    """Finds the cells of arms.

    Args:
        cells: all cells of the study.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._found = [FoundCell(cell=cell, leaves=cell.leaves()) for cell in cells]

    def matching(self, arm: WrittenArm) -> list[FoundCell]:
        """The variant's cells at the arm's grid point, which may name keys that the variant does not use."""
        wanted = by_path(arm.where)
        return [
            found for found in self._found if arm.variant in found.cell.variants and stands_at(found.leaves, wanted)
        ]

    def series(self, arms: Sequence[WrittenArm], along: str) -> list[Point]:
        """The points of a series, those of each arm ascending; without cells that have no number there."""
        path = tuple(along.split("."))
        series: list[Point] = []
        for arm in arms:
            found = [(position(cell.leaves.get(path)), cell) for cell in self.matching(arm)]
            points = [Point(position=place, arm=arm, found=cell) for place, cell in found if place is not None]
            series += sorted(points, key=lambda point: point.position)
        return series


def position(value: Any) -> float | None:
    """A value as a position in a series; None if it is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
