"""The hand-written recurrence against torch.nn.GRU and finite differences."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from amor_models.backbones import GruBackbone, gru
from amor_models.backbones.recurrence import GruLayer, TokenGruLayer
from amor_models.layers import draw_all
from amor_models.randomness import Streams

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def build(num_trials, d_model, num_layers, vocab_size=11):
    backbone = GruBackbone(
        num_trials=num_trials,
        vocab_size=vocab_size,
        d_model=d_model,
        num_layers=num_layers,
        dropout=[0.0] * num_trials,
    )
    draw_all(backbone, [Streams(seed) for seed in range(num_trials)])
    return backbone


def reference_of(backbone, trial):
    width = backbone.embedding.weight.shape[2]
    embedding = nn.Embedding(backbone.embedding.weight.shape[1], width)
    recurrent = nn.GRU(width, width, len(backbone.gru), batch_first=True)
    with torch.no_grad():
        embedding.weight.copy_(backbone.embedding.weight[trial])
        for index, layer in enumerate(backbone.gru):
            for name in NAMES:
                getattr(recurrent, f"{name}_l{index}").copy_(getattr(layer, name)[trial])
    return embedding, recurrent


@pytest.mark.parametrize("largest_table", [0, 512])
@settings(deadline=None, max_examples=15)
@given(
    num_trials=st.integers(1, 3),
    batch=st.integers(1, 5),
    steps=st.integers(1, 40),
    d_model=st.integers(1, 24),
    num_layers=st.integers(1, 3),
)
def test_equals_torch_gru(largest_table, num_trials, batch, steps, d_model, num_layers):
    patch = pytest.MonkeyPatch()
    patch.setattr(gru, "LARGEST_TABLE", largest_table)
    torch.manual_seed(steps)
    backbone = build(num_trials, d_model, num_layers)
    tokens = torch.randint(0, 11, (num_trials, batch, steps))
    weights = torch.randn(num_trials, batch, steps, d_model)
    hidden = backbone(tokens)
    (hidden * weights).sum().backward()
    patch.undo()
    for trial in range(num_trials):
        embedding, recurrent = reference_of(backbone, trial)
        expected = recurrent(embedding(tokens[trial]))[0]
        (expected * weights[trial]).sum().backward()
        torch.testing.assert_close(hidden[trial], expected, rtol=0, atol=1e-6)
        pairs = [(backbone.embedding.weight, embedding.weight)]
        for index, layer in enumerate(backbone.gru):
            pairs += [(getattr(layer, n), getattr(recurrent, f"{n}_l{index}")) for n in NAMES]
        for ours, theirs in pairs:
            error = (ours.grad[trial] - theirs.grad).norm() / theirs.grad.norm().clamp_min(1e-3)
            assert error < 1e-5


def doubles(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(("trials", "steps", "batch"), [(1, 1, 1), (2, 5, 3), (1, 19, 2)])
def test_gradients_equal_finite_differences(trials, steps, batch):
    torch.manual_seed(0)
    width, inputs = 3, 2
    x = doubles(trials, steps, batch, inputs)
    w_ih, w_hh = doubles(trials, 3 * width, inputs), doubles(trials, 3 * width, width)
    bias = doubles(trials, 4 * width)
    assert torch.autograd.gradcheck(GruLayer.apply, (x, w_ih, w_hh, bias))
    tokens = torch.randint(0, 4, (trials, steps, batch))
    assert torch.autograd.gradcheck(TokenGruLayer.apply, (tokens, doubles(trials, 4, 4 * width), w_hh))


def test_dropout_acts_between_layers_only_while_training():
    backbone = GruBackbone(num_trials=1, vocab_size=5, d_model=16, num_layers=2, dropout=[0.5])
    draw_all(backbone, [Streams(0)])
    tokens = torch.randint(0, 5, (1, 2, 7))
    assert not torch.equal(backbone.train()(tokens), backbone(tokens))
    assert torch.equal(backbone.eval()(tokens), backbone(tokens))
