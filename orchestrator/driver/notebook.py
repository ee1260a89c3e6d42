"""Submitting from Python, for notebooks and scripts."""

from collections.abc import Sequence
from pathlib import Path

from orchestrator.driver.submit import StudyOutcome, SubmitOptions, SubmitOutcome, load_studies, run_studies
from orchestrator.plan.plan import Plan
from orchestrator.progress.reporter import ProgressReporter, console_on_stderr


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
    reporters: list[ProgressReporter] = []

    def begin(plan: Plan) -> ProgressReporter:
        reporters.append(ProgressReporter(plan.study.name, len(plan.done), len(plan.to_run), console_on_stderr()))
        return reporters[-1]

    def end(_outcome: StudyOutcome) -> None:
        reporters[-1].close()

    try:
        return run_studies(load_studies(paths, settings), store, options or SubmitOptions(), begin=begin, end=end)
    finally:
        for reporter in reporters:
            reporter.close()
