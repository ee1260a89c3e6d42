"""What is wrong with the files of trained weights."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from results_store.catalogue import Problem
from results_store.errors import StorePathError
from results_store.layout import Layout
from results_store.regular_file import open_regular
from results_store.wording import counted

__all__ = ["lost_weights", "notes_on_weights", "scan_weights"]

Ask = Callable[..., list[tuple[Any, ...]]]
"""Runs a query with its parameters."""

_LOST = """
    WITH kept AS (
        SELECT trial_id, min(filename) AS filename FROM trials ANTI JOIN retractions USING (trial_id, attempt_id)
        WHERE weights_file IS NOT NULL
        GROUP BY trial_id HAVING NOT bool_or(list_contains($names::VARCHAR[], weights_file))
    )
    SELECT filename, count(*), min(trial_id) FROM kept GROUP BY filename ORDER BY filename
"""

_UNKNOWN = """
    SELECT count(*) FROM unnest($names::VARCHAR[]) AS files(weights_file) ANTI JOIN trials USING (weights_file)
"""


def scan_weights(layout: Layout) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """Reads every file of weights: the names of the sound ones, and what is wrong with the others.

    Raises:
        StorePathError: The folder cannot be listed.
    """
    try:
        with os.scandir(layout.weights) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise StorePathError(f"cannot read the store {layout.root}: {error}") from error
    sound, problems = set(), []
    for name in names:
        path = layout.weights / name
        try:
            reason = _reason(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(Problem.unreadable(path, error))
            continue
        if reason is None:
            sound.add(name)
        else:
            problems.append(Problem(path=path, reason=reason))
    return frozenset(sound), tuple(problems)


def lost_weights(ask: Ask, names: Collection[str]) -> Iterator[tuple[Path, str]]:
    """A file of rows for each that names weights of trials that are nowhere, and what is missing."""
    for path, num_trials, trial_id in ask(_LOST, {"names": list(names)}):
        first = f"trial {trial_id}" if num_trials == 1 else f"{num_trials:,} trials, {trial_id} among them,"
        yield Path(path), f"it names weights of {first} that are not in weights/"


def notes_on_weights(ask: Ask, names: Collection[str]) -> list[str]:
    """What is no fault: weights of attempts that never got to their row."""
    ((num_files,),) = ask(_UNKNOWN, {"names": list(names)})
    if not num_files:
        return []
    return [
        f"weights/ has {counted(num_files, 'file')} that no row in trials/ names: of attempts that were killed, or "
        "are still running; nothing reads them"
    ]


def _reason(path: Path) -> str | None:
    """What is wrong with a file, as the end of a sentence; None for a sound one."""
    if path.is_symlink() or not path.is_file():
        return "it is not a regular file"
    if not Layout.is_name_of_weights(path.name):
        return "it is not a file of this store"
    with open_regular(path) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return None if digest == path.stem else "it is damaged: its content does not have the hash in its name"
