"""Weights of a trial that was recorded without them: a replay that is identical bit for bit has the very same."""

from pathlib import Path

from orchestrator.errors import ExecutionError, UsageError
from orchestrator.replay.recorded import SHOWN_DIGITS
from orchestrator.replay.run import RecordedRun, ReplayedRun
from orchestrator.worker.publisher import publish_all
from results_store import FolderStore, Layout, Results, WeightsError
from results_store.records import TrialStatus


def check_lacks_weights(results: Results, recorded: RecordedRun) -> None:
    """Refuses before anything is trained a trial whose weights cannot be got, or are there.

    Raises:
        UsageError: there is nothing to get.
    """
    trial = recorded.trial
    short_id = trial.trial_id[:SHOWN_DIGITS]
    if recorded.retracted is not None:
        raise UsageError(f"trial {short_id} is retracted, so its weights are not kept; amor submit trains it again")
    if trial.status != TrialStatus.COMPLETED:
        raise UsageError(f"trial {short_id} is recorded as {trial.status}: only completed trials have weights to keep")
    try:
        path = results.weights(trial.trial_id)
    except WeightsError:
        return
    raise UsageError(f"the weights of trial {short_id} are in the store already: {path}")


def keep_weights(run: ReplayedRun, store: FolderStore) -> Path:
    """Publishes a replay as a whole attempt, with its weights; the row that counts stays the earlier one.

    Args:
        run: identical to the recorded run, bit for bit: otherwise these are not its weights.
        store: holds the recorded run.

    Returns:
        The file of the weights.

    Raises:
        ExecutionError: the trainable has reported no weights.
        results_store.StoreError: the store cannot be written.
    """
    if run.weights is None or run.trial.weights_file is None:
        short_id = run.trial.trial_id[:SHOWN_DIGITS]
        raise ExecutionError(f"trainable {run.trial.trainable!r} reports no weights of trial {short_id}")
    publish_all(store, [run.weights], run.details, [run.trial])
    return Layout(store.path).weights / run.trial.weights_file
