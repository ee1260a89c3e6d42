"""Choosing keys: the k largest scores of each query, without gradient and without a full matrix of scores.

Shapes: N independent attentions (sequences times heads), F queries, T keys, E head width, K keys chosen.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

QUERY_BLOCK = 64
FAST_TOP_K = 64
"""torch.topk is several times faster per row from this many columns per chosen key on."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The keys chosen for each query, in no particular order.

    Attributes:
        keys: their indices (N, F, K); K = min(top_k, T). A query that sees fewer than K keys also has invisible ones.
        scores: (N, F, K) products of query and key, not scaled; minus infinity for invisible keys.
        num_scores: number of scores that were computed to choose.
    """

    keys: Tensor
    scores: Tensor
    num_scores: int


@torch.no_grad()
def choose_keys(queries_NFE: Tensor, keys_NTE: Tensor, positions_PF: Tensor, top_k: int) -> Selection:
    """Chooses for each query the `top_k` keys of largest score among those not in its future.

    Args:
        queries_NFE: queries, in ascending order of position within each attention as far as possible (that
            is what lets blocks skip the future).
        keys_NTE: keys.
        positions_PF: positions of the queries, for P attentions each of which stands for N / P consecutive
            ones.
        top_k: how many keys.
    """
    num_attentions, num_queries, _ = queries_NFE.shape
    num_keys = keys_NTE.shape[1]
    top_k = min(top_k, num_keys)
    chosen_NFK = queries_NFE.new_empty(num_attentions, num_queries, top_k, dtype=torch.long)
    best_NFK = queries_NFE.new_empty(num_attentions, num_queries, top_k)
    keys_NET = keys_NTE.transpose(1, 2)
    num_scores = 0
    for start in range(0, num_queries, QUERY_BLOCK):
        block = slice(start, start + QUERY_BLOCK)
        positions_PB = positions_PF[:, block]
        first, last = int(positions_PB.min()), int(positions_PB.max())
        end = min(num_keys, max(last + 1, FAST_TOP_K * top_k))
        scores = torch.bmm(queries_NFE[:, block], keys_NET[:, :, :end])
        num_scores += scores.numel()
        if first + 1 < end:
            grouped = scores.view(positions_PB.shape[0], -1, *scores.shape[1:])
            grouped.add_(future_mask(positions_PB, end, scores.dtype).unsqueeze(1))
        best_NFK[:, block], chosen_NFK[:, block] = scores.topk(top_k, dim=-1, sorted=False)
    return Selection(keys=chosen_NFK, scores=best_NFK, num_scores=num_scores)


def future_mask(positions_PB: Tensor, num_keys: int, dtype: torch.dtype) -> Tensor:
    """0 where a query sees a key, minus infinity where the key is in its future (P, B, T).

    To be added: that is several times faster than filling under a mask.
    """
    future = torch.arange(num_keys) > positions_PB.unsqueeze(2)
    return torch.zeros(future.shape, dtype=dtype).masked_fill_(future, float("-inf"))
