"""AMOR's models as a trainable."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

import amor_models
from amor_models import training
from amor_models.configuration import ExperimentConfig, HeuristicModel, identity_config
from amor_models.randomness import STREAM_NAMES, Streams
from orchestrator.trainables.contract import (
    Details,
    Epoch,
    Finished,
    Metric,
    Report,
    Trainable,
    TrialSpec,
    TrialStatus,
    Weights,
)


def _metric(metric: amor_models.Metric) -> Metric:
    return Metric(
        name=metric.name,
        unit=metric.unit,
        direction=metric.direction,
        title=metric.title,
        description=metric.description,
        is_of_test_split=metric.is_of_test_split,
    )


class AmorTrainable(Trainable):
    """Recurrent models with entropy-gated attention, their baselines and controls (arXiv 2602.13215)."""

    name: ClassVar[str] = "amor"
    version: ClassVar[int] = 2
    config_model: ClassVar[type[BaseModel]] = ExperimentConfig
    metrics: ClassVar[Sequence[Metric]] = tuple(map(_metric, amor_models.METRICS))
    epoch_metrics: ClassVar[Sequence[Metric]] = tuple(map(_metric, amor_models.EPOCH_METRICS))
    streams: ClassVar[Sequence[str]] = STREAM_NAMES
    source_packages: ClassVar[Sequence[str]] = ("amor_models",)

    def identity(self, config: ExperimentConfig) -> ExperimentConfig:
        """What does not change the result at its default; equal meanings written in one way."""
        return identity_config(config)

    def saves_weights(self, config: ExperimentConfig) -> bool:
        """If `training.save_weights` says so, and there are any."""
        return config.training.save_weights and not isinstance(config.model, HeuristicModel)

    def stack_key(self, config: ExperimentConfig) -> Hashable:
        """Equal tensor shapes and an equal program."""
        return training.stack_key(config)

    def cost(self, config: ExperimentConfig) -> float:
        """Seconds on the machine where models were timed."""
        return training.training_time(config)

    def stack_cost(self, config: ExperimentConfig, stack_size: int) -> float:
        """Seconds, too; most models gain from being stacked."""
        return training.training_time(config, stack_size)

    def num_epochs(self, config: ExperimentConfig) -> int | None:
        """Passes over the training data; None for what is not trained."""
        return None if isinstance(config.model, HeuristicModel) else config.training.epochs

    def memory_bytes(self, config: ExperimentConfig, stack_size: int) -> int:
        """Libraries, data, weights and what a training step holds."""
        return training.stack_memory(config, stack_size)

    def prepare_worker(self) -> None:
        """One torch thread, deterministic algorithms."""
        training.prepare_worker()

    def train(self, trials: Sequence[TrialSpec]) -> Iterator[Report]:
        """Trains the stack; reports as they come."""
        setups = [
            training.TrialSetup(
                key=trial.trial_id,
                config=_experiment(trial),
                streams=Streams(trial.seed, trial.randomness),
                save_weights=trial.save_weights,
            )
            for trial in trials
        ]
        yield from map(_report, training.train_stack(setups))


def _experiment(trial: TrialSpec) -> ExperimentConfig:
    assert isinstance(trial.config, ExperimentConfig)
    return trial.config


def _report(report: Any) -> Report:
    match report:
        case training.EpochReport(key=key, epoch=epoch, values=values):
            return Epoch(trial_id=key, epoch=epoch, metrics=values)
        case training.FinalReport(key=key, status=status, values=values):
            return Finished(trial_id=key, status=TrialStatus(status), metrics=values)
        case training.EntropyReport(key=key, rows=rows):
            return Details(trial_id=key, table="entropy", rows=rows)
        case training.GateReport(key=key, rows=rows):
            return Details(trial_id=key, table="gates", rows=rows)
        case training.WeightsReport(key=key, tensors=tensors):
            return Weights(trial_id=key, tensors=tensors)
    raise AssertionError(f"unknown report {report!r}")
