"""The figures of a search, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from results_store.errors import MissingRowsError, UnknownNameError
from results_store.figures.bars import importances_figure
from results_store.figures.front import front_figure
from results_store.figures.progress import history_figure
from results_store.figures.slices import slices_figure
from results_store.figures.style import styled
from results_store.search.history import SearchHistory
from results_store.text import inert

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE_NAMES", "figure_names", "search_figure"]

_FIGURES: Mapping[str, Callable[[SearchHistory], Figure]] = {
    "front": front_figure,
    "history": history_figure,
    "slices": slices_figure,
    "importances": importances_figure,
}

FIGURE_NAMES = tuple(_FIGURES)


def figure_names(history: SearchHistory) -> list[str]:
    """The figures that a search can have, whatever came of it."""
    objectives = history.info.objectives
    impossible = {
        "front": len(objectives) < 2,
        "slices": not history.info.parameters,
        "importances": not any(objective.is_metric for objective in objectives),
    }
    return [name for name in FIGURE_NAMES if not impossible.get(name)]


def search_figure(history: SearchHistory, name: str) -> Figure:
    """One figure of a search, drawn.

    Args:
        history: The search.
        name: One of `front, history, slices, importances`.

    Raises:
        UnknownNameError: There is no figure of that name, or not of this search.
        MissingRowsError: No candidate of the search is completed.
        StoreError: What the store holds of the search makes no sense.
    """
    if name not in FIGURE_NAMES:
        raise UnknownNameError(inert(f"there is no figure {name!r}; figures: {', '.join(FIGURE_NAMES)}"))
    possible = figure_names(history)
    if name not in possible:
        reason = "it has one objective" if name == "front" else "it has nothing to show there"
        raise UnknownNameError(
            inert(
                f"the search of {history.name!r} has no figure {name!r}: {reason}; its figures: {', '.join(possible)}"
            )
        )
    if not history.completed:
        raise MissingRowsError(
            inert(f"no candidate of the search of {history.name!r} is completed, so there is nothing to draw yet")
        )
    with styled():
        figure = _FIGURES[name](history)
        # Labels of ticks are made when they are drawn first; later the settings would be those of the user.
        figure.draw_without_rendering()
    return figure
