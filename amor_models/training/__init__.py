"""Training stacks of trials."""

from amor_models.training.reports import EntropyReport, EpochReport, FinalReport, GateReport, Report, WeightsReport
from amor_models.training.setup import TrialSetup, max_stack_size, prepare_worker, stack_key
from amor_models.training.stack import train_stack
from amor_models.training.stack_memory import stack_memory
from amor_models.training.stack_training import StackTraining
from amor_models.training.training_time import training_time

__all__ = [
    "EntropyReport",
    "EpochReport",
    "FinalReport",
    "GateReport",
    "Report",
    "StackTraining",
    "TrialSetup",
    "WeightsReport",
    "max_stack_size",
    "prepare_worker",
    "stack_key",
    "stack_memory",
    "train_stack",
    "training_time",
]
