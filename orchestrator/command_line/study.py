"""Commands about study files: `validate`, `plan`, `schema`."""

from typing import Any

from orchestrator.command_line import output
from orchestrator.command_line.options import (
    DEFAULT_STORE,
    JsonOption,
    OnlyOption,
    SetOption,
    StoreOption,
    StudyPaths,
)
from orchestrator.command_line.stores import open_telling
from orchestrator.driver.submit import check_only, load_studies
from orchestrator.executors.capacity import this_machine
from orchestrator.plan.history import plan_study
from orchestrator.plan.plan import Plan
from orchestrator.study.json_schema import study_json_schema
from results_store import FolderStore


def validate(studies: StudyPaths, settings: SetOption = None) -> None:
    """Check study files; says everything that is wrong with them."""
    for study in load_studies(studies, settings or []):
        seeds = study.file.seed_list()
        output.message(
            f"{study.document.source}: valid; {len(study.file.variants)} variants, {len(study.cells)} cells, "
            f"{len(seeds)} seeds, {len(study.trials)} trials"
        )


def plan(
    studies: StudyPaths,
    store: StoreOption = DEFAULT_STORE,
    settings: SetOption = None,
    only: OnlyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what submit would do: trials that are done, shared and to run, their stacks on this machine, CPU time."""
    loaded = load_studies(studies, settings or [])
    check_only(loaded, only or [])
    folder = FolderStore(store)
    results = open_telling(store)
    plans = [plan_study(study, folder, results, capacity=this_machine(None), only=only or []) for study in loaded]
    summaries = [_summary(plan) for plan in plans]
    output.listing(list(summaries[0]), [list(summary.values()) for summary in summaries], as_json=as_json)
    for plan in plans:
        for text in plan.warnings:
            output.warning(f"{plan.study.name}: {text}")
        if plan.to_run and plan.cpu_hours is None:
            output.message(f"{plan.study.name}: no past trials in the store, so no prediction of time")


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "study": plan.study.name,
        "variants": len(plan.study.file.variants),
        "cells": len(plan.study.cells),
        "seeds": len(plan.study.file.seed_list()),
        "trials": len(plan.study.trials),
        "done": len(plan.done),
        "shared_with_other_studies": len(plan.shared),
        "to_run": len(plan.to_run),
        **({"left_out": len(plan.left_out)} if plan.left_out else {}),
        "stacks_here": plan.num_stacks,
        "cpu_hours": None if plan.cpu_hours is None else round(plan.cpu_hours, 3),
    }


def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    output.data_json(study_json_schema())
