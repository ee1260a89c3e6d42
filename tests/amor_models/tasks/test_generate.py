"""Generated data against the protocol's digests and the laws of the tasks."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amor_models.tasks import emitted_pairs, generate, surviving_pairs

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
