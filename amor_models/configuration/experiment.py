"""The configuration of one experiment, whole."""

from typing import Any, Self

from pydantic import Field, model_validator

from amor_models.configuration.models import FullAttentionModel, HeuristicModel, ModelConfig
from amor_models.configuration.section import Section
from amor_models.configuration.tasks import TaskConfig
from amor_models.configuration.training import TrainingConfig

NUM_POSITIONS = 1024
"""Positions that full attention can embed."""

DEFAULT_EPOCHS = {"simple_retrieval": 15, "needle_haystack": 30}
DEFAULT_BALANCE_WEIGHT = {"simple_retrieval": 0.1, "needle_haystack": 0.0}


class ExperimentConfig(Section):
    """Everything that determines a trial's result, except its seed.

    Once built, no field is left to a later default: `training.epochs`, `training.balance_weight` and the
    noise range are resolved for the task.
    """

    task: TaskConfig = Field(description="What is to be learned, and on how much data.")
    model: ModelConfig = Field(description="What is trained.")
    training: TrainingConfig = Field(default_factory=TrainingConfig, description="How it is trained.")

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        task, model = self.task, self.model
        if isinstance(model, HeuristicModel) and task.name != "needle_haystack":
            raise ValueError(f"model heuristic answers needle_haystack only, not {task.name}")
        if isinstance(model, FullAttentionModel) and task.seq_length - 1 > NUM_POSITIONS:
            raise ValueError(
                f"seq_length {task.seq_length} is too long for model full_attention: "
                f"it embeds {NUM_POSITIONS} positions"
            )
        update: dict[str, Any] = {}
        if self.training.epochs is None:
            update["epochs"] = DEFAULT_EPOCHS[task.name]
        if self.training.balance_weight is None:
            update["balance_weight"] = DEFAULT_BALANCE_WEIGHT[task.name]
        if update:
            # The model is frozen for its users; resolving a default is part of building it.
            object.__setattr__(self, "training", self.training.model_copy(update=update))
        return self

    @property
    def total_vocab_size(self) -> int:
        """Ordinary and special tokens together."""
        return self.task.vocab_size + 3

    @property
    def num_steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training data."""
        return -(-self.task.num_train // self.training.batch_size)
