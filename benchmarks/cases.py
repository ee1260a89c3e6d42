"""What is timed: the paper's models on its tasks, at its sizes."""

from dataclasses import dataclass
from typing import Any

from amor_models.configuration import AmorModel, EntropyGate, ExperimentConfig

BATCH_SIZE = 32
MODELS: dict[str, dict[str, Any]] = {
    "ssm_only": {"name": "ssm"},
    "full_attention": {"name": "full_attention"},
    "amor_oracle": {"name": "amor", "gate": {"name": "oracle"}},
    "amor_entropy": {"name": "amor", "gate": {"name": "entropy"}},
}
TASKS = ("needle_haystack", "simple_retrieval")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One model on one task.

    Attributes:
        task: the task's name.
        model: one of `MODELS`.
        num_steps: optimiser steps that make one epoch; the training data are just as many.
    """

    task: str
    model: str
    num_steps: int

    @property
    def name(self) -> str:
        return f"{self.task} {self.model}"

    def config(self) -> ExperimentConfig:
        """The paper's experiment on as many sequences as the steps need; its tables have no impossible queries."""
        task: dict[str, Any] = {"name": self.task, "num_train": BATCH_SIZE * self.num_steps}
        task |= {"num_validation": 1, "num_test": 1}
        if self.task == "needle_haystack":
            task["impossible_query_prob"] = 0.0
        return ExperimentConfig.model_validate(
            {"task": task, "model": MODELS[self.model], "training": {"batch_size": BATCH_SIZE}}
        )


def balance(config: ExperimentConfig) -> tuple[float, float]:
    """Balance weight and target rate of the loss; weight 0 where the term is a constant (the oracle's)."""
    model = config.model
    if isinstance(model, AmorModel) and isinstance(model.gate, EntropyGate):
        return config.training.balance_weight or 0.0, model.gate.target_rate
    return 0.0, 0.0
