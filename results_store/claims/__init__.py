"""Claims of studies: from what submissions record of them, and the replicates, to verdicts."""

from results_store.claims.decide import decide_claims
from results_store.claims.recorded import RecordedClaims
from results_store.claims.table import ClaimTable
from results_store.claims.verdict import ClaimArm, ClaimVerdict, ClaimVerdicts

__all__ = ["ClaimArm", "ClaimTable", "ClaimVerdict", "ClaimVerdicts", "RecordedClaims", "decide_claims"]
