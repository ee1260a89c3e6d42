"""Stacked layers against PyTorch's own."""

import numpy as np
import pytest
import torch
from torch import nn

from amor_models.layers import Dropout, Embedding, LayerNorm, Linear, OutputLayer, ScalarHead, draw_mask
from amor_models.randomness import Streams


def reference(layer, other, trial):
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            parameter.copy_(getattr(layer, name)[trial])
    return other


@pytest.mark.parametrize("kind", [Linear, OutputLayer])
def test_linear_layers_equal_torch(kind):
    layer = kind(3, 5, 7)
    layer.draw("layer", [Streams(seed) for seed in range(3)])
    x = torch.randn(3, 2, 4, 5)
    for trial in range(3):
        expected = reference(layer, nn.Linear(5, 7), trial)(x[trial])
        torch.testing.assert_close(layer(x)[trial], expected)


def test_the_scalar_head_equals_a_linear_layer():
    head = ScalarHead(2, 6)
    head.draw("head", [Streams(0), Streams(1)])
    x = torch.randn(2, 3, 4, 6)
    torch.testing.assert_close(head(x)[1], reference(head, nn.Linear(6, 1), 1)(x[1]).squeeze(-1))


def test_layer_norm_and_embedding_equal_torch():
    norm, embedding = LayerNorm(2, 8), Embedding(2, 5, 8)
    with torch.no_grad():
        norm.weight.normal_()
        norm.bias.normal_()
    embedding.draw("embedding", [Streams(0), Streams(1)])
    tokens = torch.randint(0, 5, (2, 3, 4))
    vectors = embedding(tokens)
    for trial in range(2):
        torch.testing.assert_close(vectors[trial], reference(embedding, nn.Embedding(5, 8), trial)(tokens[trial]))
        expected = reference(norm, nn.LayerNorm(8), trial)(vectors[trial])
        torch.testing.assert_close(norm(vectors)[trial], expected)


def test_initial_weights_have_torch_bounds():
    layer = Linear(1, 100, 200)
    layer.draw("layer", [Streams(3)])
    assert layer.weight.abs().max() <= 0.1
    assert layer.weight.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)
    assert layer.bias.abs().max() <= 0.1


def test_a_rate_of_almost_1_drops_almost_all():
    mask = torch.empty(100, 1001)
    draw_mask(mask, 0.9999999, np.random.Generator(np.random.SFC64(0)))
    assert mask.isfinite().all()
    assert mask.bool().sum() < 20


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_masks_keep_the_mean(rate):
    mask = torch.empty(100, 1001)
    draw_mask(mask, rate, np.random.Generator(np.random.SFC64(0)))
    assert (mask == 0).float().mean().item() == pytest.approx(rate, abs=0.01)
    assert mask.mean().item() == pytest.approx(1, abs=0.02)
    assert len(mask.unique()) <= 2


def test_dropout_is_drawn_per_trial():
    x = torch.ones(2, 50, 8)
    both, second = Dropout([0.5, 0.5]), Dropout([0.5])
    both.draw("dropout", [Streams(0), Streams(1)])
    second.draw("dropout", [Streams(1)])
    assert torch.equal(both(x)[1], second(x[1:])[0])
    assert torch.equal(both.eval()(x), x)
