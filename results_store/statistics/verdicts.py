"""Verdicts on the claims of a family.

A claim is supported when the interval of the paired difference lies beyond the margin and the corrected p-value is at
most 5 %; refuted when both hold for the other side; else inconclusive. With missing, diverged or undefined replicates
it is incomplete, whatever the others say.

Holm's correction runs over the p-values for the claims, and by itself over those against them: of all families at most
5 % hold a false support, and at most 5 % a false refutation. An incomplete claim counts in its family with a p-value of
1, so that completing it never takes the verdict from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from results_store.statistics.descriptive import drop_description, monotone_description
from results_store.statistics.evidence import Evidence, comparison_evidence, conjunction_evidence
from results_store.statistics.holm import holm_corrected
from results_store.statistics.interval import Interval, IntervalMethod
from results_store.statistics.replicates import Gaps
from results_store.statistics.statements import Comparison, Conjunction, Drop, Monotone, Statement
from results_store.wording import p_value

__all__ = ["ALPHA", "Outcome", "Verdict", "decide_family"]

ALPHA = 0.05
"""The chance of a false support, and of a false refutation, that a family takes."""


class Outcome(StrEnum):
    """What becomes of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    INCOMPLETE = "incomplete"


_DESCRIBED = {Outcome.SUPPORTED: "as claimed", Outcome.REFUTED: "not as claimed"}
"""What the outcomes of descriptive kinds are called."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a claim, and why.

    Attributes:
        outcome: Supported, refuted, inconclusive or incomplete.
        reason: Why, in one line.
        interval: The effect, which is the mean paired difference, with its interval and n; of a conjunction its weakest
            part's, of a series the difference from its begin to its end, or from before to beyond the drop.
        gaps: The seeds without a pair of numbers; of a conjunction, of all its parts together.
        p: For the claim, one-sided; None for a descriptive kind.
        p_corrected: The same after Holm's correction; None also for an incomplete claim.
        p_against: For the contrary of the claim.
        p_against_corrected: The same after Holm's correction.
        warnings: What to bear in mind.
        parts: The parts of a conjunction, uncorrected.
    """

    outcome: Outcome
    reason: str
    interval: Interval
    gaps: Gaps
    p: float | None = None
    p_corrected: float | None = None
    p_against: float | None = None
    p_against_corrected: float | None = None
    warnings: tuple[str, ...] = ()
    parts: tuple[Evidence, ...] = ()

    @property
    def effect(self) -> float | None:
        """The mean paired difference, first minus second; None without any pair."""
        return self.interval.mean

    @property
    def num_pairs(self) -> int:
        """How many paired differences, or replicates of a single arm, the verdict rests on."""
        return self.interval.num_values

    @property
    def is_descriptive(self) -> bool:
        """Whether the claim is of a kind that has no p-value."""
        return self.p is None

    @property
    def word(self) -> str:
        """The outcome as people read it: only what was tested is called supported or refuted."""
        return _DESCRIBED.get(self.outcome, self.outcome.value) if self.is_descriptive else self.outcome.value


def decide_family(
    statements: Sequence[Statement],
    *,
    method: IntervalMethod = IntervalMethod.STUDENT_T,
    alpha: float = ALPHA,
    seed: int = 0,
) -> list[Verdict]:
    """Decides the claims of one family together; in the order given, which does not matter to any of them.

    Args:
        statements: All claims of the family: correction needs them all. Descriptive ones do not count in it.
        method: How intervals are made.
        alpha: The chance of a false support, and of a false refutation; intervals have the level 1 - alpha.
        seed: Of resamples, and of sampled signs where there are more than 16 pairs.
    """

    def evidence(comparison: Comparison) -> Evidence:
        return comparison_evidence(comparison, method=method, level=1 - alpha, seed=seed)

    described: dict[int, Verdict] = {}
    tested: dict[int, Evidence] = {}
    for index, statement in enumerate(statements):
        match statement:
            case Comparison():
                tested[index] = evidence(statement)
            case Conjunction():
                tested[index] = conjunction_evidence([evidence(part) for part in statement.parts])
            case Monotone() | Drop():
                described[index] = _described(statement, method=method, level=1 - alpha, seed=seed)
    is_open = {index: _is_incomplete(item) for index, item in tested.items()}
    supports = holm_corrected([1.0 if is_open[index] else item.supports.p for index, item in tested.items()])
    refutes = holm_corrected([1.0 if is_open[index] else item.refutes.p for index, item in tested.items()])
    for (index, item), p_for, p_against in zip(tested.items(), supports, refutes, strict=True):
        described[index] = _tested(item, p_for, p_against, alpha)
    return [described[index] for index in range(len(statements))]


def _is_incomplete(item: Evidence) -> bool:
    parts = item.parts or (item,)
    return any(part.gaps.total > 0 or part.interval.num_values == 0 for part in parts)


def _tested(item: Evidence, p_for: float, p_against: float, alpha: float) -> Verdict:
    if _is_incomplete(item):
        return Verdict(
            outcome=Outcome.INCOMPLETE,
            reason=_gaps_reason(item.gaps),
            interval=item.interval,
            gaps=item.gaps,
            p=item.supports.p,
            p_against=item.refutes.p,
            warnings=item.warnings,
            parts=item.parts,
        )
    if item.supports.has_interval and p_for <= alpha:
        outcome, reason = Outcome.SUPPORTED, f"the interval lies where the claim says, corrected p {p_value(p_for)}"
    elif item.refutes.has_interval and p_against <= alpha:
        outcome, reason = Outcome.REFUTED, f"the interval lies on the other side, corrected p {p_value(p_against)}"
    else:
        outcome, reason = Outcome.INCONCLUSIVE, _why_inconclusive(item, p_for, p_against)
    return Verdict(
        outcome=outcome,
        reason=reason,
        interval=item.interval,
        gaps=item.gaps,
        p=item.supports.p,
        p_corrected=p_for,
        p_against=item.refutes.p,
        p_against_corrected=p_against,
        warnings=item.warnings,
        parts=item.parts,
    )


def _why_inconclusive(item: Evidence, p_for: float, p_against: float) -> str:
    for side, where, corrected in (
        (item.supports, "where the claim says", p_for),
        (item.refutes, "on the other side", p_against),
    ):
        if side.has_interval:
            return f"the interval lies {where}, but the corrected p is {p_value(corrected)}"
    return "one replicate has no interval" if item.interval.low is None else "the interval lies on neither side"


def _gaps_reason(gaps: Gaps) -> str:
    return f"replicates: {gaps}" if gaps.total else "there are no replicates"


def _described(statement: Monotone | Drop, *, method: IntervalMethod, level: float, seed: int) -> Verdict:
    if isinstance(statement, Monotone):
        description = monotone_description(statement, method=method, level=level, seed=seed)
    else:
        description = drop_description(statement, method=method, level=level, seed=seed)
    gaps = description.gaps
    if gaps.total or description.interval.num_values == 0:
        outcome, reason = Outcome.INCOMPLETE, _gaps_reason(gaps)
    else:
        outcome = {True: Outcome.SUPPORTED, False: Outcome.REFUTED, None: Outcome.INCONCLUSIVE}[description.holds]
        reason = description.reason
    return Verdict(outcome=outcome, reason=reason, interval=description.interval, gaps=gaps)
