"""What a generated data set holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Sequences and their labels, all of shape (size, seq_length).

    A label at position t belongs to the token at t, as the target of the prediction at t - 1.

    Attributes:
        tokens: int64.
        needs_retrieval: bool; the token can be known only by looking back.
        retrieval_source: int64, Simple Retrieval only: where the value was stored, else -1.
        is_impossible: bool, NeedleHaystack only: the answer to a query for a key never stored.
    """

    tokens: NDArray[np.int64]
    needs_retrieval: NDArray[np.bool_]
    retrieval_source: NDArray[np.int64] | None = None
    is_impossible: NDArray[np.bool_] | None = None
