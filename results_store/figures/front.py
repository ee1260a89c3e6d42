"""The Pareto front of a search: what is paid in one objective for another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from results_store.errors import ExportError
from results_store.figures.points import BEST, CONFIRMED, Place, about, draw, legend_handles, value_of
from results_store.figures.quantity import Quantity, confirmed_quantity, objective_quantity
from results_store.figures.style import (
    COLUMN_IN,
    GREEN,
    PAGE_IN,
    VERMILLION,
    add_legend,
    caption,
    caption_height_in,
    new_figure,
    plain_text,
)
from results_store.search.history import SearchHistory, ToldCandidate
from results_store.statistics import Interval, mean_interval
from results_store.text import inert

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["front_figure"]

_MAX_COLUMNS = 3


def front_figure(history: SearchHistory) -> Figure:
    """All candidates in the plane of two objectives, one panel per pair of them.

    Raises:
        ExportError: The search has one objective.
    """
    pairs = list(itertools.combinations(range(len(history.info.objectives)), 2))
    if not pairs:
        raise ExportError(inert(f"the search of {history.name!r} has one objective, so it has no front"))
    is_single = len(pairs) == 1
    num_columns = min(len(pairs), _MAX_COLUMNS)
    num_rows = math.ceil(len(pairs) / num_columns)
    sentences = [*about(history), *_confirmation(history)]
    if len(history.info.objectives) > 2 and any(map(BEST.holds, history.candidates)):
        sentences.append("The front is that of all objectives together.")
    width_in = COLUMN_IN if is_single else PAGE_IN
    height_in = (2.5 if is_single else 2.1 * num_rows) + 0.45 + caption_height_in(width_in, sentences)
    figure = new_figure(width_in, height_in)
    for index, (x, y) in enumerate(pairs):
        axes = figure.add_subplot(num_rows, num_columns, index + 1)
        draw(axes, history, _place(history, x, y))
        if is_single:
            _step(axes, history, x, y)
        _confirmed(axes, history, x, y)
        axes.set_xlabel(objective_quantity(history, x).label(44 if is_single else 30))
        axes.set_ylabel(objective_quantity(history, y).label(30))
        axes.margins(0.06)
    handles = legend_handles(history)
    num_confirmed = sum(map(CONFIRMED.holds, history.candidates))
    if num_confirmed:
        handles.insert(1, CONFIRMED.handle(num_confirmed, CONFIRMED.name))
    add_legend(figure, handles, 2 if is_single else 5)
    caption(figure, sentences)
    return figure


def _place(history: SearchHistory, x: int, y: int) -> Place:
    """Where candidates stand in the plane of two objectives."""
    of_x, of_y = objective_quantity(history, x), objective_quantity(history, y)

    def place(candidate: ToldCandidate) -> tuple[float, float] | None:
        at_x, at_y = value_of(candidate, x), value_of(candidate, y)
        return None if at_x is None or at_y is None else (of_x.shown(at_x), of_y.shown(at_y))

    return place


def _step(axes: Axes, history: SearchHistory, x: int, y: int) -> None:
    """The border of what the front attains."""
    points = sorted(filter(None, (_place(history, x, y)(one) for one in history.candidates if BEST.holds(one))))
    if len(points) > 1:
        # Between two points holds the value of the one that is better in x: of the left one where less is better.
        where: Literal["pre", "post"] = "post" if history.info.objectives[x].direction == "minimize" else "pre"
        axes.step(*zip(*points, strict=True), where=where, color=VERMILLION, linewidth=1.0, zorder=1.9)


def _confirmed(axes: Axes, history: SearchHistory, x: int, y: int) -> None:
    """Winners on fresh seeds: mean and interval, tied to what the search saw."""
    quantities = confirmed_quantity(history, x), confirmed_quantity(history, y)
    for candidate in filter(CONFIRMED.holds, history.candidates):
        intervals = [
            mean_interval(candidate.confirmed[index], bounds=(0.0, 1.0) if quantity.unit == "fraction" else None)
            for index, quantity in zip((x, y), quantities, strict=True)
        ]
        searched = _place(history, x, y)(candidate)
        if intervals[0].mean is None or intervals[1].mean is None:
            continue
        at = quantities[0].shown(intervals[0].mean), quantities[1].shown(intervals[1].mean)
        if searched is not None:
            axes.plot(*zip(searched, at, strict=True), color=GREEN, linewidth=0.8, linestyle=":", zorder=3)
        for which, (interval, quantity) in enumerate(zip(intervals, quantities, strict=True)):
            ends = _ends(interval, quantity)
            if ends is not None:
                xs, ys = (ends, (at[1], at[1])) if which == 0 else ((at[0], at[0]), ends)
                axes.plot(xs, ys, color=GREEN, linewidth=1.0, solid_capstyle="butt", zorder=3)
        axes.plot(*at, linestyle="none", zorder=3.1, **CONFIRMED.marker)


def _ends(interval: Interval, quantity: Quantity) -> tuple[float, float] | None:
    if interval.low is None or interval.high is None:
        return None
    return quantity.shown(interval.low), quantity.shown(interval.high)


def _confirmation(history: SearchHistory) -> Sequence[str]:
    confirmed = [candidate for candidate in history.candidates if CONFIRMED.holds(candidate)]
    num_partial = sum(bool(candidate.confirmed) for candidate in history.candidates) - len(confirmed)
    winners = "winner is" if num_partial == 1 else "winners are"
    partial = [f"{num_partial} {winners} without a diamond: not every fresh seed came to a number."]
    if not confirmed:
        return partial if num_partial else []
    metrics = [index for index, objective in enumerate(history.info.objectives) if objective.is_metric]
    names = " and ".join(plain_text(confirmed_quantity(history, index).title, 60) for index in metrics)
    on_test = all(history.confirmed_metrics[index].startswith("test_") for index in metrics)
    numbers = [sum(value is not None for value in one.confirmed[index]) for one in confirmed for index in metrics]
    least, most = min(numbers, default=0), max(numbers, default=0)
    return [
        f"Diamonds: {names}{' on the test split' if on_test else ''} of winners, mean over "
        f"{most if least == most else f'{least} to {most}'} fresh seeds with 95 % interval (Student's t), tied to what "
        "the search saw.",
        *(partial if num_partial else []),
    ]
