"""Training a stack of trials: what `train_stack` checks and reports."""

from collections.abc import Iterator, Sequence

from amor_models.configuration import HeuristicModel
from amor_models.models import heuristic_accuracy
from amor_models.tasks import dataset_of
from amor_models.training.reports import FinalReport, MetricValue, Report, final_report
from amor_models.training.setup import TrialSetup, max_stack_size, stack_key
from amor_models.training.stack_training import StackTraining


def train_stack(trials: Sequence[TrialSetup]) -> Iterator[Report]:
    """Trains a stack of trials and yields their reports as they come.

    Per trial: an `EpochReport` after each epoch, then a `FinalReport`, before which trials that completed give
    an `EntropyReport` (where an entropy is defined), a `GateReport` and, if asked to, a `WeightsReport`. A trial
    whose loss is not finite ends as diverged and leaves the stack; the others go on as if it had never been there.
    Heuristics only give a `FinalReport`.

    Raises:
        ValueError: if the trials may not be stacked (see `stack_key`), or two have one name.
    """
    if not trials:
        return
    if len({stack_key(trial.config) for trial in trials}) > 1:
        raise ValueError("these trials differ in shape or program and cannot be trained in one stack")
    if len({trial.key for trial in trials}) < len(trials):
        raise ValueError("two trials of the stack have the same key")
    if isinstance(trials[0].config.model, HeuristicModel):
        for trial in trials:
            yield _evaluate_heuristic(trial)
    else:
        size = max_stack_size(trials[0].config)
        for start in range(0, len(trials), size):
            yield from StackTraining(trials[start : start + size]).run()


def _evaluate_heuristic(trial: TrialSetup) -> FinalReport:
    task, model = trial.config.task, trial.config.model
    assert isinstance(model, HeuristicModel)
    values: dict[str, MetricValue] = {
        "num_parameters": 0,
        "attention_madds_executed": 0,
        "attention_madds_dense": 0,
    }
    for split, size in (("validation", task.num_validation), ("test", task.num_test)):
        dataset = dataset_of(task, size=size, seed=trial.streams.seed_of(f"{split}_data"))
        values[f"{split}_retrieval_accuracy"] = heuristic_accuracy(model, dataset, task.vocab_size)
    return final_report(trial.key, values)
