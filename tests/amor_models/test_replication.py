"""Every model against the recorded weights, inputs, outputs, losses and gradients."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from amor_models import replication

FIXTURES = Path(__file__).parents[1] / "fixtures"
PARITY = np.load(FIXTURES / "parity_v1.npz")
CASES = sorted({"/".join(key.split("/")[:2]) for key in PARITY.files})
TARGET_RATE = 0.2


def entries(case, part):
    prefix = f"{case}/{part}/"
    return {key[len(prefix) :]: PARITY[key] for key in PARITY.files if key.startswith(prefix)}


def run(case):
    config = PARITY[f"{case}/config"]
    model = replication.load(
        case.split("/")[1], entries(case, "weight"), num_heads=int(config[3]), top_k=int(config[4])
    )
    tokens = torch.from_numpy(PARITY[f"{case}/tokens"]).unsqueeze(0)
    labels = torch.from_numpy(PARITY[f"{case}/needs_retrieval"]).unsqueeze(0)
    return model, tokens, model(tokens[..., :-1], needs_retrieval=labels)


def recorded(case, name):
    key = f"{case}/{name}"
    return torch.from_numpy(PARITY[key]) if key in PARITY.files else None


def losses(case, tokens, output):
    cross_entropy = functional.cross_entropy(output.logits.flatten(0, 2), tokens[..., 1:].flatten())
    loss = cross_entropy
    if output.gate_prob is not None and output.gate_prob.requires_grad:
        balance_weight = float(PARITY[f"{case}/balance_weight"])
        loss = loss + balance_weight * (output.gate_prob.mean() - TARGET_RATE) ** 2
    return cross_entropy, loss


def test_all_recorded_models_are_known():
    assert {case.split("/")[1] for case in CASES} <= set(replication.MODEL_NAMES)
    assert len(CASES) >= 7


@pytest.mark.parametrize("case", CASES)
def test_outputs_equal_the_recorded_ones(case):
    _, _, output = run(case)
    torch.testing.assert_close(output.logits[0], recorded(case, "logits"), rtol=0, atol=1e-5)
    for name in ("gate_prob", "entropy"):
        if recorded(case, name) is not None:
            torch.testing.assert_close(getattr(output, name)[0], recorded(case, name), rtol=0, atol=1e-5)
    if recorded(case, "gate") is not None:
        assert torch.equal(output.gate[0], recorded(case, "gate"))


@pytest.mark.parametrize("case", CASES)
def test_outputs_are_the_same_without_gradient(case):
    with torch.no_grad():
        _, _, output = run(case)
    torch.testing.assert_close(output.logits[0], recorded(case, "logits"), rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_losses_and_gradients_equal_the_recorded_ones(case):
    model, tokens, output = run(case)
    cross_entropy, loss = losses(case, tokens, output)
    assert cross_entropy.item() == pytest.approx(float(PARITY[f"{case}/cross_entropy"]), abs=1e-5)
    assert loss.item() == pytest.approx(float(PARITY[f"{case}/loss"]), abs=1e-5)
    loss.backward()
    names = replication.published_names(model)
    gradients = {published: model.get_parameter(ours).grad for published, ours in names.items()}
    expected = entries(case, "grad")
    for name, value in expected.items():
        reference = torch.from_numpy(value)
        if name.endswith("k_proj.bias"):
            # A constant added to all of a query's scores: the gradient is 0 but for rounding, in both.
            assert max(gradients[name].abs().max(), reference.abs().max()) < 1e-8
            continue
        error = (gradients[name][0] - reference).norm() / reference.norm()
        assert error < 1e-4, (name, error)
    for name in set(gradients) - set(expected):
        assert gradients[name] is None or not gradients[name].any(), name


@pytest.mark.parametrize("case", CASES)
def test_dump_gives_the_loaded_weights_back(case):
    model, _, _ = run(case)
    dumped = replication.dump(model)
    original = entries(case, "weight")
    assert dumped.keys() == original.keys()
    for name, value in dumped.items():
        assert np.array_equal(value, original[name]), name


def test_weights_that_do_not_fit_are_refused():
    weights = entries(CASES[0], "weight")
    name = CASES[0].split("/")[1]
    with pytest.raises(ValueError, match="there is no published model 'amor'"):
        replication.load("amor", weights, num_heads=2, top_k=3)
    with pytest.raises(ValueError, match="left over \\['extra'\\]"):
        replication.load(name, {**weights, "extra": np.zeros(1)}, num_heads=2, top_k=3)
    with pytest.raises(ValueError, match="not divisible by num_heads 3"):
        replication.load(name, weights, num_heads=3, top_k=3)
    first = next(key for key in weights if key.endswith("output.bias"))
    with pytest.raises(ValueError, match=f"{first} has shape"):
        replication.load(name, {**weights, first: np.zeros(2, np.float32)}, num_heads=2, top_k=3)
