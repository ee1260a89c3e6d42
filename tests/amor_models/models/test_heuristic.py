"""The key-blind answers reach what the protocol says they reach."""

import pytest

from amor_models.configuration import HeuristicModel
from amor_models.models import heuristic_accuracy
from amor_models.tasks import generate


@pytest.fixture(scope="module")
def published():
    return generate("needle_haystack", size=500, seed=43, impossible_query_prob=0.0)


@pytest.mark.parametrize(
    ("rule", "pairs", "percent"),
    [
        ("random_stored", "emitted", 36.94),
        ("most_common_stored", "emitted", 37.71),
        ("last_stored", "emitted", 39.68),
        ("last_stored", "surviving", 39.68),
        ("random_stored", "surviving", 40.18),
        ("most_common_stored", "surviving", 41.92),
        ("uniform", "emitted", 6.25),
        ("uniform", "surviving", 6.25),
    ],
)
def test_key_blind_rates(published, rule, pairs, percent):
    assert int(published.needs_retrieval.sum()) == 2729
    model = HeuristicModel(name="heuristic", rule=rule, pairs=pairs)
    assert round(100 * heuristic_accuracy(model, published, 16), 2) == percent


def test_without_queries_there_is_no_accuracy():
    data = generate("needle_haystack", size=2, seed=0, seq_length=20, noise_length_range=(50, 60))
    model = HeuristicModel(name="heuristic", rule="uniform")
    assert heuristic_accuracy(model, data, 16) is None
