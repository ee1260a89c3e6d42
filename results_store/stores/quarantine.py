"""The quarantine of a store: where files go that no query reads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from results_store.catalogue import Problem
from results_store.layout import Layout
from results_store.schemas import Kind

__all__ = ["move_to_quarantine"]


def move_to_quarantine(layout: Layout, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Moves damaged and foreign files out of the folders of rows and weights; nothing is ever deleted.

    Returns:
        The files that were moved, with their reasons. What cannot be moved, or not be read, stays and is left out as
        before.
    """
    moved = []
    for problem in problems:
        if problem.is_unreadable:
            continue  # nobody knows what is in it
        folder = problem.path.parent
        if folder not in {layout.weights, *map(layout.folder, Kind)}:
            continue  # beside the store's own folders: somebody else's
        target = layout.quarantine / folder.name / problem.path.name
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            while os.path.lexists(target):  # also a link to nothing
                target = target.with_name(f"{target.name}.again")
            problem.path.rename(target)
            moved.append(problem)
    return tuple(moved)
