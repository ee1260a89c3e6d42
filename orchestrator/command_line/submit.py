"""The command `submit`."""

from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.options import DEFAULT_STORE, OnlyOption, SetOption, StoreOption, StudyPaths
from orchestrator.command_line.stores import open_telling
from orchestrator.driver.submit import (
    ExecutorName,
    StudyOutcome,
    SubmitOptions,
    load_studies,
    run_studies,
)
from orchestrator.plan.plan import Plan
from orchestrator.progress.reporter import ProgressReporter, console_on_stderr


def submit(
    studies: StudyPaths,
    store: StoreOption = DEFAULT_STORE,
    address: Annotated[
        str | None,
        typer.Option(help="Ray cluster to join; without it RAY_ADDRESS, or one of our own on this machine."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of workers; one per CPU if left out.")] = None,
    stack: Annotated[int, typer.Option(min=1, help="How many trials at most train as one tensor program.")] = 1,
    only: OnlyOption = None,
    settings: SetOption = None,
    executor: Annotated[ExecutorName, typer.Option(help="Where trials run: on Ray, or in this process.")] = "ray",
) -> None:
    """Train what is missing of one or more studies, and print their tables."""
    loaded = load_studies(studies, settings or [])
    reporters: list[ProgressReporter] = []

    def begin(plan: Plan) -> ProgressReporter:
        for text in plan.warnings:
            output.warning(f"{plan.study.name}: {text}")
        hours = "" if plan.cpu_hours is None else f", about {plan.cpu_hours:.2g} CPU hours"
        output.message(
            f"{plan.study.name}: {len(plan.study.trials)} trials; {len(plan.done)} done, "
            f"{len(plan.to_run)} to run{hours if plan.to_run else ''}"
        )
        reporter = ProgressReporter(plan.study.name, len(plan.done), len(plan.to_run), console_on_stderr())
        reporters.append(reporter)
        return reporter

    def end(outcome: StudyOutcome) -> None:
        reporters[-1].close()
        output.message(_ending(outcome))

    options = SubmitOptions(
        executor=executor, address=address, num_workers=workers, stack_size=stack, only=tuple(only or ())
    )
    try:
        outcome = run_studies(loaded, store, options, begin=begin, end=end)
    finally:
        for reporter in reporters:
            reporter.close()
    results = open_telling(store)
    for study in outcome.studies:
        for table in study.study.tables():
            output.data(results.table(study.study.name, table.name).markdown())
    if outcome.was_interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not outcome.is_complete:
        raise typer.Exit(ExitCode.FAILED)


def _ending(outcome: StudyOutcome) -> str:
    text = f"{outcome.study.name}: {outcome.num_trained} trained, {outcome.num_done_before} done before"
    if outcome.num_failed:
        text += f", {outcome.num_failed} failed (the next submit tries them again)"
    if outcome.num_left:
        text += f", {outcome.num_left} still to run"
    if outcome.stop_reason is not None:
        text += f"; {'broken off' if outcome.is_broken else 'stopped'}: {outcome.stop_reason}"
    return text
