"""Sentences that both forms of a report have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from results_store.report.content import Claim
from results_store.statistics import Outcome

__all__ = ["CLAIMS_NOTE", "tally"]

CLAIMS_NOTE = (
    "A claim is supported when the interval of the difference, paired by seed, lies where the claim says and the "
    "p-value of the sign-flip test, corrected by Holm over the claim's family, is at most 5 %; refuted when both hold "
    "for its contrary; otherwise inconclusive; incomplete while replicates are missing."
)


def tally(claims: Sequence[Claim], undecided: Sequence[str]) -> str:
    """How many claims came to what.

    Args:
        claims: The claims that are decided.
        undecided: What is said of those that could not be decided at all.
    """
    if not claims:
        return "No claim could be decided." if undecided else "No claims are made."
    counts = Counter(claim.outcome for claim in claims)
    listed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return f"{'1 claim' if len(claims) == 1 else f'{len(claims)} claims'}: {listed}."
