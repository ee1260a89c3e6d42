"""Training a stack of trials.

Shapes: M trials, B sequences, L tokens.
"""

import math
from collections.abc import Generator, Iterator, Sequence

import torch
from torch import Tensor

from amor_models.configuration import HeuristicModel
from amor_models.evaluation import Counts, Split, entropy_rows, evaluate, sample_rows
from amor_models.gates import EntropyGate
from amor_models.metrics import EPOCH_METRICS, METRICS
from amor_models.models import Amor, Model, build_stack, heuristic_accuracy
from amor_models.tasks import dataset_of
from amor_models.training.loss import Loss
from amor_models.training.optimiser import StackedAdamW
from amor_models.training.reports import (
    EntropyReport,
    EpochReport,
    FinalReport,
    GateReport,
    MetricValue,
    Report,
)
from amor_models.training.setup import TrialSetup, max_stack_size, stack_key

NUM_SAMPLES = 4
"""Test sequences whose gate decisions are reported in full."""


def train_stack(trials: Sequence[TrialSetup]) -> Iterator[Report]:
    """Trains a stack of trials and yields their reports as they come.

    Per trial: an `EpochReport` after each epoch, then a `FinalReport`, before which trials that completed give
    an `EntropyReport` (where an entropy is defined) and a `GateReport`. A loss that is not finite ends its
    trial as diverged and leaves the others alone. Heuristics only give a `FinalReport`.

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
            yield from _StackTraining(trials[start : start + size]).run()


def _final(key: str, values: dict[str, MetricValue], *, diverged: bool = False) -> FinalReport:
    complete = {metric.name: values.get(metric.name) for metric in METRICS}
    return FinalReport(key=key, status="diverged" if diverged else "completed", values=complete)


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
    return _final(trial.key, values)


def _splits(trials: Sequence[TrialSetup], name: str) -> list[Split]:
    return [
        Split.of(
            dataset_of(
                trial.config.task,
                size=getattr(trial.config.task, f"num_{name}"),
                seed=trial.streams.seed_of(f"{name}_data"),
            )
        )
        for trial in trials
    ]


class _StackTraining:
    """One run of `train_stack`."""

    def __init__(self, trials: Sequence[TrialSetup]) -> None:
        self.trials = trials
        self.config = trials[0].config
        streams = [trial.streams for trial in trials]
        self.train, self.validation, self.test = (_splits(trials, name) for name in ("train", "validation", "test"))
        self.model: Model = build_stack([trial.config for trial in trials], streams)
        trainings = [trial.config.training for trial in trials]
        self.optimiser = StackedAdamW(
            self.model,
            learning_rates=[training.learning_rate for training in trainings],
            weight_decays=[training.weight_decay for training in trainings],
            max_grad_norms=[training.max_grad_norm for training in trainings],
        )
        self.loss = Loss([trial.config for trial in trials])
        self.orders = [stream.torch_generator("order") for stream in streams]
        self.running = set(range(len(trials)))

    def run(self) -> Iterator[Report]:
        epochs = self.config.training.epochs
        assert epochs is not None
        values: list[dict[str, MetricValue]] = []
        for epoch in range(1, epochs + 1):
            train_losses = yield from self._train_epoch()
            if not self.running:
                return
            values = self._epoch_values(train_losses)
            for trial in sorted(self.running):
                if not math.isfinite(values[trial]["validation_cross_entropy_nats"] or 0.0):
                    yield self._diverge(trial)
                    continue
                report = {metric.name: values[trial].get(metric.name) for metric in EPOCH_METRICS}
                yield EpochReport(key=self.trials[trial].key, epoch=epoch, values=report)
            if not self.running:
                return
        yield from self._finish(values)

    def _diverge(self, trial: int) -> FinalReport:
        # Its slice goes on being computed: no operation lets it touch the others.
        self.running.discard(trial)
        values: dict[str, MetricValue] = {"num_parameters": self.model.num_parameters()}
        return _final(self.trials[trial].key, values, diverged=True)

    def _train_epoch(self) -> Generator[Report, None, list[float]]:
        """One pass over the data; returns the mean loss of each trial."""
        self.model.train()
        num_sequences = self.config.task.num_train
        orders = [torch.randperm(num_sequences, generator=generator) for generator in self.orders]
        totals = [0.0] * len(self.trials)
        for start in range(0, num_sequences, self.config.training.batch_size):
            chosen = [order[start : start + self.config.training.batch_size] for order in orders]
            losses = self._train_step(chosen)
            for trial, loss in enumerate(losses):
                totals[trial] += loss * len(chosen[trial])
                if trial in self.running and not math.isfinite(loss):
                    yield self._diverge(trial)
            if not self.running:
                break
        return [total / num_sequences for total in totals]

    def _train_step(self, chosen: Sequence[Tensor]) -> list[float]:
        tokens = torch.stack([split.tokens[rows] for split, rows in zip(self.train, chosen, strict=True)])
        labels = torch.stack([split.needs_retrieval[rows] for split, rows in zip(self.train, chosen, strict=True)])
        loss_M = self.loss(self.model(tokens[..., :-1], needs_retrieval=labels), tokens[..., 1:])
        self.optimiser.step(loss_M)
        losses: list[float] = loss_M.tolist()
        return losses

    def _epoch_values(self, train_losses: Sequence[float]) -> list[dict[str, MetricValue]]:
        counts = evaluate(self.model, self.validation, "validation")
        return [
            {"train_loss": loss} | _of_split("validation", count) | self._gate_values(trial)
            for trial, (loss, count) in enumerate(zip(train_losses, counts, strict=True))
        ]

    def _gate_values(self, trial: int) -> dict[str, MetricValue]:
        if not (isinstance(self.model, Amor) and isinstance(self.model.gate, EntropyGate)):
            return {}
        gate = self.model.gate
        return {
            "gate_threshold": float(gate.threshold[trial].detach()),
            "gate_scale": float(gate.scale[trial].detach()),
        }

    def _finish(self, values: Sequence[dict[str, MetricValue]]) -> Iterator[Report]:
        counts = evaluate(self.model, self.test, "test")
        samples = sample_rows(self.model, self.test, "test", NUM_SAMPLES)
        dense = self.model.dense_attention_madds(self.config.task.seq_length - 1)
        for trial in sorted(self.running):
            key, count = self.trials[trial].key, counts[trial]
            if count.has_entropy:
                yield EntropyReport(key=key, rows=entropy_rows(count))
            yield GateReport(key=key, rows=samples[trial])
            test: dict[str, MetricValue] = _of_split("test", count)
            test["num_parameters"] = self.model.num_parameters()
            test["attention_madds_executed"] = count.attention_madds
            test["attention_madds_dense"] = dense * self.config.task.num_test
            yield _final(key, values[trial] | test)


def _of_split(split: str, counts: Counts) -> dict[str, MetricValue]:
    return {f"{split}_{name}": value for name, value in counts.metrics().items()}
