"""The sampled gate (listed by the authors, used in no table)."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from amor_models.gates.gate import Gate, GateInput, GateOutput, sigmoid
from amor_models.layers import ScalarHead
from amor_models.randomness import Streams


class LearnedRlGate(Gate):
    """A linear head on the hidden state; fires by a Bernoulli draw while training."""

    per_trial: ClassVar[tuple[str, ...]] = ("generators",)
    has_gradient: ClassVar[bool] = True

    def __init__(self, *, num_trials: int, d_model: int) -> None:
        super().__init__()
        self.head = ScalarHead(num_trials, d_model)
        self.generators: list[torch.Generator] = []

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Keeps a generator per trial for the samples; the head draws its own weights."""
        self.generators = [stream.torch_generator("gate_noise", name) for stream in streams]

    def forward(self, given: GateInput) -> GateOutput:
        """Samples while training; fires where the probability exceeds one half otherwise."""
        prob = sigmoid(self.head(given.hidden))
        level = torch.full_like(prob, 0.5)
        if self.training:
            shape = prob.shape[1:]
            level = torch.stack([torch.rand(shape, generator=generator) for generator in self.generators])
        return GateOutput(fires=prob.detach() > level, prob=prob)
