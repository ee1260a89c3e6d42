"""The entropy gate (protocol v1, section 2)."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from amor_models.gates.gate import Gate, GateInput, GateOutput, sigmoid
from amor_models.randomness import Streams


class EntropyGate(Gate):
    """Fires where sigmoid(scale (normalised entropy - threshold)) > 0.5; both numbers are learned."""

    has_gradient: ClassVar[bool] = True
    reads_entropy: ClassVar[bool] = True

    def __init__(self, *, thresholds: Sequence[float], scales: Sequence[float]) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(list(thresholds), dtype=torch.float32))
        self.scale = nn.Parameter(torch.tensor(list(scales), dtype=torch.float32))

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Nothing to draw: its numbers are configured."""

    def forward(self, given: GateInput) -> GateOutput:
        """Compares the entropy with the threshold."""
        assert given.entropy is not None
        above = given.entropy - self.threshold.view(-1, 1, 1)
        prob = sigmoid(self.scale.view(-1, 1, 1) * above)
        return GateOutput(fires=prob.detach() > 0.5, prob=prob)
