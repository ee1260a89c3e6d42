"""Linear maps over a stack.

Shapes: M trials of a stack, N rows, I inputs, O outputs.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.layers.stacked import StackedLayer, draw_uniform
from amor_models.randomness import Streams

ALIGNED = 16
"""Floats in 64 bytes. MKL rounds differently by the alignment of its operands, so a trial's slice may only start
at multiples of it: then its bits are those that it has alone."""


def linear(x: Tensor, weight_MOI: Tensor, bias_MO: Tensor | None = None) -> Tensor:
    """Maps (M, ..., I) to (M, ..., O): one product per trial."""
    x_MNI = x.reshape(x.shape[0], -1, x.shape[-1])
    weight_MIO = weight_MOI.transpose(1, 2)
    y_MNO = torch.bmm(x_MNI, weight_MIO) if bias_MO is None else torch.baddbmm(bias_MO.unsqueeze(1), x_MNI, weight_MIO)
    return y_MNO.view(*x.shape[:-1], weight_MOI.shape[1])


class Linear(StackedLayer):
    """A linear map with bias for each trial; weights start as in `torch.nn.Linear`."""

    def __init__(self, num_trials: int, num_inputs: int, num_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(num_trials, num_outputs, num_inputs))
        self.bias = nn.Parameter(torch.zeros(num_trials, num_outputs))

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Uniform in +-1/sqrt(inputs)."""
        bound = 1 / math.sqrt(self.weight.shape[2])
        for trial, stream in enumerate(streams):
            generator = stream.torch_generator("init", name)
            draw_uniform(self.weight[trial], bound, generator)
            draw_uniform(self.bias[trial], bound, generator)

    def forward(self, x: Tensor) -> Tensor:
        """(M, ..., inputs) to (M, ..., outputs)."""
        return linear(x, self.weight, self.bias)


class OutputLayer(Linear):
    """A linear map to as many outputs as there are tokens, computed with zero lines up to aligned slices."""

    def padded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias with zero lines up to aligned slices."""
        padding = -self.weight.shape[1] % ALIGNED
        return functional.pad(self.weight, (0, 0, 0, padding)), functional.pad(self.bias, (0, padding))

    def forward(self, x: Tensor) -> Tensor:
        """(M, ..., inputs) to (M, ..., outputs)."""
        return linear(x, *self.padded())[..., : self.weight.shape[1]]


class ScalarHead(Linear):
    """A linear map to one number, without a matrix product: those of one column depend on the stack's size."""

    def __init__(self, num_trials: int, num_inputs: int) -> None:
        super().__init__(num_trials, num_inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(M, ..., inputs) to (M, ...)."""
        shape = (x.shape[0], *[1] * (x.dim() - 2), x.shape[-1])
        return (x * self.weight.view(shape)).sum(dim=-1) + self.bias.view(shape[:-1])
