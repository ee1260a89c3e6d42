"""Submits a study file in this process and tells on stderr how it goes, as the command does."""

from orchestrator.driver.submit import SubmitOptions, load_studies, run_studies
from orchestrator.progress.submit_reporter import SubmitReporter


def submit(path, store, settings=(), **options):
    reporter = SubmitReporter()
    try:
        return run_studies(
            load_studies([path], settings),
            store,
            SubmitOptions(**{"executor": "inline", **options}),
            begin=reporter.begin,
            end=reporter.end,
            warn=reporter.warn,
        )
    finally:
        reporter.close()
