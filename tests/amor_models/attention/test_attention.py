"""Sparse and dense attention against plain implementations with full matrices."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from amor_models.attention import attend, causal_attention, choose_keys
from amor_models.attention.causal import CausalDropoutAttention


def dense_sparse(queries, keys, values, positions, top_k):
    """The definition: a full matrix of scores, of which the k largest of each row survive."""
    scores = queries @ keys.transpose(1, 2) / math.sqrt(keys.shape[2])
    future = torch.arange(keys.shape[1]) > positions.unsqueeze(2)
    scores = scores.masked_fill(future.repeat_interleave(len(queries) // len(positions), 0), -math.inf)
    best = scores.topk(min(top_k, keys.shape[1]), dim=2).indices
    kept = torch.full_like(scores, -math.inf).scatter(2, best, scores.gather(2, best))
    return kept.softmax(dim=2) @ values


@settings(deadline=None, max_examples=40)
@given(
    sequences=st.integers(1, 3),
    heads=st.integers(1, 3),
    steps=st.integers(1, 200),
    width=st.integers(1, 8),
    top_k=st.integers(1, 9),
    everywhere=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_sparse_attention_equals_dense(sequences, heads, steps, width, top_k, everywhere, seed):
    torch.manual_seed(seed)
    positions = torch.arange(steps).unsqueeze(0)
    if not everywhere:
        fired = int(torch.randint(1, steps + 1, ()))
        picks = [torch.randperm(steps)[:fired].sort().values for _ in range(sequences)]
        positions = torch.stack(picks)
    num_attentions, num_queries = sequences * heads, positions.shape[1]
    shapes = [(num_attentions, num_queries, width)] + [(num_attentions, steps, width)] * 2
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    weights = torch.randn(shapes[0], dtype=torch.float64)
    needed = torch.rand(num_attentions, num_queries) < 0.6
    weights[~needed] = 0
    output = attend(*inputs, choose_keys(inputs[0], inputs[1], positions, top_k), needed)
    gradients = torch.autograd.grad((output * weights).sum(), inputs)
    expected = dense_sparse(*inputs, positions, top_k)
    torch.testing.assert_close(output, expected)
    for ours, theirs in zip(gradients, torch.autograd.grad((expected * weights).sum(), inputs), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_choosing_never_computes_the_whole_square():
    queries = torch.randn(4, 512, 8)
    selection = choose_keys(queries, queries, torch.arange(512).unsqueeze(0), 2)
    assert selection.num_scores < 0.6 * 4 * 512 * 512


@pytest.mark.parametrize("steps", [1, 63, 64, 65, 130])
def test_dense_attention_with_dropout_equals_its_definition(steps):
    torch.manual_seed(steps)
    inputs = [torch.randn(1, 2, 3, steps, 4, requires_grad=True) for _ in range(3)]
    masks = []

    def draw(shape):
        masks.append((torch.rand(shape) < 0.7) / 0.7)
        return masks[-1].clone()

    output = causal_attention(*inputs, draw)
    queries, keys, values = inputs
    scores = queries @ keys.transpose(3, 4) / 2
    weights = scores.masked_fill(torch.ones(steps, steps).triu(1).bool(), -math.inf).softmax(dim=4)
    full = torch.cat([functional.pad(mask, (0, steps - mask.shape[3])) for mask in masks], dim=2)
    expected = (weights * full.view_as(weights)) @ values
    torch.testing.assert_close(output, expected)
    direction = torch.randn_like(output)
    ours = torch.autograd.grad((output * direction).sum(), inputs)
    theirs = torch.autograd.grad((expected * direction).sum(), inputs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_dense_attention_without_dropout_equals_itself_with_masks_of_ones():
    torch.manual_seed(0)
    inputs = [torch.randn(2, 2, 2, 70, 4) for _ in range(3)]
    flat = [part.flatten(0, 2) for part in inputs]
    blocks = CausalDropoutAttention.apply(*flat, 2, torch.ones)
    torch.testing.assert_close(causal_attention(*inputs, None).flatten(0, 2), blocks)
