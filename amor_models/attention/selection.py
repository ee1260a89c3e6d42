"""Choosing keys: the k largest scores of each query, without gradient and without a full matrix of scores.

Shapes: N independent attentions (sequences times heads), F queries, T keys, E head width, K keys chosen.
"""

import torch
from torch import Tensor

QUERY_BLOCK = 64
FAST_TOP_K = 64
"""torch.topk is several times faster per row from this many columns per chosen key on."""


@torch.no_grad()
def choose_keys(queries_NFE: Tensor, keys_NTE: Tensor, positions_PF: Tensor, top_k: int) -> tuple[Tensor, int]:
    """Chooses for each query the `top_k` keys of largest score among those not in its future.

    Args:
        queries_NFE: queries, in ascending order of position within each attention as far as possible (that
            is what lets blocks skip the future).
        keys_NTE: keys.
        positions_PF: positions of the queries, for P attentions each of which stands for N / P consecutive
            ones.
        top_k: how many; fewer than T.

    Returns:
        Indices (N, F, K) with K = min(top_k, T), in no particular order; a query with fewer than K visible
        keys also gets invisible ones. And the number of scores computed.
    """
    num_attentions, num_queries, _ = queries_NFE.shape
    num_keys = keys_NTE.shape[1]
    top_k = min(top_k, num_keys)
    chosen_NFK = queries_NFE.new_empty(num_attentions, num_queries, top_k, dtype=torch.long)
    keys_NET = keys_NTE.transpose(1, 2)
    num_scores = 0
    for start in range(0, num_queries, QUERY_BLOCK):
        positions_PB = positions_PF[:, start : start + QUERY_BLOCK]
        first, last = int(positions_PB.min()), int(positions_PB.max())
        end = min(num_keys, max(last + 1, FAST_TOP_K * top_k))
        scores = torch.bmm(queries_NFE[:, start : start + QUERY_BLOCK], keys_NET[:, :, :end])
        num_scores += scores.numel()
        future = torch.arange(first + 1, end) > positions_PB.unsqueeze(2)
        grouped = scores.view(positions_PB.shape[0], -1, *scores.shape[1:])
        grouped[..., first + 1 :].masked_fill_(future.unsqueeze(1), float("-inf"))
        chosen_NFK[:, start : start + QUERY_BLOCK] = scores.topk(top_k, dim=-1, sorted=False).indices
    return chosen_NFK, num_scores
