"""A control: the gate that fires at a given rate, blindly."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from amor_models.gates.gate import Gate, GateInput, GateOutput
from amor_models.randomness import Streams


class RandomGate(Gate):
    """Fires by a draw at each position, in training and in evaluation.

    Each evaluation of a split draws the same again, so that epochs differ by their weights alone.
    """

    per_trial: ClassVar[tuple[str, ...]] = ("rates", "streams", "generators", "evaluation_generators")

    def __init__(self, *, rates: Sequence[float]) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.name = ""
        self.streams: tuple[Streams, ...] = ()
        self.generators: list[torch.Generator] = []
        self.evaluation_generators: list[torch.Generator] = []

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Keeps the streams: evaluations start them anew."""
        self.name, self.streams = name, tuple(streams)
        self.generators = [stream.torch_generator("gate_noise", name) for stream in streams]
        self.begin_evaluation("")

    def begin_evaluation(self, split: str) -> None:
        """Starts the split's draws anew."""
        self.evaluation_generators = [stream.torch_generator("gate_noise", self.name, split) for stream in self.streams]

    def forward(self, given: GateInput) -> GateOutput:
        """Draws for all positions."""
        generators = self.generators if self.training else self.evaluation_generators
        shape = given.hidden.shape[:3]
        draws = torch.stack([torch.rand(shape[1:], generator=generator) for generator in generators])
        rates = torch.tensor(self.rates).view(-1, 1, 1)
        prob = rates.expand(shape).to(given.hidden.dtype)
        return GateOutput(fires=draws < rates, prob=prob)
