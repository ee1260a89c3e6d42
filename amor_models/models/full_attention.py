"""The transformer baseline: post-norm encoder layers with a causal mask.

Shapes: M trials, B sequences, T time steps, D width, H heads, E = D / H head width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from amor_models.attention import causal_attention
from amor_models.configuration import NUM_POSITIONS
from amor_models.layers import Dropout, Embedding, LayerNorm, Linear, OutputLayer, StackedLayer, draw_uniform, linear
from amor_models.models.output import Model, ModelOutput
from amor_models.randomness import Streams


class SelfAttention(StackedLayer):
    """Multi-head causal attention, named and drawn as `torch.nn.MultiheadAttention`."""

    def __init__(self, num_trials: int, d_model: int, num_heads: int, dropout: Sequence[float]) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.zeros(num_trials, 3 * d_model, d_model))
        self.in_proj_bias = nn.Parameter(torch.zeros(num_trials, 3 * d_model))
        self.out_proj = Linear(num_trials, d_model, d_model)
        self.dropout = Dropout(dropout)

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Xavier's uniform bound for the joint projection; its bias stays 0."""
        rows, columns = self.in_proj_weight.shape[1:]
        for trial, stream in enumerate(streams):
            generator = stream.torch_generator("init", name)
            draw_uniform(self.in_proj_weight[trial], (6 / (rows + columns)) ** 0.5, generator)

    def forward(self, x_MBTD: Tensor) -> Tensor:
        """Attends within each sequence."""
        num_trials, num_sequences, num_steps, width = x_MBTD.shape
        projected = linear(x_MBTD, self.in_proj_weight, self.in_proj_bias)
        shape = (num_trials, num_sequences, num_steps, 3, self.num_heads, width // self.num_heads)
        queries, keys, values = projected.view(shape).permute(3, 0, 1, 4, 2, 5).contiguous().unbind(0)
        draw = self.dropout.masks if self.dropout.active else None
        attended = causal_attention(queries, keys, values, draw)
        joined: Tensor = self.out_proj(attended.transpose(2, 3).reshape(x_MBTD.shape))
        return joined


class ZeroBiasLinear(Linear):
    """A linear map whose bias starts at 0, as the output projection of PyTorch's attention does."""

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Uniform in +-1/sqrt(inputs); bias 0."""
        super().draw(name, streams)
        with torch.no_grad():
            self.bias.zero_()


class EncoderLayer(nn.Module):
    """Attention and feed-forward (ReLU, 4 D wide), each with dropout, residual, and norm after it."""

    def __init__(self, num_trials: int, d_model: int, num_heads: int, dropout: Sequence[float]) -> None:
        super().__init__()
        self.self_attn = SelfAttention(num_trials, d_model, num_heads, dropout)
        self.self_attn.out_proj = ZeroBiasLinear(num_trials, d_model, d_model)
        self.linear1 = Linear(num_trials, d_model, 4 * d_model)
        self.linear2 = Linear(num_trials, 4 * d_model, d_model)
        self.norm1 = LayerNorm(num_trials, d_model)
        self.norm2 = LayerNorm(num_trials, d_model)
        self.dropout = Dropout(dropout)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)

    def forward(self, x_MBTD: Tensor) -> Tensor:
        """(M, B, T, D) to the same shape."""
        x_MBTD = self.norm1(x_MBTD + self.dropout1(self.self_attn(x_MBTD)))
        raised = self.dropout(functional.relu(self.linear1(x_MBTD)))
        output: Tensor = self.norm2(x_MBTD + self.dropout2(self.linear2(raised)))
        return output


class FullAttention(Model):
    """Token and learned position embeddings, encoder layers, output layer."""

    def __init__(
        self,
        *,
        num_trials: int,
        vocab_size: int,
        d_model: int,
        num_layers: int,
        num_heads: int,
        dropout: Sequence[float],
    ) -> None:
        super().__init__()
        self.num_trials, self.vocab_size, self.d_model = num_trials, vocab_size, d_model
        self.embedding = Embedding(num_trials, vocab_size, d_model)
        self.position_embedding = Embedding(num_trials, NUM_POSITIONS, d_model)
        self.layers = nn.ModuleList(EncoderLayer(num_trials, d_model, num_heads, dropout) for _ in range(num_layers))
        self.output = OutputLayer(num_trials, d_model, vocab_size)

    def forward(
        self,
        tokens: Tensor,
        needs_retrieval: Tensor | None = None,  # noqa: ARG002
    ) -> ModelOutput:
        """Predicts from all earlier positions; labels are ignored."""
        num_trials, num_sequences, num_steps = tokens.shape
        positions_MTD = self.position_embedding.weight[:, :num_steps]
        x_MBTD = self.embedding(tokens) + positions_MTD.unsqueeze(1)
        for layer in self.layers:
            x_MBTD = layer(x_MBTD)
        # Projections of every position, and the causal half of scores and weighted sums.
        pairs = num_steps * (num_steps + 1) // 2
        per_layer = 4 * num_steps * self.d_model**2 + 2 * pairs * self.d_model
        madds = num_sequences * per_layer * len(self.layers)
        return ModelOutput(logits=self.output(x_MBTD), attention_madds=(madds,) * num_trials)

    def dense_attention_madds(self, num_steps: int) -> int:
        """Projections, and the full square of scores and weighted sums, in each layer."""
        per_layer = 4 * num_steps * self.d_model**2 + 2 * num_steps**2 * self.d_model
        return per_layer * len(self.layers)
