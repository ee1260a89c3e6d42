"""Files of trained weights: reading them, and finding those of a trial.

The row of an attempt names the file that holds its weights. A trial may have been trained more than once; the weights
of another attempt are its weights too if that attempt's row has the very same numbers, as a replay's has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results_store.errors import WeightsError
from results_store.layout import Layout
from results_store.regular_file import open_regular
from results_store.schemas import Kind, config_columns
from results_store.text import inert

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["find_weights", "kept_weights", "read_weights"]

_COUNTING = """
    SELECT trial_id, attempt_id, weights_file FROM trials WHERE trial_id IN (SELECT unnest($wanted::VARCHAR[]))
"""

_WITH_WEIGHTS = """
    SELECT DISTINCT trial_id, attempt_id FROM raw.trials ANTI JOIN raw.retractions USING (trial_id, attempt_id)
    WHERE weights_file IS NOT NULL AND trial_id IN (SELECT unnest($wanted::VARCHAR[])) ORDER BY ALL
"""

_ROWS = "SELECT * FROM raw.trials WHERE attempt_id IN (SELECT unnest($wanted::VARCHAR[]))"


def read_weights(layout: Layout, name: str) -> bytes:
    """The bytes of a file of weights, compared with its name.

    Raises:
        WeightsError: It is not there, cannot be read, or is damaged.
    """
    if not Layout.is_name_of_weights(name):
        raise WeightsError(inert(f"there are no weights {name!r} in the store {layout.root}"))
    path = layout.weights / name
    try:
        with open_regular(path) as stream:
            content = stream.read()
    except OSError as error:
        raise WeightsError(inert(f"the weights {path} cannot be read: {error.strerror or error}")) from error
    if hashlib.sha256(content).hexdigest() != path.stem:
        raise WeightsError(inert(f"the weights {path} are damaged: their content does not have the hash in the name"))
    return content


def find_weights(results: Results, trial_id: str) -> Path:
    """The file of a trial's weights, read and found good.

    Raises:
        WeightsError: The trial has none, or they are not there or damaged.
    """
    layout = Layout(results.path)
    errors = []
    for name in _files(results, [trial_id]).get(trial_id, ()):
        try:
            read_weights(layout, name)
        except WeightsError as error:
            errors.append(error)
        else:
            return layout.weights / name
    if errors:
        raise errors[0]
    raise WeightsError(
        inert(
            f"the store {layout.root} has no weights of trial {trial_id!r}: it is not there, or does not save them "
            "(training.save_weights), or was recorded before it was asked to (amor replay --save-weights gets them)"
        )
    )


def kept_weights(results: Results, trial_ids: Iterable[str]) -> dict[str, Path]:
    """For each of the trials whose weights are there, their file; it is not read."""
    layout = Layout(results.path)
    paths = {
        trial_id: [path for name in names if (path := layout.weights / name).is_file()]
        for trial_id, names in _files(results, trial_ids).items()
    }
    return {trial_id: found[0] for trial_id, found in paths.items() if found}


def _files(results: Results, trial_ids: Iterable[str]) -> dict[str, list[str]]:
    """Names of the files of each trial: that of the row that counts first."""
    wanted = list(trial_ids)
    files: dict[str, list[str]] = {}
    counting = {}
    for trial_id, attempt_id, name in results.sql(_COUNTING, {"wanted": wanted}).rows():
        counting[trial_id] = attempt_id
        files[trial_id] = [name]
    others = [
        (trial_id, attempt_id)
        for trial_id, attempt_id in results.sql(_WITH_WEIGHTS, {"wanted": wanted}).rows()
        if trial_id in counting and attempt_id != counting[trial_id]
    ]
    if others:
        attempts = [attempt_id for trial_id, other in others for attempt_id in (counting[trial_id], other)]
        rows = {row["attempt_id"]: row for row in results.sql(_ROWS, {"wanted": attempts}).dicts()}
        for trial_id, other in others:
            if _numbers(rows[counting[trial_id]]) == _numbers(rows[other]):
                files[trial_id].append(rows[other]["weights_file"])
    return {
        trial_id: [name for name in names if name and Layout.is_name_of_weights(name)]
        for trial_id, names in files.items()
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, str]:
    """Status and metrics, exactly: all NaN are one, and 0.0 is not -0.0."""
    try:
        fields = set(config_columns(json.loads(row["config"] or "{}")))
    except (ValueError, AttributeError, RecursionError):  # not written by amor
        fields = set()
    left_out = (Kind.TRIALS.fixed_columns.keys() | fields) - {"status"}
    return {name: repr(value) for name, value in row.items() if name not in left_out and value is not None}
