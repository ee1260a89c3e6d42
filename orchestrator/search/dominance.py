"""Which candidates are better than others, with one objective or several, and with constraints.

One candidate dominates another if it is no worse in any objective and better in one. A feasible one dominates every
infeasible one; of two infeasible ones that with the smaller sum of violations does (Deb's constrained domination).
"""

import math
from collections.abc import Sequence

from orchestrator.search.candidates import Outcome

Losses = tuple[float, ...]
"""The values of the objectives, turned so that less is better."""


def losses_of(outcome: Outcome, directions: Sequence[str]) -> Losses:
    """The values of a completed candidate, turned so that less is better."""
    return tuple(
        -value if direction == "maximize" else value
        for value, direction in zip(outcome.values, directions, strict=True)
    )


def violation_of(outcome: Outcome) -> float:
    """By how much a completed candidate breaks its constraints in all; 0 for a feasible one."""
    return math.fsum(max(0.0, violation) for violation in outcome.violations)


def dominance_ranks(outcomes: Sequence[Outcome], directions: Sequence[str]) -> list[int]:
    """For each completed candidate 1 plus the number of those that dominate it; with one objective its place."""
    losses = [losses_of(outcome, directions) for outcome in outcomes]
    violations = [violation_of(outcome) for outcome in outcomes]
    return [
        1 + sum(_dominates(losses[j], violations[j], losses[i], violations[i]) for j in range(len(losses)))
        for i in range(len(losses))
    ]


def _dominates(one: Losses, violation: float, other: Losses, other_violation: float) -> bool:
    if violation or other_violation:
        return violation < other_violation
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def most_promising(outcomes: Sequence[Outcome], directions: Sequence[str], number: int) -> list[int]:
    """The places of the best completed candidates, in their order: by rank, then those that stand furthest apart."""
    ranks = dominance_ranks(outcomes, directions)
    places = sorted(range(len(outcomes)), key=lambda place: ranks[place])
    chosen = places[:number]
    if number < len(places) and ranks[places[number]] == ranks[chosen[-1]]:
        last = ranks[chosen[-1]]
        tied = [place for place in places if ranks[place] == last]
        distances = crowding_distances([losses_of(outcomes[place], directions) for place in tied])
        by_distance = sorted(range(len(tied)), key=lambda index: -distances[index])
        better = [place for place in chosen if ranks[place] < last]
        chosen = better + [tied[index] for index in by_distance[: number - len(better)]]
    return sorted(chosen)


def crowding_distances(losses: Sequence[Losses]) -> list[float]:
    """How far each point is from its neighbours (Deb et al. 2002, section III-B); infinity at the ends."""
    distances = [0.0] * len(losses)
    for objective in range(len(losses[0]) if losses else 0):
        order = sorted(range(len(losses)), key=lambda index: losses[index][objective])
        low, high = losses[order[0]][objective], losses[order[-1]][objective]
        if low == high:
            continue
        distances[order[0]] = distances[order[-1]] = math.inf
        for before, index, after in zip(order, order[1:], order[2:], strict=False):
            distances[index] += (losses[after][objective] - losses[before][objective]) / (high - low)
    return distances


def winners(outcomes: Sequence[Outcome], directions: Sequence[str], number: int) -> list[int]:
    """The places of the candidates worth confirming, the most interesting first; only feasible ones.

    With one objective the best. With several, of the front: its ends (the best in each objective), its knee (the least
    sum of losses, each as a share of the front's range), then whatever stands furthest from those chosen.
    """
    feasible = [place for place, outcome in enumerate(outcomes) if not violation_of(outcome)]
    ranks = dominance_ranks([outcomes[place] for place in feasible], directions)
    if len(directions) == 1:
        return [place for _, place in sorted(zip(ranks, feasible, strict=True))][:number]
    front = [place for rank, place in zip(ranks, feasible, strict=True) if rank == 1]
    if not front:
        return []
    points = dict(zip(front, _shares([losses_of(outcomes[place], directions) for place in front]), strict=True))
    by_interest = [min(front, key=lambda place: (points[place][i], sum(points[place]))) for i in range(len(directions))]
    by_interest.insert(1, min(front, key=lambda place: sum(points[place])))
    chosen = list(dict.fromkeys(by_interest))
    while len(chosen) < min(number, len(front)):
        rest = [place for place in front if place not in chosen]
        chosen.append(max(rest, key=lambda place: min(math.dist(points[place], points[other]) for other in chosen)))
    return chosen[:number]


def _shares(losses: Sequence[Losses]) -> list[Losses]:
    """The losses as shares of their range."""
    ranges = [(min(column), max(column)) for column in zip(*losses, strict=True)]
    return [
        tuple(
            (value - low) / (high - low) if high > low else 0.0
            for value, (low, high) in zip(point, ranges, strict=True)
        )
        for point in losses
    ]
