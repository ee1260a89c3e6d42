"""Generated data against the protocol's digests and the laws of the tasks."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amor_models.tasks import emitted_pairs, generate, surviving_pairs
from amor_models.tasks.generate import DataCache

FIXTURES = Path(__file__).parents[2] / "fixtures"
DIGESTS = json.loads((FIXTURES / "task_digests_v1.json").read_text())


def digest(array: np.ndarray) -> str:
    dtype = np.uint8 if array.dtype == np.bool_ else "<i8"
    return hashlib.sha256(np.ascontiguousarray(array, dtype=dtype).tobytes()).hexdigest()


@pytest.mark.parametrize(("name", "entry"), [(name, entry) for name, entries in DIGESTS.items() for entry in entries])
def test_data_have_the_published_digests(name, entry):
    dataset = generate(name, **entry["args"])
    assert {field: digest(getattr(dataset, field)) for field in entry["sha256"]} == entry["sha256"]


def test_seed_zero_is_a_seed():
    for name in DIGESTS:
        first, second = generate(name, size=4, seed=0), generate(name, size=4, seed=0)
        assert np.array_equal(first.tokens, second.tokens)


SMALL = {"seq_length": 30, "vocab_size": 8}
BYTES_OF_ONE = 4 * 30 * (8 + 1 + 8)


def test_data_are_kept_and_cannot_be_written():
    cache = DataCache(BYTES_OF_ONE)
    first = cache.get("simple_retrieval", size=4, seed=1, parameters=SMALL)
    assert cache.get("simple_retrieval", size=4, seed=1, parameters=SMALL) is first
    with pytest.raises(ValueError, match="read-only"):
        first.tokens[0, 0] = 1


@given(
    num_kept=st.integers(0, 3),
    asked=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([4, 8])), max_size=12),
)
@settings(deadline=None, max_examples=30)
def test_kept_data_never_exceed_their_bound(num_kept, asked):
    cache = DataCache(num_kept * BYTES_OF_ONE)
    for seed, size in asked:
        dataset = cache.get("simple_retrieval", size=size, seed=seed, parameters=SMALL)
        assert np.array_equal(dataset.tokens, generate("simple_retrieval", size=size, seed=seed, **SMALL).tokens)
        assert cache.num_bytes <= num_kept * BYTES_OF_ONE


def test_the_longest_unused_data_are_forgotten_first():
    cache = DataCache(2 * BYTES_OF_ONE)
    first, _, again, _ = (cache.get("simple_retrieval", size=4, seed=seed, parameters=SMALL) for seed in (1, 2, 1, 3))
    assert again is first
    assert cache.get("simple_retrieval", size=4, seed=1, parameters=SMALL) is first


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="there is no task 'haystack'; the tasks are simple_retrieval"):
        generate("haystack", size=1, seed=0)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**40),
    seq_length=st.integers(2, 120),
    vocab_size=st.integers(1, 12),
    local_order=st.integers(1, 4),
    low=st.integers(1, 30),
    prob=st.floats(0, 1),
)
def test_simple_retrieval_answers_are_the_stored_values(seed, seq_length, vocab_size, local_order, low, prob):
    data = generate(
        "simple_retrieval",
        size=3,
        seed=seed,
        seq_length=seq_length,
        vocab_size=vocab_size,
        local_order=local_order,
        retrieval_distance_range=(low, low + 5),
        retrieval_prob=prob,
    )
    assert data.tokens.shape == (3, seq_length)
    rows, positions = np.nonzero(data.needs_retrieval)
    sources = data.retrieval_source[rows, positions]
    assert np.array_equal(data.tokens[rows, positions], data.tokens[rows, sources])
    assert np.all(positions - sources > low)
    assert np.all(data.tokens[rows, positions - 1] == vocab_size + 1)
    assert np.all(data.tokens[rows, sources - 1] == vocab_size)
    assert np.all((data.retrieval_source >= 0) == data.needs_retrieval)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**40),
    seq_length=st.integers(4, 200),
    vocab_size=st.integers(1, 20),
    low=st.integers(0, 60),
    width=st.integers(0, 30),
    prob=st.floats(0, 1),
)
def test_needle_answers_follow_from_the_surviving_pairs(seed, seq_length, vocab_size, low, width, prob):
    data = generate(
        "needle_haystack",
        size=3,
        seed=seed,
        seq_length=seq_length,
        vocab_size=vocab_size,
        noise_length_range=(low, low + width),
        impossible_query_prob=prob,
    )
    assert data.tokens.shape == (3, seq_length)
    for row, position in zip(*np.nonzero(data.needs_retrieval | data.is_impossible), strict=True):
        sequence = data.tokens[row]
        stored = dict(surviving_pairs(emitted_pairs(sequence, vocab_size)))
        assert sequence[position - 2] == vocab_size + 1
        assert sequence[position] == stored.get(int(sequence[position - 1]), vocab_size + 2)
        assert bool(data.is_impossible[row, position]) == (int(sequence[position - 1]) not in stored)
