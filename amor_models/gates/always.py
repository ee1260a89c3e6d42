"""A control: the gate that fires everywhere."""

from collections.abc import Sequence

import torch

from amor_models.gates.gate import Gate, GateInput, GateOutput
from amor_models.randomness import Streams


class AlwaysGate(Gate):
    """Fires everywhere."""

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Nothing to draw."""

    def forward(self, given: GateInput) -> GateOutput:
        """The same answer at all positions."""
        fires = torch.full(given.hidden.shape[:3], True, dtype=torch.bool)
        return GateOutput(fires=fires, prob=fires.to(given.hidden.dtype))
