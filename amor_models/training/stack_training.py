"""The training of one stack, from initial weights to the last report.

Shapes: M trials, B sequences, L tokens.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from amor_models.evaluation import Counts, Split, entropy_rows, evaluate, sample_rows
from amor_models.gates import EntropyGate
from amor_models.metrics import EPOCH_METRICS, RETRIEVAL_IS_LEARNED
from amor_models.models import Amor, Model, build_stack
from amor_models.replication import dump, fill
from amor_models.tasks import dataset_of
from amor_models.training.loss import Loss
from amor_models.training.optimiser import StackedAdamW
from amor_models.training.reports import (
    EntropyReport,
    EpochReport,
    GateReport,
    MetricValue,
    Report,
    WeightsReport,
    final_report,
)
from amor_models.training.setup import TrialSetup

NUM_SAMPLES = 4
"""Test sequences whose gate decisions are reported in full."""


@dataclass(kw_only=True)
class _Member:
    """One trial of the stack: its data, and the order in which it sees them.

    Attributes:
        order: of this epoch.
        loss_sum: of this epoch so far, over sequences.
        epochs_to_retrieval: the first epoch after which retrieval was learned; None: not yet.
    """

    setup: TrialSetup
    train: Split
    validation: Split
    test: Split
    order_generator: torch.Generator
    order: Tensor
    loss_sum: float = 0.0
    epochs_to_retrieval: int | None = None

    @classmethod
    def of(cls, setup: TrialSetup) -> "_Member":
        train, validation, test = (_split(setup, name) for name in ("train", "validation", "test"))
        return cls(
            setup=setup,
            train=train,
            validation=validation,
            test=test,
            order_generator=setup.streams.torch_generator("order"),
            order=torch.empty(0, dtype=torch.long),
        )

    def begin_epoch(self) -> None:
        """Draws the order of a new pass over the data."""
        self.order = torch.randperm(self.train.tokens.shape[0], generator=self.order_generator)
        self.loss_sum = 0.0

    def is_done(self, epoch: int, retrieval_accuracy: float | None) -> bool:
        """Whether training ends with this epoch, after which retrieval is as accurate as this on validation."""
        if self.epochs_to_retrieval is None and (retrieval_accuracy or 0.0) > RETRIEVAL_IS_LEARNED:
            self.epochs_to_retrieval = epoch
        training = self.setup.config.training
        if epoch == training.epochs:
            return True
        learned, more = self.epochs_to_retrieval, training.stop_after_retrieval
        return learned is not None and more is not None and epoch >= learned + more


def _split(setup: TrialSetup, name: str) -> Split:
    task = setup.config.task
    seed = setup.streams.seed_of(f"{name}_data")
    return Split.of(dataset_of(task, size=getattr(task, f"num_{name}"), seed=seed))


class StackTraining:
    """A stack in training. `run` trains it to its end; `train_epoch` is one pass over the data.

    Args:
        trials: trials of equal `stack_key`, no more than `max_stack_size`, not of a heuristic.
    """

    def __init__(self, trials: Sequence[TrialSetup]) -> None:
        configs = [trial.config for trial in trials]
        self._config = configs[0]
        self._members = [_Member.of(trial) for trial in trials]
        self._model: Model = build_stack(configs, [trial.streams for trial in trials])
        self._optimiser = StackedAdamW(
            self._model,
            learning_rates=[config.training.learning_rate for config in configs],
            weight_decays=[config.training.weight_decay for config in configs],
            max_grad_norms=[config.training.max_grad_norm for config in configs],
        )
        self._loss = Loss(configs)
        self._diverged: list[str] = []

    @property
    def keys(self) -> tuple[str, ...]:
        """The trials that are still in the stack."""
        return tuple(member.setup.key for member in self._members)

    def leave(self, keys: Sequence[str]) -> None:
        """Takes trials out of the stack; not one bit of the others changes."""
        kept = [trial for trial, key in enumerate(self.keys) if key not in keys]
        if len(kept) == len(self._members):
            return
        self._members = [self._members[trial] for trial in kept]
        if kept:
            self._model.keep(kept)
            self._optimiser.keep(kept)
            self._loss.keep(kept)

    def run(self) -> Iterator[Report]:
        """Trains every trial to its end; see `train_stack`."""
        epochs = self._config.training.epochs
        assert epochs is not None
        values: dict[str, dict[str, MetricValue]] = {}
        for epoch in range(1, epochs + 1):
            train_losses = self.train_epoch()
            if self._members:
                values = self._epoch_values(train_losses)
                self._leave_diverged({key: values[key]["validation_cross_entropy_nats"] or 0.0 for key in self.keys})
            yield from self._reports_of_diverged()
            for key in self.keys:
                report = {metric.name: values[key].get(metric.name) for metric in EPOCH_METRICS}
                yield EpochReport(key=key, epoch=epoch, values=report)
            done = [
                member.setup.key
                for member in self._members
                if member.is_done(epoch, values[member.setup.key]["validation_retrieval_accuracy"])
            ]
            if done:
                yield from self._finish(epoch, {key: values[key] for key in done})
                self.leave(done)
            if not self._members:
                return

    def train_epoch(self) -> dict[str, float]:
        """One pass over the data; the mean loss of each trial that has not diverged and left."""
        self._model.train()
        for member in self._members:
            member.begin_epoch()
        num_sequences, batch_size = self._config.task.num_train, self._config.training.batch_size
        for start in range(0, num_sequences, batch_size):
            losses = self._train_step(slice(start, start + batch_size))
            for member in self._members:
                member.loss_sum += losses[member.setup.key] * len(member.order[start : start + batch_size])
            self._leave_diverged(losses)
            if not self._members:
                break
        return {member.setup.key: member.loss_sum / num_sequences for member in self._members}

    def _train_step(self, rows: slice) -> dict[str, float]:
        batches = [(member.train, member.order[rows]) for member in self._members]
        tokens = torch.stack([split.tokens[chosen] for split, chosen in batches])
        labels = torch.stack([split.needs_retrieval[chosen] for split, chosen in batches])
        loss_M = self._loss(self._model(tokens[..., :-1], needs_retrieval=labels), tokens[..., 1:])
        self._optimiser.step(loss_M)
        return dict(zip(self.keys, loss_M.tolist(), strict=True))

    def _leave_diverged(self, losses: Mapping[str, float]) -> None:
        diverged = [key for key, loss in losses.items() if not math.isfinite(loss)]
        self._diverged += diverged
        self.leave(diverged)

    def _reports_of_diverged(self) -> Iterator[Report]:
        for key in self._diverged:
            yield final_report(key, {"num_parameters": self._model.num_parameters()}, diverged=True)
        self._diverged.clear()

    def _epoch_values(self, train_losses: Mapping[str, float]) -> dict[str, dict[str, MetricValue]]:
        counts = evaluate(self._model, [member.validation for member in self._members], "validation")
        return {
            key: {"train_loss": train_losses[key]} | _of_split("validation", count) | self._gate_values(trial)
            for trial, (key, count) in enumerate(zip(self.keys, counts, strict=True))
        }

    def _gate_values(self, trial: int) -> dict[str, MetricValue]:
        if not (isinstance(self._model, Amor) and isinstance(self._model.gate, EntropyGate)):
            return {}
        gate = self._model.gate
        return {
            "gate_threshold": float(gate.threshold[trial].detach()),
            "gate_scale": float(gate.scale[trial].detach()),
        }

    def _finish(self, epoch: int, values: Mapping[str, dict[str, MetricValue]]) -> Iterator[Report]:
        """The last reports of the trials that end with this epoch, whose values are given."""
        done = [trial for trial, key in enumerate(self.keys) if key in values]
        if len(done) == len(self._members):
            stacks = [(self._model, self._members)]
        else:  # the others are spared this evaluation
            stacks = [(self._alone(trial), [self._members[trial]]) for trial in done]
        for model, members in stacks:
            yield from _last_reports(model, members, epoch, values)

    def _alone(self, trial: int) -> Model:
        """A copy of one trial's model as a stack of one, which computes the same bits."""
        setup = self._members[trial].setup
        model = build_stack([setup.config], [setup.streams])
        fill(model, dump(self._model, trial))
        return model


