"""Simple Retrieval (protocol v1, section 1), draw for draw."""

import functools
import hashlib
import random

import numpy as np

from amor_models.tasks.dataset import Dataset

MARKER_HEADROOM = 20
RETRIEVE_PROB = 0.3


@functools.lru_cache(maxsize=1 << 16)
def local_token(context: tuple[int, ...], vocab_size: int) -> int:
    """The token that follows a context (special tokens already replaced by 0)."""
    digest = hashlib.md5(str(list(context)).encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % vocab_size


def _sequence(
    rng: random.Random,
    *,
    seq_length: int,
    vocab_size: int,
    local_order: int,
    shortest_distance: int,
    retrieval_prob: float,
) -> tuple[list[int], dict[int, int]]:
    """One sequence, and where each retrieved token was stored (position -> source)."""
    marker, retrieve = vocab_size, vocab_size + 1
    tokens: list[int] = []
    sources: dict[int, int] = {}
    stored: tuple[int, int] | None = None
    pending = False
    while len(tokens) < seq_length:
        position = len(tokens)
        if pending:
            assert stored is not None
            value, source = stored
            tokens.append(value)
            sources[position] = source
            stored, pending = None, False
        elif stored is None and rng.random() < retrieval_prob and position < seq_length - MARKER_HEADROOM:
            tokens.append(marker)
            value = rng.randint(0, vocab_size - 1)
            stored = (value, len(tokens))
            tokens.append(value)
        elif stored is not None and position - stored[1] >= shortest_distance and rng.random() < RETRIEVE_PROB:
            tokens.append(retrieve)
            pending = True
        elif position < local_order:
            tokens.append(rng.randint(0, vocab_size - 1))
        else:
            context = tuple(token if token < vocab_size else 0 for token in tokens[position - local_order :])
            tokens.append(local_token(context, vocab_size))
    return tokens, sources


def generate_simple_retrieval(
    *,
    size: int,
    seed: int,
    seq_length: int = 128,
    vocab_size: int = 8,
    local_order: int = 2,
    retrieval_distance_range: tuple[int, int] = (20, 50),
    retrieval_prob: float = 0.15,
) -> Dataset:
    """Generates sequences of local text with stored values that are asked for later.

    Args:
        size: number of sequences.
        seed: any whole number; 0 is a seed like any other.
        seq_length: tokens per sequence.
        vocab_size: ordinary tokens; MARKER, RETRIEVE and PAD follow.
        local_order: how many tokens determine the next local one.
        retrieval_distance_range: distance from which on a value may be asked for; the upper end is unused.
        retrieval_prob: probability per position that a value is stored while none is.
    """
    rng = random.Random(seed)
    tokens = np.zeros((size, seq_length), dtype=np.int64)
    retrieval_source = np.full((size, seq_length), -1, dtype=np.int64)
    for row in range(size):
        sequence, sources = _sequence(
            rng,
            seq_length=seq_length,
            vocab_size=vocab_size,
            local_order=local_order,
            shortest_distance=retrieval_distance_range[0],
            retrieval_prob=retrieval_prob,
        )
        tokens[row] = sequence[:seq_length]
        for position, source in sources.items():
            retrieval_source[row, position] = source
    return Dataset(tokens=tokens, needs_retrieval=retrieval_source >= 0, retrieval_source=retrieval_source)
