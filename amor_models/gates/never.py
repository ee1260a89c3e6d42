"""A control: the gate that fires nowhere."""

from collections.abc import Sequence

import torch

from amor_models.gates.gate import Gate, GateInput, GateOutput
from amor_models.randomness import Streams


class NeverGate(Gate):
    """Fires nowhere."""

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Nothing to draw."""

    def forward(self, given: GateInput) -> GateOutput:
        """The same answer at all positions."""
        fires = torch.full(given.hidden.shape[:3], False, dtype=torch.bool)
        return GateOutput(fires=fires, prob=fires.to(given.hidden.dtype))
