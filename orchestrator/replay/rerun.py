"""Trains a recorded trial again, alone, in this process, without touching any store."""

import os
import sys
from collections.abc import Callable, Sequence

from orchestrator.errors import ExecutionError, one_line
from orchestrator.identity.identifiers import new_attempt_id
from orchestrator.replay.reconstruction import Recipe
from orchestrator.replay.recorded import SHOWN_DIGITS
from orchestrator.replay.run import Metrics, ReplayedRun
from orchestrator.trainables.source import source_hash
from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup
from orchestrator.worker.provenance import git_state, provenance_now
from orchestrator.worker.publisher import DetailRecord
from orchestrator.worker.worker import StackRun
from results_store.records import EpochRecord, Provenance, TrialRecord


class Rerun:
    """A trial that is about to be trained again; the process is prepared as a worker's is.

    Args:
        trial: its row.
        recipe: what else is needed.
        save_weights: whether the weights are wanted too.

    Raises:
        ExecutionError: the trainable raises while it is prepared.
    """

    def __init__(self, trial: TrialRecord, recipe: Recipe, *, save_weights: bool = False) -> None:
        self._trial = trial
        self._save_weights = save_weights
        self._recipe = recipe
        commit, is_dirty = git_state(recipe.trainable)
        self._setup = WorkerSetup(trainable=recipe.reference, pins=recipe.pins, git_commit=commit, git_dirty=is_dirty)
        self._source_hash = source_hash(recipe.trainable)
        _use_threads(trial.provenance.threads)
        try:
            recipe.trainable.prepare_worker()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a trainable raises, also SystemExit
            raise self._failure("prepare_worker() raised", error) from error

    def provenance(self) -> Provenance:
        """Where and by which code it will be trained."""
        return provenance_now(self._setup, self._source_hash)

    def train(self, on_epoch: Callable[[int], None]) -> ReplayedRun:
        """Trains it to its end.

        Args:
            on_epoch: called with each epoch that has been trained.

        Raises:
            ExecutionError: the trainable raises, or breaks its contract.
        """
        trial = self._trial
        task = AttemptTask(
            attempt_id=new_attempt_id(),
            trial_id=trial.trial_id,
            config=trial.config,
            seed=trial.seed,
            save_weights=self._save_weights,
        )
        kept = _KeptRecords(on_epoch)
        assignment = Assignment(stack_id=0, tasks=(task,))
        try:
            StackRun(assignment, self._recipe.trainable, self._setup, self._source_hash, kept).train()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._failure(f"training raised (epochs before: {len(kept.epochs)})", error) from error
        assert kept.trial is not None, "a stack that has ended has reported every trial"
        return ReplayedRun(
            trial=kept.trial,
            epochs=dict(sorted(kept.epochs.items())),
            details=tuple(kept.details),
            weights=kept.weights,
        )

    def _failure(self, what: str, error: BaseException) -> ExecutionError:
        short_id = self._trial.trial_id[:SHOWN_DIGITS]
        return ExecutionError(
            f"the replay of trial {short_id}, recorded as {self._trial.status}, failed: {what}: {one_line(error)}"
        )


class _KeptRecords:
    """The `RecordSink` of a replay: keeps everything, and of it the epochs by their number."""

    def __init__(self, on_epoch: Callable[[int], None]) -> None:
        self._on_epoch = on_epoch
        self.epochs: dict[int, Metrics] = {}
        self.details: list[DetailRecord] = []
        self.weights: bytes | None = None
        self.trial: TrialRecord | None = None

    def add_details(self, records: Sequence[DetailRecord]) -> None:
        """Keeps them; entropies and samples of gate decisions are not compared."""
        self.details += records
        for record in records:
            if isinstance(record, EpochRecord):
                self.epochs[record.epoch] = record.metrics
                self._on_epoch(record.epoch)

    def add_weights(self, content: bytes) -> None:
        """Keeps the file of weights."""
        self.weights = content

    def add_trial(self, record: TrialRecord) -> None:
        """Keeps the row."""
        self.trial = record


def _use_threads(num_threads: int) -> None:
    """As many threads as the recorded run had: a sum in several parts rounds differently.

    Ray gives its workers one. A trainable's own `prepare_worker`, which comes next, has the last word.
    """
    torch = sys.modules.get("torch")
    if num_threads >= 1 and torch is not None:
        torch.set_num_threads(num_threads)
    elif num_threads >= 1:
        os.environ["OMP_NUM_THREADS"] = str(num_threads)  # for a torch that is only imported by the training
