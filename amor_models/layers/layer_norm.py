"""Layer normalisation over a stack."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.layers.stacked import StackedLayer
from amor_models.randomness import Streams


class LayerNorm(StackedLayer):
    """`torch.nn.LayerNorm` over the last axis, with gain and bias for each trial."""

    def __init__(self, num_trials: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_trials, width))
        self.bias = nn.Parameter(torch.zeros(num_trials, width))

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Nothing to draw: it starts as the identity."""

    def forward(self, x: Tensor) -> Tensor:
        """(M, ..., D) to the same shape."""
        shape = (x.shape[0], *[1] * (x.dim() - 2), x.shape[-1])
        normalised = functional.layer_norm(x, (x.shape[-1],))
        return torch.addcmul(self.bias.view(shape), normalised, self.weight.view(shape))
