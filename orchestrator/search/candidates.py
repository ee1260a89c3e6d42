"""Candidates: what is proposed, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.search.space import Values
from orchestrator.space.cells import Cell
from results_store.records import CandidateState


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the sampler is told of a candidate.

    Attributes:
        state: how it ended.
        values: one per objective, in their order; only of a completed one.
        violations: one per constraint, in their order: 0 or less where it is kept, else by how much it is broken;
            only of a completed one.
        reason: why it failed or was pruned, for people.
    """

    state: CandidateState
    values: tuple[float, ...] = ()
    violations: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A cell proposed by the search.

    Attributes:
        parameters: the values of its active parameters.
        cell: the configuration; candidates of one search are distinct cells.
    """

    parameters: Values
    cell: Cell


@dataclass(frozen=True, kw_only=True)
class ToldCandidate:
    """A candidate of an earlier round, as it stands in the search's record.

    Attributes:
        round_index: the round in which it was asked for, from 0.
        parameters: the values of its active parameters.
        cell_id: its cell.
        outcome: what came of it.
    """

    round_index: int
    parameters: Values
    cell_id: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """One round.

    Attributes:
        candidates: in the order asked; results are told in this order.
        num_duplicates: suggestions that were known already and replaced.
        num_invalid: suggestions of which no configuration can be made, and which were replaced.
        ended: why there are fewer than a round's, in which case there will never be more; None for a whole round.
    """

    candidates: tuple[Candidate, ...]
    num_duplicates: int = 0
    num_invalid: int = 0
    ended: str | None = None


def told(candidates: Sequence[Candidate], outcomes: Sequence[Outcome], round_index: int) -> tuple[ToldCandidate, ...]:
    """A round with what came of it."""
    return tuple(
        ToldCandidate(
            round_index=round_index,
            parameters=candidate.parameters,
            cell_id=candidate.cell.cell_id,
            outcome=outcome,
        )
        for candidate, outcome in zip(candidates, outcomes, strict=True)
    )
