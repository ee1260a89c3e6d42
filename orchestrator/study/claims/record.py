"""Claims as a submission records them: with the cells that their arms are."""

from collections.abc import Collection, Mapping, Sequence

from orchestrator.document.model import Scalar
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.cells import AnyCell, WaitingCell, known_or_stand_in
from orchestrator.study.claims.arms import ArmCells, FoundCell, WrittenArm, written_arms
from orchestrator.study.claims.schema import (
    Bound,
    Claim,
    Comparison,
    ConjunctionClaim,
    DropClaim,
    MonotoneClaim,
    Ratio,
)
from orchestrator.study.points import Points
from results_store.records import ArmRecord, ClaimRecord, StatementRecord

_NOT_KNOWN = "a value of its configuration is measured in another cell, which is not done"
_NOWHERE: KeyPath = ()


def claim_records(
    claims: Sequence[Claim], cells: Sequence[AnyCell], points: Points, *, study: str
) -> tuple[ClaimRecord, ...]:
    """The records of a study's claims.

    Args:
        claims: claims that were checked.
        cells: the study's cells, known or waiting.
        points: names them.
        study: the study's name, which is also the family of claims that name none.
    """
    waiting = frozenset(cell.cell_id for cell in cells if isinstance(cell, WaitingCell))
    recorder = _Recorder(ArmCells([known_or_stand_in(cell) for cell in cells]), points, waiting)
    return tuple(
        ClaimRecord(name=claim.name, family=claim.family or study, statement=recorder.of_claim(claim))
        for claim in claims
    )


class _Recorder:
    def __init__(self, cells: ArmCells, points: Points, waiting: Collection[str]) -> None:
        self._cells = cells
        self._points = points
        self._waiting = waiting

    def of_claim(self, claim: Claim) -> StatementRecord:
        if isinstance(claim, ConjunctionClaim):
            parts = tuple(self._of_comparison(part, claim.where) for part in claim.of)
            return StatementRecord(expect="all", parts=parts)
        if isinstance(claim, MonotoneClaim | DropClaim):
            return self._of_series(claim)
        return self._of_comparison(claim, {})

    def _of_comparison(self, part: Comparison, inherited: Mapping[str, Scalar]) -> StatementRecord:
        arms = written_arms(part, inherited, _NOWHERE)
        published = part.published if isinstance(part.published, list) else [part.published] * len(arms)
        return StatementRecord(
            expect=part.expect,
            metric=part.metric,
            arms=tuple(self._arm(arm, value) for arm, value in zip(arms, published, strict=True)),
            margin=part.margin,
            ratio=part.ratio if isinstance(part, Ratio) else 1.0,
            value=part.value if isinstance(part, Bound) else None,
        )

    def _arm(self, arm: WrittenArm, published: float | None) -> ArmRecord:
        (found,) = self._cells.matching(arm)
        return self._found(arm, found, published)

    def _found(
        self, arm: WrittenArm, found: FoundCell, published: float | None, position: float | None = None
    ) -> ArmRecord:
        cell_id = found.cell.cell_id
        is_known = cell_id not in self._waiting
        return ArmRecord(
            variant=arm.variant,
            label=_label(arm.variant, self._points.of(arm.variant, cell_id)),
            cell_id=cell_id if is_known else None,
            reason="" if is_known else _NOT_KNOWN,
            published=published,
            position=position,
        )

    def _of_series(self, claim: MonotoneClaim | DropClaim) -> StatementRecord:
        series = self._cells.series(written_arms(claim, {}, _NOWHERE), claim.along)
        published = claim.published or [None] * len(series)
        along = tuple(claim.along.split("."))
        subjects = [
            _label(point.arm.variant, self._points.of(point.arm.variant, point.found.cell.cell_id, along))
            for point in series
        ]
        return StatementRecord(
            expect="monotone" if isinstance(claim, MonotoneClaim) else "drop",
            metric=claim.metric,
            arms=tuple(
                self._found(point.arm, point.found, value, point.position)
                for point, value in zip(series, published, strict=True)
            ),
            margin=claim.tolerance if isinstance(claim, MonotoneClaim) else claim.margin,
            subject=", ".join(dict.fromkeys(subjects)),
            along=claim.along,
            is_rising=isinstance(claim, MonotoneClaim) and claim.direction == "increasing",
            beyond=claim.beyond if isinstance(claim, DropClaim) else None,
        )


def _label(variant: str, point: str) -> str:
    return f"{variant} ({point})" if point else variant
