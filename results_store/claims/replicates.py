"""The replicates behind claims: rows of the view `results` by study, metric, cell and seed."""

# ruff: noqa: S608 - everything that enters this SQL goes through `identifier`

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from results_store.catalogue.sources import identifier
from results_store.statistics import Replicate, Replicates

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["Key", "read_replicates"]

Key = tuple[str, str, str]
"""Study, metric, cell id."""


def read_replicates(results: Results, wanted: Collection[Key]) -> Mapping[Key, Replicates]:
    """The replicates of metrics in cells, each state passed on; a cell without rows is not there.

    Trials of searches are left out: a claim is about the cells that its study names.

    Args:
        results: A store opened for reading.
        wanted: What to read; the metrics are those that the studies' trainables declare.
    """
    if not wanted:
        return {}
    metrics = sorted({metric for _, metric, _ in wanted})
    columns = ", ".join(f"TRY_CAST({identifier(metric)} AS DOUBLE)" for metric in metrics)
    rows = results.sql(
        f"""
        SELECT study, cell_id, seed, state, {columns} FROM results
        WHERE phase = 'grid' AND seed IS NOT NULL AND study IN (SELECT unnest($studies::VARCHAR[]))
            AND cell_id IN (SELECT unnest($cells::VARCHAR[]))
        ORDER BY study, cell_id, seed, trial_id
        """,
        {
            "studies": sorted({study for study, _, _ in wanted}),
            "cells": sorted({cell_id for _, _, cell_id in wanted}),
        },
    ).rows()
    found: dict[Key, dict[int, Replicate]] = {}
    for study, cell_id, seed, state, *values in rows:
        for metric, value in zip(metrics, values, strict=True):
            key = (study, metric, cell_id)
            if key in wanted:
                found.setdefault(key, {})[seed] = Replicate(value=value, state=state)
    return found
