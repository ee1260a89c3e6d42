"""Dropout whose masks are drawn trial by trial."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from amor_models.layers.stacked import StackedLayer
from amor_models.randomness import Streams

LEVELS = 1 << 16


def draw_mask(mask: Tensor, rate: float, generator: np.random.Generator) -> None:
    """Fills a contiguous float tensor with zeros (with probability `rate`) and 1 / (1 - rate).

    Sixteen random bits per element: `rate` is met within 1 / 65536, and the scale belongs to the probability
    that is really drawn from.
    """
    size = mask.numel()
    dropped = min(round(rate * LEVELS), LEVELS - 1)
    bits = generator.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size]
    np.greater_equal(bits, dropped, out=mask.view(-1).numpy(), casting="unsafe")
    mask.mul_(LEVELS / (LEVELS - dropped))


class Dropout(StackedLayer):
    """Dropout with a rate and a random stream for each trial."""

    per_trial: ClassVar[tuple[str, ...]] = ("rates", "generators")

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

    def masks(self, shape: Sequence[int]) -> Tensor:
        """The next masks of all trials, of a shape that begins with the trial axis."""
        masks = torch.empty(*shape)
        for mask, rate, generator in zip(masks, self.rates, self.generators, strict=True):
            draw_mask(mask, rate, generator)
        return masks

    def forward(self, x: Tensor) -> Tensor:
        """(M, ...) to the same shape."""
        return x * self.masks(x.shape) if self.active else x
