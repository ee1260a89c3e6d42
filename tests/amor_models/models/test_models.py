"""Sizes of the models, and what their random streams have in common."""

import pytest
import torch

from amor_models.configuration import ExperimentConfig
from amor_models.models import build_stack
from amor_models.randomness import Streams

COUNTS = [
    ({"name": "ssm"}, 51_339, 52_371),
    ({"name": "ssm_mlp"}, 68_630, None),
    ({"name": "full_attention"}, 166_923, 167_955),
    ({"name": "amor", "gate": {"name": "oracle"}}, 76_950, 78_502),
    ({"name": "amor"}, 76_952, 78_504),
    ({"name": "amor", "gate": {"name": "learned_ste"}}, 77_015, None),
    ({"name": "amor", "gate": {"name": "oracle"}, "attention": {"kv": "raw_embedding"}}, None, 79_718),
]
GATES = ["entropy", "learned_ste", "learned_rl", "oracle", "always", "never"]


def config(task, **model):
    return ExperimentConfig.model_validate({"task": {"name": task}, "model": model})


@pytest.mark.parametrize(("model", "simple", "needle"), COUNTS)
@pytest.mark.parametrize("num_trials", [1, 2])
def test_parameter_counts_are_the_published_ones(model, simple, needle, num_trials):
    streams = [Streams(seed) for seed in range(num_trials)]
    for task, expected in (("simple_retrieval", simple), ("needle_haystack", needle)):
        if expected is not None:
            built = build_stack([config(task, **model)] * num_trials, streams)
            assert built.num_parameters() == expected


def parameters(**model):
    return dict(build_stack([config("simple_retrieval", **model)], [Streams(7)]).named_parameters())


def test_variants_share_the_initial_weights_that_they_have_in_common():
    entropy = parameters(name="amor", gate={"name": "entropy"})
    for other in (
        parameters(name="ssm"),
        parameters(name="ssm_mlp"),
        parameters(name="amor", gate={"name": "learned_ste"}),
        parameters(name="amor", gate={"name": "oracle"}, attention={"kv": "raw_embedding"}),
    ):
        common = {name for name in entropy.keys() & other.keys() if entropy[name].shape == other[name].shape}
        assert {name for name in other if name.startswith("ssm.")} <= common
        for name in common - {"output.weight", "output.bias"}:
            assert torch.equal(entropy[name], other[name]), name


def test_a_trial_is_drawn_the_same_in_any_stack():
    alone = build_stack([config("simple_retrieval", name="full_attention")], [Streams(5)])
    stack = build_stack([config("simple_retrieval", name="full_attention")] * 3, [Streams(1), Streams(5), Streams(2)])
    for one, other in zip(alone.parameters(), stack.parameters(), strict=True):
        assert torch.equal(one[0], other[1])


def forward(gate, *, training, grad=True):
    built = build_stack([config("simple_retrieval", name="amor", gate=gate)], [Streams(0)])
    tokens = torch.randint(0, 11, (1, 4, 50), generator=torch.Generator().manual_seed(0))
    labels = torch.rand(1, 4, 50, generator=torch.Generator().manual_seed(1)) < 0.1
    with torch.set_grad_enabled(grad):
        return built.train(training)(tokens, needs_retrieval=labels), labels


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("training", [True, False])
def test_gates_fire_where_they_should(name, training):
    output, labels = forward({"name": name}, training=training)
    assert output.gate.shape == output.gate_prob.shape == labels.shape
    expected = {"oracle": labels, "always": torch.ones_like(labels), "never": torch.zeros_like(labels)}
    if name in expected:
        assert torch.equal(output.gate, expected[name])
    elif not (name == "learned_rl" and training):
        assert torch.equal(output.gate, output.gate_prob > 0.5)


@pytest.mark.parametrize("name", GATES)
def test_computing_only_firing_queries_changes_nothing(name):
    everywhere, _ = forward({"name": name}, training=False, grad=True)
    only_fired, _ = forward({"name": name}, training=False, grad=False)
    torch.testing.assert_close(everywhere.logits, only_fired.logits, rtol=0, atol=1e-6)
    assert torch.equal(everywhere.gate, only_fired.gate)


def test_the_random_gate_fires_at_its_rate_and_repeats_itself_in_evaluation():
    built = build_stack(
        [config("simple_retrieval", name="amor", gate={"name": "random", "rate": 0.3})], [Streams(0)]
    ).eval()
    tokens = torch.randint(0, 11, (1, 64, 100))
    gates = []
    for split in ("test", "validation", "test"):
        built.begin_evaluation(split)
        gates.append(built(tokens).gate)
    assert torch.equal(gates[0], gates[2])
    assert not torch.equal(gates[0], gates[1])
    assert gates[0].float().mean().item() == pytest.approx(0.3, abs=0.02)


def test_the_oracle_asks_for_labels():
    built = build_stack([config("simple_retrieval", name="amor", gate={"name": "oracle"})], [Streams(0)])
    with pytest.raises(ValueError, match="needs the labels"):
        built(torch.zeros(1, 1, 4, dtype=torch.long))


def test_attention_counts_grow_with_the_gate_rate():
    madds = [
        forward({"name": "random", "rate": rate}, training=False, grad=False)[0].attention_madds[0]
        for rate in (0.0, 0.2, 0.6, 1.0)
    ]
    assert madds == sorted(madds)
    assert madds[0] == 2 * 4 * 50 * 64**2
