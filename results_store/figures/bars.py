"""Importances of a search's parameters as bars, both methods side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from results_store.errors import ExportError
from results_store.figures.quantity import objective_quantity
from results_store.figures.style import (
    BLUE,
    COLUMN_IN,
    ORANGE,
    PAGE_IN,
    SMALL_PT,
    add_legend,
    broken,
    caption,
    caption_height_in,
    new_figure,
    plain_text,
)
from results_store.search.history import SearchHistory
from results_store.search.importances import ImportanceMethod, importance_notes, importances, most_important_first
from results_store.text import inert

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["importances_figure"]

_BAR_HEIGHT = 0.36
_STYLES: dict[ImportanceMethod, dict[str, Any]] = {
    ImportanceMethod.PED_ANOVA: {"facecolor": BLUE},
    # The hatch tells the bars apart where there is no colour at all.
    ImportanceMethod.FANOVA: {"facecolor": ORANGE, "hatch": "////", "edgecolor": "white", "linewidth": 0.0},
}


def importances_figure(history: SearchHistory) -> Figure:
    """A bar per parameter and method, one panel per objective that is a metric.

    Raises:
        ExportError: Every objective is a parameter.
        StoreError: What the store holds of the search makes no sense.
    """
    from matplotlib.patches import Patch

    found = importances(history)
    if not found:
        raise ExportError(inert(f"every objective of the search of {history.name!r} is a parameter itself"))
    names = most_important_first(history, found)
    objectives = [index for index, objective in enumerate(history.info.objectives) if objective.is_metric]
    sentences = [f"{plain_text(history.name)}.", *importance_notes(history, found)]
    is_single = len(objectives) == 1
    width_in = COLUMN_IN if is_single else PAGE_IN
    num_columns = min(3, len(objectives))
    num_rows = math.ceil(len(objectives) / num_columns)
    height_in = num_rows * (0.32 * len(names) + 0.65) + 0.3 + caption_height_in(width_in, sentences)
    figure = new_figure(width_in, height_in)
    for position, index in enumerate(objectives):
        axes = figure.add_subplot(num_rows, num_columns, position + 1)
        here = [importance for importance in found if importance.objective == history.info.objectives[index]]
        for offset, importance in zip((-0.5, 0.5), here, strict=True):
            for place, name in enumerate(names):
                at = place + offset * _BAR_HEIGHT
                share = importance.shares.get(name)
                if share is not None:
                    axes.barh(at, 100 * share, height=_BAR_HEIGHT, **_STYLES[importance.method])
                text = "—" if share is None else f"{100 * share:.0f}"
                axes.annotate(
                    text, (100 * (share or 0.0), at), (2, 0), textcoords="offset points", va="center", fontsize=SMALL_PT
                )
        labels = [broken(plain_text(name, 60), 24) for name in names]
        axes.set_yticks(range(len(names)), labels=labels if position % num_columns == 0 else [""] * len(names))
        for label in axes.get_yticklabels():
            label.set_parse_math(False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 112)
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.grid(visible=False, axis="y")
        axes.set_title(broken(objective_quantity(history, index).heading, 34))
        axes.set_xlabel("Share of importance (%)")
    add_legend(figure, [Patch(label=str(method), **style) for method, style in _STYLES.items()], 2)
    caption(figure, sentences)
    return figure
