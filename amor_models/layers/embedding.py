"""Embeddings over a stack.

Shapes: M trials, V tokens of the vocabulary, D width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.layers.stacked import StackedLayer
from amor_models.randomness import Streams


class Embedding(StackedLayer):
    """A table of vectors for each trial; starts as in `torch.nn.Embedding` (standard normal)."""

    def __init__(self, num_trials: int, num_embeddings: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(num_trials, num_embeddings, width))

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Standard normal."""
        with torch.no_grad():
            for trial, stream in enumerate(streams):
                values = torch.empty(self.weight.shape[1:], dtype=self.weight.dtype)
                self.weight[trial].copy_(values.normal_(generator=stream.torch_generator("init", name)))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (M, ...) to vectors (M, ..., D)."""
        num_trials, num_embeddings, width = self.weight.shape
        offsets = torch.arange(num_trials).mul_(num_embeddings).view(-1, *[1] * (tokens.dim() - 1))
        return functional.embedding(tokens + offsets, self.weight.reshape(-1, width))
