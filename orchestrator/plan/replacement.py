"""What a submission takes out of a study's tables, which show the latest one."""

from orchestrator.space.trial import stand_in_trials
from orchestrator.study.study import Study
from results_store import Results
from results_store.wording import counted

_BEFORE = """
SELECT trial_id, bool_or(trials.trial_id IS NOT NULL AND trials.status <> 'pruned') AS is_done
FROM raw.studies AS members
    SEMI JOIN (SELECT submission_id FROM studies WHERE study = $study AND is_latest) USING (submission_id)
    LEFT JOIN trials USING (trial_id)
WHERE members.study = $study AND trial_id IS NOT NULL
GROUP BY trial_id
"""


def warning_of_replacement(study: Study, results: Results) -> str | None:
    """What to say before a study is submitted whose latest submission asks for trials that this one leaves out.

    Args:
        study: what is to be submitted, as far as its cells are known.
        results: the store.

    Returns:
        One line; None if no trial that is done drops out.
    """
    before = {str(trial_id): bool(is_done) for trial_id, is_done in results.sql(_BEFORE, {"study": study.name}).rows()}
    stand_ins = [trial for cell in study.waiting for trial in stand_in_trials(cell, study.file.seed_list())]
    now = {trial.trial_id for trial in (*study.trials, *stand_ins)}
    if not any(is_done for trial_id, is_done in before.items() if trial_id not in now):
        return None
    common = len(now & before.keys())
    same = "" if common == len(now) else f", {common or 'none'} of them the same"
    return (
        f"this submission replaces what tables show: {counted(len(before), 'trial')} before, {len(now)} now{same}; "
        "try things out in another --store"
    )
