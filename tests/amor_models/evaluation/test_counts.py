"""Laws of the pooled metrics."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from amor_models.evaluation import Counts
from amor_models.metrics import SPLIT_METRIC_NAMES


def random_batch(size, seed):
    generator = torch.Generator().manual_seed(seed)

    def flags(rate):
        return torch.rand(size, 13, generator=generator) < rate

    return {
        "correct": flags(0.6),
        "cross_entropy": torch.rand(size, 13, generator=generator),
        "needs_retrieval": flags(0.2),
        "is_impossible": flags(0.1),
        "gate": flags(0.3),
        "entropy": torch.rand(size, 13, generator=generator),
    }


@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, 20), seed=st.integers(0, 999), cuts=st.lists(st.integers(0, 20), max_size=4))
def test_metrics_do_not_depend_on_how_positions_are_batched(size, seed, cuts):
    batch = random_batch(size, seed)
    whole, parts = Counts(vocab_size=11), Counts(vocab_size=11)
    whole.add(**batch)
    edges = sorted({0, size, *(cut for cut in cuts if cut < size)})
    for start, end in itertools.pairwise(edges):
        parts.add(**{name: value[start:end] for name, value in batch.items()})
    expected = whole.metrics()
    assert {name for name, value in parts.metrics().items() if value is None} == {
        name for name, value in expected.items() if value is None
    }
    for name, value in parts.metrics().items():
        assert value is None or value == pytest.approx(expected[name], abs=1e-12)
    assert parts.entropy_bins == whole.entropy_bins
    assert sum(map(sum, whole.entropy_bins.values())) == size * 13


@settings(deadline=None, max_examples=50)
@given(size=st.integers(1, 20), seed=st.integers(0, 999))
def test_metrics_obey_their_definitions(size, seed):
    batch = random_batch(size, seed)
    counts = Counts(vocab_size=11)
    counts.add(**batch)
    metrics = counts.metrics()
    assert set(metrics) == set(SPLIT_METRIC_NAMES)
    retrieval = batch["needs_retrieval"].double().mean().item()
    parts = retrieval * (metrics["retrieval_accuracy"] or 0) + (1 - retrieval) * (metrics["local_accuracy"] or 0)
    assert metrics["accuracy"] == pytest.approx(parts)
    precision, recall, f1 = (metrics[f"gate_{name}"] for name in ("precision", "recall", "f1"))
    if precision and recall:
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
        assert metrics["gate_rate"] * precision == pytest.approx(retrieval * recall)


@settings(deadline=None, max_examples=100)
@given(
    size=st.integers(1, 20),
    seed=st.integers(0, 999),
    num_levels=st.integers(1, 50),
    has_own_errors=st.booleans(),
)
def test_aurocs_are_those_of_scikit_learn(size, seed, num_levels, has_own_errors):
    batch = random_batch(size, seed)
    batch["entropy"] = (batch["entropy"] * num_levels).floor() / num_levels
    errors = ~batch["correct"]
    if has_own_errors:
        errors = batch["is_error"] = batch["gate"]
    counts = Counts(vocab_size=11)
    counts.add(**batch)
    for name, labels in (("retrieval", batch["needs_retrieval"]), ("error", errors)):
        value = counts.metrics()[f"entropy_{name}_auroc"]
        if labels.all() or not labels.any():
            assert value is None
        else:
            assert value == pytest.approx(roc_auc_score(labels.flatten(), batch["entropy"].flatten()), abs=1e-12)


def test_undefined_metrics_are_none():
    counts = Counts(vocab_size=11)
    nothing = torch.zeros(2, 5, dtype=torch.bool)
    counts.add(correct=nothing, cross_entropy=torch.zeros(2, 5), needs_retrieval=nothing, is_impossible=nothing)
    metrics = counts.metrics()
    assert metrics["accuracy"] == 0
    assert {name for name, value in metrics.items() if value is not None} == {
        "accuracy",
        "local_accuracy",
        "cross_entropy_nats",
    }
    counts.add(
        correct=nothing,
        cross_entropy=torch.zeros(2, 5),
        needs_retrieval=~nothing,
        is_impossible=nothing,
        gate=nothing,
    )
    metrics = counts.metrics()
    assert metrics["gate_rate"] == metrics["gate_recall"] == metrics["gate_f1"] == 0
    assert metrics["gate_precision"] is None
    assert metrics["gate_rate_possible"] == 0
    assert metrics["gate_rate_impossible"] is metrics["metacognitive_gap"] is None
