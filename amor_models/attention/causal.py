"""Dense causal attention with dropout on its weights, in query blocks that skip the future.

PyTorch's fused attention has no dropout on the CPU (it falls back to full matrices) and takes no generator;
this is used while dropout is on, and the fused one otherwise.

Shapes: M trials, N attentions per trial (sequences times heads), T time steps, E head width.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional

from amor_models.attention.selection import future_mask

QUERY_BLOCK = 64

MaskMaker = Callable[[tuple[int, ...]], Tensor]
"""Draws a dropout mask of the given shape, whose first axis is the trial; attention writes over it."""


class CausalDropoutAttention(torch.autograd.Function):
    """Causal attention whose weights pass through dropout, block of queries by block."""

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, num_trials: int, draw: MaskMaker) -> Tensor:
        """Weighted sums (M N, T, E)."""
        num_attentions, num_steps, width = queries.shape
        output = torch.empty_like(queries)
        saved: list[Tensor] = []
        for start in range(0, num_steps, QUERY_BLOCK):
            end = min(start + QUERY_BLOCK, num_steps)
            scores = torch.bmm(queries[:, start:end] * (1 / math.sqrt(width)), keys[:, :end].transpose(1, 2))
            positions = torch.arange(end - start).unsqueeze(0)
            scores[:, :, start:].add_(future_mask(positions, end - start, scores.dtype))
            weights = scores.softmax(dim=2)
            shape = (num_trials, num_attentions // num_trials, end - start, end)
            dropped = draw(shape).view_as(weights).mul_(weights)
            output[:, start:end] = torch.bmm(dropped, values[:, :end])
            saved += (weights, dropped)
        ctx.save_for_backward(queries, keys, values, output, *saved)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, d_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by queries, keys and values."""
        queries, keys, values, output, *saved = ctx.saved_tensors  # type: ignore[attr-defined]
        num_steps, width = queries.shape[1:]
        d_queries = torch.empty_like(queries)
        d_keys, d_values = torch.zeros_like(keys), torch.zeros_like(values)
        # What the softmax takes off each score's gradient: the weighted sum of the gradients of its row.
        means = (d_output * output).sum(dim=2, keepdim=True)
        for index, start in enumerate(range(0, num_steps, QUERY_BLOCK)):
            weights, dropped = saved[2 * index : 2 * index + 2]
            end = weights.shape[2]
            d_block = d_output[:, start:end]
            d_values[:, :end].add_(torch.bmm(dropped.transpose(1, 2), d_block))
            d_scores = torch.bmm(d_block, values[:, :end].transpose(1, 2)).mul_(dropped)
            d_scores.addcmul_(weights, means[:, start:end], value=-1)
            d_queries[:, start:end] = torch.bmm(d_scores, keys[:, :end])
            d_keys[:, :end].add_(torch.bmm(d_scores.transpose(1, 2), queries[:, start:end]))
        scale = 1 / math.sqrt(width)
        return d_queries.mul_(scale), d_keys.mul_(scale), d_values, None, None


def causal_attention(queries_MBHTE: Tensor, keys_MBHTE: Tensor, values_MBHTE: Tensor, draw: MaskMaker | None) -> Tensor:
    """Causal softmax attention over (M, B, heads, T, E); `draw` makes dropout masks, None for no dropout."""
    if draw is None:
        queries, keys, values = (part.flatten(0, 1) for part in (queries_MBHTE, keys_MBHTE, values_MBHTE))
        output = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    else:
        queries, keys, values = (part.flatten(0, 2) for part in (queries_MBHTE, keys_MBHTE, values_MBHTE))
        output = CausalDropoutAttention.apply(  # type: ignore[no-untyped-call]
            queries, keys, values, queries_MBHTE.shape[0], draw
        )
    return output.view(queries_MBHTE.shape)
