"""The figures that a study asks for, as charts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from results_store.charts.chart import Chart
from results_store.charts.entropy_histogram import entropy_histogram
from results_store.charts.gate_pattern import gate_pattern
from results_store.charts.metric_by_epoch import metric_by_epoch
from results_store.charts.source import FigureSource
from results_store.charts.survival import survival
from results_store.charts.sweep import sweep
from results_store.charts.tradeoff import tradeoff
from results_store.errors import StoreError, UnknownNameError
from results_store.numbers import finite_number
from results_store.records import FigureKind, FigureRecord, FigureVariant, PublishedPoint
from results_store.text import inert

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["read_chart", "read_figures"]

_CHARTS: Mapping[FigureKind, Callable[[FigureSource], Chart]] = {
    FigureKind.ENTROPY_HISTOGRAM: entropy_histogram,
    FigureKind.METRIC_BY_EPOCH: metric_by_epoch,
    FigureKind.SWEEP: sweep,
    FigureKind.GATE_PATTERN: gate_pattern,
    FigureKind.TRADEOFF: tradeoff,
    FigureKind.SURVIVAL: survival,
}


def read_figures(results: Results, study: str) -> list[FigureRecord]:
    """The figures that a study asks for, in its order.

    Raises:
        UnknownNameError: No study of that name was submitted to this store.
        StoreError: What the store holds of them makes no sense.
    """
    results.metrics(study)  # says what is wrong with the study's name
    (text,) = results.sql("SELECT figures FROM studies WHERE study = $study AND is_latest", {"study": study}).rows()[0]
    try:
        entries = json.loads(text or "[]")
        return [_figure(entry) for entry in entries]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise StoreError(inert(f"what the store holds on the figures of study {study!r} makes no sense")) from None


def read_chart(results: Results, study: str, name: str) -> Chart:
    """One figure of a study as a chart of the rows that are there.

    Args:
        results: A store opened for reading.
        study: Name of the study.
        name: One of the names of its own figures.

    Raises:
        UnknownNameError: There is no such study or figure.
        MissingRowsError: The figure has nothing to show yet.
        StoreError: What the store holds of it makes no sense.
    """
    figures = read_figures(results, study)
    figure = next((figure for figure in figures if figure.name == name), None)
    if figure is None:
        known = ", ".join(figure.name for figure in figures) or "none"
        raise UnknownNameError(inert(f"study {study!r} has no figure {name!r}; its figures: {known}"))
    return _CHARTS[figure.kind](FigureSource(results, study, figure))


def _figure(entry: Mapping[str, Any]) -> FigureRecord:
    """Reads one figure; raises whatever comes of it where it has another shape."""
    return FigureRecord(
        name=_text(entry["name"]),
        title=_text(entry["title"]) or _text(entry["name"]),
        kind=FigureKind(entry["kind"]),
        variants=tuple(map(_variant, entry["variants"])),
        where=dict(entry["where"].items()),
        metric=_text(entry["metric"]),
        along=_text(entry["along"]),
        log=bool(entry["log"]),
        references=tuple(map(_variant, entry["references"])),
        seeds=tuple(map(int, entry["seeds"])),
        sequence=int(entry["sequence"]),
        published=tuple(map(_point, entry["published"])),
    )


def _variant(entry: Mapping[str, Any]) -> FigureVariant:
    label = entry["label"]
    return FigureVariant(variant=_text(entry["variant"]), label=None if label is None else _text(label))


def _point(entry: Mapping[str, Any]) -> PublishedPoint:
    x, y = finite_number(entry["x"]), finite_number(entry["y"])
    if x is None or y is None:
        raise ValueError
    low, high = finite_number(entry["low"]), finite_number(entry["high"])
    return PublishedPoint(x=x, y=y, low=low, high=high, label=_text(entry["label"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
