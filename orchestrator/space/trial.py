"""A trial: one training run, the unit of identity, storage and retry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from orchestrator.identity.identifiers import Pins, hex_digest, trial_ids
from orchestrator.space.cells import Cell, WaitingCell
from orchestrator.trainables.contract import Trainable


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A cell with a seed: one training run."""

    trial_id: str
    cell: Cell
    seed: int


def by_id(trials: Iterable[Trial]) -> dict[str, Trial]:
    """Each trial once; one that comes from several cells keeps its weights if any of them asks for it."""
    found: dict[str, Trial] = {}
    for trial in trials:
        known = found.get(trial.trial_id)
        found[trial.trial_id] = trial if known is None else replace(known, cell=known.cell.joined(trial.cell))
    return found


def trials_of(trainable: Trainable, cell: Cell, pins: Pins, seeds: Iterable[int]) -> Iterator[Trial]:
    """One trial per seed, in the order of the seeds."""
    for seed, trial_id in trial_ids(trainable, cell.config, pins, tuple(seeds)).items():
        yield Trial(trial_id=trial_id, cell=cell, seed=seed)


def stand_in_trials(cell: WaitingCell, seeds: Iterable[int]) -> Iterator[Trial]:
    """One for each trial that there will be when the cell's values are measured; no trial has their ids."""
    stand_in = cell.stand_in()
    for seed in seeds:
        yield Trial(trial_id=hex_digest(f"{cell.cell_id} {seed}"), cell=stand_in, seed=seed)
