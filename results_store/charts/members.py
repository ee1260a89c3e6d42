"""The trials that a study asks for, as reports tell of them: cells with names for people, and their seeds."""

# ruff: noqa: S608 - everything that enters this SQL is ours or goes through `identifier`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results_store.catalogue.sources import identifier
from results_store.records import MetricInfo

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["CellMembers", "Member", "read_members"]


@dataclass(frozen=True, kw_only=True)
class Member:
    """A trial under the name of one variant.

    Attributes:
        trial_id: Its identity.
        seed: Its seed.
        state: Its state in the view `results`.
        values: The metrics that were asked for.
    """

    trial_id: str
    seed: int
    state: str
    values: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class CellMembers:
    """A cell under the name of one variant, with its trials in order of seed.

    Attributes:
        cell_id: Its identity.
        variant: The variant.
        group: What people call the variant.
        point: Which of the variant's cells it is; empty where it has one.
        phase: What it is run for: grid, search or confirm.
        members: Its trials.
    """

    cell_id: str
    variant: str
    group: str
    point: str
    phase: str
    members: Sequence[Member]

    @property
    def label(self) -> str:
        """What people call the cell."""
        label = f"{self.group} ({self.point})" if self.point else self.group
        return f"{label}, confirmed" if self.phase == "confirm" else label


def read_members(
    results: Results, study: str, labels: Mapping[str, str], metrics: Sequence[MetricInfo]
) -> tuple[CellMembers, ...]:
    """The cells of a study and of its searches, in the order of the view `results`.

    Args:
        results: The store.
        study: Name of the study.
        labels: What people call variants.
        metrics: Whose values are wanted.
    """
    columns = "".join(f", TRY_CAST({identifier(metric.name)} AS DOUBLE)" for metric in metrics)
    found = results.sql(
        f"SELECT variant, point, cell_id, phase, trial_id, seed, state{columns} FROM results WHERE study = $study "
        "ORDER BY member",
        {"study": study},
    )
    cells: dict[tuple[Any, ...], dict[str, Member]] = {}
    for variant, point, cell_id, phase, trial_id, seed, state, *values in found.rows():
        named = dict(zip((metric.name for metric in metrics), values, strict=True))
        member = Member(trial_id=trial_id, seed=seed, state=state, values=named)
        cells.setdefault((variant, point or "", cell_id, phase), {})[trial_id] = member
    return tuple(
        CellMembers(
            cell_id=cell_id,
            variant=variant,
            group=labels.get(variant, variant),
            point=point,
            phase=phase,
            members=sorted(members.values(), key=lambda member: (member.seed, member.trial_id)),
        )
        for (variant, point, cell_id, phase), members in cells.items()
    )
