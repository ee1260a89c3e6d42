"""Charts as data, made of the rows of a store."""

from results_store.charts.chart import Axis, Band, Bars, Chart, Line, Mark, Panel, Points, Reference, Spans
from results_store.charts.study_charts import read_chart, read_figures
from results_store.charts.survival import SURVIVAL_METRICS
from results_store.charts.tradeoff import TRADEOFF_METRICS

__all__ = [
    "SURVIVAL_METRICS",
    "TRADEOFF_METRICS",
    "Axis",
    "Band",
    "Bars",
    "Chart",
    "Line",
    "Mark",
    "Panel",
    "Points",
    "Reference",
    "Spans",
    "read_chart",
    "read_figures",
]
