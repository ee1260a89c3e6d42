"""NeedleHaystack (protocol v1, section 1), draw for draw, and what its sequences store."""

import random

import numpy as np
from numpy.typing import NDArray

from amor_models.tasks.dataset import Dataset

PAIRS = (2, 5)
QUERIES = (3, 8)
NOISE_AFTER_QUERY = (5, 20)


def _sequence(
    rng: random.Random,
    *,
    seq_length: int,
    vocab_size: int,
    noise_length_range: tuple[int, int],
    impossible_query_prob: float,
) -> tuple[list[int], list[int], list[int]]:
    """One uncut sequence and the positions of its possible and impossible answers."""
    store, query, unknown = vocab_size, vocab_size + 1, vocab_size + 2
    top = vocab_size - 1
    tokens: list[int] = []
    possible: list[int] = []
    impossible: list[int] = []
    pairs: dict[int, int] = {}
    for _ in range(rng.randint(*PAIRS)):
        key = rng.randint(0, top)
        value = rng.randint(0, top)
        pairs[key] = value
        tokens += (store, key, value)
    tokens += [rng.randint(0, top) for _ in range(rng.randint(*noise_length_range))]
    for _ in range(rng.randint(*QUERIES)):
        ask_unknown = rng.random() < impossible_query_prob
        free = [key for key in range(vocab_size) if key not in pairs] if ask_unknown else []
        if free:
            tokens += (query, rng.choice(free), unknown)
            impossible.append(len(tokens) - 1)
        else:
            key = rng.choice(list(pairs))
            tokens += (query, key, pairs[key])
            possible.append(len(tokens) - 1)
        tokens += [rng.randint(0, top) for _ in range(rng.randint(*NOISE_AFTER_QUERY))]
    # Filling up draws noise, so it belongs to the stream of draws.
    tokens += [rng.randint(0, top) for _ in range(seq_length - len(tokens))]
    return tokens, possible, impossible


def generate_needle_haystack(
    *,
    size: int,
    seed: int,
    seq_length: int = 256,
    vocab_size: int = 16,
    noise_length_range: tuple[int, int] = (50, 150),
    impossible_query_prob: float = 0.2,
) -> Dataset:
    """Generates sequences of key-value pairs, noise, and queries.

    Args:
        size: number of sequences.
        seed: any whole number; 0 is a seed like any other.
        seq_length: tokens per sequence.
        vocab_size: ordinary tokens; STORE, QUERY and UNKNOWN follow.
        noise_length_range: shortest and longest noise between pairs and queries.
        impossible_query_prob: probability that a query asks for a key never stored.
    """
    rng = random.Random(seed)
    low, high = noise_length_range
    tokens = np.zeros((size, seq_length), dtype=np.int64)
    needs_retrieval = np.zeros((size, seq_length), dtype=np.bool_)
    is_impossible = np.zeros((size, seq_length), dtype=np.bool_)
    for row in range(size):
        sequence, possible, impossible = _sequence(
            rng,
            seq_length=seq_length,
            vocab_size=vocab_size,
            noise_length_range=(low, high),
            impossible_query_prob=impossible_query_prob,
        )
        tokens[row] = sequence[:seq_length]
        needs_retrieval[row, [position for position in possible if position < seq_length]] = True
        is_impossible[row, [position for position in impossible if position < seq_length]] = True
    return Dataset(tokens=tokens, needs_retrieval=needs_retrieval, is_impossible=is_impossible)


def emitted_pairs(sequence: NDArray[np.int64], vocab_size: int) -> list[tuple[int, int]]:
    """The (key, value) pairs at the start of a sequence, in the order emitted, repeated keys included."""
    pairs: list[tuple[int, int]] = []
    position = 0
    while position + 2 < len(sequence) and sequence[position] == vocab_size:
        pairs.append((int(sequence[position + 1]), int(sequence[position + 2])))
        position += 3
    return pairs


def surviving_pairs(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs left when a repeated key takes its later value, keys in the order first emitted."""
    return list(dict(pairs).items())
