"""Trial ids as users type them: whole, or their first digits."""

from orchestrator.errors import UsageError
from results_store import Results


def whole_trial_id(results: Results, digits: str) -> str:
    """The id of the only trial in the store that begins with these digits, whatever became of it.

    Raises:
        UsageError: there is none, or more than one.
    """
    rows = results.sql(
        """
        SELECT DISTINCT trial_id FROM (
            SELECT trial_id FROM results UNION ALL SELECT trial_id FROM raw.trials
            UNION ALL SELECT trial_id FROM failures
        ) WHERE starts_with(trial_id, $digits) ORDER BY trial_id LIMIT 3
        """,
        {"digits": digits},
    ).rows()
    if len(rows) > 1 and rows[0][0] != digits:
        raise UsageError(f"several trials begin with {digits!r}: {', '.join(row[0] for row in rows)}, …")
    if not digits or not rows:
        raise UsageError(f"no trial {digits!r} in the store")
    return str(rows[0][0])
