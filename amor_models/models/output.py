"""What a model computes.

Shapes: M trials, B sequences, T time steps, V tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.layers import StackedLayer


@dataclass(frozen=True, kw_only=True)
class ModelOutput:
    """Results of one forward pass.

    Attributes:
        logits: (M, B, T, V).
        gate: bool (M, B, T), for models with a gate.
        gate_prob: (M, B, T), soft, for models with a gate.
        entropy: normalised entropy (M, B, T) of the backbone's own prediction, for AMOR where it is computed.
        backbone_predicted: tokens (M, B, T) that the backbone's own prediction makes likeliest; where there is an
            entropy, but not while training.
        attention_madds: multiply-adds of attention executed, per trial.
    """

    logits: Tensor
    gate: Tensor | None = None
    gate_prob: Tensor | None = None
    entropy: Tensor | None = None
    backbone_predicted: Tensor | None = None
    attention_madds: tuple[int, ...] = ()


class Model(nn.Module):
    """A stack of models of equal shape.

    Attributes:
        num_trials: size of the stack.
        vocab_size: all tokens, special ones included.
    """

    num_trials: int
    vocab_size: int

    def forward(self, tokens: Tensor, needs_retrieval: Tensor | None = None) -> ModelOutput:
        """Predicts the next token at each position.

        Args:
            tokens: (M, B, T) int64.
            needs_retrieval: (M, B, T) labels of the targets, for the oracle gate.
        """
        raise NotImplementedError

    def begin_evaluation(self, split: str) -> None:
        """Called before a pass over a split, for models that draw random numbers there."""

    def dense_attention_madds(self, num_steps: int) -> int:
        """Multiply-adds per sequence and trial of this model's attention, every query meeting every key."""
        raise NotImplementedError

    def keep(self, trials: Sequence[int]) -> None:
        """The other trials leave the stack.

        Args:
            trials: indices of those that stay, ascending.
        """
        self.num_trials = len(trials)
        for parameter in self.parameters():
            parameter.data = parameter.data[trials]
        for module in self.modules():
            if isinstance(module, StackedLayer):
                module.keep(trials)

    def num_parameters(self) -> int:
        """Parameters of one trial, unused layers included."""
        return sum(parameter[0].numel() for parameter in self.parameters())


def normalised_entropy(logits: Tensor) -> Tensor:
    """-sum p log(p + 1e-10) / log V over the last axis: the entropy that the gate reads."""
    prob = functional.softmax(logits, dim=-1)
    scale = torch.tensor(float(logits.shape[-1])).log().item()
    return (prob * torch.log(prob + 1e-10)).sum(dim=-1) * (-1 / scale)
