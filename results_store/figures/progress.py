"""How a search went on: what each candidate came to, and the best so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from results_store.figures.hypervolume import hypervolume
from results_store.figures.points import BEST, COMPLETED, Place, about, draw, legend_handles, value_of
from results_store.figures.quantity import objective_quantity, whole_ticks
from results_store.figures.style import (
    COLUMN_IN,
    GREY,
    VERMILLION,
    add_legend,
    caption,
    caption_height_in,
    new_figure,
)
from results_store.records import CandidateState
from results_store.search.history import SearchHistory, ToldCandidate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["history_figure"]

_MAX_MARKED_ROUNDS = 40


def history_figure(history: SearchHistory) -> Figure:
    """The value of each candidate in the order asked with the best so far, one panel per objective.

    For several objectives a panel shows the hypervolume of the front after each round.
    """
    num_objectives = len(history.info.objectives)
    num_panels = num_objectives + (num_objectives > 1)
    failed = [candidate for candidate in history.candidates if candidate.state == CandidateState.FAILED]
    sentences = [*about(history), "Line: the best feasible value so far."]
    if failed:
        sentences.append("Ticks at the bottom: failed.")
    if num_objectives > 1:
        sentences.append(
            "Hypervolume: what the front so far dominates of the box between the worst and the best feasible value of "
            "each objective."
        )
    height_in = 1.4 * num_panels + 0.8 + caption_height_in(COLUMN_IN, sentences)
    figure = new_figure(COLUMN_IN, height_in)
    last = max((candidate.candidate for candidate in history.candidates), default=0) + 1
    for index in range(num_objectives):
        axes = figure.add_subplot(num_panels, 1, index + 1)
        draw(axes, history, _place(history, index))
        _best_so_far(axes, history, index)
        if failed:
            axes.plot(
                [candidate.candidate for candidate in failed],
                [0.035] * len(failed),
                linestyle="none",
                marker="|",
                markersize=5,
                color="black",
                transform=axes.get_xaxis_transform(),
            )
        axes.set_xlim(0, last + 1)
        axes.margins(y=0.08)
        whole_ticks(axes)
        axes.set_ylabel(objective_quantity(history, index).label(22))
        if index == num_objectives - 1:
            axes.set_xlabel("Candidate, in the order asked")
    if num_objectives > 1:
        _hypervolume(figure.add_subplot(num_panels, 1, num_panels), history)
    add_legend(figure, legend_handles(history), 2)
    caption(figure, sentences)
    return figure


def _place(history: SearchHistory, index: int) -> Place:
    quantity = objective_quantity(history, index)

    def place(candidate: ToldCandidate) -> tuple[float, float] | None:
        value = value_of(candidate, index)
        return None if value is None else (float(candidate.candidate), quantity.shown(value))

    return place


def _feasible(history: SearchHistory) -> list[ToldCandidate]:
    return [candidate for candidate in history.candidates if COMPLETED.holds(candidate) or BEST.holds(candidate)]


def _best_so_far(axes: Axes, history: SearchHistory, index: int) -> None:
    larger_is_better = history.info.objectives[index].direction == "maximize"
    place = _place(history, index)
    xs: list[float] = []
    ys: list[float] = []
    for candidate in _feasible(history):
        point = place(candidate)
        if point is not None:
            better = max if larger_is_better else min
            xs.append(point[0])
            ys.append(better(ys[-1], point[1]) if ys else point[1])
    if xs:
        xs.append(float(history.candidates[-1].candidate))
        axes.step(xs, [*ys, ys[-1]], where="post", color=VERMILLION, linewidth=1.0, zorder=2.15)


def _hypervolume(axes: Axes, history: SearchHistory) -> None:
    """The share of the box between the worst and the best values that the front dominates, after each round."""
    shares = _shares(history)
    if shares:
        rounds = range(1, len(shares) + 1)
        marker = "o" if len(shares) <= _MAX_MARKED_ROUNDS else ""
        axes.plot(rounds, [100 * share for share in shares], color=GREY, linewidth=1.0, marker=marker, markersize=2.5)
        axes.set_xlim(0.5, len(shares) + 0.5)
    axes.set_ylim(0, 104)
    whole_ticks(axes)
    axes.set_xlabel("Round")
    axes.set_ylabel("Hypervolume\n(% of the box)")


def _shares(history: SearchHistory) -> list[float]:
    feasible = _feasible(history)
    if not feasible:
        return []
    signs = [1.0 if objective.direction == "maximize" else -1.0 for objective in history.info.objectives]
    gains = [[sign * value for sign, value in zip(signs, one.values, strict=True)] for one in feasible]
    lows = [min(column) for column in zip(*gains, strict=True)]
    highs = [max(column) for column in zip(*gains, strict=True)]
    # Where all have the same value the box has no width: there every candidate attains all of it.
    scaled = [
        tuple(
            (gain - low) / (high - low) if high > low and math.isfinite(high - low) else 1.0
            for gain, low, high in zip(point, lows, highs, strict=True)
        )
        for point in gains
    ]
    shares: list[float] = []
    front: list[tuple[float, ...]] = []
    last_round = max(candidate.round_index for candidate in history.candidates)
    position = 0
    for round_index in range(last_round + 1):
        changed = False
        while position < len(feasible) and feasible[position].round_index <= round_index:
            changed |= _extend(front, scaled[position])
            position += 1
        shares.append(hypervolume(front) if changed or not shares else shares[-1])
    return shares


def _extend(front: list[tuple[float, ...]], point: tuple[float, ...]) -> bool:
    """Adds a point to those that no other is as good as in everything; whether that changed them."""
    if any(_covers(other, point) for other in front):
        return False
    front[:] = [other for other in front if not _covers(point, other)]
    front.append(point)
    return True


def _covers(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(mine >= theirs for mine, theirs in zip(one, other, strict=True))
