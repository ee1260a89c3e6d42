"""Replaying a trial: read its row, find out how it was made, train it again, compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.replay.comparison import Comparison, compare
from orchestrator.replay.deviations import Aspect, Deviation, deviations
from orchestrator.replay.kept_weights import check_lacks_weights
from orchestrator.replay.reconstruction import Recipe, reconstruct
from orchestrator.replay.recorded import read_recorded
from orchestrator.replay.rerun import Rerun
from orchestrator.replay.run import RecordedRun, ReplayedRun
from results_store import Results


class ReplayObserver(Protocol):
    """Who is told how a replay goes."""

    def begin(self, recorded: RecordedRun, deviations: Sequence[Deviation]) -> None:
        """The trial is about to be trained; what is different now."""

    def epoch(self, number: int) -> None:
        """An epoch has been trained."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A trial that was trained again.

    Attributes:
        recorded: the run in the store.
        replayed: the run now.
        recipe: how it was trained.
        comparison: what differs in the numbers.
        deviations: what differs around them.
    """

    recorded: RecordedRun
    replayed: ReplayedRun
    recipe: Recipe
    comparison: Comparison
    deviations: tuple[Deviation, ...]

    def explanation(self) -> str:
        """What may be behind a difference, as whole sentences."""
        environment, source = (
            ", ".join(deviation.what for deviation in self.deviations if deviation.aspect is aspect)
            for aspect in (Aspect.ENVIRONMENT, Aspect.SOURCE)
        )
        if environment:
            return (
                f"Bits are promised on one kind of CPU and with equal versions only; here differ: {environment}. "
                "Replay it where these are as recorded."
            )
        if any(deviation.what == "source" for deviation in self.deviations):
            return f"The trainable has changed since ({source}); if its numbers changed, its version has to be raised."
        return (
            "CPU, versions and source are as recorded: either the trainable's numbers depend on more than "
            "configuration, seed and pinned streams, or the row is wrong (amor retract withdraws it)."
        )


def replay_trial(
    results: Results,
    trial_id: str,
    observer: ReplayObserver,
    *,
    save_weights: bool = False,
) -> Replay:
    """Trains a recorded trial again, alone and in this process, and compares; the store is only read.

    Args:
        results: the store.
        trial_id: the whole id.
        observer: told how it goes.
        save_weights: whether its weights are wanted too; `keep_weights` then publishes them.

    Raises:
        UsageError: there is nothing to compare with, it cannot be trained as it was, or weights are not to be had.
        ExecutionError: the trainable raises.
    """
    recorded = read_recorded(results, trial_id)
    if save_weights:
        check_lacks_weights(results, recorded)
    recipe = reconstruct(results, recorded.trial)
    rerun = Rerun(recorded.trial, recipe, save_weights=save_weights)
    observer.begin(recorded, deviations(recorded.trial.provenance, rerun.provenance()))
    replayed = rerun.train(observer.epoch)
    return Replay(
        recorded=recorded,
        replayed=replayed,
        recipe=recipe,
        comparison=compare(recorded, replayed),
        deviations=tuple(deviations(recorded.trial.provenance, replayed.trial.provenance)),
    )