def _last_reports(
    model: Model, members: Sequence[_Member], epoch: int, values: Mapping[str, dict[str, MetricValue]]
) -> Iterator[Report]:
    """Evaluates a stack whose trials all end with this epoch on the test split."""
    test_splits = [member.test for member in members]
    counts = evaluate(model, test_splits, "test")
    samples = sample_rows(model, test_splits, "test", NUM_SAMPLES)
    for trial, (member, count, rows) in enumerate(zip(members, counts, samples, strict=True)):
        key, task = member.setup.key, member.setup.config.task
        if count.has_entropy:
            yield EntropyReport(key=key, rows=entropy_rows(count))
        yield GateReport(key=key, rows=rows)
        test: dict[str, MetricValue] = _of_split("test", count)
        test["epochs_to_retrieval"] = member.epochs_to_retrieval
        test["epochs_trained"] = epoch
        test["num_parameters"] = model.num_parameters()
        test["attention_madds_executed"] = count.attention_madds
        test["attention_madds_dense"] = model.dense_attention_madds(task.seq_length - 1) * task.num_test
        if member.setup.save_weights:
            yield WeightsReport(key=key, tensors=dump(model, trial))
        yield final_report(key, values[key] | test)


def _of_split(split: str, counts: Counts) -> dict[str, MetricValue]:
    return {f"{split}_{name}": value for name, value in counts.metrics().items()}
