"""The loss: cross-entropy, and for learned gates a pull towards a target rate."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from amor_models.configuration import GATES_WITH_GRADIENT, AmorModel, ExperimentConfig
from amor_models.models import ModelOutput


class Loss:
    """The mean cross-entropy over all positions + balance weight (mean gate probability - target rate)^2.

    The second term exists only for gates with a gradient: elsewhere it would be a constant.
    """

    def __init__(self, configs: Sequence[ExperimentConfig]) -> None:
        self.balance_weights: Tensor | None = None
        gates = [config.model.gate for config in configs if isinstance(config.model, AmorModel)]
        learned = [gate for gate in gates if isinstance(gate, GATES_WITH_GRADIENT)]
        if learned:
            self.balance_weights = torch.tensor([config.training.balance_weight or 0.0 for config in configs])
            self.target_rates = torch.tensor([gate.target_rate for gate in learned])

    def __call__(self, output: ModelOutput, targets_MBT: Tensor) -> Tensor:
        """One loss per trial (M,)."""
        each = functional.cross_entropy(output.logits.flatten(0, 2), targets_MBT.flatten(), reduction="none")
        loss_M = each.view(targets_MBT.shape[0], -1).mean(dim=1)
        if self.balance_weights is not None:
            assert output.gate_prob is not None
            rates_M = output.gate_prob.flatten(1).mean(dim=1)
            loss_M = loss_M + self.balance_weights * (rates_M - self.target_rates).square()
        return loss_M

    def keep(self, trials: Sequence[int]) -> None:
        """The others leave the stack."""
        if self.balance_weights is not None:
            self.balance_weights, self.target_rates = self.balance_weights[trials], self.target_rates[trials]
