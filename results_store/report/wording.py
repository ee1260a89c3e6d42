"""Sentences that both forms of a report have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from results_store.claims.table import BOUNDS_NOTE
from results_store.report.content import Claim
from results_store.statistics import Outcome
from results_store.wording import counted

__all__ = ["claims_note", "tally"]

_TESTED = (
    "A claim is supported when the interval of the difference, paired by seed, lies where the claim says and the "
    "p-value of the sign-flip test, corrected by Holm over the claim's family, is at most 5 %; refuted when both hold "
    "for its contrary; otherwise inconclusive; incomplete while replicates are missing."
)
_DESCRIBED = (
    "A claim about the shape of a series is described without a test: it is as claimed, or not as claimed, by the "
    "intervals of the series alone, which no p-value backs and nothing corrects."
)


def claims_note(claims: Sequence[Claim]) -> str:
    """What the verdicts mean, as far as there are such."""
    notes = {
        _TESTED: any(claim.is_tested for claim in claims),
        BOUNDS_NOTE: any(claim.has_bound for claim in claims),
        _DESCRIBED: any(not claim.is_tested for claim in claims),
    }
    return " ".join(note for note, is_needed in notes.items() if is_needed)


def tally(claims: Sequence[Claim], undecided: Sequence[str]) -> str:
    """How many claims came to what; those that are described without a test are counted apart.

    Args:
        claims: The claims that are decided.
        undecided: What is said of those that could not be decided at all.
    """
    if not claims:
        return "No claim could be decided." if undecided else "No claims are made."
    tested = [claim for claim in claims if claim.is_tested]
    described = [claim for claim in claims if not claim.is_tested]
    parts = [
        *([f"{counted(len(tested), 'claim')}: {_listed(tested)}"] if tested else []),
        *([f"{counted(len(described), 'claim')} described without a test: {_listed(described)}"] if described else []),
    ]
    return f"{'; '.join(parts)}."


def _listed(claims: Sequence[Claim]) -> str:
    order = list(Outcome)
    counts = Counter(claim.verdict for claim in sorted(claims, key=lambda claim: order.index(Outcome(claim.outcome))))
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
