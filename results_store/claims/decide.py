"""Decides the claims of a store: every family over all studies that have claims of it.

A family is corrected over the claims that the latest submissions record, whichever of them are asked for. A study that
was not submitted to this store is not known, and its claims do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from results_store.claims.dropped import notes_on_family
from results_store.claims.history import notes_on_claim
from results_store.claims.recorded import RecordedClaims
from results_store.claims.replicates import Key, read_replicates
from results_store.claims.statement import arms_of, in_words, statement_of
from results_store.claims.submissions import read_histories
from results_store.claims.verdict import ClaimArm, ClaimVerdict, ClaimVerdicts
from results_store.errors import StoreError
from results_store.recorded import recorded_metrics
from results_store.records import ArmRecord, ClaimRecord, MetricInfo, StatementRecord
from results_store.statistics import Outcome, Replicates, Verdict, decide_family
from results_store.statistics.replicates import numbers

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["decide_claims"]

# Accuracies are ratios of counts: a published value that equals one of ours must not differ by the rounding of floats.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class _StudyClaims:
    """The claims of one study's latest submission."""

    study: str
    recorded: RecordedClaims
    metrics: Mapping[str, MetricInfo]
    notes: Sequence[str]

    def metric(self, name: str) -> MetricInfo:
        """What is known about a metric; at least its name."""
        return self.metrics.get(name, MetricInfo(name=name))

    @property
    def units(self) -> Mapping[str, str]:
        """Units of its metrics."""
        return {name: metric.unit for name, metric in self.metrics.items()}


def decide_claims(results: Results, studies: Sequence[str] = ()) -> ClaimVerdicts:
    """Decides the claims of some studies, or of all.

    Args:
        results: A store opened for reading.
        studies: Names of studies that are in the store; all, in order of name, if empty.
    """
    by_study = {found.study: found for found in _read_studies(results)}
    shown = [by_study[study] for study in dict.fromkeys(studies or by_study)]
    families = {claim.family for found in shown for claim in found.recorded.claims}
    made = [
        (found, claim) for found in by_study.values() for claim in found.recorded.claims if claim.family in families
    ]
    replicates = read_replicates(results, {key for found, claim in made for key in _keys(found, claim)})
    verdicts: dict[tuple[str, str], ClaimVerdict] = {}
    for family in sorted(families):
        members = [(found, claim) for found, claim in made if claim.family == family]
        decided = _decide_family(members, replicates)
        verdicts |= {(verdict.study, verdict.name): verdict for verdict in decided}
    histories = read_histories(results) if families else {}
    of_family = {family: notes_on_family(family, histories) for family in families}
    return ClaimVerdicts(
        verdicts=tuple(
            replace(
                verdicts[found.study, claim.name],
                notes=(*notes_on_claim(claim, histories[found.study], found.units), *of_family[claim.family]),
            )
            for found in shown
            for claim in found.recorded.claims
        ),
        notes=tuple(note for found in shown for note in found.notes),
    )


def _read_studies(results: Results) -> list[_StudyClaims]:
    rows = results.sql("SELECT study, metrics, claims FROM studies WHERE is_latest ORDER BY study").dicts()
    return [_read_study(row) for row in rows]


def _read_study(row: Mapping[str, Any]) -> _StudyClaims:
    study = row["study"]
    recorded = RecordedClaims.parse(row["claims"])
    notes = []
    if recorded.earlier:
        count = "a claim" if len(recorded.earlier) == 1 else f"{len(recorded.earlier)} claims"
        notes.append(f"study {study!r} records {count} without cells, as earlier versions did; submit it again")
    if recorded.num_senseless:
        notes.append(f"study {study!r}: what the store holds on its claims makes no sense, in part at least")
    metrics: list[MetricInfo] = []
    if recorded.claims:
        try:
            metrics = recorded_metrics(row)
        except StoreError as error:
            notes.append(str(error))
    return _StudyClaims(
        study=study, recorded=recorded, metrics={metric.name: metric for metric in metrics}, notes=notes
    )


