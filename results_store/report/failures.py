"""What is missing of a study, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from results_store.charts.members import CellMembers
from results_store.records import TrialState
from results_store.report.content import Failures, TextTable
from results_store.wording import capital

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["failures"]

_MAX_CAUSE = 300

_CAUSES = """
    WITH members AS (SELECT trial_id, any_value(state) AS state FROM results WHERE study = $study GROUP BY trial_id)
    SELECT cause, kind, count(*) AS num_attempts, count(DISTINCT trial_id) AS num_trials,
        count(DISTINCT trial_id) FILTER (state NOT IN ('completed', 'diverged')) AS num_without
    FROM failures JOIN members USING (trial_id) GROUP BY cause, kind ORDER BY num_attempts DESC, cause, kind
"""
_WITHDRAWN = """
    SELECT reason, count(DISTINCT trial_id) AS num_trials FROM raw.retractions
    SEMI JOIN (SELECT trial_id FROM results WHERE study = $study) USING (trial_id)
    GROUP BY reason ORDER BY num_trials DESC, reason
"""


def failures(results: Results, study: str, cells: Sequence[CellMembers]) -> Failures:
    """Trials without a result, by cell and state; every distinct cause of failed attempts; withdrawals."""
    states = {member.trial_id: member.state for cell in cells for member in cell.members}
    counts = Counter(states.values())
    tables = []
    lines = []
    shown = [state for state in TrialState if counts[state]]
    for cell in cells:
        of_cell = Counter(member.state for member in cell.members)
        if set(of_cell) - {TrialState.COMPLETED}:
            lines.append([cell.label, *(f"{of_cell[state]}" for state in shown)])
    if lines:
        tables.append(_table("Cells with trials that are not completed", ["Variant", *shown], lines))
    causes = results.sql(_CAUSES, {"study": study}).rows()
    if causes:
        lines = [[_short(cause), kind, *(f"{number:,}" for number in numbers)] for cause, kind, *numbers in causes]
        header = ["Cause", "Kind", "Attempts", "Trials", "Trials without a result"]
        tables.append(_table("Causes of failed attempts", header, lines, num_texts=2))
    withdrawn = results.sql(_WITHDRAWN, {"study": study}).rows()
    if withdrawn:
        lines = [[_short(reason) or "no reason given", f"{number:,}"] for reason, number in withdrawn]
        tables.append(_table("Withdrawn trials", ["Reason", "Trials"], lines))
    return Failures(summary=_summary(counts, bool(causes)), tables=tables)


def _summary(counts: Counter[str], has_failures: bool) -> str:
    total = counts.total()
    others = [state for state in TrialState if counts[state] and state != TrialState.COMPLETED]
    if others:
        listed = ", ".join(f"{counts[state]:,} {state}" for state in others)
        return f"Of {total:,} trials, {counts[TrialState.COMPLETED]:,} are completed; {listed}."
    attempts = "some of them after attempts that failed" if has_failures else "no attempt failed"
    return f"All {total:,} trials are completed; {attempts}." if total else "It asks for no trials."


def _table(title: str, header: Sequence[str], lines: Sequence[Sequence[str]], num_texts: int = 1) -> TextTable:
    is_numeric = [place >= num_texts for place in range(len(header))]
    header = [capital(heading) for heading in header]
    return TextTable(title=title, header=header, is_numeric=is_numeric, lines=lines)


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _MAX_CAUSE else f"{text[: _MAX_CAUSE - 1]}…"
