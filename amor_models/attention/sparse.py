"""Attention to chosen keys only: gather, score, softmax over k.

Shapes: N independent attentions (sequences times heads), F queries, T keys, E head width, K keys chosen.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def _gather(values_NTE: Tensor, lines_NFK: Tensor) -> Tensor:
    width = values_NTE.shape[-1]
    return values_NTE.reshape(-1, width).index_select(0, lines_NFK.flatten()).view(*lines_NFK.shape, width)


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
        hidden_NFK: Tensor,
        needed_NF: Tensor | None,
    ) -> Tensor:
        """Weighted sums of values (N, F, E).

        Args:
            ctx: autograd's.
            queries_NFE: queries.
            keys_NTE: keys.
            values_NTE: values.
            chosen_NFK: indices of the chosen keys.
            hidden_NFK: True where a chosen key is in the query's future (it gets no weight).
            needed_NF: True where a gradient can arrive; None for everywhere.
        """
        num_attentions, num_keys, width = keys_NTE.shape
        lines_NFK = chosen_NFK + torch.arange(num_attentions).mul_(num_keys).view(-1, 1, 1)
        keys_NFKE = _gather(keys_NTE, lines_NFK)
        scores_NFK = (keys_NFKE * queries_NFE.unsqueeze(2)).sum(dim=3).mul_(1 / math.sqrt(width))
        weights_NFK = scores_NFK.masked_fill_(hidden_NFK, float("-inf")).softmax(dim=2)
        values_NFKE = _gather(values_NTE, lines_NFK)
        ctx.save_for_backward(queries_NFE, keys_NTE, values_NTE, lines_NFK, weights_NFK, needed_NF)
        return values_NFKE.mul_(weights_NFK.unsqueeze(3)).sum(dim=2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_output_NFE: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by queries, keys and values."""
        queries, keys, values, lines, weights, needed = ctx.saved_tensors
        width, num_chosen = keys.shape[2], lines.shape[2]
        lines, weights = lines.view(-1, num_chosen), weights.view(-1, num_chosen)
        d_output, queries_RE = d_output_NFE.reshape(-1, width), queries.reshape(-1, width)
        rows = None if needed is None else needed.flatten().nonzero().squeeze(1)
        if rows is not None:
            lines, weights = lines.index_select(0, rows), weights.index_select(0, rows)
            d_output, queries_RE = d_output.index_select(0, rows), queries_RE.index_select(0, rows)
        d_output_RKE = d_output.unsqueeze(1)
        d_weights = (_gather(values, lines) * d_output_RKE).sum(dim=2)
        d_scores = weights * (d_weights - (d_weights * weights).sum(dim=1, keepdim=True))
        d_scores.mul_(1 / math.sqrt(width))
        d_queries = (_gather(keys, lines) * d_scores.unsqueeze(2)).sum(dim=1)
        if rows is not None:
            d_queries = torch.zeros_like(queries).view(-1, width).index_copy_(0, rows, d_queries)
        targets = lines.flatten().unsqueeze(1).expand(-1, width)
        d_keys, d_values = torch.zeros_like(keys), torch.zeros_like(values)
        d_keys.view(-1, width).scatter_add_(
            0, targets, (queries_RE.unsqueeze(1) * d_scores.unsqueeze(2)).view(-1, width)
        )
        d_values.view(-1, width).scatter_add_(0, targets, (d_output_RKE * weights.unsqueeze(2)).view(-1, width))
        return d_queries.view_as(queries), d_keys, d_values, None, None, None


def attend(
    queries_NFE: Tensor,
    keys_NTE: Tensor,
    values_NTE: Tensor,
    chosen_NFK: Tensor,
    positions_PF: Tensor,
    needed_NF: Tensor | None = None,
) -> Tensor:
    """Attends to chosen keys; arguments as in `choose_keys` and `ChosenAttention`."""
    num_chosen = chosen_NFK.shape[2]
    grouped = chosen_NFK.view(positions_PF.shape[0], -1, chosen_NFK.shape[1], num_chosen)
    hidden_NFK = (grouped > positions_PF[:, None, :, None]).view_as(chosen_NFK)
    output: Tensor = ChosenAttention.apply(  # type: ignore[no-untyped-call]
        queries_NFE, keys_NTE, values_NTE, chosen_NFK, hidden_NFK, needed_NF
    )
    return output