def _keys(found: _StudyClaims, claim: ClaimRecord) -> list[Key]:
    return [
        (found.study, metric, arm.cell_id)
        for metric, arm in arms_of(claim.statement)
        if arm.cell_id is not None and metric in found.metrics
    ]


def _decide_family(
    members: Sequence[tuple[_StudyClaims, ClaimRecord]], replicates: Mapping[Key, Replicates]
) -> list[ClaimVerdict]:
    def statement(found: _StudyClaims, claim: ClaimRecord) -> Any:
        return statement_of(claim.statement, lambda metric, arm: _replicates(found.study, metric, arm, replicates))

    decided = decide_family([statement(found, claim) for found, claim in members])
    size = sum(not verdict.is_descriptive for verdict in decided)
    return [
        _verdict(found, claim, verdict, size, replicates)
        for (found, claim), verdict in zip(members, decided, strict=True)
    ]


def _replicates(study: str, metric: str, arm: ArmRecord, replicates: Mapping[Key, Replicates]) -> Replicates:
    return {} if arm.cell_id is None else replicates.get((study, metric, arm.cell_id), {})


def _verdict(
    found: _StudyClaims, claim: ClaimRecord, verdict: Verdict, size: int, replicates: Mapping[Key, Replicates]
) -> ClaimVerdict:
    statement = claim.statement
    arms = arms_of(statement)
    metrics = list(dict.fromkeys(metric for metric, _ in arms))
    if verdict.outcome is Outcome.INCOMPLETE and (reason := _unknown(found, arms)):
        verdict = replace(verdict, reason=reason)
    effect_of = _weakest(statement, verdict)
    return ClaimVerdict(
        study=found.study,
        name=claim.name,
        metric=", ".join(metrics),
        expect=statement.expect,
        family=claim.family,
        family_size=size,
        statement=in_words(statement, found.units),
        verdict=verdict,
        arms=tuple(_arm(found, metric, arm, replicates) for metric, arm in arms),
        title=", ".join(found.metric(metric).shown_title for metric in metrics),
        unit=found.metric(effect_of.metric).unit,
        has_bound=any(part.expect in ("at_least", "at_most") for part in (statement, *statement.parts)),
        effect_of="" if effect_of is statement else in_words(effect_of, found.units),
    )


def _unknown(found: _StudyClaims, arms: Sequence[tuple[str, ArmRecord]]) -> str:
    """Why there cannot be replicates of an arm; empty where there can."""
    for metric, arm in arms:
        if arm.cell_id is None:
            return f"{arm.label}: {arm.reason}" if arm.reason else f"the cell of {arm.label} is not known"
        if metric not in found.metrics:
            return f"the study reports no metric {metric!r}"
    return ""


def _weakest(statement: StatementRecord, verdict: Verdict) -> StatementRecord:
    """The part of a conjunction whose interval is shown; the statement itself if it has no parts."""
    for part, evidence in zip(statement.parts, verdict.parts, strict=True):
        if evidence.interval is verdict.interval:
            return part
    return statement


def _arm(found: _StudyClaims, metric: str, arm: ArmRecord, replicates: Mapping[Key, Replicates]) -> ClaimArm:
    own = _replicates(found.study, metric, arm, replicates)
    ours = numbers(own)
    is_inside = None
    if arm.published is not None and ours:
        allowed = _ROUNDING * max(abs(arm.published), *map(abs, ours))
        is_inside = min(ours) - allowed <= arm.published <= max(ours) + allowed
    return ClaimArm(
        label=arm.label,
        variant=arm.variant,
        values={seed: own[seed].number for seed in sorted(own)},
        published=arm.published,
        is_published_inside=is_inside,
        metric=metric,
        unit=found.metric(metric).unit,
    )
