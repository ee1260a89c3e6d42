"""Claims must speak of metrics, variants and cells that exist, in numbers that can be meant."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from orchestrator.document.model import Scalar
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.cells import Cell
from orchestrator.space.fields import all_paths
from orchestrator.study.checks import check_fraction, check_name
from orchestrator.study.claims.arms import ArmCells, FoundCell, WrittenArm, parts_of, position, written_arms
from orchestrator.study.claims.schema import (
    Bound,
    Claim,
    Comparison,
    ConjunctionClaim,
    DropClaim,
    MonotoneClaim,
    SeriesClaim,
    TwoArms,
)
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.contract import Trainable

Report = Callable[[KeyPath, str], None]


def check_claims(
    file: StudyFile,
    trainable: Trainable,
    cells: Sequence[Cell] | None,
    report: Report,
    searched: Collection[str] = (),
) -> None:
    """Reports what is wrong with the study's claims.

    Args:
        file: the study file.
        trainable: what is trained.
        cells: the study's cells; None where it has other problems, which hide some: then none are looked up.
        report: called with the place and what is wrong there.
        searched: variants that are searched, which have no cells that a claim could name.
    """
    checks = _ClaimChecks(file, trainable, None if cells is None else ArmCells(cells), report, searched)
    names: set[str] = set()
    for index, claim in enumerate(file.claims):
        at: KeyPath = ("claims", index)
        if claim.name in names:
            report((*at, "name"), f"two claims are called {claim.name!r}")
        names.add(claim.name)
        checks.check(claim, at)


class _ClaimChecks:
    def __init__(
        self, file: StudyFile, trainable: Trainable, cells: ArmCells | None, report: Report, searched: Collection[str]
    ) -> None:
        self._variants = file.variants
        self._trainable = trainable
        self._keys = [".".join(path) for path in all_paths(trainable.config_model)]
        self._cells = cells
        self._report = report
        self._searched = searched

    def check(self, claim: Claim, at: KeyPath) -> None:
        has_keys = True
        if isinstance(claim, ConjunctionClaim):
            has_keys = self._are_keys(claim.where, (*at, "where"))
        for part, inherited, place in parts_of(claim, at):
            self._check_numbers(part, place)
            arms = written_arms(part, inherited, place)
            is_known = has_keys & self._are_keys(part.where, (*place, "where"))
            for arm in arms:
                is_known &= self._is_known(arm)
            if isinstance(part, SeriesClaim):
                is_known &= self._is_key(part.along, (*place, "along"))
            if not is_known:
                continue
            if isinstance(part, SeriesClaim):
                self._check_series(part, arms, place)
            else:
                self._check_arms(arms, place)

    def _check_numbers(self, part: Comparison | SeriesClaim, at: KeyPath) -> None:
        metrics = [metric.name for metric in self._trainable.metrics]
        check_name(part.metric, metrics, (*at, "metric"), "metric", self._report)
        for value, place in _values(part):
            check_fraction(part.metric, value, self._trainable, (*at, *place), self._report)

    def _are_keys(self, where: Mapping[str, Scalar], at: KeyPath) -> bool:
        are_keys = [self._is_key(key, (*at, key)) for key in where]
        return all(are_keys)

    def _is_key(self, key: str, at: KeyPath) -> bool:
        if key not in self._keys:
            self._report(at, f"no configuration has this key{suggestion(key, self._keys)}")
        return key in self._keys

    def _is_known(self, arm: WrittenArm) -> bool:
        """Whether the arm's variant, and the keys of its own grid point, exist, and it is not searched."""
        is_known = self._are_keys(arm.own_where, (*arm.at, "where"))
        if arm.variant in self._searched:
            message = f"variant {arm.variant!r} is searched; a claim is about cells that the file itself names"
            self._report(arm.at_variant, message)
            return False
        return check_name(arm.variant, self._variants, arm.at_variant, "variant", self._report) and is_known

    def _check_arms(self, arms: Sequence[WrittenArm], at: KeyPath) -> None:
        if len(arms) == 2 and (arms[0].variant, arms[0].where) == (arms[1].variant, arms[1].where):
            self._report((*at, "compare"), f"compares {arms[0].variant!r} with itself")
            return
        found = [self._one_cell(arm) for arm in arms]
        for one, other in pairwise(found):
            if one is not None and one == other:
                message = f"{arms[0].variant!r} and {arms[1].variant!r} are one cell here, compared with itself"
                self._report((*at, "compare"), message)

    def _one_cell(self, arm: WrittenArm) -> str | None:
        """The id of the arm's cell; None where it is not one, which is reported, or where cells are not known."""
        if self._cells is None:
            return None
        matching = self._cells.matching(arm)
        if len(matching) == 1:
            return matching[0].cell.cell_id
        if not matching:
            self._report(arm.at_where, f"variant {arm.variant!r} has no cell at this grid point")
        else:
            message = f"names {len(matching)} cells of variant {arm.variant!r}; say where: {_varying(matching)}"
            self._report(arm.at_where, message)
        return None

    def _check_series(self, claim: SeriesClaim, arms: Sequence[WrittenArm], at: KeyPath) -> None:
        if self._cells is None:
            return
        path = tuple(claim.along.split("."))
        for arm in arms:
            matching = self._cells.matching(arm)
            if not matching:
                self._report(arm.at_where, f"variant {arm.variant!r} has no cell at this grid point")
                return
            odd = next((found for found in matching if position(found.leaves.get(path)) is None), None)
            if odd is not None:
                message = (
                    f"a series ascends along a number, which cells of variant {arm.variant!r} do not all have here"
                )
                if path in odd.leaves:
                    message += f" (got {shown(odd.leaves[path])})"
                self._report((*at, "along"), message)
                return
            positions = [point.position for point in self._cells.series([arm], claim.along)]
            if len(set(positions)) < len(positions):
                varying = _varying(matching, claim.along)
                self._report(arm.at_where, f"names several cells at one point of the series; say where: {varying}")
                return
        self._check_points(claim, [point.position for point in self._cells.series(arms, claim.along)], at)

    def _check_points(self, claim: SeriesClaim, positions: Sequence[float], at: KeyPath) -> None:
        listed = ", ".join(f"{place:g}" for place in positions)
        if len(positions) < 2:
            self._report((*at, "along"), f"a series has at least two points (got {len(positions)})")
        elif any(one >= other for one, other in pairwise(positions)):
            self._report((*at, "variant"), f"a series ascends along {claim.along} (got {listed})")
        elif claim.published is not None and len(claim.published) != len(positions):
            message = f"the series has {len(positions)} points: {listed} (got {len(claim.published)} values)"
            self._report((*at, "published"), message)
        elif isinstance(claim, DropClaim) and not positions[0] <= claim.beyond < positions[-1]:
            message = f"there must be points up to it and beyond it, between {positions[0]:g} and {positions[-1]:g}"
            self._report((*at, "beyond"), f"{message} (got {claim.beyond:g})")


def _varying(matching: Sequence[FoundCell], beside: str = "") -> str:
    """The keys in which cells differ."""
    first = matching[0].leaves
    varying = [path for path in first if len({repr(found.leaves.get(path)) for found in matching}) > 1]
    return ", ".join(sorted({".".join(path) for path in varying} - {beside}))


def _values(part: Comparison | SeriesClaim) -> Iterator[tuple[float | None, KeyPath]]:
    """Numbers that are in the metric's unit, with their places below the part."""
    published = part.published if isinstance(part.published, list) else [part.published]
    for index, value in enumerate(published):
        yield value, ("published", index) if isinstance(part.published, list) else ("published",)
    if isinstance(part, Bound):
        yield part.value, ("value",)
    if isinstance(part, MonotoneClaim):
        yield part.tolerance, ("tolerance",)
    elif isinstance(part, TwoArms | Bound | DropClaim):
        yield part.margin, ("margin",)
