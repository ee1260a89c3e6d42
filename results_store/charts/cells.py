"""Cells as charts show them: a label, and what came of each seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from results_store.statistics import Interval, mean_interval

__all__ = ["ShownCell", "ShownTrial", "describe_gaps", "labelled"]


@dataclass(frozen=True, kw_only=True)
class ShownTrial:
    """One replicate.

    Attributes:
        trial_id: Its identity.
        seed: Its seed.
        state: What became of it.
        is_completed: Whether it counts.
        values: Its metrics; None where there is no number.
    """

    trial_id: str
    seed: int
    state: str
    is_completed: bool
    values: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class ShownCell:
    """One cell of a variant.

    Attributes:
        variant: The variant.
        label: What the legend calls it.
        leaves: Its configuration by dotted key.
        x: Its value of the key that is swept, if there is one.
        trials: Its replicates, by seed.
    """

    variant: str
    label: str
    leaves: Mapping[str, Any]
    x: float | None = None
    trials: tuple[ShownTrial, ...]

    @property
    def completed(self) -> list[ShownTrial]:
        """The replicates that count."""
        return [trial for trial in self.trials if trial.is_completed]

    def having(self, metric: str) -> list[tuple[ShownTrial, float]]:
        """The completed replicates that have a number, with it."""
        values = [(trial, trial.values.get(metric)) for trial in self.completed]
        return [(trial, value) for trial, value in values if value is not None]

    def interval(self, metric: str, unit: str = "") -> Interval:
        """The mean over the completed replicates."""
        bounds = (0.0, 1.0) if unit == "fraction" else None
        return mean_interval([trial.values.get(metric) for trial in self.completed], bounds=bounds)

    def is_at(self, where: Mapping[str, Any]) -> bool:
        """Whether it has these values, as far as it uses their keys."""
        return all(self.leaves[key] == value for key, value in where.items() if key in self.leaves)


def labelled(cells: Sequence[ShownCell], along: str = "") -> list[ShownCell]:
    """Cells of one variant with labels that tell them apart by what differs; by all but the key that is swept."""
    keys = dict.fromkeys(key for cell in cells for key in cell.leaves if key != along)
    varying = [key for key in keys if len({repr(cell.leaves.get(key)) for cell in cells}) > 1]
    ends = [key.rpartition(".")[2] for key in varying]
    names = {key: end if ends.count(end) == 1 else key for key, end in zip(varying, ends, strict=True)}
    found = []
    for cell in cells:
        values = [f"{names[key]}={cell.leaves[key]}" for key in varying if cell.leaves.get(key) is not None]
        found.append(replace(cell, label=f"{cell.label} ({', '.join(values)})") if values else cell)
    return found


def describe_gaps(trials: Iterable[ShownTrial]) -> str:
    """The replicates that are not completed, such as `of 5 seeds, 1 diverged, 2 pending`; empty where all are."""
    trials = list(trials)
    counts = Counter(trial.state for trial in trials if not trial.is_completed)
    if not counts:
        return ""
    noun = "seed" if len(trials) == 1 else "seeds" if len({trial.seed for trial in trials}) == len(trials) else "trials"
    return f"of {len(trials)} {noun}, {', '.join(f'{counts[state]} {state}' for state in sorted(counts))}"
