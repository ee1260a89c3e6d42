"""Candidates as points: what became of each is told by colour and by marker."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results_store.figures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, plain_text
from results_store.records import CandidateState
from results_store.search.history import RETRACTED, SearchHistory, ToldCandidate
from results_store.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "BEST",
    "COMPLETED",
    "CONFIRMED",
    "GROUPS",
    "INFEASIBLE",
    "PRUNED",
    "Group",
    "Place",
    "about",
    "draw",
    "legend_handles",
    "value_of",
]

Place = Callable[[ToldCandidate], tuple[float, float] | None]
"""Where a candidate stands; None where it does not."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Candidates that look alike.

    Attributes:
        name: What the legend calls them.
        holds: Whether a candidate is one of them.
        marker: Their marker, in matplotlib's words.
    """

    name: str
    holds: Callable[[ToldCandidate], bool]
    marker: dict[str, Any]

    def handle(self, count: int, name: str) -> Line2D:
        """Their line in a legend."""
        from matplotlib.lines import Line2D

        return Line2D([], [], linestyle="none", label=f"{name} (n={count})", **self.marker)


PRUNED = Group(
    name="pruned",
    holds=lambda candidate: candidate.state == CandidateState.PRUNED,
    marker={"marker": "v", "markersize": 3.6, "color": GREY, "markerfacecolor": "white", "markeredgewidth": 0.7},
)
INFEASIBLE = Group(
    name="infeasible",
    holds=lambda candidate: candidate.is_completed and candidate.is_feasible is False,
    marker={"marker": "x", "markersize": 3.6, "color": ORANGE, "markeredgewidth": 1.0},
)
COMPLETED = Group(
    name="other completed",
    holds=lambda candidate: candidate.is_completed and candidate.is_feasible is not False and not candidate.on_front,
    marker={"marker": "o", "markersize": 3.2, "color": BLUE, "markeredgewidth": 0, "alpha": 0.7},
)
BEST = Group(
    name="front",
    holds=lambda candidate: candidate.is_completed and candidate.on_front,
    marker={"marker": "s", "markersize": 4.0, "color": VERMILLION, "markeredgewidth": 0},
)
CONFIRMED = Group(
    name="winners, confirmed",
    holds=lambda candidate: candidate.is_confirmed,
    marker={"marker": "D", "markersize": 3.8, "color": GREEN, "markeredgecolor": "black", "markeredgewidth": 0.5},
)

GROUPS = (PRUNED, INFEASIBLE, COMPLETED, BEST)
"""In the order in which they are drawn: what matters most lies on top."""


def value_of(candidate: ToldCandidate, index: int) -> float | None:
    """A candidate's value of an objective; of a pruned one the mean of what it has."""
    if candidate.values:
        return candidate.values[index]
    if PRUNED.holds(candidate) and candidate.replicates:
        return mean_interval(candidate.replicates[index]).mean
    return None


def draw(axes: Axes, history: SearchHistory, place: Place) -> None:
    """Draws every candidate that has a place: many of them smaller, so that they do not hide each other."""
    scale = min(1.0, max(0.45, math.sqrt(200 / max(1, len(history.candidates)))))
    for order, group in enumerate(GROUPS):
        places = [place(candidate) for candidate in history.candidates if group.holds(candidate)]
        points = [point for point in places if point is not None]
        if points:
            marker = {**group.marker, "markersize": scale * group.marker["markersize"]}
            axes.plot(*zip(*points, strict=True), linestyle="none", zorder=2 + 0.1 * order, **marker)


def legend_handles(history: SearchHistory) -> list[Line2D]:
    """A line of the legend for each group, the one on top first."""
    drawn = [candidate for candidate in history.candidates if value_of(candidate, 0) is not None]
    handles = []
    for group in reversed(GROUPS):
        count = sum(map(group.holds, drawn))
        name = "best" if group is BEST and len(history.info.objectives) == 1 else group.name
        if count:
            handles.append(group.handle(count, name))
    return handles


def about(history: SearchHistory) -> list[str]:
    """The first sentences of a caption: which search, what became of its candidates, what a value is."""
    sentences = [f"{plain_text(history.name)}.", _counts(history), _search_values(history)]
    if any(PRUNED.holds(one) and value_of(one, 0) is not None for one in history.candidates):
        is_over_seeds = (history.info.pruning or {}).get("method") == "racing"
        when = "over the seeds that they had" if is_over_seeds else "when they were given up"
        sentences.append(f"Pruned ones: the mean {when}.")
    return sentences


def _counts(history: SearchHistory) -> str:
    states = [candidate.state for candidate in history.candidates]
    parts = [f"{states.count(str(CandidateState.COMPLETED))} completed"]
    if num_infeasible := sum(map(INFEASIBLE.holds, history.candidates)):
        parts[0] += f" ({num_infeasible} infeasible)"
    others = (str(CandidateState.PRUNED), str(CandidateState.FAILED), RETRACTED)
    parts += [f"{states.count(state)} {state}" for state in others if state in states]
    noun = "candidate" if len(states) == 1 else "candidates"
    return f"{len(states)} {noun}: {', '.join(parts)}."


def _search_values(history: SearchHistory) -> str:
    num_seeds, reduction = len(history.info.seeds), history.info.reduction
    if num_seeds <= 1:
        return "Each is trained with one seed."
    what = {
        "lower_bound": "the worse end of the mean's 95 % interval",
        "worst": "the worst",
    }.get(reduction, f"the {plain_text(reduction, 30)}")
    return f"Values are {what} over {num_seeds} seeds."
