"""The command `submit`."""

import contextlib
import io
import sys
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.claims import tell_notes
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.memory import MemoryOption, memory_bytes
from orchestrator.command_line.options import DEFAULT_STORE, OnlyOption, SetOption, StoreOption, StudyPaths
from orchestrator.command_line.stores import open_telling
from orchestrator.driver.submit import ExecutorName, SubmitOptions, load_studies, run_studies
from orchestrator.progress.submit_reporter import SubmitReporter
from results_store.tables import IMPORTANCES


def submit(
    studies: StudyPaths,
    store: StoreOption = DEFAULT_STORE,
    address: Annotated[
        str | None,
        typer.Option(help="Ray cluster to join; without it RAY_ADDRESS, or one of our own on this machine."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of workers; one per CPU if left out.")] = None,
    stack: Annotated[
        int | None,
        typer.Option(min=1, help="How many trials at most train as one tensor program; chosen if left out."),
    ] = None,
    memory_per_worker: MemoryOption = None,
    only: OnlyOption = None,
    settings: SetOption = None,
    executor: Annotated[ExecutorName, typer.Option(help="Where trials run: on Ray, or in this process.")] = "ray",
) -> None:
    """Train what is missing of one or more studies, and print their tables and claims."""
    loaded = load_studies(studies, settings or [])
    options = SubmitOptions(
        executor=executor,
        address=address,
        num_workers=workers,
        stack_size=stack,
        memory_per_worker_bytes=memory_bytes(memory_per_worker),
        only=tuple(only or ()),
    )
    reporter = SubmitReporter()
    # What a trainable, or Ray, prints meanwhile is no data of ours.
    with contextlib.redirect_stdout(sys.stderr if executor == "inline" else io.StringIO()):
        try:
            outcome = run_studies(loaded, store, options, begin=reporter.begin, end=reporter.end, warn=reporter.warn)
        finally:
            reporter.close()
    results = open_telling(store)
    for study in outcome.studies:
        # How much each parameter matters is a question of its own: `amor table STUDY importances`.
        tables = [name for name in results.tables(study.study.name) if name != IMPORTANCES]
        for name in tables:
            output.data(results.table(study.study.name, name).markdown() + "\n")
        if not tables:
            output.message(f"{study.study.name} asks for no tables; amor query reads its results")
    found = results.claims(*(study.study.name for study in outcome.studies)) if outcome.studies else None
    if found is not None:
        tell_notes(found)
        if found.verdicts:
            output.data(found.table().markdown())
    if outcome.was_interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not outcome.is_complete:
        raise typer.Exit(ExitCode.FAILED)
