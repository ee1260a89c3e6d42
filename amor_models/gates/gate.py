"""What a gate is.

Shapes: M trials, B sequences, T time steps, D width.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from amor_models.layers import StackedLayer


@dataclass(frozen=True, kw_only=True)
class GateInput:
    """What a gate may look at: hidden states (M, B, T, D), entropy and labels (M, B, T)."""

    hidden: Tensor
    entropy: Tensor | None = None
    needs_retrieval: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class GateOutput:
    """What a gate decided, over (M, B, T): whether it fires (bool), and its soft probability."""

    fires: Tensor
    prob: Tensor

    def straight_through(self) -> Tensor:
        """0 or 1 forwards, the gradient of the probability backwards."""
        return self.fires.to(self.prob.dtype) + (self.prob - self.prob.detach())


class Gate(StackedLayer):
    """Decides at each position whether attention is used.

    Attributes:
        has_gradient: whether the probability depends on parameters, so that it is trained straight-through.
        reads_entropy: whether it needs the backbone's entropy.
    """

    has_gradient: ClassVar[bool] = False
    reads_entropy: ClassVar[bool] = False

    def forward(self, given: GateInput) -> GateOutput:
        """Decides for all positions (M, B, T)."""
        raise NotImplementedError

    def begin_evaluation(self, split: str) -> None:
        """Called before a pass over a split; a gate that draws there starts its draws anew."""


def sigmoid(x: Tensor) -> Tensor:
    """The logistic function, out of operations whose bits do not depend on how many elements there are.

    `torch.sigmoid` rounds differently in the elements left over from whole vector registers, so a trial's
    last positions would depend on its stack.
    """
    return 1 / (1 + torch.exp(-x))
