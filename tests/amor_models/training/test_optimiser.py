"""The stacked optimiser against PyTorch's, trial by trial."""

import pytest
import torch
from torch import nn

from amor_models.layers import Linear
from amor_models.randomness import Streams
from amor_models.training.optimiser import StackedAdamW


@pytest.mark.parametrize("max_norm", [0.05, 1e6])
def test_each_trial_is_stepped_as_torch_does(max_norm):
    torch.manual_seed(0)
    rates, decays = [1e-2, 3e-3, 1e-1], [0.0, 0.1, 0.01]
    layer = Linear(3, 5, 7)
    layer.draw("layer", [Streams(seed) for seed in range(3)])
    others = []
    for trial in range(3):
        other = nn.Linear(5, 7)
        with torch.no_grad():
            other.weight.copy_(layer.weight[trial])
            other.bias.copy_(layer.bias[trial])
        optimiser = torch.optim.AdamW(other.parameters(), lr=rates[trial], weight_decay=decays[trial])
        others.append((other, optimiser))
    stacked = StackedAdamW(layer, learning_rates=rates, weight_decays=decays, max_grad_norms=[max_norm] * 3)
    for _ in range(20):
        x, y = torch.randn(3, 9, 5), torch.randn(3, 9, 7)
        stacked.step((layer(x) - y).square().flatten(1).mean(dim=1))
        for trial, (other, optimiser) in enumerate(others):
            optimiser.zero_grad()
            (other(x[trial]) - y[trial]).square().mean().backward()
            nn.utils.clip_grad_norm_(other.parameters(), max_norm)
            optimiser.step()
    for trial, (other, _) in enumerate(others):
        torch.testing.assert_close(layer.weight[trial], other.weight, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(layer.bias[trial], other.bias, rtol=1e-5, atol=1e-6)


def test_those_who_stay_are_stepped_as_before():
    torch.manual_seed(0)
    x, y = torch.randn(3, 9, 5), torch.randn(3, 9, 7)
    results = []
    for leaves in (False, True):
        layer = Linear(3, 5, 7)
        layer.draw("layer", [Streams(seed) for seed in range(3)])
        stacked = StackedAdamW(layer, learning_rates=[0.1] * 3, weight_decays=[0.1] * 3, max_grad_norms=[0.5] * 3)
        stacked.step((layer(x) - y).square().flatten(1).mean(dim=1))
        kept = [0, 2] if leaves else [0, 1, 2]
        stacked.keep(kept)
        stacked.step((layer(x[kept]) - y[kept]).square().flatten(1).mean(dim=1))
        results.append(layer.weight.detach()[[0, -1]])
    assert torch.equal(*results)


def test_a_parameter_that_the_loss_does_not_depend_on_has_gradient_0():
    used, unused = Linear(2, 3, 4), Linear(2, 3, 4)
    model = nn.ModuleList([used, unused])
    for layer in model:
        layer.draw("layer", [Streams(0), Streams(1)])
    stacked = StackedAdamW(model, learning_rates=[0.1] * 2, weight_decays=[0.0] * 2, max_grad_norms=[1e6] * 2)
    x = torch.randn(2, 5, 3)
    stacked.step((used(x) + unused(x)).square().flatten(1).mean(dim=1))
    stacked.step(used(x).square().flatten(1).mean(dim=1))
    assert all(not place.any() for place in stacked.gradients[2:])
    assert all(place.any() for place in stacked.gradients[:2])
