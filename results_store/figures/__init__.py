"""Charts drawn for print, and figures of a search: its front, its history, slices, and importances of parameters."""

from results_store.figures.chart_figure import chart_figure
from results_store.figures.figure import FIGURE_NAMES, figure_names, search_figure
from results_store.figures.files import FigureFormat, figure_bytes, file_stem, write_figure

__all__ = [
    "FIGURE_NAMES",
    "FigureFormat",
    "chart_figure",
    "figure_bytes",
    "figure_names",
    "file_stem",
    "search_figure",
    "write_figure",
]
