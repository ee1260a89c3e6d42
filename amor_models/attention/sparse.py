"""Attention to chosen keys only: softmax over k scores, and a weighted sum of k values.

Shapes: N independent attentions (sequences times heads), F queries, T keys, E head width, K keys chosen,
R = N F queries of all attentions, or those of them that a gradient can reach.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from amor_models.attention.selection import Selection


def _weighted_sums(table: Tensor, lines_RK: Tensor, weights_RK: Tensor) -> Tensor:
    """For each query the sum of K lines of the table, weighted (R, E)."""
    return functional.embedding_bag(lines_RK, table, mode="sum", per_sample_weights=weights_RK)


def _sum_of_lines(x_KR: Tensor) -> Tensor:
    """The sum of K lines (R), in their order.

    `x.sum(dim=0)` rounds by a column's place among all, so by how many positions of other trials fire.
    """
    total = x_KR[0].clone()
    for line in x_KR[1:]:
        total.add_(line)
    return total


class _Transposed:
    """The transpose of the sparse matrix (queries, keys) with K entries in each row: its entries in order of key."""

    def __init__(self, lines_RK: Tensor, num_keys: int) -> None:
        entries = lines_RK.flatten()
        ordered = entries.sort(stable=True)
        self._entries = ordered.indices
        self._queries = (ordered.indices // lines_RK.shape[1]).to(entries.dtype)
        counts = torch.bincount(entries, minlength=num_keys)
        self._starts = (counts.cumsum(0) - counts).to(entries.dtype)

    def weighted_sums(self, table: Tensor, weights_RK: Tensor) -> Tensor:
        """For each key the sum of its queries' lines of the table (R, E), weighted (N T, E)."""
        weights = weights_RK.flatten().index_select(0, self._entries)
        return functional.embedding_bag(
            self._queries, table, offsets=self._starts, mode="sum", per_sample_weights=weights
        )


class ChosenAttention(torch.autograd.Function):
    """Softmax attention of each query over its chosen keys.

    In the backward pass, queries without gradient (those where the gate is shut) are skipped.
    """

    @staticmethod
    def forward(
        ctx: Any,
        queries_NFE: Tensor,
        keys_NTE: Tensor,
        values_NTE: Tensor,
        chosen_NFK: Tensor,
        scores_NFK: Tensor,
        needed_NF: Tensor | None,
    ) -> Tensor:
        """Weighted sums of values (N, F, E).

        Args:
            ctx: autograd's.
            queries_NFE: queries.
            keys_NTE: keys.
            values_NTE: values.
            chosen_NFK: indices of the chosen keys.
            scores_NFK: their products with the query; minus infinity where a key gets no weight.
            needed_NF: True where a gradient can arrive; None for everywhere.
        """
        num_attentions, num_keys, width = keys_NTE.shape
        num_chosen = chosen_NFK.shape[2]
        first_lines = torch.arange(num_attentions, dtype=torch.int32).mul_(num_keys)
        lines_RK = (chosen_NFK.to(torch.int32) + first_lines.view(-1, 1, 1)).view(-1, num_chosen)
        # K lines of R scores: a softmax over the last, short axis takes ten times as long. It rounds differently in
        # what is left over from whole vector registers: each trial's columns have to be aligned (`max_stack_size`).
        scores_KR = scores_NFK.reshape(-1, num_chosen).t().contiguous().mul_(1 / math.sqrt(width))
        weights_RK = scores_KR.softmax(dim=0).t().contiguous()
        output = _weighted_sums(values_NTE.reshape(-1, width), lines_RK, weights_RK)
        ctx.save_for_backward(queries_NFE, keys_NTE, values_NTE, lines_RK, weights_RK, needed_NF)
        return output.view(queries_NFE.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_output_NFE: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by queries, keys and values."""
        queries_NFE, keys_NTE, values_NTE, lines, weights, needed = ctx.saved_tensors
        width = keys_NTE.shape[2]
        keys, values = keys_NTE.reshape(-1, width), values_NTE.reshape(-1, width)
        d_output, queries = d_output_NFE.reshape(-1, width), queries_NFE.reshape(-1, width)
        rows = None if needed is None else needed.flatten().nonzero().squeeze(1)
        if rows is not None:
            lines, weights = lines.index_select(0, rows), weights.index_select(0, rows)
            d_output, queries = d_output.index_select(0, rows), queries.index_select(0, rows)
        values_RKE = values.index_select(0, lines.flatten()).view(*lines.shape, width)
        d_weights_KR = values_RKE.mul_(d_output.unsqueeze(1)).sum(dim=2).t().contiguous()
        weights_KR = weights.t().contiguous()
        d_scores_KR = weights_KR * (d_weights_KR - _sum_of_lines(d_weights_KR * weights_KR))
        d_scores = d_scores_KR.mul_(1 / math.sqrt(width)).t().contiguous()
        d_queries = _weighted_sums(keys, lines, d_scores)
        if rows is not None:
            all_queries = queries_NFE.new_zeros(queries_NFE.numel() // width, width)
            d_queries = all_queries.index_copy_(0, rows, d_queries)
        transposed = _Transposed(lines, keys.shape[0])
        d_keys, d_values = transposed.weighted_sums(queries, d_scores), transposed.weighted_sums(d_output, weights)
        return (
            d_queries.view(queries_NFE.shape),
            d_keys.view(keys_NTE.shape),
            d_values.view(values_NTE.shape),
            None,
            None,
            None,
        )


def attend(
    queries_NFE: Tensor,
    keys_NTE: Tensor,
    values_NTE: Tensor,
    selection: Selection,
    needed_NF: Tensor | None = None,
) -> Tensor:
    """Attends to the chosen keys; arguments as in `ChosenAttention`, result (N, F, E)."""
    output: Tensor = ChosenAttention.apply(  # type: ignore[no-untyped-call]
        queries_NFE, keys_NTE, values_NTE, selection.keys, selection.scores, needed_NF
    )
    return output
