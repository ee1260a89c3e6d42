"""Submitting from Python, for notebooks and scripts."""

from collections.abc import Sequence
from pathlib import Path

from orchestrator.driver.outcome import SubmitOutcome
from orchestrator.driver.submit import SubmitOptions, load_studies, run_studies
from orchestrator.progress.submit_reporter import SubmitReporter


def submit(
    study: str | Path | Sequence[str | Path],
    *,
    store: str | Path = "results",
    settings: Sequence[str] = (),
    options: SubmitOptions | None = None,
) -> SubmitOutcome:
    """Trains what is missing of one or more studies; the same as `amor submit`.

    Args:
        study: a study file, or several.
        store: the folder that holds all results.
        settings: `key=value` changes, as with `--set`.
        options: how to run; by default on Ray with one worker per CPU.

    Returns:
        What came of each study. Read the results with `results_store.open(store)`.

    Raises:
        StudyError: a study file is invalid; nothing was started.
        ExecutionError: workers cannot be started.
        results_store.StoreError: the store cannot be used.
    """
    paths = [study] if isinstance(study, (str, Path)) else list(study)
    reporter = SubmitReporter()
    try:
        loaded = load_studies(paths, settings)
        return run_studies(
            loaded, store, options or SubmitOptions(), begin=reporter.begin, end=reporter.end, warn=reporter.warn
        )
    finally:
        reporter.close()
