"""Charts as data, made of the rows of a store."""

from results_store.charts.chart import Axis, Band, Bars, Chart, Line, Mark, Panel, Points, Reference, Spans

__all__ = ["Axis", "Band", "Bars", "Chart", "Line", "Mark", "Panel", "Points", "Reference", "Spans"]
