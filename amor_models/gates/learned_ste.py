"""The learned gate with the straight-through estimator (protocol v1, section 2)."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from amor_models.gates.gate import Gate, GateInput, GateOutput, sigmoid
from amor_models.layers import ScalarHead
from amor_models.randomness import Streams


class LearnedSteGate(Gate):
    """A linear head on the hidden state, with Gaussian noise on its logit while training."""

    per_trial: ClassVar[tuple[str, ...]] = ("noise_stds", "generators")
    has_gradient: ClassVar[bool] = True

    def __init__(self, *, d_model: int, noise_stds: Sequence[float]) -> None:
        super().__init__()
        self.head = ScalarHead(len(noise_stds), d_model)
        self.noise_stds = tuple(noise_stds)
        self.generators: list[torch.Generator] = []

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Keeps a generator per trial for the noise; the head draws its own weights."""
        self.generators = [stream.torch_generator("gate_noise", name) for stream in streams]

    def _noise(self, logits_MBT: Tensor) -> Tensor:
        shape = logits_MBT.shape[1:]
        draws = zip(self.noise_stds, self.generators, strict=True)
        return torch.stack([torch.randn(shape, generator=generator) * std for std, generator in draws])

    def forward(self, given: GateInput) -> GateOutput:
        """Fires where the probability exceeds one half."""
        logits = self.head(given.hidden)
        if self.training:
            logits = logits + self._noise(logits)
        prob = sigmoid(logits)
        return GateOutput(fires=prob.detach() > 0.5, prob=prob)
