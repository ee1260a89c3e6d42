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

QUERY_BLOCK = 64

MaskMaker = Callable[[tuple[int, ...]], Tensor]
"""Draws a dropout mask of the given shape, whose first axis is the trial."""


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
            future = torch.ones(end - start, end - start, dtype=torch.bool).triu_(1)
            scores[:, :, start:].masked_fill_(future, float("-inf"))
            weights = scores.softmax(dim=2)
            shape = (num_trials, num_attentions // num_trials, end - start, end)
            mask = draw(shape).view_as(weights)
            torch.bmm(weights * mask, values[:, :end], out=output[:, start:end])
            saved += (weights, mask)
        ctx.save_for_backward(queries, keys, values, *saved)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, d_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by queries, keys and values."""
        queries, keys, values, *saved = ctx.saved_tensors  # type: ignore[attr-defined]
        scale = 1 / math.sqrt(queries.shape[2])
        d_queries = torch.empty_like(queries)
        d_keys, d_values = torch.zeros_like(keys), torch.zeros_like(values)
        for index, start in enumerate(range(0, queries.shape[1], QUERY_BLOCK)):
            weights, mask = saved[2 * index : 2 * index + 2]
            end = weights.shape[2]
            d_block = d_output[:, start:end]
            d_values[:, :end].baddbmm_((weights * mask).transpose(1, 2), d_block)
            d_weights = torch.bmm(d_block, values[:, :end].transpose(1, 2)).mul_(mask)
            d_scores = torch._softmax_backward_data(d_weights, weights, 2, weights.dtype)
            torch.bmm(d_scores, keys[:, :end], out=d_queries[:, start:end])
            d_keys[:, :end].baddbmm_(d_scores.transpose(1, 2), queries[:, start:end], alpha=scale)
        return d_queries.mul_(scale), d_keys, d_values, None, None


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
