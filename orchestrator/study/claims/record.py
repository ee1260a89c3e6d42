"""Claims as a submission records them: with the cells that their arms are."""

from collections.abc import Mapping, Sequence

from orchestrator.document.model import Scalar
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.cells import Cell
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

_NOT_KNOWN = "which cell it is will be known once others are done"
_NOWHERE: KeyPath = ()


def claim_records(
    claims: Sequence[Claim], cells: Sequence[Cell], points: Points, *, study: str
) -> tuple[ClaimRecord, ...]:
    """The records of a study's claims.

    Args:
        claims: claims that were checked.
        cells: the study's cells.
        points: names them.
        study: the study's name, which is also the family of claims that name none.
    """
    recorder = _Recorder(ArmCells(cells), points)
    return tuple(
        ClaimRecord(name=claim.name, family=claim.family or study, statement=recorder.of_claim(claim))
        for claim in claims
    )


class _Recorder:
    def __init__(self, cells: ArmCells, points: Points) -> None:
        self._cells = cells
        self._points = points

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
        matching = self._cells.matching(arm)
        if len(matching) != 1:
            return ArmRecord(
                variant=arm.variant, label=arm.variant, cell_id=None, reason=_NOT_KNOWN, published=published
            )
        return self._found(arm, matching[0], published)

    def _found(
        self, arm: WrittenArm, found: FoundCell, published: float | None, position: float | None = None
    ) -> ArmRecord:
        return ArmRecord(
            variant=arm.variant,
            label=_label(arm.variant, self._points.of(arm.variant, found.cell.cell_id)),
            cell_id=found.cell.cell_id,
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
