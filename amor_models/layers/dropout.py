"""Dropout whose masks are drawn trial by trial."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from amor_models.layers.stacked import StackedLayer
from amor_models.randomness import Streams

LEVELS = 1 << 16


def draw_mask(shape: Sequence[int], rate: float, generator: np.random.Generator) -> Tensor:
    """A mask of zeros (with probability `rate`) and 1 / (1 - rate).

    Sixteen random bits per element: `rate` is met within 1 / 65536, and the scale belongs to the probability
    that is really drawn from.
    """
    size = int(np.prod(shape))
    dropped = round(rate * LEVELS)
    bits = generator.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size]
    mask = torch.from_numpy((bits >= dropped).view(np.uint8)).to(torch.float32)
    return mask.mul_(LEVELS / (LEVELS - dropped)).view(*shape)


class Dropout(StackedLayer):
    """Dropout with a rate and a random stream for each trial."""

    def __init__(self, rates: Sequence[float]) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.generators: list[np.random.Generator] = []

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Draws no weights; keeps a generator per trial for the masks to come."""
        self.generators = [stream.numpy_generator("dropout", name) for stream in streams]

    @property
    def active(self) -> bool:
        """Whether anything is dropped."""
        return self.training and any(self.rates)

    def mask(self, trial: int, shape: Sequence[int]) -> Tensor:
        """The next mask of one trial."""
        return draw_mask(shape, self.rates[trial], self.generators[trial])

    def forward(self, x: Tensor) -> Tensor:
        """(M, ...) to the same shape."""
        if not self.active:
            return x
        masks = [self.mask(trial, x.shape[1:]) for trial in range(x.shape[0])]
        return x * torch.stack(masks) if len(masks) > 1 else x * masks[0].unsqueeze(0)
