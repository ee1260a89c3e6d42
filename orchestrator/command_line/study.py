"""Commands about study files: `validate`, `plan`, `schema`."""

from collections.abc import Sequence
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
from orchestrator.driver.submit import check_only, check_told, load_studies
from orchestrator.executors.capacity import this_machine
from orchestrator.plan.history import plan_study
from orchestrator.plan.plan import Plan, SearchPlan
from orchestrator.search.search import Search
from orchestrator.study.json_schema import study_json_schema
from results_store import FolderStore


def validate(studies: StudyPaths, settings: SetOption = None) -> None:
    """Check study files; says everything that is wrong with them."""
    for study in load_studies(studies, settings or []):
        seeds = study.file.seed_list()
        output.message(
            f"{study.document.source}: valid; {len(study.file.variants)} variants, {len(study.all_cells)} cells, "
            f"{len(seeds)} seeds, {len(study.trials)} trials"
            + (f", {len(study.waiting) * len(seeds)} more when measured values are known" if study.waiting else "")
            + "".join(f"; {_searched(search)}" for search in study.searches)
        )


def _searched(search: Search) -> str:
    section = search.section
    names = ", ".join(parameter.name for parameter in search.space.parameters)
    return f"{search.name}: {section.max_trials} candidates of {names} by {section.sampler.name}"


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
    check_told(loaded, results)
    capacity = this_machine(None)
    plans = [
        plan_study(study, folder, results, capacity=capacity, only=only or [], together=loaded) for study in loaded
    ]
    summaries = [_summary(plan) for plan in plans]
    columns = list(dict.fromkeys(name for summary in summaries for name in summary))
    output.listing(columns, [[summary.get(name) for name in columns] for summary in summaries], as_json=as_json)
    for plan in plans:
        for text in plan.warnings:
            output.warning(f"{plan.study.name}: {text}")
        if (notice := plan.notice_of_weights()) is not None:
            output.message(f"{plan.study.name}: {notice}")
        for value in plan.known:
            output.message(f"{plan.study.name}: {value}")
        for wait in plan.waits:
            output.message(f"{plan.study.name}: waits: {wait}")
        if ((plan.to_run or plan.num_waiting) and plan.cpu_hours is None) or any(
            search.cpu_hours is None for search in plan.searches
        ):
            output.message(f"{plan.study.name}: no past trials in the store, so no prediction of time")


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "study": plan.study.name,
        "variants": len(plan.study.file.variants),
        "cells": len(plan.study.all_cells),
        "seeds": len(plan.study.file.seed_list()),
        "trials": len(plan.study.trials),
        "done": len(plan.done),
        "shared_with_other_studies": len(plan.shared),
        "to_run": len(plan.to_run),
        **({"left_out": len(plan.left_out)} if plan.left_out else {}),
        **({"waiting": plan.num_waiting} if plan.num_waiting else {}),
        **({"without_weights": len(plan.without_weights)} if plan.without_weights else {}),
        "stacks_here": plan.num_stacks,
        "cpu_hours": None if plan.cpu_hours is None else round(plan.cpu_hours, 3),
        **(_search_summary(plan.searches) if plan.searches else {}),
    }


def _search_summary(searches: Sequence[SearchPlan]) -> dict[str, Any]:
    """All searches of a study together."""
    hours = [search.cpu_hours for search in searches if search.cpu_hours is not None]
    return {
        "candidates": sum(plan.search.section.max_trials for plan in searches),
        "told": sum(plan.num_told for plan in searches),
        "search_trials_at_most": sum(plan.num_trials for plan in searches),
        "search_cpu_hours_at_most": round(sum(hours), 3) if len(hours) == len(searches) else None,
    }


def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    output.data_json(study_json_schema())
