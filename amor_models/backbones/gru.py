"""The GRU backbone: System 1 of AMOR v1.

Shapes: M trials, B sequences, T time steps, D width, V tokens.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.backbones.recurrence import GruLayer, TokenGruLayer, from_torch_order, gate_bias
from amor_models.layers import (
    ALIGNED,
    Dropout,
    Embedding,
    OutputLayer,
    StackedLayer,
    draw_uniform,
    linear,
)
from amor_models.randomness import Streams

LARGEST_TABLE = 512
"""Vocabulary up to which the first layer's input product is a table of tokens."""


class GruWeights(StackedLayer):
    """The weights of one recurrent layer, named, shaped and drawn as `torch.nn.GRU`'s."""

    def __init__(self, num_trials: int, num_inputs: int, width: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(num_trials, 3 * width, num_inputs))
        self.weight_hh = nn.Parameter(torch.zeros(num_trials, 3 * width, width))
        self.bias_ih = nn.Parameter(torch.zeros(num_trials, 3 * width))
        self.bias_hh = nn.Parameter(torch.zeros(num_trials, 3 * width))

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Uniform in +-1/sqrt(width)."""
        bound = 1 / math.sqrt(self.weight_hh.shape[2])
        for trial, stream in enumerate(streams):
            generator = stream.torch_generator("init", name)
            for parameter in (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh):
                draw_uniform(parameter[trial], bound, generator)

    def forward(self, x_MTBD: Tensor) -> Tensor:
        """Hidden states (M, T, B, H) of vectors."""
        bias = gate_bias(self.bias_ih, self.bias_hh)
        output: Tensor = GruLayer.apply(x_MTBD, self.weight_ih, self.weight_hh, bias)  # type: ignore[no-untyped-call]
        return output

    def of_tokens(self, tokens_MTB: Tensor, embedding_MVD: Tensor) -> Tensor:
        """Hidden states (M, T, B, H) of embedded tokens."""
        bias = gate_bias(self.bias_ih, self.bias_hh)
        num_fed = bias.shape[1] // 4 * 3
        padded = functional.pad(embedding_MVD, (0, 0, 0, -embedding_MVD.shape[1] % ALIGNED))
        fed = linear(padded, from_torch_order(self.weight_ih), bias[:, :num_fed])
        inner = bias[:, num_fed:].unsqueeze(1).expand(-1, fed.shape[1], -1)
        table = torch.cat([fed, inner], dim=2)
        output: Tensor = TokenGruLayer.apply(tokens_MTB, table, self.weight_hh)  # type: ignore[no-untyped-call]
        return output


class GruBackbone(nn.Module):
    """Embedding, recurrent layers with dropout between them, and an output layer.

    Args:
        num_trials: size of the stack.
        vocab_size: all tokens, special ones included.
        d_model: width.
        num_layers: recurrent layers.
        dropout: one rate per trial.
    """

    def __init__(
        self, *, num_trials: int, vocab_size: int, d_model: int, num_layers: int, dropout: Sequence[float]
    ) -> None:
        super().__init__()
        self.embedding = Embedding(num_trials, vocab_size, d_model)
        self.gru = nn.ModuleList(GruWeights(num_trials, d_model, d_model) for _ in range(num_layers))
        self.dropout = nn.ModuleList(Dropout(dropout) for _ in range(num_layers - 1))
        self.output = OutputLayer(num_trials, d_model, vocab_size)

    def forward(self, tokens_MBT: Tensor) -> Tensor:
        """Hidden states (M, B, T, D); `output` turns them into logits where somebody wants them."""
        tokens_MTB = tokens_MBT.transpose(1, 2)
        hidden: Tensor | None = None
        for index, layer in enumerate(self.gru):
            assert isinstance(layer, GruWeights)
            if hidden is not None:
                hidden = layer(self.dropout[index - 1](hidden))
            elif self.embedding.weight.shape[1] <= LARGEST_TABLE:
                hidden = layer.of_tokens(tokens_MTB, self.embedding.weight)
            else:
                hidden = layer(self.embedding(tokens_MTB))
        assert hidden is not None
        return hidden.transpose(1, 2).contiguous()
