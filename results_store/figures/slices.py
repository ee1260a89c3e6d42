"""Slices of a search: how each objective lies over each parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from results_store.figures.points import Place, about, draw, legend_handles, value_of
from results_store.figures.quantity import Quantity, objective_quantity, parameter_quantity
from results_store.figures.style import PAGE_IN, add_legend, caption, caption_height_in, new_figure, plain_text
from results_store.search.history import SearchHistory, ToldCandidate
from results_store.search.optuna_study import distributions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["slices_figure"]

_MAX_COLUMNS = 5
_SPREAD = 0.5
_GOLDEN_RATIO = 0.6180339887498949


def slices_figure(history: SearchHistory) -> Figure:
    """Every candidate over every parameter, one panel per parameter and objective.

    Raises:
        StoreError: What the store holds of the parameters makes no sense.
    """
    parameters = {name: parameter_quantity(name, found) for name, found in distributions(history).items()}
    rows = [index for index, objective in enumerate(history.info.objectives) if objective.is_metric]
    # A searched parameter that is an objective, too, has its panels as a parameter.
    rows = rows or list(range(len(history.info.objectives)))
    num_blocks = math.ceil(len(parameters) / _MAX_COLUMNS)
    num_columns = math.ceil(len(parameters) / num_blocks)
    label_width = int(84 / num_columns)
    sentences = [*about(history), *_partly_active(history)]
    if any(quantity.choices is not None for quantity in parameters.values()):
        sentences.append("Over choices, points are spread sideways to be seen.")
    height_in = num_blocks * (1.35 * len(rows) + 0.4) + 0.3 + caption_height_in(PAGE_IN, sentences)
    figure = new_figure(PAGE_IN, height_in)
    grid = figure.add_gridspec(num_blocks * len(rows), num_columns)
    for position, (name, parameter) in enumerate(parameters.items()):
        block, column = divmod(position, num_columns)
        for row, index in enumerate(rows):
            axes = figure.add_subplot(grid[block * len(rows) + row, column])
            draw(axes, history, _place(history, name, parameter, index))
            _common_range(axes, history, index)
            parameter.dress(axes, label_width)
            is_lowest, is_first = row == len(rows) - 1, column == 0
            axes.tick_params(labelbottom=is_lowest, labelleft=is_first)
            if is_lowest:
                axes.set_xlabel(parameter.label(label_width))
            if is_first:
                axes.set_ylabel(objective_quantity(history, index).label(22))
    add_legend(figure, legend_handles(history), 5)
    caption(figure, sentences)
    return figure


def _place(history: SearchHistory, name: str, parameter: Quantity, index: int) -> Place:
    objective = objective_quantity(history, index)

    def place(candidate: ToldCandidate) -> tuple[float, float] | None:
        value = value_of(candidate, index)
        if value is None or name not in candidate.parameters:
            return None
        at = parameter.shown(candidate.parameters[name])
        if parameter.choices is not None:
            # The golden ratio spreads neighbours evenly, and the same way each time.
            at += _SPREAD * ((candidate.candidate * _GOLDEN_RATIO) % 1 - 0.5)
        return at, objective.shown(value)

    return place


def _common_range(axes: Axes, history: SearchHistory, index: int) -> None:
    """All panels of an objective show the same range, for only the first of them has numbers at its axis."""
    objective = objective_quantity(history, index)
    values = [value_of(candidate, index) for candidate in history.candidates]
    shown = [objective.shown(value) for value in values if value is not None]
    if shown and min(shown) < max(shown):
        margin = 0.08 * (max(shown) - min(shown))
        axes.set_ylim(min(shown) - margin, max(shown) + margin)


def _partly_active(history: SearchHistory) -> Sequence[str]:
    parts = []
    for name in history.info.parameters:
        num_active = sum(name in candidate.parameters for candidate in history.candidates)
        if num_active < len(history.candidates):
            parts.append(f"{plain_text(name, 60)} ({num_active} of {len(history.candidates)} candidates)")
    return [f"Searched in some places only: {', '.join(parts)}."] if parts else []
